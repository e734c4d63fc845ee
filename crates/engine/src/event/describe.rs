//! Events in plain words.

use std::fmt;

use super::consumer_group::describe_consumer_group;
use super::{ClientNames, EventKind};
use crate::coordinator::{GroupEvent, RemovalCause};
use crate::log::DeletionReason;
use crate::protocol::TopicPartition;
use crate::sim::NodeId;
use crate::world::Rebalance;

pub(super) struct Described<'a> {
    pub kind: &'a EventKind,
    pub names: &'a dyn ClientNames,
}

impl Described<'_> {
    fn clients(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::ClientStarted {
                kind, client_id, ..
            } => write!(f, "{client_id} starts: a {kind}."),
            EventKind::ClientClosed { client_id, .. } => write!(f, "{client_id} has closed."),
            EventKind::ClientFrozen { client_id, .. } => write!(
                f,
                "{client_id} is frozen (SIGSTOP): its connections stay open, and it does nothing."
            ),
            EventKind::ClientThawed { client_id, .. } => {
                write!(
                    f,
                    "{client_id} goes on (SIGCONT) with what has waited for it."
                )
            }
            EventKind::ClientCrashed {
                client_id,
                records_lost,
                ..
            } => match records_lost {
                0 => write!(f, "{client_id} is killed. Nobody is told."),
                lost => write!(
                    f,
                    "{client_id} is killed with {} it had not been told are stored.",
                    counted(i64::from(*lost), "record")
                ),
            },
            EventKind::ClientLog { client, text, .. } => {
                write!(f, "{}: {text}", self.names.name(*client))
            }
            _ => return None,
        })
    }

    fn topics(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::TopicCreated { topic, partitions } => write!(
                f,
                "Topic {topic} is created with {}.",
                counted(i64::from(*partitions), "partition")
            ),
            EventKind::TopicDeleted { topic } => write!(f, "Topic {topic} is deleted."),
            EventKind::PartitionsAdded { topic, from, to } => write!(
                f,
                "Topic {topic} now has {to} partitions instead of {from}; records stay where they are."
            ),
            _ => return None,
        })
    }

    fn records(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::RecordsAccumulated {
                producer,
                topic_partition,
                records,
            } => write!(
                f,
                "{} puts {} for {topic_partition} into its accumulator.",
                self.names.name(*producer),
                counted(records.len() as i64, "record")
            ),
            EventKind::Delivered {
                producer,
                topic_partition,
                records,
                ..
            } => write!(
                f,
                "{} is told that {} for {topic_partition} is stored.",
                self.names.name(*producer),
                counted(i64::from(*records), "record")
            ),
            EventKind::SendFailed {
                producer,
                exception,
                message,
                ..
            } => write!(f, "{}: {exception}: {message}", self.names.name(*producer)),
            _ => return None,
        })
    }

    fn application(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::SendReturned {
                producer,
                topic_partition,
                undelivered,
            } => write!(
                f,
                "{}: send() returns. The record for {topic_partition} waits in the accumulator; {} not delivered yet.",
                self.names.name(*producer),
                match undelivered {
                    1 => "1 record is".to_owned(),
                    others => format!("{others} records are"),
                }
            ),
            EventKind::CallbackRun { producer, callback } => {
                let name = self.names.name(*producer);
                let records = counted(i64::from(callback.records), "record");
                let to = match callback.partition {
                    Some(partition) => format!("{}-{partition}", callback.topic),
                    None => callback.topic.to_string(),
                };
                match (&callback.error, callback.base_offset) {
                    (Some((exception, message)), _) => write!(
                        f,
                        "{name}: the callback for {records} of {to} runs: {exception}: {message}"
                    ),
                    (None, Some(offset)) => write!(
                        f,
                        "{name}: the callback for {records} of {to} runs: delivered at offset {offset}."
                    ),
                    (None, None) => {
                        write!(
                            f,
                            "{name}: the callback for {records} of {to} runs: delivered."
                        )
                    }
                }
            }
            EventKind::TransactionCallReturned {
                producer,
                call,
                error,
            } => match error {
                None => write!(f, "{}: {call}() returns.", self.names.name(*producer)),
                Some((exception, message)) => write!(
                    f,
                    "{}: {call}() fails: {exception}: {message}",
                    self.names.name(*producer)
                ),
            },
            EventKind::Processor { producer, event } => {
                event.describe(&self.names.name(*producer), f)
            }
            EventKind::Flushed { producer } => write!(
                f,
                "{}: flush() returns. All that was sent before is delivered or has failed.",
                self.names.name(*producer)
            ),
            EventKind::RecordsNeverSent {
                producer,
                topic,
                partition,
                records,
            } => {
                let to = match partition {
                    Some(partition) => format!("{topic}-{partition}"),
                    None => topic.to_string(),
                };
                write!(
                    f,
                    "{} ends without flush(): {} for {to} in its accumulator {} never sent.",
                    self.names.name(*producer),
                    counted(i64::from(*records), "record"),
                    if *records == 1 { "was" } else { "were" }
                )
            }
            _ => return None,
        })
    }

    fn logs(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::RecordsAppended {
                topic_partition,
                base_offset,
                records,
                from,
                ..
            } => {
                let producer = match from {
                    NodeId::Client(client) => self.names.name(*client),
                    NodeId::Broker(broker) => format!("broker {broker}"),
                    NodeId::Controller(controller) => format!("controller {controller}"),
                    NodeId::ZooKeeper => "ZooKeeper".to_owned(),
                };
                match records {
                    1 => write!(
                        f,
                        "{topic_partition} takes a record of {producer} at offset {base_offset}."
                    ),
                    records => write!(
                        f,
                        "{topic_partition} takes {records} records of {producer} at offsets {base_offset} to {}.",
                        base_offset + i64::from(*records) - 1
                    ),
                }
            }
            EventKind::DuplicateRecognized {
                topic_partition,
                base_offset,
                records,
                from,
                ..
            } => {
                let producer = match from {
                    NodeId::Client(client) => self.names.name(*client),
                    other => format!("{other:?}"),
                };
                write!(
                    f,
                    "{topic_partition} knows {} of {producer} by sequence number: it has them since offset {base_offset}, and does not store them again.",
                    counted(i64::from(*records), "record")
                )
            }
            EventKind::RecordsDeleted {
                topic_partition,
                from,
                to,
                reason,
                ..
            } => write!(
                f,
                "{topic_partition} now begins at offset {to} instead of {from}: {}.",
                describe_deletion(*reason)
            ),
            EventKind::LogCleaned {
                broker,
                topic_partition,
                cleaning,
            } => write!(
                f,
                "Broker {broker} compacts {topic_partition} up to offset {}: of {} {} stay, {} bytes instead of {}.",
                cleaning.cleaned_to,
                counted(cleaning.records_before as i64, "record"),
                cleaning.records_after,
                cleaning.bytes_after,
                cleaning.bytes_before
            ),
            _ => return None,
        })
    }

    fn servers(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::ControllerElected { controller, epoch } => write!(
                f,
                "Controller {controller} is the active controller, in epoch {epoch}."
            ),
            EventKind::ControllerNodeCreated { broker, epoch } => write!(
                f,
                "Broker {broker} is the first to create /controller in ZooKeeper: it is to be the controller, in epoch {epoch}."
            ),
            EventKind::ControllerNodeDeleted {
                broker,
                has_expired: true,
            } => write!(
                f,
                "ZooKeeper drops the session of broker {broker}, which has been silent for too long: /controller is free."
            ),
            EventKind::ControllerNodeDeleted { broker, .. } => write!(
                f,
                "Broker {broker} ends its session with ZooKeeper: /controller is free."
            ),
            EventKind::ControllerWriteRefused {
                broker,
                epoch,
                current_epoch,
            } => write!(
                f,
                "ZooKeeper refuses what broker {broker} writes as the controller of epoch {epoch}: it is so no longer, and /controller_epoch is {current_epoch}."
            ),
            EventKind::BrokerStarted { broker } => write!(f, "Broker {broker} starts."),
            EventKind::BrokerStopped { broker } => write!(f, "Broker {broker} has stopped."),
            EventKind::BrokerKilled { broker } => write!(f, "Broker {broker} is killed."),
            EventKind::DiskLost { broker } => write!(
                f,
                "Broker {broker} loses its disk with all that was on it, and stops."
            ),
            EventKind::ControllerStarted { controller } => {
                write!(f, "Controller {controller} starts.")
            }
            EventKind::ControllerKilled { controller } => {
                write!(f, "Controller {controller} is killed.")
            }
            EventKind::BrokerFenced { broker } => {
                write!(
                    f,
                    "The controller counts broker {broker} as gone: it is fenced."
                )
            }
            EventKind::BrokerUnfenced { broker } => {
                write!(f, "Broker {broker} takes part: it is unfenced.")
            }
            EventKind::BrokerStopping { broker } => write!(
                f,
                "Broker {broker} asks to stop, and others take over what it leads."
            ),
            EventKind::NetworkChanged { description } => write!(f, "{description}."),
            EventKind::BrokerSlowed {
                broker,
                request_us,
                disk_write_us,
            } => match (request_us, disk_write_us) {
                (0, 0) => write!(f, "Broker {broker} is as fast as it was."),
                _ => write!(
                    f,
                    "Broker {broker} takes {} ms over each request, and {} ms more over each write.",
                    request_us / 1_000,
                    disk_write_us / 1_000
                ),
            },
            _ => return None,
        })
    }

    fn replicas(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::LeaderElected {
                topic_partition,
                leader,
                leader_epoch,
                is_unclean,
            } => match (leader, is_unclean) {
                (None, _) => write!(f, "{topic_partition} has no leader: nobody may lead it."),
                (Some(leader), false) => write!(
                    f,
                    "Broker {leader} leads {topic_partition} in epoch {leader_epoch}."
                ),
                (Some(leader), true) => write!(
                    f,
                    "Broker {leader} leads {topic_partition} in epoch {leader_epoch} although it was not in sync: an unclean election."
                ),
            },
            EventKind::IsrChanged {
                topic_partition,
                from,
                to,
            } => write!(
                f,
                "{topic_partition} has {} in sync instead of {}.",
                ids(to),
                ids(from)
            ),
            EventKind::ReplicasChanged {
                topic_partition,
                replicas,
                adding,
                removing,
            } => match adding.is_empty() && removing.is_empty() {
                true => write!(f, "{topic_partition} lies on {}.", ids(replicas)),
                false => write!(
                    f,
                    "{topic_partition} moves: {} come, {} go.",
                    ids(adding),
                    ids(removing)
                ),
            },
            EventKind::LeaderStarted {
                broker,
                topic_partition,
                log_end_offset,
                ..
            } => write!(
                f,
                "Broker {broker} begins to lead {topic_partition} at offset {log_end_offset}."
            ),
            EventKind::RecordsReplicated {
                broker,
                leader,
                topic_partition,
                from,
                to,
            } => write!(
                f,
                "Broker {broker} copies {topic_partition} from broker {leader}: offsets {from} to {}.",
                to - 1
            ),
            EventKind::ReplicationFailed {
                broker,
                leader,
                topic_partition,
            } => write!(
                f,
                "Broker {broker} copies {topic_partition} no more until it is restarted: what leader {leader} sends does not fit its log."
            ),
            EventKind::RecordsTruncated {
                broker,
                topic_partition,
                from,
                to,
            } => write!(
                f,
                "Broker {broker} cuts {} off its log of {topic_partition}, from offset {from} on: the leader does not have them.",
                counted(to - from, "record")
            ),
            EventKind::RecordsLost {
                topic_partition,
                from,
                to,
            } => write!(
                f,
                "{topic_partition} has lost {} that were committed, from offset {from} on: the new leader does not have them.",
                counted(to - from, "record")
            ),
            _ => return None,
        })
    }

    fn consumers(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::PartitionsAssigned {
                consumer,
                generation,
                partitions,
            } if partitions.is_empty() => write!(
                f,
                "{} gets no partition in generation {generation}: it is idle.",
                self.names.name(*consumer)
            ),
            EventKind::PartitionsAssigned {
                consumer,
                generation,
                partitions,
            } => write!(
                f,
                "{} gets {} in generation {generation}.",
                self.names.name(*consumer),
                listed(partitions)
            ),
            EventKind::PartitionsRevoked {
                consumer,
                partitions,
            } => write!(
                f,
                "{} gives up {}.",
                self.names.name(*consumer),
                listed(partitions)
            ),
            EventKind::PositionReset {
                consumer,
                topic_partition,
                offset,
                out_of_range,
            } => {
                let consumer = self.names.name(*consumer);
                match out_of_range {
                    None => write!(
                        f,
                        "{consumer} begins {topic_partition} at offset {offset}: its group has committed none."
                    ),
                    Some(position) => write!(
                        f,
                        "{consumer} goes on in {topic_partition} at offset {offset}: offset {position} is outside the log."
                    ),
                }
            }
            EventKind::RecordsRead {
                consumer,
                topic_partition,
                from,
                to,
                ..
            } => {
                let consumer = self.names.name(*consumer);
                match to - from {
                    1 => write!(f, "{consumer} reads {topic_partition} at offset {from}."),
                    _ => write!(
                        f,
                        "{consumer} reads {topic_partition} from offset {from} to {}.",
                        to - 1
                    ),
                }
            }
            EventKind::RebalanceMeasured(rebalance) => describe_rebalance(rebalance, f),
            EventKind::RecordsProcessedAgain {
                group,
                consumer,
                topic_partition,
                from,
                to,
            } => write!(
                f,
                "{} has processed {} of {topic_partition} again, from offset {from} on: group {group} had done so before.",
                self.names.name(*consumer),
                counted(to - from, "record")
            ),
            EventKind::RecordsSkipped {
                group,
                topic_partition,
                from,
                to,
                ..
            } => write!(
                f,
                "Group {group} passes over {} of {topic_partition}, from offset {from} on: nobody has processed them.",
                counted(to - from, "record")
            ),
            EventKind::Consumer { consumer, event } => {
                event.describe(&self.names.name(*consumer), f)
            }
            EventKind::ConsumerFailed {
                consumer,
                exception,
                message,
            } => write!(f, "{}: {exception}: {message}", self.names.name(*consumer)),
            _ => return None,
        })
    }
}

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(done) = self.clients(f) {
            return done;
        }
        if let Some(done) = self.topics(f) {
            return done;
        }
        if let Some(done) = self.records(f) {
            return done;
        }
        if let Some(done) = self.logs(f) {
            return done;
        }
        if let Some(done) = self.application(f) {
            return done;
        }
        if let Some(done) = self.consumers(f) {
            return done;
        }
        if let Some(done) = self.servers(f) {
            return done;
        }
        if let Some(done) = self.replicas(f) {
            return done;
        }
        match self.kind {
            EventKind::AdminAnswered { admin, response } => write!(
                f,
                "{} has its answer to {}.",
                self.names.name(*admin),
                response.api()
            ),
            EventKind::AdminFailed {
                admin,
                exception,
                message,
            } => write!(
                f,
                "{} gives up on a call: {exception}: {message}",
                self.names.name(*admin)
            ),
            EventKind::Group(event) => describe_group(event, f),
            EventKind::Share(event) => event.describe(self.names, f),
            EventKind::Transaction(event) => event.fmt(f),
            _ => Ok(()),
        }
    }
}

fn describe_rebalance(rebalance: &Rebalance, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let count = |partitions: &[TopicPartition]| partitions.len() as i64;
    write!(
        f,
        "Group {} has rebalanced within {} ms: {} given up, {} moved, {} kept; nobody read a partition for up to {} ms.",
        rebalance.group,
        rebalance.duration_us / 1_000,
        counted(count(&rebalance.revoked), "partition"),
        rebalance.moved.len(),
        rebalance.kept.len(),
        rebalance.longest_unread_us() / 1_000
    )
}

fn describe_group(event: &GroupEvent, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match event {
        GroupEvent::GroupCreated { group } => write!(f, "Group {group} comes into being."),
        GroupEvent::GroupDeleted { group } => write!(f, "Group {group} is gone."),
        GroupEvent::StateChanged {
            group, to, reason, ..
        } => write!(f, "Group {group} is {}: {reason}.", to.name()),
        GroupEvent::MemberIdGiven {
            group, client_id, ..
        } => write!(
            f,
            "{client_id} gets a member id from the coordinator of group {group}."
        ),
        GroupEvent::MemberAdded {
            group, client_id, ..
        } => write!(f, "{client_id} joins group {group}."),
        GroupEvent::MemberRejoined {
            group, client_id, ..
        } => write!(f, "{client_id} rejoins group {group}."),
        GroupEvent::MemberReplaced {
            group,
            group_instance_id,
            ..
        } => write!(
            f,
            "Static member {group_instance_id} of group {group} is back under a new member id."
        ),
        GroupEvent::MemberRemoved {
            group,
            client_id,
            cause,
            ..
        } => describe_removal(group, client_id, *cause, f),
        GroupEvent::RebalanceStarted { group, reason, .. } => {
            write!(f, "Group {group} rebalances: {reason}.")
        }
        GroupEvent::InitialRebalanceExtended { group, until } => write!(
            f,
            "Group {group} waits for more members until {until} (group.initial.rebalance.delay.ms)."
        ),
        GroupEvent::GenerationStarted {
            group,
            generation,
            protocol,
            members,
            ..
        } => write!(
            f,
            "Group {group} begins generation {generation} with {}; its leader assigns by {protocol}.",
            counted(members.len() as i64, "member")
        ),
        GroupEvent::Assigned {
            group, generation, ..
        } => write!(
            f,
            "Group {group} has its assignment for generation {generation}."
        ),
        GroupEvent::OffsetsCommitted { group, offsets, .. } => {
            let texts: Vec<String> = offsets
                .iter()
                .map(|(partition, committed)| format!("{partition} at {}", committed.offset))
                .collect();
            write!(f, "Group {group} commits {}.", texts.join(", "))
        }
        GroupEvent::Consumer(event) => describe_consumer_group(event, f),
        GroupEvent::OffsetsRemoved {
            group, partitions, ..
        } => write!(
            f,
            "Group {group} forgets its offsets of {}.",
            listed(partitions)
        ),
    }
}

fn describe_removal(
    group: &str,
    client_id: &str,
    cause: RemovalCause,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let why = match cause {
        RemovalCause::Left => return write!(f, "{client_id} leaves group {group}."),
        RemovalCause::SessionExpired => "no heartbeat came within session.timeout.ms",
        RemovalCause::PendingExpired => "it did not come back with the member id it was given",
        RemovalCause::JoinTimedOut => "it waited too long for its first generation",
        RemovalCause::RebalanceTimeout => "it did not rejoin within max.poll.interval.ms",
        RemovalCause::SyncTimeout => "it did not ask for its assignment in time",
        RemovalCause::GroupFull => "the group has group.max.size members already",
    };
    write!(f, "Group {group} drops {client_id}: {why}.")
}

fn describe_deletion(reason: DeletionReason) -> &'static str {
    match reason {
        DeletionReason::LogStartOffset => "the records before had been given up",
        DeletionReason::RetentionSize => "the log was larger than retention.bytes",
        DeletionReason::RetentionTime => "the records before were older than retention.ms",
        DeletionReason::ClientRequest => "a client asked to delete the records before",
        DeletionReason::LeaderLogStart => "that is where the leader's log begins",
    }
}

/// `1 record`, `3 records`.
pub fn counted(count: i64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn listed(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn ids(brokers: &[i32]) -> String {
    let names: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    match names.len() {
        0 => "no broker".to_owned(),
        1 => format!("broker {}", names[0]),
        _ => format!("brokers {}", names.join(", ")),
    }
}
