//! What can be done to a consumer: what its application may call, and what it
//! does with records.

use engine::client::{CommitEach, CommitWhen, Consumer};
use engine::{Command, TopicPartition};

use crate::panels::inspector::act::{Act, Field, Verb};
use crate::panels::inspector::sheet::Sheet;

pub(super) fn add(sheet: Sheet, it: &Consumer) -> Sheet {
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
            "seek(): where it goes on; nothing is committed by that. To a timestamp it asks \
             offsetsForTimes() first",
            fields,
            Verb::Seek(consumer, all.clone()),
        ));
        let fields = vec![
            Field::partitions(&all),
            Field::typed("timestamp", "Timestamp in ms", "0"),
        ];
        sheet = sheet.can(Act::ask(
            "offsetsForTimes()",
            "The offset of the first record that is not older, which the event log tells; it goes \
             on where it is",
            fields,
            Verb::OffsetsForTimes(consumer, all),
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
