//! What the vectors of whole runs do not show: words, static members that come
//! and go, offsets, tools, and what becomes of records.

use crate::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::assignor::server::PartitionsByTopic;
use crate::protocol::{ConsumerGroupDescribeRequest, ErrorCode, GroupTopicPartitions, TopicName};

mod fencing;
mod heartbeats;
mod told;

const GROUP: &str = "g";
const CLICKS: TopicId = TopicId([1; 16]);

/// A coordinator whose writes are committed at once, and the topic `clicks`.
struct Broker {
    groups: ConsumerGroups,
    image: BTreeMap<TopicName, TopicMetadata>,
    now: Time,
    writes: u64,
    log: Vec<ConsumerGroupRecord>,
    events: Vec<ConsumerGroupEvent>,
}

impl Broker {
    fn new() -> Broker {
        Broker::with(ConsumerGroupConfig::default())
    }

    fn with(config: ConsumerGroupConfig) -> Broker {
        let mut broker = Broker {
            groups: ConsumerGroups::new(config, 1),
            image: BTreeMap::new(),
            now: Time::ZERO,
            writes: 0,
            log: Vec::new(),
            events: Vec::new(),
        };
        broker.topic("clicks", CLICKS, 4);
        broker
    }

    fn topic(&mut self, name: &str, id: TopicId, num_partitions: i32) {
        let topic = TopicMetadata {
            id,
            num_partitions,
            partition_racks: BTreeMap::new(),
        };
        self.image.insert(name.into(), topic);
        let image = TopicsImage::new(self.image.clone());
        self.groups.on_new_metadata_image(image, &[name]);
    }

    fn beat(&mut self, request: &ConsumerGroupHeartbeatRequest) -> ConsumerGroupHeartbeatResponse {
        let outcome = self.outcome(request);
        self.write(outcome)
    }

    fn outcome(
        &mut self,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> Outcome<ConsumerGroupHeartbeatResponse> {
        self.groups
            .heartbeat(self.now, "app", "/127.0.0.1", request)
    }

    fn write<T>(&mut self, outcome: Outcome<T>) -> T {
        self.writes += 1;
        let mut events = outcome.events;
        for record in outcome.records {
            self.log.push(record.clone());
            self.groups.replay(self.writes, record, &mut events);
        }
        self.groups.commit(self.writes);
        self.events.extend(events);
        outcome.response
    }

    /// Lets time pass, with all timers.
    fn pass(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
        while let Some((_, outcome)) = self.groups.expire_next(self.now) {
            self.write(outcome);
        }
    }

    /// The error and its words.
    fn refusal(&mut self, request: &ConsumerGroupHeartbeatRequest) -> (ErrorCode, String) {
        let response = self.beat(request);
        (
            response.error_code,
            response.error_message.unwrap_or_default(),
        )
    }

    fn group(&self) -> &ConsumerGroup {
        self.groups.group(GROUP).expect("there is a group")
    }

    fn has(&self, member_id: &str) -> Vec<i32> {
        let member = self.group().member(member_id).expect("there is a member");
        member.assigned.values().flatten().copied().collect()
    }
}

fn joining(member_id: &str) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        group_id: GROUP.into(),
        member_id: member_id.into(),
        member_epoch: 0,
        instance_id: None,
        rack_id: None,
        rebalance_timeout_ms: 10_000,
        subscribed_topic_names: Some(vec!["clicks".into()]),
        server_assignor: None,
        topic_partitions: Some(Vec::new()),
    }
}

/// A heartbeat that tells nothing but that the member lives.
fn beating(member_id: &str, member_epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        member_epoch,
        rebalance_timeout_ms: -1,
        subscribed_topic_names: None,
        topic_partitions: None,
        ..joining(member_id)
    }
}

fn owning(member_id: &str, member_epoch: i32, partitions: &[i32]) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        topic_partitions: Some(vec![GroupTopicPartitions {
            topic_id: CLICKS,
            partitions: partitions.to_vec(),
        }]),
        ..beating(member_id, member_epoch)
    }
}

fn fixed(
    instance_id: &str,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest {
        instance_id: Some(instance_id.into()),
        ..request
    }
}

fn clicks(partitions: impl IntoIterator<Item = i32>) -> PartitionsByTopic {
    BTreeMap::from([(CLICKS, BTreeSet::from_iter(partitions))])
}
