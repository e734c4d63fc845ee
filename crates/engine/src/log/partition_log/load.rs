//! A log from its segment files.

use std::sync::Arc;

use super::PartitionLog;
use crate::log::config::LogConfig;
use crate::log::record_batch::{CorruptRecord, read_batches};
use crate::log::segment::LogSegment;

impl PartitionLog {
    /// The log whose `.log` files hold these bytes, each under the base offset
    /// that names it, oldest first. What is not kept in them is reckoned anew:
    /// the epochs and producers from the batches; the high watermark is the log start, until
    /// somebody says better.
    ///
    /// # Errors
    ///
    /// [`CorruptRecord`] when a file holds anything but whole, sound batches
    /// whose offsets ascend from its base offset on.
    pub fn load<'a>(
        config: LogConfig,
        files: impl IntoIterator<Item = (i64, &'a [u8])>,
        now_ms: i64,
    ) -> Result<PartitionLog, CorruptRecord> {
        let mut log = PartitionLog::new(config, now_ms);
        let mut segments = Vec::new();
        for (base_offset, bytes) in files {
            log.end_offset = log.end_offset.max(base_offset);
            log.producers.take_snapshot(base_offset);
            let segment = log.load_segment(base_offset, bytes, now_ms)?;
            segments.push(segment);
        }
        if let Some(last) = segments.pop() {
            log.active = last;
        }
        log.sealed = segments.into_iter().map(Arc::new).collect();
        log.start_offset = log.first_segment().base_offset();
        log.high_watermark = log.start_offset;
        Ok(log)
    }

    /// The log as a broker that starts finds it on its disk. It ends with its
    /// last batch, even when it was cut off within the next one; what a leader
    /// has noted of an epoch in which it wrote nothing is not kept.
    /// Source: `LogLoader.load` and `recoverLog`.
    pub fn reopen(&mut self, now_ms: i64) {
        let end = self.active.next_offset();
        if end < self.start_offset {
            return self.truncate_fully_and_start_at(self.start_offset, now_ms);
        }
        self.epochs.truncate_from_end(end);
        if end < self.end_offset {
            self.end_offset = end;
            self.high_watermark = self.high_watermark.min(end);
            self.reload_producers();
        }
    }

    fn load_segment(
        &mut self,
        base_offset: i64,
        bytes: &[u8],
        now_ms: i64,
    ) -> Result<LogSegment, CorruptRecord> {
        let mut segment = LogSegment::new(base_offset, now_ms);
        for batch in read_batches(bytes) {
            let batch = batch?;
            if batch.base_offset() < self.end_offset {
                return Err(CorruptRecord::OffsetRange {
                    base_offset: batch.base_offset(),
                    last_offset_delta: batch.last_offset_delta(),
                });
            }
            let epoch = batch.partition_leader_epoch();
            if epoch >= 0
                && self
                    .epochs
                    .latest_epoch()
                    .is_none_or(|latest| epoch > latest)
            {
                self.epochs.assign(epoch, batch.base_offset());
            }
            self.end_offset = batch.next_offset();
            self.producers.append(&batch);
            segment.append(batch, self.config.index_interval_bytes, now_ms);
        }
        Ok(segment)
    }
}
