//! Batches written, read back, changed and damaged.

use super::*;

fn record(timestamp_ms: i64, key: Option<&str>, value: Option<&str>) -> Record {
    let bytes = |text: &str| text.as_bytes().to_vec();
    Record {
        timestamp_ms,
        key: key.map(bytes),
        value: value.map(bytes),
        headers: Vec::new(),
    }
}

fn records() -> Vec<Record> {
    let mut with_headers = record(1_000, Some("k"), Some("v"));
    with_headers.headers = vec![
        ("a".into(), Some(b"1".to_vec())),
        ("a".into(), None),
        ("empty".into(), Some(Vec::new())),
    ];
    let long = "x".repeat(200);
    vec![
        with_headers,
        record(900, None, None),
        record(70_000, Some(""), Some("")),
        record(1_001, Some("long"), Some(&long)),
    ]
}

fn batch_of(records: &[Record], options: BatchOptions) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(options);
    for record in records {
        let expected = builder.size_in_bytes() + builder.size_of_next(record);
        builder.append(record).unwrap();
        assert_eq!(builder.size_in_bytes(), expected);
    }
    let size = builder.size_in_bytes();
    let batch = builder.build().unwrap();
    assert_eq!(batch.size_in_bytes(), size);
    batch
}

fn transactional() -> BatchOptions {
    BatchOptions {
        base_offset: 41,
        partition_leader_epoch: 3,
        producer_id: 7,
        producer_epoch: 1,
        base_sequence: i32::MAX - 1,
        is_transactional: true,
        ..BatchOptions::default()
    }
}

fn read_all(batch: &RecordBatch) -> Vec<RecordView<'_>> {
    batch.records().collect::<Result<_, _>>().unwrap()
}

#[test]
fn what_is_written_is_read_back() {
    let batch = batch_of(&records(), transactional());
    let again = RecordBatch::parse(batch.as_bytes()).unwrap();
    assert_eq!(again, batch);
    assert!(batch.is_crc_valid());
    assert!(batch.is_transactional() && !batch.is_control());
    assert_eq!(
        (
            batch.base_offset(),
            batch.last_offset(),
            batch.next_offset()
        ),
        (41, 44, 45)
    );
    assert_eq!(
        (batch.base_timestamp(), batch.max_timestamp()),
        (1_000, 70_000)
    );
    assert_eq!((batch.record_count(), batch.last_sequence()), (4, 1));

    let views = read_all(&batch);
    let copies: Vec<Record> = views.iter().map(RecordView::to_record).collect();
    assert_eq!(copies, records());
    assert_eq!(
        views.iter().map(|r| r.offset).collect::<Vec<_>>(),
        [41, 42, 43, 44]
    );
    let sequences: Vec<i32> = views.iter().map(|r| r.sequence).collect();
    assert_eq!(
        sequences,
        [i32::MAX - 1, i32::MAX, 0, 1],
        "after the largest comes 0"
    );
    let sizes: usize = views.iter().map(|r| r.size_in_bytes).sum();
    assert_eq!(RECORD_BATCH_OVERHEAD + sizes, batch.size_in_bytes());
}

#[test]
fn a_leader_sets_offset_and_epoch_outside_the_checksum() {
    let sent = batch_of(&records(), BatchOptions::default());
    let appended = sent.with_base_offset_and_epoch(1_000_000, 5);
    assert_eq!(appended.crc(), sent.crc());
    assert!(appended.is_crc_valid());
    assert_eq!(
        (appended.base_offset(), appended.partition_leader_epoch()),
        (1_000_000, 5)
    );
    assert_eq!(read_all(&appended)[3].offset, 1_000_003);
    assert_eq!(sent.base_offset(), 0, "the sent batch is as it was");
}

#[test]
fn log_append_time_overrides_every_timestamp() {
    let sent = batch_of(&records(), BatchOptions::default());
    let appended = sent.with_log_append_time(123_456);
    assert_eq!(appended.timestamp_type(), TimestampType::LogAppendTime);
    assert!(
        read_all(&appended)
            .iter()
            .all(|record| record.timestamp_ms == 123_456)
    );
    assert_eq!(appended.base_timestamp(), sent.base_timestamp());
    assert_eq!(RecordBatch::parse(appended.as_bytes()), Ok(appended));
}

#[test]
fn a_producer_may_send_a_batch_again_under_another_epoch() {
    let first = batch_of(
        &records(),
        BatchOptions {
            base_offset: 0,
            ..transactional()
        },
    );
    let again = first.with_producer_state(7, 2, 0, true);
    assert_eq!((again.producer_epoch(), again.base_sequence()), (2, 0));
    assert!(again.is_crc_valid());
    assert_eq!(again.with_producer_state(7, 1, i32::MAX - 1, true), first);
    assert!(!again.with_producer_state(7, 2, 0, false).is_transactional());
}

#[test]
fn markers_survive_the_journey() {
    for result in [TransactionResult::Abort, TransactionResult::Commit] {
        let marker = EndTransactionMarker {
            result,
            coordinator_epoch: 12,
        };
        let options = BatchOptions {
            base_sequence: -1,
            is_control: true,
            ..transactional()
        };
        let mut builder = RecordBatchBuilder::new(options);
        assert_eq!(
            builder.append(&records()[0]),
            Err(InvalidBatch::ControlMismatch)
        );
        builder.append_end_transaction_marker(5, marker).unwrap();
        let batch = builder.build().unwrap();
        assert!(batch.is_control());
        assert_eq!(batch.size_in_bytes(), 78);
        assert_eq!(
            EndTransactionMarker::from_record(&read_all(&batch)[0]),
            Some(marker)
        );
    }
}

#[test]
fn a_cleaned_batch_keeps_its_range_and_gains_a_horizon() {
    let batch = batch_of(&records(), transactional());
    let kept = [read_all(&batch)[0], read_all(&batch)[2]];
    let options = BatchOptions {
        delete_horizon_ms: Some(5_000_000),
        ..transactional()
    };
    let mut builder = RecordBatchBuilder::new(options);
    for record in &kept {
        builder.append_view(record).unwrap();
    }
    let cleaned = builder
        .build_with_last_offset(batch.last_offset(), 0)
        .unwrap();
    assert_eq!((cleaned.base_offset(), cleaned.last_offset()), (41, 44));
    assert_eq!(cleaned.last_sequence(), batch.last_sequence());
    assert_eq!(cleaned.delete_horizon_ms(), Some(5_000_000));
    assert_eq!(
        RecordBatch::parse(cleaned.as_bytes()).as_ref(),
        Ok(&cleaned)
    );
    for (before, after) in kept.iter().zip(cleaned.records()) {
        let after = after.unwrap();
        assert_eq!(
            (after.offset, after.sequence),
            (before.offset, before.sequence)
        );
        assert_eq!(after.to_record(), before.to_record());
    }
}

#[test]
fn an_emptied_batch_is_a_header_only() {
    let builder = RecordBatchBuilder::new(transactional());
    let empty = builder.build_with_last_offset(44, 70_000).unwrap();
    assert_eq!(empty.size_in_bytes(), RECORD_BATCH_OVERHEAD);
    assert_eq!((empty.record_count(), empty.last_offset()), (0, 44));
    assert_eq!(
        (empty.base_timestamp(), empty.max_timestamp()),
        (-1, 70_000)
    );
    assert_eq!(read_all(&empty), []);
    assert_eq!(RecordBatch::parse(empty.as_bytes()), Ok(empty));
}

#[test]
fn the_first_record_always_has_room() {
    let [first, second] = [
        record(1, None, Some("0123456789")),
        record(1, None, Some("")),
    ];
    let mut builder = RecordBatchBuilder::default();
    assert!(!builder.is_full(0));
    assert!(builder.has_room_for(&first, 0));
    builder.append(&first).unwrap();
    let size = builder.size_in_bytes();
    let with_second = size + builder.size_of_next(&second);
    assert!(builder.is_full(size) && !builder.is_full(size + 1));
    assert!(!builder.has_room_for(&second, with_second - 1));
    assert!(builder.has_room_for(&second, with_second));
}

#[test]
fn no_batch_of_one_record_exceeds_its_estimate() {
    for record in records() {
        let batch = batch_of(std::slice::from_ref(&record), BatchOptions::default());
        // Length, timestamp and offset could each take more bytes than here.
        assert!(batch.size_in_bytes() <= record.estimate_size_in_bytes_upper_bound());
    }
    // 61 header, 21 overhead, 1 null key, 1 + 1 value, 1 header count.
    assert_eq!(
        record(0, None, Some("1")).estimate_size_in_bytes_upper_bound(),
        86
    );
}

#[test]
fn a_builder_refuses_contradictions() {
    assert_eq!(
        RecordBatchBuilder::default().build(),
        Err(InvalidBatch::NoRecords)
    );
    let built = |options| {
        let mut builder = RecordBatchBuilder::new(options);
        builder
            .append(&record(0, None, None))
            .and_then(|()| builder.build())
    };
    let options = BatchOptions {
        producer_id: -1,
        ..transactional()
    };
    assert_eq!(
        built(options),
        Err(InvalidBatch::TransactionalWithoutProducerId)
    );
    let options = BatchOptions {
        producer_epoch: -1,
        ..transactional()
    };
    assert_eq!(built(options), Err(InvalidBatch::ProducerEpoch));
    let options = BatchOptions {
        base_sequence: -1,
        ..transactional()
    };
    assert_eq!(built(options), Err(InvalidBatch::BaseSequence));
    let options = BatchOptions {
        base_offset: i64::MAX,
        ..transactional()
    };
    assert_eq!(
        built(options),
        Err(InvalidBatch::Offset { offset: i64::MAX })
    );

    let mut builder = RecordBatchBuilder::default();
    let refused = builder.append(&record(-2, None, None));
    assert_eq!(refused, Err(InvalidBatch::Timestamp { timestamp_ms: -2 }));
    assert_eq!(
        builder,
        RecordBatchBuilder::default(),
        "a refused record leaves no trace"
    );
    let later = batch_of(&records(), BatchOptions::default());
    builder.append_view(&read_all(&later)[1]).unwrap();
    let refused = builder.append_view(&read_all(&later)[0]);
    assert_eq!(refused, Err(InvalidBatch::Offset { offset: 0 }));
}

#[test]
fn every_truncation_is_noticed() {
    let batch = batch_of(&records(), transactional());
    let bytes = batch.as_bytes();
    for end in 0..bytes.len() {
        let error = RecordBatch::parse(&bytes[..end]).unwrap_err();
        assert!(
            matches!(error, CorruptRecord::Truncated { .. }),
            "{end} bytes: {error}"
        );
    }
    let longer = [bytes, b"?"].concat();
    assert_eq!(
        RecordBatch::parse(&longer),
        Err(CorruptRecord::TrailingBytes { count: 1 })
    );
}

/// Only what the checksum does not cover can be changed unnoticed: the base
/// offset and the leader epoch.
#[test]
fn every_flipped_bit_under_the_checksum_is_noticed() {
    let batch = batch_of(&records(), transactional());
    for_every_flip(batch.as_bytes(), |at, bytes| {
        match RecordBatch::parse(bytes) {
            Err(_) => {}
            Ok(parsed) => {
                assert!(
                    at < BATCH_LENGTH || (PARTITION_LEADER_EPOCH..MAGIC_AT).contains(&at),
                    "{at}"
                );
                assert_eq!(read_all(&parsed).len(), 4);
            }
        }
    });
}

/// With the checksum set right again the damage reaches the records: each is
/// still either refused or read to its end.
#[test]
fn damage_behind_a_right_checksum_is_survived() {
    let batch = batch_of(&records(), transactional());
    let (mut refused, mut read) = (0, 0);
    for_every_flip(batch.as_bytes(), |_, bytes| {
        put_crc(bytes);
        match RecordBatch::parse(bytes) {
            Err(error) => {
                refused += usize::from(!error.to_string().is_empty());
            }
            Ok(parsed) => {
                read += 1;
                assert!(parsed.records().all(|record| record.is_ok()));
            }
        }
    });
    assert!(
        refused > 100 && read > 100,
        "{refused} refused, {read} read"
    );
}

fn for_every_flip(bytes: &[u8], mut check: impl FnMut(usize, &mut [u8])) {
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1 << bit;
            check(at, &mut damaged);
        }
    }
}

fn compressed(compression_type: CompressionType) -> RecordBatch {
    let options = BatchOptions {
        compression_type,
        ..transactional()
    };
    let mut builder = RecordBatchBuilder::new(options);
    for record in records() {
        builder.append(&record).unwrap();
    }
    builder.build().unwrap()
}

/// Only the records are compressed: a header tells the same in every codec,
/// but for size, checksum and the codec itself.
#[test]
fn a_compressed_batch_is_read_back() {
    let plain = compressed(CompressionType::None);
    for codec in CompressionType::ALL {
        let batch = compressed(codec);
        assert_eq!(batch.compression_type(), codec);
        assert!(batch.is_crc_valid());
        let header = |batch: &RecordBatch| batch.as_bytes()[LAST_OFFSET_DELTA..61].to_vec();
        assert_eq!(header(&batch), header(&plain));
        assert_eq!(read_all(&batch), read_all(&plain));

        let parsed = RecordBatch::parse(batch.as_bytes()).unwrap();
        assert_eq!(parsed, batch);
        assert_eq!(read_all(&parsed), read_all(&plain));
        let appended = parsed.with_base_offset_and_epoch(100, 4);
        assert_eq!(read_all(&appended)[3].offset, 103);
        assert_eq!(appended.crc(), batch.crc());
    }
}

#[test]
fn a_compressed_batch_without_records_is_a_plain_header() {
    let builder = RecordBatchBuilder::new(BatchOptions {
        compression_type: CompressionType::Lz4,
        ..transactional()
    });
    let empty = builder.build_with_last_offset(44, 70_000).unwrap();
    assert_eq!(empty.compression_type(), CompressionType::None);
    assert_eq!(empty.size_in_bytes(), RECORD_BATCH_OVERHEAD);
}

/// A producer fills its batches by what it thinks compression will gain, and
/// thinks a little less than it saw.
#[test]
fn the_size_of_a_compressed_batch_is_estimated_until_it_is_built() {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        compression_type: CompressionType::Gzip,
        ..BatchOptions::default()
    });
    builder
        .append(&record(0, None, Some(&"x".repeat(990))))
        .unwrap();
    let records = 999;
    assert_eq!(builder.size_in_bytes(), 61 + records * 105 / 100);
    builder.set_estimated_compression_ratio(200);
    assert_eq!(builder.size_in_bytes(), 61 + records * 21 / 100);
    assert!(builder.has_room_for(&record(0, None, Some("y")), 300));
    assert!(builder.is_full(270) && !builder.is_full(271));
    let batch = builder.build().unwrap();
    let ratio = (batch.size_in_bytes() - 61) * 1_000 / records;
    assert_eq!(batch.compression_ratio() as usize, ratio);
    assert!(ratio < 50);
}

#[test]
fn codecs_that_do_not_exist_are_refused() {
    for id in 5..8 {
        let batch = batch_of(&records(), BatchOptions::default()).patched(|bytes| {
            put(bytes, ATTRIBUTES, i16::to_be_bytes(id));
            put_crc(bytes);
        });
        let error = CorruptRecord::UnknownCompression { id: id as u8 };
        assert_eq!(RecordBatch::parse(batch.as_bytes()), Err(error));
    }
}

/// Damage behind a right checksum, now in compressed records.
#[test]
fn damaged_compressed_records_are_refused_or_read_to_their_end() {
    for codec in CompressionType::ALL {
        for_every_flip(compressed(codec).as_bytes(), |_, bytes| {
            put_crc(bytes);
            if let Ok(parsed) = RecordBatch::parse(bytes) {
                assert!(parsed.records().all(|record| record.is_ok()));
            }
        });
    }
    let plain = compressed(CompressionType::None);
    let wrong = plain.patched(|bytes| {
        put(bytes, ATTRIBUTES, 4_i16.to_be_bytes());
        put_crc(bytes);
    });
    let error = CorruptRecord::Decompression {
        codec: CompressionType::Zstd,
        error: DecompressionError::Malformed,
    };
    assert_eq!(RecordBatch::parse(wrong.as_bytes()), Err(error));
    assert_eq!(error.kafka_name(), "INVALID_RECORD");
}

/// A few kilobytes that claim to be more than memory holds are refused, in one
/// batch or in many.
#[test]
fn a_reader_decompresses_no_more_than_its_share() {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        compression_type: CompressionType::Zstd,
        ..BatchOptions::default()
    });
    let mut large = record(0, None, None);
    large.value = Some(vec![0; DECOMPRESSED_MAX / 3]);
    builder.append(&large).unwrap();
    let batch = builder.build().unwrap();
    assert!(batch.size_in_bytes() < 10_000);
    let file = batch.as_bytes().repeat(3);
    let read: Vec<_> = read_batches(&file).collect();
    assert_eq!(read[..2], [Ok(batch.clone()), Ok(batch)]);
    assert!(matches!(
        read[2],
        Err(CorruptRecord::Decompression {
            error: DecompressionError::TooLarge { .. },
            ..
        })
    ));
}

#[test]
fn a_reader_goes_from_batch_to_batch_and_says_where_it_stopped() {
    let first = batch_of(&records(), BatchOptions::default());
    let second = first.with_base_offset_and_epoch(4, 0);
    let file = [first.as_bytes(), second.as_bytes(), &first.as_bytes()[..30]].concat();
    let mut reader = read_batches(&file);
    assert_eq!(reader.next(), Some(Ok(first.clone())));
    assert_eq!(reader.next(), Some(Ok(second)));
    assert!(matches!(
        reader.next(),
        Some(Err(CorruptRecord::Truncated { .. }))
    ));
    assert_eq!(reader.next(), None);
    assert_eq!(reader.position(), 2 * first.size_in_bytes());
    assert_eq!(read_batches(&[]).next(), None);
}
