//! Records are handed out one by one, and again, until somebody is done with them.

use super::support::cluster::{cluster_with, create, kill, leader, start_broker, wait};
use super::support::run_ms;
use super::{
    GROUP, TOPIC, accepted, acquired, archived, config, execute, expired, of, queue, queue_with,
    rejected, send, share_consumer, share_events, worker,
};
use engine::client::{AcknowledgementRule, Acknowledging, ShareConsumerConfig};
use engine::coordinator::share_group::ShareGroupState;
use engine::event::ShareEvent;
use engine::protocol::AcknowledgeType;
use engine::sorting::sort;
use engine::{Command, World};

/// Waits for what the group needs before it is handed anything: its
/// coordinator's topic, its members, the state of the partition.
fn until_shared(world: &mut World) {
    run_ms(world, 8_000);
}

fn slow(processing_ms: u64) -> ShareConsumerConfig {
    ShareConsumerConfig {
        processing_us: processing_ms * 1_000,
        max_poll_records: 1,
        ..config()
    }
}

fn failing(every: u32, with: AcknowledgeType) -> ShareConsumerConfig {
    let rule = AcknowledgementRule { every, with };
    ShareConsumerConfig {
        acknowledging: Acknowledging::ByRule(rule),
        ..config()
    }
}

#[test]
fn a_consumer_is_handed_what_comes_after_it_has_joined_and_accepts_it_with_its_next_poll() {
    let mut world = queue(1);
    send(&mut world, 1, 2);
    let consumer = worker(&mut world, config());
    run_ms(&mut world, 8_000);
    let group = world.share_groups()[GROUP].1;
    assert_eq!(group.state(), ShareGroupState::Stable);
    assert_eq!(share_consumer(&world, consumer).assignment(), [of(0)]);
    let events = send(&mut world, 1, 3);
    let events = [events, run_ms(&mut world, 3_000)].concat();
    // `share.auto.offset.reset` is `latest`: offsets 0 and 1 were there before.
    assert_eq!(acquired(&events), [(2, 1), (3, 1), (4, 1)]);
    assert_eq!(accepted(&events), [(2, 1), (3, 1), (4, 1)]);
    let partition = world.share_partition(GROUP, &of(0)).expect("it is shared");
    assert_eq!(partition.start_offset(), 5);
}

#[test]
fn more_consumers_than_partitions_all_work() {
    let mut world = queue(2);
    let workers: Vec<_> = (0..3).map(|_| worker(&mut world, slow(200))).collect();
    until_shared(&mut world);
    for number in &workers {
        assert_eq!(share_consumer(&world, *number).assignment(), [of(0)]);
    }
    let mut events = send(&mut world, 1, 30);
    events.extend(run_ms(&mut world, 10_000));
    let offsets: Vec<(i64, i16)> = (0..30).map(|offset| (offset, 1)).collect();
    let mut done = accepted(&events);
    sort(&mut done);
    assert_eq!(done, offsets, "each record is done once");
    for number in &workers {
        let processed = share_consumer(&world, *number).records_processed();
        assert!(processed > 3, "{number} has processed {processed}");
    }
}

#[test]
fn what_a_crashed_consumer_had_is_delivered_again_when_its_lock_ends() {
    let mut world = queue_with(3, &[("group.share.record.lock.duration.ms", "3000")]);
    let first = worker(&mut world, slow(1_000_000));
    until_shared(&mut world);
    let events = send(&mut world, 1, 1);
    let events = [events, run_ms(&mut world, 1_000)].concat();
    assert_eq!(acquired(&events), [(0, 1)]);
    execute(&mut world, Command::Crash { client: first });
    worker(&mut world, config());
    let events = run_ms(&mut world, 6_000);
    assert_eq!(expired(&events), [(0, 1)]);
    assert_eq!(acquired(&events), [(0, 2)]);
    assert_eq!(accepted(&events), [(0, 2)]);
}

#[test]
fn what_is_released_is_delivered_again_until_the_fifth_delivery_has_failed() {
    let mut world = queue(4);
    worker(&mut world, failing(2, AcknowledgeType::Release));
    until_shared(&mut world);
    let mut events = send(&mut world, 1, 2);
    events.extend(run_ms(&mut world, 10_000));
    let of_second: Vec<_> = acquired(&events)
        .into_iter()
        .filter(|it| it.0 == 1)
        .collect();
    assert_eq!(of_second, [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]);
    assert_eq!(archived(&events), [(1, 5)]);
    assert_eq!(accepted(&events), [(0, 1)]);
    // The group goes on behind it.
    let mut events = send(&mut world, 1, 1);
    events.extend(run_ms(&mut world, 3_000));
    assert_eq!(accepted(&events), [(2, 1)]);
}

#[test]
fn what_is_rejected_never_comes_back() {
    let mut world = queue(5);
    worker(&mut world, failing(3, AcknowledgeType::Reject));
    until_shared(&mut world);
    let mut events = send(&mut world, 1, 6);
    events.extend(run_ms(&mut world, 60_000));
    assert_eq!(rejected(&events), [(2, 1), (5, 1)]);
    assert_eq!(accepted(&events), [(0, 1), (1, 1), (3, 1), (4, 1)]);
    assert_eq!(acquired(&events).len(), 6);
}

#[test]
fn what_a_consumer_has_when_it_closes_others_get_at_once() {
    let mut world = queue(6);
    let first = worker(&mut world, slow(1_000_000));
    until_shared(&mut world);
    send(&mut world, 1, 2);
    run_ms(&mut world, 1_000);
    worker(&mut world, config());
    run_ms(&mut world, 3_000);
    execute(&mut world, Command::Close { client: first });
    let events = run_ms(&mut world, 3_000);
    let mut again: Vec<i64> = accepted(&events).into_iter().map(|it| it.0).collect();
    sort(&mut again);
    assert!(again.contains(&0), "{again:?}");
    assert_eq!(expired(&events), []);
    let of_group = world.share_groups()[GROUP].1;
    assert_eq!(of_group.members().len(), 1, "it has left");
}

#[test]
fn a_person_says_what_has_become_of_each_record_and_too_late_does_not_count() {
    let mut world = queue_with(7, &[("group.share.record.lock.duration.ms", "4000")]);
    let by_command = ShareConsumerConfig {
        acknowledging: Acknowledging::ByCommand,
        ..config()
    };
    let consumer = worker(&mut world, by_command);
    until_shared(&mut world);
    send(&mut world, 1, 1);
    run_ms(&mut world, 2_000);
    let say = |offset, acknowledge_type| Command::Acknowledge {
        consumer,
        topic_partition: of(0),
        offset,
        acknowledge_type,
    };
    let refusal = world.execute(say(9, AcknowledgeType::Accept));
    let refusal = refusal.expect_err("it does not have such a record");
    assert_eq!(refusal.exception(), Some("IllegalStateException"));
    assert_eq!(refusal.to_string(), "The record cannot be acknowledged.");
    assert_eq!(share_consumer(&world, consumer).in_hand()[0].offset, 0);
    execute(&mut world, say(0, AcknowledgeType::Release));
    let events = run_ms(&mut world, 1_500);
    assert_eq!(acquired(&events), [(0, 2)]);
    // Now it waits until its lock has ended.
    let events = run_ms(&mut world, 5_000);
    assert_eq!(expired(&events), [(0, 2)]);
    execute(&mut world, say(0, AcknowledgeType::Accept));
    let events = run_ms(&mut world, 2_000);
    assert!(
        share_events(&events).any(|event| matches!(
            event,
            ShareEvent::AcknowledgementFailed {
                error: "INVALID_RECORD_STATE",
                ..
            }
        )),
        "the lock has ended"
    );
    assert_eq!(acquired(&events), [(0, 3)]);
}

#[test]
fn a_new_leader_goes_on_from_the_state_that_was_persisted() {
    let mut world = cluster_with(8, &[("group.share.record.lock.duration.ms", "3000")]);
    create(&mut world, TOPIC, "1:2:3", &[]);
    let accepting = worker(&mut world, config());
    run_ms(&mut world, 5_000);
    let mut events = send(&mut world, 1, 3);
    events.extend(run_ms(&mut world, 3_000));
    assert_eq!(accepted(&events), [(0, 1), (1, 1), (2, 1)]);
    execute(&mut world, Command::Close { client: accepting });
    // Of two more records the first has been tried once.
    let trying = worker(&mut world, slow(1_000_000));
    run_ms(&mut world, 5_000);
    for _ in 0..2 {
        send(&mut world, 1, 1);
        run_ms(&mut world, 2_000);
    }
    execute(&mut world, Command::Close { client: trying });
    run_ms(&mut world, 2_000);
    let before = world.share_partition(GROUP, &of(0)).expect("it is shared");
    assert_eq!(before.start_offset(), 3);
    kill(&mut world, 1);
    wait(&mut world, "another leads", |world| {
        leader(world, TOPIC) == Some(2)
    });
    worker(&mut world, config());
    let events = run_ms(&mut world, 30_000);
    assert_eq!(accepted(&events), [(3, 2), (4, 1)]);
    start_broker(&mut world, 1);
    let mut events = send(&mut world, 1, 1);
    events.extend(run_ms(&mut world, 5_000));
    assert_eq!(accepted(&events), [(5, 1)]);
}
