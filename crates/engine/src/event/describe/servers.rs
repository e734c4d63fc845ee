//! Brokers, controllers, and the replicas they have.

use std::fmt;

use super::super::EventKind;
use super::{Described, counted};

impl Described<'_> {
    pub(super) fn controllers(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
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
            EventKind::ControllerStarted { controller } => {
                write!(f, "Controller {controller} starts.")
            }
            EventKind::ControllerKilled { controller } => {
                write!(f, "Controller {controller} is killed.")
            }
            _ => return None,
        })
    }

    pub(super) fn brokers(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::BrokerStarted { broker } => write!(f, "Broker {broker} starts."),
            EventKind::BrokerStopped { broker } => write!(f, "Broker {broker} has stopped."),
            EventKind::BrokerKilled { broker } => write!(f, "Broker {broker} is killed."),
            EventKind::ServerFrozen { server } => write!(
                f,
                "Server {server} is frozen (SIGSTOP): its connections stay open, and it does \
                 nothing."
            ),
            EventKind::ServerThawed { server } => write!(
                f,
                "Server {server} goes on (SIGCONT) with what has waited for it."
            ),
            EventKind::DiskLost { broker } => write!(
                f,
                "Broker {broker} loses its disk with all that was on it, and stops."
            ),
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

    pub(super) fn leaders(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
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
            _ => return None,
        })
    }

    pub(super) fn copies(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
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
}

fn ids(brokers: &[i32]) -> String {
    let names: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    match names.len() {
        0 => "no broker".to_owned(),
        1 => format!("broker {}", names[0]),
        _ => format!("brokers {}", names.join(", ")),
    }
}
