//! Copying partitions from their leaders (`kafka.server.ReplicaFetcherThread`,
//! `AbstractFetcherThread`).

mod copying;
mod fetching;
mod truncating;

use crate::collections::BTreeMap;

use super::{Broker, Partition};
use crate::client::FetchSessionHandler;
use crate::protocol::{Header, ListOffsetsRequest, Request, Response, TopicId, TopicPartition};
use crate::sim::{Fabric, NodeId, Time};

/// How a broker copies from one other: one request at a time, for all the
/// partitions that the other leads.
#[derive(Clone, Debug, Default, Hash)]
pub struct Fetcher {
    partitions: BTreeMap<TopicPartition, FetchState>,
    in_flight: Option<InFlight>,
    session: FetchSessionHandler,
    /// Whether the fetch that is out, or has just been answered, asks for all
    /// of `partitions`, in the epochs that they have still.
    asks_for_all: bool,
    /// The look at the broker's replicas before that fetch was made.
    seen: u64,
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

impl FetchState {
    fn wants_records(&self) -> bool {
        self.delayed_until.is_none() && !self.is_out_of_range
    }
}

#[derive(Clone, Debug, Hash)]
struct InFlight {
    correlation_id: i32,
    deadline: Time,
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

impl Asked {
    fn now(leader_epoch: i32, partition: &Partition) -> Asked {
        Asked {
            topic_id: partition.topic_id,
            leader_epoch,
            offset: partition.log.end_offset(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asking {
    /// For the records of those that the fetch session holds.
    Records,
    /// Where the leaders' logs end.
    LatestOffsets(BTreeMap<TopicPartition, Asked>),
    /// Then, where those begin that do not end before the follower's.
    EarliestOffsets(BTreeMap<TopicPartition, Asked>),
}

impl Fetcher {
    /// The partitions that it copies.
    pub fn partitions(&self) -> &BTreeMap<TopicPartition, FetchState> {
        &self.partitions
    }

    /// The incremental fetch session with the leader (KIP-227).
    pub fn session(&self) -> &FetchSessionHandler {
        &self.session
    }

    /// The same as [`Fetcher::partitions`], to be changed: the next fetch asks for others.
    fn partitions_mut(&mut self) -> &mut BTreeMap<TopicPartition, FetchState> {
        self.asks_for_all = false;
        &mut self.partitions
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
        fetcher.partitions_mut().insert(of.clone(), state);
        // All that the same news brings goes in the same request.
        self.fetch_soon_at = Some(fabric.now);
    }

    pub(super) fn stop_fetching(&mut self, of: &TopicPartition) {
        for fetcher in self.fetchers.values_mut() {
            fetcher.partitions_mut().remove(of);
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
        if fetcher.asks_for_all {
            return self.fetch_again(fabric, leader);
        }
        let mut lost = Vec::new();
        let mut wants_records = false;
        for (of, state) in fetcher.partitions_mut() {
            if state.delayed_until.is_some_and(|until| until > now) {
                continue;
            }
            state.delayed_until = None;
            match state.is_out_of_range {
                true => lost.push((of.clone(), ListOffsetsRequest::LATEST)),
                false => wants_records = true,
            }
        }
        if !lost.is_empty() {
            self.list_leader_offsets(fabric, leader, lost, Asking::LatestOffsets);
        } else if wants_records || self.fetchers[&leader].session.has_something_to_forget() {
            self.fetch_from(fabric, leader);
        }
    }

    fn ask_leader(&mut self, fabric: &mut Fabric, leader: i32, request: Request, what: Asking) {
        let deadline = fabric
            .now
            .plus_ms(self.config.replication.socket_timeout_ms);
        let correlation_id = self.ask(fabric, NodeId::Broker(leader), request);
        if let Some(fetcher) = self.fetchers.get_mut(&leader) {
            fetcher.in_flight = Some(InFlight {
                correlation_id,
                deadline,
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
        let Some(InFlight { what, .. }) = in_flight else {
            return;
        };
        match (response, what) {
            (Response::Fetch(response), Asking::Records) => {
                self.on_fetched(fabric, leader, response);
                self.complete_fetches_as_follower(fabric);
            }
            (Response::ListOffsets(response), Asking::LatestOffsets(asked)) => {
                return self.on_leader_ends(fabric, leader, &asked, response);
            }
            (Response::ListOffsets(response), Asking::EarliestOffsets(asked)) => {
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

    fn fetch_state(&mut self, leader: i32, of: &TopicPartition) -> Option<&mut FetchState> {
        self.fetchers.get_mut(&leader)?.partitions_mut().get_mut(of)
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
            let lost = fetcher.in_flight.take();
            if lost.is_some_and(|lost| lost.what == Asking::Records) {
                fetcher.session.handle_error();
            }
            for state in fetcher.partitions_mut().values_mut() {
                state.delayed_until = Some(until);
            }
        }
        self.stop_idle_fetcher(leader);
    }
}
