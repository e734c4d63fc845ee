//! The assignor of share groups: each member may fetch from every partition of
//! the topics that it subscribes to, whoever else does
//! (`org.apache.kafka.coordinator.group.assignor.SimpleAssignor`).

use super::{GroupAssignment, GroupSpec, PartitionCounts};

/// What each member may fetch. Topics that there are not are passed over.
pub fn assign(group: &GroupSpec, topics: &PartitionCounts) -> GroupAssignment {
    let members = group.members.iter().map(|member| {
        let known = member
            .subscribed
            .iter()
            .filter_map(|topic| Some((*topic, *topics.get(topic)?)));
        let all = known.map(|(topic, count)| (topic, (0..count).collect()));
        (member.member_id.clone(), all.collect())
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use crate::collections::{BTreeMap, BTreeSet};

    use super::super::{MemberSpec, SubscriptionType};
    use super::*;
    use crate::protocol::TopicId;

    const ORDERS: TopicId = TopicId([1; 16]);
    const USERS: TopicId = TopicId([2; 16]);

    fn member(id: &str, subscribed: &[TopicId]) -> MemberSpec {
        MemberSpec {
            member_id: id.to_owned(),
            instance_id: None,
            subscribed: subscribed.iter().copied().collect(),
            assigned: BTreeMap::new(),
        }
    }

    #[test]
    fn each_member_has_all_that_it_subscribes_to() {
        let group = GroupSpec {
            members: vec![
                member("a", &[ORDERS]),
                member("b", &[ORDERS, USERS]),
                member("c", &[TopicId([3; 16])]),
            ],
            subscription_type: SubscriptionType::Heterogeneous,
        };
        let topics = BTreeMap::from([(ORDERS, 2), (USERS, 1)]);
        let assigned = assign(&group, &topics);
        let of = |id: &str, topic| assigned[id].get(topic).cloned().unwrap_or_default();
        assert_eq!(of("a", &ORDERS), BTreeSet::from([0, 1]));
        assert_eq!(of("a", &USERS), BTreeSet::new());
        assert_eq!(of("b", &ORDERS), BTreeSet::from([0, 1]));
        assert_eq!(of("b", &USERS), BTreeSet::from([0]));
        assert_eq!(of("c", &ORDERS), BTreeSet::new());
    }
}
