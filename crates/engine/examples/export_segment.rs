//! `export_segment FOLDER`: writes logs as a broker keeps them on disk, and
//! what they hold, for a parser of Kafka's format that is not ours to read
//! (`tests/segments/read_back.py`; a step of `cargo xtask test`).
//!
//! Each log is a folder of segments `NNNNNNNNNNNNNNNNNNNN.log` with an
//! `expected.json`, which says what was written and is not read from the log.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use engine::log::record_batch::{
    BatchOptions, EndTransactionMarker, Record, RecordBatch, RecordBatchBuilder, TimestampType,
    TransactionResult,
};
use engine::log::{LogConfig, PartitionLog};
use serde_json::{Value, json};

const NOW_MS: i64 = 1_700_000_000_000;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: export_segment FOLDER");
        return ExitCode::from(2);
    };
    let folder = Path::new(&folder);
    let written = export(folder, "create-time", create_time_log())
        .and_then(|()| export(folder, "append-time", append_time_log()));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn export(folder: &Path, name: &str, exported: Exported) -> std::io::Result<()> {
    let folder = folder.join(name);
    fs::create_dir_all(&folder)?;
    for segment in exported.log.segments() {
        let file = format!("{:020}.log", segment.base_offset());
        fs::write(folder.join(file), segment.to_bytes())?;
    }
    let expected = json!({ "batches": exported.expected }).to_string();
    fs::write(folder.join("expected.json"), expected)
}

/// A log, and what was written to it batch by batch.
struct Exported {
    log: PartitionLog,
    expected: Vec<Value>,
    leader_epoch: i32,
    now_ms: i64,
}

impl Exported {
    fn new(config: LogConfig) -> Exported {
        let mut log = PartitionLog::new(config, NOW_MS);
        log.assign_leader_epoch(3);
        Exported {
            log,
            expected: Vec::new(),
            leader_epoch: 3,
            now_ms: NOW_MS,
        }
    }

    /// Appends a batch of these records as the leader, a second after the last.
    fn write(&mut self, options: BatchOptions, records: &[Record]) {
        let mut builder = RecordBatchBuilder::new(options.clone());
        for record in records {
            builder.append(record).expect("the records fit");
        }
        let batch = builder.build().expect("the batch is valid");
        self.append(&batch, &options, records);
    }

    /// Appends the marker that commits the transaction of a producer.
    fn commit(&mut self, producer: BatchOptions) {
        let marker = EndTransactionMarker {
            result: TransactionResult::Commit,
            coordinator_epoch: 7,
        };
        let options = BatchOptions {
            is_control: true,
            base_sequence: -1,
            ..producer
        };
        let mut builder = RecordBatchBuilder::new(options.clone());
        let appended = builder.append_end_transaction_marker(NOW_MS, marker);
        appended.expect("the marker fits");
        let batch = builder.build().expect("the batch is valid");
        // Version 0, type COMMIT; version 0, the coordinator's epoch.
        let (key, value) = (vec![0, 0, 0, 1], vec![0, 0, 0, 0, 0, 7]);
        let record = record(NOW_MS, Some(&key), Some(&value));
        self.append(&batch, &options, &[record]);
    }

    fn append(&mut self, batch: &RecordBatch, options: &BatchOptions, records: &[Record]) {
        self.now_ms += 1_000;
        let base = self.log.end_offset();
        let appended = if options.is_control {
            let (epoch, now_ms) = (self.leader_epoch, self.now_ms);
            self.log.append_as_coordinator(batch, epoch, now_ms)
        } else {
            let (epoch, now_ms) = (self.leader_epoch, self.now_ms);
            self.log.append_as_leader(batch, epoch, now_ms)
        };
        appended.expect("the log takes the batch");
        self.expected
            .push(self.expected_batch(base, options, records));
    }

    fn expected_batch(&self, base: i64, options: &BatchOptions, records: &[Record]) -> Value {
        let timestamp_type = self.log.config().message_timestamp_type;
        let timestamp = |record: &Record| match timestamp_type {
            TimestampType::CreateTime => record.timestamp_ms,
            TimestampType::LogAppendTime => self.now_ms,
        };
        let shown = |(offset, record): (i64, &Record)| {
            let headers = record.headers.iter();
            let headers: Vec<Value> = headers
                .map(|(name, value)| json!([name, value.as_deref().map(hex)]))
                .collect();
            json!({
                "offset": offset,
                "timestamp": timestamp(record),
                "key": record.key.as_deref().map(hex),
                "value": record.value.as_deref().map(hex),
                "headers": headers,
            })
        };
        json!({
            "base_offset": base,
            "last_offset": base + records.len() as i64 - 1,
            "leader_epoch": self.leader_epoch,
            "timestamp_type": timestamp_type.name(),
            "max_timestamp": records.iter().map(timestamp).max(),
            "is_transactional": options.is_transactional,
            "is_control": options.is_control,
            "producer_id": options.producer_id,
            "producer_epoch": options.producer_epoch,
            "base_sequence": options.base_sequence,
            "records": (base..).zip(records).map(shown).collect::<Vec<_>>(),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn record(timestamp_ms: i64, key: Option<&[u8]>, value: Option<&[u8]>) -> Record {
    Record {
        timestamp_ms,
        key: key.map(<[u8]>::to_vec),
        value: value.map(<[u8]>::to_vec),
        headers: Vec::new(),
    }
}

/// Every shape of a record and of a batch, in segments that roll.
fn create_time_log() -> Exported {
    let mut exported = Exported::new(LogConfig {
        segment_bytes: 600,
        ..LogConfig::default()
    });
    let plain = BatchOptions::default();
    exported.write(plain.clone(), &[record(NOW_MS, None, Some(b"no key"))]);
    exported.write(
        plain.clone(),
        &[
            record(NOW_MS + 500, Some(b"tombstone"), None),
            // Earlier than the one before it: a negative difference.
            record(NOW_MS - 86_400_000, Some(b""), Some(b"")),
            record(NOW_MS + 501, None, None),
            record(NOW_MS + 501, Some(&[0, 255, 128]), Some("Grüße".as_bytes())),
        ],
    );
    let mut with_headers = record(NOW_MS, Some(b"k"), Some(b"v"));
    with_headers.headers = vec![
        ("trace".to_owned(), Some(b"1".to_vec())),
        ("trace".to_owned(), Some(Vec::new())),
        ("größe".to_owned(), Some(vec![0, 255])),
        (String::new(), None),
    ];
    exported.write(plain.clone(), &[with_headers]);
    exported.leader_epoch = 4;
    exported.log.assign_leader_epoch(4);
    idempotent_and_transactional(&mut exported);
    // Lengths that take two and three bytes; more than a segment holds of
    // small ones.
    let long = vec![b'x'; 300];
    exported.write(plain.clone(), &[record(NOW_MS, Some(&long), Some(b"v"))]);
    for number in 0..20_i64 {
        let (key, value) = (format!("key-{number}"), "y".repeat(70));
        let one = record(
            NOW_MS + number,
            Some(key.as_bytes()),
            Some(value.as_bytes()),
        );
        exported.write(plain.clone(), &[one.clone(), one]);
    }
    assert!(exported.log.segment_count() > 3, "the segments roll");
    exported
}

fn idempotent_and_transactional(exported: &mut Exported) {
    let idempotent = BatchOptions {
        producer_id: 1_000,
        producer_epoch: 0,
        base_sequence: 0,
        ..BatchOptions::default()
    };
    let two = [
        record(NOW_MS + 1, Some(b"a"), Some(b"1")),
        record(NOW_MS + 2, Some(b"b"), Some(b"2")),
    ];
    exported.write(idempotent.clone(), &two);
    let next = BatchOptions {
        base_sequence: 2,
        ..idempotent
    };
    exported.write(next, &two);
    let transactional = BatchOptions {
        producer_id: 1_001,
        producer_epoch: 5,
        base_sequence: 0,
        is_transactional: true,
        ..BatchOptions::default()
    };
    exported.write(transactional.clone(), &two);
    exported.commit(transactional);
}

/// Batches whose records all have the broker's time.
fn append_time_log() -> Exported {
    let mut exported = Exported::new(LogConfig {
        message_timestamp_type: TimestampType::LogAppendTime,
        ..LogConfig::default()
    });
    let plain = BatchOptions::default();
    let records = [
        record(1, Some(b"k"), Some(b"long ago")),
        record(2, None, Some(b"a little later")),
    ];
    exported.write(plain.clone(), &records);
    exported.write(plain, &[record(NOW_MS * 2, Some(b"k"), None)]);
    exported
}
