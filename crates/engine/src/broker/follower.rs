//! Copying partitions from their leaders (`kafka.server.ReplicaFetcherThread`,
//! `AbstractFetcherThread`).

use std::collections::BTreeMap;

use super::Broker;
use crate::event::EventKind;
use crate::log::record_batch::RecordBatch;
use crate::log::{AppendError, DeletionReason, PartitionLog};
use crate::protocol::{
    ErrorCode, FetchPartition, FetchRequest, FetchResponse, FetchedPartition, Header,
    IsolationLevel, ListOffsetsRequest, ListOffsetsResponse, ReplicaState, Request, Response,
    TopicId, TopicPartition,
};
use crate::sim::{Fabric, NodeId, Time};

/// How a broker copies from one other: one request at a time, for all the
/// partitions that the other leads.
#[derive(Clone, Debug, Default, Hash)]
pub struct Fetcher {
    partitions: BTreeMap<TopicPartition, FetchState>,
    in_flight: Option<InFlight>,
}

/// How far a follower has come with one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchState {
    /// The epoch in which it follows its leader.
    pub leader_epoch: i32,
    /// After an error: when it tries again (`replica.fetch.backoff.ms`).
    pub delayed_until: Option<Time>,
    /// Whether its log ends outside the leader's, so that it must ask where
    /// that begins and ends.
    pub is_out_of_range: bool,
}

#[derive(Clone, Debug, Hash)]
struct InFlight {
    correlation_id: i32,
    deadline: Time,
    asked: BTreeMap<TopicPartition, Asked>,
    what: Asking,
}

/// What a partition was when it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asked {
    /// Another topic may have come to have the name.
    topic_id: TopicId,
    leader_epoch: i32,
    /// Where the follower's log ended.
    offset: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asking {
    Records,
    /// Where the leaders' logs end.
    LatestOffsets,
    /// Then, where those begin that do not end before the follower's.
    EarliestOffsets,
}

impl Fetcher {
    /// The partitions that it copies.
    pub fn partitions(&self) -> &BTreeMap<TopicPartition, FetchState> {
        &self.partitions
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        match &self.in_flight {
            Some(in_flight) => Some(in_flight.deadline),
            None => self
                .partitions
                .values()
                .map(|state| state.delayed_until)
                .min()?,
        }
    }
}

impl Broker {
    pub(super) fn start_fetching(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        of: &TopicPartition,
        leader_epoch: i32,
    ) {
        let state = FetchState {
            leader_epoch,
            delayed_until: None,
            is_out_of_range: false,
        };
        let fetcher = self.fetchers.entry(leader).or_default();
        fetcher.partitions.insert(of.clone(), state);
        // All that the same news brings goes in the same request.
        self.fetch_soon_at = Some(fabric.now);
    }

    pub(super) fn stop_fetching(&mut self, of: &TopicPartition) {
        for fetcher in self.fetchers.values_mut() {
            fetcher.partitions.remove(of);
        }
        self.fetchers
            .retain(|_, fetcher| !fetcher.partitions.is_empty() || fetcher.in_flight.is_some());
    }

    /// Asks every leader from which no answer is out, and gives up on answers
    /// that do not come.
    pub(super) fn run_fetchers(&mut self, fabric: &mut Fabric) {
        self.fetch_soon_at = None;
        let leaders: Vec<i32> = self.fetchers.keys().copied().collect();
        for leader in leaders {
            let in_flight = self.fetchers[&leader].in_flight.as_ref();
            match in_flight {
                Some(in_flight) if in_flight.deadline <= fabric.now => {
                    self.drop_broker(fabric, leader);
                }
                Some(_) => {}
                None => self.run_fetcher(fabric, leader),
            }
        }
    }

    fn run_fetcher(&mut self, fabric: &mut Fabric, leader: i32) {
        let now = fabric.now;
        let Some(fetcher) = self.fetchers.get_mut(&leader) else {
            return;
        };
        if fetcher.in_flight.is_some() {
            return;
        }
        let mut lost = Vec::new();
        let mut wanted = Vec::new();
        for (of, state) in &mut fetcher.partitions {
            if state.delayed_until.is_some_and(|until| until > now) {
                continue;
            }
            state.delayed_until = None;
            match state.is_out_of_range {
                true => lost.push((of.clone(), ListOffsetsRequest::LATEST)),
                false => wanted.push(of.clone()),
            }
        }
        if !lost.is_empty() {
            self.list_leader_offsets(fabric, leader, lost, Asking::LatestOffsets);
        } else if !wanted.is_empty() {
            self.fetch_from(fabric, leader, wanted);
        }
    }

    fn fetch_from(&mut self, fabric: &mut Fabric, leader: i32, wanted: Vec<TopicPartition>) {
        let config = &self.config.replication;
        let mut asked = BTreeMap::new();
        let mut partitions = Vec::new();
        for of in wanted {
            let Some(as_it_is) = self.as_it_is(leader, &of) else {
                continue;
            };
            let log = &self.partitions[&of].log;
            asked.insert(of.clone(), as_it_is);
            partitions.push(FetchPartition {
                topic_id: Some(as_it_is.topic_id),
                fetch_offset: as_it_is.offset,
                current_leader_epoch: as_it_is.leader_epoch,
                last_fetched_epoch: log.leader_epochs().latest_epoch().unwrap_or(-1),
                log_start_offset: log.start_offset(),
                partition_max_bytes: size_limit(config.fetch_max_bytes),
                topic_partition: of,
            });
        }
        let request = Request::Fetch(FetchRequest {
            replica_state: Some(ReplicaState {
                replica_id: self.id,
                replica_epoch: self.broker_epoch,
            }),
            max_wait_ms: i32::try_from(config.fetch_wait_max_ms).unwrap_or(i32::MAX),
            min_bytes: config.fetch_min_bytes,
            max_bytes: size_limit(config.fetch_response_max_bytes),
            isolation_level: IsolationLevel::ReadUncommitted,
            rack_id: None,
            partitions,
        });
        self.ask_leader(fabric, leader, request, asked, Asking::Records);
    }

    fn ask_leader(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        request: Request,
        asked: BTreeMap<TopicPartition, Asked>,
        what: Asking,
    ) {
        let deadline = fabric
            .now
            .plus_ms(self.config.replication.socket_timeout_ms);
        let correlation_id = self.ask(fabric, NodeId::Broker(leader), request);
        if let Some(fetcher) = self.fetchers.get_mut(&leader) {
            fetcher.in_flight = Some(InFlight {
                correlation_id,
                deadline,
                asked,
                what,
            });
        }
    }

    pub(super) fn on_leader_response(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        header: &Header,
        response: Response,
    ) {
        let fetcher = self.fetchers.get_mut(&leader);
        let in_flight = fetcher.and_then(|fetcher| {
            let is_answer = |of: &mut InFlight| of.correlation_id == header.correlation_id;
            fetcher.in_flight.take_if(is_answer)
        });
        let Some(InFlight { asked, what, .. }) = in_flight else {
            return;
        };
        match (response, what) {
            (Response::Fetch(response), Asking::Records) => {
                self.on_fetched(fabric, leader, &asked, response);
                self.complete_fetches_as_follower(fabric);
            }
            (Response::ListOffsets(response), Asking::LatestOffsets) => {
                return self.on_leader_ends(fabric, leader, &asked, response);
            }
            (Response::ListOffsets(response), Asking::EarliestOffsets) => {
                self.on_leader_starts(fabric, leader, &asked, response);
            }
            _ => {}
        }
        self.stop_idle_fetcher(leader);
        self.run_fetcher(fabric, leader);
    }

    fn stop_idle_fetcher(&mut self, leader: i32) {
        let is_idle = |fetcher: &Fetcher| fetcher.partitions.is_empty();
        if self.fetchers.get(&leader).is_some_and(is_idle) {
            self.fetchers.remove(&leader);
        }
    }

    fn on_fetched(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        asked: &BTreeMap<TopicPartition, Asked>,
        response: FetchResponse,
    ) {
        for (of, fetched) in response.partitions {
            if self.is_current(leader, &of, asked) {
                self.take_in_fetched(fabric, leader, &of, fetched);
            }
        }
    }

    /// Whether an answer is about what the follower still is and wants.
    fn is_current(
        &self,
        leader: i32,
        of: &TopicPartition,
        asked: &BTreeMap<TopicPartition, Asked>,
    ) -> bool {
        let asked = asked.get(of);
        asked.is_some() && asked == self.as_it_is(leader, of).as_ref()
    }

    fn as_it_is(&self, leader: i32, of: &TopicPartition) -> Option<Asked> {
        let state = self.fetchers.get(&leader)?.partitions.get(of)?;
        let partition = self.partitions.get(of)?;
        Some(Asked {
            topic_id: partition.topic_id,
            leader_epoch: state.leader_epoch,
            offset: partition.log.end_offset(),
        })
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
                    fetcher.partitions.remove(of);
                }
            }
            _ => self.delay(fabric, leader, of),
        }
    }

    fn fetch_state(&mut self, leader: i32, of: &TopicPartition) -> Option<&mut FetchState> {
        self.fetchers.get_mut(&leader)?.partitions.get_mut(of)
    }

    fn delay(&mut self, fabric: &Fabric, leader: i32, of: &TopicPartition) {
        let until = fabric.now.plus_ms(self.config.replication.fetch_backoff_ms);
        if let Some(state) = self.fetch_state(leader, of) {
            state.delayed_until = Some(until);
        }
    }

    /// The connection to a leader is gone: everything waits a while.
    pub(super) fn fetcher_failed(&mut self, fabric: &mut Fabric, leader: i32) {
        let until = fabric.now.plus_ms(self.config.replication.fetch_backoff_ms);
        if let Some(fetcher) = self.fetchers.get_mut(&leader) {
            fetcher.in_flight = None;
            for state in fetcher.partitions.values_mut() {
                state.delayed_until = Some(until);
            }
        }
        self.stop_idle_fetcher(leader);
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
            fetcher.partitions.remove(of);
        }
        fabric.emit(EventKind::ReplicationFailed {
            broker: self.id,
            leader,
            topic_partition: of.clone(),
        });
    }

    /// Cuts off what the leader does not have, as far as the epochs tell
    /// (`AbstractFetcherThread.getOffsetTruncationState`).
    fn truncate(
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

    fn list_leader_offsets(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        partitions: Vec<(TopicPartition, i64)>,
        what: Asking,
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
        self.ask_leader(fabric, leader, request, asked, what);
    }

    /// A log that goes on beyond the leader's is cut off there; of one that
    /// ends before, it must be known where the leader's begins
    /// (`AbstractFetcherThread.fetchOffsetAndTruncate`).
    fn on_leader_ends(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        asked: &BTreeMap<TopicPartition, Asked>,
        response: ListOffsetsResponse,
    ) {
        let mut earliest = Vec::new();
        for (of, listed) in response.partitions {
            if !self.is_current(leader, &of, asked) {
                continue;
            }
            if !listed.error_code.is_none() {
                self.delay(fabric, leader, &of);
                continue;
            }
            let end = self.partitions[&of].log.end_offset();
            if listed.offset < end {
                self.truncate_to(fabric, &of, listed.offset);
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

    fn on_leader_starts(
        &mut self,
        fabric: &mut Fabric,
        leader: i32,
        asked: &BTreeMap<TopicPartition, Asked>,
        response: ListOffsetsResponse,
    ) {
        for (of, listed) in response.partitions {
            if !self.is_current(leader, &of, asked) {
                continue;
            }
            if !listed.error_code.is_none() {
                self.delay(fabric, leader, &of);
                continue;
            }
            let now_ms = fabric.timestamp_ms();
            let Some(partition) = self.partitions.get_mut(&of) else {
                continue;
            };
            let (start, end) = (partition.log.start_offset(), partition.log.end_offset());
            if listed.offset > end {
                partition
                    .log
                    .truncate_fully_and_start_at(listed.offset, now_ms);
                partition.cut_back_cleaner_checkpoint();
                fabric.emit(EventKind::RecordsDeleted {
                    broker: self.id,
                    topic_partition: of.clone(),
                    from: start,
                    to: listed.offset,
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

/// A limit in bytes as requests carry it.
fn size_limit(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
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
