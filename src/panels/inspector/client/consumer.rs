//! A consumer's sheet.

mod acts;

use engine::client::{CommitEach, CommitWhen, Consumer, Membership};
use engine::{TopicPartition, World};

use super::settings;
use crate::panels::inspector::sheet::{Section, Sheet, Text};
use crate::panels::inspector::words::{self, MS, Reading};
use crate::stage::Subject;

pub(super) fn sheet(world: &World, subject: &Subject, title: String, consumer: &Consumer) -> Sheet {
    let sentence = match consumer.config.has_group() {
        true => {
            "Reads records as a member of a group: in each partition that it owns it goes on \
                 from its position, and commits how far it has come."
        }
        false => {
            "Reads records of partitions that it was told, without a group: nothing is \
                 committed for it."
        }
    };
    let sheet = Sheet::new(subject, title, sentence)
        .with(membership(world, consumer))
        .with(partitions(world, consumer))
        .with(application(consumer))
        .with(clocks(world, consumer))
        .with(settings::of_consumer(consumer));
    acts::add(sheet, consumer)
}

fn membership(world: &World, consumer: &Consumer) -> Section {
    let section = Section::new("Membership")
        .row(
            "Subscribed to",
            consumer.subscription_type().to_string(),
            "",
        )
        .row(
            "Topics",
            Text::list(consumer.subscription().iter().map(words::topic), "none"),
            "",
        );
    if !consumer.config.has_group() {
        return section;
    }
    let state = match consumer.membership() {
        Membership::Unjoined => "UNJOINED: no member yet",
        Membership::PreparingRebalance => "PREPARING_REBALANCE: it was told to rejoin",
        Membership::Joining => "joining: it sent JoinGroup and waits for the others",
        Membership::CompletingRebalance => "COMPLETING_REBALANCE: it waits for its part",
        Membership::Stable => "STABLE: it has its part",
        Membership::Leaving => "leaving",
    };
    let state = match consumer.member_state() {
        Some(state) => state.name(),
        None => state,
    };
    let member_id = match consumer.member_id() {
        "" => "none yet",
        id => id,
    };
    let id = consumer.config.group_id.as_str();
    let instance = consumer.config.group_instance_id.as_deref();
    let is_leader = world.groups().get(id).and_then(|(_, group)| group.leader());
    section
        .row("Group", words::group(id), "group.id")
        .row("State", state, "")
        .row(
            "Member id",
            member_id,
            "given by the coordinator, or made up by itself with KIP-848",
        )
        .maybe(
            "group.instance.id",
            instance,
            "a static member: it may go and come back without a rebalance",
        )
        .row(
            "Generation or epoch",
            consumer.generation(),
            "-1: it is in none",
        )
        .row(
            "Leader of the group",
            is_leader == Some(consumer.member_id()),
            "who computes the assignment, in the classic protocol",
        )
        .row(
            "Assignor",
            words::maybe(consumer.assignor().map(|it| it.name()), "none yet"),
            "",
        )
        .row(
            "Coordinator",
            words::maybe_broker(consumer.coordinator()),
            "as far as it knows",
        )
}

fn partitions(world: &World, consumer: &Consumer) -> Section {
    let number = |value: Option<i64>| Text::from(words::maybe(value, "–"));
    let reading = Reading::of(world, &consumer.config.group_id);
    let rows = consumer.assignment().iter().map(|(of, assigned)| {
        let counts = consumer.processed().get(of);
        let end = world.partition(of).map(|it| it.log.end_offset());
        let committed = reading.committed(of).or(assigned.committed);
        let lag = end
            .zip(committed)
            .map(|(end, committed)| (end - committed).max(0));
        vec![
            words::partition(of),
            number(assigned.position),
            number(committed),
            number(lag),
            Text::from(if assigned.paused { "paused" } else { "reads" }),
            words::maybe_broker(assigned.read_replica.or(leader(world, of))),
            Text::from(words::maybe(counts.map(|it| it.repeated()), "0")),
            Text::from(words::maybe(counts.map(|it| it.skipped()), "0")),
        ]
    });
    Section::new("Its partitions").table(
        &[
            "partition",
            "position",
            "committed",
            "lag",
            "state",
            "read from",
            "processed again",
            "skipped",
        ],
        rows.collect(),
    )
}

fn leader(world: &World, of: &TopicPartition) -> Option<i32> {
    world.image().partition(of)?.leader
}

fn application(consumer: &Consumer) -> Section {
    let doing = if consumer.waits_for_commit() {
        "waits in commitSync()"
    } else if consumer.is_polling() {
        "in poll()"
    } else {
        "processes records"
    };
    let processing = consumer.processing();
    let commits = match processing.commit {
        None if consumer.config.commits_automatically() => {
            "automatically (enable.auto.commit)".to_owned()
        }
        None => "only when told".to_owned(),
        Some(commit) => format!(
            "{} each {}, {}",
            match commit.when {
                CommitWhen::Before => "before processing",
                CommitWhen::After => "after",
            },
            match commit.each {
                CommitEach::Poll => "poll()",
                CommitEach::Record => "record",
            },
            if commit.is_sync {
                "commitSync()"
            } else {
                "commitAsync()"
            }
        ),
    };
    let done: u64 = consumer.processed().values().map(processed).sum();
    let again: u64 = consumer.processed().values().map(|it| it.repeated()).sum();
    let skipped: u64 = consumer.processed().values().map(|it| it.skipped()).sum();
    let hand = consumer
        .in_hand()
        .map(|(of, from, to)| words::partition(of).then(format!(" {from}–{}", to - 1)));
    Section::new("Its application")
        .row("Now", doing, "")
        .row("Time for a record", processing.per_record_us / 1_000, MS)
        .row("Commits", commits, "")
        .row(
            "Records read",
            consumer.records_read(),
            "returned by poll()",
        )
        .row(
            "Fetched and waiting",
            consumer.records_buffered(),
            "records that poll() has not returned, at most",
        )
        .row(
            "In hand",
            Text::list(hand, "nothing"),
            "returned by poll(), not processed yet",
        )
        .row("Processed", done, "records, by this consumer")
        .row(
            "Processed again",
            again,
            "records, by this consumer, each further time",
        )
        .row(
            "Skipped",
            skipped,
            "records it passed over: before a later one was processed",
        )
}

fn processed(counts: &engine::client::OffsetCounts) -> u64 {
    let ranges = counts.ranges();
    ranges
        .map(|(from, to, times)| (to - from).unsigned_abs() * u64::from(times))
        .sum()
}

fn clocks(world: &World, consumer: &Consumer) -> Section {
    let now = world.now();
    let config = &consumer.config;
    let due =
        |at: Option<engine::Time>, none: &str| words::maybe(at.map(|at| words::due(now, at)), none);
    let reading = Reading::of(world, &config.group_id);
    let session = reading.session_deadline(consumer.member_id());
    Section::new("Its clocks")
        .row(
            "Next heartbeat",
            due(consumer.heartbeat_due(), "none: it is in no group"),
            "heartbeat.interval.ms",
        )
        .row(
            "Session ends",
            due(session, "no clock runs"),
            "unless its coordinator hears a heartbeat (session.timeout.ms)",
        )
        .row(
            "poll() must come",
            due(consumer.poll_deadline(), "it is in poll()"),
            "or it leaves the group (max.poll.interval.ms)",
        )
        .row(
            "Next automatic commit",
            due(consumer.auto_commit_due(), "none"),
            "auto.commit.interval.ms",
        )
}
