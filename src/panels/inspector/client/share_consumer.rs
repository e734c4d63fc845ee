//! A share consumer's sheet.

use engine::Command;
use engine::client::{Acknowledging, ShareConsumer};
use engine::protocol::AcknowledgeType;

use super::settings;
use crate::panels::inspector::act::{Act, Field, Verb, says};
use crate::panels::inspector::sheet::{Section, Sheet, Text};
use crate::panels::inspector::words::{self, MS};
use crate::stage::Subject;

pub(super) fn sheet(subject: &Subject, title: String, consumer: &ShareConsumer) -> Sheet {
    let sentence = "Takes records from a share group as from a queue: each is its own for a while, \
        until it accepts, releases or rejects it (KIP-932).";
    let says = match consumer.config.acknowledging {
        Acknowledging::Implicit => "nothing: the next poll() accepts all".to_owned(),
        Acknowledging::ByCommand => "what it is told, record by record".to_owned(),
        Acknowledging::ByRule(rule) => {
            format!("accept; {:?} for one record in {}", rule.with, rule.every)
        }
    };
    let membership = Section::new("Membership")
        .row("Group", words::group(&consumer.config.group_id), "group.id")
        .row(
            "Topics",
            Text::list(consumer.subscription().iter().map(words::topic), "none"),
            "",
        )
        .row("Member id", consumer.member_id(), "made up by itself")
        .row(
            "Member epoch",
            consumer.member_epoch(),
            "0: it is no member yet",
        )
        .row(
            "Coordinator",
            words::maybe_broker(consumer.coordinator()),
            "as far as it knows",
        )
        .row(
            "Reads",
            words::partitions(&consumer.assignment()),
            "together with other members",
        );
    let rows = consumer.in_hand().iter().map(|record| {
        let to = Subject::Record(record.topic_partition.clone(), record.offset);
        vec![
            Text::link(
                format!("{} of {}", record.offset, record.topic_partition),
                to,
            ),
            Text::from(record.delivery_count),
            Text::from(words::maybe(
                record.acknowledged.map(|it| format!("{it:?}")),
                "nothing yet",
            )),
        ]
    });
    let hand = Section::new("Its application")
        .row(
            "Processed",
            consumer.records_processed(),
            "records, those included that it was handed again",
        )
        .row("Says of records", says, "")
        .row(
            "Time for a record",
            consumer.config.processing_us / 1_000,
            MS,
        )
        .table(&["in hand", "delivery", "said"], rows.collect());
    let sheet = Sheet::new(subject, title, sentence)
        .with(membership)
        .with(hand)
        .with(settings::of_share_consumer(consumer));
    acts(sheet, consumer)
}

fn acts(sheet: Sheet, it: &ShareConsumer) -> Sheet {
    let consumer = it.connection.number;
    let set = |acknowledging| Command::SetAcknowledging {
        consumer,
        acknowledging,
    };
    let mut sheet = sheet;
    let is_by_command = it.config.acknowledging == Acknowledging::ByCommand;
    let next = it
        .in_hand()
        .iter()
        .find(|record| record.acknowledged.is_none());
    if let Some(record) = next.filter(|_| is_by_command) {
        for (name, about, acknowledge_type) in [
            (
                "Accept the next record",
                "It is done",
                AcknowledgeType::Accept,
            ),
            (
                "Release the next record",
                "It could not be done now: somebody may try again",
                AcknowledgeType::Release,
            ),
            (
                "Reject the next record",
                "It can never be done",
                AcknowledgeType::Reject,
            ),
        ] {
            let command = Command::Acknowledge {
                consumer,
                topic_partition: record.topic_partition.clone(),
                offset: record.offset,
                acknowledge_type,
            };
            sheet = sheet.can(Act::command(name, about, command));
        }
    }
    let sheet = match is_by_command {
        true => sheet.can(Act::command(
            "Accept all from now on",
            "Implicit acknowledgement: the next poll() accepts",
            set(Acknowledging::Implicit),
        )),
        false => sheet.can(Act::command(
            "Acknowledge by hand",
            "acknowledge() for each record, from here",
            set(Acknowledging::ByCommand),
        )),
    };
    let rule = match it.config.acknowledging {
        Acknowledging::ByRule(rule) => rule.every,
        _ => 5,
    };
    let per_record_ms = it.config.processing_us / 1_000;
    sheet
        .can(Act::ask(
            "Change what it says",
            "acknowledge(): what its application says of the records that it is handed",
            vec![
                Field::choice("says", "Of records", says()),
                Field::typed("every", "RELEASE or REJECT one record in", rule.to_string()),
            ],
            Verb::SetAcknowledging(consumer),
        ))
        .can(Act::ask(
            "Slow down",
            "How long its application takes for a record; what it holds longer than its lock \
             lasts goes to others",
            vec![Field::typed(
                "per-record",
                "Time for a record (ms)",
                per_record_ms.to_string(),
            )],
            Verb::SetShareProcessing(consumer),
        ))
}
