//! Writing to a log.

use super::PartitionLog;
use crate::log::error::AppendError;
use crate::log::producer_state::AppendOrigin;
use crate::log::record_batch::{
    BatchOptions, CompressionType, RecordBatch, RecordBatchBuilder, TimestampType,
};
use crate::log::validator::validate;

/// What became of a batch given to the leader
/// (`org.apache.kafka.storage.internals.log.LogAppendInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Appended {
    /// The offset of its first record.
    pub first_offset: i64,
    /// The offset of its last record.
    pub last_offset: i64,
    /// Whether its producer had sent it before: it was not appended again,
    /// and the offsets are those it got then.
    pub is_duplicate: bool,
}

impl PartitionLog {
    /// Appends a producer's batch as the leader: its records get the next
    /// offsets, and the broker's time and another codec when the topic says
    /// so. One that was appended before is left out. The high watermark stays where it is.
    ///
    /// # Errors
    ///
    /// [`AppendError`] when the batch is damaged or too large, the topic does
    /// not take one of its records, or its producer may not write it; no
    /// record is then appended.
    pub fn append_as_leader(
        &mut self,
        batch: &RecordBatch,
        leader_epoch: i32,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        self.append_from(AppendOrigin::Client, batch, leader_epoch, now_ms)
    }

    /// Appends, as the leader, what a coordinator on this broker wrote, or a
    /// transaction's marker. Sequences are not looked at.
    ///
    /// # Errors
    ///
    /// As [`append_as_leader`](Self::append_as_leader).
    pub fn append_as_coordinator(
        &mut self,
        batch: &RecordBatch,
        leader_epoch: i32,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        self.append_from(AppendOrigin::Coordinator, batch, leader_epoch, now_ms)
    }

    fn append_from(
        &mut self,
        origin: AppendOrigin,
        batch: &RecordBatch,
        leader_epoch: i32,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        validate(batch, origin, &self.config, now_ms)?;
        let batch = batch.with_base_offset_and_epoch(self.end_offset, leader_epoch);
        let is_stamped = self.config.message_timestamp_type == TimestampType::LogAppendTime;
        let append_time_ms = is_stamped.then_some(now_ms);
        let source = batch.compression_type();
        let target = self.config.compression_type.target(source);
        // Control records are not compressed unless they came so.
        let keeps_codec = source == target || source == CompressionType::None && batch.is_control();
        let batch = match append_time_ms {
            _ if !keeps_codec => self.recompressed(&batch, target, append_time_ms)?,
            Some(time_ms) => batch.with_log_append_time(time_ms),
            None => batch,
        };
        self.append(origin, batch, now_ms)
    }

    /// The batch written anew in the topic's codec, which may make it too
    /// large. Source: `LogValidator.buildRecordsAndAssignOffsets`.
    fn recompressed(
        &self,
        batch: &RecordBatch,
        compression_type: CompressionType,
        log_append_time_ms: Option<i64>,
    ) -> Result<RecordBatch, AppendError> {
        let mut builder = RecordBatchBuilder::new(BatchOptions {
            compression_type,
            log_append_time_ms,
            delete_horizon_ms: None,
            ..BatchOptions::of(batch)
        });
        for record in batch.records().map_while(Result::ok) {
            builder
                .append_view(&record)
                .map_err(AppendError::Unwritable)?;
        }
        let batch = builder.build().map_err(AppendError::Unwritable)?;
        let size = batch.size_in_bytes();
        if size > self.config.max_message_bytes {
            return Err(AppendError::RecompressedTooLarge { size });
        }
        Ok(batch)
    }

    /// Appends a leader's batch as a follower, as it is.
    ///
    /// # Errors
    ///
    /// [`AppendError`] when it begins before the end of the log, or is larger
    /// than a segment.
    pub fn append_as_follower(
        &mut self,
        batch: &RecordBatch,
        now_ms: i64,
    ) -> Result<(), AppendError> {
        let (first, end) = (batch.base_offset(), self.end_offset);
        if first < end {
            return Err(AppendError::UnexpectedAppendOffset { first, end });
        }
        self.append(AppendOrigin::Replication, batch.clone(), now_ms)?;
        Ok(())
    }

    /// As in Kafka, the epoch is noted and the segment rolls before the
    /// producer is looked at.
    /// Source: `UnifiedLog.append` and `analyzeAndValidateProducerState`.
    fn append(
        &mut self,
        origin: AppendOrigin,
        batch: RecordBatch,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        let epoch = batch.partition_leader_epoch();
        if epoch >= 0 {
            self.epochs.assign(epoch, batch.base_offset());
        }
        let size = batch.size_in_bytes();
        if size > self.config.segment_bytes {
            return Err(AppendError::RecordBatchTooLarge { size });
        }
        if self.active.should_roll(&batch, &self.config, now_ms) {
            self.roll_at(batch.base_offset(), now_ms);
        }
        if origin == AppendOrigin::Client
            && let Some(known) = self.producers.find_duplicate(&batch)
        {
            return Ok(Appended {
                first_offset: known.first_offset,
                last_offset: known.last_offset,
                is_duplicate: true,
            });
        }
        let checked = self.producers.check(&batch, origin);
        checked.map_err(AppendError::Producer)?;
        Ok(self.write(batch, now_ms))
    }

    fn write(&mut self, batch: RecordBatch, now_ms: i64) -> Appended {
        let appended = Appended {
            first_offset: batch.base_offset(),
            last_offset: batch.last_offset(),
            is_duplicate: false,
        };
        self.end_offset = batch.next_offset();
        self.producers.append(&batch);
        self.active
            .append(batch, self.config.index_interval_bytes, now_ms);
        appended
    }
}
