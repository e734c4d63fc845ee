use super::*;
use crate::protocol::{
    FetchPartition, FetchedPartition, ForgottenPartition, IsolationLevel, ReplicaState, TopicId,
    TopicPartition,
};
use crate::sim::Stream;

const MINUTE: i64 = 60_000;

/// A cache with room for so many sessions in each of its eight parts, and what
/// is asked of it.
struct Lesson {
    cache: FetchSessionCache,
    now_ms: i64,
}

impl Lesson {
    fn with_slots(slots: usize) -> Lesson {
        Lesson {
            cache: FetchSessionCache::new(Random::new(1, Stream::FetchSession(1)), slots),
            now_ms: 0,
        }
    }

    /// Opens a session of so many partitions; returns its id, 0 when there is no
    /// room.
    fn open(&mut self, replica_id: Option<i32>, partitions: i32) -> i32 {
        let wanted: Vec<FetchPartition> = (0..partitions).map(wanted).collect();
        let told = wanted
            .iter()
            .map(|of| (of.topic_partition.clone(), nothing()));
        let new = NewSession {
            replica_id,
            uses_topic_ids: true,
            wanted: &wanted,
            told: &told.collect::<Vec<_>>(),
            seen: 0,
        };
        self.cache.maybe_create(self.now_ms, &new)
    }

    /// The same in the first of the parts, whose turn comes each eighth time.
    fn open_in_first(&mut self, replica_id: Option<i32>, partitions: i32) -> i32 {
        self.cache.next_shard = 0;
        self.open(replica_id, partitions)
    }

    fn ask(&mut self, request: &FetchRequest) -> Result<FetchContext, ErrorCode> {
        self.cache.new_context(self.now_ms, request)
    }

    fn is_open(&self, id: i32) -> bool {
        self.cache.get(id).is_some()
    }
}

fn wanted(number: i32) -> FetchPartition {
    FetchPartition {
        topic_partition: TopicPartition::new("orders", number),
        topic_id: Some(TopicId([1; 16])),
        fetch_offset: 0,
        current_leader_epoch: 0,
        last_fetched_epoch: -1,
        log_start_offset: -1,
        partition_max_bytes: 1_000,
    }
}

fn nothing() -> FetchedPartition {
    FetchedPartition {
        error_code: ErrorCode::None,
        high_watermark: 0,
        last_stable_offset: 0,
        log_start_offset: 0,
        aborted_transactions: Vec::new(),
        diverging_epoch: None,
        preferred_read_replica: None,
        records: Vec::new(),
    }
}

fn request(session_id: i32, session_epoch: i32) -> FetchRequest {
    FetchRequest {
        replica_state: None::<ReplicaState>,
        max_wait_ms: 500,
        min_bytes: 1,
        max_bytes: 1_000,
        isolation_level: IsolationLevel::ReadUncommitted,
        session_id,
        session_epoch,
        partitions: Vec::new(),
        forgotten_topics_data: Vec::new(),
        rack_id: None,
    }
}

fn forget(number: i32) -> ForgottenPartition {
    ForgottenPartition {
        topic_partition: wanted(number).topic_partition,
        topic_id: wanted(number).topic_id,
    }
}

#[test]
fn sessions_go_to_the_parts_of_the_cache_in_turn_and_their_ids_tell_which() {
    let mut lesson = Lesson::with_slots(1_000);
    for expected in (0..8).chain(0..8) {
        let id = lesson.open(None, 1);
        assert!(id > 0);
        assert_eq!(shard_of(id), expected);
    }
    assert_eq!(lesson.cache.sessions().count(), 16, "no id comes twice");
    assert_eq!(shard_of(i32::MAX), 7, "which no session has");
}

#[test]
fn the_requests_of_a_session_follow_each_other() {
    let mut lesson = Lesson::with_slots(8);
    let id = lesson.open(None, 2);
    let not_found = Err(ErrorCode::FetchSessionIdNotFound);
    let invalid = Err(ErrorCode::InvalidFetchSessionEpoch);
    assert_eq!(lesson.ask(&request(id + 1, 1)), not_found);
    assert_eq!(lesson.ask(&request(id, 2)), invalid);
    for epoch in [1, 2] {
        let next = FetchContext::Incremental {
            session_id: id,
            epoch: epoch + 1,
        };
        assert_eq!(lesson.ask(&request(id, epoch)), Ok(next));
    }
    assert_eq!(lesson.ask(&request(id, 2)), invalid, "a second time");
}

#[test]
fn topics_are_named_as_when_the_session_was_opened() {
    let mut lesson = Lesson::with_slots(8);
    let id = lesson.open(None, 2);
    let mut by_name = request(id, 1);
    by_name.partitions.push(FetchPartition {
        topic_id: None,
        ..wanted(0)
    });
    let error = Err(ErrorCode::FetchSessionTopicIdError);
    assert_eq!(lesson.ask(&by_name), error);
}

#[test]
fn a_fetch_of_all_closes_the_session_that_it_names() {
    for (epoch, opens_session) in [(0, true), (FINAL_EPOCH, false)] {
        let mut lesson = Lesson::with_slots(8);
        let id = lesson.open(None, 2);
        let context = lesson.ask(&request(id, epoch));
        assert_eq!(context, Ok(FetchContext::Full { opens_session }));
        assert!(!lesson.is_open(id));
    }
}

#[test]
fn a_session_that_holds_nothing_any_more_is_closed() {
    let mut lesson = Lesson::with_slots(8);
    let id = lesson.open(None, 2);
    let mut last = request(id, 1);
    last.forgotten_topics_data = vec![forget(0), forget(1)];
    let opens_session = false;
    assert_eq!(lesson.ask(&last), Ok(FetchContext::Full { opens_session }));
    assert!(!lesson.is_open(id));
}

/// The one before is forgotten in the same request.
#[test]
fn a_topic_of_the_same_name_stays_when_the_one_before_is_forgotten() {
    let mut lesson = Lesson::with_slots(8);
    let id = lesson.open(None, 1);
    let mut replaced = request(id, 1);
    let anew = FetchPartition {
        topic_id: Some(TopicId([2; 16])),
        ..wanted(0)
    };
    replaced.partitions = vec![anew.clone()];
    replaced.forgotten_topics_data = vec![forget(0)];
    assert!(lesson.ask(&replaced).is_ok());
    let session = lesson.cache.get(id).expect("it goes on");
    assert_eq!(session.wanted(&anew.topic_partition), Some(&anew));
}

#[test]
fn of_what_was_read_only_what_is_news_is_told() {
    let mut lesson = Lesson::with_slots(8);
    let id = lesson.open(None, 3);
    let session = lesson.cache.get_mut(id).expect("it is open");
    let of = |number| wanted(number).topic_partition;
    let mut tell = |fetched: FetchedPartition| !session.tell(vec![(of(1), fetched)]).is_empty();
    assert!(
        !tell(nothing()),
        "as it was told when the session was opened"
    );
    let moved = FetchedPartition {
        high_watermark: 5,
        ..nothing()
    };
    assert!(tell(moved.clone()));
    assert!(!tell(moved.clone()));
    let started_later = FetchedPartition {
        log_start_offset: 2,
        ..moved.clone()
    };
    assert!(tell(started_later.clone()));
    let elsewhere = FetchedPartition {
        preferred_read_replica: Some(2),
        ..started_later.clone()
    };
    let parted = FetchedPartition {
        diverging_epoch: Some((0, 3)),
        ..started_later.clone()
    };
    for urgent in [elsewhere, parted] {
        assert!(tell(urgent.clone()) && tell(urgent), "each time");
    }
    let failed = FetchedPartition {
        error_code: ErrorCode::NotLeaderOrFollower,
        ..started_later.clone()
    };
    assert!(tell(failed.clone()) && tell(failed), "each time");
    assert!(tell(started_later.clone()), "that the error is over");
    assert!(!tell(started_later));
}

#[test]
fn a_full_cache_lets_nobody_in_as_long_as_its_sessions_are_young() {
    let mut lesson = Lesson::with_slots(8);
    let first = lesson.open_in_first(None, 1);
    assert_eq!(lesson.open_in_first(None, 100), INVALID_SESSION_ID);
    assert!(lesson.is_open(first));
    let mut without_room = Lesson::with_slots(7);
    assert_eq!(without_room.open(None, 1), INVALID_SESSION_ID);
}

#[test]
fn a_followers_session_takes_the_place_of_a_consumers_but_not_the_reverse() {
    let mut lesson = Lesson::with_slots(8);
    let consumers = lesson.open_in_first(None, 100);
    let followers = lesson.open_in_first(Some(2), 1);
    assert!(!lesson.is_open(consumers));
    assert_eq!(lesson.open_in_first(None, 100), INVALID_SESSION_ID);
    assert_eq!(lesson.open_in_first(Some(3), 100), INVALID_SESSION_ID);
    assert!(lesson.is_open(followers));
}

#[test]
fn a_session_in_which_nobody_has_asked_for_two_minutes_gives_way() {
    let mut lesson = Lesson::with_slots(8);
    let idle = lesson.open_in_first(Some(2), 100);
    lesson.now_ms = 2 * MINUTE;
    assert_eq!(lesson.open_in_first(None, 1), INVALID_SESSION_ID);
    lesson.now_ms += 1;
    assert_ne!(lesson.open_in_first(None, 1), INVALID_SESSION_ID);
    assert!(!lesson.is_open(idle));
}

#[test]
fn an_old_session_gives_way_to_one_that_is_not_smaller() {
    let mut lesson = Lesson::with_slots(16);
    let small = lesson.open_in_first(None, 2);
    let large = lesson.open_in_first(None, 9);
    lesson.now_ms = MINUTE;
    for id in [small, large] {
        assert!(lesson.ask(&request(id, 1)).is_ok());
    }
    lesson.now_ms = 2 * MINUTE + 1;
    assert_eq!(lesson.open_in_first(None, 5), INVALID_SESSION_ID);
    for id in [small, large] {
        assert!(lesson.ask(&request(id, 2)).is_ok(), "asked in, and now old");
    }
    assert_eq!(lesson.open_in_first(None, 1), INVALID_SESSION_ID, "smaller");
    assert_ne!(lesson.open_in_first(None, 3), INVALID_SESSION_ID);
    assert!(!lesson.is_open(small) && lesson.is_open(large));
}

/// In Kafka the fetch holds the session that it was asked in.
#[test]
fn a_fetch_that_waits_in_a_session_that_is_closed_is_answered_in_it() {
    let mut lesson = Lesson::with_slots(8);
    let id = lesson.open_in_first(None, 1);
    lesson.cache.begin_waiting(id);
    lesson.open_in_first(Some(2), 1);
    assert!(lesson.is_open(id), "while somebody waits in it");
    let not_found = Err(ErrorCode::FetchSessionIdNotFound);
    assert_eq!(lesson.ask(&request(id, 1)), not_found, "for anybody else");
    lesson.cache.end_waiting(id);
    assert!(!lesson.is_open(id));
}
