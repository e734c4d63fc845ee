use super::periodic::next_instant;
use super::{Broker, Partition};
use crate::event::EventKind;
use crate::log::DeletionReason;
use crate::protocol::{
    DeleteRecordsRequest, DeleteRecordsResponse, DeletedRecords, ErrorCode, Header, Response,
    TopicPartition,
};
use crate::sim::{Fabric, NodeId, Time};

impl Broker {
    /// Has it look `log.initial.task.delay.ms` after the world's beginning and
    /// then every `log.retention.check.interval.ms`, as long as there is a log
    /// that is not compacted.
    pub(super) fn plan_retention_check(&mut self, now: Time) {
        if self.retention_check.is_none() {
            let config = &self.config.log_manager;
            let first = Time::ZERO.plus_ms(config.initial_task_delay_ms);
            let at = next_instant(first, config.retention_check_interval_ms, now);
            self.retention_check = Some(at);
        }
    }

    /// Deletes what is too old or too much, when it is time to. Compacted logs
    /// are the cleaner's to look after (`LogManager.cleanupLogs`).
    pub(super) fn check_retention(&mut self, fabric: &mut Fabric) {
        if self.retention_check.is_none_or(|at| at > fabric.now) {
            return;
        }
        self.retention_check = None;
        self.delete_old_segments(fabric, false);
        if !self.partitions.values().all(Partition::is_compacted) {
            self.plan_retention_check(fabric.now);
        }
    }

    /// Deletes old segments of the logs that are compacted, or of those that
    /// are not.
    pub(super) fn delete_old_segments(&mut self, fabric: &mut Fabric, compacted: bool) {
        let now_ms = fabric.timestamp_ms();
        let mut changed = Vec::new();
        for (topic_partition, partition) in self.partitions.unnoticed() {
            if partition.is_compacted() != compacted {
                continue;
            }
            let deletions = partition.log.delete_old_segments(now_ms);
            if !deletions.is_empty() {
                changed.push(topic_partition.clone());
            }
            for deletion in deletions {
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
        for of in &changed {
            self.partitions.get_mut(of);
        }
    }

    /// Moves the log starts as a client asks for
    /// (`ReplicaManager.deleteRecords`), and answers when all living replicas
    /// have done the same. The segments go with the next check.
    pub(super) fn delete_records(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: DeleteRecordsRequest,
    ) {
        let mut partitions = Vec::new();
        for (of, offset) in request.partitions {
            let (before, error_code) = match self.delete_before(fabric, &of, offset) {
                Ok(before) => (Some(before), ErrorCode::None),
                Err(error_code) => (None, error_code),
            };
            let deleted = DeletedRecords {
                low_watermark: DeletedRecords::INVALID_LOW_WATERMARK,
                error_code,
            };
            partitions.push((of, before, deleted));
        }
        self.delayed_deletions.push(DelayedDeletion {
            deadline: fabric.now.plus_ms(i64::from(request.timeout_ms)),
            from,
            header,
            partitions,
        });
        self.complete_deletions(fabric);
    }

    /// Answers the deletions that all living replicas have done.
    pub(super) fn complete_deletions(&mut self, fabric: &mut Fabric) {
        for mut deletion in std::mem::take(&mut self.delayed_deletions) {
            for (of, before, deleted) in &mut deletion.partitions {
                let reached = before.and_then(|offset| self.low_watermark(of, offset));
                match reached {
                    Some(Ok(low_watermark)) => deleted.low_watermark = low_watermark,
                    Some(Err(error_code)) => deleted.error_code = error_code,
                    None => continue,
                }
                *before = None;
            }
            let is_open = |(_, before, _): &(_, Option<i64>, _)| before.is_some();
            match deletion.partitions.iter().any(is_open) {
                true => self.delayed_deletions.push(deletion),
                false => self.answer_deletion(fabric, deletion),
            }
        }
    }

    /// Deletions that have waited long enough: `REQUEST_TIMED_OUT`.
    pub(super) fn expire_deletions(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        let expired = |deletion: &mut DelayedDeletion| deletion.deadline <= now;
        let expired: Vec<DelayedDeletion> =
            self.delayed_deletions.extract_if(.., expired).collect();
        for mut deletion in expired {
            for (_, before, deleted) in &mut deletion.partitions {
                if before.take().is_some() {
                    deleted.error_code = ErrorCode::RequestTimedOut;
                }
            }
            self.answer_deletion(fabric, deletion);
        }
    }

    fn answer_deletion(&self, fabric: &mut Fabric, deletion: DelayedDeletion) {
        let partitions = deletion.partitions.into_iter();
        let response = Response::DeleteRecords(DeleteRecordsResponse {
            partitions: partitions.map(|(of, _, deleted)| (of, deleted)).collect(),
        });
        self.answer(fabric, deletion.from, deletion.header, response);
    }

    /// The low watermark once it has reached `offset`.
    fn low_watermark(&self, of: &TopicPartition, offset: i64) -> Option<Result<i64, ErrorCode>> {
        let partition = match self.led_partition(of) {
            Ok(partition) => partition,
            Err(error) => return Some(Err(error)),
        };
        let leader = partition.leader().expect("it leads the partition");
        let start = partition.log.start_offset();
        let low_watermark = leader.low_watermark(start, &self.image.brokers);
        (low_watermark >= offset).then_some(Ok(low_watermark))
    }

    /// Moves one log start; returns the offset asked for.
    /// Source: `Partition.deleteRecordsOnLeader`.
    fn delete_before(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        offset: i64,
    ) -> Result<i64, ErrorCode> {
        self.led_partition(of)?;
        let partition = self.partitions.get_mut(of).expect("it leads the partition");
        let log = &mut partition.log;
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
                topic_partition: of.clone(),
                from,
                to: log.start_offset(),
                reason: DeletionReason::ClientRequest,
            });
        }
        Ok(before)
    }
}

/// A deletion that waits until all living replicas have done it.
#[derive(Clone, Debug, Hash)]
pub(super) struct DelayedDeletion {
    pub deadline: Time,
    pub from: NodeId,
    header: Header,
    /// Each with the offset it waits for, `None` once it is settled.
    partitions: Vec<(TopicPartition, Option<i64>, DeletedRecords)>,
}
