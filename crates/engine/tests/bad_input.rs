//! What Kafka refuses: its error, its words, and nothing has changed.

mod support;

use engine::collections::BTreeMap;
use std::fmt::Debug;

use engine::client::Acks;
use engine::controller::MetadataImage;
use engine::log::record_batch::{
    BatchOptions, CompressionType, Record, RecordBatch, RecordBatchBuilder,
};
use engine::log::{LogConfig, PartitionLog};
use engine::protocol::ElectionType::Preferred;
use engine::protocol::{
    CreatableTopic, CreatePartitionsRequest, CreatePartitionsTopic, Request, Response,
};
use engine::{ErrorCode, TopicPartition, World};
use support::admin_call;
use support::cluster::*;

/// The metadata, and every broker's logs.
fn state(world: &World) -> (MetadataImage, Vec<(i32, TopicPartition, PartitionLog)>) {
    let mut logs = Vec::new();
    for broker in world.brokers().values() {
        for (of, held) in broker.partitions() {
            logs.push((broker.id, of.clone(), held.log.clone()));
        }
    }
    (world.image().clone(), logs)
}

/// A cluster with a topic that holds a record.
fn prepared() -> World {
    let mut world = cluster(51);
    create(&mut world, "t", "1:2,2:3", &[]);
    assert_eq!(send(&mut world, Acks::All, "t-0", &["v0"]), ["t-0@0"]);
    support::run_ms(&mut world, 2_000);
    world
}

/// Does something that is refused with `expected`, and changes nothing.
fn refused<T: Debug + PartialEq<E>, E: Debug>(expected: E, act: impl FnOnce(&mut World) -> T) {
    let mut world = prepared();
    let before = state(&world);
    assert_eq!(act(&mut world), expected);
    assert!(state(&world) == before, "something has changed");
}

fn with_config(name: &str, value: &str) -> CreatableTopic {
    CreatableTopic {
        configs: [(name.to_owned(), value.to_owned())].into(),
        ..new_topic("new", 1, 1)
    }
}

fn error(code: ErrorCode, message: &str) -> (ErrorCode, String) {
    (code, message.to_owned())
}

#[test]
fn a_replication_factor_above_the_number_of_brokers() {
    let message = "Unable to replicate the partition 4 time(s): The target replication factor of \
                   4 cannot be reached because only 3 broker(s) are registered.";
    refused(
        error(ErrorCode::InvalidReplicationFactor, message),
        |world| try_create_topic(world, new_topic("new", 1, 4)),
    );
}

#[test]
fn no_partitions_or_no_replicas() {
    let message = "Number of partitions was set to an invalid non-positive value.";
    refused(error(ErrorCode::InvalidPartitions, message), |world| {
        try_create_topic(world, new_topic("new", 0, 1))
    });
    let message = "Replication factor must be larger than 0, or -1 to use the default value.";
    refused(
        error(ErrorCode::InvalidReplicationFactor, message),
        |world| try_create_topic(world, new_topic("new", 1, 0)),
    );
}

#[test]
fn a_topic_that_there_is_and_a_name_that_cannot_be() {
    let message = "Topic 't' already exists.";
    refused(error(ErrorCode::TopicAlreadyExists, message), |world| {
        try_create_topic(world, new_topic("t", 1, 1))
    });
    refused(ErrorCode::InvalidTopicException, |world| {
        try_create_topic(world, new_topic("not a name", 1, 1)).0
    });
}

#[test]
fn a_setting_that_there_is_not() {
    let message = "Unknown topic config name: no.such.setting";
    refused(error(ErrorCode::InvalidConfig, message), |world| {
        try_create_topic(world, with_config("no.such.setting", "1"))
    });
}

#[test]
fn a_setting_whose_value_is_out_of_range_or_of_another_type() {
    let message = "Invalid value 0 for configuration min.insync.replicas: Value must be at least 1";
    refused(error(ErrorCode::InvalidConfig, message), |world| {
        try_create_topic(world, with_config("min.insync.replicas", "0"))
    });
    let message = "Invalid value soon for configuration retention.ms: Not a number of type LONG";
    refused(error(ErrorCode::InvalidConfig, message), |world| {
        try_create_topic(world, with_config("retention.ms", "soon"))
    });
}

/// The last words of `The manual partition assignment includes`.
fn manual(message: &str) -> (ErrorCode, String) {
    let message = format!("The manual partition assignment includes {message}");
    (ErrorCode::InvalidReplicaAssignment, message)
}

#[test]
fn replicas_that_no_partition_can_have() {
    for (assignment, message) in [
        ("1:9", "broker 9, but no such broker is registered."),
        ("1:1", "the broker 1 more than once."),
        (
            "1:2,3",
            "a partition with 1 replica(s), but this is not consistent with previous partitions, \
             which have 2 replica(s).",
        ),
    ] {
        refused(manual(message), |world| {
            try_create(world, "new", assignment, &[])
        });
    }
    refused(manual("an empty replica list."), |world| {
        let assignments = [(0, Vec::new())].into();
        try_create_topic(
            world,
            CreatableTopic {
                assignments,
                ..new_topic("new", -1, -1)
            },
        )
    });
}

#[test]
fn an_assignment_beside_a_number_of_partitions_or_replicas_or_with_gaps() {
    let assignments: BTreeMap<_, _> = [(0, vec![1])].into();
    for (partitions, replicas, what) in [(-1, 1, "replication factor"), (1, -1, "numPartitions")] {
        let message =
            format!("A manual partition assignment was specified, but {what} was not set to -1.");
        let assignments = assignments.clone();
        refused((ErrorCode::InvalidRequest, message), |world| {
            let topic = new_topic("new", partitions, replicas);
            try_create_topic(
                world,
                CreatableTopic {
                    assignments,
                    ..topic
                },
            )
        });
    }
    let message = "partitions should be a consecutive 0-based integer sequence";
    refused(
        error(ErrorCode::InvalidReplicaAssignment, message),
        |world| {
            let assignments = [(0, vec![1]), (2, vec![2])].into();
            try_create_topic(
                world,
                CreatableTopic {
                    assignments,
                    ..new_topic("new", -1, -1)
                },
            )
        },
    );
}

#[test]
fn an_assignment_to_dead_brokers_alone() {
    let mut world = prepared();
    kill(&mut world, 3);
    wait_brokers(&mut world, 2);
    let before = state(&world);
    let message = "All brokers specified in the manual partition assignment for partition 1 are \
                   fenced or in controlled shutdown.";
    let expected = error(ErrorCode::InvalidReplicaAssignment, message);
    assert_eq!(try_create(&mut world, "new", "1,3", &[]), expected);
    assert!(state(&world).0 == before.0);
}

fn add_partitions(world: &mut World, count: i32, assignment_of: &str) -> (ErrorCode, String) {
    let request = Request::CreatePartitions(CreatePartitionsRequest {
        topics: vec![CreatePartitionsTopic {
            name: "t".into(),
            count,
            assignments: Some(match assignment_of {
                "" => Vec::new(),
                text => assignment(text),
            }),
        }],
    });
    match admin_call(world, request) {
        Response::CreatePartitions(response) => {
            let result = &response.results[0];
            let message = result.error_message.clone().unwrap_or_default();
            (result.error_code, message)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn added_partitions_go_where_they_are_wanted() {
    let mut world = prepared();
    let added = add_partitions(&mut world, 4, "3:1,1:2");
    assert_eq!(added, error(ErrorCode::None, ""));
    let expected = [
        "Leader: 1 Replicas: 1,2 Isr: 1,2",
        "Leader: 2 Replicas: 2,3 Isr: 2,3",
        "Leader: 3 Replicas: 3,1 Isr: 3,1",
        "Leader: 1 Replicas: 1,2 Isr: 1,2",
    ];
    assert_eq!(describe(&world, "t"), expected);
}

#[test]
fn added_partitions_without_the_replicas_that_they_need() {
    let message =
        "Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified.";
    refused(
        error(ErrorCode::InvalidReplicaAssignment, message),
        |world| add_partitions(world, 3, ""),
    );
    let message = "a partition with 1 replica(s), but this is not consistent with previous \
                   partitions, which have 2 replica(s).";
    refused(manual(message), |world| add_partitions(world, 3, "2"));
    let message = "broker 9, but no such broker is registered.";
    refused(manual(message), |world| add_partitions(world, 3, "2:9"));
}

#[test]
fn a_reassignment_to_brokers_that_no_partition_can_have() {
    for (target, message) in [
        (&[9][..], "broker 9, but no such broker is registered."),
        (&[1, 1], "the broker 1 more than once."),
        (&[], "an empty replica list."),
    ] {
        let (code, message) = manual(message);
        refused(("t-0".to_owned(), code, message), |world| {
            reassign(world, "t-0", Some(target))
        });
    }
}

#[test]
fn a_reassignment_or_an_election_of_what_there_is_not() {
    let unknown = |of: &str, message: &str| {
        let code = ErrorCode::UnknownTopicOrPartition;
        (of.to_owned(), code, message.to_owned())
    };
    for (of, message) in [
        ("nope-0", "Unable to find a topic named nope."),
        ("t-7", "Unable to find partition t:7."),
    ] {
        refused(unknown(of, message), |world| {
            reassign(world, of, Some(&[1]))
        });
    }
    for (of, message) in [
        ("nope-0", "No such topic as nope"),
        ("t-7", "No such partition as t-7"),
    ] {
        refused(vec![unknown(of, message)], |world| {
            elect(world, Preferred, Some(of))
        });
    }
}

/// A producer's record that is a moment older than the broker's clock.
#[test]
fn a_record_whose_timestamp_is_out_of_range() {
    let mut world = cluster(52);
    create(
        &mut world,
        "t",
        "1",
        &[("message.timestamp.before.max.ms", "0")],
    );
    let before = state(&world);
    let failed = send(&mut world, Acks::All, "t-0", &["late"]);
    assert_eq!(failed.len(), 1);
    assert!(failed[0].starts_with("InvalidTimestampException: Timestamp 17672"));
    let range = " of message with offset 0 is out of range. The timestamp should be within [";
    assert!(failed[0].contains(range), "{failed:?}");
    assert!(state(&world) == before);
}

#[test]
fn a_record_larger_than_the_topic_takes() {
    let mut world = cluster(53);
    create(&mut world, "t", "1", &[("max.message.bytes", "100")]);
    let before = state(&world);
    let failed = send(&mut world, Acks::All, "t-0", &[&"x".repeat(100)]);
    let message = "RecordTooLargeException: The request included a message larger than the max \
                   message size the server will accept.";
    assert_eq!(failed, [message]);
    assert!(state(&world) == before);
}

/// In one batch with others: none of it is taken, and the producer is told
/// which one it was.
#[test]
fn one_record_without_a_key_for_a_compacted_topic() {
    let mut world = cluster(54);
    create(&mut world, "t", "1", &[("cleanup.policy", "compact")]);
    let before = state(&world);
    let records = [(Some("k"), Some("1")), (None, Some("2"))];
    let failed = send_records(&mut world, Acks::All, "t-0", &records);
    assert_eq!(failed.len(), 2);
    assert!(failed[1].contains("Compacted topic cannot accept message without key"));
    assert!(state(&world) == before);
}

const NOW: i64 = 1_767_225_600_000;

fn record(key: Option<&[u8]>, timestamp_ms: i64) -> Record {
    Record {
        timestamp_ms,
        key: key.map(<[u8]>::to_vec),
        value: Some(b"value".to_vec()),
        ..Record::default()
    }
}

fn batch_of(options: BatchOptions, records: &[Record]) -> RecordBatch {
    let mut builder = RecordBatchBuilder::new(options);
    for record in records {
        builder.append(record).expect("a record");
    }
    builder.build().expect("a batch")
}

fn batch() -> RecordBatch {
    let records = [record(Some(b"k"), NOW), record(Some(b"l"), NOW)];
    batch_of(BatchOptions::default(), &records)
}

/// What a log with these settings says of a batch, of which it takes nothing.
fn refusal(configs: &[(&str, &str)], batch: &RecordBatch) -> (ErrorCode, String) {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let configs = configs.iter().map(owned).collect();
    let mut log = PartitionLog::new(LogConfig::from_topic_configs(&configs), NOW);
    let before = log.clone();
    let refused = log.append_as_leader(batch, 0, NOW).expect_err("a refusal");
    assert!(log == before, "something has changed");
    let message = refused.message(&TopicPartition::new("t", 0), log.config());
    (refused.error_code(), message)
}

#[test]
fn a_batch_with_a_byte_that_changed_on_its_way() {
    let sound = batch();
    for codec in [CompressionType::None, CompressionType::Gzip] {
        let options = BatchOptions {
            compression_type: codec,
            ..BatchOptions::default()
        };
        let sent = batch_of(options, &[record(Some(b"k"), NOW)]);
        let mut bytes = sent.as_bytes().to_vec();
        *bytes.last_mut().expect("bytes") ^= 1;
        let received = RecordBatch::received(&bytes).expect("its length is right");
        let message = format!(
            "Record is corrupt (stored crc = {}) in topic partition t-0.",
            sent.crc()
        );
        assert_eq!(
            refusal(&[], &received),
            (ErrorCode::CorruptMessage, message)
        );
    }
    let received = RecordBatch::received(sound.as_bytes()).expect("it is sound");
    let mut log = PartitionLog::new(LogConfig::default(), NOW);
    assert!(log.append_as_leader(&received, 0, NOW).is_ok());
}

#[test]
fn a_batch_of_another_format_version() {
    let mut bytes = batch().as_bytes().to_vec();
    bytes[16] = 1;
    let received = RecordBatch::received(&bytes).expect("its length is right");
    let message = "Produce requests with version 12 are only allowed to contain record batches \
                   with magic version 2";
    assert_eq!(
        refusal(&[], &received),
        error(ErrorCode::InvalidRecord, message)
    );
}

#[test]
fn a_batch_whose_offsets_are_not_what_a_producer_sends() {
    let message =
        "The baseOffset of the record batch in the append to t-0 should be 0, but it is 7";
    let elsewhere = batch().with_base_offset_and_epoch(7, 0);
    assert_eq!(
        refusal(&[], &elsewhere),
        error(ErrorCode::InvalidRecord, message)
    );

    let mut builder = RecordBatchBuilder::default();
    builder.append(&record(Some(b"k"), NOW)).expect("a record");
    builder.append(&record(Some(b"l"), NOW)).expect("a record");
    let message = "Inconsistent batch offset range [0, 2] and count of records 2 in topic \
                   partition t-0";
    let gap = builder.build_with_last_offset(2, NOW).expect("a batch");
    assert_eq!(refusal(&[], &gap), error(ErrorCode::InvalidRecord, message));
}

#[test]
fn records_without_keys_are_told_one_by_one() {
    let records = [
        record(Some(b"k"), NOW),
        record(None, NOW),
        record(None, NOW),
    ];
    let batch = batch_of(BatchOptions::default(), &records);
    let message = "One or more records have been rejected due to 2 record errors in total, and \
                   only showing the first three errors at most: [RecordError(batchIndex=1, \
                   message='Compacted topic cannot accept message without key in topic partition \
                   t-0'), RecordError(batchIndex=2, message='Compacted topic cannot accept \
                   message without key in topic partition t-0')]";
    let compacted = [("cleanup.policy", "compact")];
    assert_eq!(
        refusal(&compacted, &batch),
        error(ErrorCode::InvalidRecord, message)
    );
}

#[test]
fn records_from_the_future_or_too_far_in_the_past() {
    let message = "One or more records have been rejected due to invalid timestamp";
    let expected = error(ErrorCode::InvalidTimestamp, message);
    let of = |timestamp_ms| batch_of(BatchOptions::default(), &[record(None, timestamp_ms)]);
    assert_eq!(
        refusal(&[], &of(NOW + 3_600_001)),
        expected,
        "by default an hour"
    );
    let before = [("message.timestamp.before.max.ms", "1000")];
    assert_eq!(refusal(&before, &of(NOW - 1_001)), expected);
    let mut log = PartitionLog::new(LogConfig::default(), NOW);
    assert!(log.append_as_leader(&of(NOW + 3_600_000), 0, NOW).is_ok());
    assert!(log.append_as_leader(&of(0), 0, NOW).is_ok());
}

#[test]
fn a_batch_that_claims_to_be_stamped_by_a_broker() {
    let stamped = [("message.timestamp.type", "LogAppendTime")];
    let batch = batch().with_log_append_time(NOW);
    let message = "One or more records have been rejected due to invalid timestamp";
    let expected = error(ErrorCode::InvalidTimestamp, message);
    assert_eq!(refusal(&stamped, &batch), expected);
}
