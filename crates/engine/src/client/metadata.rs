use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{ErrorCode, MetadataResponse, TopicName};
use crate::sim::Time;

/// What a client knows of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionInfo {
    /// The broker that leads it; `None` when none does.
    pub leader: Option<i32>,
    /// The brokers that hold a replica.
    pub replicas: Vec<i32>,
}

/// A client's view of the cluster, as old as its last metadata response
/// (`org.apache.kafka.clients.Metadata`).
#[derive(Clone, Debug, Hash)]
pub struct ClientMetadata {
    bootstrap: Vec<i32>,
    brokers: Vec<i32>,
    topics: BTreeMap<TopicName, Vec<PartitionInfo>>,
    wanted: BTreeSet<TopicName>,
    max_age_ms: i64,
    updated_at: Option<Time>,
    in_flight: Option<i32>,
    asked_for: BTreeSet<TopicName>,
    backing_off: bool,
    failures: u32,
}

/// What a metadata response told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MetadataAnswer {
    /// Topics that are not told, and why.
    pub errors: Vec<(TopicName, ErrorCode)>,
}

impl MetadataAnswer {
    /// The errors that asking again may mend, as Kafka's clients log them:
    /// `orders=UNKNOWN_TOPIC_OR_PARTITION`. `None` when there are none.
    pub fn errors_text(&self) -> Option<String> {
        let texts: Vec<String> = self
            .errors
            .iter()
            .map(|(topic, error)| format!("{topic}={error}"))
            .collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    }
}

impl MetadataAnswer {
    /// The topics whose names no topic can have; `None` when there are none.
    pub fn invalid_topics_text(&self) -> Option<String> {
        let invalid: Vec<&str> = self
            .errors
            .iter()
            .filter(|(_, error)| *error == ErrorCode::InvalidTopicException)
            .map(|(topic, _)| &**topic)
            .collect();
        (!invalid.is_empty()).then(|| invalid.join(", "))
    }
}

impl ClientMetadata {
    pub(crate) fn new(bootstrap: Vec<i32>, max_age_ms: i64) -> ClientMetadata {
        ClientMetadata {
            bootstrap,
            brokers: Vec::new(),
            topics: BTreeMap::new(),
            wanted: BTreeSet::new(),
            max_age_ms,
            updated_at: None,
            in_flight: None,
            asked_for: BTreeSet::new(),
            backing_off: false,
            failures: 0,
        }
    }

    /// The topic's partitions, by number; `None` when the client does not know
    /// the topic.
    pub fn partitions(&self, topic: &str) -> Option<&[PartitionInfo]> {
        self.topics.get(topic).map(Vec::as_slice)
    }

    /// The broker that leads a partition, as far as the client knows.
    pub fn leader(&self, topic: &str, partition: i32) -> Option<i32> {
        let index = usize::try_from(partition).ok()?;
        self.topics.get(topic)?.get(index)?.leader
    }

    /// When it was last told of the cluster.
    pub fn updated_at(&self) -> Option<Time> {
        self.updated_at
    }

    /// When it next asks by itself (`metadata.max.age.ms`).
    pub fn expires_at(&self) -> Time {
        let updated_at = self.updated_at.unwrap_or(Time::ZERO);
        updated_at.plus_ms(self.max_age_ms)
    }

    /// Adds a topic that the client wants to know of; says whether it is new.
    pub(crate) fn want(&mut self, topic: &TopicName) -> bool {
        // Every record asks; few are of a new topic.
        !self.wanted.contains(topic) && self.wanted.insert(topic.clone())
    }

    pub(crate) fn wanted(&self) -> impl Iterator<Item = &TopicName> {
        self.wanted.iter()
    }

    pub(crate) fn any_broker(&self) -> i32 {
        self.brokers.first().copied().unwrap_or(self.bootstrap[0])
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures.saturating_sub(1)
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight.is_some() || self.backing_off
    }

    pub(crate) fn asked(&mut self, correlation_id: i32) {
        self.in_flight = Some(correlation_id);
        self.asked_for = self.wanted.clone();
    }

    pub(crate) fn back_off(&mut self) {
        self.backing_off = true;
    }

    /// The wait is over; whether there was one.
    pub(crate) fn backed_off(&mut self) -> bool {
        std::mem::take(&mut self.backing_off)
    }

    /// Whether the last answer came before a topic was wanted that is wanted
    /// now.
    pub(crate) fn is_behind(&self) -> bool {
        self.wanted != self.asked_for
    }

    pub(crate) fn is_expired(&self, now: Time) -> bool {
        self.updated_at.is_some() && self.expires_at() <= now
    }

    pub(crate) fn update(
        &mut self,
        now: Time,
        correlation_id: i32,
        response: MetadataResponse,
    ) -> MetadataAnswer {
        if self.in_flight == Some(correlation_id) {
            self.in_flight = None;
        }
        self.updated_at = Some(now);
        self.brokers = response.brokers;
        let mut answer = MetadataAnswer::default();
        for topic in response.topics {
            if topic.error_code.is_none() {
                let partitions = topic.partitions.into_iter().map(|partition| PartitionInfo {
                    leader: (partition.leader_id >= 0).then_some(partition.leader_id),
                    replicas: partition.replica_nodes,
                });
                self.topics.insert(topic.name, partitions.collect());
            } else {
                self.topics.remove(&topic.name);
                answer.errors.push((topic.name, topic.error_code));
            }
        }
        match answer.errors.is_empty() {
            true => self.failures = 0,
            false => self.failures += 1,
        }
        answer
    }
}
