//! What share consumers are, and what they do.

use engine::collections::BTreeSet;

use engine::client::{AcknowledgementRule, Acknowledging, Client, ShareConsumerConfig};
use engine::protocol::{AcknowledgeType, TopicName};
use engine::{Command, TopicPartition};

use super::workload::{INPUT, Kind};
use super::{Run, pick};

/// The share groups.
const GROUPS: [&str; 2] = ["share-0", "share-1"];
const TYPES: [AcknowledgeType; 3] = [
    AcknowledgeType::Accept,
    AcknowledgeType::Release,
    AcknowledgeType::Reject,
];
/// How long share groups may take at the end for what is left, in virtual
/// milliseconds: a lock ends, and a call to the coordinator is given up, by then.
const FINISH_WITHIN_MS: i64 = 180_000;

impl Run {
    /// One thing that a share consumer does, or one more share consumer.
    pub(super) fn share(&mut self, has_room: bool) {
        match self.random.below(6) {
            0..=2 if has_room => self.add_share_consumer(),
            0..=3 => self.end_client_of(Kind::ShareConsumer),
            4 => {
                let acknowledging = self.acknowledging();
                if let Some(consumer) = self.any_client(Kind::ShareConsumer) {
                    self.execute(Command::SetAcknowledging {
                        consumer,
                        acknowledging,
                    });
                }
            }
            _ => self.acknowledge(),
        }
    }

    fn add_share_consumer(&mut self) {
        let group = self.pick(&GROUPS);
        let topics: BTreeSet<TopicName> = match self.random.below(3) {
            0 => [self.any_topic(), INPUT.into()].into(),
            1 => [self.any_topic()].into(),
            _ => [INPUT.into()].into(),
        };
        let acknowledging = self.acknowledging();
        let random = &mut self.random;
        let config = ShareConsumerConfig {
            max_poll_records: pick(random, &[1, 5, 500]),
            processing_us: pick(random, &[0, 1_000, 50_000, 1_000_000]),
            metadata_max_age_ms: pick(random, &[1_000, 10_000]),
            request_timeout_ms: pick(random, &[1_000, 30_000]),
            acknowledging,
            ..ShareConsumerConfig::of_group(group)
        };
        let topics = topics.into_iter().collect();
        let command = Command::AddShareConsumer { config, topics };
        self.add(command, Kind::ShareConsumer);
    }

    fn acknowledging(&mut self) -> Acknowledging {
        let rule = AcknowledgementRule {
            every: 1 + self.random.below(6),
            with: self.pick(&TYPES[1..]),
        };
        self.pick(&[
            Acknowledging::Implicit,
            Acknowledging::ByRule(rule),
            Acknowledging::ByRule(rule),
            Acknowledging::ByCommand,
        ])
    }

    /// What some of the application's records have come to.
    fn acknowledge(&mut self) {
        let Some(consumer) = self.any_client(Kind::ShareConsumer) else {
            return;
        };
        let Some(Client::ShareConsumer(it)) = self.world.clients().get(&consumer) else {
            return;
        };
        let in_hand: Vec<(TopicPartition, i64)> = it
            .in_hand()
            .iter()
            .map(|record| (record.topic_partition.clone(), record.offset))
            .collect();
        for (topic_partition, offset) in in_hand {
            let acknowledge_type = self.pick(&TYPES);
            self.execute(Command::Acknowledge {
                consumer,
                topic_partition,
                offset,
                acknowledge_type,
            });
        }
    }

    /// Demands that the groups that there are become done with all records, when
    /// each has one more member that accepts whatever it is handed.
    pub(super) fn share_groups_finish(&mut self) {
        let groups = self.world.share_groups().into_keys();
        let groups: Vec<String> = groups.map(str::to_owned).collect();
        let topics = self.world.user_topics();
        let topics: Vec<TopicName> = topics.map(|(name, _)| name.clone()).collect();
        if groups.is_empty() || topics.is_empty() {
            return;
        }
        for group in &groups {
            let config = ShareConsumerConfig::of_group(group);
            let topics = topics.clone();
            self.execute(Command::AddShareConsumer { config, topics });
        }
        let end = self.world.now().plus_ms(FINISH_WITHIN_MS);
        let mut restarted = BTreeSet::new();
        while let Some(why_not) = self.what_is_not_shared_out(&groups, &topics) {
            assert!(self.world.now() < end, "{why_not}");
            self.mend_servers(&mut restarted);
            self.restart_who_has_forgotten_sessions();
            self.advance_to(self.world.now().plus_ms(500));
        }
        self.model.summary.finished_share_groups += groups.len() as u64;
    }

    /// A topic that comes into being later, since some client asks for it, has
    /// no member of a share group that reads it.
    fn what_is_not_shared_out(&self, groups: &[String], topics: &[TopicName]) -> Option<String> {
        let partitions = self.world.image().partitions().map(|(of, _)| of);
        for of in partitions.filter(|of| topics.contains(&of.topic)) {
            let Some(held) = self.world.partition(&of) else {
                return Some(format!("{of} has no leader"));
            };
            let end = held.log.high_watermark();
            for group in groups {
                let shared = self.world.share_partition(group, &of);
                let start = shared.map(|shared| shared.start_offset());
                if start.is_none_or(|start| held.log.position_of(start) < end) {
                    return Some(format!(
                        "{group} is not done with {of}, which ends at {end}: {shared:?}"
                    ));
                }
            }
        }
        None
    }
}
