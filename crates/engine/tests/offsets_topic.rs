//! What lies in `__consumer_offsets`, and how a coordinator makes groups of it
//! again. The segment is one that a real broker wrote.

use std::fs;
use std::path::Path;

use engine::coordinator::record::GroupRecord;
use engine::coordinator::runtime::{
    CoordinatorRuntime, CoordinatorShard, Output, ProducerIdAndEpoch, Write, batch_of,
};
use engine::coordinator::{
    CoordinatorOutput, GroupCoordinator, GroupCoordinatorConfig, GroupState, RequestToken,
};
use engine::log::record_batch::{RecordBatch, TransactionResult, read_batches};
use engine::protocol::{
    CommittedOffset, OffsetCommitRequest, OffsetFetchRequest, OffsetFetchResponse, Response,
};
use engine::{ErrorCode, Time, TopicPartition};

fn segment() -> Vec<RecordBatch> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/segments/__consumer_offsets-1");
    let bytes = fs::read(folder.join("00000000000000000000.log")).unwrap();
    let batches: Result<_, _> = read_batches(&bytes).collect();
    batches.unwrap()
}

#[test]
fn what_kafka_wrote_is_read_and_written_again_byte_for_byte() {
    for batch in segment() {
        let mut records = Vec::new();
        for record in batch.records().map(Result::unwrap) {
            let key = record.key.expect("every record has a key");
            let read = GroupRecord::decode(key, record.value).unwrap();
            let written = read.expect("its type is known").encode();
            assert_eq!(&*written.key, key, "at {}", record.offset);
            assert_eq!(
                written.value.as_deref(),
                record.value,
                "at {}",
                record.offset
            );
            records.push(written);
        }
        let again = batch_of(&records, None, batch.max_timestamp()).unwrap();
        let again = again.with_base_offset_and_epoch(batch.base_offset(), 0);
        assert_eq!(again.as_bytes(), batch.as_bytes());
    }
}

#[test]
fn records_of_another_type_are_left_alone_and_damaged_ones_refused() {
    assert_eq!(GroupRecord::decode(&[0, 99, 0, 1, b'g'], None), Ok(None));
    assert!(GroupRecord::decode(&[0, 2, 0, 9, b'g'], None).is_err());
    assert!(GroupRecord::decode(&[0], None).is_err());
}

/// A broker that leads the partition of the offsets topic, in short words.
struct Partition {
    runtime: CoordinatorRuntime<GroupCoordinator>,
    now: Time,
    out: Vec<CoordinatorOutput>,
    end_offset: i64,
}

impl Partition {
    fn new() -> Partition {
        Partition {
            runtime: CoordinatorRuntime::default(),
            now: Time::from_ms(1_000),
            out: Vec::new(),
            end_offset: 0,
        }
    }

    fn elected(&mut self) {
        let config = GroupCoordinatorConfig::default();
        let shard = || GroupCoordinator::new(config, 1);
        assert!(self.runtime.elected(1, 0, self.now, shard));
    }

    fn load(&mut self, batches: &[RecordBatch], high_watermark: i64) {
        let batches = batches.iter();
        self.runtime
            .load(self.now, 1, batches, high_watermark, &mut self.out);
    }

    fn shard(&self) -> &GroupCoordinator {
        self.runtime.shard(1).expect("it serves")
    }

    fn fetch(&self, require_stable: bool) -> OffsetFetchResponse {
        self.shard().offset_fetch(&OffsetFetchRequest {
            group_id: "g".to_owned(),
            partitions: None,
            require_stable,
            member_id: None,
            member_epoch: -1,
        })
    }

    fn committed(&self) -> Vec<i64> {
        let partitions = self.fetch(false).partitions;
        partitions
            .into_iter()
            .filter_map(|(_, it)| Some(it?.offset))
            .collect()
    }

    /// Has an offset committed; the write that this comes to is returned.
    fn commit(
        &mut self,
        offset: i64,
        producer: Option<ProducerIdAndEpoch>,
    ) -> Write<GroupCoordinator> {
        let (now, token) = (self.now, RequestToken(offset.unsigned_abs()));
        let committed = CommittedOffset {
            offset,
            leader_epoch: -1,
            metadata: String::new(),
        };
        let request = OffsetCommitRequest {
            group_id: "g".to_owned(),
            generation_id: -1,
            member_id: String::new(),
            group_instance_id: None,
            offsets: vec![(TopicPartition::new("t", 0), committed)],
        };
        let out = &mut self.out;
        let acted = self.runtime.act(1, |shard| match producer {
            None => shard.offset_commit(now, token, request, out),
            Some(producer) => shard.txn_offset_commit(now, token, producer, request, out),
        });
        acted.expect("it serves");
        match self.out.pop() {
            Some(Output::Write(write)) => write,
            other => panic!("a commit is written: {other:?}"),
        }
    }

    /// A write is in the log, and waits for the high watermark.
    fn append(&mut self, write: Write<GroupCoordinator>) {
        self.end_offset += write.records.len() as i64;
        let deadline = self.now.plus_ms(5_000);
        let end_offset = Some(self.end_offset);
        self.runtime
            .defer(1, write.number, end_offset, write.then, deadline);
    }

    fn advance(&mut self, high_watermark: i64) {
        self.runtime
            .advance(self.now, 1, high_watermark, &mut self.out);
    }

    /// The errors answered since this was last asked.
    fn answers(&mut self) -> Vec<ErrorCode> {
        let out = self.out.drain(..);
        let answers = out.filter_map(|output| match output {
            Output::Respond {
                response: Response::OffsetCommit(response),
                ..
            } => Some(response.partitions[0].1),
            _ => None,
        });
        answers.collect()
    }
}

#[test]
fn a_group_is_loaded_from_what_a_real_broker_wrote() {
    let mut partition = Partition::new();
    partition.elected();
    assert_eq!(
        partition.runtime.shard(1).err(),
        Some(ErrorCode::CoordinatorLoadInProgress)
    );
    partition.load(&segment(), 7);
    let shard = partition.shard();
    let group = shard.group("seg-group").expect("it was written");
    assert_eq!(group.state(), GroupState::Empty);
    assert_eq!(group.generation(), 2);
    assert_eq!(group.protocol_type(), Some("consumer"));
    assert_eq!(group.since_ms(), 1_795_226_566_937);
    let offsets: Vec<_> = shard.offsets("seg-group").collect();
    assert_eq!(offsets.len(), 1, "that of gzip was deleted");
    assert_eq!(*offsets[0].0, TopicPartition::new("plain", 0));
    assert_eq!(offsets[0].1.committed.offset, 2);
    assert_eq!(offsets[0].1.committed.metadata, "some metadata");
}

#[test]
fn a_stable_group_has_its_members_again_and_their_sessions_begin_anew() {
    let mut partition = Partition::new();
    partition.elected();
    partition.load(&segment()[..2], 2);
    let group = partition
        .shard()
        .group("seg-group")
        .expect("it was written");
    assert_eq!(group.state(), GroupState::Stable);
    assert_eq!(
        (group.generation(), group.protocol_name()),
        (1, Some("range"))
    );
    let member = group.members().next().expect("it has one");
    assert_eq!(group.leader(), Some(member.id()));
    assert_eq!(member.client_id(), "segc");
    let deadline = partition.shard().session_deadline("seg-group", member.id());
    assert_eq!(deadline, Some(partition.now.plus_ms(45_000)));
}

#[test]
fn a_commit_counts_when_the_high_watermark_has_passed_it() {
    let mut partition = Partition::new();
    partition.elected();
    partition.load(&[], 0);
    let first = partition.commit(5, None);
    partition.append(first);
    let second = partition.commit(7, None);
    partition.append(second);
    assert_eq!(
        (partition.committed(), partition.answers()),
        (vec![], vec![])
    );
    partition.advance(1);
    assert_eq!(partition.committed(), [5]);
    assert_eq!(partition.answers(), [ErrorCode::None]);
    partition.advance(2);
    assert_eq!(partition.committed(), [7]);
    assert_eq!(partition.answers(), [ErrorCode::None]);
}

#[test]
fn what_could_not_be_appended_was_never_there() {
    let mut partition = Partition::new();
    partition.elected();
    partition.load(&[], 0);
    let write = partition.commit(5, None);
    let (now, error) = (partition.now, ErrorCode::NotEnoughReplicas);
    let Partition { runtime, out, .. } = &mut partition;
    runtime.failed(now, 1, write.number, write.then, error, out);
    assert_eq!(partition.answers(), [ErrorCode::CoordinatorNotAvailable]);
    assert!(partition.shard().group("g").is_none(), "nor the group");
    assert!(partition.committed().is_empty());
}

#[test]
fn a_commit_that_is_not_replicated_in_time_times_out_and_may_count_later() {
    let mut partition = Partition::new();
    partition.elected();
    partition.load(&[], 0);
    let write = partition.commit(5, None);
    partition.append(write);
    partition.now = partition.now.plus_ms(5_000);
    assert_eq!(partition.runtime.due(partition.now), [1]);
    let Partition {
        runtime, out, now, ..
    } = &mut partition;
    runtime.expire_next(*now, 1, out);
    assert_eq!(partition.answers(), [ErrorCode::CoordinatorNotAvailable]);
    assert!(partition.committed().is_empty());
    partition.advance(1);
    assert_eq!(partition.committed(), [5]);
}

#[test]
fn who_waits_for_a_coordinator_that_lost_its_partition_is_told() {
    let mut partition = Partition::new();
    partition.elected();
    partition.load(&[], 0);
    let write = partition.commit(5, None);
    partition.append(write);
    let Partition {
        runtime, out, now, ..
    } = &mut partition;
    runtime.resigned(*now, 1, out);
    assert_eq!(partition.answers(), [ErrorCode::NotCoordinator]);
    let gone = partition.runtime.shard(1).err();
    assert_eq!(gone, Some(ErrorCode::NotCoordinator));
    assert_eq!(partition.runtime.next_deadline(), None, "no timer is left");
}

#[test]
fn what_is_loaded_above_the_high_watermark_is_read_when_that_has_passed() {
    let batches = segment();
    let mut partition = Partition::new();
    partition.elected();
    partition.load(&batches[..4], 4);
    let fetch = |partition: &Partition| {
        let request = OffsetFetchRequest {
            group_id: "seg-group".to_owned(),
            partitions: Some(vec![TopicPartition::new("plain", 0)]),
            require_stable: false,
            member_id: None,
            member_epoch: -1,
        };
        let answer = partition.shard().offset_fetch(&request).partitions;
        answer[0].1.as_ref().map(|it| it.offset)
    };
    assert_eq!(fetch(&partition), Some(19));
    partition.advance(5);
    assert_eq!(fetch(&partition), Some(2));
}

#[test]
fn offsets_of_a_transaction_count_when_it_commits_and_are_dropped_when_it_aborts() {
    let producer = ProducerIdAndEpoch {
        producer_id: 7,
        producer_epoch: 0,
    };
    for (result, expected) in [
        (TransactionResult::Commit, vec![9]),
        (TransactionResult::Abort, vec![5]),
    ] {
        let mut partition = Partition::new();
        partition.elected();
        partition.load(&[], 0);
        let write = partition.commit(5, None);
        partition.append(write);
        let write = partition.commit(9, Some(producer));
        assert_eq!(write.producer, Some(producer));
        partition.append(write);
        partition.advance(2);
        assert_eq!(partition.committed(), [5]);
        let unstable = partition.fetch(true).unstable;
        assert_eq!(unstable, [TopicPartition::new("t", 0)]);
        partition.runtime.end_transaction(1, producer, result, 3);
        assert_eq!(partition.committed(), [5], "the marker is not committed");
        partition.advance(3);
        assert_eq!(partition.committed(), expected);
        assert!(partition.fetch(true).unstable.is_empty());
    }
}

/// A transaction has ended: its marker is in the log, and not committed yet. Its
/// offset is no longer unstable, and not committed either; whoever wants stable
/// offsets is answered when it is, and not with what was before.
#[test]
fn stable_offsets_are_told_when_the_end_of_the_transaction_is_committed() {
    let producer = ProducerIdAndEpoch {
        producer_id: 7,
        producer_epoch: 0,
    };
    let mut partition = Partition::new();
    partition.elected();
    partition.load(&[], 0);
    let write = partition.commit(9, Some(producer));
    partition.append(write);
    partition.advance(1);
    partition.out.clear();
    let commit = TransactionResult::Commit;
    partition.runtime.end_transaction(1, producer, commit, 2);
    let request = OffsetFetchRequest {
        group_id: "g".to_owned(),
        partitions: Some(vec![TopicPartition::new("t", 0)]),
        require_stable: true,
        member_id: None,
        member_epoch: -1,
    };
    let Partition {
        runtime, out, now, ..
    } = &mut partition;
    let token = RequestToken(1);
    let acted = runtime.act(1, |shard| {
        shard.stable_offset_fetch(*now, token, &request, out);
    });
    acted.expect("it serves");
    let Some(Output::Write(write)) = out.pop() else {
        panic!("it waits as a write does");
    };
    assert!(write.records.is_empty());
    runtime.defer(1, write.number, None, write.then, now.plus_ms(5_000));
    runtime.advance(*now, 1, 1, out);
    assert!(out.is_empty(), "not yet");
    runtime.advance(*now, 1, 2, out);
    let Some(Output::Respond {
        response: Response::OffsetFetch(response),
        ..
    }) = out.pop()
    else {
        panic!("now it is answered");
    };
    let offset = response.partitions[0].1.as_ref().map(|it| it.offset);
    assert_eq!((offset, response.unstable), (Some(9), Vec::new()));
}

/// Compaction may leave only the later one of the two.
#[test]
fn an_offset_that_was_committed_after_that_of_the_transaction_stays() {
    let producer = ProducerIdAndEpoch {
        producer_id: 7,
        producer_epoch: 0,
    };
    let mut partition = Partition::new();
    partition.elected();
    partition.load(&[], 0);
    let write = partition.commit(9, Some(producer));
    partition.append(write);
    let write = partition.commit(5, None);
    partition.append(write);
    let commit = TransactionResult::Commit;
    partition.runtime.end_transaction(1, producer, commit, 3);
    partition.advance(3);
    assert_eq!(partition.committed(), [5]);
}

#[test]
fn a_shard_counts_its_writes() {
    let mut shard = GroupCoordinator::new(GroupCoordinatorConfig::default(), 1);
    assert!(shard.next_write() < shard.next_write());
}
