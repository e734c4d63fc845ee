//! What a leader's answer to a Fetch comes to, partition by partition.

use crate::collections::BTreeMap;
use std::sync::Arc;

use super::super::Broker;
use super::super::in_order::InOrder;
use super::{Asked, fetch_partition, size_limit};
use crate::event::EventKind;
use crate::log::record_batch::RecordBatch;
use crate::log::{AppendError, DeletionReason, PartitionLog};
use crate::protocol::{ErrorCode, FetchPartition, FetchResponse, FetchedPartition, TopicPartition};
use crate::sim::Fabric;

impl Broker {
    /// Takes in what the leader answered. Returns what to ask for next when it
    /// is what was asked for, but for a few partitions that have changed: of
    /// thousands mostly one has.
    pub(super) fn on_fetched(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        mut asked: Arc<Vec<FetchPartition>>,
        response: FetchResponse,
    ) -> Option<Arc<Vec<FetchPartition>>> {
        let News { told, changed } = self.news(leader, &asked, response);
        for (of, fetched) in told {
            self.take_in_fetched(fabric, leader, &of, fetched);
        }
        self.fetchers.get(&leader).filter(|it| it.asks_for_all)?;
        let max_bytes = size_limit(self.config.replication.fetch_max_bytes);
        let next = Arc::make_mut(&mut asked);
        for place in changed {
            let (of, epoch) = (
                &next[place].topic_partition,
                next[place].current_leader_epoch,
            );
            let partition = self.partitions.get(of)?;
            next[place] = fetch_partition(of.clone(), epoch, partition, max_bytes);
        }
        Some(asked)
    }

    /// Goes through an answer, which is in the order of the request.
    fn news(&self, leader: i32, asked: &[FetchPartition], response: FetchResponse) -> News {
        let mut news = News::default();
        let Some(fetcher) = self.fetchers.get(&leader) else {
            return news;
        };
        let mut states = InOrder::new(&fetcher.partitions);
        let mut held = InOrder::new(&self.partitions);
        for (place, (asked, (of, fetched))) in asked.iter().zip(response.partitions).enumerate() {
            assert_eq!(asked.topic_partition, of, "the order of the request");
            let leader_epoch = match fetcher.asks_for_all {
                true => Some(asked.current_leader_epoch),
                false => states.get(&of).map(|state| state.leader_epoch),
            };
            let (Some(epoch), Some(partition)) = (leader_epoch, held.get(&of)) else {
                news.changed.push(place);
                continue;
            };
            let log = &partition.log;
            let is_current = asked.topic_id == Some(partition.topic_id)
                && asked.current_leader_epoch == epoch
                && asked.fetch_offset == log.end_offset();
            let is_told = is_current && tells_more(&fetched, log);
            let is_as_asked = is_current
                && asked.log_start_offset == log.start_offset()
                && log.leader_epochs().latest_epoch().unwrap_or(-1) == asked.last_fetched_epoch;
            if is_told || !is_as_asked {
                news.changed.push(place);
            }
            if is_told {
                news.told.push((of, fetched));
            }
        }
        news
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

/// What comes of an answer that names thousands of partitions.
#[derive(Default)]
struct News {
    /// Where it says anything new of a partition that is still as it was when it
    /// was asked for.
    told: Vec<(TopicPartition, FetchedPartition)>,
    /// Which of the partitions that were asked for are not, or will not be, as
    /// they were then; by their places in the request.
    changed: Vec<usize>,
}

/// Whether a leader's answer says more than a follower's log shows already.
fn tells_more(fetched: &FetchedPartition, log: &PartitionLog) -> bool {
    let is_all_known = fetched.error_code.is_none()
        && fetched.diverging_epoch.is_none()
        && fetched.records.is_empty()
        && fetched.high_watermark == log.high_watermark()
        && fetched.log_start_offset <= log.start_offset()
        // Else the high watermark decides what is stable.
        && log.producer_state().first_unstable_offset().is_none();
    !is_all_known
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
