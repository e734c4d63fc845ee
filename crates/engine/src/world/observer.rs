//! What an onlooker knows who sees everything: the metadata that is
//! committed, who led, and what is lost. Nobody in the cluster asks them.

use crate::collections::BTreeMap;

use super::World;
use super::processed::Ledger;
use super::rebalances::RebalanceTracker;
use crate::controller::quorum::LogEntry;
use crate::controller::zookeeper::ZooKeeper;
use crate::controller::{MetadataImage, MetadataRecord, PartitionRegistration};
use crate::event::EventKind;
use crate::protocol::TopicPartition;

/// The onlooker.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Observer {
    /// The cluster up to `offset`.
    pub image: MetadataImage,
    /// How much of the metadata log was told.
    offset: i64,
    /// Who leads each partition, or led it last.
    last_leaders: BTreeMap<TopicPartition, i32>,
    /// How far each partition was committed when its leader changed, or lost
    /// its disk.
    committed: BTreeMap<TopicPartition, i64>,
    /// What rebalances cost.
    pub rebalances: RebalanceTracker,
    /// What groups have processed.
    pub ledger: Ledger,
}

impl Observer {
    /// Who leads a partition, or led it last.
    pub fn leader(&self, of: &TopicPartition) -> Option<i32> {
        let now = self.image.partition(of)?.leader;
        now.or_else(|| self.last_leaders.get(of).copied())
    }

    /// What was not told yet of the metadata log as far as it is committed.
    fn news(&self, committed: &[LogEntry]) -> Vec<LogEntry> {
        let news = committed.get(self.offset as usize..);
        news.map(<[LogEntry]>::to_vec).unwrap_or_default()
    }
}

impl World {
    /// Tells what a controller has committed since the last time.
    pub(super) fn observe(&mut self, controller: i32) {
        let quorum = self.controllers[&controller].quorum();
        let committed = &quorum.log()[..quorum.high_watermark() as usize];
        let news = self.observer.news(committed);
        self.take_in(news);
    }

    /// Tells what ZooKeeper has been given since the last time.
    pub(super) fn observe_zookeeper(&mut self) {
        let written = self.zookeeper.as_ref().map_or(&[][..], ZooKeeper::log);
        let news = self.observer.news(written);
        self.take_in(news);
    }

    fn take_in(&mut self, news: Vec<LogEntry>) {
        self.observer.offset += news.len() as i64;
        for (_, record) in news {
            self.tell(&record);
            self.observer.image.apply(&record);
            self.forget_deleted(&record);
        }
    }

    fn tell(&mut self, record: &MetadataRecord) {
        let kind = match record {
            MetadataRecord::LeaderChange { .. }
            | MetadataRecord::BrokerRegistered { .. }
            | MetadataRecord::ProducerIds { .. } => return,
            MetadataRecord::BrokerFenced { id } => EventKind::BrokerFenced { broker: *id },
            MetadataRecord::BrokerUnfenced { id } => EventKind::BrokerUnfenced { broker: *id },
            MetadataRecord::BrokerInControlledShutdown { id } => {
                EventKind::BrokerStopping { broker: *id }
            }
            MetadataRecord::TopicCreated { name, topic } => EventKind::TopicCreated {
                topic: name.clone(),
                partitions: topic.partitions.len() as i32,
            },
            MetadataRecord::TopicDeleted { name } => EventKind::TopicDeleted {
                topic: name.clone(),
            },
            MetadataRecord::PartitionsCreated {
                name,
                first,
                partitions,
            } => EventKind::PartitionsAdded {
                topic: name.clone(),
                from: *first,
                to: *first + partitions.len() as i32,
            },
            MetadataRecord::PartitionChanged {
                partition,
                registration,
            } => return self.tell_change(partition, registration),
            MetadataRecord::ConfigChanged {
                resource,
                name,
                value,
            } => EventKind::ConfigChanged {
                resource: resource.clone(),
                name: name.clone(),
                value: value.clone(),
            },
        };
        self.fabric.emit(kind);
    }

    fn tell_change(&mut self, of: &TopicPartition, now: &PartitionRegistration) {
        let Some(before) = self.observer.image.partition(of).cloned() else {
            return;
        };
        let topic_partition = of.clone();
        if before.leader_epoch != now.leader_epoch {
            self.note_committed(of);
            if let Some(leader) = before.leader {
                self.observer.last_leaders.insert(of.clone(), leader);
            }
            self.fabric.emit(EventKind::LeaderElected {
                topic_partition: topic_partition.clone(),
                leader: now.leader,
                leader_epoch: now.leader_epoch,
                is_unclean: now
                    .leader
                    .is_some_and(|leader| !before.isr.contains(&leader)),
            });
        }
        if before.isr != now.isr {
            self.fabric.emit(EventKind::IsrChanged {
                topic_partition: topic_partition.clone(),
                from: before.isr.clone(),
                to: now.isr.clone(),
            });
        }
        let moving = |of: &PartitionRegistration| {
            (of.replicas.clone(), of.adding.clone(), of.removing.clone())
        };
        if moving(&before) != moving(now) {
            self.fabric.emit(EventKind::ReplicasChanged {
                topic_partition,
                replicas: now.replicas.clone(),
                adding: now.adding.clone(),
                removing: now.removing.clone(),
            });
        }
    }

    fn forget_deleted(&mut self, record: &MetadataRecord) {
        if let MetadataRecord::TopicDeleted { name } = record {
            let Observer {
                last_leaders,
                committed,
                ..
            } = &mut self.observer;
            last_leaders.retain(|of, _| of.topic != *name);
            committed.retain(|of, _| of.topic != *name);
        }
    }

    /// Notes how far a partition is committed, before its leader is another.
    pub(super) fn note_committed(&mut self, of: &TopicPartition) {
        if let Some(partition) = self.partition(of) {
            let high_watermark = partition.high_watermark();
            let committed = self.observer.committed.entry(of.clone()).or_insert(0);
            *committed = (*committed).max(high_watermark);
        }
    }

    /// A broker begins to lead: what was committed and is not in its log is
    /// lost.
    pub(super) fn look_for_losses(&mut self, first_event: usize) {
        let mut losses = Vec::new();
        for event in &self.fabric.events[first_event..] {
            let EventKind::LeaderStarted {
                topic_partition,
                log_end_offset,
                ..
            } = &event.kind
            else {
                continue;
            };
            if let Some(committed) = self.observer.committed.get_mut(topic_partition)
                && log_end_offset < committed
            {
                losses.push(EventKind::RecordsLost {
                    topic_partition: topic_partition.clone(),
                    from: *log_end_offset,
                    to: *committed,
                });
                *committed = *log_end_offset;
            }
        }
        for loss in losses {
            self.fabric.emit(loss);
        }
    }
}
