//! Reading (`org.apache.kafka.clients.consumer.internals.Fetcher`,
//! `FetchCollector`).

use crate::collections::{BTreeMap, BTreeSet};
use std::collections::VecDeque;

use super::fetched::{Chunk, CompletedFetch};
use super::{AssignedPartition, Consumer, ConsumerEvent, Pending, isolation};
use crate::client::FetchRequestData;
use crate::event::EventKind;
use crate::protocol::{
    ErrorCode, FetchPartition, FetchRequest, FetchResponse, Request, TopicPartition,
};
use crate::sim::{Fabric, Time};
use crate::sorting::sort_by_key;

/// Asking brokers.
impl Consumer {
    /// Asks each broker from which an assigned partition is read of which
    /// nothing is left over, unless its answer to an earlier fetch is still
    /// out.
    pub(super) fn fetch(&mut self, fabric: &mut Fabric) {
        if self.assignment.is_empty() {
            return;
        }
        let busy = self.brokers_fetched_from();
        let buffered: BTreeSet<&TopicPartition> = self
            .completed_fetches
            .iter()
            .map(|completed| &completed.topic_partition)
            .collect();
        let mut by_broker: BTreeMap<i32, Vec<(u64, FetchPartition)>> = BTreeMap::new();
        let mut leaderless = false;
        for (partition, assigned) in &self.assignment {
            let may_ask = assigned.not_before <= fabric.now
                && assigned.is_fetchable()
                && !buffered.contains(partition);
            let Some(position) = assigned.position.filter(|_| may_ask) else {
                continue;
            };
            let Some((leader, epoch)) = assigned.leader else {
                leaderless = true;
                continue;
            };
            let broker = self.replica_to_read(fabric.now, assigned).unwrap_or(leader);
            let is_ready = self.connection.is_ready(fabric.now, broker);
            if is_ready && !busy.contains(&broker) {
                let wanted = FetchPartition {
                    topic_id: self.connection.metadata.topic_id(&partition.topic),
                    topic_partition: partition.clone(),
                    fetch_offset: position,
                    current_leader_epoch: epoch,
                    last_fetched_epoch: -1,
                    log_start_offset: -1,
                    partition_max_bytes: self.config.max_partition_fetch_bytes,
                };
                let of_broker = by_broker.entry(broker).or_default();
                of_broker.push((assigned.turn, wanted));
            }
        }
        if leaderless {
            self.connection.metadata.request_update();
        }
        for (broker, wanted) in by_broker {
            self.send_fetch(fabric, broker, wanted);
        }
    }

    fn brokers_fetched_from(&self) -> BTreeSet<i32> {
        let pending = self.pending.values();
        let brokers = pending.filter_map(|pending| match pending {
            Pending::Fetch { broker } => Some(*broker),
            _ => None,
        });
        brokers.collect()
    }

    /// The replica that the leader has named to be read from, as long as that
    /// holds and its broker lives.
    fn replica_to_read(&self, now: Time, assigned: &AssignedPartition) -> Option<i32> {
        let is_fresh = now < assigned.read_replica_until;
        let live = self.connection.metadata.brokers();
        let replica = assigned.read_replica.filter(|_| is_fresh);
        replica.filter(|id| live.contains(id))
    }

    fn send_fetch(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        mut wanted: Vec<(u64, FetchPartition)>,
    ) {
        sort_by_key(&mut wanted, |(turn, _)| *turn);
        let wanted = wanted.into_iter().map(|(_, it)| it).collect();
        let data = self.sessions.entry(broker).or_default().build(wanted);
        let request = self.fetch_request(data);
        self.ask(fabric, broker, request, Pending::Fetch { broker });
    }

    /// A fetch as this consumer sends it.
    pub(super) fn fetch_request(&self, data: FetchRequestData) -> Request {
        Request::Fetch(FetchRequest {
            replica_state: None,
            max_wait_ms: self.config.fetch_max_wait_ms,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            isolation_level: self.config.isolation_level,
            session_id: data.metadata.session_id,
            session_epoch: data.metadata.epoch,
            partitions: data.to_send,
            forgotten_topics_data: data.to_forget,
            rack_id: self.config.client_rack.clone(),
        })
    }

    /// Keeps what has come until `poll()` returns it.
    pub(super) fn on_fetched(&mut self, broker: i32, response: FetchResponse) {
        let Some(session) = self.sessions.get_mut(&broker) else {
            return;
        };
        if !session.handle_response(&response) {
            if response.error_code == ErrorCode::FetchSessionTopicIdError {
                self.connection.metadata.request_update();
            }
            return;
        }
        for (partition, fetched) in response.partitions {
            let (Some(asked), Some(assigned)) = (
                session.partitions().get(&partition),
                self.assignment.get_mut(&partition),
            ) else {
                continue;
            };
            let is_empty = fetched.error_code.is_none()
                && fetched.records.is_empty()
                && fetched.preferred_read_replica.is_none();
            if is_empty {
                assigned.high_watermark = Some(fetched.high_watermark);
                continue;
            }
            self.completed_fetches.push_back(CompletedFetch {
                topic_partition: partition,
                next_offset: asked.fetch_offset,
                error_code: fetched.error_code,
                high_watermark: fetched.high_watermark,
                preferred_read_replica: fetched.preferred_read_replica,
                batches: isolation::isolated(
                    fetched.records,
                    &fetched.aborted_transactions,
                    self.config.isolation_level,
                ),
            });
        }
    }

    /// A fetch will not be answered.
    pub(super) fn on_fetch_lost(&mut self, fabric: &mut Fabric, broker: i32) {
        if let Some(session) = self.sessions.get_mut(&broker) {
            session.handle_error();
        }
        self.forget_read_replica(fabric, broker);
    }

    /// Another broker leads the partition now, or something of the kind: it is
    /// asked again with fresh metadata. The position stays.
    pub(super) fn ask_leader_later(&mut self, fabric: &mut Fabric, partition: &TopicPartition) {
        self.connection.metadata.request_update();
        let at = fabric.now.plus_us(self.connection.backoff_us(0));
        self.set_read_replica(fabric, partition, None);
        if let Some(assigned) = self.assignment.get_mut(partition) {
            assigned.not_before = at;
        }
    }

    /// Reads a partition from this replica, or from the leader again; says
    /// whether that is a change.
    fn set_read_replica(
        &mut self,
        fabric: &mut Fabric,
        partition: &TopicPartition,
        replica: Option<i32>,
    ) -> bool {
        let Some(assigned) = self.assignment.get_mut(partition) else {
            return false;
        };
        let max_age_ms = self.config.metadata_max_age_ms;
        assigned.read_replica_until = fabric.now.plus_ms(max_age_ms);
        if assigned.read_replica == replica {
            return false;
        }
        assigned.read_replica = replica;
        self.tell(
            fabric,
            ConsumerEvent::ReadReplicaChanged {
                topic_partition: partition.clone(),
                replica,
            },
        );
        true
    }

    /// A replica does not answer: what was read there is read from the leader.
    fn forget_read_replica(&mut self, fabric: &mut Fabric, broker: i32) {
        let read_there =
            |assigned: &super::AssignedPartition| assigned.read_replica == Some(broker);
        let partitions: Vec<TopicPartition> = self
            .assignment
            .iter()
            .filter(|(_, assigned)| read_there(assigned))
            .map(|(partition, _)| partition.clone())
            .collect();
        for partition in partitions {
            self.set_read_replica(fabric, &partition, None);
        }
    }
}

/// What `poll()` returns.
impl Consumer {
    /// Returns at most `max.poll.records` records to the application, and says
    /// whether there were any.
    pub(super) fn collect(&mut self, fabric: &mut Fabric) -> bool {
        let mut left = u64::from(self.config.max_poll_records.unsigned_abs()).max(1);
        let mut chunks = Vec::new();
        let mut paused = VecDeque::new();
        while left > 0 && !self.closing {
            let Some(mut completed) = self.completed_fetches.pop_front() else {
                break;
            };
            let Some(assigned) = self.assignment.get(&completed.topic_partition) else {
                continue;
            };
            if assigned.paused {
                paused.push_back(completed);
                continue;
            }
            let is_stale = assigned.position != Some(completed.next_offset);
            if is_stale || !assigned.is_fetchable() {
                continue;
            }
            if completed.error_code.is_none() {
                self.note_fetched(fabric, &completed);
                let chunk = completed.take(left);
                left -= chunk.records;
                if !completed.batches.is_empty() {
                    self.completed_fetches.push_front(completed);
                }
                chunks.extend(self.read(fabric, chunk));
            } else {
                self.on_fetch_error(fabric, &completed);
            }
        }
        paused.extend(std::mem::take(&mut self.completed_fetches));
        self.completed_fetches = paused;
        let has_records = !chunks.is_empty();
        if has_records {
            self.begin_work(fabric, chunks);
        }
        has_records
    }

    fn note_fetched(&mut self, fabric: &mut Fabric, completed: &CompletedFetch) {
        if let Some(assigned) = self.assignment.get_mut(&completed.topic_partition) {
            assigned.high_watermark = Some(completed.high_watermark);
        }
        if completed.preferred_read_replica.is_some() {
            let replica = completed.preferred_read_replica;
            self.set_read_replica(fabric, &completed.topic_partition, replica);
        }
    }

    /// Moves the position behind records that are returned.
    fn read(&mut self, fabric: &mut Fabric, chunk: Chunk) -> Option<Chunk> {
        let assigned = self.assignment.get_mut(&chunk.topic_partition)?;
        if chunk.to <= chunk.from {
            return None;
        }
        assigned.position = Some(chunk.to);
        if let Some(last) = chunk.batches.last() {
            assigned.offset_epoch = last.batch.partition_leader_epoch();
        }
        self.next_turn += 1;
        assigned.turn = self.next_turn;
        self.records_read += chunk.records;
        if chunk.records > 0 {
            let visible = chunk.batches.iter().filter(|fetched| fetched.is_visible);
            fabric.emit(EventKind::RecordsRead {
                consumer: self.connection.number,
                topic_partition: chunk.topic_partition.clone(),
                from: chunk.from,
                to: chunk.to,
                batches: visible.map(|fetched| fetched.batch.clone()).collect(),
            });
        }
        Some(chunk)
    }

    fn on_fetch_error(&mut self, fabric: &mut Fabric, completed: &CompletedFetch) {
        let partition = &completed.topic_partition;
        match completed.error_code {
            ErrorCode::OffsetOutOfRange => {
                // A follower may not have come so far: the leader knows.
                if !self.set_read_replica(fabric, partition, None) {
                    self.lose_position(fabric, partition);
                }
            }
            _ => self.ask_leader_later(fabric, partition),
        }
    }
}
