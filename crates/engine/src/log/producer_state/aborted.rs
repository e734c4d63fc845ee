//! Which transactions were aborted, for consumers that read committed records
//! only.

/// An aborted transaction (`org.apache.kafka.storage.internals.log.AbortedTxn`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbortedTransaction {
    /// Its producer.
    pub producer_id: i64,
    /// Its first offset in this partition.
    pub first_offset: i64,
    /// The offset of its marker.
    pub last_offset: i64,
    /// The last stable offset when its marker is replicated: no aborted
    /// transaction that comes later in the index begins below it.
    pub last_stable_offset: i64,
}

/// The aborted transactions of a log, by the offsets of their markers. Kafka
/// keeps those of a segment with it
/// (`org.apache.kafka.storage.internals.log.TransactionIndex`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AbortedTransactions {
    entries: Vec<AbortedTransaction>,
}

impl AbortedTransactions {
    /// All of them, in the order of their markers.
    pub fn entries(&self) -> &[AbortedTransaction] {
        &self.entries
    }

    /// Those that have records from `fetch_offset` on and below
    /// `upper_bound`: what a fetch of these offsets must name
    /// (`TransactionIndex.collectAbortedTxns`).
    pub fn between(&self, fetch_offset: i64, upper_bound: i64) -> Vec<AbortedTransaction> {
        let from = self.position(fetch_offset);
        let mut found = Vec::new();
        for entry in &self.entries[from..] {
            if entry.first_offset < upper_bound {
                found.push(*entry);
            }
            if entry.last_stable_offset >= upper_bound {
                break;
            }
        }
        found
    }

    pub(super) fn extend(&mut self, entry: Option<AbortedTransaction>) {
        self.entries.extend(entry);
    }

    /// Drops those whose markers lie at `offset` or after it.
    pub(super) fn truncate_to(&mut self, offset: i64) {
        self.entries.truncate(self.position(offset));
    }

    /// Drops those whose markers lie before `offset`.
    pub(super) fn remove_before(&mut self, offset: i64) {
        self.entries.drain(..self.position(offset));
    }

    /// Puts `kept` in the place of those whose markers lie before `offset`.
    pub(super) fn replace_before(&mut self, offset: i64, kept: Vec<AbortedTransaction>) {
        self.entries.splice(..self.position(offset), kept);
    }

    /// The place of the first whose marker lies at `offset` or after it.
    fn position(&self, offset: i64) -> usize {
        self.entries
            .partition_point(|entry| entry.last_offset < offset)
    }
}
