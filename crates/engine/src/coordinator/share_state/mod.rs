//! The share coordinator: the state of share-partitions in
//! `__share_group_state`, for the brokers that lead the partitions
//! (KIP-932; `org.apache.kafka.coordinator.share.ShareCoordinatorShard`).

mod combine;
mod record;

pub use record::{ShareSnapshotValue, ShareStateRecord, ShareUpdateValue};

use std::convert::Infallible;
use std::fmt;

use super::runtime::{
    CoordinatorShard, Output, ProducerIdAndEpoch, RequestToken, Settled, TimelineMap, Write,
    WriteNumber,
};
use crate::log::record_batch::TransactionResult;
use crate::protocol::{
    ErrorCode, PersisterStateBatch, ReadShareGroupStateResponse,
    ReadShareGroupStateSummaryResponse, Response, ShareGroupStateResults, SharePartitionStateRead,
    SharePartitionStateWrite, TopicId, TopicIdPartition, UNINITIALIZED_START_OFFSET,
};
use crate::sim::Time;

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

/// The state of a share-partition (`ShareGroupOffset`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroupOffset {
    /// What the last snapshot and the updates since come to.
    pub state: ShareSnapshotValue,
    /// How many updates there were since.
    pub updates: i32,
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

/// The answer to a request, once what it wrote is committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnswerShareState {
    /// The request.
    pub token: RequestToken,
    /// Its answer when all is well.
    pub response: Response,
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

    /// The first write is a snapshot, those after it are updates, until there
    /// were so many that it is time for a snapshot again
    /// (`generateShareStateRecord`).
    fn record_of(
        &self,
        key: &SharePartitionKey,
        write: &SharePartitionStateWrite,
    ) -> ShareStateRecord {
        let or = |new: i32, known: i32| if new == -1 { known } else { new };
        match self.states.get(key) {
            None => {
                let value = ShareSnapshotValue {
                    snapshot_epoch: 0,
                    state_epoch: write.state_epoch,
                    leader_epoch: write.leader_epoch,
                    start_offset: write.start_offset,
                    state_batches: combine::combine(&[], &write.state_batches, write.start_offset),
                };
                ShareStateRecord::Snapshot(key.clone(), Some(value))
            }
            Some(known) if known.updates >= self.config.updates_per_snapshot => {
                let known = &known.state;
                let update = (write.start_offset, &write.state_batches[..]);
                let value = ShareSnapshotValue {
                    snapshot_epoch: known.snapshot_epoch.wrapping_add(1),
                    state_epoch: or(write.state_epoch, known.state_epoch),
                    leader_epoch: or(write.leader_epoch, known.leader_epoch),
                    ..merged(known, update)
                };
                ShareStateRecord::Snapshot(key.clone(), Some(value))
            }
            Some(known) => {
                let value = ShareUpdateValue {
                    snapshot_epoch: known.state.snapshot_epoch,
                    leader_epoch: or(write.leader_epoch, known.state.leader_epoch),
                    start_offset: write.start_offset,
                    state_batches: combine::combine(&[], &write.state_batches, write.start_offset),
                };
                ShareStateRecord::Update(key.clone(), value)
            }
        }
    }

    /// Takes records in and hands them out to be written; answers when they
    /// are committed.
    fn write(
        &mut self,
        records: Vec<ShareStateRecord>,
        token: RequestToken,
        response: Response,
        out: &mut Outputs,
    ) {
        let number = self.next_write();
        for record in &records {
            self.apply(number, record.clone());
        }
        out.push(Output::Write(Write {
            number,
            records: records.iter().map(ShareStateRecord::encode).collect(),
            producer: None,
            events: Vec::new(),
            then: vec![AnswerShareState { token, response }],
        }));
    }

    fn apply(&mut self, write: WriteNumber, record: ShareStateRecord) {
        match record {
            ShareStateRecord::Snapshot(key, Some(state)) => {
                let updates = 0;
                self.states
                    .insert(write, key, ShareGroupOffset { state, updates });
            }
            ShareStateRecord::Snapshot(key, None) => self.states.remove(write, &key),
            ShareStateRecord::Update(key, update) => {
                let known = self.states.get(&key).cloned();
                let updated = known.map_or_else(
                    || from_update(&update),
                    |known| {
                        let update_of = (update.start_offset, &update.state_batches[..]);
                        ShareGroupOffset {
                            state: ShareSnapshotValue {
                                leader_epoch: update.leader_epoch,
                                ..merged(&known.state, update_of)
                            },
                            updates: known.updates + 1,
                        }
                    },
                );
                self.states.insert(write, key, updated);
            }
        }
    }
}

/// An update without the snapshot that it adds to.
fn from_update(update: &ShareUpdateValue) -> ShareGroupOffset {
    ShareGroupOffset {
        state: ShareSnapshotValue {
            snapshot_epoch: update.snapshot_epoch,
            state_epoch: 0,
            leader_epoch: update.leader_epoch,
            start_offset: update.start_offset,
            state_batches: update.state_batches.clone(),
        },
        updates: 1,
    }
}

/// A state with a start offset, -1 for the same, and batches added to it.
fn merged(
    known: &ShareSnapshotValue,
    (start_offset, batches): (i64, &[PersisterStateBatch]),
) -> ShareSnapshotValue {
    let start_offset = match start_offset {
        -1 => known.start_offset,
        start_offset => start_offset,
    };
    ShareSnapshotValue {
        start_offset,
        state_batches: combine::combine(&known.state_batches, batches, start_offset),
        ..known.clone()
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

/// An answer with an error in place of what it says.
pub fn with_error(response: Response, error: ErrorCode) -> Response {
    let mut response = response;
    match &mut response {
        Response::ReadShareGroupState(response) => {
            for (_, read) in &mut response.results {
                *read = failed_read(error);
            }
        }
        Response::WriteShareGroupState(response)
        | Response::InitializeShareGroupState(response)
        | Response::DeleteShareGroupState(response) => {
            for (_, result) in &mut response.results {
                *result = error;
            }
        }
        other => unreachable!("{} is not of the share coordinator", other.api()),
    }
    response
}

impl CoordinatorShard for ShareCoordinator {
    type Event = Infallible;
    type Then = AnswerShareState;

    fn next_write(&mut self) -> WriteNumber {
        self.last_write += 1;
        self.last_write
    }

    fn replay(
        &mut self,
        write: WriteNumber,
        _: Option<ProducerIdAndEpoch>,
        key: &[u8],
        value: Option<&[u8]>,
    ) {
        // Kafka logs records that it cannot read, and goes on.
        if let Ok(Some(record)) = ShareStateRecord::decode(key, value) {
            self.apply(write, record);
        }
    }

    fn replay_end_transaction_marker(
        &mut self,
        _: WriteNumber,
        _: ProducerIdAndEpoch,
        _: TransactionResult,
    ) {
    }

    fn commit(&mut self, until: WriteNumber) {
        self.states.commit(until);
    }

    fn revert(&mut self, from: WriteNumber) {
        self.states.revert(from);
    }

    fn settled(
        &mut self,
        _: Time,
        AnswerShareState { token, response }: AnswerShareState,
        settled: Settled,
        out: &mut Outputs,
    ) {
        let response = match settled.error() {
            Some(error) => with_error(response, error),
            None => response,
        };
        out.push(Output::Respond { token, response });
    }

    fn on_loaded(&mut self, _: Time, _: &mut Outputs) {}

    fn on_unloaded(&mut self, _: Time, _: &mut Outputs) {}

    fn next_deadline(&self) -> Option<Time> {
        None
    }

    fn expire_next(&mut self, _: Time, _: &mut Outputs) -> bool {
        false
    }
}
