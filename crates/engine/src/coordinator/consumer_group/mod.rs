//! The consumer group protocol of KIP-848: the coordinator knows who subscribes
//! to what, decides who is to read what, and brings each member there by the
//! answers to its heartbeats.
//!
//! [`ConsumerGroups`] is a state machine without a network and without a log.
//! A request or a timer comes to an [`Outcome`]: the answer, and the records to
//! be written to `__consumer_offsets`. Nothing has changed with a group until
//! these are [replayed](ConsumerGroups::replay), which whoever wrote them does
//! then; whoever could not write them does not. So a group that is read back
//! from the log is the group that was.
//!
//! The rules are those of Kafka 4.0's `GroupMetadataManager`, `ConsumerGroup`,
//! `TargetAssignmentBuilder` and `CurrentAssignmentBuilder`.

mod config;
mod current_assignment;
mod describe;
mod error;
mod event;
mod group;
mod heartbeat;
mod leave;
mod member;
mod offsets;
mod record;
mod replay;
mod step;
mod subscribe;
mod subscriptions;
mod target_assignment;
mod timers;
mod topics;
mod validate;

#[cfg(test)]
mod tests;

pub use config::ConsumerGroupConfig;
pub use error::GroupError;
pub use event::{ConsumerGroupEvent, EpochBumpCause, FencingCause};
pub use group::{ConsumerGroup, ConsumerGroupState};
pub use member::{ConsumerGroupMember, MemberState};
pub use record::{ConsumerGroupRecord, CurrentMemberAssignment, MemberMetadata};
pub use timers::ConsumerGroupTimer;
pub(super) use timers::RETRY_BACKOFF_MS;
pub use topics::{TopicMetadata, TopicsImage};

use crate::collections::BTreeMap;

use super::runtime::TimelineMap;
use super::timers::Timers;
use crate::assignor::server::ServerAssignor;
use crate::config::GroupConfigs;
use crate::protocol::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, LEAVE_GROUP_MEMBER_EPOCH,
    LEAVE_GROUP_STATIC_MEMBER_EPOCH, TopicId,
};
use crate::sim::{Random, Stream, Time};
use step::Step;

/// What a request or a timer came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outcome<T> {
    /// To be written, all or none, and then replayed.
    pub records: Vec<ConsumerGroupRecord>,
    /// What happens with them.
    pub events: Vec<ConsumerGroupEvent>,
    /// The answer, due when the records are committed.
    pub response: T,
}

/// The groups of this protocol that one broker coordinates.
#[derive(Clone, Debug, Hash)]
pub struct ConsumerGroups {
    pub(super) config: ConsumerGroupConfig,
    /// The groups that have settings of their own.
    pub(super) group_configs: GroupConfigs,
    random: Random,
    image: TopicsImage,
    groups: TimelineMap<String, ConsumerGroup>,
    timers: Timers<ConsumerGroupTimer>,
    /// The epoch that a member is to leave before its rebalance timer is due.
    awaited_epochs: BTreeMap<ConsumerGroupTimer, i32>,
}

impl ConsumerGroups {
    /// No groups yet; `seed` decides the member ids.
    pub fn new(config: ConsumerGroupConfig, seed: u64) -> ConsumerGroups {
        ConsumerGroups {
            config,
            group_configs: GroupConfigs::default(),
            random: Random::new(seed, Stream::ConsumerGroupMemberId),
            image: TopicsImage::default(),
            groups: TimelineMap::default(),
            timers: Timers::default(),
            awaited_epochs: BTreeMap::new(),
        }
    }

    /// Handles a ConsumerGroupHeartbeat request. `client_host` is as Kafka shows
    /// it, such as `/127.0.0.1`. A request that is refused has no records; its
    /// answer says why.
    pub fn heartbeat(
        &mut self,
        now: Time,
        client_id: &str,
        client_host: &str,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> Outcome<ConsumerGroupHeartbeatResponse> {
        let mut step = Step::new(now, client_id, client_host);
        let answer =
            validate::heartbeat(request, &self.config).and_then(|()| match request.member_epoch {
                LEAVE_GROUP_MEMBER_EPOCH | LEAVE_GROUP_STATIC_MEMBER_EPOCH => {
                    self.leave(request, &mut step)
                }
                _ => self.regular_heartbeat(request, &mut step),
            });
        match answer {
            Ok(response) => step.outcome(response),
            Err(error) => Outcome {
                records: Vec::new(),
                events: Vec::new(),
                response: error.response(),
            },
        }
    }

    /// The topics are as told here from now on, and those with these names were
    /// made, changed or deleted: groups that subscribe to them look at them with
    /// the next heartbeat (`GroupMetadataManager.onNewMetadataImage`).
    pub fn on_new_metadata_image(&mut self, image: TopicsImage, changed: &[&str]) {
        self.image = image;
        for group in self.groups.values_mut() {
            if changed.iter().any(|name| group.is_subscribed_to(name)) {
                group.request_metadata_refresh();
            }
        }
    }

    /// The records that delete a group; none unless it is empty
    /// (`ConsumerGroup.createGroupTombstoneRecords`).
    pub fn delete(&self, group_id: &str) -> Vec<ConsumerGroupRecord> {
        match self.group(group_id) {
            Some(group) if group.members().len() == 0 => {
                ConsumerGroupRecord::without_group(group_id).into()
            }
            _ => Vec::new(),
        }
    }

    /// All groups, by name.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &ConsumerGroup> {
        self.groups.current().values()
    }

    /// The group with this name, with all that was written.
    pub fn group(&self, group_id: &str) -> Option<&ConsumerGroup> {
        self.groups.current().get(group_id)
    }

    /// The assignor that most of a group's members ask for; the first of
    /// `group.consumer.assignors` when none does.
    pub fn assignor_of(&self, group: &ConsumerGroup) -> ServerAssignor {
        let preferred = target_assignment::preferred_assignor(group.members());
        preferred.unwrap_or_else(|| self.config.default_assignor())
    }

    /// The group as it was at the last commit: what is told of it, and what may
    /// be read of its offsets.
    pub fn committed_group(&self, group_id: &str) -> Option<ConsumerGroup> {
        let group = self.groups.get_committed(&group_id.to_owned());
        group.map(ConsumerGroup::committed)
    }

    /// The answer of a group of the classic protocol that has members, or that
    /// the request does not join (`getOrMaybeCreateConsumerGroup`).
    pub fn refuse_classic(
        &self,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> ConsumerGroupHeartbeatResponse {
        let error = validate::heartbeat(request, &self.config).err();
        let error = error.unwrap_or_else(|| GroupError::no_consumer_group(&request.group_id));
        error.response()
    }

    /// All groups as they were at the last commit, by name.
    pub fn committed_groups(&self) -> Vec<ConsumerGroup> {
        let groups = self.groups.committed().into_values();
        groups.map(ConsumerGroup::committed).collect()
    }

    fn find(&self, group_id: &str) -> Result<&ConsumerGroup, GroupError> {
        let group = self.group(group_id);
        group.ok_or_else(|| GroupError::unknown_group(group_id))
    }

    /// A uuid as Kafka writes them; none begins with a dash, since tools would
    /// take that for an option (`Uuid.randomUuid`).
    fn new_member_id(&mut self) -> String {
        loop {
            let id = TopicId(self.random.uuid()).to_string();
            if !id.starts_with('-') {
                return id;
            }
        }
    }
}
