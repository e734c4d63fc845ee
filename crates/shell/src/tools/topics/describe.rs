//! What `kafka-topics --describe` prints.

use engine::collections::BTreeMap;

use engine::World;
use engine::protocol::{MetadataPartition, MetadataTopic};

use crate::java::hash_map_order;
use crate::options::Options;

/// How many settings a topic has in all, most of them with their default
/// (`LogConfig`); it decides the order in which they are printed.
const TOPIC_SETTINGS: usize = 36;

/// Which of the selected topics and partitions to print.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    under_replicated: bool,
    unavailable: bool,
    under_min_isr: bool,
    at_min_isr: bool,
    overrides: bool,
    /// Whether topics were asked for by id; then the broker is not asked for
    /// eligible leader replicas.
    pub by_id: bool,
}

impl Report {
    pub fn read(options: &Options) -> Report {
        Report {
            under_replicated: options.has("under-replicated-partitions"),
            unavailable: options.has("unavailable-partitions"),
            under_min_isr: options.has("under-min-isr-partitions"),
            at_min_isr: options.has("at-min-isr-partitions"),
            overrides: options.has("topics-with-overrides"),
            by_id: options.has("topic-id"),
        }
    }

    fn is_of_partitions(&self) -> bool {
        self.under_replicated || self.unavailable || self.under_min_isr || self.at_min_isr
    }

    /// The text about these topics. Their settings are read off the controller;
    /// Kafka's tool asks a broker for them.
    pub fn text(&self, mut topics: Vec<MetadataTopic>, brokers: &[i32], world: &World) -> String {
        let count = topics.len();
        hash_map_order(&mut topics, count, count, |topic| &topic.name);
        let none = BTreeMap::new();
        let mut text = String::new();
        for topic in &topics {
            let configs = world
                .topics()
                .get(&topic.name)
                .map_or(&none, |t| &t.configs);
            let is_left_out = self.overrides && configs.is_empty();
            if !self.is_of_partitions() && !is_left_out {
                text.push_str(&topic_line(topic, configs));
            }
            if !self.overrides {
                let min_isr = configs.get("min.insync.replicas");
                let min_isr = min_isr.and_then(|value| value.parse().ok()).unwrap_or(1);
                for partition in &topic.partitions {
                    if self.shows(partition, brokers, min_isr) {
                        text.push_str(&self.partition_line(topic, partition));
                    }
                }
            }
        }
        text
    }

    fn shows(&self, partition: &MetadataPartition, brokers: &[i32], min_isr: usize) -> bool {
        let has_leader = partition.leader_id >= 0;
        let isr = partition.isr_nodes.len();
        !self.is_of_partitions()
            || self.under_replicated && partition.replica_nodes.len() > isr
            || self.unavailable && !(has_leader && brokers.contains(&partition.leader_id))
            || self.under_min_isr && (!has_leader || isr < min_isr)
            || self.at_min_isr && isr == min_isr
    }

    fn partition_line(&self, topic: &MetadataTopic, partition: &MetadataPartition) -> String {
        let leader = match partition.leader_id {
            id if id >= 0 => id.to_string(),
            _ => "none".to_owned(),
        };
        let elr = if self.by_id { "N/A" } else { "" };
        format!(
            "\tTopic: {}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}\tElr: {elr}\tLastKnownElr: {elr}\n",
            topic.name,
            partition.partition_index,
            ids(&partition.replica_nodes),
            ids(&partition.isr_nodes),
        )
    }
}

fn topic_line(topic: &MetadataTopic, configs: &BTreeMap<String, String>) -> String {
    let replicas = topic
        .partitions
        .first()
        .map_or(0, |p| p.replica_nodes.len());
    let mut configs: Vec<(&String, &String)> = configs.iter().collect();
    hash_map_order(&mut configs, 16, TOPIC_SETTINGS, |(name, _)| name);
    let configs: Vec<String> = configs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "Topic: {}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {replicas}\tConfigs: {}\n",
        topic.name,
        topic.topic_id,
        topic.partitions.len(),
        configs.join(",")
    )
}

fn ids(brokers: &[i32]) -> String {
    let ids: Vec<String> = brokers.iter().map(i32::to_string).collect();
    ids.join(",")
}
