//! The sticky assignors: as even as can be, and within that as little moved as
//! can be.
//!
//! When all members subscribe to the same topics, each keeps what it had up to
//! its share, and the rest is dealt in turn ([`constrained`]). When they
//! differ, each keeps what it had, the rest goes to whoever has least, and then
//! single partitions move until no move would even things out ([`general`]).
//!
//! With racks (KIP-881), members keep only what has a replica on their rack,
//! and what is free goes to members near to it first, within the same shares.
//!
//! Source: `AbstractStickyAssignor`, `StickyAssignor` and
//! `CooperativeStickyAssignor` of `org.apache.kafka.clients.consumer`. Where
//! Kafka goes by the order of a hash map, so does this: which members keep one
//! partition more, and whose claim counts when a member's subscription names
//! another generation than its user data.
//!
//! Three things differ. An assignor of Kafka's remembers the latest generation
//! it saw in earlier rebalances; this one knows only what the members say now.
//! Claims to partitions that do not exist (their topic was made anew, with
//! fewer) are passed over; Kafka's assignor fails on them. And nobody ever gets
//! a partition of a topic that it does not subscribe to: see
//! [`group::Group::subscriptions_are_equal`] and [`general`].

mod claims;
mod constrained;
mod general;
mod group;
mod movements;
mod racks;

use super::{Assignment, MemberSubscription, Topics};
use claims::Claims;
use group::Group;

/// Assigns with the eager `sticky` assignor.
///
/// The order of `members` makes a difference only between ids that share a
/// bucket of a hash map. Topics that do not exist, or that nobody subscribes
/// to, are passed over.
pub fn assign(topics: &Topics, members: &[MemberSubscription]) -> Assignment {
    let group = Group::new(topics, members);
    let plan = plan(&group, &Claims::new(&group));
    group.assignment(&plan.owners)
}

/// Assigns with `cooperative-sticky`: the same, without the partitions that
/// another member must first give up (KIP-429).
pub fn assign_cooperatively(topics: &Topics, members: &[MemberSubscription]) -> Assignment {
    let group = Group::new(topics, members);
    let claims = Claims::new(&group);
    let mut plan = plan(&group, &claims);
    let transferring = match plan.transferring {
        Some(transferring) => transferring,
        None => claims.transferring(&plan.owners),
    };
    for partition in transferring {
        plan.owners[partition] = None;
    }
    group.assignment(&plan.owners)
}

/// Who is to have what in the end.
struct Plan {
    /// The member that each partition goes to.
    owners: Vec<Option<usize>>,
    /// The partitions that someone else gives up for it, when the algorithm
    /// keeps track of them.
    transferring: Option<Vec<usize>>,
}

fn plan(group: &Group<'_>, claims: &Claims) -> Plan {
    if group.subscriptions_are_equal() {
        constrained::plan(group, claims)
    } else {
        general::plan(group, claims)
    }
}
