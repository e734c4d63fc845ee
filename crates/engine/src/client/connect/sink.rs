//! The task of a sink (`WorkerSinkTask`): it polls, converts what it was given,
//! puts that into its tables, and commits how far it has come.

use std::ops::Range;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::config::{ConnectorConfig, ErrorsTolerance};
use super::rows::Row;
use super::tables::SinkTables;
use super::{ConnectorEvent, Progress, tell};
use crate::client::{ClientTimer, Consumer, OutgoingRecord, Polled};
use crate::event::EventKind;
use crate::protocol::TopicPartition;
use crate::sim::{Alarm, ClientNumber, Fabric, Scheduled, Time};

/// The task of a sink, with its consumer.
#[derive(Clone, Debug, Hash)]
pub struct SinkTask {
    consumer: ClientNumber,
    is_paused: bool,
    is_ending: bool,
    commit_at: Time,
    alarm: Alarm,
}

/// What a record does to a table: the table, the key, and the row, if it is not
/// deleted.
struct Write {
    table: String,
    key: String,
    row: Option<Arc<Row>>,
}

/// Where a record lies.
type Place<'a> = (&'a TopicPartition, i64);

impl SinkTask {
    pub(crate) fn new(
        now: Time,
        config: &ConnectorConfig,
        number: ClientNumber,
        consumer: Option<&mut Consumer>,
    ) -> SinkTask {
        if let Some(consumer) = consumer {
            consumer.hand_over(true);
        }
        SinkTask {
            consumer: number,
            is_paused: false,
            is_ending: false,
            commit_at: now.plus_ms(config.offset_flush_interval_ms),
            alarm: Alarm::default(),
        }
    }

    /// The member of the group.
    pub fn consumer(&self) -> ClientNumber {
        self.consumer
    }

    /// When it commits next, while it runs.
    pub fn commit_at(&self) -> Option<Time> {
        (!self.is_ending).then_some(self.commit_at)
    }

    /// It is to end in order: its consumer commits and leaves.
    pub(crate) fn end(&mut self, fabric: &mut Fabric, consumer: Option<&mut Consumer>) {
        self.is_ending = true;
        if let Some(consumer) = consumer {
            consumer.close(fabric);
        }
    }

    /// Goes on after the events of these numbers, as far as it can.
    pub(crate) fn go_on(
        &mut self,
        fabric: &mut Fabric,
        consumer: Option<&mut Consumer>,
        (config, is_paused): (&ConnectorConfig, bool),
        tables: &mut SinkTables,
        mut events: Range<usize>,
    ) -> Progress {
        let Some(consumer) = consumer else {
            return match self.is_ending {
                true => Progress::Ended,
                false => Progress::Gone,
            };
        };
        if self.is_ending {
            return Progress::Runs;
        }
        if consumer.is_closing() {
            self.is_ending = true;
            let thrown = events.find_map(|index| self.thrown(&fabric.events[index].kind));
            return Progress::Fails(exiting(thrown.unwrap_or_default()));
        }
        while let Some(polled) = consumer.handed_over(fabric.now) {
            match put(fabric, config, tables, &polled) {
                Ok(()) => consumer.done_with_handed(fabric),
                Err(trace) => {
                    self.end(fabric, Some(consumer));
                    return Progress::Fails(trace);
                }
            }
        }
        self.pause(fabric, consumer, is_paused);
        if self.commit_at <= fabric.now {
            self.commit_at = fabric.now.plus_ms(config.offset_flush_interval_ms);
            commit(fabric, consumer);
        }
        let scheduled = Scheduled::ClientTimer(self.consumer, ClientTimer::Application);
        self.alarm.set(fabric, Some(self.commit_at), scheduled);
        Progress::Runs
    }

    fn thrown(&self, event: &EventKind) -> Option<String> {
        match event {
            EventKind::ConsumerFailed {
                consumer,
                exception,
                message,
            } if *consumer == self.consumer => Some(format!("{exception}: {message}")),
            _ => None,
        }
    }

    /// While it is paused it reads no partition, nor one that it is given
    /// meanwhile; it commits at once (`WorkerSinkTask.pauseAll`).
    fn pause(&mut self, fabric: &mut Fabric, consumer: &mut Consumer, is_paused: bool) {
        let has_changed = std::mem::replace(&mut self.is_paused, is_paused) != is_paused;
        if !has_changed && !is_paused {
            return;
        }
        let others = consumer.assignment().iter();
        let others = others.filter(|(_, assigned)| assigned.paused != is_paused);
        let others: Vec<TopicPartition> = others.map(|(of, _)| of.clone()).collect();
        if !others.is_empty() {
            consumer.pause(fabric, others, is_paused);
        }
        if has_changed && is_paused {
            commit(fabric, consumer);
        }
    }
}

/// `commitAsync()`, if it has come further than what is committed.
fn commit(fabric: &mut Fabric, consumer: &mut Consumer) {
    let mut assigned = consumer.assignment().values();
    let is_news = assigned.any(|of| of.position.is_some() && of.position != of.committed);
    if is_news && consumer.is_polling() {
        consumer.commit(fabric, false);
    }
}

/// Puts all that one `poll()` has returned into the tables, or nothing of it.
///
/// # Errors
///
/// What the task fails with.
fn put(
    fabric: &mut Fabric,
    config: &ConnectorConfig,
    tables: &mut SinkTables,
    polled: &[Polled],
) -> Result<(), String> {
    let mut writes = Vec::new();
    for polled in polled {
        for (offset, record) in &polled.records {
            let place = (&polled.topic_partition, *offset);
            match convert(record) {
                Ok(value) => writes.push((place, record, value)),
                Err(why) => skip(fabric, config, place, why)?,
            }
        }
    }
    let writes = writes.into_iter();
    let writes: Result<Vec<Write>, String> = writes
        .map(|(place, record, value)| write(config, place, record, value))
        .collect();
    let writes = writes.map_err(exiting)?;
    let deletes = writes.iter().filter(|it| it.row.is_none()).count() as u64;
    let upserts = writes.len() as u64 - deletes;
    for Write { table, key, row } in writes {
        let table = tables.entry(table).or_default();
        match row {
            Some(row) => table.insert(key, row),
            None => table.remove(&key),
        };
    }
    if upserts + deletes > 0 {
        let event = ConnectorEvent::RecordsPut { upserts, deletes };
        tell(fabric, &config.name, event);
    }
    Ok(())
}

/// The value as the JsonConverter reads it without a schema: JSON of any kind;
/// `None` is null.
fn convert(record: &OutgoingRecord) -> Result<Option<String>, String> {
    let Some(value) = &record.value else {
        return Ok(None);
    };
    let failed = |why: String| {
        format!(
            "DataException: Converting byte[] to Kafka Connect data failed due to serialization \
             error: \nCaused by: SerializationException: {why}"
        )
    };
    let text = str::from_utf8(value).map_err(|_| failed("Invalid UTF-8".to_owned()))?;
    let json: Result<&RawValue, _> = serde_json::from_str(text);
    let json = json.map_err(|why| failed(why.to_string()))?.get();
    Ok((json != "null").then(|| json.to_owned()))
}

/// A record cannot be converted: it is passed over, or the task fails
/// (`RetryWithToleranceOperator`).
fn skip(
    fabric: &mut Fabric,
    config: &ConnectorConfig,
    (of, offset): Place,
    why: String,
) -> Result<(), String> {
    if config.errors_tolerance == ErrorsTolerance::None {
        return Err(format!(
            "ConnectException: Tolerance exceeded in error handler\nCaused by: {why}\n\
             The record: {of} at offset {offset}."
        ));
    }
    let event = ConnectorEvent::RecordSkipped {
        topic_partition: Some(of.clone()),
        offset: Some(offset),
        why: why.replace('\n', " "),
    };
    tell(fabric, &config.name, event);
    Ok(())
}

/// What a record is to a table, as a JDBC sink has it with `pk.mode=record_key`.
/// `errors.tolerance` does not help against what the sink itself throws.
fn write(
    config: &ConnectorConfig,
    (of, offset): Place,
    record: &OutgoingRecord,
    value: Option<String>,
) -> Result<Write, String> {
    let key = record.key.as_deref().map(String::from_utf8_lossy);
    let key = key.ok_or_else(|| {
        format!(
            "ConnectException: The record {of} at offset {offset} has no key to know its row by."
        )
    })?;
    let row = value.map(|json| Row::from_json(&json)).transpose();
    let row = row.map_err(|_| {
        format!("ConnectException: The value of {of} at offset {offset} is no JSON object.")
    })?;
    Ok(Write {
        table: config.table_of(&of.topic),
        key: key.into_owned(),
        row: row.map(Arc::new),
    })
}

/// What the sink or its consumer has thrown ends the task.
fn exiting(thrown: String) -> String {
    format!(
        "ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n\
         Caused by: {thrown}"
    )
}
