use std::sync::Arc;

use crate::collections::{BTreeMap, BTreeSet};
use crate::protocol::{ErrorCode, MetadataPartition, MetadataResponse, TopicId, TopicName};
use crate::sim::Time;

/// What a client knows of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionInfo {
    /// The broker that leads it; `None` when none does.
    pub leader: Option<i32>,
    /// Counts the leaders it has had, from 0. A client never goes back to an
    /// older one that a broker behind the others tells of (KIP-320).
    pub leader_epoch: i32,
    /// The brokers that hold a replica.
    pub replicas: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TopicInfo {
    id: TopicId,
    /// Shared with the copies of the client: a thousand clients that each know
    /// of thousands of partitions are most of what a world is made of.
    partitions: Arc<Vec<PartitionInfo>>,
}

/// A client's view of the cluster, as old as its last metadata response
/// (`org.apache.kafka.clients.Metadata`).
#[derive(Clone, Debug, Hash)]
pub struct ClientMetadata {
    bootstrap: Vec<i32>,
    brokers: Vec<i32>,
    racks: BTreeMap<i32, String>,
    topics: BTreeMap<TopicName, TopicInfo>,
    wanted: BTreeSet<TopicName>,
    max_age_ms: i64,
    updated_at: Option<Time>,
    in_flight: Option<i32>,
    asked_for: BTreeSet<TopicName>,
    /// It wants to know of every topic there is.
    wants_all: bool,
    asked_for_all: bool,
    /// Something has turned out to be older than it should be.
    needs_update: bool,
    /// Before this instant it does not ask again.
    not_before: Time,
    /// Requests in a row that failed.
    failures: u32,
    /// Responses in a row that told nothing new.
    without_news: u32,
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
            racks: BTreeMap::new(),
            topics: BTreeMap::new(),
            wanted: BTreeSet::new(),
            max_age_ms,
            updated_at: None,
            in_flight: None,
            asked_for: BTreeSet::new(),
            wants_all: false,
            asked_for_all: false,
            needs_update: false,
            not_before: Time::ZERO,
            failures: 0,
            without_news: 0,
        }
    }

    /// The topic's partitions, by number; `None` when the client does not know
    /// the topic.
    pub fn partitions(&self, topic: &str) -> Option<&[PartitionInfo]> {
        self.topics
            .get(topic)
            .map(|topic| topic.partitions.as_slice())
    }

    /// The topic's id; `None` when the client does not know the topic.
    pub fn topic_id(&self, topic: &str) -> Option<TopicId> {
        self.topics.get(topic).map(|topic| topic.id)
    }

    /// What the client knows of a partition.
    pub fn partition(&self, topic: &str, partition: i32) -> Option<&PartitionInfo> {
        let index = usize::try_from(partition).ok()?;
        self.partitions(topic)?.get(index)
    }

    /// The broker that leads a partition, as far as the client knows.
    pub fn leader(&self, topic: &str, partition: i32) -> Option<i32> {
        self.partition(topic, partition)?.leader
    }

    /// The name of the topic with this id.
    pub fn topic_name(&self, id: TopicId) -> Option<&TopicName> {
        let mut topics = self.topics.iter();
        topics
            .find(|(_, topic)| topic.id == id)
            .map(|(name, _)| name)
    }

    /// When it was last told of the cluster.
    pub fn updated_at(&self) -> Option<Time> {
        self.updated_at
    }

    /// The brokers of the last response; none before the first, and none when
    /// the client has begun anew with `bootstrap.servers` (KIP-899).
    pub fn brokers(&self) -> &[i32] {
        &self.brokers
    }

    /// The `broker.rack` of a broker of the last response.
    pub fn rack(&self, broker: i32) -> Option<&str> {
        self.racks.get(&broker).map(String::as_str)
    }

    /// `bootstrap.servers`.
    pub fn bootstrap(&self) -> &[i32] {
        &self.bootstrap
    }

    /// The brokers to ask when any will do.
    pub(crate) fn nodes(&self) -> &[i32] {
        match self.brokers.is_empty() {
            true => &self.bootstrap,
            false => &self.brokers,
        }
    }

    /// Begins anew with `bootstrap.servers`
    /// (`metadata.recovery.strategy=rebootstrap`).
    pub(crate) fn rebootstrap(&mut self) {
        self.brokers.clear();
    }

    /// Adds a topic that the client wants to know of; says whether it is new.
    pub(crate) fn want(&mut self, topic: &TopicName) -> bool {
        // Every record asks; few are of a new topic.
        !self.wanted.contains(topic) && self.wanted.insert(topic.clone())
    }

    /// Asks for all topics from now on, or only for those that are wanted
    /// (`Metadata.needMetadataForAllTopics`).
    pub(crate) fn want_all(&mut self, wants_all: bool) {
        self.wants_all = wants_all;
    }

    pub(crate) fn wants_all(&self) -> bool {
        self.wants_all
    }

    /// The topics that the client knows of, by name.
    pub fn topics(&self) -> impl Iterator<Item = &TopicName> {
        self.topics.keys()
    }

    pub(crate) fn wanted(&self) -> impl Iterator<Item = &TopicName> {
        self.wanted.iter()
    }

    /// Asks again, as soon as that is allowed.
    pub(crate) fn request_update(&mut self) {
        self.needs_update = true;
    }

    /// Asks at once: there is a new topic to know of
    /// (`requestUpdateForNewTopics`).
    pub(crate) fn request_update_now(&mut self) {
        self.needs_update = true;
        self.not_before = Time::ZERO;
        self.without_news = 0;
    }

    /// When it asks next; `None` while an answer is out, or when there is
    /// nothing to ask.
    pub(crate) fn due_at(&self) -> Option<Time> {
        if self.in_flight.is_some() {
            return None;
        }
        let age = |at: Time| at.plus_ms(self.max_age_ms).max(self.not_before);
        match self.needs_update {
            true => Some(self.not_before),
            false => self.updated_at.map(age),
        }
    }

    pub(crate) fn asked(&mut self, correlation_id: i32) {
        self.in_flight = Some(correlation_id);
        self.asked_for = self.wanted.clone();
        self.asked_for_all = self.wants_all;
    }

    pub(crate) fn is_asked(&self, correlation_id: i32) -> bool {
        self.in_flight == Some(correlation_id)
    }

    /// Whether the last answer came before a topic was wanted that is wanted
    /// now.
    pub(crate) fn is_behind(&self) -> bool {
        match self.asked_for_all {
            true => !self.wants_all && self.wanted != self.asked_for,
            false => self.wants_all || self.wanted != self.asked_for,
        }
    }

    /// The request got no answer, or one that says nothing. Returns how often
    /// in a row that was so.
    pub(crate) fn failed(&mut self) -> u32 {
        self.in_flight = None;
        self.needs_update = true;
        self.failures += 1;
        self.failures
    }

    /// How often in a row a response told nothing new.
    pub(crate) fn without_news(&self) -> u32 {
        self.without_news
    }

    pub(crate) fn wait_until(&mut self, at: Time) {
        self.not_before = at;
    }

    /// Takes in a response that names brokers.
    pub(crate) fn update(&mut self, now: Time, response: MetadataResponse) -> MetadataAnswer {
        let is_behind = self.is_behind();
        self.in_flight = None;
        self.failures = 0;
        self.without_news += 1;
        self.needs_update = is_behind;
        self.updated_at = Some(now);
        self.brokers = response.brokers.iter().map(|of| of.node_id).collect();
        let racks = response.brokers.into_iter();
        self.racks = racks
            .filter_map(|broker| Some((broker.node_id, broker.rack?)))
            .collect();
        let mut answer = MetadataAnswer::default();
        if self.asked_for_all {
            let told: BTreeSet<&TopicName> = response.topics.iter().map(|of| &of.name).collect();
            self.topics.retain(|name, _| told.contains(name));
        }
        for topic in response.topics {
            if !topic.error_code.is_none() {
                self.topics.remove(&topic.name);
                self.needs_update = true;
                answer.errors.push((topic.name, topic.error_code));
                continue;
            }
            let known = self.topics.remove(&topic.name);
            let known = known.filter(|known| known.id == topic.topic_id);
            let before = known.map(|known| known.partitions).unwrap_or_default();
            let mut partitions = Arc::new(merge(&before, topic.partitions));
            if partitions == before {
                partitions = before;
            } else {
                self.without_news = 0;
            }
            self.needs_update |= partitions.iter().any(|info| info.leader.is_none());
            let id = topic.topic_id;
            self.topics.insert(topic.name, TopicInfo { id, partitions });
        }
        answer
    }
}

/// What is told of each partition, unless the client knows of a later leader.
fn merge(before: &[PartitionInfo], told: Vec<MetadataPartition>) -> Vec<PartitionInfo> {
    let infos = told.into_iter().enumerate().map(|(index, partition)| {
        let told = PartitionInfo {
            leader: (partition.leader_id >= 0).then_some(partition.leader_id),
            leader_epoch: partition.leader_epoch,
            replicas: partition.replica_nodes,
        };
        match before.get(index) {
            Some(known) if known.leader_epoch > told.leader_epoch => known.clone(),
            _ => told,
        }
    });
    infos.collect()
}
