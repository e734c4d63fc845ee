//! Segment files that a real broker wrote, read batch by batch and compared
//! with what Kafka itself reads in them (the JSON beside each).

use engine::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine::coordinator::transaction::{TransactionLogKey, TransactionLogValue};
use engine::log::record_batch::{
    BatchOptions, CompressionType, EndTransactionMarker, NO_SEQUENCE, RecordBatch,
    RecordBatchBuilder, RecordView, TimestampType, read_batches,
};
use engine::log::{LogConfig, PartitionLog};
use engine::sorting::sort;
use serde_json::{Value, json};

/// A segment file and what Kafka says is in it.
struct Segment {
    path: PathBuf,
    bytes: Vec<u8>,
    expected: Value,
}

impl Segment {
    fn batches(&self) -> Vec<RecordBatch> {
        let batches = read_batches(&self.bytes).collect::<Result<_, _>>();
        batches.unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }
}

fn segments() -> Vec<Segment> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/segments");
    let mut logs: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    sort(&mut logs);
    assert!(!logs.is_empty());
    logs.into_iter()
        .filter(|path| path.metadata().unwrap().len() > 0)
        .map(|path| Segment {
            bytes: fs::read(&path).unwrap(),
            expected: serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap())
                .unwrap(),
            path,
        })
        .collect()
}

fn segment(folder: &str) -> Segment {
    let mut found = segments()
        .into_iter()
        .filter(|segment| segment.path.parent().unwrap().ends_with(folder));
    found
        .next()
        .unwrap_or_else(|| panic!("no segment of {folder}"))
}

#[test]
fn segments_hold_what_kafka_reads_in_them() {
    for segment in segments() {
        let path = segment.path.display();
        let mut expected = segment.expected["batches"].as_array().unwrap().iter();
        let mut position = 0;
        for batch in segment.batches() {
            let expected = expected
                .next()
                .unwrap_or_else(|| panic!("{path}: a batch too many"));
            assert_eq!(
                header_json(&batch, position),
                without_records(expected),
                "{path}"
            );
            position += batch.size_in_bytes();
            let records: Vec<Value> = batch
                .records()
                .map(|record| record_json(&batch, &record.unwrap()))
                .collect();
            assert_eq!(json!(records), expected["records"], "{path} at {position}");
        }
        assert!(expected.next().is_none(), "{path}: a batch too few");
        assert_eq!(position, segment.bytes.len());
    }
}

/// What the broker's and the clients' own libraries compressed is compressed
/// again here: other bytes, it may be, but the same batch to whoever reads it.
#[test]
fn compressed_batches_written_again_say_the_same() {
    for (folder, codec) in [
        ("gzip", CompressionType::Gzip),
        ("snappy", CompressionType::Snappy),
        ("lz4", CompressionType::Lz4),
        ("broker-zstd", CompressionType::Zstd),
    ] {
        for batch in segment(folder).batches() {
            assert_eq!(batch.compression_type(), codec);
            let again = rewritten(&batch);
            let [before, after] = [&batch, &again].map(|batch| {
                let records = batch.records().map(|record| record.unwrap());
                let records: Vec<Value> = records.map(|r| record_json(batch, &r)).collect();
                let mut header = header_json(batch, 0);
                for field in ["size", "batch_length", "crc"] {
                    header.as_object_mut().unwrap().remove(field);
                }
                (header, records)
            });
            assert_eq!(after, before);
            assert_eq!(RecordBatch::parse(again.as_bytes()), Ok(again));
        }
    }
}

/// Batches with the broker's timestamps are left out: the records no longer
/// show the producer's, which the bytes still hold.
#[test]
fn batches_written_again_are_the_same_bytes() {
    let mut count = 0;
    for segment in segments() {
        for batch in segment.batches() {
            let is_plain = batch.compression_type() == CompressionType::None;
            if is_plain && batch.timestamp_type() == TimestampType::CreateTime {
                assert_eq!(rewritten(&batch), batch, "{}", segment.path.display());
                count += 1;
            }
        }
    }
    assert!(count > 0);
}

/// What a broker's folder holds, taken as a replica's log, is given back byte
/// for byte, and can be written on.
#[test]
fn a_log_loaded_from_a_brokers_files_exports_the_same_files() {
    let mut folders: BTreeMap<PathBuf, Vec<(i64, Vec<u8>)>> = BTreeMap::new();
    for segment in segments() {
        let name = segment.path.file_stem().unwrap().to_str().unwrap();
        let folder = segment.path.parent().unwrap().to_owned();
        let files = folders.entry(folder).or_default();
        files.push((name.parse().unwrap(), segment.bytes));
    }
    assert!(folders.values().any(|files| files.len() > 1));
    for (folder, files) in folders {
        let named = files.iter().map(|(base, bytes)| (*base, bytes.as_slice()));
        let mut log = PartitionLog::load(LogConfig::default(), named, 0).unwrap();
        let exported: Vec<(i64, Vec<u8>)> = log
            .segments()
            .map(|segment| (segment.base_offset(), segment.to_bytes()))
            .collect();
        assert_eq!(exported, files, "{}", folder.display());

        let last = log.batches().next_back().unwrap();
        let (end, epoch) = (last.next_offset(), last.partition_leader_epoch());
        assert_eq!(log.end_offset(), end);
        assert_eq!(log.leader_epochs().latest_epoch(), Some(epoch));
        let mut builder = RecordBatchBuilder::default();
        let first = segment("plain").batches().remove(0);
        let record = first.records().next().unwrap().unwrap().to_record();
        builder.append(&record).unwrap();
        let batch = builder.build().unwrap();
        let now_ms = record.timestamp_ms;
        let appended = log.append_as_leader(&batch, epoch + 1, now_ms).unwrap();
        assert_eq!(appended.first_offset, end);
        assert_eq!(log.end_offset_for_epoch(epoch), Some((epoch, end)));
    }
}

#[test]
fn what_a_producer_sends_becomes_what_the_broker_wrote() {
    for folder in ["plain", "keyed-headers"] {
        for batch in segment(folder).batches() {
            let mut builder = RecordBatchBuilder::default();
            for record in batch.records() {
                builder.append(&record.unwrap().to_record()).unwrap();
            }
            let sent = builder.build().unwrap();
            let appended = sent
                .with_base_offset_and_epoch(batch.base_offset(), batch.partition_leader_epoch());
            assert_eq!(appended.as_bytes(), batch.as_bytes(), "{folder}");
        }
    }
}

/// A real file with any one bit flipped: no panic, and no bit flipped under a
/// checksum goes unnoticed.
#[test]
fn damaged_segments_are_survived() {
    for folder in [
        "plain",
        "keyed-headers",
        "transactional",
        "append-time",
        "snappy",
    ] {
        let bytes = segment(folder).bytes;
        let sound = read_batches(&bytes).count();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let read: Result<Vec<_>, _> = read_batches(&damaged).collect();
            assert!(read.is_err() || read.is_ok_and(|batches| batches.len() == sound));
        }
        for end in 0..bytes.len() {
            let mut reader = read_batches(&bytes[..end]);
            let whole = reader.by_ref().filter(|batch| batch.is_ok()).count();
            assert!(whole < sound && reader.position() <= end);
        }
    }
}

fn rewritten(batch: &RecordBatch) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions::of(batch));
    for record in batch.records() {
        builder.append_view(&record.unwrap()).unwrap();
    }
    builder
        .build_with_last_offset(batch.last_offset(), batch.max_timestamp())
        .unwrap()
}

fn header_json(batch: &RecordBatch, position: usize) -> Value {
    assert!(batch.is_crc_valid());
    json!({
        "position": position,
        "size": batch.size_in_bytes(),
        "batch_length": batch.batch_length(),
        "base_offset": batch.base_offset(),
        "last_offset_delta": batch.last_offset_delta(),
        "partition_leader_epoch": batch.partition_leader_epoch(),
        "magic": batch.magic(),
        "crc": batch.crc(),
        "attributes": batch.attributes(),
        "compression": batch.compression_type().name(),
        "timestamp_type": batch.timestamp_type().name(),
        "is_transactional": batch.is_transactional(),
        "is_control": batch.is_control(),
        "delete_horizon_ms": batch.delete_horizon_ms(),
        "base_timestamp": batch.base_timestamp(),
        "max_timestamp": batch.max_timestamp(),
        "producer_id": batch.producer_id(),
        "producer_epoch": batch.producer_epoch(),
        "base_sequence": batch.base_sequence(),
        "record_count": batch.record_count(),
    })
}

fn without_records(batch: &Value) -> Value {
    let mut header = batch.clone();
    header.as_object_mut().unwrap().remove("records");
    header
}

fn record_json(batch: &RecordBatch, record: &RecordView<'_>) -> Value {
    let headers = record
        .headers
        .map(|(name, value)| json!([name, bytes_json(value)]));
    let mut json = json!({
        "offset": record.offset,
        "timestamp": record.timestamp_ms,
        "sequence": record.sequence,
        "key": bytes_json(record.key),
        "value": bytes_json(record.value),
        "headers": headers.collect::<Vec<_>>(),
    });
    if batch.is_control() {
        assert_eq!(record.sequence, NO_SEQUENCE);
        let marker = EndTransactionMarker::from_record(record).unwrap();
        json["control"] = json!(marker.result.name());
        json["coordinator_epoch"] = json!(marker.coordinator_epoch);
    }
    json
}

/// Text when the bytes are UTF-8, base 64 when not.
fn bytes_json(bytes: Option<&[u8]>) -> Value {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => Value::Null,
        Some((_, Ok(text))) => json!(text),
        Some((bytes, Err(_))) => json!({ "base64": base64(bytes) }),
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) as usize & 63;
            text.push(if digit <= group.len() {
                DIGITS[index].into()
            } else {
                '='
            });
        }
    }
    text
}

/// What a coordinator wrote to `__transaction_state` is understood, and would
/// be written again byte for byte.
#[test]
fn the_transaction_log_is_read_and_written_as_kafka_does() {
    let mut states = Vec::new();
    for batch in segment("__transaction_state-1").batches() {
        for record in batch.records() {
            let record = record.unwrap();
            let key = TransactionLogKey::from_bytes(record.key.unwrap()).unwrap();
            let value = TransactionLogValue::from_bytes(record.value.unwrap()).unwrap();
            assert_eq!(key.to_bytes(), record.key.unwrap());
            assert_eq!(value.to_bytes(), record.value.unwrap());
            let state = value.transaction_status.name();
            states.push(format!("{} {state}", key.transactional_id));
        }
    }
    assert_eq!(
        states[..5],
        [
            "seg-tx Empty",
            "seg-tx2 Empty",
            "seg-tx Ongoing",
            "seg-tx PrepareCommit",
            "seg-tx CompleteCommit",
        ]
    );
    assert_eq!(states.len(), 15);
}
