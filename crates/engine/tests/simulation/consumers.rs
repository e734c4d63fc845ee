//! What consumers are, and what they do.

use engine::assignor::ClientAssignor;
use engine::client::{
    AutoOffsetReset, Client, CommitEach, CommitWhen, Consumer, ConsumerConfig, GroupProtocol,
    ManualCommit, Processing, SeekTo, SubscriptionType,
};
use engine::protocol::IsolationLevel;
use engine::sim::Random;
use engine::{Command, TopicPartition};

use super::workload::{INPUT, Kind, OUTPUT, TOPICS, topic};
use super::{Run, pick};

/// How the members of a group commit. Each group has one style, so that
/// something holds for the whole group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Style {
    /// By hand, after records are processed.
    AtLeastOnce,
    /// By hand and with `commitSync()`, before they are.
    AtMostOnce,
    /// By themselves (`enable.auto.commit`).
    Automatic,
    /// In any of these ways, and when somebody says so.
    Any,
}

/// The groups' names and styles.
pub const GROUPS: [(&str, Style); 4] = [
    ("at-least-once", Style::AtLeastOnce),
    ("at-most-once", Style::AtMostOnce),
    ("automatic", Style::Automatic),
    ("any", Style::Any),
];

/// The style of a group of [`GROUPS`].
pub fn style_of(group: &str) -> Option<Style> {
    let found = GROUPS.iter().find(|(name, _)| *name == group);
    found.map(|(_, style)| *style)
}

const PATTERNS: [&str; 3] = ["t[01]", "t.*", "t[23]|u"];

/// How the members of a group find together.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The protocol of all of them.
    pub protocol: GroupProtocol,
    /// The assignor that most of them know, with the classic protocol.
    assignor: ClientAssignor,
}

/// A plan for each group.
pub fn plans(random: &mut Random) -> [Plan; GROUPS.len()] {
    let assignors = [
        ClientAssignor::Range,
        ClientAssignor::RoundRobin,
        ClientAssignor::Sticky,
        ClientAssignor::CooperativeSticky,
        ClientAssignor::CooperativeSticky,
    ];
    let protocols = [GroupProtocol::Classic, GroupProtocol::Consumer];
    GROUPS.map(|_| Plan {
        protocol: pick(random, &protocols),
        assignor: pick(random, &assignors),
    })
}

impl Run {
    /// One more consumer, as often as not a static one that was there before.
    pub(super) fn add_consumer(&mut self) {
        let index = self.random.below(GROUPS.len() as u32) as usize;
        let (group, style) = GROUPS[index];
        let config = self.consumer_config(group, style, index);
        let topics = match self.random.below(3) {
            0 => vec![self.any_topic(), self.any_topic()],
            1 => vec![INPUT.into(), OUTPUT.into()],
            _ => vec![topic(index as u32 % TOPICS)],
        };
        let Some(Some(consumer)) = self.execute(Command::AddConsumer { config, topics }) else {
            return;
        };
        self.clients.push((consumer, Kind::Consumer));
        let processing = self.processing(style);
        self.execute(Command::SetProcessing {
            consumer,
            processing,
        });
        if self.random.below(6) == 0 {
            self.subscribe(consumer);
        }
    }

    fn consumer_config(&mut self, group: &str, style: Style, index: usize) -> ConsumerConfig {
        let partition_assignment_strategy = self.assignors(index);
        let group_protocol = self.plans[index].protocol;
        let random = &mut self.random;
        let resets = [
            AutoOffsetReset::Earliest,
            AutoOffsetReset::Earliest,
            AutoOffsetReset::Latest,
        ];
        let is_static = random.below(4) == 0;
        ConsumerConfig {
            auto_offset_reset: match random.below(20) {
                0 => AutoOffsetReset::None,
                _ => pick(random, &resets),
            },
            metadata_max_age_ms: pick(random, &[1_000, 10_000]),
            session_timeout_ms: pick(random, &[6_000, 6_000, 10_000]),
            heartbeat_interval_ms: pick(random, &[500, 1_000]),
            max_poll_interval_ms: pick(random, &[2_000, 5_000, 300_000]),
            max_poll_records: pick(random, &[1, 10, 500]),
            request_timeout_ms: pick(random, &[1_000, 30_000]),
            default_api_timeout_ms: pick(random, &[2_000, 60_000]),
            enable_auto_commit: match style {
                Style::AtLeastOnce | Style::AtMostOnce => false,
                Style::Automatic => true,
                Style::Any => random.below(2) == 0,
            },
            auto_commit_interval_ms: pick(random, &[100, 1_000, 5_000]),
            group_instance_id: is_static.then(|| format!("static-{}", random.below(3))),
            leave_group_on_close: random.below(8) > 0,
            partition_assignment_strategy,
            group_protocol,
            group_remote_assignor: pick(random, &[None, Some("uniform"), Some("range")])
                .map(str::to_owned)
                .filter(|_| group_protocol == GroupProtocol::Consumer),
            isolation_level: pick(
                random,
                &[
                    IsolationLevel::ReadUncommitted,
                    IsolationLevel::ReadCommitted,
                ],
            ),
            ..ConsumerConfig::of_group(group)
        }
    }

    /// Mostly a list in which the group's own is; now and then any.
    fn assignors(&mut self, group: usize) -> Vec<ClientAssignor> {
        let base = self.plans[group].assignor;
        let all = ClientAssignor::ALL;
        let other = self.pick(&all);
        match self.random.below(10) {
            0 => vec![other],
            1 | 2 if other != base => vec![base, other],
            3 if other != base => vec![other, base],
            _ => vec![base],
        }
    }

    fn processing(&mut self, style: Style) -> Processing {
        let random = &mut self.random;
        let style = match style {
            Style::Any => pick(
                random,
                &[Style::AtLeastOnce, Style::AtMostOnce, Style::Automatic],
            ),
            style => style,
        };
        let each = pick(random, &[CommitEach::Poll, CommitEach::Record]);
        let commit = |when, is_sync| {
            Some(ManualCommit {
                when,
                each,
                is_sync,
            })
        };
        Processing {
            per_record_us: pick(random, &[0, 1_000, 20_000, 300_000]),
            commit: match style {
                Style::AtLeastOnce => commit(CommitWhen::After, random.below(2) == 0),
                Style::AtMostOnce => commit(CommitWhen::Before, true),
                Style::Automatic | Style::Any => None,
            },
        }
    }

    /// One thing that a consumer does, or one more consumer.
    pub(super) fn consume(&mut self, has_room: bool) {
        match self.random.below(13) {
            0..=4 if has_room => self.add_consumer(),
            0..=5 => self.with_consumer(Run::seek),
            6 => self.with_consumer(Run::pause),
            7 | 8 => self.with_consumer(Run::subscribe),
            9 => self.with_consumer(Run::set_pace),
            10 => self.with_consumer(Run::commit),
            11 => self.with_consumer(Run::offsets_for_times),
            _ => self.end_client_of(Kind::Consumer),
        }
    }

    fn with_consumer(&mut self, act: impl FnOnce(&mut Run, u32)) {
        if let Some(consumer) = self.any_client(Kind::Consumer) {
            act(self, consumer);
        }
    }

    fn consumer(&self, number: u32) -> Option<&Consumer> {
        match self.world.clients().get(&number) {
            Some(Client::Consumer(consumer)) => Some(consumer),
            _ => None,
        }
    }

    fn style(&self, consumer: u32) -> Option<Style> {
        style_of(&self.consumer(consumer)?.config.group_id)
    }

    fn any_assigned(&mut self, consumer: u32) -> Option<TopicPartition> {
        let assigned = self.consumer(consumer)?.assignment().keys();
        let assigned: Vec<TopicPartition> = assigned.cloned().collect();
        let index = self.random.below(assigned.len().max(1) as u32) as usize;
        assigned.into_iter().nth(index)
    }

    fn seek(&mut self, consumer: u32) {
        let now_ms = self.world.timestamp_ms();
        let random = &mut self.random;
        let to = match random.below(4) {
            0 => SeekTo::Beginning,
            1 => SeekTo::End,
            2 => SeekTo::Timestamp(now_ms - i64::from(random.below(2_000))),
            _ => SeekTo::Offset(i64::from(random.below(60))),
        };
        if let Some(of) = self.any_assigned(consumer) {
            let partitions = vec![of];
            self.execute(Command::Seek {
                consumer,
                partitions,
                to,
            });
        }
    }

    /// Pauses what is read, or reads on.
    fn pause(&mut self, consumer: u32) {
        if let Some(of) = self.any_assigned(consumer) {
            let is_paused = self
                .consumer(consumer)
                .is_some_and(|it| it.assignment()[&of].paused);
            let partitions = vec![of];
            self.execute(match is_paused {
                true => Command::Resume {
                    consumer,
                    partitions,
                },
                false => Command::Pause {
                    consumer,
                    partitions,
                },
            });
        }
    }

    /// Other topics, a pattern, partitions by hand, or nothing. Who reads by
    /// hand commits outside of any generation; a group in which each record is
    /// processed once at most has nobody who does.
    fn subscribe(&mut self, consumer: u32) {
        let by_hand = self.style(consumer) != Some(Style::AtMostOnce);
        let to = match self.random.below(8) {
            0..=2 => SubscriptionType::Topics(vec![self.any_topic(), self.any_topic()]),
            3..=5 => SubscriptionType::Pattern(self.pick(&PATTERNS).to_owned()),
            6 if by_hand => SubscriptionType::Partitions(vec![self.any_partition()]),
            7 => SubscriptionType::None,
            _ => SubscriptionType::Topics(vec![self.any_topic()]),
        };
        self.execute(Command::Subscribe { consumer, to });
    }

    /// Its application becomes faster or slower; when it commits stays.
    fn set_pace(&mut self, consumer: u32) {
        let per_record_us = self.pick(&[0, 1_000, 20_000, 300_000, 3_000_000]);
        if let Some(it) = self.consumer(consumer) {
            let processing = Processing {
                per_record_us,
                ..it.processing()
            };
            self.execute(Command::SetProcessing {
                consumer,
                processing,
            });
        }
    }

    /// Commits also what is not processed: only where nothing is said of when.
    fn commit(&mut self, consumer: u32) {
        if self.style(consumer) == Some(Style::Any) {
            let is_sync = self.random.below(2) == 0;
            self.execute(Command::Commit { consumer, is_sync });
        }
    }

    fn offsets_for_times(&mut self, consumer: u32) {
        let partitions = vec![self.any_partition()];
        let timestamp = self.world.timestamp_ms() - i64::from(self.random.below(2_000));
        self.execute(Command::OffsetsForTimes {
            consumer,
            partitions,
            timestamp,
        });
    }
}
