//! The state of share-partitions as an onlooker reads it in
//! `__share_group_state`.

use engine::collections::BTreeMap;

use engine::coordinator::share_state::{SharePartitionKey, ShareSnapshotValue, ShareStateRecord};
use engine::log::record_batch::RecordBatch;
use engine::protocol::PersisterStateBatch;

/// The share-partitions of a partition of the topic, as far as it is committed.
#[derive(Debug, Default)]
pub struct LoggedStates(BTreeMap<SharePartitionKey, LoggedState>);

/// What the records of a share-partition come to.
#[derive(Clone, Debug, Default)]
pub struct LoggedState {
    start_offset: i64,
    /// How often each record from there on was delivered, and its state's
    /// number: of two that tell of it the higher pair counts.
    records: BTreeMap<i64, (i16, i8)>,
}

impl LoggedState {
    /// Whether the record is done with: nobody is to have it again.
    pub fn is_done(&self, offset: i64) -> bool {
        let is_terminal = |(_, state): &(i16, i8)| matches!(state, 2 | 4);
        offset < self.start_offset || self.records.get(&offset).is_some_and(is_terminal)
    }

    /// How often the record was delivered, as far as it was told.
    pub fn delivered(&self, offset: i64) -> i16 {
        self.records.get(&offset).map_or(0, |(count, _)| *count)
    }

    fn add(&mut self, start_offset: i64, batches: &[PersisterStateBatch]) {
        if start_offset >= 0 {
            self.start_offset = start_offset;
        }
        for batch in batches {
            for offset in batch.first_offset..=batch.last_offset {
                let told = (batch.delivery_count, batch.delivery_state);
                let known = self.records.entry(offset).or_insert(told);
                *known = told.max(*known);
            }
        }
        let start_offset = self.start_offset;
        self.records.retain(|offset, _| *offset >= start_offset);
    }

    fn of(value: &ShareSnapshotValue) -> LoggedState {
        let mut state = LoggedState::default();
        state.add(value.start_offset, &value.state_batches);
        state
    }
}

impl LoggedStates {
    /// These batches have become committed, in order.
    pub fn take_down(&mut self, batches: &[RecordBatch]) {
        for record in batches.iter().flat_map(|batch| batch.records().flatten()) {
            let Some(key) = record.key else { continue };
            match ShareStateRecord::decode(key, record.value) {
                Ok(Some(ShareStateRecord::Update(key, value))) => {
                    let state = self.0.entry(key).or_default();
                    state.add(value.start_offset, &value.state_batches);
                }
                Ok(Some(ShareStateRecord::Snapshot(key, Some(value)))) => {
                    let state = LoggedState::of(&value);
                    let before = self.0.insert(key.clone(), state.clone());
                    check_snapshot(&key, before.unwrap_or_default(), &state, value.start_offset);
                }
                _ => {}
            }
        }
    }

    pub fn get(&self, key: &SharePartitionKey) -> Option<&LoggedState> {
        self.0.get(key)
    }
}

/// A snapshot leaves nothing out that was done with. A leader tells with each
/// write where its share-partition began when it was made; one that had to be
/// sent again comes after later ones, and sets the start back
/// (`PersisterStateManager`; each write has its own backoff).
fn check_snapshot(
    key: &SharePartitionKey,
    before: LoggedState,
    state: &LoggedState,
    start_offset: i64,
) {
    if (0..before.start_offset).contains(&start_offset) {
        return;
    }
    let mut told = before.records.keys();
    let undone = told.find(|offset| before.is_done(**offset) && !state.is_done(**offset));
    assert_eq!(
        undone, None,
        "{key}: the snapshot forgets that it is done with"
    );
}
