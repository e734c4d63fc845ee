//! What the fields of an act say.

use engine::TopicPartition;
use engine::client::{
    AcknowledgementRule, Acknowledging, CommitEach, CommitWhen, ManualCommit, Processing, SeekTo,
    SubscriptionType,
};
use engine::protocol::AcknowledgeType;
use engine::sim::{Host, Latency, Link};

use crate::panels::requests::{Fields, TIME_MAX_MS, whole};
use crate::playground::ResetTo;

/// Stands for all in a choice.
pub(super) const ALL: &str = "all";
/// The most records between two that an application has trouble with.
const EVERY_MAX: i32 = 1_000_000;

/// A host as the value of a choice.
pub(super) fn token(host: &Host) -> String {
    format!("{host:?}")
}

pub(super) fn chosen(of: &[TopicPartition], fields: Fields<'_>) -> Vec<TopicPartition> {
    if of.len() == 1 {
        return of.to_vec();
    }
    let name = fields("partition");
    let is_chosen = |it: &&TopicPartition| name == ALL || it.to_string() == name;
    of.iter().filter(is_chosen).cloned().collect()
}

pub(super) fn chosen_hosts(others: &[Host], fields: Fields<'_>) -> Vec<Host> {
    let name = fields("host");
    let is_chosen = |it: &&Host| name == ALL || token(it) == name;
    others.iter().filter(is_chosen).copied().collect()
}

pub(super) fn seek_to(fields: Fields<'_>) -> Result<SeekTo, String> {
    Ok(match fields("to").as_str() {
        "beginning" => SeekTo::Beginning,
        "end" => SeekTo::End,
        "timestamp" => SeekTo::Timestamp(offset(&fields("offset"))?),
        _ => SeekTo::Offset(offset(&fields("offset"))?),
    })
}

pub(super) fn reset_to(fields: Fields<'_>) -> Result<ResetTo, String> {
    let given = fields("offset");
    Ok(match fields("to").as_str() {
        "earliest" => ResetTo::Earliest,
        "latest" => ResetTo::Latest,
        "timestamp" => ResetTo::Timestamp(offset(&given)?),
        "shift" => {
            let shift = given.trim().parse().ok();
            ResetTo::ShiftBy(shift.ok_or_else(|| {
                format!("{given:?} is no number of offsets: take one such as -10 or 10.")
            })?)
        }
        _ => ResetTo::Offset(offset(&given)?),
    })
}

/// What a consumer is to read, by the fields `how` and `what`: names of topics or
/// of partitions with commas between, or a regular expression.
pub(super) fn subscription(fields: Fields<'_>) -> Result<SubscriptionType, String> {
    let what = fields("what");
    let names = what.split(',').map(str::trim).filter(|it| !it.is_empty());
    let is_empty = what.trim().is_empty();
    Ok(match fields("how").as_str() {
        "unsubscribe" => SubscriptionType::None,
        _ if is_empty => return Err("Say what it is to read, such as orders.".to_owned()),
        "pattern" => SubscriptionType::Pattern(what.trim().to_owned()),
        "assign" => {
            let partitions = names.map(partition);
            SubscriptionType::Partitions(partitions.collect::<Result<_, String>>()?)
        }
        _ => SubscriptionType::Topics(names.map(Into::into).collect()),
    })
}

/// A partition by its full name, such as `orders-1`.
fn partition(name: &str) -> Result<TopicPartition, String> {
    let parts = name.rsplit_once('-');
    let found = parts.and_then(|(topic, number)| {
        let number = number.parse().ok().filter(|number: &i32| *number >= 0);
        Some(TopicPartition::new(topic, number?))
    });
    found.ok_or_else(|| format!("{name} is no partition: name it as orders-1."))
}

/// How long packets take, by the fields `latency` and `jitter`.
pub(super) fn latency(fields: Fields<'_>) -> Result<Latency, String> {
    let jitter_us = time_us(fields, "jitter", "Up to this much longer")?;
    Ok(Latency {
        base_us: time_us(fields, "latency", "Latency")?,
        jitter_us: u32::try_from(jitter_us).unwrap_or(u32::MAX),
    })
}

/// `node.id`s in order, with commas between.
pub(super) fn brokers(text: &str) -> Result<Vec<i32>, String> {
    let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids = ids.map(|id| whole(id, "Brokers", 0, i32::MAX));
    let ids = ids.collect::<Result<Vec<i32>, String>>()?;
    match ids.is_empty() {
        true => Err("Name the brokers that are to have it, such as 1, 2, 3.".to_owned()),
        false => Ok(ids),
    }
}

/// What an application may say of records, as the options of a choice.
pub(in crate::panels) fn says() -> [(String, String); 5] {
    let says = [
        ("implicit", "nothing: the next poll() accepts all"),
        ("accept", "ACCEPT each"),
        ("release", "RELEASE some: somebody may try again"),
        ("reject", "REJECT some: they can never be done"),
        ("hand", "what you say, record by record"),
    ];
    says.map(|(value, text)| (value.to_owned(), text.to_owned()))
}

/// What a share consumer's application says of records, by the fields `says` and
/// `every`.
///
/// # Errors
///
/// A sentence that says which field to mend.
pub(in crate::panels) fn acknowledging(fields: Fields<'_>) -> Result<Acknowledging, String> {
    let with = match fields("says").as_str() {
        "hand" => return Ok(Acknowledging::ByCommand),
        "release" => AcknowledgeType::Release,
        "reject" => AcknowledgeType::Reject,
        "accept" => AcknowledgeType::Accept,
        _ => return Ok(Acknowledging::Implicit),
    };
    let every = whole(&fields("every"), "One record in", 1, EVERY_MAX)?;
    let every = every.unsigned_abs();
    Ok(Acknowledging::ByRule(AcknowledgementRule { every, with }))
}

pub(super) fn processing(fields: Fields<'_>) -> Result<Processing, String> {
    let commit = match fields("commit").as_str() {
        "sync" | "async" => Some(ManualCommit {
            when: CommitWhen::After,
            each: CommitEach::Poll,
            is_sync: fields("commit") == "sync",
        }),
        "record" => Some(ManualCommit {
            when: CommitWhen::After,
            each: CommitEach::Record,
            is_sync: true,
        }),
        "before" => Some(ManualCommit {
            when: CommitWhen::Before,
            each: CommitEach::Poll,
            is_sync: true,
        }),
        _ => None,
    };
    Ok(Processing {
        per_record_us: time_us(fields, "per-record", "Time for a record")?,
        commit,
    })
}

pub(super) fn link(fields: Fields<'_>) -> Result<Link, String> {
    let latency = match fields("latency").trim() {
        "" => None,
        _ => Some(Latency {
            base_us: time_us(fields, "latency", "Latency")?,
            jitter_us: 0,
        }),
    };
    let loss = whole(&fields("loss"), "Loss", 0, 1_000)?;
    Ok(Link {
        latency,
        loss_per_mille: u16::try_from(loss).unwrap_or(u16::MAX),
        is_cut: false,
    })
}

/// Milliseconds that were filled in, as microseconds.
pub(super) fn time_us(fields: Fields<'_>, name: &str, label: &str) -> Result<u64, String> {
    let ms = whole(&fields(name), label, 0, TIME_MAX_MS)?;
    Ok(u64::from(ms.unsigned_abs()) * 1_000)
}

pub(super) fn offset(text: &str) -> Result<i64, String> {
    let number = text.trim().parse::<i64>().ok();
    number
        .filter(|number| *number >= 0)
        .ok_or_else(|| format!("{text:?} is no offset and no timestamp: take a number from 0 on."))
}
