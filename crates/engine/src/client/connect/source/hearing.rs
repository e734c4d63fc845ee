//! What the clients of a source's task tell it.

use super::super::config::{ConnectorConfig, ErrorsTolerance};
use super::super::offsets::{OFFSETS_TOPIC, describe_topic};
use super::super::{ConnectorEvent, tell};
use super::{SourceTask, Step};
use crate::client::{Admin, Consumer, SubscriptionType};
use crate::event::EventKind;
use crate::protocol::{ErrorCode, Response, TopicPartition};
use crate::sim::Fabric;

/// How long it waits until it looks again whether brokers know of the topic
/// with the offsets, in milliseconds.
const RETRY_MS: i64 = 100;

impl SourceTask {
    /// Returns what its task fails with.
    pub(super) fn hear(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        admin: &mut Option<&mut Admin>,
        reader: &mut Option<&mut Consumer>,
        event: usize,
    ) -> Option<String> {
        match fabric.events[event].kind.clone() {
            EventKind::AdminAnswered {
                admin: number,
                response,
            } if number == self.admin => self.on_answer(fabric, admin, reader, response),
            EventKind::AdminFailed {
                admin,
                exception,
                message,
            } if admin == self.admin => Some(format!(
                "ConnectException: Timed out while checking for or creating topic(s) \
                 '{OFFSETS_TOPIC}'. This could indicate a connectivity issue, unavailable topic \
                 partitions, or if this is your first use of the topic it may have taken too long \
                 to create.\nCaused by: {exception}: {message}"
            )),
            EventKind::ConsumerFailed {
                consumer,
                exception,
                message,
            } if consumer == self.reader => Some(format!(
                "ConnectException: Failed to read the offsets of source connectors.\n\
                 Caused by: {exception}: {message}"
            )),
            EventKind::RecordsAccumulated {
                producer,
                topic_partition,
                records,
            } if producer == self.producer => {
                if !is_offsets(&topic_partition) {
                    self.submitted.place(&topic_partition, records.len());
                }
                None
            }
            EventKind::Delivered {
                producer,
                topic_partition,
                records,
                ..
            } if producer == self.producer => {
                self.on_delivered(fabric, config, &topic_partition, records);
                None
            }
            EventKind::SendFailed {
                producer,
                topic,
                partition,
                records,
                exception,
                message,
            } if producer == self.producer => {
                let of = partition.map(|number| TopicPartition::new(topic.clone(), number));
                if &*topic == OFFSETS_TOPIC {
                    self.offsets_sent.pop_front();
                    self.give_up_flush(fabric, config);
                    return None;
                }
                let why = format!("{exception}: {message}");
                self.on_send_failed(fabric, config, of, records.unsigned_abs() as usize, why)
            }
            _ => None,
        }
    }

    fn on_answer(
        &mut self,
        fabric: &mut Fabric,
        admin: &mut Option<&mut Admin>,
        reader: &mut Option<&mut Consumer>,
        response: Response,
    ) -> Option<String> {
        match (&self.step, response) {
            (Step::Creating, Response::CreateTopics(response)) => {
                let created = response.topics.first()?;
                let error = created.error_code;
                if !error.is_none() && error != ErrorCode::TopicAlreadyExists {
                    let words = created.error_message.as_deref();
                    return Some(format!(
                        "ConnectException: Error while attempting to create/find topic(s) \
                         '{OFFSETS_TOPIC}'\nCaused by: {}: {}",
                        error.exception(),
                        words.unwrap_or(error.message())
                    ));
                }
                self.describe(fabric, admin);
            }
            (Step::Describing { .. }, Response::Metadata(response)) => {
                let topic = response.topics.into_iter().next();
                let partitions = topic.map(|it| it.partitions).unwrap_or_default();
                if partitions.is_empty() {
                    let again_at = Some(fabric.now.plus_ms(RETRY_MS));
                    self.step = Step::Describing { again_at };
                } else if let Some(reader) = reader {
                    let of = |it: i32| TopicPartition::new(OFFSETS_TOPIC, it);
                    let all = partitions.iter().map(|it| of(it.partition_index));
                    self.step = Step::Reading { found: None };
                    reader.subscribe(fabric, SubscriptionType::Partitions(all.collect()));
                }
            }
            _ => {}
        }
        None
    }

    pub(super) fn describe(&mut self, fabric: &mut Fabric, admin: &mut Option<&mut Admin>) {
        self.step = Step::Describing { again_at: None };
        if let Some(admin) = admin {
            admin.call(fabric, describe_topic());
        }
    }

    fn on_delivered(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        of: &TopicPartition,
        records: i32,
    ) {
        let records = records.unsigned_abs() as usize;
        if !is_offsets(of) {
            self.submitted.settle(of, records);
            return;
        }
        let mut stored = self
            .offsets_sent
            .drain(..records.min(self.offsets_sent.len()));
        if let Some(position) = stored.next_back() {
            drop(stored);
            self.committed = position;
            self.flushing = None;
            tell(
                fabric,
                &config.name,
                ConnectorEvent::OffsetCommitted { position },
            );
        }
    }

    /// The producer has given up on records (`producerSendException`).
    fn on_send_failed(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        of: Option<TopicPartition>,
        records: usize,
        why: String,
    ) -> Option<String> {
        let first = match &of {
            Some(of) => self.submitted.settle(of, records),
            None => self.submitted.drop_unplaced(records),
        };
        self.cannot_send(fabric, config, (of, first), why)
    }

    pub(super) fn cannot_send(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        (topic_partition, change): (Option<TopicPartition>, Option<u64>),
        why: String,
    ) -> Option<String> {
        if config.errors_tolerance == ErrorsTolerance::All {
            let offset = None;
            let event = ConnectorEvent::RecordSkipped {
                topic_partition,
                offset,
                why,
            };
            tell(fabric, &config.name, event);
            return None;
        }
        self.lost = self.lost.into_iter().chain(change).min();
        Some(format!(
            "ConnectException: Unrecoverable exception from producer send callback\n\
             Caused by: {why}"
        ))
    }
}

fn is_offsets(of: &TopicPartition) -> bool {
    &*of.topic == OFFSETS_TOPIC
}
