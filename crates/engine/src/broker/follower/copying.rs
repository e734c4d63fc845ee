//! What a leader's answer to a Fetch comes to, partition by partition.

use super::super::Broker;
use super::Asked;
use crate::collections::BTreeMap;
use crate::event::EventKind;
use crate::log::record_batch::RecordBatch;
use crate::log::{AppendError, DeletionReason, PartitionLog};
use crate::protocol::{ErrorCode, FetchResponse, FetchedPartition, TopicPartition};
use crate::sim::Fabric;

impl Broker {
    /// Takes in what the leader answered.
    pub(super) fn on_fetched(&mut self, fabric: &mut Fabric, leader: i32, response: FetchResponse) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else {
            return;
        };
        if !fetcher.session.handle_response(&response) {
            return self.on_session_error(fabric, leader, response.error_code);
        }
        for (of, fetched) in response.partitions {
            if self.is_as_asked(leader, &of) {
                self.take_in_fetched(fabric, leader, &of, fetched);
            }
        }
    }

    /// The leader does not have the session as the follower has it: all is asked
    /// for anew, at once.
    fn on_session_error(&mut self, fabric: &Fabric, leader: i32, error: ErrorCode) {
        if error == ErrorCode::FetchSessionTopicIdError
            && let Some(fetcher) = self.fetchers.get_mut(&leader)
        {
            let until = fabric.now.plus_ms(self.config.replication.fetch_backoff_ms);
            for state in fetcher.partitions_mut().values_mut() {
                state.delayed_until = Some(until);
            }
        }
    }

    /// Whether a partition is still as it was when its records were asked for.
    fn is_as_asked(&self, leader: i32, of: &TopicPartition) -> bool {
        let now = self.as_it_is(leader, of);
        let fetcher = self.fetchers.get(&leader);
        let asked = fetcher.and_then(|fetcher| fetcher.session.partitions().get(of));
        now.zip(asked).is_some_and(|(now, asked)| {
            asked.topic_id == Some(now.topic_id)
                && asked.current_leader_epoch == now.leader_epoch
                && asked.fetch_offset == now.offset
        })
    }

    /// Whether an answer is about what the follower still is and wants.
    pub(super) fn is_current(
        &self,
        leader: i32,
        of: &TopicPartition,
        asked: &BTreeMap<TopicPartition, Asked>,
    ) -> bool {
        let asked = asked.get(of);
        asked.is_some() && asked == self.as_it_is(leader, of).as_ref()
    }

    pub(super) fn as_it_is(&self, leader: i32, of: &TopicPartition) -> Option<Asked> {
        let state = self.fetchers.get(&leader)?.partitions.get(of)?;
        let partition = self.partitions.get(of)?;
        Some(Asked::now(state.leader_epoch, partition))
    }

    fn take_in_fetched(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        of: &TopicPartition,
        fetched: FetchedPartition,
    ) {
        match fetched.error_code {
            ErrorCode::None => match fetched.diverging_epoch {
                Some((epoch, end_offset)) => self.truncate(fabric, of, epoch, end_offset),
                None => self.copy(fabric, leader, of, &fetched),
            },
            ErrorCode::OffsetOutOfRange => {
                if let Some(state) = self.fetch_state(leader, of) {
                    state.is_out_of_range = true;
                }
            }
            // The metadata that says so will come and begin anew.
            ErrorCode::FencedLeaderEpoch => {
                if let Some(fetcher) = self.fetchers.get_mut(&leader) {
                    fetcher.partitions_mut().remove(of);
                }
            }
            _ => self.delay(fabric, leader, of),
        }
    }

    /// Appends what came, and moves the high watermark and the log start as
    /// the leader says.
    fn copy(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        of: &TopicPartition,
        fetched: &FetchedPartition,
    ) {
        let now_ms = fabric.timestamp_ms();
        let Some(partition) = self.partitions.get_mut(of) else {
            return;
        };
        let log = &mut partition.log;
        let from = log.end_offset();
        for batch in &fetched.records {
            if append(log, batch, now_ms).is_err() {
                return self.give_up(fabric, leader, of);
            }
        }
        log.set_high_watermark(fetched.high_watermark);
        let log_start = fetched.log_start_offset.min(log.high_watermark());
        let (old_start, moved) = (log.start_offset(), log.delete_records(log_start));
        if moved == Ok(true) {
            fabric.emit(EventKind::RecordsDeleted {
                broker: self.id,
                topic_partition: of.clone(),
                from: old_start,
                to: log.start_offset(),
                reason: DeletionReason::LeaderLogStart,
            });
        }
        if log.end_offset() > from {
            fabric.emit(EventKind::RecordsReplicated {
                broker: self.id,
                leader,
                topic_partition: of.clone(),
                from,
                to: log.end_offset(),
            });
        }
        let mut batches = fetched.records.iter();
        if batches.any(RecordBatch::has_producer_id) {
            self.plan_producer_check(fabric.now);
        }
    }

    /// The leader's batch does not fit, as when the leader's log begins within
    /// it and the follower's ends there: Kafka copies the partition no more
    /// until another leader epoch begins or the broker is started again
    /// (`AbstractFetcherThread.markPartitionFailed`).
    fn give_up(&mut self, fabric: &mut Fabric, leader: i32, of: &TopicPartition) {
        if let Some(fetcher) = self.fetchers.get_mut(&leader) {
            fetcher.partitions_mut().remove(of);
        }
        fabric.emit(EventKind::ReplicationFailed {
            broker: self.id,
            leader,
            topic_partition: of.clone(),
        });
    }
}

/// Appends a leader's batch. A new follower's log begins where the leader's
/// does, which may lie within a batch: then it begins with that batch
/// (`Partition.appendRecordsToFollowerOrFutureReplica`).
fn append(log: &mut PartitionLog, batch: &RecordBatch, now_ms: i64) -> Result<(), AppendError> {
    match log.append_as_follower(batch, now_ms) {
        Err(AppendError::UnexpectedAppendOffset { first, end })
            if end == log.start_offset() && batch.next_offset() > end =>
        {
            let start = log.start_offset();
            log.truncate_fully_and_start_at(first, now_ms);
            log.append_as_follower(batch, now_ms)?;
            log.set_high_watermark(start);
            let _ = log.delete_records(start);
            Ok(())
        }
        result => result,
    }
}
