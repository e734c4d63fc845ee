//! A log that is written, rolled, searched and cut short, step by step.

use engine::collections::BTreeMap;

use engine::log::record_batch::{Record, RecordBatch, RecordBatchBuilder};
use engine::log::{LogConfig, PartitionLog};
use serde_json::Value;

use super::Kind;
use super::case::{
    Outcome, as_number, as_text, entries, expect_eq, field, flag, list, number, optional_text, text,
};

pub const KIND: Kind = Kind {
    name: "log_segments_retention",
    recognises: |_, case| case.get("hw_follows_leo").is_some() && case.get("t0").is_some(),
    run,
};

fn run(case: &Value) -> Outcome {
    let mut configs = BTreeMap::new();
    for (name, value) in entries(case, "config")? {
        configs.insert(name.clone(), as_text(value)?.to_owned());
    }
    let config = LogConfig::from_topic_configs(&configs);
    let mut log = PartitionLog::new(config, number(case, "t0")?);
    let follows = flag(case, "hw_follows_leo");
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        let run = run_step(&mut log, follows, step).and_then(|()| check(&log, step));
        run.map_err(|error| format!("step {index}: {error}"))?;
    }
    Ok(())
}

fn run_step(log: &mut PartitionLog, follows: bool, step: &Value) -> Outcome {
    let now = number(step, "now")?;
    match text(step, "op")? {
        "advance" => {}
        "append" => append(log, follows, step, now)?,
        "roll" => log.roll(now),
        "delete_old_segments" => {
            let deletions = log.delete_old_segments(now);
            let deleted = deletions.iter().map(|deletion| deletion.segments).sum();
            expect_eq("deleted", &number::<usize>(step, "deleted")?, &deleted)?;
        }
        "delete_records" => {
            let done = log.delete_records(number(step, "before_offset")?);
            let done = done.map_err(|error| error.error_code().exception().to_owned());
            expect_eq("delete_records", &expected_change(step)?, &done)?;
        }
        "offset_for_timestamp" => {
            let found = match number(step, "timestamp")? {
                -3 => log.offset_of_max_timestamp(),
                timestamp => log.offset_for_timestamp(timestamp),
            };
            expect_eq("offset_for_timestamp", &expected_offset(step)?, &found)?;
        }
        "set_high_watermark" => {
            log.set_high_watermark(number(step, "to")?);
        }
        other => return Err(format!("there is no operation {other}")),
    }
    Ok(())
}

fn append(log: &mut PartitionLog, follows: bool, step: &Value, now: i64) -> Outcome {
    let batch = batch(step)?;
    let size = batch.size_in_bytes();
    expect_eq("batch_bytes", &number(step, "batch_bytes")?, &size)?;
    let appended = log.append_as_leader(&batch, 0, now);
    let appended = appended
        .map(|appended| appended.first_offset)
        .map_err(|error| error.error_code().exception().to_owned());
    let expected = match optional_text(step, "error") {
        Some(error) => Err(error),
        None => Ok(number(step, "first_offset")?),
    };
    expect_eq("append", &expected, &appended)?;
    if appended.is_ok() {
        let last = log.end_offset() - 1;
        expect_eq("last_offset", &number(step, "last_offset")?, &last)?;
        if follows {
            log.set_high_watermark(log.end_offset());
        }
    }
    Ok(())
}

fn batch(step: &Value) -> Result<RecordBatch, String> {
    let mut builder = RecordBatchBuilder::default();
    for record in list(step, "records")? {
        let record = Record {
            timestamp_ms: number(record, "ts")?,
            key: optional_text(record, "key").map(String::into_bytes),
            value: Some(vec![b'v'; number(record, "value_size")?]),
            headers: Vec::new(),
        };
        builder.append(&record).map_err(|error| error.to_string())?;
    }
    builder.build().map_err(|error| error.to_string())
}

fn expected_change(step: &Value) -> Result<Result<bool, String>, String> {
    match optional_text(step, "error") {
        Some(error) => Ok(Err(error)),
        None => Ok(Ok(field(step, "changed")? == &Value::Bool(true))),
    }
}

fn expected_offset(step: &Value) -> Result<Option<(i64, i64)>, String> {
    match field(step, "offset")? {
        Value::Null => Ok(None),
        offset => Ok(Some((as_number(offset)?, number(step, "found_timestamp")?))),
    }
}

pub fn check(log: &PartitionLog, step: &Value) -> Outcome {
    let state = field(step, "state")?;
    let offsets = [
        ("log_start_offset", log.start_offset()),
        ("log_end_offset", log.end_offset()),
        ("high_watermark", log.high_watermark()),
        ("last_stable_offset", log.last_stable_offset()),
    ];
    for (name, actual) in offsets {
        expect_eq(name, &number(state, name)?, &actual)?;
    }
    expect_eq("size", &number(state, "size")?, &log.size_bytes())?;
    let expected: Vec<(i64, usize, i64)> = list(state, "segments")?
        .iter()
        .map(|segment| {
            let base_offset = number(segment, "base_offset")?;
            let bytes = number(segment, "bytes")?;
            Ok((base_offset, bytes, number(segment, "largest_timestamp")?))
        })
        .collect::<Result<_, String>>()?;
    let actual: Vec<_> = log
        .segments()
        .map(|segment| {
            let size = segment.size_bytes();
            (segment.base_offset(), size, segment.max_timestamp())
        })
        .collect();
    expect_eq("segments", &expected, &actual)
}
