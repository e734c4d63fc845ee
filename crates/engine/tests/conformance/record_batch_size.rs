//! The size of an uncompressed record batch.

use engine::log::record_batch::{Header, Record, RecordBatch, RecordBatchBuilder};
use serde_json::Value;

use super::Kind;
use super::case::{Outcome, as_list, as_number, expect_eq, list, number};

pub const KIND: Kind = Kind {
    name: "record_batch_size",
    recognises: |_, case| case.get("batch_bytes").is_some() && case["records"].is_array(),
    run,
};

/// From where the records' timestamps are counted; any time would do.
const BASE_MS: i64 = 1_700_000_000_000;

fn run(case: &Value) -> Outcome {
    let mut builder = RecordBatchBuilder::default();
    for (index, value) in list(case, "records")?.iter().enumerate() {
        let record = record(value)?;
        let foretold = builder.size_in_bytes() + builder.size_of_next(&record);
        builder
            .append(&record)
            .map_err(|error| format!("record {index}: {error}"))?;
        expect_eq(
            &format!("size after record {index}"),
            &foretold,
            &builder.size_in_bytes(),
        )?;
    }
    let batch = builder.build().map_err(|error| error.to_string())?;
    expect_eq(
        "batch_bytes",
        &number(case, "batch_bytes")?,
        &batch.size_in_bytes(),
    )?;
    let parsed = RecordBatch::parse(batch.as_bytes()).map_err(|error| error.to_string())?;
    expect_eq("the batch read back", &batch, &parsed)
}

fn record(value: &Value) -> Result<Record, String> {
    let headers = match value.get("headers") {
        Some(headers) => as_list(headers)?
            .iter()
            .map(header)
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(Record {
        timestamp_ms: BASE_MS + number::<i64>(value, "ts_delta")?,
        key: bytes(number(value, "key_len")?),
        value: bytes(number(value, "value_len")?),
        headers,
    })
}

fn header(lengths: &Value) -> Result<Header, String> {
    match as_list(lengths)? {
        [name, value] => Ok(("h".repeat(as_number(name)?), bytes(as_number(value)?))),
        _ => Err(format!("{lengths} is no header")),
    }
}

/// -1 is null.
fn bytes(length: i64) -> Option<Vec<u8>> {
    usize::try_from(length)
        .ok()
        .map(|length| vec![b'x'; length])
}
