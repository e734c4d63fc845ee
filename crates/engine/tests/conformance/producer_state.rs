//! Idempotent and transactional producers that write to a log, step by step.

use engine::log::record_batch::{
    BatchOptions, EndTransactionMarker, Record, RecordBatch, RecordBatchBuilder, TransactionResult,
};
use engine::log::{AppendError, Appended, LogConfig, PartitionLog};
use serde_json::Value;

use super::Kind;
use super::case::{Outcome, expect_eq, flag, list, number, text};

pub const KIND: Kind = Kind {
    name: "producer_state",
    recognises: |_, case| case.get("aborted_txns").is_some(),
    run,
};

const NOW: i64 = 1_700_000_000_000;

fn run(case: &Value) -> Outcome {
    let mut log = PartitionLog::new(LogConfig::default(), NOW);
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        let run = run_step(&mut log, step).and_then(|()| check(&log, step));
        run.map_err(|error| format!("step {index}: {error}"))?;
    }
    let expected: Vec<[i64; 4]> = list(case, "aborted_txns")?
        .iter()
        .map(|entry| {
            Ok([
                number(entry, "pid")?,
                number(entry, "first_offset")?,
                number(entry, "last_offset")?,
                number(entry, "last_stable_offset")?,
            ])
        })
        .collect::<Result<_, String>>()?;
    let entries = log.producer_state().aborted().entries().iter();
    let actual = entries.map(|entry| {
        [
            entry.producer_id,
            entry.first_offset,
            entry.last_offset,
            entry.last_stable_offset,
        ]
    });
    expect_eq("aborted_txns", &expected, &actual.collect())?;
    check_reloaded(&log)
}

fn run_step(log: &mut PartitionLog, step: &Value) -> Outcome {
    match text(step, "op")? {
        "append" => {
            let appended = log.append_as_leader(&data(step)?, 0, NOW);
            check_result(step, appended)?;
        }
        "commit_marker" => end_transaction(log, step, TransactionResult::Commit)?,
        "abort_marker" => end_transaction(log, step, TransactionResult::Abort)?,
        "set_high_watermark" => {
            log.set_high_watermark(number(step, "to")?);
        }
        other => return Err(format!("there is no operation {other}")),
    }
    if step.get("then_high_watermark").is_some() {
        log.set_high_watermark(number(step, "then_high_watermark")?);
    }
    Ok(())
}

fn end_transaction(log: &mut PartitionLog, step: &Value, result: TransactionResult) -> Outcome {
    let batch = marker(step, result)?;
    let appended = log.append_as_coordinator(&batch, 0, NOW);
    check_result(step, appended)
}

fn check_result(step: &Value, appended: Result<Appended, AppendError>) -> Outcome {
    let result = match &appended {
        Ok(appended) if appended.is_duplicate => "DUPLICATE",
        Ok(_) => "OK",
        Err(error) => error.error_code().exception(),
    };
    expect_eq("result", &text(step, "result")?, &result)?;
    let Ok(appended) = appended else {
        return Ok(());
    };
    let offsets = [
        ("offset", appended.first_offset),
        ("first_offset", appended.first_offset),
        ("last_offset", appended.last_offset),
    ];
    for (name, actual) in offsets {
        if step.get(name).is_some() {
            expect_eq(name, &number(step, name)?, &actual)?;
        }
    }
    Ok(())
}

fn data(step: &Value) -> Result<RecordBatch, String> {
    let mut options = BatchOptions::default();
    if step.get("pid").is_some() {
        options.producer_id = number(step, "pid")?;
        options.producer_epoch = number(step, "epoch")?;
        options.base_sequence = number(step, "base_seq")?;
        options.is_transactional = flag(step, "transactional");
    }
    let mut builder = RecordBatchBuilder::new(options);
    for _ in 0..number::<usize>(step, "count")? {
        let record = Record {
            timestamp_ms: NOW,
            key: None,
            value: Some(b"v".to_vec()),
            headers: Vec::new(),
        };
        builder.append(&record).map_err(|error| error.to_string())?;
    }
    builder.build().map_err(|error| error.to_string())
}

fn marker(step: &Value, result: TransactionResult) -> Result<RecordBatch, String> {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        producer_id: number(step, "pid")?,
        producer_epoch: number(step, "epoch")?,
        is_transactional: true,
        is_control: true,
        ..BatchOptions::default()
    });
    let marker = EndTransactionMarker {
        result,
        coordinator_epoch: number(step, "coordinator_epoch")?,
    };
    let appended = builder.append_end_transaction_marker(NOW, marker);
    appended.map_err(|error| error.to_string())?;
    builder.build().map_err(|error| error.to_string())
}

fn check(log: &PartitionLog, step: &Value) -> Outcome {
    let offsets = [
        ("log_end_offset", log.end_offset()),
        ("high_watermark", log.high_watermark()),
        ("last_stable_offset", log.last_stable_offset()),
    ];
    for (name, actual) in offsets {
        expect_eq(name, &number(step, name)?, &actual)?;
    }
    let expected: Vec<_> = list(step, "producers")?
        .iter()
        .map(|producer| {
            let numbers = ["pid", "epoch", "last_seq", "last_offset"];
            let transaction = producer.get("txn_first_offset").and_then(Value::as_i64);
            let numbers = numbers.map(|name| number::<i64>(producer, name));
            let [id, epoch, sequence, offset] = numbers;
            Ok(([id?, epoch?, sequence?, offset?], transaction))
        })
        .collect::<Result<_, String>>()?;
    let producers = log.producer_state().producers();
    let actual = producers.map(|(id, entry)| {
        let epoch = i64::from(entry.producer_epoch());
        let sequence = i64::from(entry.last_sequence());
        let numbers = [id, epoch, sequence, entry.last_offset()];
        (numbers, entry.transaction_first_offset())
    });
    expect_eq("producers", &expected, &actual.collect())
}

/// A log loaded from the segments knows the same.
fn check_reloaded(log: &PartitionLog) -> Outcome {
    let files: Vec<_> = log
        .segments()
        .map(|segment| (segment.base_offset(), segment.to_bytes()))
        .collect();
    let files = files.iter().map(|(base, bytes)| (*base, bytes.as_slice()));
    let loaded = PartitionLog::load(LogConfig::default(), files, NOW);
    let mut loaded = loaded.map_err(|error| error.to_string())?;
    loaded.set_high_watermark(log.high_watermark());
    expect_eq("reloaded", log.producer_state(), loaded.producer_state())
}
