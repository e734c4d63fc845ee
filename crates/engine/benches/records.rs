//! The bytes of records: their checksum, and writing them.

#[path = "support/clock.rs"]
mod clock;

use engine::log::crc32c::crc32c;
use engine::log::record_batch::{Record, RecordBatch, RecordBatchBuilder};

/// The default `batch.size`, in bytes.
const BATCH_BYTES: usize = 16_384;
/// How many batches are measured.
const BATCHES: u64 = 5_000;

fn main() {
    let bytes = vec![7; BATCH_BYTES];
    let sums = || (0..BATCHES).fold(0, |sum, _| sum ^ crc32c(std::hint::black_box(&bytes)));
    let time = clock::fastest(sums);
    let rate = clock::per_second(BATCHES * BATCH_BYTES as u64, time) / 1e6;
    println!("crc-32c native {rate:.0} MB/s");

    let record = Record {
        timestamp_ms: 1_767_225_600_000,
        value: Some(vec![b'.'; 100]),
        ..Record::default()
    };
    let records = batch_of(&record).record_count().unsigned_abs();
    let time = clock::fastest(|| {
        for _ in 0..BATCHES {
            std::hint::black_box(batch_of(&record));
        }
    });
    let rate = clock::per_second(BATCHES * u64::from(records), time);
    println!("record-encoding native {rate:.0} records/s");
}

/// A full batch of this record, with its checksum.
fn batch_of(record: &Record) -> RecordBatch {
    let mut builder = RecordBatchBuilder::default();
    while builder.has_room_for(record, BATCH_BYTES) {
        builder.append(record).expect("it has room");
    }
    builder.build().expect("it holds a record")
}
