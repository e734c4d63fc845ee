use crate::collections::{BTreeMap, BTreeSet};

use super::polling::{Fetched, runs};
use super::{Pending, ShareConsumer};
use crate::event::{EventKind, ShareEvent};
use crate::protocol::{
    AcknowledgementBatch, ErrorCode, INITIAL_SHARE_SESSION_EPOCH, Request, ShareAcknowledgeRequest,
    ShareAcknowledgeResponse, ShareFetchPartition, ShareFetchRequest, ShareFetchResponse,
    TopicIdPartition,
};
use crate::sim::{Fabric, Time};

/// The share session with a broker, as the consumer has it
/// (`ShareSessionHandler`).
#[derive(Clone, Debug, Hash)]
pub(super) struct Session {
    epoch: i32,
    partitions: BTreeSet<TopicIdPartition>,
    /// The broker is not asked before this instant (`retry.backoff.ms`).
    pub not_before: Time,
}

impl Session {
    /// Whether the broker knows of it.
    pub fn is_open(&self) -> bool {
        self.epoch != INITIAL_SHARE_SESSION_EPOCH
    }

    fn new() -> Session {
        Session {
            epoch: INITIAL_SHARE_SESSION_EPOCH,
            partitions: BTreeSet::new(),
            not_before: Time::ZERO,
        }
    }

    fn close(&mut self) {
        self.epoch = INITIAL_SHARE_SESSION_EPOCH;
        self.partitions.clear();
    }
}

/// Acquiring records and saying what has become of them
/// (`org.apache.kafka.clients.consumer.internals.ShareConsumeRequestManager`).
impl ShareConsumer {
    /// Asks each broker that leads an assigned partition, unless its answer to
    /// an earlier request is still out. What is to be said goes with it.
    pub(super) fn fetch(&mut self, fabric: &mut Fabric) {
        let mut by_leader: BTreeMap<i32, BTreeSet<TopicIdPartition>> = BTreeMap::new();
        // A session goes on with a broker that leads nothing any more.
        for (broker, session) in &self.sessions {
            if session.is_open() && !session.partitions.is_empty() {
                by_leader.entry(*broker).or_default();
            }
        }
        let mut is_leaderless = false;
        for of in &self.assignment {
            match self.leader(*of) {
                Some(leader) => by_leader.entry(leader).or_default().insert(*of),
                None => std::mem::replace(&mut is_leaderless, true),
            };
        }
        if is_leaderless {
            self.connection.metadata.request_update();
        }
        for (broker, partitions) in by_leader {
            let session = self.sessions.get(&broker);
            let is_early = session.is_some_and(|session| session.not_before > fabric.now);
            let is_ready = self.connection.is_ready(fabric.now, broker);
            if is_ready && !is_early && !self.is_busy(broker) {
                self.fetch_from(fabric, broker, &partitions);
            }
        }
    }

    fn fetch_from(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        wanted: &BTreeSet<TopicIdPartition>,
    ) {
        let is_open = self.sessions.get(&broker).is_some_and(Session::is_open);
        let mut said: BTreeMap<_, _> = self.take_said(broker).into_iter().collect();
        if !is_open {
            // What was acquired in another session is not this one's any more.
            for of in std::mem::take(&mut said).into_keys() {
                self.acknowledgement_failed(fabric, of, ErrorCode::ShareSessionNotFound);
            }
        }
        let session = self.sessions.entry(broker).or_insert_with(Session::new);
        let forgotten: Vec<_> = session.partitions.difference(wanted).copied().collect();
        let new: BTreeSet<_> = wanted.difference(&session.partitions).copied().collect();
        session.partitions.clone_from(wanted);
        let epoch = session.epoch;
        let acknowledged: Vec<TopicIdPartition> = said.keys().copied().collect();
        let named: BTreeSet<_> = new
            .iter()
            .copied()
            .chain(acknowledged.iter().copied())
            .collect();
        let max_bytes = self.config.max_partition_fetch_bytes;
        let partitions = named.into_iter().map(|of| ShareFetchPartition {
            of,
            partition_max_bytes: if wanted.contains(&of) { max_bytes } else { 0 },
            acknowledgement_batches: said.remove(&of).unwrap_or_default(),
        });
        let request = Request::ShareFetch(ShareFetchRequest {
            group_id: self.config.group_id.clone(),
            member_id: self.member_id.clone(),
            share_session_epoch: epoch,
            max_wait_ms: self.config.fetch_max_wait_ms,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            batch_size: self.config.max_poll_records,
            partitions: partitions.collect(),
            forgotten,
        });
        let pending = Pending::Fetch {
            broker,
            acknowledged,
        };
        self.ask(fabric, broker, request, pending);
    }

    /// Says what is to be said without fetching.
    pub(super) fn send_said(&mut self, fabric: &mut Fabric) {
        let partitions = self.said.keys();
        let brokers: BTreeSet<i32> = partitions.filter_map(|of| self.leader(*of)).collect();
        for broker in brokers {
            let session = self.sessions.get(&broker);
            let Some(epoch) = session.filter(|it| it.is_open()).map(|it| it.epoch) else {
                continue;
            };
            if self.is_busy(broker) || !self.connection.is_ready(fabric.now, broker) {
                continue;
            }
            let request = Request::ShareAcknowledge(ShareAcknowledgeRequest {
                group_id: self.config.group_id.clone(),
                member_id: self.member_id.clone(),
                share_session_epoch: epoch,
                partitions: self.take_said(broker),
            });
            let is_last = false;
            self.ask(
                fabric,
                broker,
                request,
                Pending::Acknowledge { broker, is_last },
            );
        }
    }

    /// Takes out what is to be said to a broker.
    pub(super) fn take_said(
        &mut self,
        broker: i32,
    ) -> Vec<(TopicIdPartition, Vec<AcknowledgementBatch>)> {
        let partitions = self.said.keys().copied();
        let led: Vec<_> = partitions
            .filter(|of| self.leader(*of) == Some(broker))
            .collect();
        let batches = |of: TopicIdPartition| {
            let said = self.said.remove(&of).unwrap_or_default();
            let batches = runs(said)
                .into_iter()
                .map(|(first_offset, ids)| AcknowledgementBatch {
                    first_offset,
                    last_offset: first_offset + ids.len() as i64 - 1,
                    acknowledge_types: match ids.iter().all(|id| *id == ids[0]) {
                        true => vec![ids[0]],
                        false => ids,
                    },
                });
            (of, batches.collect())
        };
        led.into_iter().map(batches).collect()
    }

    pub(super) fn on_fetched(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        acknowledged: &[TopicIdPartition],
        response: ShareFetchResponse,
    ) {
        self.advance_session(fabric, broker, response.error_code);
        if !response.error_code.is_none() {
            for of in acknowledged {
                self.acknowledgement_failed(fabric, *of, response.error_code);
            }
            return;
        }
        for (of, fetched) in response.partitions {
            if !fetched.acknowledge_error_code.is_none() {
                self.acknowledgement_failed(fabric, of, fetched.acknowledge_error_code);
            }
            if !fetched.error_code.is_none() {
                self.ask_later(fabric, broker);
            } else if !fetched.acquired_records.is_empty() && !self.closing {
                self.fetched.push_back(Fetched {
                    of,
                    batches: fetched.records,
                    acquired: fetched.acquired_records.into(),
                });
            }
        }
    }

    pub(super) fn on_acknowledged(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        response: ShareAcknowledgeResponse,
    ) {
        self.advance_session(fabric, broker, response.error_code);
        for (of, error) in response.partitions {
            if !error.is_none() {
                self.acknowledgement_failed(fabric, of, error);
            }
        }
    }

    /// The session goes on, or is to be opened anew.
    fn advance_session(&mut self, fabric: &mut Fabric, broker: i32, error: ErrorCode) {
        if let Some(session) = self.sessions.get_mut(&broker) {
            match error {
                ErrorCode::None => session.epoch = session.epoch.checked_add(1).unwrap_or(1),
                _ => session.close(),
            }
        }
        if !error.is_none() {
            self.ask_later(fabric, broker);
        }
    }

    /// Another broker leads a partition now, or something of the kind: it is
    /// asked again with fresh metadata.
    fn ask_later(&mut self, fabric: &mut Fabric, broker: i32) {
        self.connection.metadata.request_update();
        let at = fabric.now.plus_us(self.connection.backoff_us(0));
        if let Some(session) = self.sessions.get_mut(&broker) {
            session.not_before = at;
        }
    }

    fn acknowledgement_failed(&self, fabric: &mut Fabric, of: TopicIdPartition, error: ErrorCode) {
        if let Some(topic_partition) = self.named(of) {
            fabric.emit(EventKind::Share(ShareEvent::AcknowledgementFailed {
                consumer: self.connection.number,
                topic_partition,
                error: error.name(),
            }));
        }
    }

    fn leader(&self, of: TopicIdPartition) -> Option<i32> {
        let of = self.named(of)?;
        self.connection.metadata.leader(&of.topic, of.partition)
    }
}
