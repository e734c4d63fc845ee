//! A group's sheet, of each kind: classic, KIP-848, share.

mod acts;
mod settings;

use engine::assignor::server::PartitionsByTopic;
use engine::broker::Broker;
use engine::client::consumer_protocol::decode_assignment;
use engine::coordinator::consumer_group::ConsumerGroup;
use engine::coordinator::share_group::ShareGroup;
use engine::coordinator::{ClassicGroup, Member, partition_for};
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::shared;
use super::sheet::{Section, Sheet, TABLE_MAX, Text};
use super::words::{self, Reading};
use crate::stage::Subject;

/// The topic in which groups and their offsets are kept.
const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// All about a group.
pub(super) fn sheet(world: &World, subject: &Subject, id: &str) -> Sheet {
    let title = format!("Group {id}");
    if !words::group_ids(world).contains(id) {
        let why = format!(
            "Nobody knows the group {id}: it never formed, or its coordinator has forgotten it."
        );
        return Sheet::gone(subject, title, why);
    }
    let classic = world.groups().get(id).copied();
    let consumer = world.consumer_groups().get(id).copied();
    let share = world.share_groups().get(id).copied();
    let sheet = match (classic, consumer, share) {
        (_, _, Some((broker, group))) => of_share(world, subject, broker, group),
        (_, Some((broker, group)), _) => of_consumer(world, subject, broker, group),
        (Some((broker, group)), ..) => of_classic(world, subject, broker, group),
        (None, None, None) => Sheet::new(
            subject,
            title,
            "Consumers want to enter it, and its coordinator has not heard of it yet.",
        ),
    };
    let sheet = match share {
        Some(_) => sheet.with(shared::partitions(world, id)),
        None => sheet.with(offsets(world, id)),
    };
    let sheet = sheet
        .with(settings::section(world, id))
        .with(coordinator(world, id));
    acts::add(sheet, world, id)
}

fn of_classic(world: &World, subject: &Subject, broker: &Broker, group: &ClassicGroup) -> Sheet {
    let id = group.name();
    let sentence = "Consumers that share the partitions of their topics: each partition has one \
        reader among them. They agree by the classic protocol (JoinGroup, SyncGroup).";
    let leader = group
        .leader()
        .map(|leader| words::member(world, id, leader));
    let what = Section::new("What it is")
        .row(
            "State",
            group.state().name(),
            state_means(group.state().name()),
        )
        .row(
            "Generation",
            group.generation(),
            "one more with each rebalance",
        )
        .row(
            "Protocol type",
            words::maybe(group.protocol_type(), "none yet"),
            "",
        )
        .row(
            "Assignor",
            words::maybe(group.protocol_name(), "none yet"),
            "partition.assignment.strategy that all members know; the leader computes it",
        )
        .maybe("Leader", leader, "the member that computes the assignment")
        .row("Members", group.members().len(), "")
        .row(
            "Waiting to join",
            group.awaiting_join(),
            "members that sent JoinGroup and wait for the others",
        )
        .row("Coordinator", words::broker(broker.id), "");
    let rows = group
        .members()
        .map(|member| classic_member(world, broker, group, member));
    let pending = group.pending_members().map(|(member_id, client_id)| {
        let mut row: Vec<Text> = vec![
            client_id.into(),
            member_id.into(),
            "given an id, not joined yet".into(),
        ];
        row.push("–".into());
        row
    });
    let rows = rows.chain(pending).collect();
    let members =
        Section::new("Members").table(&["member", "member id", "assignment", "session"], rows);
    Sheet::new(subject, format!("Group {id}"), sentence)
        .with(what)
        .with(members)
}

fn classic_member(
    world: &World,
    broker: &Broker,
    group: &ClassicGroup,
    member: &Member,
) -> Vec<Text> {
    let assigned = decode_assignment(member.assignment()).unwrap_or_default();
    let shard = broker.groups().shard_of(group.name());
    let deadline = shard.and_then(|shard| shard.session_deadline(group.name(), member.id()));
    let session = deadline.map(|at| format!("ends {}", words::due(world.now(), at)));
    let mut name = words::member(world, group.name(), member.id());
    if let Some(instance) = member.group_instance_id() {
        name = name.then(format!(" (group.instance.id {instance})"));
    }
    vec![
        name,
        member.id().into(),
        words::partitions(&assigned),
        words::maybe(session, "–").into(),
    ]
}

fn of_consumer(world: &World, subject: &Subject, broker: &Broker, group: &ConsumerGroup) -> Sheet {
    let id = group.id();
    let sentence = "Consumers that share the partitions of their topics by the consumer group \
        protocol (KIP-848): the coordinator computes who reads what, and tells it in \
        its answers to heartbeats.";
    let what = Section::new("What it is")
        .row(
            "State",
            group.state().name(),
            state_means(group.state().name()),
        )
        .row(
            "GroupEpoch",
            group.epoch(),
            "one more whenever members or topics change",
        )
        .row(
            "AssignmentEpoch",
            group.assignment_epoch(),
            "the group epoch for which the target assignment was computed",
        )
        .row("Members", group.members().len(), "")
        .row("Coordinator", words::broker(broker.id), "");
    let rows = group.members().map(|member| {
        vec![
            words::member(world, id, &member.id),
            Text::from(member.state.name()),
            Text::from(member.epoch),
            named(world, &member.assigned),
            named(world, &group.target_assignment(&member.id)),
            named(world, &member.pending_revocation),
        ]
    });
    let members = Section::new("Members").table(
        &["member", "state", "epoch", "has", "is to have", "gives up"],
        rows.collect(),
    );
    Sheet::new(subject, format!("Group {id}"), sentence)
        .with(what)
        .with(members)
}

/// Partitions by topic id, with links.
fn named(world: &World, partitions: &PartitionsByTopic) -> Text {
    let all = partitions.iter().flat_map(|(id, numbers)| {
        let topic = world.topics().iter().find(|(_, topic)| topic.id == *id);
        let name = topic.map(|(name, _)| name.clone());
        numbers.iter().map(move |number| match &name {
            Some(name) => words::partition(&TopicPartition::new(name.clone(), *number)),
            None => Text::from(format!("{id}-{number}")),
        })
    });
    Text::list(all, "none")
}

fn of_share(world: &World, subject: &Subject, broker: &Broker, group: &ShareGroup) -> Sheet {
    let id = group.id();
    let sentence = "A queue (KIP-932): its members are handed records one by one, several may read \
        the same partition, and each record is acknowledged by itself.";
    let what = Section::new("What it is")
        .row("State", group.state().name(), "")
        .row("GroupEpoch", group.epoch(), "")
        .row("AssignmentEpoch", group.assignment_epoch(), "")
        .row("Members", group.members().len(), "")
        .row("Coordinator", words::broker(broker.id), "");
    let rows = group.members().iter().map(|(member_id, member)| {
        vec![
            words::member(world, id, member_id),
            Text::from(member.assignment.member_epoch),
            named(world, &member.assignment.partitions),
        ]
    });
    let members = Section::new("Members").table(&["member", "epoch", "reads"], rows.collect());
    Sheet::new(subject, format!("Group {id}"), sentence)
        .with(what)
        .with(members)
}

fn state_means(state: &str) -> &'static str {
    match state {
        "Empty" => "it has offsets, and no members",
        "Stable" => "every member has its part",
        "PreparingRebalance" => "it waits until all members have sent JoinGroup",
        "CompletingRebalance" => "it waits for the leader's assignment",
        "Assigning" => "the target assignment is to be computed",
        "Reconciling" => "members are on their way to their target",
        "Dead" => "it is being removed",
        _ => "",
    }
}

/// What the group has committed, and how far its members have read.
fn offsets(world: &World, id: &str) -> Section {
    let reading = Reading::of(world, id);
    let all = reading.partitions();
    let rows = all.iter().take(TABLE_MAX).filter_map(|of| {
        let progress = reading.progress(of)?;
        let end = world.partition(of).map(|it| it.log.end_offset());
        let lag = end.and_then(|end| progress.lag(end));
        let counts = world.processed_by(id).and_then(|all| all.get(of));
        Some(vec![
            words::partition(of),
            Text::from(words::maybe(progress.committed, "–")),
            Text::from(words::maybe(progress.owner.and_then(|it| it.1), "–")),
            Text::from(words::maybe(end, "–")),
            Text::from(words::maybe(lag, "–")),
            Text::from(words::maybe(counts.map(|it| it.repeated()), "–")),
            Text::from(words::maybe(counts.map(|it| it.skipped()), "–")),
        ])
    });
    let rows: Vec<Vec<Text>> = rows.collect();
    Section::new("Offsets")
        .table(
            &[
                "partition",
                "committed",
                "position",
                "log end",
                "lag",
                "processed again",
                "skipped",
            ],
            rows,
        )
        .and_more(all.len().saturating_sub(TABLE_MAX))
}

/// Why this broker coordinates it.
fn coordinator(world: &World, id: &str) -> Section {
    let section = Section::new("Why this coordinator");
    let topic = TopicName::from(OFFSETS_TOPIC);
    let Some(found) = world.topics().get(&topic) else {
        return section.row(OFFSETS_TOPIC, "not made yet", "the first group asks for it");
    };
    let count = i32::try_from(found.partitions.len()).unwrap_or(i32::MAX);
    let number = partition_for(id, count);
    let of = TopicPartition::new(topic, number);
    let leader = world.image().partition(&of).and_then(|it| it.leader);
    let hash = java_hash(id);
    section
        .row(
            "hashCode of group.id",
            hash,
            "Java's String.hashCode, modulo 2^32",
        )
        .row(
            "Partition",
            words::partition(&of),
            "its absolute value, modulo the partitions of __consumer_offsets",
        )
        .row("Partitions", count, "offsets.topic.num.partitions")
        .row(
            "Leader",
            words::maybe_broker(leader),
            "leads that partition, and so coordinates the group",
        )
}

/// `String.hashCode`, over UTF-16.
fn java_hash(text: &str) -> i32 {
    let units = text.encode_utf16();
    units.fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_javas() {
        assert_eq!(java_hash("billing"), -109_829_509);
        assert_eq!(java_hash(""), 0);
    }

    #[test]
    fn the_partition_of_a_group_follows_from_the_hash_that_is_shown() {
        for id in ["billing", "a", "group-17", "ünï"] {
            let hash = java_hash(id).unsigned_abs();
            assert_eq!(partition_for(id, 50).unsigned_abs(), hash % 50, "{id}");
        }
    }
}
