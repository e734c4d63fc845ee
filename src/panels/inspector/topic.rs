//! A topic's sheet.

use engine::config;
use engine::controller::Topic;
use engine::protocol::{ConfigResource, ElectLeadersRequest, ElectionType, Request, TopicName};
use engine::{TopicPartition, World};

use super::act::{Act, Deed, Field, Verb};
use super::sheet::{Section, Sheet, TABLE_MAX, Text};
use super::words::{self, Reading};
use crate::panels::Panel;
use crate::stage::{BoardAction, Subject};
use engine::sorting::sort_by_key;

/// All about a topic.
pub(super) fn sheet(world: &World, subject: &Subject, name: &TopicName) -> Sheet {
    let title = format!("Topic {name}");
    let Some(topic) = world.topics().get(name) else {
        let why = format!("There is no topic {name}: it was deleted, or not made yet.");
        return Sheet::gone(subject, title, why);
    };
    let partitions = topic.partitions.len();
    let sentence = format!(
        "A named log of records, split into {}; each is an order of its own, and keys keep \
             to one of them.",
        words::counted(partitions, "partition")
    );
    let sheet = Sheet::new(subject, title, sentence)
        .with(about(world, name, topic))
        .with(lanes(world, name, topic))
        .with(settings(world, topic));
    acts(sheet, name, topic)
}

fn about(world: &World, name: &TopicName, topic: &Topic) -> Section {
    let replicas = topic.partitions.first().map_or(0, |it| it.replicas.len());
    let logs = numbers(name, topic).filter_map(|of| world.partition(&of));
    let (mut records, mut bytes) = (0, 0);
    for partition in logs {
        records += partition.log.end_offset() - partition.log.start_offset();
        bytes += partition.log.size_bytes();
    }
    let readings = Reading::all(world).into_iter();
    let readers = readings.filter(|reading| {
        let mut all = numbers(name, topic);
        all.any(|of| reading.progress(&of).is_some())
    });
    let readers: Vec<Text> = readers
        .map(|reading| words::group(&reading.group))
        .collect();
    Section::new("What it is")
        .row("TopicId", topic.id.to_string(), "what the brokers call it")
        .row("PartitionCount", topic.partitions.len(), "")
        .row(
            "ReplicationFactor",
            replicas,
            "copies of each partition, the leader's included",
        )
        .row(
            "Records",
            records,
            "offsets from log start to log end, over all partitions",
        )
        .row("Size", bytes, "bytes in the leaders' logs")
        .row("Read by", Text::list(readers, "no group"), "")
        .row(
            "Reassigning",
            Text::list(moving(name, topic).map(|of| words::partition(&of)), "none"),
            "partitions whose replicas are on their way to other brokers",
        )
}

/// The partitions with a reassignment under way.
fn moving<'a>(name: &'a TopicName, topic: &'a Topic) -> impl Iterator<Item = TopicPartition> + 'a {
    let all = numbers(name, topic).zip(&topic.partitions);
    let moving = all.filter(|(_, registered)| registered.is_reassigning());
    moving.map(|(of, _)| of)
}

fn numbers<'a>(name: &'a TopicName, topic: &'a Topic) -> impl Iterator<Item = TopicPartition> + 'a {
    let numbers = (0..).take(topic.partitions.len());
    numbers.map(|number| TopicPartition::new(name.clone(), number))
}

fn lanes(world: &World, name: &TopicName, topic: &Topic) -> Section {
    let rows = numbers(name, topic).zip(&topic.partitions);
    let rows = rows.take(TABLE_MAX).map(|(of, registered)| {
        let log = world.partition(&of).map(|partition| &partition.log);
        let number = |value: Option<i64>| Text::from(words::maybe(value, "–"));
        vec![
            words::partition(&of),
            words::maybe_broker(registered.leader),
            words::brokers(world, &registered.replicas),
            Text::from(format!(
                "{} of {}",
                registered.isr.len(),
                registered.replicas.len()
            )),
            number(log.map(|log| log.start_offset())),
            number(log.map(|log| log.high_watermark())),
            number(log.map(|log| log.end_offset())),
        ]
    });
    Section::new("Partitions")
        .table(
            &[
                "partition",
                "leader",
                "replicas",
                "in sync",
                "log start",
                "HW",
                "log end",
            ],
            rows.collect(),
        )
        .and_more(topic.partitions.len().saturating_sub(TABLE_MAX))
}

/// The topic's own settings first, then those that come from the broker or are
/// Kafka's defaults.
fn settings(world: &World, topic: &Topic) -> Section {
    let of_brokers = world.brokers().values().next().map(|broker| &broker.config);
    let mut keys: Vec<_> = config::topic::CONFIG.keys().collect();
    sort_by_key(&mut keys, |key| {
        (!topic.configs.contains_key(key.name), key.name)
    });
    let mut section = Section::new("Settings").folded();
    for key in keys {
        let own = topic.configs.get(key.name).cloned();
        let of_broker = of_brokers.and_then(|config| config.topic_default(key.name));
        let default = key.default_value().map(str::to_owned);
        let note = match (&own, &of_broker) {
            (Some(_), _) => "set for this topic",
            (None, Some(_)) => "set for the broker",
            (None, None) => "default",
        };
        let value = own.or(of_broker).or(default).unwrap_or_default();
        section = section.row(key.name, value, note);
    }
    section
}

fn acts(sheet: Sheet, name: &TopicName, topic: &Topic) -> Sheet {
    let all: Vec<TopicPartition> = numbers(name, topic).collect();
    let delete = BoardAction::DeleteTopic {
        topic: name.clone(),
    };
    let elect = Request::ElectLeaders(ElectLeadersRequest {
        election_type: ElectionType::Preferred,
        partitions: Some(all.clone()),
    });
    let first = topic.partitions.first();
    let replicas = first.map_or(&[][..], |first| &first.replicas);
    let moving: Vec<TopicPartition> = moving(name, topic).collect();
    let sheet = match moving.is_empty() {
        true => sheet,
        false => sheet.can(Act::cancel_reassignment(moving)),
    };
    sheet
        .can(Act::new(
            "Browse messages",
            "All records, with filters",
            Deed::Open(Panel::Browser(name.clone())),
        ))
        .can(Act::new(
            "Key to partition",
            "Which partition a key goes to, and why; what more partitions would change",
            Deed::Open(Panel::Keys(name.clone())),
        ))
        .can(Act::ask(
            "Add partitions",
            "CreatePartitions: records stay where they are, and keys may go elsewhere from \
                 then on. Key to partition shows which",
            vec![Field::typed(
                "count",
                "Partitions in all",
                (all.len() + 1).to_string(),
            )],
            Verb::AddPartitions(name.clone()),
        ))
        .can(Act::alter(
            "Change a setting",
            ConfigResource::topic(&**name),
            config::topic::CONFIG.keys(),
        ))
        .can(Act::reassign(all.clone(), replicas))
        .can(Act::new(
            "Elect preferred leaders",
            "ElectLeaders: the first replica of each partition leads again, if it is in sync",
            Deed::Admin(Box::new(elect)),
        ))
        .can(
            Act::ask(
                "Delete records",
                "DeleteRecords: the log starts later",
                vec![
                    Field::partitions(&all),
                    Field::typed("offset", "Before offset (empty: high watermark)", ""),
                ],
                Verb::DeleteRecords(all),
            )
            .grave(),
        )
        .can(
            Act::new(
                "Delete topic",
                "DeleteTopics: the records go with it",
                Deed::Board(delete),
            )
            .grave(),
        )
}
