//! A broker: it answers requests, leads partitions, and coordinates groups
//! (`kafka.server.KafkaApis`, `kafka.server.ReplicaManager`).

mod fetch;
mod groups;
pub mod leader;
mod metadata;
mod produce;
mod retention;

use std::collections::BTreeMap;

use crate::controller::{Controller, MetadataChange, PartitionRegistration, Topic};
use crate::coordinator::{GroupCoordinator, GroupCoordinatorConfig};
use crate::event::EventKind;
use crate::log::{LogConfig, PartitionLog};
use crate::protocol::{
    CreatePartitionsResponse, CreateTopicsResponse, DeleteTopicsResponse, Header, Payload, Request,
    Response, TopicName, TopicPartition,
};
use crate::sim::{Fabric, NodeId, Packet, Scheduled, Time, TimerHandle};

use fetch::DelayedFetch;
use groups::WaitingRequest;
pub use retention::RetentionSchedule;

/// A partition that the broker leads.
#[derive(Clone, Debug, Hash)]
pub struct Partition {
    /// Its log.
    pub log: PartitionLog,
    /// The epoch in which the broker leads it.
    pub leader_epoch: i32,
}

impl Partition {
    /// The offset below which every in-sync replica has every record.
    pub fn high_watermark(&self) -> i64 {
        self.log.high_watermark()
    }
}

/// A broker.
#[derive(Clone, Debug, Hash)]
pub struct Broker {
    /// `node.id`.
    pub id: i32,
    brokers: Vec<i32>,
    topics: BTreeMap<TopicName, Topic>,
    partitions: BTreeMap<TopicPartition, Partition>,
    delayed_fetches: Vec<DelayedFetch>,
    coordinator: GroupCoordinator,
    waiting: BTreeMap<u64, WaitingRequest>,
    next_token: u64,
    retention: RetentionSchedule,
    retention_check: Option<Time>,
    timer: Option<(Time, TimerHandle)>,
}

impl Broker {
    pub(crate) fn new(
        id: i32,
        brokers: Vec<i32>,
        config: GroupCoordinatorConfig,
        retention: RetentionSchedule,
        seed: u64,
    ) -> Broker {
        Broker {
            id,
            brokers,
            topics: BTreeMap::new(),
            partitions: BTreeMap::new(),
            delayed_fetches: Vec::new(),
            coordinator: GroupCoordinator::new(config, seed),
            waiting: BTreeMap::new(),
            next_token: 0,
            retention,
            retention_check: None,
            timer: None,
        }
    }

    /// The partitions it leads.
    pub fn partitions(&self) -> &BTreeMap<TopicPartition, Partition> {
        &self.partitions
    }

    /// The groups it coordinates.
    pub fn coordinator(&self) -> &GroupCoordinator {
        &self.coordinator
    }

    /// Handles a request. What the controller decides on its account is
    /// returned, for all brokers to take in.
    pub(crate) fn on_request(
        &mut self,
        fabric: &mut Fabric,
        controller: &mut Controller,
        packet: Packet,
    ) -> Vec<MetadataChange> {
        let Packet {
            from,
            header,
            payload,
            ..
        } = packet;
        let Payload::Request(request) = payload else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        match request {
            Request::CreateTopics(_) | Request::DeleteTopics(_) | Request::CreatePartitions(_) => {
                let (response, decided) = administer(controller, request);
                changes = decided;
                self.answer(fabric, from, header, response);
            }
            Request::Metadata(request) => {
                let response = Response::Metadata(self.metadata(&request));
                self.answer(fabric, from, header, response);
            }
            Request::Produce(request) => self.produce(fabric, from, header, request),
            Request::Fetch(request) => self.fetch(fabric, from, header, request),
            Request::ListOffsets(request) => {
                let response = Response::ListOffsets(self.list_offsets(&request));
                self.answer(fabric, from, header, response);
            }
            Request::DeleteRecords(request) => {
                let response = Response::DeleteRecords(self.delete_records(fabric, request));
                self.answer(fabric, from, header, response);
            }
            request => self.coordinate(fabric, from, header, request),
        }
        self.schedule_timer(fabric);
        changes
    }

    /// A fetch has waited long enough, a group's timer is due, or it is time
    /// to look for old segments.
    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric) {
        self.timer = None;
        self.expire_fetches(fabric);
        self.expire_group_timers(fabric);
        self.check_retention(fabric);
        self.schedule_timer(fabric);
    }

    /// Takes in what the controller has decided.
    pub(crate) fn apply(&mut self, fabric: &mut Fabric, change: &MetadataChange) {
        match change {
            MetadataChange::TopicCreated { name, topic } => {
                self.topics.insert(name.clone(), topic.clone());
                self.lead(fabric, name, 0, &topic.partitions);
            }
            MetadataChange::TopicDeleted { name, .. } => {
                self.topics.remove(name);
                self.drop_topic(fabric, name);
            }
            MetadataChange::PartitionsCreated {
                name,
                first,
                partitions,
            } => {
                if let Some(topic) = self.topics.get_mut(name) {
                    topic.partitions.extend(partitions.iter().cloned());
                }
                self.lead(fabric, name, *first, partitions);
            }
        }
        self.schedule_timer(fabric);
    }

    fn lead(
        &mut self,
        fabric: &Fabric,
        name: &TopicName,
        first: i32,
        partitions: &[PartitionRegistration],
    ) {
        let topic = self.topics.get(name);
        let config = topic.map_or_else(LogConfig::default, |topic| {
            LogConfig::from_topic_configs(&topic.configs)
        });
        for (number, registration) in (first..).zip(partitions) {
            if registration.leader == Some(self.id) {
                let leader_epoch = registration.leader_epoch;
                let mut log = PartitionLog::new(config.clone(), fabric.timestamp_ms());
                log.assign_leader_epoch(leader_epoch);
                let partition = Partition { log, leader_epoch };
                self.partitions
                    .insert(TopicPartition::new(name.clone(), number), partition);
            }
        }
    }

    fn drop_topic(&mut self, fabric: &mut Fabric, name: &TopicName) {
        let of_topic = |partition: &&TopicPartition| partition.topic == *name;
        let dropped: Vec<TopicPartition> =
            self.partitions.keys().filter(of_topic).cloned().collect();
        for partition in &dropped {
            self.partitions.remove(partition);
        }
        self.complete_fetches(fabric);
        let mut out = Vec::new();
        self.coordinator
            .delete_offsets(fabric.now, &dropped, &mut out);
        self.hand_out(fabric, out);
    }

    fn answer(&self, fabric: &mut Fabric, to: NodeId, header: Header, response: Response) {
        fabric.send(
            NodeId::Broker(self.id),
            to,
            header,
            Payload::Response(response),
        );
    }

    /// One timer stands for the first of all that wait.
    fn schedule_timer(&mut self, fabric: &mut Fabric) {
        let fetches = self.delayed_fetches.iter().map(|fetch| fetch.deadline);
        let next = fetches.chain(self.coordinator.next_deadline()).min();
        let next = next
            .into_iter()
            .chain(self.plan_retention_check(fabric.now))
            .min();
        if self.timer.map(|(at, _)| at) == next {
            return;
        }
        if let Some((_, handle)) = self.timer.take() {
            fabric.queue.cancel(handle);
        }
        self.timer = next.map(|at| {
            let at = at.max(fabric.now);
            (at, fabric.queue.push(at, Scheduled::BrokerTimer(self.id)))
        });
    }
}

/// Passes a question on to the controller.
fn administer(controller: &mut Controller, request: Request) -> (Response, Vec<MetadataChange>) {
    let mut changes = Vec::new();
    let response = match request {
        Request::CreateTopics(request) => {
            let topics = request.topics.into_iter().map(|topic| {
                let (result, change) = controller.create_topic(topic);
                changes.extend(change);
                result
            });
            Response::CreateTopics(CreateTopicsResponse {
                topics: topics.collect(),
            })
        }
        Request::DeleteTopics(request) => {
            let responses = request.topics.iter().map(|name| {
                let (result, change) = controller.delete_topic(name);
                changes.extend(change);
                result
            });
            Response::DeleteTopics(DeleteTopicsResponse {
                responses: responses.collect(),
            })
        }
        Request::CreatePartitions(request) => {
            let results = request.topics.iter().map(|topic| {
                let (result, change) = controller.create_partitions(topic);
                changes.extend(change);
                result
            });
            Response::CreatePartitions(CreatePartitionsResponse {
                results: results.collect(),
            })
        }
        other => unreachable!("{} is not for the controller", other.api()),
    };
    (response, changes)
}

/// What a decision of the controller looks like to an onlooker.
pub(crate) fn describe_change(change: &MetadataChange) -> EventKind {
    match change {
        MetadataChange::TopicCreated { name, topic } => EventKind::TopicCreated {
            topic: name.clone(),
            partitions: topic.partitions.len() as i32,
        },
        MetadataChange::TopicDeleted { name, .. } => EventKind::TopicDeleted {
            topic: name.clone(),
        },
        MetadataChange::PartitionsCreated {
            name,
            first,
            partitions,
        } => EventKind::PartitionsAdded {
            topic: name.clone(),
            from: *first,
            to: *first + partitions.len() as i32,
        },
    }
}
