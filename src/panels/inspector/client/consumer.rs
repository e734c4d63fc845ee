//! A consumer's sheet.

use engine::client::{CommitEach, CommitWhen, Consumer, Membership};
use engine::{Command, TopicPartition, World};

use super::settings;
use crate::panels::inspector::act::{Act, Field, Verb};
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
    acts(sheet, consumer)
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

fn acts(sheet: Sheet, it: &Consumer) -> Sheet {
    let consumer = it.connection.number;
    let all: Vec<TopicPartition> = it.assignment().keys().cloned().collect();
    let chosen = |is_paused: bool| -> Vec<TopicPartition> {
        let those = it
            .assignment()
            .iter()
            .filter(|(_, at)| at.paused == is_paused);
        those.map(|(of, _)| of.clone()).collect()
    };
    let (reading, paused) = (chosen(false), chosen(true));
    let mut sheet = sheet;
    if !reading.is_empty() {
        let fields = vec![Field::partitions(&reading)];
        sheet = sheet.can(Act::ask(
            "Pause",
            "pause(): it keeps the partition and reads nothing of it",
            fields,
            Verb::Pause(consumer, reading),
        ));
    }
    if !paused.is_empty() {
        let fields = vec![Field::partitions(&paused)];
        sheet = sheet.can(Act::ask(
            "Resume",
            "resume(): it reads the partition again",
            fields,
            Verb::Resume(consumer, paused),
        ));
    }
    if !all.is_empty() {
        let to = [
            ("offset", "the offset"),
            ("beginning", "the beginning"),
            ("end", "the end"),
            ("timestamp", "the first record not older than the timestamp"),
        ];
        let fields = vec![
            Field::partitions(&all),
            Field::choice(
                "to",
                "To",
                to.map(|(value, text)| (value.to_owned(), text.to_owned())),
            ),
            Field::typed("offset", "Offset, or timestamp in ms", "0"),
        ];
        sheet = sheet.can(Act::ask(
            "Seek",
            "seek(): where it goes on; nothing is committed by that",
            fields,
            Verb::Seek(consumer, all),
        ));
    }
    if it.config.has_group() {
        for (name, is_sync) in [("commitSync()", true), ("commitAsync()", false)] {
            let about = "Commits how far it has come";
            sheet = sheet.can(Act::command(
                name,
                about,
                Command::Commit { consumer, is_sync },
            ));
        }
    }
    let how = [
        ("subscribe", "subscribe() to these topics"),
        ("pattern", "subscribe() to topics by a pattern"),
        ("assign", "assign() these partitions, such as orders-1"),
        ("unsubscribe", "unsubscribe(): nothing"),
    ];
    let how = how.map(|(value, text)| (value.to_owned(), text.to_owned()));
    sheet = sheet.can(Act::ask(
        "Change what it reads",
        "Its group shares the partitions of topics that it subscribes to; those that are assigned \
         it reads whoever else does",
        vec![
            Field::choice("how", "How", how),
            Field::typed(
                "what",
                "Topics, a pattern, or partitions",
                it.subscription().join(", "),
            ),
        ],
        Verb::Subscribe(consumer),
    ));
    sheet.can(Act::ask(
        "Change processing",
        "How long its application takes for a record, and when it commits",
        processing_fields(it),
        Verb::SetProcessing(consumer),
    ))
}

fn processing_fields(it: &Consumer) -> Vec<Field> {
    let commit = [
        ("auto", "as enable.auto.commit says"),
        ("sync", "after each poll(), commitSync()"),
        ("async", "after each poll(), commitAsync()"),
        ("record", "after each record, commitSync()"),
        ("before", "before processing, commitSync()"),
    ];
    let processing = it.processing();
    let mut commit = Field::choice(
        "commit",
        "Commits",
        commit.map(|(value, text)| (value.to_owned(), text.to_owned())),
    );
    commit.initial = match processing.commit {
        None => "auto",
        Some(of) if of.when == CommitWhen::Before => "before",
        Some(of) if of.each == CommitEach::Record => "record",
        Some(of) if of.is_sync => "sync",
        Some(_) => "async",
    }
    .to_owned();
    let time = (processing.per_record_us / 1_000).to_string();
    vec![
        Field::typed("per-record", "Time for a record (ms)", time),
        commit,
    ]
}
