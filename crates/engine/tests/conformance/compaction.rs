//! A compacted log, cleaned again and again while it is written.

use engine::collections::BTreeMap;

use engine::log::record_batch::{
    BatchOptions, EndTransactionMarker, Record, RecordBatch, RecordBatchBuilder, TransactionResult,
};
use engine::log::{LogConfig, PartitionLog};
use serde_json::{Value, json};

use super::Kind;
use super::case::{
    Outcome, as_text, entries, expect_eq, field, flag, list, number, optional_text, text,
};
use super::log_segments_retention::check;

pub const KIND: Kind = Kind {
    name: "compaction",
    recognises: |_, case| {
        let config = case.get("config");
        case.get("t0").is_some() && config.is_some_and(|c| c.get("delete.retention.ms").is_some())
    },
    run,
};

struct Run {
    log: PartitionLog,
    cleaned_to: Option<i64>,
    /// The next sequence number of each producer.
    sequences: BTreeMap<i64, i32>,
}

fn run(case: &Value) -> Outcome {
    let mut configs = BTreeMap::new();
    for (name, value) in entries(case, "config")? {
        configs.insert(name.clone(), as_text(value)?.to_owned());
    }
    let config = LogConfig::from_topic_configs(&configs);
    let mut run = Run {
        log: PartitionLog::new(config, number(case, "t0")?),
        cleaned_to: None,
        sequences: BTreeMap::new(),
    };
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        let done = run.step(step).and_then(|()| check(&run.log, step));
        done.map_err(|error| format!("step {index}: {error}"))?;
    }
    Ok(())
}

impl Run {
    fn step(&mut self, step: &Value) -> Outcome {
        let now = number(step, "now")?;
        match text(step, "op")? {
            "advance" => Ok(()),
            "append" => self.append(step, now),
            "commit" => self.end_transaction(step, TransactionResult::Commit, now),
            "abort" => self.end_transaction(step, TransactionResult::Abort, now),
            "roll" => {
                self.log.roll(now);
                Ok(())
            }
            "clean" => self.clean(step, now),
            other => Err(format!("there is no operation {other}")),
        }
    }

    fn append(&mut self, step: &Value, now: i64) -> Outcome {
        let records = list(step, "records")?;
        let mut options = BatchOptions::default();
        if step.get("pid").is_some() {
            options.producer_id = number(step, "pid")?;
            options.producer_epoch = 0;
            options.is_transactional = flag(step, "transactional");
            let next = self.sequences.entry(options.producer_id).or_default();
            options.base_sequence = *next;
            *next += i32::try_from(records.len()).map_err(|error| error.to_string())?;
        }
        let mut builder = RecordBatchBuilder::new(options);
        for record in records {
            let record = Record {
                timestamp_ms: now,
                key: optional_text(record, "key").map(String::into_bytes),
                value: optional_text(record, "value").map(String::into_bytes),
                headers: Vec::new(),
            };
            builder.append(&record).map_err(|error| error.to_string())?;
        }
        let batch = builder.build().map_err(|error| error.to_string())?;
        let size = batch.size_in_bytes();
        expect_eq("batch_bytes", &number(step, "batch_bytes")?, &size)?;
        self.write(&batch, number(step, "first_offset")?, now)
    }

    fn end_transaction(&mut self, step: &Value, result: TransactionResult, now: i64) -> Outcome {
        let mut builder = RecordBatchBuilder::new(BatchOptions {
            producer_id: number(step, "pid")?,
            producer_epoch: 0,
            is_transactional: true,
            is_control: true,
            ..BatchOptions::default()
        });
        let marker = EndTransactionMarker {
            result,
            coordinator_epoch: 0,
        };
        let appended = builder.append_end_transaction_marker(now, marker);
        appended.map_err(|error| error.to_string())?;
        let batch = builder.build().map_err(|error| error.to_string())?;
        self.write(&batch, number(step, "offset")?, now)
    }

    fn write(&mut self, batch: &RecordBatch, expected: i64, now: i64) -> Outcome {
        let appended = match batch.is_control() {
            true => self.log.append_as_coordinator(batch, 0, now),
            false => self.log.append_as_leader(batch, 0, now),
        };
        expect_eq(
            "the first offset",
            &Ok(expected),
            &appended.map(|it| it.first_offset),
        )?;
        self.log.set_high_watermark(self.log.end_offset());
        Ok(())
    }

    fn clean(&mut self, step: &Value, now: i64) -> Outcome {
        if flag(step, "rolled_first") {
            self.log.roll(now);
        }
        if step.get("deleted_segments").is_some() {
            let deletions = self.log.delete_old_segments(now);
            let deleted = deletions.iter().map(|deletion| deletion.segments).sum();
            expect_eq(
                "deleted_segments",
                &number::<usize>(step, "deleted_segments")?,
                &deleted,
            )?;
        }
        let range = self.log.to_clean(self.cleaned_to, now);
        let (clean, cleanable) = (range.clean_bytes, range.cleanable_bytes);
        let first_uncleanable = range.uncleanable_offset;
        for (name, actual) in [
            ("first_dirty_offset", range.first_dirty_offset),
            ("first_uncleanable_offset", first_uncleanable),
        ] {
            expect_eq(name, &number(step, name)?, &actual)?;
        }
        expect_eq("clean_bytes", &number(step, "clean_bytes")?, &clean)?;
        expect_eq(
            "cleanable_bytes",
            &number(step, "cleanable_bytes")?,
            &cleanable,
        )?;
        check_ratio(step, clean, cleanable)?;
        expect_eq(
            "nothing_to_clean",
            &flag(step, "nothing_to_clean"),
            &!range.is_cleanable(),
        )?;
        if range.is_cleanable() {
            let cleaning = self.log.clean(&range, now);
            expect_eq(
                "cleaned_to",
                &number(step, "cleaned_to")?,
                &cleaning.cleaned_to,
            )?;
            self.cleaned_to = Some(cleaning.cleaned_to);
        }
        expect_eq("log", field(step, "log")?, &records(&self.log)?)
    }
}

/// The last digit of a case's number may be lost in reading it.
fn check_ratio(step: &Value, clean: usize, cleanable: usize) -> Outcome {
    let total = clean + cleanable;
    let expected = step.get("dirty_ratio").and_then(Value::as_f64);
    let actual = (total > 0).then(|| cleanable as f64 / total as f64);
    match (expected, actual) {
        (Some(expected), Some(actual)) if (expected - actual).abs() < 1e-12 => Ok(()),
        _ => expect_eq("dirty_ratio", &expected, &actual),
    }
}

/// What is left in the log, as a case writes it down.
fn records(log: &PartitionLog) -> Result<Value, String> {
    let mut all = Vec::new();
    for batch in log.batches() {
        let mut left = Vec::new();
        for record in batch.records() {
            let record = record.map_err(|error| error.to_string())?;
            let offset = record.offset;
            let text = |bytes: Option<&[u8]>| {
                bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            };
            left.push(match EndTransactionMarker::from_record(&record) {
                Some(marker) if batch.is_control() => {
                    json!({"offset": offset, "control": marker.result.name()})
                }
                _ => {
                    json!({"offset": offset, "key": text(record.key), "value": text(record.value)})
                }
            });
        }
        if left.is_empty() {
            let (base, last) = (batch.base_offset(), batch.last_offset());
            left.push(json!({"empty_batch": true, "base_offset": base, "last_offset": last}));
        }
        if batch.has_producer_id() {
            left.iter_mut()
                .for_each(|entry| entry["pid"] = batch.producer_id().into());
        }
        all.append(&mut left);
    }
    Ok(Value::Array(all))
}
