//! The state of a share-partition, as snapshots and updates make it.

use super::super::runtime::{CoordinatorShard, Output, RequestToken, Write, WriteNumber};
use super::record::{ShareSnapshotValue, ShareStateRecord, ShareUpdateValue};
use super::shard::AnswerShareState;
use super::{Outputs, ShareCoordinator, SharePartitionKey, combine};
use crate::protocol::{PersisterStateBatch, Response, SharePartitionStateWrite};

/// The state of a share-partition (`ShareGroupOffset`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroupOffset {
    /// What the last snapshot and the updates since come to.
    pub state: ShareSnapshotValue,
    /// How many updates there were since.
    pub updates: i32,
}

impl ShareCoordinator {
    /// The first write is a snapshot, those after it are updates, until there
    /// were so many that it is time for a snapshot again
    /// (`generateShareStateRecord`).
    pub(super) fn record_of(
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
    pub(super) fn write(
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

    pub(super) fn apply(&mut self, write: WriteNumber, record: ShareStateRecord) {
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
