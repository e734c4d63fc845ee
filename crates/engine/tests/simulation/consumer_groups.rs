//! Groups of KIP-848 as an onlooker reads them in `__consumer_offsets`: a
//! partition is one member's until that one has given it up, and in the end
//! each has a member.

use engine::collections::{BTreeMap, BTreeSet};

use engine::assignor::server::PartitionsByTopic;
use engine::client::Membership;
use engine::coordinator::consumer_group::{
    ConsumerGroup, ConsumerGroupRecord, CurrentMemberAssignment, MemberState, TopicMetadata,
};
use engine::protocol::{LEAVE_GROUP_STATIC_MEMBER_EPOCH, TopicId, TopicName};

use super::ownership::MemberView;

/// The groups of a partition of `__consumer_offsets`, as far as it is committed.
#[derive(Debug, Default)]
pub struct LoggedGroups(BTreeMap<String, LoggedGroup>);

/// What the records of a group come to.
#[derive(Debug, Default)]
struct LoggedGroup {
    epoch: i32,
    target_epoch: i32,
    topics: BTreeMap<TopicName, TopicMetadata>,
    subscriptions: BTreeMap<String, BTreeSet<TopicName>>,
    targets: BTreeMap<String, PartitionsByTopic>,
    members: BTreeMap<String, CurrentMemberAssignment>,
}

impl LoggedGroups {
    /// This record has become committed. What it leads to must be sound; a
    /// group writes what belongs together in the order in which it holds.
    pub fn take_down(&mut self, record: ConsumerGroupRecord) {
        let name = record.group_id().to_owned();
        let group = self.0.entry(name.clone()).or_default();
        match record {
            ConsumerGroupRecord::Metadata { epoch, .. } => {
                let Some(epoch) = epoch else {
                    self.0.remove(&name);
                    return;
                };
                let before = group.epoch;
                assert!(epoch > before, "{name}: epoch {epoch} after {before}");
                group.epoch = epoch;
            }
            ConsumerGroupRecord::PartitionMetadata { topics, .. } => {
                group.topics = topics.unwrap_or_default();
            }
            ConsumerGroupRecord::MemberMetadata {
                member_id,
                metadata,
                ..
            } => {
                let topics = metadata.map(|it| it.subscribed_topic_names);
                set(&mut group.subscriptions, member_id, topics);
            }
            ConsumerGroupRecord::TargetAssignmentMember {
                member_id,
                partitions,
                ..
            } => set(&mut group.targets, member_id, partitions),
            ConsumerGroupRecord::TargetAssignmentMetadata {
                assignment_epoch, ..
            } => {
                group.target_epoch = assignment_epoch.unwrap_or_default();
                if assignment_epoch.is_some() {
                    group.check_target(&name);
                }
            }
            ConsumerGroupRecord::CurrentMemberAssignment {
                member_id,
                assignment,
                ..
            } => {
                if let Some(assignment) = &assignment {
                    group.check_member(&name, &member_id, assignment);
                }
                set(&mut group.members, member_id, assignment);
            }
        }
    }
}

fn set<T>(of: &mut BTreeMap<String, T>, member_id: String, value: Option<T>) {
    match value {
        Some(value) => of.insert(member_id, value),
        None => of.remove(&member_id),
    };
}

impl LoggedGroup {
    /// A target assignment is of the group's epoch, and gives each partition
    /// that somebody subscribes to to one who does.
    fn check_target(&self, name: &str) {
        let epoch = self.target_epoch;
        let name = format!("the target assignment {epoch} of {name}");
        assert_eq!(epoch, self.epoch, "{name} is of another epoch");
        let mut owners: BTreeMap<(TopicId, i32), &str> = BTreeMap::new();
        for (member_id, part) in &self.targets {
            for of in partitions(part) {
                let other = owners.insert(of, member_id);
                assert_eq!(other, None, "{name} gives {of:?} to {member_id} too");
            }
        }
        for (topic, metadata) in &self.topics {
            let subscribes = |member_id: &&str| {
                let topics = self.subscriptions.get(*member_id);
                topics.is_some_and(|topics| topics.contains(topic))
            };
            let is_read = self.subscriptions.values().any(|it| it.contains(topic));
            for partition in 0..metadata.num_partitions {
                let owner = owners.remove(&(metadata.id, partition));
                let is_right = match owner {
                    Some(owner) => subscribes(&owner),
                    None => !is_read,
                };
                assert!(is_right, "{name}: {owner:?} has {topic}-{partition}");
            }
        }
        assert!(owners.is_empty(), "{name}: there are no {owners:?}");
    }

    /// A member has nothing that another has or is still to give up. When it
    /// has reached the target assignment it has its part, and nothing else.
    fn check_member(&self, name: &str, member_id: &str, now: &CurrentMemberAssignment) {
        let name = format!("{name}: {member_id} at {}", now.member_epoch);
        for (other_id, other) in self.members.iter().filter(|(id, _)| *id != member_id) {
            let of_other: BTreeSet<_> = all_partitions(other).collect();
            let both = all_partitions(now).find(|of| of_other.contains(of));
            assert_eq!(both, None, "{name} has what {other_id} has: {other:?}");
        }
        assert!(now.member_epoch <= self.epoch, "{name}: {now:?}");
        // A static member that is away keeps what it had.
        let is_away = now.member_epoch == LEAVE_GROUP_STATIC_MEMBER_EPOCH;
        if !is_away && now.state == MemberState::Stable && now.member_epoch == self.target_epoch {
            let part = self.targets.get(member_id);
            let part: BTreeSet<_> = part.into_iter().flat_map(partitions).collect();
            let has: BTreeSet<_> = all_partitions(now).collect();
            assert_eq!(has, part, "{name} has another part of the target");
        }
    }
}

fn partitions(of: &PartitionsByTopic) -> impl Iterator<Item = (TopicId, i32)> {
    let topics = of.iter();
    topics.flat_map(|(id, partitions)| partitions.iter().map(|partition| (*id, *partition)))
}

/// What a member has, and what it has not given up yet.
fn all_partitions(of: &CurrentMemberAssignment) -> impl Iterator<Item = (TopicId, i32)> {
    let pending = partitions(&of.partitions_pending_revocation);
    partitions(&of.assigned_partitions).chain(pending)
}

/// A member that is at the epoch at which the coordinator has it reads what it
/// was given, or has not said yet that it has given up. `names` tells of every
/// topic that there ever was. Returns how many such members there are.
///
/// One that is on its way to another assignment is left out: while a heartbeat
/// is under way that says what it reads, it may go on to what it was given
/// before; the coordinator, which has another target by then, takes it not to
/// have that (`CurrentAssignmentBuilder.ownsRevokedPartitions`).
pub fn check_readers(
    group: &ConsumerGroup,
    members: &[MemberView],
    names: &BTreeMap<TopicId, TopicName>,
) -> usize {
    let mut count = 0;
    let has_arrived = |it: &&MemberView| it.membership == Membership::Stable;
    for member in members.iter().filter(has_arrived) {
        let known = group.member(member.member_id);
        let Some(known) = known.filter(|known| known.epoch == member.generation) else {
            continue;
        };
        count += 1;
        let given = partitions(&known.assigned).chain(partitions(&known.pending_revocation));
        let given: BTreeSet<(&str, i32)> = given
            .filter_map(|(id, partition)| Some((&**names.get(&id)?, partition)))
            .collect();
        for of in &member.assignment {
            assert!(
                given.contains(&(&*of.topic, of.partition)),
                "{} at epoch {} of {}: it reads {of}, which it was not given: {known:?}",
                member.member_id,
                member.generation,
                group.id()
            );
        }
    }
    count
}
