use super::Broker;
use crate::event::EventKind;
use crate::log::DeletionReason;
use crate::protocol::{
    DeleteRecordsRequest, DeleteRecordsResponse, DeletedRecords, ErrorCode, TopicPartition,
};
use crate::sim::{Fabric, Time};

/// When a broker looks for segments to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RetentionSchedule {
    /// `log.initial.task.delay.ms`: how long after it has started.
    pub initial_delay_ms: i64,
    /// `log.retention.check.interval.ms`: how often from then on.
    pub interval_ms: i64,
}

impl Default for RetentionSchedule {
    fn default() -> Self {
        RetentionSchedule {
            initial_delay_ms: 30_000,
            interval_ms: 300_000,
        }
    }
}

impl RetentionSchedule {
    /// The first check after `now`, for a broker that started with the world.
    fn next_after(&self, now: Time) -> Time {
        let first = Time::ZERO.plus_ms(self.initial_delay_ms);
        if now < first {
            return first;
        }
        let interval_us = Time::ZERO.plus_ms(self.interval_ms.max(1)).as_us();
        let passed = now.us_since(first) / interval_us;
        first.plus_us((passed + 1).saturating_mul(interval_us))
    }
}

impl Broker {
    /// When it looks next. Without a partition there is nothing to look for.
    pub(super) fn plan_retention_check(&mut self, now: Time) -> Option<Time> {
        if self.partitions.is_empty() {
            self.retention_check = None;
        } else if self.retention_check.is_none() {
            self.retention_check = Some(self.retention.next_after(now));
        }
        self.retention_check
    }

    /// Deletes what is too old or too much, when it is time to
    /// (`LogManager.cleanupLogs`).
    pub(super) fn check_retention(&mut self, fabric: &mut Fabric) {
        if self.retention_check.is_none_or(|at| at > fabric.now) {
            return;
        }
        self.retention_check = None;
        let now_ms = fabric.timestamp_ms();
        for (topic_partition, partition) in &mut self.partitions {
            for deletion in partition.log.delete_old_segments(now_ms) {
                if deletion.from < deletion.to {
                    fabric.emit(EventKind::RecordsDeleted {
                        broker: self.id,
                        topic_partition: topic_partition.clone(),
                        from: deletion.from,
                        to: deletion.to,
                        reason: deletion.reason,
                    });
                }
            }
        }
    }

    /// Moves the log starts as a client asks for
    /// (`ReplicaManager.deleteRecords`). The segments go with the next check.
    pub(super) fn delete_records(
        &mut self,
        fabric: &mut Fabric,
        request: DeleteRecordsRequest,
    ) -> DeleteRecordsResponse {
        let mut partitions = Vec::new();
        for (topic_partition, offset) in request.partitions {
            let deleted = match self.delete_before(fabric, &topic_partition, offset) {
                Ok(low_watermark) => DeletedRecords {
                    low_watermark,
                    error_code: ErrorCode::None,
                },
                Err(error_code) => DeletedRecords {
                    low_watermark: DeletedRecords::INVALID_LOW_WATERMARK,
                    error_code,
                },
            };
            partitions.push((topic_partition, deleted));
        }
        DeleteRecordsResponse { partitions }
    }

    /// Source: `Partition.deleteRecordsOnLeader`.
    fn delete_before(
        &mut self,
        fabric: &mut Fabric,
        topic_partition: &TopicPartition,
        offset: i64,
    ) -> Result<i64, ErrorCode> {
        let partition = self.partitions.get_mut(topic_partition);
        let log = &mut partition.ok_or(ErrorCode::UnknownTopicOrPartition)?.log;
        if !log.config().cleanup_policy.delete {
            return Err(ErrorCode::PolicyViolation);
        }
        let before = match offset {
            DeleteRecordsRequest::HIGH_WATERMARK => log.high_watermark(),
            offset if offset < 0 => return Err(ErrorCode::OffsetOutOfRange),
            offset => offset,
        };
        let from = log.start_offset();
        let moved = log.delete_records(before);
        if moved.map_err(|error| error.error_code())? {
            fabric.emit(EventKind::RecordsDeleted {
                broker: self.id,
                topic_partition: topic_partition.clone(),
                from,
                to: log.start_offset(),
                reason: DeletionReason::ClientRequest,
            });
        }
        Ok(log.start_offset())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_come_at_fixed_instants() {
        let next = |ms| RetentionSchedule::default().next_after(Time::from_ms(ms));
        assert_eq!(next(0), Time::from_ms(30_000));
        assert_eq!(next(29_999), Time::from_ms(30_000));
        assert_eq!(next(30_000), Time::from_ms(330_000));
        assert_eq!(next(700_000), Time::from_ms(930_000));
    }
}
