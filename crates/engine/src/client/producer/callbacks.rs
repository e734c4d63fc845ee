//! What an application hears of its records, and when.
//!
//! The Java producer calls back at once, on its sender's thread. librdkafka,
//! and with it the Python client, queues callbacks until the application calls
//! `poll()` or `flush()` (`delivery.callbacks.on.poll`, a setting of Kafka
//! Lanes' own).

use super::Producer;
use crate::event::EventKind;
use crate::protocol::{TopicName, TopicPartition};
use crate::sim::Fabric;

/// A callback for some records that waits for `poll()` or `flush()`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Callback {
    /// The topic.
    pub topic: TopicName,
    /// The partition, where one was chosen.
    pub partition: Option<i32>,
    /// The first record's offset, where it is known.
    pub base_offset: Option<i64>,
    /// How many records, each with a callback.
    pub records: i32,
    /// The exception and its message, when they were not delivered.
    pub error: Option<(String, String)>,
}

/// Somebody waits in `flush()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Flush {
    /// For the records sent before this one.
    before_record: u64,
    /// For the batches before this one, once all of those records are in one.
    before_batch: Option<u64>,
}

impl Producer {
    /// The callbacks that wait for `poll()` or `flush()`, oldest first.
    pub fn queued_callbacks(&self) -> impl Iterator<Item = &Callback> {
        self.callbacks.iter()
    }

    /// Whether somebody waits in `flush()`.
    pub fn is_flushing(&self) -> bool {
        self.flush.is_some()
    }

    /// `poll()`: runs the callbacks that have queued up.
    pub(crate) fn poll(&mut self, fabric: &mut Fabric) {
        self.serve_callbacks(fabric);
    }

    /// `flush()`: sends all that is held without lingering, and waits until
    /// all that was sent so far is delivered or has failed.
    pub(crate) fn flush(&mut self, fabric: &mut Fabric) {
        self.flush = Some(Flush {
            before_record: self.records_sent,
            before_batch: None,
        });
        self.accumulator.set_flushing(true);
        self.serve_callbacks(fabric);
        self.go_on(fabric);
    }

    /// Lets those go who wait in `flush()`, when nothing is left to wait for.
    pub(super) fn end_flush(&mut self, fabric: &mut Fabric) {
        let Some(mut flush) = self.flush else {
            return;
        };
        let first = self.waiting.front();
        if first.is_some_and(|first| first.number < flush.before_record) {
            return;
        }
        let next = self.accumulator.next_batch_id();
        let before = *flush.before_batch.get_or_insert(next);
        self.flush = Some(flush);
        let held = self.batches().chain(self.in_flight_batches());
        if held.into_iter().any(|(_, batch)| batch.origin < before) {
            return;
        }
        self.flush = None;
        self.accumulator.set_flushing(false);
        fabric.emit(EventKind::Flushed {
            producer: self.connection.number,
        });
    }

    /// Runs what has queued up.
    pub(super) fn serve_callbacks(&mut self, fabric: &mut Fabric) {
        for callback in std::mem::take(&mut self.callbacks) {
            fabric.emit(EventKind::CallbackRun {
                producer: self.connection.number,
                callback,
            });
        }
    }

    /// Records are stored; with `acks=0` that is taken for granted.
    pub(super) fn delivered(
        &mut self,
        fabric: &mut Fabric,
        of: TopicPartition,
        records: i32,
        base_offset: i64,
    ) {
        let base_offset = (base_offset >= 0).then_some(base_offset);
        fabric.emit(EventKind::Delivered {
            producer: self.connection.number,
            topic_partition: of.clone(),
            base_offset,
            records,
        });
        self.call_back(fabric, || Callback {
            topic: of.topic,
            partition: Some(of.partition),
            base_offset,
            records,
            error: None,
        });
    }

    /// The producer has given up on records.
    pub(super) fn failed(
        &mut self,
        fabric: &mut Fabric,
        (topic, partition): (TopicName, Option<i32>),
        records: i32,
        (exception, message): (String, String),
    ) {
        fabric.emit(EventKind::SendFailed {
            producer: self.connection.number,
            topic: topic.clone(),
            partition,
            records,
            exception: exception.clone(),
            message: message.clone(),
        });
        self.call_back(fabric, || Callback {
            topic,
            partition,
            base_offset: None,
            records,
            error: Some((exception, message)),
        });
    }

    /// Who waits in `flush()` or `close()` serves callbacks as they come.
    fn call_back(&mut self, fabric: &mut Fabric, callback: impl FnOnce() -> Callback) {
        if self.config.callbacks_on_poll {
            self.callbacks.push_back(callback());
            if self.flush.is_some() || self.closing {
                self.serve_callbacks(fabric);
            }
        }
    }
}
