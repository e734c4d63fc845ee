//! How the start of a share-partition moves.

use super::SharePartition;
use super::state::RecordState;

impl SharePartition {
    /// The log begins here now: what was available before is not there any
    /// more (`updateCacheAndOffsets`).
    pub fn log_starts_at(&mut self, log_start_offset: i64) {
        if log_start_offset <= self.start_offset {
            return;
        }
        self.archive_available(self.start_offset, log_start_offset - 1);
        self.find_next_fetch_offset = true;
        self.start_offset = log_start_offset;
        self.end_offset = self.end_offset.max(log_start_offset);
        self.forget_what_is_done();
    }

    /// The log has nothing between the [next fetch
    /// offset](Self::next_fetch_offset), from which it was read, and the first
    /// offset that came, since it was compacted. What was available there is not
    /// waited for (`maybeArchiveStaleBatches`), nor is what was never delivered.
    pub(super) fn log_has_none(&mut self, from: i64, before: i64) {
        if from < before {
            self.archive_available(from, before - 1);
            self.advance_read_gap(before);
            self.forget_what_is_done();
        }
    }

    /// What is available of these offsets is archived.
    fn archive_available(&mut self, first: i64, last: i64) {
        for batch in self.batches_within(first, last) {
            let is_available = batch.runs().iter().any(|(_, _, it)| it.is_available());
            if is_available && !batch.is_within(first, last) {
                batch.part();
            }
            for (from, to, state) in batch.runs_mut() {
                if first <= from && to <= last && state.is_available() {
                    state.state = RecordState::Archived;
                }
            }
        }
    }

    /// Moves the start past what is done with
    /// (`maybeUpdateCachedStateAndOffsets`).
    pub(super) fn forget_what_is_done(&mut self) {
        let Some(done) = self.last_done_with() else {
            return;
        };
        let last = self.batches.last_key_value();
        if last.is_some_and(|(_, batch)| batch.last_offset <= done) {
            self.start_offset = self.start_offset.max(done + 1);
            self.end_offset = self.start_offset;
            self.read_gap = None;
            return self.batches.clear();
        }
        self.batches.retain(|_, batch| batch.last_offset > done);
        let next = self.batches.first_key_value();
        let next = next.map_or(done + 1, |(at, _)| *at).max(done + 1);
        self.start_offset = self.start_offset.max(match self.read_gap {
            // What lies between was never delivered.
            Some(_) => done + 1,
            None => next,
        });
        self.advance_read_gap(self.start_offset);
    }

    /// The last offset up to which all is done with; `None` when the first
    /// record is not.
    fn last_done_with(&self) -> Option<i64> {
        let mut done = None;
        for batch in self.batches.values() {
            let gap = self.read_gap.map(|(at, _)| at);
            if gap
                .is_some_and(|gap| batch.first_offset > done.map_or(gap, |done| gap.max(done + 1)))
            {
                return done;
            }
            for (_, to, state) in batch.runs() {
                let is_past = to < self.start_offset;
                if !is_past && (!state.state.is_terminal() || state.is_changing()) {
                    return done;
                }
                done = Some(to);
            }
        }
        done
    }
}
