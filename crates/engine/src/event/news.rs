//! What of it is news, and which topic it is about.

use super::kind::EventKind;
use crate::client::connect::is_bookkeeping;
use crate::coordinator::GroupEvent;
use crate::coordinator::consumer_group::ConsumerGroupEvent;
use crate::protocol::ConfigResourceType;

impl EventKind {
    /// Whether an onlooker should be told, or it is one of many steps of
    /// something they are told of anyway.
    pub fn is_news(&self) -> bool {
        if self.topic().is_some_and(is_bookkeeping) {
            return matches!(self, EventKind::RecordsLost { .. });
        }
        match self {
            EventKind::RecordsAccumulated { .. }
            | EventKind::RecordsReplicated { .. }
            | EventKind::LeaderStarted { .. }
            | EventKind::Delivered { .. }
            | EventKind::SendReturned { .. }
            | EventKind::AdminAnswered { .. } => false,
            EventKind::ClientStarted { kind, .. } | EventKind::ClientClosed { kind, .. } => {
                *kind != "admin client"
            }
            EventKind::PartitionsRevoked { .. } => true,
            EventKind::Group(event) => is_group_news(event),
            EventKind::Share(event) => event.is_news(),
            EventKind::Transaction(event) => event.is_news(),
            EventKind::Consumer { event, .. } => event.is_news(),
            EventKind::Connector { event, .. } => event.is_news(),
            _ => true,
        }
    }

    /// The topic that it is about, where it is about one.
    pub fn topic(&self) -> Option<&str> {
        Some(match self {
            EventKind::TopicCreated { topic, .. }
            | EventKind::TopicDeleted { topic }
            | EventKind::PartitionsAdded { topic, .. }
            | EventKind::SendFailed { topic, .. } => topic,
            EventKind::ConfigChanged { resource, .. }
                if resource.resource_type == ConfigResourceType::Topic =>
            {
                &resource.resource_name
            }
            EventKind::LeaderElected {
                topic_partition, ..
            }
            | EventKind::IsrChanged {
                topic_partition, ..
            }
            | EventKind::ReplicasChanged {
                topic_partition, ..
            }
            | EventKind::LeaderStarted {
                topic_partition, ..
            }
            | EventKind::RecordsReplicated {
                topic_partition, ..
            }
            | EventKind::ReplicationFailed {
                topic_partition, ..
            }
            | EventKind::RecordsTruncated {
                topic_partition, ..
            }
            | EventKind::RecordsLost {
                topic_partition, ..
            }
            | EventKind::RecordsAccumulated {
                topic_partition, ..
            }
            | EventKind::RecordsAppended {
                topic_partition, ..
            }
            | EventKind::RecordsDeleted {
                topic_partition, ..
            }
            | EventKind::LogCleaned {
                topic_partition, ..
            }
            | EventKind::Delivered {
                topic_partition, ..
            }
            | EventKind::PositionReset {
                topic_partition, ..
            }
            | EventKind::RecordsRead {
                topic_partition, ..
            } => &topic_partition.topic,
            _ => return None,
        })
    }
}

fn is_group_news(event: &GroupEvent) -> bool {
    if let GroupEvent::Consumer(event) = event {
        return matches!(
            event,
            ConsumerGroupEvent::MemberJoined { .. }
                | ConsumerGroupEvent::MemberReplaced { .. }
                | ConsumerGroupEvent::MemberLeft { .. }
                | ConsumerGroupEvent::MemberFenced { .. }
                | ConsumerGroupEvent::TargetAssignmentComputed { .. }
        );
    }
    !matches!(
        event,
        GroupEvent::GroupCreated { .. }
            | GroupEvent::GroupDeleted { .. }
            | GroupEvent::MemberIdGiven { .. }
            | GroupEvent::MemberRejoined { .. }
            | GroupEvent::StateChanged { .. }
            | GroupEvent::Assigned { .. }
    )
}
