//! The group coordinator: the classic group protocol (JoinGroup, SyncGroup,
//! Heartbeat, LeaveGroup), that of KIP-848 ([`consumer_group`]), and the offsets
//! that groups commit.
//!
//! [`GroupCoordinator`] is a state machine without a network: the groups of one
//! partition of `__consumer_offsets`. A broker feeds it the requests that
//! arrive and the passing of time; it hands back answers, what happened, and
//! the records that are to be written ([`runtime`]). An answer may come much
//! later than its request: a JoinGroup is answered when the rebalance is over, a
//! follower's SyncGroup when the leader's assignment is committed. A
//! [`RequestToken`] says which is which.
//!
//! The rules are those of Kafka 4.0's `GroupCoordinatorShard`,
//! `GroupMetadataManager`, `ClassicGroup` and `OffsetMetadataManager`.

mod classic;
mod config;
pub mod consumer_group;
mod describe;
mod event;
mod expire;
mod group;
mod group_configs;
mod join;
mod leave;
mod member;
mod modern;
mod offset_requests;
mod offsets;
mod protocol;
mod protocols;
mod rebalance;
pub mod record;
pub mod runtime;
mod session;
mod shard;
pub mod share_group;
pub mod share_state;
mod static_member;
mod step;
mod storage;
mod sync;
mod then;
mod timers;
mod tools;
pub mod transaction;

#[cfg(test)]
mod tests;

pub use config::{GroupCoordinatorConfig, ShareGroupConfig};
pub use event::{GroupEvent, OffsetRemovalCause, RemovalCause};
pub use group::{ClassicGroup, GroupState};
pub use member::Member;
pub use modern::ModernGroupRecord;
pub use runtime::RequestToken;
pub use storage::partition_for;
pub use then::GroupThen;
pub use timers::Timer;

use self::consumer_group::{ConsumerGroupConfig, ConsumerGroups};
use crate::config::GroupConfigs;
use crate::protocol::{CommittedOffset, Response, TopicPartition};
use crate::sim::{Random, Stream, Time};
use offsets::OffsetStore;
use runtime::{TimelineMap, WriteNumber};
use share_group::ShareGroups;
use step::Step;
use timers::Timers;

/// What a [`GroupCoordinator`] hands out.
pub type CoordinatorOutput = runtime::Output<GroupCoordinator>;

/// An offset in a group's store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredOffset {
    /// What was committed.
    pub committed: CommittedOffset,
    /// When, in epoch milliseconds.
    pub commit_timestamp_ms: i64,
    /// When it expires, in epoch milliseconds, if an old client said so.
    pub expire_timestamp_ms: Option<i64>,
    /// By which write.
    write: WriteNumber,
}

/// Coordinates the groups of one partition of `__consumer_offsets`.
#[derive(Clone, Debug, Hash)]
pub struct GroupCoordinator {
    config: GroupCoordinatorConfig,
    random: Random,
    /// Epoch milliseconds at the beginning of virtual time.
    epoch_ms: i64,
    groups: TimelineMap<String, ClassicGroup>,
    consumer_groups: ConsumerGroups,
    share_groups: ShareGroups,
    group_configs: GroupConfigs,
    offsets: OffsetStore,
    timers: Timers,
    last_write: WriteNumber,
}

type Groups = TimelineMap<String, ClassicGroup>;

impl GroupCoordinator {
    /// A coordinator without groups; `seed` decides the uuids in member ids.
    /// Virtual time begins at the epoch.
    pub fn new(config: GroupCoordinatorConfig, seed: u64) -> GroupCoordinator {
        GroupCoordinator {
            config,
            random: Random::new(seed, Stream::MemberId),
            epoch_ms: 0,
            groups: TimelineMap::default(),
            consumer_groups: ConsumerGroups::new(ConsumerGroupConfig::default(), seed),
            share_groups: ShareGroups::default(),
            group_configs: GroupConfigs::default(),
            offsets: OffsetStore::default(),
            timers: Timers::default(),
            last_write: 0,
        }
    }

    /// The same where virtual time begins so many epoch milliseconds later.
    pub fn with_epoch_ms(self, epoch_ms: i64) -> GroupCoordinator {
        GroupCoordinator { epoch_ms, ..self }
    }

    /// All groups, by name.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &ClassicGroup> {
        self.groups.current().values()
    }

    /// The group with this name.
    pub fn group(&self, name: &str) -> Option<&ClassicGroup> {
        self.groups.current().get(name)
    }

    /// The offset stored for each partition of a group, also when it is not
    /// committed yet.
    pub fn offsets(&self, group: &str) -> impl Iterator<Item = (&TopicPartition, &StoredOffset)> {
        self.offsets.of_group(group)
    }

    /// The offset stored for this partition.
    pub fn offset(&self, group: &str, partition: &TopicPartition) -> Option<&StoredOffset> {
        self.offsets.get(group, partition)
    }

    /// The offsets of a group that wait for the end of a transaction, with the
    /// id of its producer.
    pub fn pending_offsets(
        &self,
        group: &str,
    ) -> impl Iterator<Item = (i64, &TopicPartition, &StoredOffset)> {
        self.offsets.pending_of_group(group)
    }

    /// Takes the coordinator apart to handle one request or timer.
    fn parts<'a>(&'a mut self, now: Time, out: &'a mut Vec<CoordinatorOutput>) -> Parts<'a> {
        self.last_write += 1;
        let timestamp_ms = self.epoch_ms + now.as_ms().cast_signed();
        let step = Step::new(
            now,
            timestamp_ms,
            self.last_write,
            (&self.config, &self.group_configs),
            &mut self.timers,
            out,
        );
        Parts {
            groups: &mut self.groups,
            consumer_groups: &mut self.consumer_groups,
            share_groups: &mut self.share_groups,
            offsets: &mut self.offsets,
            random: &mut self.random,
            step,
        }
    }
}

impl runtime::CoordinatorRuntime<GroupCoordinator> {
    /// The shard that has this group.
    pub fn shard_of(&self, group: &str) -> Option<&GroupCoordinator> {
        let mut shards = self.active().map(|(_, _, shard)| shard);
        shards.find(|shard| shard.has_group(group))
    }
}

/// A coordinator taken apart.
struct Parts<'a> {
    groups: &'a mut Groups,
    consumer_groups: &'a mut ConsumerGroups,
    share_groups: &'a mut ShareGroups,
    offsets: &'a mut OffsetStore,
    random: &'a mut Random,
    step: Step<'a>,
}

impl Parts<'_> {
    /// Hands out what is to be written, and the answer for when that and all
    /// before it is committed.
    fn finish_with(mut self, token: RequestToken, response: Response) {
        self.step.respond_when_committed(token, response);
        self.step.finish();
    }
}
