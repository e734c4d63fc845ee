//! Which producers the coordinator is asked about before their first batch of
//! a transaction (KIP-890).

use crate::collections::BTreeMap;

/// Stands for one verification of one producer
/// (`org.apache.kafka.storage.internals.log.VerificationGuard`). An answer of
/// the coordinator counts only while the log still has the guard that was made
/// when it was asked: a marker written meanwhile takes it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerificationGuard(u64);

/// A verification under way
/// (`org.apache.kafka.storage.internals.log.VerificationStateEntry`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct VerificationStateEntry {
    guard: VerificationGuard,
    since_ms: i64,
    /// The lowest sequence number among the batches that wait: none that comes
    /// later may go before them.
    lowest_sequence: i32,
    epoch: i16,
}

/// The verifications under way, by producer id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Verifications {
    entries: BTreeMap<i64, VerificationStateEntry>,
    made: u64,
}

impl Verifications {
    /// The guard of the verification under way, or of a new one
    /// (`ProducerStateManager.maybeCreateVerificationStateEntry`).
    pub fn begin(
        &mut self,
        producer_id: i64,
        sequence: i32,
        epoch: i16,
        now_ms: i64,
    ) -> VerificationGuard {
        let made = &mut self.made;
        let entry = self.entries.entry(producer_id).or_insert_with(|| {
            *made += 1;
            VerificationStateEntry {
                guard: VerificationGuard(*made),
                since_ms: now_ms,
                lowest_sequence: sequence,
                epoch,
            }
        });
        if epoch > entry.epoch {
            (entry.epoch, entry.lowest_sequence) = (epoch, sequence);
        } else if epoch == entry.epoch {
            entry.lowest_sequence = entry.lowest_sequence.min(sequence);
        }
        entry.guard
    }

    pub fn guard(&self, producer_id: i64) -> Option<VerificationGuard> {
        self.entries.get(&producer_id).map(|entry| entry.guard)
    }

    pub fn lowest_sequence(&self, producer_id: i64) -> Option<i32> {
        let entry = self.entries.get(&producer_id)?;
        Some(entry.lowest_sequence)
    }

    /// The producer, or the coordinator for it, has written.
    pub fn end(&mut self, producer_id: i64) {
        self.entries.remove(&producer_id);
    }

    /// Forgets those of which nothing has come for this long.
    pub fn remove_expired(&mut self, now_ms: i64, expiration_ms: i64) {
        self.entries
            .retain(|_, entry| now_ms.saturating_sub(entry.since_ms) < expiration_ms);
    }
}
