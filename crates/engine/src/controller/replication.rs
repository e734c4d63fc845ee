//! The controller as brokers come and go and leaders and people ask for
//! changes: each decision of [`super::election`], taken in
//! (`org.apache.kafka.controller.ReplicationControlManager`).

use std::sync::Arc;

use super::Controller;
use super::election::Circumstances;
use super::partition::PartitionRegistration;
use super::partition_change::PartitionChange;
use super::topic_config::{MIN_INSYNC_REPLICAS, UNCLEAN_LEADER_ELECTION_ENABLE};
use super::{ApiError, MetadataRecord, Topic, topic_config};
use crate::protocol::{AlterPartition, ElectionType, ErrorCode, TopicPartition};

/// Whether there are eligible leader replicas (KIP-966). In 4.0 they are off
/// until somebody raises `eligible.leader.replicas.version`.
const ELR_ENABLED: bool = false;

impl Controller {
    /// A broker has started. It is fenced until it has caught up.
    pub fn register_broker(
        &mut self,
        id: i32,
        (broker_epoch, incarnation_id): (i64, u64),
        rack: Option<String>,
    ) -> MetadataRecord {
        self.take_in(MetadataRecord::BrokerRegistered {
            id,
            broker_epoch,
            incarnation_id,
            rack,
        })
    }

    /// A broker is gone. Others lead what it led, where one is in sync.
    pub fn fence_broker(&mut self, id: i32) -> Vec<MetadataRecord> {
        let mut records =
            self.decide(|circumstances, partition| circumstances.broker_left(partition, id));
        records.push(self.take_in(MetadataRecord::BrokerFenced { id }));
        records
    }

    /// A broker is there (again). It leads what nobody led, where it may.
    pub fn unfence_broker(&mut self, id: i32) -> Vec<MetadataRecord> {
        let mut records =
            self.decide(|circumstances, partition| circumstances.broker_unfenced(partition, id));
        records.insert(0, self.take_in(MetadataRecord::BrokerUnfenced { id }));
        records
    }

    /// A broker asks to stop. It leaves every ISR, and others lead what it
    /// led, before it is gone.
    pub fn begin_controlled_shutdown(&mut self, id: i32) -> Vec<MetadataRecord> {
        let mut records =
            self.decide(|circumstances, partition| circumstances.broker_left(partition, id));
        let stopping = MetadataRecord::BrokerInControlledShutdown { id };
        records.insert(0, self.take_in(stopping));
        records
    }

    /// A leader asks for another ISR (`AlterPartition`). With
    /// `NEW_LEADER_ELECTED` comes an update all the same.
    pub fn alter_partition(
        &mut self,
        of: &TopicPartition,
        request: &AlterPartition,
    ) -> (ErrorCode, Option<MetadataRecord>) {
        let Some((circumstances, partition)) = self.find(of) else {
            return (ErrorCode::UnknownTopicOrPartition, None);
        };
        let (error, change) = circumstances.alter_partition(partition, request);
        (error, change.map(|change| self.change(of, change)))
    }

    /// A person asks for an election (`ElectLeaders`).
    ///
    /// # Errors
    ///
    /// That it is not needed, or that there is nobody to elect.
    pub fn elect_leader(
        &mut self,
        of: &TopicPartition,
        election: ElectionType,
    ) -> Result<MetadataRecord, ApiError> {
        let (circumstances, partition) = self.find(of).ok_or_else(|| {
            self.unknown(
                of,
                format!("No such topic as {}", of.topic),
                format!("No such partition as {of}"),
            )
        })?;
        let change = circumstances
            .elect_leader(partition, election)
            .map_err(|error| (error, error.message().to_owned()))?;
        Ok(self.change(of, change))
    }

    /// Has the first of their replicas lead all partitions that another leads,
    /// where it can (`ReplicationControlManager.maybeBalancePartitionLeaders`).
    pub fn balance_leaders(&mut self) -> Vec<MetadataRecord> {
        self.decide(|circumstances, partition| {
            let elected = circumstances.elect_leader(partition, ElectionType::Preferred);
            elected.ok()
        })
    }

    /// Whether a partition has no leader, and its topic allows it to be led by
    /// a replica that is there, though it is out of sync.
    pub(super) fn has_unclean_candidates(&self) -> bool {
        let brokers = &self.image.brokers;
        let could_lead = |partition: &Arc<PartitionRegistration>| {
            let mut replicas = partition.replicas.iter();
            partition.leader.is_none() && replicas.any(|id| brokers.is_active(*id))
        };
        let mut topics = self.image.topics.values();
        topics.any(|topic| {
            topic.partitions.iter().any(could_lead) && self.circumstances(topic).unclean
        })
    }

    /// Has them lead (`maybeTriggerUncleanLeaderElectionForLeaderlessPartitions`).
    pub(super) fn elect_unclean_leaders(&mut self) -> Vec<MetadataRecord> {
        self.decide(|circumstances, partition| {
            let is_due = circumstances.unclean && partition.leader.is_none();
            let elect = || circumstances.elect_leader(partition, ElectionType::Unclean);
            is_due.then(elect)?.ok()
        })
    }

    /// A person moves a partition to other brokers, or, with `None`, takes
    /// that back (`AlterPartitionReassignments`).
    ///
    /// # Errors
    ///
    /// When it cannot have these replicas, or there is nothing to take back.
    pub fn alter_reassignment(
        &mut self,
        of: &TopicPartition,
        target: Option<&[i32]>,
    ) -> Result<Option<MetadataRecord>, ApiError> {
        let (circumstances, partition) = self.find(of).ok_or_else(|| {
            self.unknown(
                of,
                format!("Unable to find a topic named {}.", of.topic),
                format!("Unable to find partition {}:{}.", of.topic, of.partition),
            )
        })?;
        let change = match target {
            Some(target) => circumstances.reassign(partition, target),
            None => circumstances.cancel_reassignment(partition),
        };
        let change = change.map_err(|error| (error.code(), error.message(of)))?;
        Ok(change.map(|change| self.change(of, change)))
    }

    /// Asks of every partition what becomes of it, and takes that in.
    fn decide(
        &mut self,
        decide: impl Fn(&Circumstances<'_>, &PartitionRegistration) -> Option<PartitionChange>,
    ) -> Vec<MetadataRecord> {
        let mut changes = Vec::new();
        for (name, topic) in &self.image.topics {
            let circumstances = self.circumstances(topic);
            for (number, partition) in (0..).zip(&topic.partitions) {
                if let Some(change) = decide(&circumstances, partition) {
                    changes.push((TopicPartition::new(name.clone(), number), change));
                }
            }
        }
        let changes = changes.into_iter();
        changes
            .map(|(of, change)| self.change(&of, change))
            .collect()
    }

    fn find(&self, of: &TopicPartition) -> Option<(Circumstances<'_>, &PartitionRegistration)> {
        let partition = self.image.partition(of)?;
        let topic = &self.image.topics[&of.topic];
        Some((self.circumstances(topic), partition))
    }

    /// Each request has its own words for what there is not.
    fn unknown(&self, of: &TopicPartition, no_topic: String, no_partition: String) -> ApiError {
        let message = match self.image.topics.contains_key(&of.topic) {
            true => no_partition,
            false => no_topic,
        };
        (ErrorCode::UnknownTopicOrPartition, message)
    }

    fn change(&mut self, of: &TopicPartition, change: PartitionChange) -> MetadataRecord {
        let before = self.image.partition(of);
        let before = before.expect("the change was decided for a partition there is");
        let mut registration = PartitionRegistration::clone(before);
        registration.apply(change);
        self.take_in(MetadataRecord::PartitionChanged {
            partition: of.clone(),
            registration: Arc::new(registration),
        })
    }

    fn circumstances(&self, topic: &Topic) -> Circumstances<'_> {
        let configs = self.config.topic_configs(&topic.configs);
        let min_isr = topic_config::number(&configs, MIN_INSYNC_REPLICAS);
        let replicas = topic.partitions.first().map(|first| first.replicas.len());
        Circumstances {
            brokers: &self.image.brokers,
            unclean: topic_config::is_true(&configs, UNCLEAN_LEADER_ELECTION_ENABLE),
            min_insync_replicas: usize::try_from(min_isr)
                .unwrap_or_default()
                .min(replicas.unwrap_or_default()),
            elr_enabled: ELR_ENABLED,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::collections::BTreeMap;

    use super::*;
    use crate::config::BrokerConfig;
    use crate::protocol::{CreatableTopic, IsrMember, UNKNOWN_BROKER_EPOCH};
    use crate::sim::{Random, Stream};

    fn cluster(brokers: &[i32]) -> Controller {
        let settings = [("num.partitions", "6"), ("default.replication.factor", "3")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = BrokerConfig::new(settings.into()).unwrap();
        let mut controller =
            Controller::new(Arc::new(config), Random::new(1, Stream::Controller(0)));
        for id in brokers {
            controller.register_broker(*id, (0, 0), None);
            controller.unfence_broker(*id);
        }
        controller
    }

    fn create(controller: &mut Controller, configs: &[(&str, &str)]) -> ErrorCode {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let configs: BTreeMap<_, _> = configs.iter().map(owned).collect();
        let request = CreatableTopic {
            name: "t".into(),
            num_partitions: -1,
            replication_factor: -1,
            assignments: BTreeMap::new(),
            configs,
        };
        controller.create_topic(request).0.error_code
    }

    fn leaders(controller: &Controller) -> Vec<Option<i32>> {
        let topic = &controller.image().topics["t"];
        topic.partitions.iter().map(|p| p.leader).collect()
    }

    #[test]
    fn others_lead_what_a_fenced_broker_led_and_the_last_one_stays_in_sync() {
        let mut controller = cluster(&[1, 2, 3]);
        create(&mut controller, &[]);
        controller.fence_broker(1);
        assert!(!leaders(&controller).contains(&Some(1)));
        controller.fence_broker(2);
        assert_eq!(leaders(&controller), [Some(3); 6]);
        controller.fence_broker(3);
        assert_eq!(leaders(&controller), [None; 6]);
        assert!(
            controller.image().topics["t"]
                .partitions
                .iter()
                .all(|p| p.isr == [3])
        );
        assert_eq!(controller.unfence_broker(1).len(), 1, "it is not in sync");
        assert_eq!(controller.unfence_broker(3).len(), 1 + 6);
    }

    #[test]
    fn an_unclean_topic_is_led_by_whoever_is_there() {
        let mut controller = cluster(&[1, 2, 3]);
        create(&mut controller, &[(UNCLEAN_LEADER_ELECTION_ENABLE, "true")]);
        for broker in [1, 2, 3] {
            controller.fence_broker(broker);
        }
        controller.unfence_broker(1);
        let partition = &controller.image().topics["t"].partitions[0];
        assert_eq!((partition.leader, &partition.isr[..]), (Some(1), &[1][..]));
        assert!(partition.recovering);
    }

    #[test]
    fn new_partitions_are_in_sync_with_active_brokers_only() {
        let mut controller = cluster(&[1, 2, 3]);
        controller.begin_controlled_shutdown(2);
        assert_eq!(create(&mut controller, &[]), ErrorCode::None);
        for partition in &controller.image().topics["t"].partitions {
            assert_eq!(partition.replicas.len(), 3);
            assert_eq!(partition.isr.len(), 2);
            assert!(partition.leader.is_some_and(|leader| leader != 2));
        }
    }

    /// A leader's request may be long on its way. Meanwhile the broker that it
    /// wants in the ISR has started anew, perhaps with an empty disk.
    #[test]
    fn only_the_run_of_a_broker_that_is_registered_comes_into_the_isr() {
        let mut controller = cluster(&[1, 2, 3]);
        create(&mut controller, &[]);
        controller.fence_broker(2);
        controller.register_broker(2, (7, 1), None);
        controller.unfence_broker(2);
        let of = TopicPartition::new("t", 0);
        let mut ask = |epoch| {
            let partition = controller.image().partition(&of).unwrap();
            let leader = partition.leader.unwrap();
            let member = |broker_id, broker_epoch| IsrMember {
                broker_id,
                broker_epoch,
            };
            let request = AlterPartition {
                broker_id: leader,
                leader_epoch: partition.leader_epoch,
                partition_epoch: partition.partition_epoch,
                new_isr_with_epochs: vec![member(leader, 0), member(2, epoch)],
                recovering: false,
            };
            controller.alter_partition(&of, &request).0
        };
        assert_eq!(ask(0), ErrorCode::IneligibleReplica, "the run before");
        assert_eq!(ask(8), ErrorCode::IneligibleReplica, "one that is not yet");
        assert_eq!(ask(7), ErrorCode::None);
        assert_eq!(ask(UNKNOWN_BROKER_EPOCH), ErrorCode::None);
    }

    #[test]
    fn a_partition_cannot_move_to_where_there_is_no_broker() {
        let mut controller = cluster(&[1, 2, 3]);
        create(&mut controller, &[]);
        let before = controller.image().clone();
        let first = TopicPartition::new("t", 0);
        let refused = controller.alter_reassignment(&first, Some(&[1, 9]));
        let message = "The manual partition assignment includes broker 9, but no such broker is \
                       registered.";
        let error = (ErrorCode::InvalidReplicaAssignment, message.to_owned());
        assert_eq!(refused, Err(error));
        assert_eq!(controller.image(), &before);
    }
}
