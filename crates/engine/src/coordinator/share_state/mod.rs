//! The share coordinator: the state of share-partitions in
//! `__share_group_state`, for the brokers that lead the partitions
//! (KIP-932; `org.apache.kafka.coordinator.share.ShareCoordinatorShard`).

mod combine;
mod record;
mod shard;
mod state;

pub use record::{ShareSnapshotValue, ShareStateRecord, ShareUpdateValue};
pub use shard::{AnswerShareState, with_error};
pub use state::ShareGroupOffset;

use std::fmt;

use super::runtime::{Output, RequestToken, TimelineMap, WriteNumber};
use crate::protocol::{
    ErrorCode, ReadShareGroupStateResponse, ReadShareGroupStateSummaryResponse, Response,
    ShareGroupStateResults, SharePartitionStateRead, SharePartitionStateWrite, TopicId,
    TopicIdPartition, UNINITIALIZED_START_OFFSET,
};

/// A partition as a share group reads it (`SharePartitionKey`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharePartitionKey {
    /// The group.
    pub group_id: String,
    /// The topic.
    pub topic_id: TopicId,
    /// The partition's number.
    pub partition: i32,
}

impl SharePartitionKey {
    /// This group's part of a partition.
    pub fn new(group_id: &str, of: TopicIdPartition) -> SharePartitionKey {
        SharePartitionKey {
            group_id: group_id.to_owned(),
            topic_id: of.topic_id,
            partition: of.partition,
        }
    }

    /// The partition without the group.
    pub fn of(&self) -> TopicIdPartition {
        TopicIdPartition {
            topic_id: self.topic_id,
            partition: self.partition,
        }
    }
}

impl fmt::Display for SharePartitionKey {
    /// As it is looked up by: `group:topic id:partition`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.group_id, self.topic_id, self.partition)
    }
}

/// What a broker's settings say of the share coordinator
/// (`share.coordinator.*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareCoordinatorConfig {
    /// `share.coordinator.snapshot.update.records.per.snapshot`: after how many
    /// updates there is a snapshot again.
    pub updates_per_snapshot: i32,
    /// `share.coordinator.write.timeout.ms`: how long a write may wait until it
    /// is committed, in milliseconds.
    pub write_timeout_ms: i64,
}

/// The state of the share-partitions of one partition of
/// `__share_group_state`.
#[derive(Clone, Debug, Hash)]
pub struct ShareCoordinator {
    config: ShareCoordinatorConfig,
    states: TimelineMap<SharePartitionKey, ShareGroupOffset>,
    last_write: WriteNumber,
}

type Outputs = Vec<Output<ShareCoordinator>>;

impl ShareCoordinator {
    /// A coordinator that knows nothing yet.
    pub fn new(config: ShareCoordinatorConfig) -> ShareCoordinator {
        ShareCoordinator {
            config,
            states: TimelineMap::default(),
            last_write: 0,
        }
    }

    /// The share-partitions with their states, also those that are not
    /// committed yet.
    pub fn states(&self) -> impl Iterator<Item = (&SharePartitionKey, &ShareGroupOffset)> {
        self.states.current().iter()
    }

    /// Reads the state of a share-partition. A reader in a later leader epoch
    /// than any before is written down, so that older leaders write no more
    /// (`readStateAndMaybeUpdateLeaderEpoch`).
    pub fn read_state(
        &mut self,
        token: RequestToken,
        key: &SharePartitionKey,
        leader_epoch: i32,
        out: &mut Outputs,
    ) {
        let known = self.states.get(key).cloned();
        let read = match &known {
            Some(known) if known.state.leader_epoch > leader_epoch => {
                failed_read(ErrorCode::FencedLeaderEpoch)
            }
            Some(known) => SharePartitionStateRead {
                error_code: ErrorCode::None,
                state_epoch: known.state.state_epoch,
                start_offset: known.state.start_offset,
                state_batches: known.state.state_batches.clone(),
            },
            None => SharePartitionStateRead {
                start_offset: UNINITIALIZED_START_OFFSET,
                ..failed_read(ErrorCode::None)
            },
        };
        let is_newer = known.is_none_or(|known| known.state.leader_epoch < leader_epoch);
        let record = (read.error_code.is_none() && is_newer).then(|| {
            let write = SharePartitionStateWrite {
                state_epoch: read.state_epoch,
                leader_epoch,
                start_offset: read.start_offset,
                state_batches: Vec::new(),
            };
            self.record_of(key, &write)
        });
        let results = vec![(key.of(), read)];
        let response = Response::ReadShareGroupState(ReadShareGroupStateResponse { results });
        self.write(record.into_iter().collect(), token, response, out);
    }

    /// Writes what has changed of a share-partition (`writeState`).
    pub fn write_state(
        &mut self,
        token: RequestToken,
        key: &SharePartitionKey,
        write: &SharePartitionStateWrite,
        out: &mut Outputs,
    ) {
        let known = self.states.get(key).map(|known| &known.state);
        let error = match known {
            Some(known) if write.leader_epoch != -1 && known.leader_epoch > write.leader_epoch => {
                ErrorCode::FencedLeaderEpoch
            }
            Some(known) if write.state_epoch != -1 && known.state_epoch > write.state_epoch => {
                ErrorCode::FencedStateEpoch
            }
            _ => ErrorCode::None,
        };
        let records = match error {
            ErrorCode::None => vec![self.record_of(key, write)],
            _ => Vec::new(),
        };
        let response = Response::WriteShareGroupState(done(key, error));
        self.write(records, token, response, out);
    }

    /// Sets a share-partition's state anew (`initializeState`).
    pub fn initialize_state(
        &mut self,
        token: RequestToken,
        key: &SharePartitionKey,
        (state_epoch, start_offset): (i32, i64),
        out: &mut Outputs,
    ) {
        let known = self.states.get(key).map(|known| &known.state);
        let is_old = known.is_some_and(|known| known.state_epoch > state_epoch);
        let mut records = Vec::new();
        if !is_old {
            let value = ShareSnapshotValue {
                snapshot_epoch: known.map_or(0, |known| known.snapshot_epoch.wrapping_add(1)),
                state_epoch,
                leader_epoch: known.map_or(-1, |known| known.leader_epoch),
                start_offset,
                state_batches: Vec::new(),
            };
            records.push(ShareStateRecord::Snapshot(key.clone(), Some(value)));
        }
        let error = match is_old {
            true => ErrorCode::FencedStateEpoch,
            false => ErrorCode::None,
        };
        let response = Response::InitializeShareGroupState(done(key, error));
        self.write(records, token, response, out);
    }

    /// Forgets a share-partition (`deleteState`).
    pub fn delete_state(
        &mut self,
        token: RequestToken,
        key: &SharePartitionKey,
        out: &mut Outputs,
    ) {
        let tombstone = ShareStateRecord::Snapshot(key.clone(), None);
        let is_known = self.states.get(key).is_some();
        let records = is_known.then_some(tombstone).into_iter().collect();
        let response = Response::DeleteShareGroupState(done(key, ErrorCode::None));
        self.write(records, token, response, out);
    }

    /// Tells where a share-partition begins, as far as that is committed
    /// (`readStateSummary`).
    pub fn read_summary(&self, key: &SharePartitionKey) -> ReadShareGroupStateSummaryResponse {
        let known = self.states.get_committed(key).map(|known| &known.state);
        let (state_epoch, start_offset) = known.map_or((0, UNINITIALIZED_START_OFFSET), |known| {
            (known.state_epoch, known.start_offset)
        });
        let results = vec![(key.of(), ErrorCode::None, state_epoch, start_offset)];
        ReadShareGroupStateSummaryResponse { results }
    }
}

fn failed_read(error_code: ErrorCode) -> SharePartitionStateRead {
    SharePartitionStateRead {
        error_code,
        state_epoch: 0,
        start_offset: 0,
        state_batches: Vec::new(),
    }
}

fn done(key: &SharePartitionKey, error: ErrorCode) -> ShareGroupStateResults {
    ShareGroupStateResults {
        results: vec![(key.of(), error)],
    }
}
