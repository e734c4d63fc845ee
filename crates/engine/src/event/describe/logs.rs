//! Topics, their records and logs.

use std::fmt;

use super::super::EventKind;
use super::{Described, counted};
use crate::log::DeletionReason;
use crate::sim::NodeId;

impl Described<'_> {
    pub(super) fn topics(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::TopicCreated { topic, partitions } => write!(
                f,
                "Topic {topic} is created with {}.",
                counted(i64::from(*partitions), "partition")
            ),
            EventKind::TopicDeleted { topic } => write!(f, "Topic {topic} is deleted."),
            EventKind::ConfigChanged {
                resource,
                name,
                value,
            } => match value {
                Some(value) => write!(f, "{name} of {resource} is {value} now."),
                None => write!(f, "{name} of {resource} has its default again."),
            },
            EventKind::PartitionsAdded { topic, from, to } => write!(
                f,
                "Topic {topic} now has {to} partitions instead of {from}; records stay where they are."
            ),
            _ => return None,
        })
    }

    pub(super) fn records(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
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

    pub(super) fn appends(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            EventKind::RecordsAppended {
                topic_partition,
                base_offset,
                records,
                from,
                ..
            } => {
                let producer = self.node(*from);
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
                let producer = self.node(*from);
                write!(
                    f,
                    "{topic_partition} knows {} of {producer} by sequence number: it has them since offset {base_offset}, and does not store them again.",
                    counted(i64::from(*records), "record")
                )
            }
            _ => return None,
        })
    }

    fn node(&self, node: NodeId) -> String {
        match node {
            NodeId::Client(client) => self.names.name(client),
            NodeId::Broker(broker) => format!("broker {broker}"),
            NodeId::Controller(controller) => format!("controller {controller}"),
            NodeId::ZooKeeper => "ZooKeeper".to_owned(),
        }
    }

    pub(super) fn logs(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
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
