//! The assignors that a consumer brings along, chosen by
//! `partition.assignment.strategy`; the group's leader runs one of them.

use super::{Assignment, MemberSubscription, Topics, range, round_robin, sticky};

/// An assignor of the classic consumer.
///
/// Source: the implementations of `ConsumerPartitionAssignor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientAssignor {
    /// Runs of consecutive partitions, topic by topic ([`range`]).
    Range,
    /// All partitions of all topics in turn ([`round_robin`]).
    RoundRobin,
    /// As even as possible, and as little moved as possible ([`sticky`]).
    Sticky,
    /// The same in two steps: what moves is first given up, then taken.
    CooperativeSticky,
}

/// What members do with their partitions while a group rebalances.
///
/// Source: `ConsumerPartitionAssignor.RebalanceProtocol` (KIP-429).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RebalanceProtocol {
    /// They give up all of them before they join.
    Eager,
    /// They keep them, and give up those that the new assignment leaves out;
    /// then they join again, so that others can have them.
    Cooperative,
}

impl ClientAssignor {
    /// All there are.
    pub const ALL: [ClientAssignor; 4] = [
        ClientAssignor::Range,
        ClientAssignor::RoundRobin,
        ClientAssignor::Sticky,
        ClientAssignor::CooperativeSticky,
    ];

    /// Its name as a protocol of JoinGroup, such as `range`.
    pub fn name(self) -> &'static str {
        match self {
            ClientAssignor::Range => "range",
            ClientAssignor::RoundRobin => "roundrobin",
            ClientAssignor::Sticky => "sticky",
            ClientAssignor::CooperativeSticky => "cooperative-sticky",
        }
    }

    /// The class that `partition.assignment.strategy` names.
    pub fn class_name(self) -> &'static str {
        match self {
            ClientAssignor::Range => "org.apache.kafka.clients.consumer.RangeAssignor",
            ClientAssignor::RoundRobin => "org.apache.kafka.clients.consumer.RoundRobinAssignor",
            ClientAssignor::Sticky => "org.apache.kafka.clients.consumer.StickyAssignor",
            ClientAssignor::CooperativeSticky => {
                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
            }
        }
    }

    /// The assignor with this [`ClientAssignor::name`].
    pub fn of_name(name: &str) -> Option<ClientAssignor> {
        Self::ALL
            .into_iter()
            .find(|assignor| assignor.name() == name)
    }

    /// The assignor with this [`ClientAssignor::class_name`].
    pub fn of_class(class_name: &str) -> Option<ClientAssignor> {
        Self::ALL
            .into_iter()
            .find(|assignor| assignor.class_name() == class_name)
    }

    /// The rebalance protocols it can be used with, as Kafka lists them.
    pub fn supported_protocols(self) -> &'static [RebalanceProtocol] {
        match self {
            ClientAssignor::CooperativeSticky => {
                &[RebalanceProtocol::Cooperative, RebalanceProtocol::Eager]
            }
            _ => &[RebalanceProtocol::Eager],
        }
    }

    /// Who reads what. Topics that do not exist, or that nobody subscribes to,
    /// are passed over. The order of `members` makes no difference, but for a
    /// rare one in [`sticky`].
    ///
    /// With [`ClientAssignor::CooperativeSticky`], partitions that must first
    /// be given up by another member are left out: the group rebalances once
    /// more when that is done.
    pub fn assign(self, topics: &Topics, members: &[MemberSubscription]) -> Assignment {
        match self {
            ClientAssignor::Range => range::assign(topics, members),
            ClientAssignor::RoundRobin => round_robin::assign(topics, members),
            ClientAssignor::Sticky => sticky::assign(topics, members),
            ClientAssignor::CooperativeSticky => sticky::assign_cooperatively(topics, members),
        }
    }
}

impl RebalanceProtocol {
    /// What a consumer with these assignors follows: the most advanced that
    /// all of them support; with none of them, the eager one.
    ///
    /// Source: the constructor of `ConsumerCoordinator`.
    pub fn of(assignors: &[ClientAssignor]) -> RebalanceProtocol {
        let is_supported = |protocol: &RebalanceProtocol| {
            let mut all = assignors.iter();
            all.all(|assignor| assignor.supported_protocols().contains(protocol))
        };
        let listed = assignors.iter().flat_map(|a| a.supported_protocols());
        let common = listed.copied().filter(is_supported);
        common.max().unwrap_or(RebalanceProtocol::Eager)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignor_is_found_by_its_names() {
        for assignor in ClientAssignor::ALL {
            assert_eq!(ClientAssignor::of_name(assignor.name()), Some(assignor));
            assert_eq!(
                ClientAssignor::of_class(assignor.class_name()),
                Some(assignor)
            );
        }
        assert_eq!(ClientAssignor::of_name("uniform"), None);
    }

    #[test]
    fn one_eager_assignor_makes_the_consumer_eager() {
        use ClientAssignor::{CooperativeSticky, Range};
        let of = RebalanceProtocol::of;
        assert_eq!(of(&[CooperativeSticky]), RebalanceProtocol::Cooperative);
        assert_eq!(of(&[Range, CooperativeSticky]), RebalanceProtocol::Eager);
        assert_eq!(of(&[]), RebalanceProtocol::Eager);
    }
}
