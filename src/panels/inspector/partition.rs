//! A partition's sheet.

use engine::broker::Partition;
use engine::controller::PartitionRegistration;
use engine::log::PartitionLog;
use engine::protocol::{ElectLeadersRequest, ElectionType, Request};
use engine::{TopicPartition, World};

use super::act::{Act, Deed, Field, Verb};
use super::sheet::{Section, Sheet, Text};
use super::words::{self, BYTES, Reading};
use crate::panels::Panel;
use crate::stage::Subject;

/// All about a partition.
pub(super) fn sheet(world: &World, subject: &Subject, of: &TopicPartition) -> Sheet {
    let title = format!("Partition {of}");
    let Some(registered) = world.image().partition(of) else {
        let why = format!("There is no partition {of}: its topic was deleted, or has fewer.");
        return Sheet::gone(subject, title, why);
    };
    let sentence = match registered.leader {
        Some(leader) => format!(
            "One order of records, written and read at its leader, broker {leader}. A lane \
                 of the board."
        ),
        None => {
            "One order of records. Nobody leads it: until a replica is elected it can be neither \
             written nor read."
                .to_owned()
        }
    };
    let mut sheet = Sheet::new(subject, title, sentence).with(who(world, of, registered));
    if let Some(partition) = world.partition(of) {
        sheet = sheet
            .with(log(&partition.log))
            .with(groups(world, of, &partition.log));
        sheet = share_groups(sheet, world, of);
        sheet = sheet
            .with(replicas(of, registered, partition))
            .with(producers(&partition.log))
            .with(segments(&partition.log));
    }
    acts(sheet, of, registered)
}

fn who(world: &World, of: &TopicPartition, registered: &PartitionRegistration) -> Section {
    let brokers = |ids: &[i32]| words::brokers(world, ids);
    let mut section = Section::new("Who has it")
        .row("Topic", words::topic(&of.topic), "")
        .row(
            "Leader",
            words::maybe_broker(registered.leader),
            "writes and, as a rule, reads go there",
        )
        .row(
            "LeaderEpoch",
            registered.leader_epoch,
            "how often leadership was given anew",
        )
        .row(
            "PartitionEpoch",
            registered.partition_epoch,
            "how often anything of this line has changed",
        )
        .row(
            "Replicas",
            brokers(&registered.replicas),
            "brokers with a copy; the first is preferred as leader",
        )
        .row(
            "Isr",
            brokers(&registered.isr),
            "in-sync replicas: who may be elected, and whom acks=all waits for",
        );
    if !registered.elr.is_empty() {
        section = section.row(
            "Elr",
            brokers(&registered.elr),
            "eligible leader replicas (KIP-966)",
        );
    }
    if registered.is_reassigning() {
        section = section
            .row(
                "AddingReplicas",
                brokers(&registered.adding),
                "a reassignment brings them",
            )
            .row(
                "RemovingReplicas",
                brokers(&registered.removing),
                "a reassignment takes them away",
            );
    }
    section
}

pub(super) fn log(log: &PartitionLog) -> Section {
    let records = log.end_offset() - log.start_offset();
    Section::new("Log")
        .row(
            "Log start offset",
            log.start_offset(),
            "the first record that is left",
        )
        .row(
            "Last stable offset (LSO)",
            log.last_stable_offset(),
            "read_committed reads up to here: below it no transaction is open",
        )
        .row(
            "High watermark (HW)",
            log.high_watermark(),
            "below it every in-sync replica has every record: consumers read up to here",
        )
        .row(
            "Log end offset (LEO)",
            log.end_offset(),
            "what the next record gets",
        )
        .row("Offsets", records, "from log start to log end")
        .row("Size", log.size_bytes(), BYTES)
        .row(
            "Segments",
            log.segment_count(),
            "files; the last one is written to",
        )
}

fn groups(world: &World, of: &TopicPartition, log: &PartitionLog) -> Section {
    let readings = Reading::all(world).into_iter();
    let rows = readings.filter_map(|reading| {
        let progress = reading.progress(of)?;
        let number = |value: Option<i64>| Text::from(words::maybe(value, "–"));
        let owner = match progress.owner {
            Some((number, _)) => words::client(world, number),
            None => Text::from("nobody"),
        };
        Some(vec![
            words::group(&reading.group),
            number(progress.committed),
            number(progress.owner.and_then(|(_, position)| position)),
            number(progress.lag(log.end_offset())),
            owner,
        ])
    });
    Section::new("Consumer groups").table(
        &["group", "committed", "position", "lag", "read by"],
        rows.collect(),
    )
}

fn share_groups(mut sheet: Sheet, world: &World, of: &TopicPartition) -> Sheet {
    let ids: Vec<String> = world
        .share_groups()
        .into_keys()
        .map(str::to_owned)
        .collect();
    for id in ids {
        let Some(shared) = world.share_partition(&id, of) else {
            continue;
        };
        let section = Section::new(format!("Share group {id}"))
            .row("Group", words::group(&id), "")
            .row("State", format!("{:?}", shared.state()), "")
            .row(
                "Start offset (SPSO)",
                shared.start_offset(),
                "all before it is done with",
            )
            .row(
                "End offset (SPEO)",
                shared.end_offset(),
                "the last record that was delivered",
            )
            .row(
                "In flight",
                shared.batches().len(),
                "ranges of records that are acquired, or come back",
            );
        sheet = sheet.with(section);
    }
    sheet
}

fn replicas(
    of: &TopicPartition,
    registered: &PartitionRegistration,
    partition: &Partition,
) -> Section {
    let leader_end = partition.log.end_offset();
    let rows = registered.replicas.iter().map(|id| {
        let is_leader = registered.leader == Some(*id);
        let end = match partition.leader() {
            _ if is_leader => Some(leader_end),
            Some(leader) => leader.followers().get(id).map(|it| it.log_end_offset),
            None => None,
        };
        let lag = end.map(|end| (leader_end - end.max(0)).max(0));
        vec![
            Text::link(format!("on broker {id}"), Subject::Replica(of.clone(), *id)),
            Text::from(if is_leader { "leader" } else { "follower" }),
            Text::from(registered.isr.contains(id)),
            Text::from(words::maybe(end.filter(|end| *end >= 0), "not known")),
            Text::from(words::maybe(lag, "–")),
        ]
    });
    Section::new("Replicas").table(
        &["replica", "role", "in sync", "log end", "lag"],
        rows.collect(),
    )
}

fn producers(log: &PartitionLog) -> Section {
    let rows = log.producer_state().producers().map(|(id, entry)| {
        let open = entry.transaction_first_offset();
        vec![
            Text::from(id),
            Text::from(entry.producer_epoch()),
            Text::from(entry.last_sequence()),
            Text::from(entry.last_offset()),
            Text::from(words::maybe(
                open.map(|at| format!("open since offset {at}")),
                "none open",
            )),
        ]
    });
    let aborted = log.producer_state().aborted().entries().iter().map(|it| {
        format!(
            "{}–{} (producer id {})",
            it.first_offset, it.last_offset, it.producer_id
        )
    });
    let aborted: Vec<String> = aborted.collect();
    Section::new("Idempotent producers")
        .row(
            "Aborted transactions",
            match aborted.is_empty() {
                true => "none".to_owned(),
                false => aborted.join(", "),
            },
            "offsets",
        )
        .table(
            &[
                "producer id",
                "epoch",
                "last sequence",
                "last offset",
                "transaction",
            ],
            rows.collect(),
        )
        .folded()
}

pub(super) fn segments(log: &PartitionLog) -> Section {
    let count = log.segment_count();
    let rows = log.segments().enumerate().map(|(place, segment)| {
        vec![
            Text::from(format!("{:020}.log", segment.base_offset())),
            Text::from(segment.size_bytes()),
            Text::from(words::timestamp(segment.max_timestamp())),
            Text::from(if place + 1 == count {
                "active"
            } else {
                "closed"
            }),
        ]
    });
    Section::new("Segments")
        .table(
            &["file", "bytes", "largest timestamp", "state"],
            rows.collect(),
        )
        .folded()
}

fn acts(sheet: Sheet, of: &TopicPartition, registered: &PartitionRegistration) -> Sheet {
    let elect = |election_type| {
        Deed::Admin(Box::new(Request::ElectLeaders(ElectLeadersRequest {
            election_type,
            partitions: Some(vec![of.clone()]),
        })))
    };
    let sheet = match registered.is_reassigning() {
        true => sheet.can(Act::cancel_reassignment([of.clone()])),
        false => sheet,
    };
    sheet
        .can(Act::new(
            "Browse messages",
            "All records of its topic, with filters",
            Deed::Open(Panel::Browser(of.topic.clone())),
        ))
        .can(Act::new(
            "Elect preferred leader",
            "ElectLeaders: the first replica leads again, if it is in sync",
            elect(ElectionType::Preferred),
        ))
        .can(Act::reassign(vec![of.clone()], &registered.replicas))
        .can(
            Act::new(
                "Elect unclean leader",
                "ElectLeaders: when nobody leads, any replica may; what it lacks is lost",
                elect(ElectionType::Unclean),
            )
            .grave(),
        )
        .can(
            Act::ask(
                "Delete records",
                "DeleteRecords: the log starts later",
                vec![Field::typed(
                    "offset",
                    "Before offset (empty: high watermark)",
                    "",
                )],
                Verb::DeleteRecords(vec![of.clone()]),
            )
            .grave(),
        )
}
