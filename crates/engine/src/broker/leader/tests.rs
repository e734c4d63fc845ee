use super::*;
use crate::protocol::{IsrMember, UNKNOWN_BROKER_EPOCH};

const START: i64 = 1_700_000_000_000;
const MAX_LAG_MS: i64 = 30_000;

/// Broker 0 leads; what it leads ends where its clock and log stand.
struct Lesson {
    leader: Leader,
    registration: PartitionRegistration,
    brokers: Brokers,
    now_ms: i64,
    log_end_offset: i64,
    high_watermark: i64,
    min_insync_replicas: usize,
}

impl Lesson {
    fn new(replicas: &[i32], isr: &[i32]) -> Lesson {
        Lesson::with_log(replicas, isr, 0)
    }

    /// The leader takes over with this many records of former leaders, of
    /// which it does not know that any is committed.
    fn with_log(replicas: &[i32], isr: &[i32], log_end_offset: i64) -> Lesson {
        let registration = PartitionRegistration::new(replicas.to_vec(), isr.to_vec());
        let brokers = Brokers::up(replicas);
        let circumstances = Circumstances {
            now_ms: START,
            log_end_offset,
            high_watermark: 0,
            min_insync_replicas: 1,
            replica_lag_time_max_ms: MAX_LAG_MS,
            broker_epoch: 0,
            brokers: &brokers,
        };
        Lesson {
            leader: Leader::new(0, &registration, &circumstances),
            registration,
            brokers,
            now_ms: START,
            log_end_offset,
            high_watermark: 0,
            min_insync_replicas: 1,
        }
    }

    /// Calls the leader, and lets the high watermark move where it says.
    fn call<T>(&mut self, what: impl FnOnce(&mut Leader, &Circumstances<'_>) -> T) -> T {
        let circumstances = Circumstances {
            now_ms: self.now_ms,
            log_end_offset: self.log_end_offset,
            high_watermark: self.high_watermark,
            min_insync_replicas: self.min_insync_replicas,
            replica_lag_time_max_ms: MAX_LAG_MS,
            broker_epoch: 0,
            brokers: &self.brokers,
        };
        what(&mut self.leader, &circumstances)
    }

    fn carry_out(&mut self, effects: Effects) -> Option<AlterPartition> {
        self.high_watermark = effects.high_watermark.unwrap_or(self.high_watermark);
        effects.alter_partition
    }

    fn append(&mut self, count: i64) {
        self.log_end_offset += count;
        let moved = self.call(|leader, now| leader.next_high_watermark(now));
        self.high_watermark = moved.unwrap_or(self.high_watermark);
    }

    /// The broker that is registered now fetches.
    fn fetch(&mut self, follower: i32, fetch_offset: i64) -> Option<AlterPartition> {
        let broker_epoch = self.brokers.get(follower).unwrap().broker_epoch;
        let effects = self.try_fetch(follower, broker_epoch, fetch_offset);
        effects.unwrap()
    }

    fn try_fetch(
        &mut self,
        follower: i32,
        broker_epoch: i64,
        fetch_offset: i64,
    ) -> Result<Option<AlterPartition>, ErrorCode> {
        let fetch = FollowerFetch {
            follower,
            broker_epoch,
            fetch_offset,
            log_start_offset: 0,
        };
        let effects = self.call(|leader, now| leader.follower_fetched(&fetch, now));
        effects.map(|effects| self.carry_out(effects))
    }

    fn check_isr(&mut self) -> Option<AlterPartition> {
        let effects = self.call(|leader, now| leader.maybe_shrink_isr(now));
        self.carry_out(effects)
    }

    /// The controller does what it is asked.
    fn accept(&mut self, request: &AlterPartition) {
        self.registration.isr = request.new_isr();
        self.registration.partition_epoch += 1;
        let registration = self.registration.clone();
        let effects = self
            .call(|leader, now| leader.alter_partition_answered(request, Ok(&registration), now));
        assert_eq!(self.carry_out(effects), None);
    }

    fn refuse(&mut self, request: &AlterPartition, error: ErrorCode) -> Option<AlterPartition> {
        let effects =
            self.call(|leader, now| leader.alter_partition_answered(request, Err(error), now));
        self.carry_out(effects)
    }

    /// The metadata brings the partition as the controller has it.
    fn learn(&mut self) {
        let registration = self.registration.clone();
        let effects = self.call(|leader, now| leader.update(&registration, now));
        assert_eq!(self.carry_out(effects), None);
    }

    fn isr(&self) -> &[i32] {
        self.leader.isr().committed()
    }
}

fn new_isr(request: Option<&AlterPartition>) -> Option<Vec<i32>> {
    request.map(AlterPartition::new_isr)
}

#[test]
fn the_high_watermark_follows_the_slowest_in_sync_replica() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0, 1, 2]);
    lesson.append(5);
    assert_eq!(lesson.high_watermark, 0);
    lesson.fetch(1, 5);
    assert_eq!(lesson.high_watermark, 0, "of follower 2 nothing is known");
    lesson.fetch(2, 3);
    assert_eq!(lesson.high_watermark, 3);
    lesson.fetch(2, 5);
    assert_eq!(lesson.high_watermark, 5);
}

#[test]
fn alone_in_sync_the_leader_waits_for_nobody() {
    let mut lesson = Lesson::new(&[0, 1], &[0]);
    lesson.append(5);
    assert_eq!(lesson.high_watermark, 5);
}

#[test]
fn a_write_to_all_is_done_when_all_in_sync_have_it() {
    let mut lesson = Lesson::new(&[0, 1], &[0, 1]);
    lesson.append(2);
    let result = |leader: &mut Leader, now: &Circumstances<'_>| leader.acks_all_result(2, now);
    lesson.fetch(1, 1);
    assert_eq!(lesson.call(result), None);
    lesson.fetch(1, 2);
    assert_eq!(lesson.call(result), Some(ErrorCode::None));
}

#[test]
fn with_too_few_in_sync_only_writes_to_all_are_refused() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0]);
    lesson.min_insync_replicas = 2;
    let mut check = |acks| lesson.call(|leader, now| leader.check_append(acks, now));
    assert_eq!(check(-1), Err(ErrorCode::NotEnoughReplicas));
    assert_eq!(check(1), Ok(()));
    assert_eq!(check(0), Ok(()));
}

#[test]
fn no_more_in_sync_replicas_are_asked_for_than_there_are_replicas() {
    let mut lesson = Lesson::new(&[0, 1], &[0, 1]);
    lesson.min_insync_replicas = 3;
    assert_eq!(
        lesson.call(|leader, now| leader.check_append(-1, now)),
        Ok(())
    );
}

#[test]
fn with_too_few_in_sync_the_high_watermark_stands_still() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0]);
    lesson.min_insync_replicas = 2;
    lesson.append(5);
    assert_eq!(lesson.high_watermark, 0);
}

#[test]
fn what_was_committed_before_the_isr_shrank_was_written_to_too_few() {
    let mut lesson = Lesson::new(&[0, 1], &[0, 1]);
    lesson.append(2);
    lesson.fetch(1, 2);
    lesson.min_insync_replicas = 2;
    lesson.registration.isr = vec![0];
    lesson.registration.partition_epoch += 1;
    lesson.learn();
    let result = lesson.call(|leader, now| leader.acks_all_result(2, now));
    assert_eq!(result, Some(ErrorCode::NotEnoughReplicasAfterAppend));
}

#[test]
fn who_asks_to_join_counts_for_a_write_to_all() {
    let mut lesson = Lesson::new(&[0, 1], &[0]);
    lesson.append(2);
    lesson.fetch(1, 2);
    lesson.min_insync_replicas = 2;
    let result = lesson.call(|leader, now| leader.acks_all_result(2, now));
    assert_eq!(result, Some(ErrorCode::None));
}

#[test]
fn a_stuck_follower_is_left_out_and_counts_until_the_controller_agrees() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0, 1, 2]);
    lesson.append(5);
    lesson.fetch(1, 5);
    lesson.now_ms += MAX_LAG_MS;
    assert_eq!(lesson.check_isr(), None, "just in time");
    lesson.now_ms += 1;
    let request = lesson.check_isr().unwrap();
    assert_eq!(request.new_isr(), [0, 1], "1 has all there is, however old");
    assert_eq!((lesson.isr().len(), lesson.high_watermark), (3, 0));
    assert_eq!(lesson.check_isr(), None, "it is asked already");
    lesson.accept(&request);
    assert_eq!((lesson.isr(), lesson.high_watermark), (&[0, 1][..], 5));
}

#[test]
fn who_is_always_a_little_behind_a_busy_leader_keeps_up() {
    let mut lesson = Lesson::new(&[0, 1], &[0, 1]);
    for round in 0..100 {
        lesson.append(10);
        // It has what the leader had a second ago.
        lesson.fetch(1, round * 10);
        lesson.now_ms += 1000;
        assert_eq!(lesson.check_isr(), None);
    }
    let follower = &lesson.leader.followers()[&1];
    assert_eq!(follower.last_caught_up_ms, Some(lesson.now_ms - 2000));
}

#[test]
fn replicas_are_in_sync_in_the_order_in_which_they_came_back() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0]);
    for follower in [2, 1] {
        let request = lesson.fetch(follower, 0).unwrap();
        lesson.accept(&request);
    }
    assert_eq!(lesson.isr(), [0, 2, 1]);
}

#[test]
fn more_than_four_replicas_are_in_sync_by_their_ids() {
    let mut lesson = Lesson::new(&[0, 1, 2, 3, 4], &[0, 4, 3, 2]);
    assert_eq!(lesson.isr(), [0, 4, 3, 2]);
    let request = lesson.fetch(1, 0);
    assert_eq!(new_isr(request.as_ref()), Some(vec![0, 1, 2, 3, 4]));
}

#[test]
fn who_asks_to_join_is_waited_for_at_once() {
    let mut lesson = Lesson::new(&[0, 1], &[0]);
    lesson.append(3);
    assert!(lesson.fetch(1, 3).is_some());
    // So long ago that keeping up is not why it is waited for.
    lesson.now_ms += MAX_LAG_MS + 1;
    lesson.append(2);
    assert_eq!(lesson.leader.isr().maximal(), [0, 1]);
    assert_eq!((lesson.isr(), lesson.high_watermark), (&[0][..], 3));
}

#[test]
fn who_keeps_up_is_waited_for_before_it_has_joined() {
    let mut lesson = Lesson::new(&[0, 1], &[0]);
    lesson.append(3);
    let request = lesson.fetch(1, 3).unwrap();
    lesson.refuse(&request, ErrorCode::IneligibleReplica);
    lesson.append(2);
    assert_eq!(lesson.high_watermark, 3);
    // Unless it could not join anyway.
    lesson.brokers.fence(1);
    lesson.append(1);
    assert_eq!(lesson.high_watermark, 6);
}

#[test]
fn a_fetch_that_brings_nothing_new_moves_nothing() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0, 1]);
    lesson.append(5);
    lesson.fetch(1, 5);
    let request = lesson.fetch(2, 5).unwrap();
    lesson.refuse(&request, ErrorCode::IneligibleReplica);
    lesson.append(1);
    lesson.fetch(1, 6);
    assert_eq!(lesson.high_watermark, 5, "2 keeps up");
    lesson.now_ms += MAX_LAG_MS + 1;
    lesson.fetch(1, 6);
    assert_eq!(lesson.high_watermark, 5, "nobody has looked");
    lesson.append(1);
    assert_eq!(lesson.high_watermark, 6);
}

#[test]
fn who_is_fenced_or_stopping_does_not_join() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0]);
    lesson.brokers.fence(1);
    lesson.brokers.begin_controlled_shutdown(2);
    assert_eq!((lesson.fetch(1, 0), lesson.fetch(2, 0)), (None, None));
    lesson.brokers.unfence(1);
    assert!(lesson.fetch(1, 0).is_some());
}

#[test]
fn to_join_takes_all_that_former_leaders_may_have_committed() {
    let mut lesson = Lesson::with_log(&[0, 1, 2], &[0, 1], 10);
    assert_eq!(lesson.high_watermark, 0);
    assert_eq!(lesson.fetch(2, 9), None);
    let request = lesson.fetch(2, 10);
    assert_eq!(new_isr(request.as_ref()), Some(vec![0, 1, 2]));
}

#[test]
fn one_request_at_a_time_is_made_of_the_controller() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0]);
    let request = lesson.fetch(1, 0).unwrap();
    assert_eq!(lesson.fetch(2, 0), None);
    lesson.accept(&request);
    let next = lesson.fetch(2, 0).unwrap();
    assert_eq!(next.partition_epoch, request.partition_epoch + 1);
}

#[test]
fn the_leader_goes_back_only_where_it_knows_that_nothing_was_done() {
    let mut lesson = Lesson::new(&[0, 1], &[0]);
    let request = lesson.fetch(1, 0).unwrap();
    assert_eq!(
        lesson.refuse(&request, ErrorCode::InvalidUpdateVersion),
        None
    );
    assert_eq!(lesson.leader.isr().in_flight(), Some(&request));

    let again = lesson.refuse(&request, ErrorCode::UnknownServerError);
    assert_eq!(
        again.as_ref(),
        Some(&request),
        "what may pass is tried again"
    );

    assert_eq!(lesson.refuse(&request, ErrorCode::IneligibleReplica), None);
    assert_eq!(lesson.leader.isr().in_flight(), None);
}

#[test]
fn metadata_settles_what_was_asked_and_a_late_answer_changes_nothing() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0]);
    let request = lesson.fetch(1, 0).unwrap();
    lesson.registration.isr = vec![0, 2];
    lesson.registration.partition_epoch += 1;
    lesson.learn();
    assert_eq!(lesson.isr(), [0, 2]);

    let before = lesson.leader.clone();
    lesson.refuse(&request, ErrorCode::UnknownServerError);
    let late = PartitionRegistration::new(vec![0, 1, 2], vec![0, 1]);
    lesson.call(|leader, now| leader.alter_partition_answered(&request, Ok(&late), now));
    lesson.call(|leader, now| leader.update(&late, now));
    assert_eq!(lesson.leader, before);
}

/// The metadata may bring what the leader knows already from the controller's
/// answer, when it has asked for more meanwhile. It takes that for an answer to
/// the new question (`Partition.makeLeader`): who is taken in then may lead
/// without what was committed before the next metadata came.
#[test]
fn late_metadata_make_the_leader_forget_whom_it_has_asked_for() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0]);
    let request = lesson.fetch(1, 0).unwrap();
    lesson.accept(&request);
    let request = lesson.fetch(2, 0).unwrap();
    assert_eq!(new_isr(Some(&request)), Some(vec![0, 1, 2]));
    lesson.learn();
    assert_eq!(lesson.leader.isr().maximal(), [0, 1]);

    lesson.now_ms += MAX_LAG_MS + 1;
    lesson.append(5);
    lesson.fetch(1, 5);
    assert_eq!(lesson.high_watermark, 5, "nobody waits for broker 2");
}

#[test]
fn elected_again_the_leader_knows_what_followers_have() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0, 1]);
    lesson.append(5);
    lesson.fetch(1, 3);
    lesson.fetch(2, 2);
    lesson.now_ms += 10_000;
    lesson.registration.leader_epoch += 1;
    lesson.registration.partition_epoch += 1;
    lesson.learn();

    let [one, two] = [1, 2].map(|id| &lesson.leader.followers()[&id]);
    assert_eq!((one.log_end_offset, two.log_end_offset), (3, 2));
    assert_eq!(one.last_caught_up_ms, Some(lesson.now_ms), "a new chance");
    assert_eq!(two.last_caught_up_ms, None, "outside it must show itself");
    assert_eq!(lesson.leader.leader_epoch_start_offset(), 5);

    lesson.append(1);
    lesson.fetch(2, 5);
    let two = &lesson.leader.followers()[&2];
    assert_eq!(
        two.last_caught_up_ms, None,
        "its fetches of before are over"
    );
}

#[test]
fn a_reassignment_brings_and_takes_followers() {
    let mut lesson = Lesson::new(&[0, 1], &[0, 1]);
    lesson.append(5);
    lesson.fetch(1, 2);
    lesson.registration.replicas = vec![0, 2];
    lesson.registration.isr = vec![0];
    lesson.registration.partition_epoch += 1;
    lesson.brokers = Brokers::up(&[0, 1, 2]);
    lesson.learn();
    assert_eq!(lesson.high_watermark, 5, "nobody waits for 1 any more");
    let fetch = |follower| FollowerFetch {
        follower,
        broker_epoch: 0,
        fetch_offset: 5,
        log_start_offset: 0,
    };
    let gone = lesson.call(|leader, now| leader.follower_fetched(&fetch(1), now));
    assert_eq!(gone, Err(ErrorCode::UnknownLeaderEpoch));
    let come = lesson.call(|leader, now| leader.follower_fetched(&fetch(2), now));
    let request = come.unwrap().alter_partition;
    assert_eq!(new_isr(request.as_ref()), Some(vec![0, 2]));
}

#[test]
fn records_are_deleted_when_no_living_replica_has_them() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0, 1, 2]);
    lesson.append(9);
    let fetch = |follower, log_start_offset| FollowerFetch {
        follower,
        broker_epoch: 0,
        fetch_offset: 9,
        log_start_offset,
    };
    let low_watermark = |lesson: &Lesson| lesson.leader.low_watermark(6, &lesson.brokers);
    let fetched = lesson.call(|leader, now| leader.follower_fetched(&fetch(1, 4), now));
    fetched.unwrap();
    assert_eq!(low_watermark(&lesson), UNKNOWN_OFFSET, "2 has said nothing");
    lesson.brokers.fence(2);
    assert_eq!(low_watermark(&lesson), 4);
    let fetched = lesson.call(|leader, now| leader.follower_fetched(&fetch(1, 8), now));
    fetched.unwrap();
    assert_eq!(low_watermark(&lesson), 6, "the leader has them still");
}

#[test]
fn what_a_former_run_of_a_broker_had_does_not_count() {
    let mut lesson = Lesson::new(&[0, 1], &[0]);
    lesson.append(5);
    lesson.brokers.register(1, (7, 1), None);
    lesson.brokers.unfence(1);
    let before = lesson.leader.clone();
    let late = lesson.try_fetch(1, 0, 5);
    assert_eq!(late, Err(ErrorCode::NotLeaderOrFollower));
    assert_eq!(lesson.leader, before, "nothing is learnt of it");
    assert_eq!(lesson.fetch(1, 0), None, "it begins anew");
    let request = lesson.fetch(1, 5);
    assert_eq!(new_isr(request.as_ref()), Some(vec![0, 1]));
}

#[test]
fn who_was_heard_of_last_before_it_started_anew_does_not_join_and_is_not_waited_for() {
    let mut lesson = Lesson::new(&[0, 1, 2], &[0]);
    lesson.append(5);
    lesson.brokers.fence(1);
    assert_eq!(lesson.fetch(1, 5), None, "fenced");
    lesson.brokers.register(1, (7, 1), None);
    lesson.brokers.unfence(1);
    lesson.append(1);
    assert_eq!(lesson.high_watermark, 6, "its disk may be another");
}

#[test]
fn a_run_that_the_leader_has_not_heard_of_joins_once_it_has() {
    let mut lesson = Lesson::new(&[0, 1], &[0]);
    lesson.append(5);
    assert_eq!(lesson.try_fetch(1, 7, 5), Ok(None));
    lesson.brokers.register(1, (7, 1), None);
    lesson.brokers.unfence(1);
    assert!(lesson.fetch(1, 5).is_some());
}

#[test]
fn the_controller_is_told_which_run_of_each_broker_is_meant() {
    let mut lesson = Lesson::new(&[0, 1, 2, 3], &[0, 1, 3]);
    lesson.brokers.register(2, (7, 1), None);
    lesson.brokers.unfence(2);
    lesson.fetch(1, 0);
    let request = lesson.fetch(2, 0).unwrap();
    let member = |(broker_id, broker_epoch): (i32, i64)| IsrMember {
        broker_id,
        broker_epoch,
    };
    // Of 3, which is in sync already, the leader has heard nothing yet.
    let members = [(0, 0), (1, 0), (3, UNKNOWN_BROKER_EPOCH), (2, 7)];
    assert_eq!(request.new_isr_with_epochs, members.map(member));
}

#[test]
fn who_gives_no_epoch_joins_as_before_there_were_any() {
    let mut lesson = Lesson::new(&[0, 1], &[0]);
    lesson.brokers.register(1, (7, 1), None);
    lesson.brokers.unfence(1);
    let request = lesson.try_fetch(1, UNKNOWN_BROKER_EPOCH, 0).unwrap();
    let members = request.unwrap().new_isr_with_epochs;
    assert_eq!(members[1].broker_epoch, UNKNOWN_BROKER_EPOCH);
}
