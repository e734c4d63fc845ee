//! What is committed when, and what is lost or repeated when a member is killed.

use super::support::{consumer_of, run_ms, send};
use super::{
    SECOND_US, TOPIC, config, execute, member, partition, position, processed, repeated,
    set_processing, skipped, wait, world_with_records,
};
use engine::client::{CommitEach, CommitWhen, ConsumerConfig, ManualCommit, Processing};
use engine::{Command, Event, World};

/// A member that takes a second over each record is killed after three of ten;
/// another one goes on, and is sent one record more.
fn killed_after_three(commit: ManualCommit) -> (World, Vec<Event>) {
    let (mut world, producer) = world_with_records(1, 10);
    let config = ConsumerConfig {
        enable_auto_commit: false,
        ..config("billing")
    };
    let first = member(&mut world, config.clone());
    set_processing(
        &mut world,
        first,
        Processing {
            per_record_us: SECOND_US,
            commit: Some(commit),
        },
    );
    wait(&mut world, "the third record", |world| {
        processed(world, first) == 3
    });
    // The answer to a commit of the third record is there.
    run_ms(&mut world, 600);
    execute(&mut world, Command::Crash { client: first });
    let second = member(&mut world, config);
    let mut events = run_ms(&mut world, 15_000);
    send(&mut world, producer, TOPIC, None, "10");
    events.extend(run_ms(&mut world, 5_000));
    assert_eq!(processed(&world, second), 11);
    (world, events)
}

/// The offsets that are then passed over, and those that are processed again,
/// from one until before another; the world counts as many.
fn after_a_crash(when: CommitWhen, each: CommitEach) -> [Vec<(i64, i64)>; 2] {
    let (world, events) = killed_after_three(ManualCommit {
        when,
        each,
        is_sync: true,
    });
    let told = [skipped(&events), repeated(&events)];
    let [skipped, repeated] = told
        .each_ref()
        .map(|ranges| ranges.iter().map(|(from, to)| to.abs_diff(*from)).sum());
    let processed = &world.processed_by("billing").expect("it has")[&partition()];
    assert_eq!(
        (processed.skipped(), processed.repeated()),
        (skipped, repeated)
    );
    told
}

/// At most once.
#[test]
fn committing_before_processing_loses_what_a_crash_interrupts() {
    let seen = after_a_crash(CommitWhen::Before, CommitEach::Poll);
    assert_eq!(seen, [vec![(3, 10)], vec![]]);
}

/// At least once.
#[test]
fn committing_after_processing_repeats_what_a_crash_interrupts() {
    let seen = after_a_crash(CommitWhen::After, CommitEach::Poll);
    assert_eq!(seen, [vec![], vec![(0, 3)]]);
}

#[test]
fn committing_each_record_repeats_none_that_was_committed() {
    let seen = after_a_crash(CommitWhen::After, CommitEach::Record);
    assert_eq!(seen, [vec![], vec![]]);
}

#[test]
fn automatic_commits_are_made_in_poll_when_all_before_is_processed() {
    let (mut world, _) = world_with_records(2, 10);
    let config = ConsumerConfig {
        auto_commit_interval_ms: 1_000,
        max_poll_records: 5,
        ..config("billing")
    };
    let consumer = member(&mut world, config);
    let processing = Processing {
        per_record_us: 2 * SECOND_US,
        commit: None,
    };
    set_processing(&mut world, consumer, processing);
    let committed =
        |world: &World| consumer_of(world, consumer).assignment()[&partition()].committed;
    wait(&mut world, "four of five", |world| {
        processed(world, consumer) == 4
    });
    assert_eq!(
        committed(&world),
        None,
        "the interval has passed, but it does not poll"
    );
    wait(&mut world, "the next poll", |world| {
        processed(world, consumer) == 6
    });
    assert_eq!(committed(&world), Some(5));
    assert_eq!(
        position(&world, consumer),
        Some(10),
        "what poll() has returned"
    );
}
