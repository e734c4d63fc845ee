//! What each broker holds: read from the world, not placed yet.

use engine::collections::BTreeMap;

use engine::broker::Broker;
use engine::client::connect::is_bookkeeping;
use engine::controller::PartitionRegistration;
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::super::super::geometry::Rect;
use super::content::importance;
use super::recent::Recent;
use super::{Change, LogBar, Moving, Replica, Standing, servers};

/// How many records the length of a bar stands for at least, where the log has
/// as many.
const BAR_RECORDS: i64 = 20;

/// The replicas of one topic on one broker.
#[derive(Clone, Default)]
pub(super) struct Holding {
    pub leads: usize,
    pub newly_leads: usize,
    pub replicas: usize,
    pub out_of_sync: usize,
    /// The partitions' numbers.
    pub partitions: Vec<i32>,
}

/// What every broker holds, by broker and topic.
pub(super) struct Holdings<'a> {
    pub recent: Recent<'a>,
    pub users: BTreeMap<i32, BTreeMap<TopicName, Holding>>,
    pub internal: BTreeMap<i32, BTreeMap<TopicName, Holding>>,
}

impl<'a> Holdings<'a> {
    pub fn of(world: &'a World) -> Holdings<'a> {
        let mut all = Holdings {
            recent: Recent::of(world),
            users: BTreeMap::new(),
            internal: BTreeMap::new(),
        };
        for (of, registration) in world.image().partitions() {
            for broker in &registration.replicas {
                let by_broker = match is_bookkeeping(&of.topic) {
                    true => &mut all.internal,
                    false => &mut all.users,
                };
                let topics = by_broker.entry(*broker).or_default();
                let holding = topics.entry(of.topic.clone()).or_default();
                holding.replicas += 1;
                holding.partitions.push(of.partition);
                if registration.leader == Some(*broker) {
                    let change = all.recent.change(&of, *broker);
                    let is_new = matches!(change, Some(Change::Elected { .. }));
                    holding.leads += 1;
                    holding.newly_leads += usize::from(is_new);
                }
                if !registration.isr.contains(broker) {
                    holding.out_of_sync += 1;
                }
            }
        }
        all
    }

    /// How many replicas of user topics the fullest broker holds.
    pub fn fullest(&self) -> usize {
        let count = |topics: &BTreeMap<TopicName, Holding>| -> usize {
            topics.values().map(|holding| holding.replicas).sum()
        };
        self.users.values().map(count).max().unwrap_or(0)
    }
}

/// Describes replicas; what is the same for all replicas of a partition is
/// reckoned once.
pub(super) struct Describer<'a> {
    world: &'a World,
    recent: &'a Recent<'a>,
    scales: BTreeMap<TopicPartition, Option<Scale>>,
}

/// Where a leader's log ends, and how many records before that a bar shows.
#[derive(Clone, Copy)]
struct Scale {
    end: i64,
    records: i64,
}

impl<'a> Describer<'a> {
    pub fn new(world: &'a World, recent: &'a Recent<'a>) -> Describer<'a> {
        Describer {
            world,
            recent,
            scales: BTreeMap::new(),
        }
    }

    /// The replicas that a broker holds of a topic.
    pub fn all(&mut self, broker: &Broker, topic: &TopicName, of: &Holding) -> Vec<Replica> {
        let numbers = of.partitions.iter();
        let replicas = numbers.filter_map(|number| {
            let partition = TopicPartition::new(topic.clone(), *number);
            let registration = self.world.image().partition(&partition)?;
            Some(self.one(broker, partition, registration))
        });
        replicas.collect()
    }

    /// Those of them that deserve to be shown even where replicas are only
    /// counted.
    pub fn notable(&mut self, broker: &Broker, topic: &TopicName, of: &Holding) -> Vec<Replica> {
        let numbers = of.partitions.iter();
        let replicas = numbers.filter_map(|number| {
            let partition = TopicPartition::new(topic.clone(), *number);
            let registration = self.world.image().partition(&partition)?;
            let id = broker.id;
            let is_notable = !registration.isr.contains(&id)
                || registration.is_reassigning()
                || self.recent.cut(&partition, id).is_some()
                || self.recent.lost(&partition).is_some();
            is_notable.then(|| self.one(broker, partition, registration))
        });
        replicas.filter(|it| importance(it) > 0).collect()
    }

    fn one(
        &mut self,
        broker: &Broker,
        of: TopicPartition,
        registration: &PartitionRegistration,
    ) -> Replica {
        let id = broker.id;
        let held = broker.partitions().get(&of);
        let standing = match registration.leader == Some(id) {
            true => Standing::Leader,
            false => Standing::Follower {
                leader: registration.leader,
                believes_to_lead: held
                    .filter(|held| held.is_leader())
                    .map(|held| held.leader_epoch()),
            },
        };
        let moving = if registration.adding.contains(&id) {
            Some(Moving::Adding)
        } else {
            let is_removed = registration.removing.contains(&id);
            is_removed.then_some(Moving::Removing)
        };
        let log_end = held.map(|held| held.log.end_offset());
        let high_watermark = held.map(|held| held.high_watermark());
        let scale = self.scale(&of, registration);
        let is_leader = registration.leader == Some(id);
        Replica {
            standing,
            is_offline: !servers::life(self.world, broker).serves(),
            is_in_sync: registration.isr.contains(&id),
            leader_epoch: registration.leader_epoch,
            lag: scale.zip(log_end).map(|(scale, end)| scale.end - end),
            bar: bar(scale, log_end, high_watermark),
            change: self.change(&of, id, registration),
            cut: self.recent.cut(&of, id),
            lost: self.recent.lost(&of).filter(|_| is_leader),
            name: of.to_string(),
            topic_partition: of,
            broker: id,
            log_end,
            high_watermark,
            moving,
            rect: Rect::default(),
        }
    }

    /// What has happened to a replica in the last seconds, as long as it still
    /// holds.
    fn change(
        &self,
        of: &TopicPartition,
        broker: i32,
        registration: &PartitionRegistration,
    ) -> Option<Change> {
        let change = self.recent.change(of, broker)?;
        let holds = match change {
            Change::Elected { .. } => registration.leader == Some(broker),
            Change::JoinedIsr => registration.isr.contains(&broker),
            Change::LeftIsr => !registration.isr.contains(&broker),
        };
        holds.then_some(change)
    }

    fn scale(
        &mut self,
        of: &TopicPartition,
        registration: &PartitionRegistration,
    ) -> Option<Scale> {
        if let Some(known) = self.scales.get(of) {
            return *known;
        }
        let scale = self.world.partition(of).map(|leader| {
            let end = leader.log.end_offset();
            let held = registration.replicas.iter().filter_map(|id| {
                let held = self.world.brokers().get(id)?.partitions().get(of)?;
                Some(end - held.log.end_offset())
            });
            let most = held.max().unwrap_or(0).max(BAR_RECORDS);
            let records = most.min(end - leader.log.start_offset()).max(0);
            Scale { end, records }
        });
        self.scales.insert(of.clone(), scale);
        scale
    }
}

fn bar(scale: Option<Scale>, log_end: Option<i64>, high_watermark: Option<i64>) -> LogBar {
    let Some(scale) = scale else {
        return LogBar::default();
    };
    let share = |offset: Option<i64>| match offset {
        _ if scale.records == 0 => 0.0,
        Some(offset) if offset >= scale.end => 1.0,
        Some(offset) => {
            let within = (offset - (scale.end - scale.records)).max(0);
            within as f32 / scale.records as f32
        }
        None => 0.0,
    };
    LogBar {
        records: scale.records,
        filled: share(log_end),
        committed: share(high_watermark),
        rect: Rect::default(),
    }
}
