//! Finding where a log parts from its leader's, and cutting it off there; and
//! beginning anew when it lies outside.

use crate::collections::BTreeMap;

use super::super::Broker;
use super::{Asked, Asking};
use crate::event::EventKind;
use crate::log::DeletionReason;
use crate::protocol::{
    IsolationLevel, ListOffsetsRequest, ListOffsetsResponse, Request, TopicPartition,
};
use crate::sim::Fabric;

impl Broker {
    /// Cuts off what the leader does not have, as far as the epochs tell
    /// (`AbstractFetcherThread.getOffsetTruncationState`).
    pub(super) fn truncate(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        leader_epoch: i32,
        leader_end: i64,
    ) {
        let Some(partition) = self.partitions.get(of) else {
            return;
        };
        let log = &partition.log;
        let end = log.end_offset();
        let to = if leader_end < 0 {
            log.high_watermark()
        } else {
            match log.end_offset_for_epoch(leader_epoch) {
                Some((epoch, our_end)) if epoch == leader_epoch => leader_end.min(our_end),
                // An epoch that the leader has is unknown here: back to the
                // end of the one before, and then ask again.
                Some((_, our_end)) => our_end,
                None => leader_end,
            }
        };
        self.truncate_to(fabric, of, to.min(end));
    }

    fn truncate_to(&mut self, fabric: &mut Fabric, of: &TopicPartition, offset: i64) {
        let now_ms = fabric.timestamp_ms();
        let Some(partition) = self.partitions.get_mut(of) else {
            return;
        };
        let from = partition.log.end_offset();
        if partition.log.truncate_to(offset, now_ms) {
            partition.cut_back_cleaner_checkpoint();
            fabric.emit(EventKind::RecordsTruncated {
                broker: self.id,
                topic_partition: of.clone(),
                from: offset,
                to: from,
            });
        }
    }

    pub(super) fn list_leader_offsets(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        partitions: Vec<(TopicPartition, i64)>,
        what: fn(BTreeMap<TopicPartition, Asked>) -> Asking,
    ) {
        let asked = partitions
            .iter()
            .filter_map(|(of, _)| Some((of.clone(), self.as_it_is(leader, of)?)));
        let asked = asked.collect();
        let request = Request::ListOffsets(ListOffsetsRequest {
            isolation_level: IsolationLevel::ReadUncommitted,
            replica_id: Some(self.id),
            partitions,
        });
        self.ask_leader(fabric, leader, request, what(asked));
    }

    /// The offsets that were listed of partitions that are still as they were
    /// when they were asked for; with an error they are asked for again later.
    fn listed(
        &mut self,
        fabric: &Fabric,
        leader: i32,
        asked: &BTreeMap<TopicPartition, Asked>,
        response: ListOffsetsResponse,
    ) -> Vec<(TopicPartition, i64)> {
        let mut offsets = Vec::new();
        for (of, listed) in response.partitions {
            if !self.is_current(leader, &of, asked) {
                continue;
            }
            match listed.error_code.is_none() {
                true => offsets.push((of, listed.offset)),
                false => self.delay(fabric, leader, &of),
            }
        }
        offsets
    }

    /// A log that goes on beyond the leader's is cut off there; of one that
    /// ends before, it must be known where the leader's begins
    /// (`AbstractFetcherThread.fetchOffsetAndTruncate`).
    pub(super) fn on_leader_ends(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        asked: &BTreeMap<TopicPartition, Asked>,
        response: ListOffsetsResponse,
    ) {
        let mut earliest = Vec::new();
        for (of, offset) in self.listed(fabric, leader, asked, response) {
            let end = self.partitions[&of].log.end_offset();
            if offset < end {
                self.truncate_to(fabric, &of, offset);
                self.back_in_range(leader, &of);
            } else {
                earliest.push((of, ListOffsetsRequest::EARLIEST));
            }
        }
        if earliest.is_empty() {
            return self.run_fetcher(fabric, leader);
        }
        self.list_leader_offsets(fabric, leader, earliest, Asking::EarliestOffsets);
    }

    pub(super) fn on_leader_starts(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        asked: &BTreeMap<TopicPartition, Asked>,
        response: ListOffsetsResponse,
    ) {
        for (of, offset) in self.listed(fabric, leader, asked, response) {
            let now_ms = fabric.timestamp_ms();
            let Some(partition) = self.partitions.get_mut(&of) else {
                continue;
            };
            let (start, end) = (partition.log.start_offset(), partition.log.end_offset());
            if offset > end {
                partition.log.truncate_fully_and_start_at(offset, now_ms);
                partition.cut_back_cleaner_checkpoint();
                fabric.emit(EventKind::RecordsDeleted {
                    broker: self.id,
                    topic_partition: of.clone(),
                    from: start,
                    to: offset,
                    reason: DeletionReason::LeaderLogStart,
                });
            }
            self.back_in_range(leader, &of);
        }
    }

    fn back_in_range(&mut self, leader: i32, of: &TopicPartition) {
        if let Some(state) = self.fetch_state(leader, of) {
            state.is_out_of_range = false;
        }
    }
}
