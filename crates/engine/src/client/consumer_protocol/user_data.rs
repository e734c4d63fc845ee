//! What assignors add to a member's subscription, and what they read in it.

use super::{Input, Malformed, Subscription, put_i32, put_partitions};
use crate::assignor::{ClientAssignor, MemberSubscription};
use crate::protocol::{Opaque, TopicPartition};

/// What a member's assignor remembers of the last assignment that it was
/// given: each time a member is assigned partitions, the assignor that the
/// group agreed on is told (`ConsumerPartitionAssignor.onAssignment`), the
/// others are not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LastAssignment {
    /// The partitions, also when they have been given up since.
    pub partitions: Vec<TopicPartition>,
    /// The generation of the assignment.
    pub generation_id: i32,
}

/// What this assignor adds to the subscription; `None` for nothing. `last` is
/// none when it has not been told of any assignment.
///
/// Source: `StickyAssignor.subscriptionUserData` (version 1 of its schema) and
/// `CooperativeStickyAssignor.subscriptionUserData`.
pub fn user_data(assignor: ClientAssignor, last: Option<&LastAssignment>) -> Option<Opaque> {
    let mut out = Vec::new();
    match assignor {
        ClientAssignor::Range | ClientAssignor::RoundRobin => return None,
        ClientAssignor::Sticky => {
            let last = last?;
            put_partitions(&mut out, &last.partitions);
            put_i32(&mut out, last.generation_id);
        }
        ClientAssignor::CooperativeSticky => {
            put_i32(&mut out, last.map_or(-1, |last| last.generation_id));
        }
    }
    Some(out.into())
}

impl Subscription {
    /// The member as the leader's assignor sees it. The sticky one goes by the
    /// user data, since an eager member owns nothing while it joins; what it
    /// cannot read counts as no assignment.
    ///
    /// Source: `AbstractStickyAssignor.memberData`.
    pub fn of_member(
        &self,
        assignor: ClientAssignor,
        member_id: &str,
        group_instance_id: Option<&str>,
    ) -> MemberSubscription {
        let generation_id = known(self.generation_id);
        let user_data = self.user_data.as_deref();
        let (partitions, generation) = match assignor {
            ClientAssignor::Range | ClientAssignor::RoundRobin => (Vec::new(), None),
            ClientAssignor::Sticky => user_data
                .and_then(|bytes| previous_assignment(bytes).ok())
                .unwrap_or_default(),
            ClientAssignor::CooperativeSticky => {
                let told = || known(Input(user_data?).i32().ok()?);
                (self.owned_partitions.clone(), generation_id.or_else(told))
            }
        };
        let owned = partitions.into_iter();
        MemberSubscription {
            member_id: member_id.to_owned(),
            group_instance_id: group_instance_id.map(str::to_owned),
            rack_id: self.rack_id.clone(),
            topics: self.topics.iter().map(|topic| topic.to_string()).collect(),
            owned_partitions: owned
                .map(|it| (it.topic.to_string(), it.partition))
                .collect(),
            owned_in_generation: generation,
            generation_id,
        }
    }
}

/// A generation, if it is one: they count from 0, and -1 stands for none.
fn known(generation_id: i32) -> Option<i32> {
    (generation_id >= 0).then_some(generation_id)
}

/// The sticky assignor's user data, in version 1 or 0, which had no
/// generation.
fn previous_assignment(bytes: &[u8]) -> Result<(Vec<TopicPartition>, Option<i32>), Malformed> {
    let mut input = Input(bytes);
    let partitions = input.partitions()?;
    Ok((partitions, input.i32().ok().and_then(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last() -> LastAssignment {
        LastAssignment {
            partitions: vec![TopicPartition::new("orders", 2)],
            generation_id: 7,
        }
    }

    fn as_seen(assignor: ClientAssignor, last: Option<&LastAssignment>) -> MemberSubscription {
        let subscription = Subscription {
            topics: vec!["orders".into()],
            owned_partitions: vec![TopicPartition::new("orders", 1)],
            generation_id: -1,
            user_data: user_data(assignor, last),
            ..Subscription::default()
        };
        let read = Subscription::decode(&subscription.encode()).unwrap();
        read.of_member(assignor, "a", None)
    }

    #[test]
    fn the_sticky_assignor_is_told_what_a_member_last_had() {
        let member = as_seen(ClientAssignor::Sticky, Some(&last()));
        assert_eq!(member.owned_partitions, [("orders".to_owned(), 2)]);
        assert_eq!(member.owned_in_generation, Some(7));

        let new = as_seen(ClientAssignor::Sticky, None);
        assert_eq!(
            (new.owned_partitions, new.owned_in_generation),
            (vec![], None)
        );
    }

    #[test]
    fn the_cooperative_one_is_told_what_a_member_owns() {
        let member = as_seen(ClientAssignor::CooperativeSticky, Some(&last()));
        assert_eq!(member.owned_partitions, [("orders".to_owned(), 1)]);
        assert_eq!(member.owned_in_generation, Some(7));
    }

    #[test]
    fn user_data_of_an_older_member_has_no_generation() {
        let bytes = user_data(ClientAssignor::Sticky, Some(&last())).unwrap();
        let older = &bytes[..bytes.len() - 4];
        assert_eq!(previous_assignment(older), Ok((last().partitions, None)));
        assert_eq!(previous_assignment(&older[..3]), Err(Malformed));
    }
}
