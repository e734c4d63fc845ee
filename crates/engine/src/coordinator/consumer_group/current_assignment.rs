//! How a member comes to its part of the target assignment, one heartbeat at a
//! time: it gives up what it is not to have, then it may take what others have
//! given up (`CurrentAssignmentBuilder`).

use crate::collections::BTreeSet;

use super::error::GroupError;
use super::group::ConsumerGroup;
use super::member::{ConsumerGroupMember, MemberState};
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::{ErrorCode, GroupTopicPartitions, TopicId};

/// What a member is brought to.
pub(super) struct Target<'a> {
    /// The epoch of the target assignment.
    pub epoch: i32,
    /// The member's part of it.
    pub assignment: &'a PartitionsByTopic,
    /// The group, which knows the partitions that nobody has.
    pub group: &'a ConsumerGroup,
    /// What the member says it has; `None` when it did not say.
    pub owned: Option<&'a [GroupTopicPartitions]>,
}

impl Target<'_> {
    /// The member one step further, or as it was when it cannot go on.
    ///
    /// # Errors
    ///
    /// `FENCED_MEMBER_EPOCH` when its state is of a later version of Kafka and
    /// it has not given everything up.
    pub fn reconcile(
        &self,
        member: &ConsumerGroupMember,
    ) -> Result<ConsumerGroupMember, GroupError> {
        match member.state {
            MemberState::Stable if member.epoch == self.epoch => Ok(member.clone()),
            // What it was told to give up, it has not said to be without.
            MemberState::UnrevokedPartitions if self.still_owns(&member.pending_revocation) => {
                Ok(member.clone())
            }
            // Having given it up, it has done what its epoch asked for.
            MemberState::UnrevokedPartitions => Ok(self.next(member, member.epoch + 1)),
            MemberState::Stable | MemberState::UnreleasedPartitions => {
                Ok(self.next(member, member.epoch))
            }
            MemberState::Unknown if self.owned.is_some_and(<[_]>::is_empty) => {
                Ok(self.next(member, self.epoch))
            }
            MemberState::Unknown => Err(GroupError::new(
                ErrorCode::FencedMemberEpoch,
                "The consumer group member is in a unknown state. The member must abandon all \
                 its partitions and rejoin.",
            )),
        }
    }

    /// The next assignment, and `epoch` while there is more to be given up.
    fn next(&self, member: &ConsumerGroupMember, epoch: i32) -> ConsumerGroupMember {
        let difference = self.difference(&member.assigned);
        let mut next = member.clone();
        next.previous_epoch = member.epoch;
        next.assigned = difference.kept;
        if self.still_owns(&difference.to_revoke) {
            next.epoch = epoch;
            next.state = MemberState::UnrevokedPartitions;
            next.pending_revocation = difference.to_revoke;
            return next;
        }
        next.epoch = self.epoch;
        next.pending_revocation = PartitionsByTopic::new();
        next.state = match difference.waits_for_others {
            true => MemberState::UnreleasedPartitions,
            false => MemberState::Stable,
        };
        for (topic_id, partitions) in difference.to_assign {
            next.assigned
                .entry(topic_id)
                .or_default()
                .extend(partitions);
        }
        next
    }

    fn difference(&self, assigned: &PartitionsByTopic) -> Difference {
        let mut difference = Difference::default();
        let none = BTreeSet::new();
        let topics: BTreeSet<&TopicId> = self.assignment.keys().chain(assigned.keys()).collect();
        for topic_id in topics {
            let target = self.assignment.get(topic_id).unwrap_or(&none);
            let current = assigned.get(topic_id).unwrap_or(&none);
            let (free, taken): (BTreeSet<i32>, BTreeSet<i32>) =
                target.difference(current).partition(|&&partition| {
                    self.group.partition_epoch(*topic_id, partition).is_none()
                });
            difference.waits_for_others |= !taken.is_empty();
            insert(&mut difference.kept, topic_id, target & current);
            insert(&mut difference.to_revoke, topic_id, current - target);
            insert(&mut difference.to_assign, topic_id, free);
        }
        difference
    }

    /// Whether the member has any of these partitions still, as far as it said.
    fn still_owns(&self, partitions: &PartitionsByTopic) -> bool {
        if partitions.is_empty() {
            return false;
        }
        self.owned.is_none_or(|owned| {
            owned.iter().any(|owned| {
                let of_topic = partitions.get(&owned.topic_id);
                of_topic.is_some_and(|it| owned.partitions.iter().any(|owned| it.contains(owned)))
            })
        })
    }
}

/// What lies between what a member has and its part of the target assignment.
#[derive(Default)]
struct Difference {
    kept: PartitionsByTopic,
    to_revoke: PartitionsByTopic,
    /// What it may have at once.
    to_assign: PartitionsByTopic,
    /// It is to have partitions that others have.
    waits_for_others: bool,
}

fn insert(into: &mut PartitionsByTopic, topic_id: &TopicId, partitions: BTreeSet<i32>) {
    if !partitions.is_empty() {
        into.insert(*topic_id, partitions);
    }
}
