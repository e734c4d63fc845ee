use super::*;
use crate::log::config::BrokerCompressionType;
use crate::log::error::AppendError;
use crate::log::record_batch::{
    BatchOptions, CompressionType, EndTransactionMarker, InvalidBatch, Record, RecordBatchBuilder,
    TimestampType, TransactionResult,
};
use crate::protocol::ErrorCode;

const NOW: i64 = 1_700_000_000_000;

/// A batch of `count` records of this timestamp, as a producer sends it.
fn batch(count: usize, timestamp_ms: i64) -> RecordBatch {
    let mut builder = RecordBatchBuilder::default();
    for _ in 0..count {
        let record = Record {
            timestamp_ms,
            key: None,
            value: Some(vec![b'v'; 30]),
            headers: Vec::new(),
        };
        builder.append(&record).unwrap();
    }
    builder.build().unwrap()
}

fn log(segment_bytes: usize) -> PartitionLog {
    let config = LogConfig {
        segment_bytes,
        ..LogConfig::default()
    };
    PartitionLog::new(config, NOW)
}

/// Appends `batches` batches of two records each; a hundred bytes and more.
fn filled(segment_bytes: usize, batches: usize) -> PartitionLog {
    let mut log = log(segment_bytes);
    for _ in 0..batches {
        log.append_as_leader(&batch(2, NOW), 0, NOW).unwrap();
    }
    log.set_high_watermark(log.end_offset());
    log
}

fn bases(log: &PartitionLog) -> Vec<i64> {
    log.segments().map(LogSegment::base_offset).collect()
}

#[test]
fn a_read_ends_with_its_segment() {
    let size = batch(2, NOW).size_in_bytes();
    let log = filled(2 * size, 5);
    assert_eq!(bases(&log), [0, 4, 8]);
    let offsets = |offset| -> Vec<i64> {
        let batches = log.read(offset, log.end_offset(), usize::MAX).unwrap();
        batches.iter().map(RecordBatch::base_offset).collect()
    };
    assert_eq!(offsets(0), [0, 2]);
    assert_eq!(offsets(3), [2]);
    assert_eq!(offsets(4), [4, 6]);
    assert_eq!(offsets(10), [0; 0]);
    assert_eq!(log.read(11, 10, usize::MAX), None);
    assert_eq!(log.read(0, 1, usize::MAX), Some(Vec::new()));
    assert_eq!(log.bytes_between(3, 10), 4 * size);
    assert!(log.is_on_older_segment(3, 4));
    assert!(!log.is_on_older_segment(4, 7));
}

#[test]
fn a_segment_rolls_when_its_indexes_are_full() {
    let mut log = log(1 << 30);
    let config = LogConfig {
        index_interval_bytes: 0,
        segment_index_bytes: 3 * 8,
        ..log.config().clone()
    };
    log.set_config(config);
    for _ in 0..8 {
        log.append_as_leader(&batch(1, NOW), 0, NOW).unwrap();
    }
    // The first batch has no entry; the time index takes one entry only and
    // keeps a place.
    assert_eq!(bases(&log), [0, 2, 4, 6]);
}

#[test]
fn a_segment_rolls_when_an_offset_is_too_far_from_its_base() {
    let mut log = log(1 << 30);
    let far = i64::from(i32::MAX);
    for base in [0, far, far + 1] {
        let batch = batch(1, NOW).with_base_offset_and_epoch(base, 0);
        log.append_as_follower(&batch, NOW).unwrap();
    }
    assert_eq!(bases(&log), [0, far + 1]);
    let before = batch(1, NOW).with_base_offset_and_epoch(7, 0);
    let error = log.append_as_follower(&before, NOW).unwrap_err();
    assert!(matches!(
        error,
        AppendError::UnexpectedAppendOffset { first: 7, .. }
    ));
}

#[test]
fn records_without_a_timestamp_age_from_when_they_were_written() {
    let mut log = log(1 << 30);
    log.append_as_leader(&batch(1, -1), 0, NOW).unwrap();
    log.set_high_watermark(1);
    let week = log.config().retention_ms;
    assert!(log.delete_old_segments(NOW + week).is_empty());
    let deletion = Deletion {
        reason: DeletionReason::RetentionTime,
        segments: 1,
        from: 0,
        to: 1,
    };
    assert_eq!(log.delete_old_segments(NOW + week + 1), [deletion]);
    assert_eq!((log.size_bytes(), bases(&log)), (0, vec![1]));
}

#[test]
fn truncation_cuts_whole_batches_and_their_epochs() {
    let size = batch(2, NOW).size_in_bytes();
    let mut log = filled(2 * size, 3);
    log.append_as_leader(&batch(2, NOW), 4, NOW).unwrap();
    log.append_as_leader(&batch(2, NOW), 7, NOW).unwrap();
    assert_eq!(
        log.leader_epochs().entries().collect::<Vec<_>>(),
        [(0, 0), (4, 6), (7, 8)]
    );
    assert_eq!(log.end_offset_for_epoch(5), Some((4, 8)));
    assert!(!log.truncate_to(10, NOW));

    let whole = log.clone();
    assert!(log.truncate_to(5, NOW), "within the batch of 4 and 5");
    assert_eq!(log.end_offset(), 5);
    assert_eq!(log.high_watermark(), 5);
    assert_eq!(bases(&log), [0, 4]);
    assert_eq!(log.size_bytes(), 2 * size);
    assert_eq!(log.leader_epochs().latest_epoch(), Some(0));
    assert_eq!(whole.size_bytes(), 5 * size, "a clone stays as it was");

    let appended = log.append_as_leader(&batch(1, NOW), 8, NOW).unwrap();
    assert_eq!(appended.first_offset, 5);
    assert!(log.truncate_to(0, NOW));
    assert_eq!((log.end_offset(), bases(&log)), (0, vec![0]));
}

/// It asks for what will never be there, and counts as having all that is: a
/// follower of such a log could not come back into the ISR otherwise.
#[test]
fn who_reads_behind_the_last_batch_is_at_the_end_of_the_log() {
    let mut log = filled(1 << 30, 3);
    assert!(log.truncate_to(5, NOW), "within the batch of 4 and 5");
    assert_eq!(log.read(4, 5, usize::MAX), Some(Vec::new()));
    assert_eq!(log.position_of(4), 5);
    assert_eq!(log.position_of(3), 3, "its batch ends at 4");
    log.append_as_leader(&batch(1, NOW), 1, NOW).unwrap();
    assert_eq!(log.position_of(4), 4, "something follows now");
}

#[test]
fn a_log_that_begins_later_is_truncated_fully() {
    let size = batch(2, NOW).size_in_bytes();
    let mut log = filled(2 * size, 5);
    assert_eq!(log.delete_records(5), Ok(true));
    log.delete_old_segments(NOW);
    assert_eq!(bases(&log), [4, 8]);
    assert!(log.truncate_to(3, NOW));
    assert_eq!(
        (log.start_offset(), log.end_offset(), log.high_watermark()),
        (3, 3, 3)
    );
    assert_eq!(log.leader_epochs().latest_epoch(), None);
}

#[test]
fn an_epoch_without_records_is_dropped_again() {
    let mut log = filled(1 << 30, 1);
    log.assign_leader_epoch(3);
    assert_eq!(log.leader_epochs().latest_epoch(), Some(3));
    assert!(!log.truncate_to(2, NOW));
    assert_eq!(log.leader_epochs().latest_epoch(), Some(0));
}

#[test]
fn the_brokers_time_replaces_the_producers() {
    let mut log = log(1 << 30);
    let config = LogConfig {
        message_timestamp_type: TimestampType::LogAppendTime,
        ..LogConfig::default()
    };
    log.set_config(config);
    log.append_as_leader(&batch(2, 5), 0, NOW).unwrap();
    let stored = log.batches().next().unwrap();
    assert!(stored.is_crc_valid());
    assert_eq!(stored.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(log.offset_for_timestamp(6), Some((0, NOW)));
    assert_eq!(log.offset_of_max_timestamp(), Some((0, NOW)));
}

#[test]
fn clones_share_the_sealed_segments() {
    let mut log = filled(batch(2, NOW).size_in_bytes(), 3);
    let clone = log.clone();
    log.append_as_leader(&batch(1, NOW), 0, NOW).unwrap();
    for (ours, theirs) in log.sealed.iter().zip(&clone.sealed) {
        assert!(Arc::ptr_eq(ours, theirs));
    }
    assert_eq!((clone.end_offset(), log.end_offset()), (6, 7));
}

#[test]
fn a_log_is_loaded_from_what_it_exports() {
    let size = batch(2, NOW).size_in_bytes();
    let mut log = filled(2 * size, 5);
    let files: Vec<(i64, Vec<u8>)> = log
        .segments()
        .map(|segment| (segment.base_offset(), segment.to_bytes()))
        .collect();
    let named = files.iter().map(|(base, bytes)| (*base, bytes.as_slice()));
    let mut loaded = PartitionLog::load(log.config().clone(), named, NOW).unwrap();
    assert_eq!(loaded.high_watermark(), 0);
    loaded.set_high_watermark(10);
    assert_eq!(loaded, log);
    for log in [&mut loaded, &mut log] {
        let appended = log.append_as_leader(&batch(1, NOW), 1, NOW).unwrap();
        assert_eq!(appended.first_offset, 10);
    }
    assert_eq!(loaded, log);

    let twice = [(0, files[0].1.as_slice()), (2, files[0].1.as_slice())];
    assert!(PartitionLog::load(LogConfig::default(), twice, NOW).is_err());
}

/// Three keyed records, one after the other, compressed by their producer.
fn compressed_batch(compression_type: CompressionType, timestamp_ms: i64) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(BatchOptions {
        compression_type,
        ..BatchOptions::default()
    });
    for (index, key) in ["a", "b", "c"].into_iter().enumerate() {
        let record = Record {
            timestamp_ms: timestamp_ms + index as i64,
            key: Some(key.into()),
            value: Some(vec![b'v'; 200]),
            headers: Vec::new(),
        };
        builder.append(&record).unwrap();
    }
    builder.build().unwrap()
}

fn log_of_codec(compression_type: BrokerCompressionType) -> PartitionLog {
    let config = LogConfig {
        compression_type,
        ..LogConfig::default()
    };
    PartitionLog::new(config, NOW)
}

fn records_of(batch: &RecordBatch) -> Vec<Record> {
    let records = batch.records().map(|record| record.unwrap().to_record());
    records.collect()
}

/// Whatever the producer chose and whatever the topic wants: the records are
/// the same, and a batch that is in the topic's codec stays as it is.
#[test]
fn the_leader_keeps_batches_in_the_codec_of_the_topic() {
    let topics = CompressionType::ALL.map(BrokerCompressionType::Always);
    for topic in topics.into_iter().chain([BrokerCompressionType::Producer]) {
        let mut log = log_of_codec(topic);
        for source in CompressionType::ALL {
            let sent = compressed_batch(source, NOW);
            let appended = log.append_as_leader(&sent, 7, NOW).unwrap();
            let stored = log.batches().next_back().unwrap();
            assert_eq!(stored.compression_type(), topic.target(source));
            assert_eq!(stored.partition_leader_epoch(), 7);
            assert_eq!(stored.base_offset(), appended.first_offset);
            assert_eq!(stored.last_offset(), appended.first_offset + 2);
            assert_eq!(records_of(stored), records_of(&sent));
            assert_eq!(RecordBatch::parse(stored.as_bytes()).as_ref(), Ok(stored));
            if topic.target(source) == source {
                assert_eq!(stored.crc(), sent.crc(), "only the offset is new");
            }
        }
    }
}

#[test]
fn a_recompressed_batch_has_the_brokers_time_and_its_producers_records() {
    let mut log = log_of_codec(BrokerCompressionType::Always(CompressionType::Zstd));
    let config = LogConfig {
        message_timestamp_type: TimestampType::LogAppendTime,
        ..log.config().clone()
    };
    log.set_config(config);
    for source in CompressionType::ALL {
        let sent = compressed_batch(source, 5);
        log.append_as_leader(&sent, 0, NOW).unwrap();
        let stored = log.batches().next_back().unwrap();
        assert_eq!(stored.timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!((stored.base_timestamp(), stored.max_timestamp()), (5, NOW));
    }
}

/// A transaction: three records, and the marker that commits them.
fn append_transaction(log: &mut PartitionLog) {
    let options = |is_control, base_sequence| BatchOptions {
        producer_id: 1,
        producer_epoch: 0,
        base_sequence,
        is_transactional: true,
        is_control,
        ..BatchOptions::default()
    };
    let mut data = RecordBatchBuilder::new(options(false, 0));
    for record in records_of(&compressed_batch(CompressionType::None, NOW)) {
        data.append(&record).unwrap();
    }
    log.append_as_leader(&data.build().unwrap(), 0, NOW)
        .unwrap();
    let mut marker = RecordBatchBuilder::new(options(true, -1));
    let commit = EndTransactionMarker {
        result: TransactionResult::Commit,
        coordinator_epoch: 0,
    };
    marker.append_end_transaction_marker(NOW, commit).unwrap();
    let marker = marker.build().unwrap();
    log.append_as_coordinator(&marker, 0, NOW).unwrap();
}

#[test]
fn markers_are_not_compressed() {
    let mut log = log_of_codec(BrokerCompressionType::Always(CompressionType::Gzip));
    append_transaction(&mut log);
    let codecs: Vec<_> = log.batches().map(RecordBatch::compression_type).collect();
    assert_eq!(codecs, [CompressionType::Gzip, CompressionType::None]);
}

/// What a producer compressed may be too large without it.
#[test]
fn a_batch_can_become_too_large_in_the_topics_codec() {
    let sent = compressed_batch(CompressionType::Gzip, NOW);
    let mut log = log_of_codec(BrokerCompressionType::Always(CompressionType::None));
    let config = LogConfig {
        max_message_bytes: sent.size_in_bytes(),
        ..log.config().clone()
    };
    log.set_config(config);
    let size = compressed_batch(CompressionType::None, NOW).size_in_bytes();
    let error = AppendError::RecompressedTooLarge { size };
    assert_eq!(log.append_as_leader(&sent, 0, NOW), Err(error.clone()));
    assert_eq!(log.end_offset(), 0);
    assert_eq!(error.error_code(), ErrorCode::MessageTooLarge);
}

#[test]
fn records_in_compressed_batches_are_found_by_their_timestamps() {
    for codec in CompressionType::ALL {
        let mut log = log_of_codec(BrokerCompressionType::Producer);
        for at in [1_000, 2_000] {
            let batch = compressed_batch(codec, at);
            log.append_as_leader(&batch, 0, NOW).unwrap();
        }
        assert_eq!(log.offset_for_timestamp(1_001), Some((1, 1_001)));
        assert_eq!(log.offset_for_timestamp(1_003), Some((3, 2_000)));
        assert_eq!(log.offset_for_timestamp(2_003), None);
        assert_eq!(log.offset_of_max_timestamp(), Some((5, 2_002)));
    }
}

/// Three records, the middle one of which compaction takes away, since a later
/// record has its key.
fn append_and_compact(log: &mut PartitionLog, codec: CompressionType) {
    let mut newer = RecordBatchBuilder::default();
    let record = Record {
        timestamp_ms: NOW,
        key: Some("b".into()),
        value: Some("new".into()),
        headers: Vec::new(),
    };
    newer.append(&record).unwrap();
    let older = compressed_batch(codec, NOW);
    for batch in [older, newer.build().unwrap()] {
        log.append_as_leader(&batch, 0, NOW).unwrap();
    }
    log.set_high_watermark(log.end_offset());
    log.roll(NOW);
    let cleaning = log.clean(&log.to_clean(None, NOW), NOW);
    assert_eq!((cleaning.records_before, cleaning.records_after), (4, 3));
}

/// Markers have offsets and compaction leaves holes, and neither is a record
/// that somebody wrote; the log start and the ends may lie within a batch.
#[test]
fn data_records_are_counted_one_by_one() {
    let mut log = log_of_codec(BrokerCompressionType::Producer);
    append_and_compact(&mut log, CompressionType::Gzip);
    append_transaction(&mut log);
    for _ in 0..600 {
        log.append_as_leader(&batch(2, NOW), 0, NOW).unwrap();
    }
    log.set_high_watermark(log.end_offset());
    log.delete_records(1).unwrap();
    let data = log.batches().filter(|batch| !batch.is_control());
    let offsets: Vec<i64> = data
        .flat_map(|batch| batch.records().map(|record| record.unwrap().offset))
        .filter(|offset| *offset >= log.start_offset())
        .collect();
    let end = log.end_offset();
    let places = [
        0,
        1,
        2,
        3,
        4,
        6,
        7,
        8,
        9,
        10,
        517,
        700,
        end - 1,
        end,
        end + 5,
    ];
    for (from, to) in places.iter().flat_map(|from| places.map(|to| (*from, to))) {
        let counted = offsets.iter().filter(|it| (from..to).contains(*it)).count();
        assert_eq!(log.data_records(from, to), counted as i64, "{from} to {to}");
    }
}

/// Compaction looks into compressed batches, and what it writes anew is in
/// the codec that it was in.
#[test]
fn compressed_batches_are_compacted_in_their_codec() {
    for codec in CompressionType::ALL {
        let mut log = log_of_codec(BrokerCompressionType::Producer);
        append_and_compact(&mut log, codec);
        let cleaned = log.batches().next().unwrap();
        assert_eq!(cleaned.compression_type(), codec);
        let offsets: Vec<_> = cleaned.records().map(|r| r.unwrap().offset).collect();
        assert_eq!((offsets, cleaned.last_offset()), (vec![0, 2], 2));
        assert_eq!(RecordBatch::parse(cleaned.as_bytes()).as_ref(), Ok(cleaned));
    }
}

/// Where Kafka's builder throws, the batch is refused and the log stays.
#[test]
fn a_batch_that_cannot_be_written_anew_is_refused() {
    let sent = compressed_batch(CompressionType::None, NOW).with_log_append_time(-5);
    let mut log = log_of_codec(BrokerCompressionType::Always(CompressionType::Gzip));
    let error = AppendError::Unwritable(InvalidBatch::Timestamp { timestamp_ms: -5 });
    assert_eq!(log.append_as_leader(&sent, 0, NOW), Err(error.clone()));
    assert_eq!(error.error_code(), ErrorCode::UnknownServerError);
    assert_eq!(log.end_offset(), 0);
}
