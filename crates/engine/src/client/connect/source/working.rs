//! What the task of a source does: it starts, polls and stores, and ends.

use std::sync::Arc;

use super::super::config::ConnectorConfig;
use super::super::offsets::{offset_record, stored_offset};
use super::super::tables::{Change, SourceTable};
use super::super::{ConnectorEvent, tell};
use super::{SourceTask, Step};
use crate::client::{Admin, Consumer, OutgoingRecord, Producer};
use crate::sim::Fabric;

/// How long its producer may take to close, in milliseconds.
const CLOSE_TIMEOUT_MS: i64 = 30_000;

impl SourceTask {
    /// Finds the topic with the offsets, and reads it to its end.
    pub(super) fn go_on_starting(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        admin: &mut Option<&mut Admin>,
        reader: &mut Option<&mut Consumer>,
    ) {
        if let Step::Describing { again_at: Some(at) } = self.step
            && at <= fabric.now
        {
            self.describe(fabric, admin);
        }
        let (Step::Reading { found }, Some(reader)) = (&mut self.step, reader) else {
            return;
        };
        while let Some(polled) = reader.handed_over(fabric.now) {
            let records = polled.iter().flat_map(|polled| &polled.records);
            let mut stored = records.filter_map(|(_, record)| stored_offset(config, record));
            *found = stored.next_back().or(*found);
            reader.done_with_handed(fabric);
        }
        let mut assigned = reader.assignment().values();
        let is_at_end =
            assigned.all(|of| of.position.is_some() && of.position == of.high_watermark);
        if !is_at_end {
            return;
        }
        let position = *found;
        self.position = position.unwrap_or(0);
        self.committed = self.position;
        self.poll_at = fabric.now;
        self.flush_at = fabric.now.plus_ms(config.offset_flush_interval_ms);
        self.step = Step::Running;
        reader.close(fabric);
        if let Some(admin) = admin {
            admin.close();
        }
        tell(
            fabric,
            &config.name,
            ConnectorEvent::OffsetRead { position },
        );
    }

    /// Polls and stores its offset, when each is due.
    pub(super) fn go_on_running(
        &mut self,
        fabric: &mut Fabric,
        (config, is_paused): (&ConnectorConfig, bool),
        producer: &mut Producer,
        table: &mut SourceTable,
    ) -> Option<String> {
        let mut failure = None;
        if !is_paused && self.poll_at <= fabric.now && !producer.is_sending() {
            self.poll_at = fabric.now.plus_ms(config.poll_interval_ms);
            failure = self.poll(fabric, config, producer, table);
        }
        if self.flush_at <= fabric.now {
            self.flush_at = fabric.now.plus_ms(config.offset_flush_interval_ms);
            self.flush(fabric, config, producer);
        }
        if self.flushing.is_some_and(|until| until <= fabric.now) {
            self.give_up_flush(fabric, config);
        }
        failure
    }

    /// Sends what has changed; returns what the task fails with.
    fn poll(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        producer: &mut Producer,
        table: &mut SourceTable,
    ) -> Option<String> {
        let most = config.batch_max_rows as usize;
        let changes: Vec<Arc<Change>> = table.read(self.position, most).to_vec();
        if changes.is_empty() {
            return None;
        }
        let (from, to) = (self.position, self.position + changes.len() as u64);
        let sent_before = table.note_sent(to);
        tell(
            fabric,
            &config.name,
            ConnectorEvent::ChangesSent { from, to },
        );
        if sent_before > from {
            let to = to.min(sent_before);
            let event = ConnectorEvent::ChangesSentAgain { from, to };
            tell(fabric, &config.name, event);
        }
        let mut failure = None;
        for (number, change) in (from..).zip(&changes) {
            let record = record_of(config, change);
            match producer.check(&record) {
                Ok(()) => {
                    self.submitted.submit(number);
                    producer.send(fabric, record);
                }
                // Its callback is told at once.
                Err(refusal) => {
                    let exception = refusal.exception().unwrap_or("KafkaException");
                    let why = format!("{exception}: {refusal}");
                    let failed = self.cannot_send(fabric, config, (None, Some(number)), why);
                    failure = failure.or(failed);
                }
            }
        }
        self.position = to;
        failure
    }

    /// Stores how far everything is acknowledged, if that is news.
    fn flush(&mut self, fabric: &mut Fabric, config: &ConnectorConfig, producer: &mut Producer) {
        let position = self.acknowledged();
        let record = offset_record(config, position);
        let is_news = position > self.committed && self.flushing.is_none();
        if is_news && producer.check(&record).is_ok() {
            self.flushing = Some(fabric.now.plus_ms(config.offset_flush_timeout_ms));
            self.offsets_sent.push_back(position);
            producer.send(fabric, record);
        }
    }

    pub(super) fn give_up_flush(&mut self, fabric: &mut Fabric, config: &ConnectorConfig) {
        if self.flushing.take().is_some() {
            tell(fabric, &config.name, ConnectorEvent::OffsetFlushFailed);
        }
    }

    /// Waits for what it has sent, stores its offset, waits for that, and closes
    /// its clients.
    pub(super) fn go_on_ending(
        &mut self,
        fabric: &mut Fabric,
        config: &ConnectorConfig,
        producer: &mut Producer,
        admin: &mut Option<&mut Admin>,
        reader: &mut Option<&mut Consumer>,
    ) {
        if let Step::Ending { until } = self.step
            && (until <= fabric.now || self.submitted.first().is_none())
        {
            self.step = Step::Flushing;
            self.flushing = None;
            self.flush(fabric, config, producer);
        }
        if self.step == Step::Flushing {
            if self.flushing.is_some_and(|until| until <= fabric.now) {
                self.give_up_flush(fabric, config);
            }
            if self.flushing.is_none() {
                self.step = Step::Closing { until: None };
            }
        }
        let Step::Closing { until: None } = self.step else {
            return;
        };
        let until = Some(fabric.now.plus_ms(CLOSE_TIMEOUT_MS));
        self.step = Step::Closing { until };
        if !producer.is_closing() {
            producer.close(fabric);
        }
        if let Some(admin) = admin {
            admin.close();
        }
        if let Some(reader) = reader.as_mut().filter(|it| !it.is_closing()) {
            reader.close(fabric);
        }
    }
}

fn record_of(config: &ConnectorConfig, change: &Change) -> OutgoingRecord {
    let value = change.row.as_ref().map(|row| row.to_json().into_bytes());
    OutgoingRecord {
        topic: config.topic(),
        key: change.key.clone().map(String::into_bytes),
        value,
        ..OutgoingRecord::default()
    }
}
