//! The sticky assignors: as even as can be, and within that as little moved as
//! can be.
//!
//! When all members subscribe to the same topics, each keeps what it had up to
//! its share, and the rest is dealt in turn (`constrained.rs`). When they
//! differ, each keeps what it had, the rest goes to whoever has least, and then
//! single partitions move until no move would even things out (`general.rs`).
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
//! a partition of a topic that it does not subscribe to.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignor::TopicPartitions;

    fn member(id: &str, topics: &[&str], owned: &[(&str, i32)]) -> MemberSubscription {
        MemberSubscription {
            member_id: id.into(),
            topics: topics.iter().map(|topic| (*topic).into()).collect(),
            owned_partitions: partitions(owned),
            owned_in_generation: Some(1),
            generation_id: Some(1),
            ..MemberSubscription::default()
        }
    }

    fn partitions(text: &[(&str, i32)]) -> Vec<(String, i32)> {
        let all = text.iter();
        all.map(|(topic, number)| ((*topic).into(), *number))
            .collect()
    }

    fn topics(counts: &[(&str, i32)]) -> Topics {
        let topics = counts.iter();
        topics
            .map(|(name, count)| ((*name).into(), TopicPartitions::without_racks(*count)))
            .collect()
    }

    fn on_racks(racks: &[&str]) -> Topics {
        let replica_racks = racks.iter().map(|rack| [(*rack).to_owned()].into());
        let topic = TopicPartitions {
            count: racks.len() as i32,
            replica_racks: replica_racks.collect(),
        };
        Topics::from([("t".into(), topic)])
    }

    #[test]
    fn what_a_member_left_behind_goes_to_those_with_less() {
        let members = [
            member("a", &["t"], &[("t", 0), ("t", 3)]),
            member("c", &["t"], &[("t", 2)]),
        ];
        let assignment = assign(&topics(&[("t", 4)]), &members);
        assert_eq!(assignment["a"], partitions(&[("t", 0), ("t", 3)]));
        assert_eq!(assignment["c"], partitions(&[("t", 1), ("t", 2)]));
    }

    #[test]
    fn with_different_topics_it_is_more_even_than_in_turn() {
        let members = [
            member("a", &["t0"], &[]),
            member("b", &["t0", "t1"], &[]),
            member("c", &["t0", "t1", "t2"], &[]),
        ];
        let assignment = assign(&topics(&[("t0", 1), ("t1", 2), ("t2", 3)]), &members);
        assert_eq!(assignment["b"], partitions(&[("t1", 0), ("t1", 1)]));
        assert_eq!(assignment["c"].len(), 3);
    }

    #[test]
    fn one_more_is_kept_by_who_comes_first_in_a_java_hash_map() {
        // "b".hashCode() is 98 and "q".hashCode() 113: buckets 2 and 1 of 16.
        let members = [
            member("b", &["t"], &[("t", 0), ("t", 1)]),
            member("q", &["t"], &[("t", 2), ("t", 3)]),
            member("z", &["t"], &[]),
        ];
        let assignment = assign(&topics(&[("t", 4)]), &members);
        assert_eq!(assignment["b"], partitions(&[("t", 0)]));
        assert_eq!(assignment["q"], partitions(&[("t", 2), ("t", 3)]));
        assert_eq!(assignment["z"], partitions(&[("t", 1)]));
    }

    #[test]
    fn of_two_claims_the_one_of_the_later_generation_counts() {
        let mut stale = member("a", &["t"], &[("t", 0)]);
        stale.owned_in_generation = Some(0);
        stale.generation_id = Some(0);
        let members = [stale, member("b", &["t"], &[("t", 0)])];
        let assignment = assign(&topics(&[("t", 2)]), &members);
        assert_eq!(assignment["b"], partitions(&[("t", 0)]));
    }

    #[test]
    fn what_two_of_one_generation_claim_is_first_taken_from_both() {
        let members = [
            member("a", &["t"], &[("t", 0)]),
            member("b", &["t"], &[("t", 0)]),
        ];
        let assignment = assign_cooperatively(&topics(&[("t", 2)]), &members);
        let assigned: Vec<_> = assignment.into_values().flatten().collect();
        assert_eq!(assigned, partitions(&[("t", 1)]));
    }

    #[test]
    fn cooperatively_a_partition_is_given_up_before_it_is_taken() {
        let topics = topics(&[("t", 2)]);
        for others_topics in [&["t"][..], &["t", "other"]] {
            let mut members = [
                member("a", &["t"], &[("t", 0), ("t", 1)]),
                member("b", others_topics, &[]),
            ];
            let assignment = assign_cooperatively(&topics, &members);
            let [kept] = &assignment["a"][..] else {
                panic!("{assignment:?}");
            };
            assert_eq!(assignment["b"], []);

            members[0].owned_partitions = vec![kept.clone()];
            let assignment = assign_cooperatively(&topics, &members);
            assert_eq!(assignment["a"], members[0].owned_partitions);
            assert_eq!(assignment["b"].len(), 1);
        }
    }

    #[test]
    fn members_keep_and_get_what_is_on_their_rack() {
        let topics = on_racks(&["x", "y", "x", "y"]);
        for others_topics in [&["t"][..], &["t", "other"]] {
            let mut members = [
                member("a", &["t"], &[("t", 0), ("t", 1)]),
                member("b", others_topics, &[]),
            ];
            members[0].rack_id = Some("y".into());
            members[1].rack_id = Some("x".into());
            let assignment = assign(&topics, &members);
            assert_eq!(assignment["a"], partitions(&[("t", 1), ("t", 3)]));
            assert_eq!(assignment["b"], partitions(&[("t", 0), ("t", 2)]));
        }
    }

    #[test]
    fn racks_do_not_outweigh_an_even_share() {
        let mut members = [member("a", &["t"], &[]), member("b", &["t"], &[])];
        members[0].rack_id = Some("x".into());
        let assignment = assign(&on_racks(&["x", "x", "x", "y"]), &members);
        assert_eq!(assignment["a"], partitions(&[("t", 0), ("t", 1)]));
        assert_eq!(assignment["b"], partitions(&[("t", 2), ("t", 3)]));
    }
}
