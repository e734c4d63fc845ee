use std::collections::{BTreeMap, BTreeSet};

use super::{Consumer, Membership, Pending};
use crate::event::EventKind;
use crate::log::record_batch::RecordBatch;
use crate::protocol::{
    ErrorCode, FetchPartition, FetchRequest, FetchResponse, FetchedPartition, Request,
    TopicPartition,
};
use crate::sim::Fabric;

/// Reading (`org.apache.kafka.clients.consumer.internals.Fetcher`).
impl Consumer {
    /// Asks each broker that leads an assigned partition, unless its answer to
    /// an earlier fetch is still out.
    pub(super) fn fetch(&mut self, fabric: &mut Fabric) {
        if self.membership != Membership::Stable || self.closing {
            return;
        }
        let busy: BTreeSet<i32> = self
            .pending
            .values()
            .filter_map(|pending| match pending {
                Pending::Fetch { broker, .. } => Some(*broker),
                _ => None,
            })
            .collect();
        let mut by_leader: BTreeMap<i32, Vec<FetchPartition>> = BTreeMap::new();
        let mut leaderless = false;
        for (partition, assigned) in &self.assignment {
            let may_ask = assigned.not_before <= fabric.now;
            let Some(position) = assigned.position.filter(|_| may_ask) else {
                continue;
            };
            let metadata = &self.connection.metadata;
            let known = metadata.partition(&partition.topic, partition.partition);
            let Some((leader, epoch)) = known.and_then(|of| Some((of.leader?, of.leader_epoch)))
            else {
                leaderless = true;
                continue;
            };
            let is_ready = self.connection.is_ready(fabric.now, leader);
            if is_ready && !busy.contains(&leader) {
                by_leader.entry(leader).or_default().push(FetchPartition {
                    topic_id: None,
                    topic_partition: partition.clone(),
                    fetch_offset: position,
                    current_leader_epoch: epoch,
                    last_fetched_epoch: -1,
                    log_start_offset: -1,
                    partition_max_bytes: self.config.max_partition_fetch_bytes,
                });
            }
        }
        if leaderless {
            self.connection.metadata.request_update();
        }
        let generation = self.generation;
        for (broker, partitions) in by_leader {
            let request = Request::Fetch(FetchRequest {
                replica_state: None,
                max_wait_ms: self.config.fetch_max_wait_ms,
                min_bytes: self.config.fetch_min_bytes,
                max_bytes: self.config.fetch_max_bytes,
                partitions,
            });
            let pending = Pending::Fetch { broker, generation };
            self.ask(fabric, broker, request, pending);
        }
    }

    pub(super) fn on_fetched(
        &mut self,
        fabric: &mut Fabric,
        generation: i32,
        response: FetchResponse,
    ) {
        if !self.is_current(generation) {
            return;
        }
        for (partition, fetched) in response.partitions {
            match fetched.error_code {
                ErrorCode::None => self.read(fabric, partition, fetched),
                ErrorCode::OffsetOutOfRange => self.lose_position(&partition),
                _ => self.ask_leader_later(fabric, &partition),
            }
        }
    }

    /// Another broker leads the partition now, or something of the kind: it is
    /// asked again with fresh metadata. The position stays.
    pub(super) fn ask_leader_later(&mut self, fabric: &mut Fabric, partition: &TopicPartition) {
        self.connection.metadata.request_update();
        let at = fabric.now.plus_us(self.connection.backoff_us(0));
        if let Some(assigned) = self.assignment.get_mut(partition) {
            assigned.not_before = at;
        }
    }

    /// Hands the application the records from the position on.
    fn read(&mut self, fabric: &mut Fabric, partition: TopicPartition, fetched: FetchedPartition) {
        let Some(assigned) = self.assignment.get_mut(&partition) else {
            return;
        };
        let (Some(position), Some(last)) = (assigned.position, fetched.records.last()) else {
            return;
        };
        let next = last.next_offset().max(position);
        assigned.position = Some(next);
        let batches = fetched.records;
        let records = batches.iter().map(|batch| records_from(batch, position));
        self.records_read += records.sum::<u64>();
        fabric.emit(EventKind::RecordsRead {
            consumer: self.connection.number,
            topic_partition: partition,
            from: position,
            to: next,
            batches,
        });
    }

    fn lose_position(&mut self, partition: &TopicPartition) {
        if let Some(assigned) = self.assignment.get_mut(partition) {
            assigned.out_of_range = assigned.position.take().or(assigned.out_of_range);
        }
    }
}

/// How many of a batch's records lie at or after `position`. Only the batch
/// that the position lies in need be read for that.
fn records_from(batch: &RecordBatch, position: i64) -> u64 {
    if position <= batch.base_offset() {
        return batch.record_count().unsigned_abs().into();
    }
    let records = batch.records().map_while(Result::ok);
    let from = records.filter(|record| record.offset >= position);
    from.count() as u64
}
