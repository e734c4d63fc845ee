//! Which leader wrote which part of a log.

use crate::collections::BTreeMap;

/// For each leader epoch that wrote to a log, the offset at which it began
/// (KIP-101, KIP-279;
/// `org.apache.kafka.storage.internals.epoch.LeaderEpochFileCache`).
///
/// Epochs and offsets both ascend. With it a follower finds out how far its
/// log agrees with its leader's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LeaderEpochCache {
    starts: BTreeMap<i32, i64>,
}

impl LeaderEpochCache {
    /// Every epoch with its first offset, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (i32, i64)> {
        self.starts.iter().map(|(epoch, offset)| (*epoch, *offset))
    }

    /// The epoch that was assigned last.
    pub fn latest_epoch(&self) -> Option<i32> {
        self.starts.last_key_value().map(|(epoch, _)| *epoch)
    }

    /// Notes that `epoch` writes from `start_offset` on. Entries that
    /// contradict it, as not older or not before it, are dropped.
    ///
    /// # Panics
    ///
    /// When either number is negative.
    pub fn assign(&mut self, epoch: i32, start_offset: i64) {
        assert!(
            epoch >= 0 && start_offset >= 0,
            "epoch {epoch} cannot begin at offset {start_offset}"
        );
        if let Some((latest, start)) = self.entries().next_back()
            && latest == epoch
            && start <= start_offset
        {
            return;
        }
        while let Some(entry) = self.starts.last_entry()
            && (*entry.key() >= epoch || *entry.get() >= start_offset)
        {
            entry.remove();
        }
        self.starts.insert(epoch, start_offset);
    }

    /// The last epoch that is not younger than `epoch`, and the offset at
    /// which it ended: where the next one begins, or the log's end for the
    /// present one. An epoch before the first one known counts as ending
    /// where that begins. `None` when the epoch is younger than all.
    pub fn end_offset_for(&self, epoch: i32, log_end_offset: i64) -> Option<(i32, i64)> {
        if epoch < 0 {
            return None;
        }
        if self.latest_epoch() == Some(epoch) {
            return Some((epoch, log_end_offset));
        }
        let (_, next_start) = self.starts.range(epoch + 1..).next()?;
        let found = self.starts.range(..=epoch).next_back();
        Some((found.map_or(epoch, |(found, _)| *found), *next_start))
    }

    /// The epoch that wrote the record at `offset`, or would write it.
    pub fn epoch_for_offset(&self, offset: i64) -> Option<i32> {
        self.entries()
            .take_while(|(_, start)| *start <= offset)
            .last()
            .map(|(epoch, _)| epoch)
    }

    /// Drops the epochs that began at `end_offset` or later: the log was cut
    /// off there. A negative offset changes nothing.
    pub fn truncate_from_end(&mut self, end_offset: i64) {
        if end_offset >= 0 {
            self.starts.retain(|_, start| *start < end_offset);
        }
    }

    /// Drops the epochs that ended before `start_offset`, where the log now
    /// begins; the one that wrote the record there begins there.
    pub fn truncate_from_start(&mut self, start_offset: i64) {
        let Some(first) = self.epoch_for_offset(start_offset) else {
            return;
        };
        self.starts.retain(|epoch, _| *epoch >= first);
        self.starts.insert(first, start_offset);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.starts.clear();
    }
}
