//! Asking a leader for records, within a fetch session (KIP-227,
//! `kafka.server.RemoteLeaderEndPoint.buildFetch`).

use super::super::in_order::InOrder;
use super::super::{Broker, Partition};
use super::Asking;
use crate::client::FetchRequestData;
use crate::protocol::{
    FetchPartition, FetchRequest, IsolationLevel, ReplicaState, Request, TopicPartition,
};
use crate::sim::Fabric;

impl Broker {
    /// Asks for the records of all partitions that are not to wait.
    pub(super) fn fetch_from(&mut self, fabric: &mut Fabric, leader: i32) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else {
            return;
        };
        let max_bytes = size_limit(self.config.replication.fetch_max_bytes);
        fetcher.seen = self.partitions.take_a_look();
        let mut held = InOrder::new(&self.partitions);
        let states = fetcher.partitions.iter();
        let wanted = states.filter(|(_, state)| state.wants_records());
        let wanted = wanted.filter_map(|(of, state)| Some((of, state, held.get(of)?)));
        let wanted: Vec<FetchPartition> = wanted
            .map(|(of, state, partition)| {
                let of = of.clone();
                fetch_partition(of, state.leader_epoch, partition, max_bytes)
            })
            .collect();
        fetcher.asks_for_all = wanted.len() == fetcher.partitions.len();
        let data = fetcher.session.build(wanted);
        self.send_fetch(fabric, leader, data);
    }

    /// Asks for the records of the same partitions as in the fetch before. Only
    /// what has changed since then is looked at: of thousands mostly one has.
    pub(super) fn fetch_again(&mut self, fabric: &mut Fabric, leader: i32) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else {
            return;
        };
        let Some(changed) = self.partitions.changed_since(fetcher.seen) else {
            return self.fetch_from(fabric, leader);
        };
        let max_bytes = size_limit(self.config.replication.fetch_max_bytes);
        let mut altered = Vec::new();
        for of in changed {
            let state = fetcher.partitions.get(of);
            if let (Some(state), Some(partition)) = (state, self.partitions.get(of)) {
                let of = of.clone();
                altered.push(fetch_partition(
                    of,
                    state.leader_epoch,
                    partition,
                    max_bytes,
                ));
            }
        }
        fetcher.seen = self.partitions.take_a_look();
        let data = fetcher.session.build_altered(altered);
        self.send_fetch(fabric, leader, data);
    }

    fn send_fetch(&mut self, fabric: &mut Fabric, leader: i32, data: FetchRequestData) {
        let config = &self.config.replication;
        let request = Request::Fetch(FetchRequest {
            replica_state: Some(ReplicaState {
                replica_id: self.id,
                replica_epoch: self.broker_epoch,
            }),
            max_wait_ms: i32::try_from(config.fetch_wait_max_ms).unwrap_or(i32::MAX),
            min_bytes: config.fetch_min_bytes,
            max_bytes: size_limit(config.fetch_response_max_bytes),
            isolation_level: IsolationLevel::ReadUncommitted,
            session_id: data.metadata.session_id,
            session_epoch: data.metadata.epoch,
            partitions: data.to_send,
            forgotten_topics_data: data.to_forget,
            rack_id: None,
        });
        self.ask_leader(fabric, leader, request, Asking::Records);
    }
}

/// What is asked of a partition as it is now.
fn fetch_partition(
    of: TopicPartition,
    leader_epoch: i32,
    partition: &Partition,
    max_bytes: i32,
) -> FetchPartition {
    let log = &partition.log;
    FetchPartition {
        topic_partition: of,
        topic_id: Some(partition.topic_id),
        fetch_offset: log.end_offset(),
        current_leader_epoch: leader_epoch,
        last_fetched_epoch: log.leader_epochs().latest_epoch().unwrap_or(-1),
        log_start_offset: log.start_offset(),
        partition_max_bytes: max_bytes,
    }
}

/// A limit in bytes as requests carry it.
fn size_limit(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}
