//! Taking in what the controller has decided: which replicas a broker holds,
//! and what it is for each (`kafka.server.ReplicaManager.applyDelta`).

use crate::collections::BTreeSet;

use super::leader::{Effects, Leader};
use super::{Broker, BrokerState, Partition, Role};
use crate::controller::topic_config::{self, MIN_INSYNC_REPLICAS};
use crate::controller::{MetadataRecord, PartitionRegistration};
use crate::event::EventKind;
use crate::log::{LogConfig, PartitionLog};
use crate::protocol::{ConfigResource, TopicName, TopicPartition};
use crate::sim::Fabric;

/// What records of the metadata log change for a broker.
#[derive(Default)]
struct Delta {
    deleted: BTreeSet<TopicName>,
    changed: BTreeSet<TopicPartition>,
    configs: BTreeSet<ConfigResource>,
    /// Whether a broker has come or gone.
    changes_lives: bool,
}

impl Delta {
    fn note(&mut self, record: &MetadataRecord) {
        match record {
            MetadataRecord::TopicCreated { name, topic } => {
                self.note_partitions(name, 0, topic.partitions.len());
            }
            MetadataRecord::PartitionsCreated {
                name,
                first,
                partitions,
            } => self.note_partitions(name, *first, partitions.len()),
            MetadataRecord::PartitionChanged { partition, .. } => {
                self.changed.insert(partition.clone());
            }
            MetadataRecord::TopicDeleted { name } => {
                self.deleted.insert(name.clone());
            }
            MetadataRecord::ConfigChanged { resource, .. } => {
                self.configs.insert(resource.clone());
            }
            MetadataRecord::BrokerFenced { .. } | MetadataRecord::BrokerUnfenced { .. } => {
                self.changes_lives = true;
            }
            _ => {}
        }
    }

    fn note_partitions(&mut self, name: &TopicName, first: i32, count: usize) {
        let numbers = (first..).take(count);
        let partitions = numbers.map(|number| TopicPartition::new(name.clone(), number));
        self.changed.extend(partitions);
    }
}

impl Broker {
    /// Takes in records of the metadata log, which came together, as one
    /// change: what lies between, such as a leadership that is over already,
    /// never comes to anything (`MetadataLoader`, `ReplicaManager.applyDelta`).
    pub(super) fn apply<'r>(
        &mut self,
        fabric: &mut Fabric,
        records: impl Iterator<Item = &'r MetadataRecord> + Clone,
    ) {
        let mut delta = Delta::default();
        for record in records.clone() {
            self.image.apply(record);
            delta.note(record);
        }
        self.update_topics_image(records);
        self.take_up_configs(fabric, &delta.configs);
        if !self.has_taken_up {
            return;
        }
        for name in &delta.deleted {
            self.drop_topic(fabric, name);
        }
        let is_led = |of: &TopicPartition| {
            let registration = self.image.partition(of);
            registration.is_some_and(|now| now.leader == Some(self.id))
        };
        let (led, others): (Vec<_>, Vec<_>) = delta.changed.into_iter().partition(is_led);
        for of in led.iter().chain(&others) {
            self.take_up(fabric, of);
        }
        if delta.changes_lives {
            self.complete_deletions(fabric);
        }
    }

    /// After a start: once it has read up to its own registration, it takes up
    /// all that it is to hold, and drops what it no longer is to.
    pub(super) fn on_image_advanced(&mut self, fabric: &mut Fabric) {
        let is_recovering = self.state == BrokerState::Recovery && !self.has_taken_up;
        if !is_recovering || !self.has_caught_up() {
            return;
        }
        self.has_taken_up = true;
        let strays: Vec<TopicPartition> = self.strays();
        for of in &strays {
            self.partitions.remove(of);
        }
        let all: Vec<TopicPartition> = self.image.partitions().map(|(of, _)| of).collect();
        for of in &all {
            self.take_up(fabric, of);
            self.take_up_log_config(fabric, of);
        }
        self.heartbeat_at = Some(fabric.now);
        self.send_heartbeat(fabric);
    }

    /// Logs of partitions that moved away or were deleted meanwhile.
    fn strays(&self) -> Vec<TopicPartition> {
        let is_stray = |of: &TopicPartition, held: &Partition| {
            let topic = self.image.topics.get(&of.topic);
            let registration = self.image.partition(of);
            topic.is_none_or(|topic| topic.id != held.topic_id)
                || registration.is_none_or(|now| !now.replicas.contains(&self.id))
        };
        let held = self.partitions.iter();
        held.filter(|(of, held)| is_stray(of, held))
            .map(|(of, _)| of.clone())
            .collect()
    }

    /// Becomes for a partition what the metadata says it is.
    fn take_up(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        let Some(registration) = self.image.partition(of).cloned() else {
            return;
        };
        self.note_settled_followers_of(of);
        if !registration.replicas.contains(&self.id) {
            return self.drop_replica(fabric, of);
        }
        self.ensure_replica(fabric, of);
        match registration.leader == Some(self.id) {
            true => self.lead(fabric, of, &registration),
            false => self.follow(fabric, of, &registration),
        }
    }

    fn ensure_replica(&mut self, fabric: &Fabric, of: &TopicPartition) {
        let topic = &self.image.topics[&of.topic];
        let configs = self.config.topic_configs(&topic.configs);
        let min_insync = topic_config::number(&configs, MIN_INSYNC_REPLICAS);
        let partition = self.partitions.get_or_insert_with(of, || {
            let config = LogConfig::from_topic_configs(&configs);
            Partition {
                topic_id: topic.id,
                log: PartitionLog::new(config, fabric.timestamp_ms()),
                role: Role::Offline,
                min_insync_replicas: 1,
                checkpointed_high_watermark: 0,
                cleaned_to: None,
                changed_at: 0,
            }
        });
        partition.min_insync_replicas = usize::try_from(min_insync).unwrap_or(1);
        self.look_after(fabric.now, of);
    }

    fn lead(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        registration: &PartitionRegistration,
    ) {
        let update = self.with_leader(fabric, of, |leader, circumstances| {
            let is_newer = registration.leader_epoch > leader.leader_epoch();
            (is_newer, leader.update(registration, circumstances))
        });
        let is_new_epoch = update.as_ref().is_none_or(|(is_newer, _)| *is_newer);
        let effects = match update {
            Some((_, effects)) => effects,
            None => self.become_leader(fabric, of, registration),
        };
        if is_new_epoch {
            self.begin_epoch(fabric, of, registration.leader_epoch);
        }
        self.take_effect(fabric, of, effects);
        if is_new_epoch {
            self.elected_coordinator(fabric, of);
        }
        // The ISR may have shrunk below what a waiting write was promised.
        self.complete_produces(fabric);
    }

    fn become_leader(
        &mut self,
        fabric: &Fabric,
        of: &TopicPartition,
        registration: &PartitionRegistration,
    ) -> Effects {
        self.stop_fetching(of);
        self.plan_isr_check(fabric.now);
        let Some(partition) = self.partitions.get_mut(of) else {
            return Effects::default();
        };
        let run = (self.broker_epoch, &self.image.brokers);
        let circumstances = partition.circumstances(fabric, &self.config, run);
        let leader = Leader::new(self.id, registration, &circumstances);
        let high_watermark = leader.next_high_watermark(&circumstances);
        partition.role = Role::Leader(leader);
        Effects {
            high_watermark,
            alter_partition: None,
        }
    }

    fn begin_epoch(&mut self, fabric: &mut Fabric, of: &TopicPartition, leader_epoch: i32) {
        let Some(partition) = self.partitions.get_mut(of) else {
            return;
        };
        partition.log.assign_leader_epoch(leader_epoch);
        fabric.emit(EventKind::LeaderStarted {
            broker: self.id,
            topic_partition: of.clone(),
            leader_epoch,
            log_end_offset: partition.log.end_offset(),
        });
        // Followers of the old epoch learn that there is a new one.
        self.complete_fetches(fabric, of);
        self.elected_for_transactions(fabric, of, leader_epoch);
    }

    fn follow(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        registration: &PartitionRegistration,
    ) {
        let Some(partition) = self.partitions.get_mut(of) else {
            return;
        };
        let leader = registration.leader;
        let leader_epoch = registration.leader_epoch;
        let role = Role::Follower {
            leader,
            leader_epoch,
        };
        if partition.role == role {
            return;
        }
        partition.role = role;
        self.stop_fetching(of);
        if let Some(leader) = leader {
            self.start_fetching(fabric, leader, of, leader_epoch);
        }
        self.resign(fabric, of);
    }

    /// Whoever waited for the broker as the leader must ask another.
    fn resign(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        self.isr_changes.forget(of);
        self.resigned_for_transactions(of);
        self.resigned_coordinator(fabric, of);
        self.resign_shares(fabric, of);
        self.complete_produces(fabric);
        self.complete_deletions(fabric);
        self.complete_fetches(fabric, of);
    }

    fn drop_replica(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        if self.partitions.remove(of).is_some() {
            self.stop_fetching(of);
            self.resign(fabric, of);
        }
    }

    fn drop_topic(&mut self, fabric: &mut Fabric, name: &TopicName) {
        let held = self.partitions.keys();
        let held: Vec<TopicPartition> = held.filter(|of| of.topic == *name).cloned().collect();
        for of in &held {
            self.drop_replica(fabric, of);
        }
        self.forget_offsets_of(fabric, name);
    }
}
