//! The board in words, for screen readers and for tests.
//!
//! Four headings, `Brokers`, `Producers`, `Topics` and `Groups`, each with a
//! list of sentences. The form of the sentences is relied on by tests; `…`
//! stands for what differs, brackets for what may be missing:
//!
//! ```text
//! Broker 1: controller, leads 3 partitions
//! Producer shop: 2 records/s to orders, keys user-0 to user-4 in turn; accumulator empty
//! Producer shop: …; accumulator holds …[; 2 records wait in send()][; 1 record sent and not yet acknowledged][; frozen][; closing]
//! Producer console-producer: sends by hand; accumulator holds 1 record for orders-0 (76 of 16384 bytes), …[; records without a key go to orders-0 at present]
//! Producer connector-producer-people-0: sends for people; accumulator empty
//! Producer shop: stopped, 2 records/s to orders, …
//! Topic orders: 3 partitions, replication factor 1
//!   Partition orders-0: led by broker 1, log start 0, high watermark 5, log end 5; last records: offset 4 key user-1 value "order 9", …
//!   Partition orders-1: led by broker 1, log start 0, high watermark 0, log end 0; no records
//!     Group billing on orders-0: committed 3, position 5, lag 2, read by consumer-billing-2
//!     Group billing on orders-1: nothing committed, no position, lag unknown, no owner
//! Group billing: Stable, generation 3, assignor range, coordinator broker 1, 4 members
//!   Member consumer-billing-2: owns orders-0, orders-1; lag 0[; leader]
//!   Member consumer-billing-5: idle: owns no partition[; leader]
//!   Member consumer-billing-6: joining; owns no partition
//!   Member consumer-billing-7: crashed, session times out in 12 s; owns orders-2; lag 4
//! ```
//!
//! What is not always there is told after that, each in a clause of its own
//! behind a semicolon:
//!
//! ```text
//! Producer till: …; transactional.id till-1 is in a transaction (IN_TRANSACTION); 4 in flight · 120 delivered; ↻ retried twice
//! Topic orders: 12 partitions, replication factor 1; folded: 120 records, group billing lag 3
//!   Partition orders-0: …, log start 0, last stable offset 3, high watermark 5, log end 5; last records: offset 4 key a value "x" in an open transaction, …; markers: commit at 2; compacted away: 7 to 9; a segment begins at 10; shown from offset 100 to 120
//!     Group workers on orders-0: start offset 3, 2 acquired, 1 given back, 0 done and 0 archived after it, 4 to do, 2 members may read it; offset 4 acquired by worker-1, delivery 2
//!     Group billing on orders-0: …, no owner; group billing processed offsets 3 to 5 of orders-0 again
//! Group workers: Stable, epoch 3, protocol share, coordinator broker 1, 2 members
//! Group billing: Reconciling, epoch 3, protocol consumer, assignor uniform, coordinator broker 1, 2 members, 1 of 2 at epoch 3; last rebalance took 3.1 s (…): 1 moved, …
//!   Member worker-1: owns orders-0; epoch 3; 2 acquired, delivery 1 to 2: orders-0 4 (2), orders-0 5 (1)
//!   Member copier: owns in-0; writes with tx-1: → out: in a transaction · 2 held · 1 in flight
//! ```
//!
//! A group whose protocol is not told is a classic one. What a member does
//! besides: `not a member yet`, `joining` (it sent
//! JoinGroup), `syncing` (it sent SyncGroup), `told to rejoin`, `leaving`, `frozen`. A
//! group of which its coordinator has not heard is `not formed yet`; while
//! nobody coordinates it, it has `no coordinator`.
//!
//! Where there are connectors they have a heading of their own, `Connectors`, at
//! the end:
//!
//! ```text
//! Source people: RUNNING[, frozen]; TableSource → people; next change 3 · stored 2
//!   2: 3 · Edsger (sent)
//! Sink people-copy: FAILED; TableSink ← people; group connect-people-copy; ConnectException: …
//!   1: 1 · Ada
//! ```
//!
//! By broker the headings are `Controllers`, `Brokers`, `Network`, `Producers`
//! and `Groups`:
//!
//! ```text
//! Controller 100: active controller, epoch 5
//! ZooKeeper: controller: broker 1, epoch 3
//! Broker 1: running[, fenced][, rack a][, active controller], leads 2 of 6 replicas[, cut off from broker 2][, slow by 200 ms]
//!   Replica orders-0: leader in epoch 3, elected just now, in sync, log end 12, high watermark 12
//!   Replica orders-1: follower of broker 2 in epoch 0, not in sync, log end 5, high watermark 5, lag 7
//!   leads 17 of __consumer_offsets, holds 50 replicas
//! Broker 2: killed, leads 2, fenced in 5 s
//! Between broker 1 and broker 2: cut
//! ```
//!
//! Where there are many replicas, those of a topic are under a sentence such as
//! `orders: leads 3 of 7 replicas, 1 of them newly elected, 2 out of sync`; of
//! very many only those that are not in sync are told.

mod brokers;

use super::scene::{
    BatchSlot, BrokerPill, Cell, ConnectorBox, GroupBox, GroupKind, GroupRow, Lane, MemberBox,
    NoteKind, Notice, NoticeKind, Pace, ProducerBox, Role, Scene, Shared, TopicCard,
};

/// How many records of a lane are named, the newest first.
const LAST_RECORDS: usize = 3;

/// The board as headings and lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// By topic: brokers, producers, topics, groups. By broker: controllers,
    /// brokers, network, producers, groups.
    pub sections: Vec<TwinSection>,
}

/// A heading and what stands under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwinSection {
    /// The heading, such as `Topics`.
    pub heading: &'static str,
    /// What stands under it.
    pub items: Vec<TwinItem>,
}

/// A sentence and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwinItem {
    /// The sentence.
    pub text: String,
    /// What belongs to it.
    pub items: Vec<TwinItem>,
}

impl TwinItem {
    fn leaf(text: String) -> TwinItem {
        TwinItem {
            text,
            items: Vec::new(),
        }
    }
}

impl Twin {
    /// The words of a scene.
    pub fn of(scene: &Scene) -> Twin {
        let section = |heading, items, none: &str| TwinSection {
            heading,
            items: or_none(items, none),
        };
        let troubles = scene.notes.iter();
        let troubles = troubles.filter(|note| note.kind == NoteKind::Trouble);
        let troubles = troubles.map(|note| TwinItem::leaf(note.text.clone()));
        let producers = scene.producers.iter().map(|it| producer(it));
        let producers = producers.chain(troubles).collect();
        let groups = scene.groups.iter().map(|it| group(it)).collect();
        let producers = section("Producers", producers, "No producer runs.");
        let groups = section("Groups", groups, "No consumer runs.");
        if let Some(cluster) = &scene.cluster {
            let mut sections = brokers::sections(cluster).to_vec();
            sections.extend([producers, groups]);
            sections.extend(connectors(scene));
            return Twin { sections };
        }
        let brokers = scene.brokers.iter().map(broker).collect();
        let topics = scene.topics.iter().map(|it| topic(it)).collect();
        let mut sections = vec![
            section("Brokers", brokers, "No broker."),
            producers,
            section("Topics", topics, "No topic yet."),
            groups,
        ];
        sections.extend(connectors(scene));
        Twin { sections }
    }

    /// All sentences, one a line, those that belong to another indented.
    pub fn to_text(&self) -> String {
        fn write(items: &[TwinItem], depth: usize, out: &mut String) {
            for item in items {
                out.push_str(&"  ".repeat(depth));
                out.push_str(&item.text);
                out.push('\n');
                write(&item.items, depth + 1, out);
            }
        }
        let mut out = String::new();
        for section in &self.sections {
            out.push_str(section.heading);
            out.push('\n');
            write(&section.items, 1, &mut out);
        }
        out
    }
}

/// The connectors, where there are any.
fn connectors(scene: &Scene) -> Option<TwinSection> {
    let items: Vec<TwinItem> = scene.connectors.iter().map(|it| connector(it)).collect();
    let heading = "Connectors";
    (!items.is_empty()).then_some(TwinSection { heading, items })
}

fn connector(connector: &ConnectorBox) -> TwinItem {
    let kind = if connector.is_source {
        "Source"
    } else {
        "Sink"
    };
    let frozen = if connector.is_frozen { ", frozen" } else { "" };
    let trace = connector.trace.iter().map(|trace| format!("; {trace}"));
    let trace: String = trace.collect();
    let rows = connector.rows.iter().map(|row| {
        let progress = row.progress.map(|it| format!(" ({})", it.word()));
        let progress = progress.unwrap_or_default();
        TwinItem::leaf(format!("{}: {}{progress}", row.name, row.text))
    });
    let more = (!connector.more.is_empty()).then(|| TwinItem::leaf(connector.more.clone()));
    TwinItem {
        text: format!(
            "{kind} {}: {}{frozen}; {}; {}{trace}",
            connector.name, connector.state, connector.about, connector.progress
        ),
        items: rows.chain(more).collect(),
    }
}

fn or_none(items: Vec<TwinItem>, none: &str) -> Vec<TwinItem> {
    if items.is_empty() {
        vec![TwinItem::leaf(none.to_owned())]
    } else {
        items
    }
}

/// `1 record`, `2 records`.
fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn broker(broker: &BrokerPill) -> TwinItem {
    let role = if broker.is_controller {
        "controller, "
    } else {
        ""
    };
    TwinItem::leaf(format!(
        "Broker {}: {role}leads {}",
        broker.id,
        counted(broker.leads, "partition")
    ))
}

fn producer(producer: &ProducerBox) -> TwinItem {
    let mut parts = vec![match producer.pace {
        Pace::ByHand => producer.target.clone(),
        Pace::Running => format!("{}, {}", producer.target, producer.keys),
        Pace::Paused => format!("stopped, {}, {}", producer.target, producer.keys),
    }];
    parts.push(accumulator(producer));
    if producer.waiting > 0 {
        let verb = if producer.waiting == 1 {
            "waits"
        } else {
            "wait"
        };
        parts.push(format!(
            "{} {verb} in send()",
            counted(producer.waiting, "record")
        ));
    }
    if producer.in_flight > 0 {
        let sent = counted(producer.in_flight as usize, "record");
        parts.push(format!("{sent} sent and not yet acknowledged"));
    }
    if producer.is_frozen {
        parts.push("frozen".to_owned());
    }
    if producer.is_closing {
        parts.push("closing".to_owned());
    }
    if let Some(transaction) = &producer.transaction {
        let error = transaction.error.iter();
        let error: String = error.map(|error| format!(", {error}")).collect();
        parts.push(format!(
            "transactional.id {} is {} ({}{})",
            transaction.id, transaction.words, transaction.state, error
        ));
    }
    let has_news = producer.flow.tally.delivered > 0;
    let lines = producer.flow.lines.iter().enumerate();
    let told = lines.filter(|(place, _)| *place > 0 || has_news);
    parts.extend(told.map(|(_, (text, _))| text.clone()));
    TwinItem::leaf(format!("Producer {}: {}", producer.name, parts.join("; ")))
}

fn accumulator(producer: &ProducerBox) -> String {
    let holds = |slot: &&BatchSlot| slot.records > 0;
    let slots = producer.slots.iter().filter(holds).map(|slot| {
        format!(
            "{} for {} ({} of {} bytes)",
            counted(slot.records as usize, "record"),
            slot.topic_partition,
            slot.bytes,
            slot.limit
        )
    });
    let mut slots: Vec<String> = slots.collect();
    if producer.more_slots > 0 {
        slots.push(format!(
            "{} more",
            counted(producer.more_slots, "partition")
        ));
    }
    let sticky = producer.slots.iter().find(|slot| slot.is_sticky);
    let sticky = sticky.map(|slot| {
        format!(
            "; records without a key go to {} at present",
            slot.topic_partition
        )
    });
    let held = match slots.as_slice() {
        [] => "accumulator empty".to_owned(),
        slots => format!("accumulator holds {}", slots.join(", ")),
    };
    held + &sticky.unwrap_or_default()
}

fn topic(card: &TopicCard) -> TwinItem {
    let mut items: Vec<TwinItem> = card.lanes.iter().map(|it| partition(it)).collect();
    if card.more_lanes > 0 {
        let more = counted(card.more_lanes, "more partition");
        items.push(TwinItem::leaf(format!("and {more}, not drawn")));
    }
    let folded = match card.is_folded {
        true => totals(card),
        false => String::new(),
    };
    TwinItem {
        text: format!(
            "Topic {}: {}, replication factor {}{folded}",
            card.name,
            counted(card.partitions, "partition"),
            card.replication_factor
        ),
        items,
    }
}

fn totals(card: &TopicCard) -> String {
    let records = counted(card.totals.records as usize, "record");
    let groups = card
        .totals
        .groups
        .iter()
        .map(|(_, _, name, lag)| match lag {
            Some(lag) => format!(", group {name} lag {lag}"),
            None => format!(", group {name} has committed nothing"),
        });
    let groups: String = groups.collect();
    let leaderless = match card.totals.leaderless {
        0 => String::new(),
        count => format!(", {} without a leader", counted(count, "partition")),
    };
    format!("; folded: {records}{groups}{leaderless}")
}

fn partition(lane: &Lane) -> TwinItem {
    let leader = match lane.leader {
        Some(broker) => format!("led by broker {broker}"),
        None => "no leader".to_owned(),
    };
    let newest = lane.cells.iter().rev().take(LAST_RECORDS).map(record);
    let records: Vec<String> = newest.collect();
    let records = match records.as_slice() {
        [] => "no records".to_owned(),
        records => format!("last records: {}", records.join(", ")),
    };
    let on = &lane.topic_partition;
    let stable = match lane.last_stable < lane.high_watermark {
        true => format!("last stable offset {}, ", lane.last_stable),
        false => String::new(),
    };
    let more: String = besides(lane)
        .into_iter()
        .map(|clause| format!("; {clause}"))
        .collect();
    TwinItem {
        text: format!(
            "Partition {on}: {leader}, log start {}, {stable}high watermark {}, log end {}; \
             {records}{more}",
            lane.log_start, lane.high_watermark, lane.log_end
        ),
        items: lane.rows.iter().map(|row| progress(row, lane)).collect(),
    }
}

/// What stands in a lane besides records, as far as it is shown.
fn besides(lane: &Lane) -> Vec<String> {
    let mut clauses = Vec::new();
    let markers = lane.controls.iter().map(|mark| {
        let what = if mark.commits { "commit" } else { "abort" };
        format!("{what} at {}", mark.offset)
    });
    clauses.extend(listed("markers: ", markers));
    let holes = lane.holes.iter().map(|hole| match hole.to - hole.from {
        1 => hole.from.to_string(),
        _ => format!("{} to {}", hole.from, hole.to - 1),
    });
    clauses.extend(listed("compacted away: ", holes));
    let segments = lane
        .segments
        .iter()
        .map(|mark| mark.base_offset.to_string());
    clauses.extend(listed("a segment begins at ", segments));
    if let Some(deleted) = &lane.deleted {
        let count = counted((deleted.to - deleted.from) as usize, "record");
        clauses.push(format!("{count} deleted {}", deleted.words()));
    }
    if lane.later.is_some() {
        let (from, to) = (lane.scale.first, lane.scale.end - 1);
        clauses.push(format!("shown from offset {from} to {to}"));
    }
    clauses.extend(lane.notice.as_ref().map(|notice| notice.sentence.clone()));
    clauses
}

/// The parts behind a word, if there are any.
fn listed(word: &str, parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| format!("{word}{}", parts.join(", ")))
}

fn record(cell: &Cell) -> String {
    let key = match &cell.key {
        Some(key) => format!("key {key}"),
        None => "no key".to_owned(),
    };
    let value = match &cell.value {
        Some(value) => format!("value \"{value}\""),
        None => "no value".to_owned(),
    };
    let fate = cell.fate.map(|fate| format!(" {}", fate.words()));
    format!(
        "offset {} {key} {value}{}",
        cell.offset,
        fate.unwrap_or_default()
    )
}

fn progress(row: &GroupRow, lane: &Lane) -> TwinItem {
    let number = |what: &str, value: Option<i64>, none: &str| match value {
        Some(value) => format!("{what} {value}"),
        None => none.to_owned(),
    };
    let owner = match &row.owner {
        Some(owner) if owner.is_running => format!("read by {}", owner.name),
        Some(owner) => format!("owned by {}, which has crashed", owner.name),
        None => "no owner".to_owned(),
    };
    let news: String = row
        .notice
        .iter()
        .filter(|notice| is_news(notice))
        .map(|notice| format!("; {}", notice.sentence))
        .collect();
    if let Some(shared) = &row.shared {
        return TwinItem::leaf(format!("{}{news}", sharing(row, shared, lane)));
    }
    TwinItem::leaf(format!(
        "Group {} on {}: {}, {}, {}, {owner}{news}",
        row.group,
        lane.topic_partition,
        number("committed", row.committed, "nothing committed"),
        number("position", row.position, "no position"),
        number("lag", row.lag, "lag unknown"),
    ))
}

/// Whether a notice tells of something that the sentence does not tell anyway.
fn is_news(notice: &Notice) -> bool {
    !matches!(notice.kind, NoticeKind::Plain | NoticeKind::Unread)
}

/// What a share group has done in a lane.
fn sharing(row: &GroupRow, shared: &Shared, lane: &Lane) -> String {
    let handed = shared.handed.iter().map(|it| {
        let who = it.member.as_ref().map(|who| format!(" by {who}"));
        let who = who.unwrap_or_default();
        let (offset, state) = (it.offset, it.state.name());
        format!(
            "; offset {offset} {state}{who}, delivery {}",
            it.delivery_count
        )
    });
    let handed: String = handed.collect();
    let members = counted(row.readers, "member");
    format!(
        "Group {} on {}: start offset {}, {} acquired, {} given back, {} done and {} archived \
         after it, {} to do, {members} may read it{handed}",
        row.group,
        lane.topic_partition,
        shared.start_offset,
        shared.acquired,
        shared.released,
        shared.acknowledged,
        shared.archived,
        row.lag.unwrap_or(0),
    )
}

fn group(group: &GroupBox) -> TwinItem {
    let mut parts = vec![group.state_words().to_owned()];
    if group.kind == GroupKind::Classic {
        parts.extend(group.generation.map(|it| format!("generation {it}")));
    } else {
        parts.extend(group.generation.map(|it| format!("epoch {it}")));
        let lagging = group.assignment_epoch;
        parts.extend(lagging.map(|it| format!("assignment of epoch {it}")));
        parts.push(format!("protocol {}", group.kind.name()));
    }
    parts.extend(group.assignor.as_ref().map(|it| format!("assignor {it}")));
    parts.extend(
        group
            .coordinator
            .map(|it| format!("coordinator broker {it}")),
    );
    parts.push(counted(group.member_count, "member"));
    parts.extend(group.progress.clone());
    let name = match group.id.as_str() {
        "" => "of consumers without a group",
        id => id,
    };
    let rebalances = group.rebalances.as_ref().filter(|it| it.duration_us > 0);
    let rebalances = rebalances.map(|bar| format!("; {}", bar.sentence));
    let mut items: Vec<TwinItem> = group.members.iter().map(|it| member(it)).collect();
    if group.more_members > 0 {
        let more = counted(group.more_members, "more member");
        items.push(TwinItem::leaf(format!("and {more}, not drawn")));
    }
    TwinItem {
        text: format!(
            "Group {name}: {}{}",
            parts.join(", "),
            rebalances.unwrap_or_default()
        ),
        items,
    }
}

fn member(member: &MemberBox) -> TwinItem {
    let mut parts: Vec<String> = member.phase.words().into_iter().collect();
    let names: Vec<String> = member
        .partitions
        .iter()
        .map(|(partition, _)| partition.to_string())
        .collect();
    parts.push(match names.as_slice() {
        [] if member.is_idle() => "idle: owns no partition".to_owned(),
        [] => "owns no partition".to_owned(),
        names => format!("owns {}", names.join(", ")),
    });
    parts.extend(member.lag.map(|lag| format!("lag {lag}")));
    if member.is_leader {
        parts.push("leader".to_owned());
    }
    parts.extend(member.epoch.map(|epoch| format!("epoch {epoch}")));
    parts.extend(member.step.map(|step| step.words().to_owned()));
    parts.extend(member.change.clone());
    parts.extend(role(member));
    TwinItem::leaf(format!("Member {}: {}", member.name, parts.join("; ")))
}

/// What a member does besides reading.
fn role(member: &MemberBox) -> Option<String> {
    let extra = &member.extra;
    match &member.role {
        Role::Consumer => None,
        Role::Processor(writer) => Some(format!("writes with {}: {extra}", writer.transaction.id)),
        Role::ShareConsumer(ranges) => {
            let ranges = ranges.iter().map(|range| {
                let offsets = match range.records() {
                    1 => range.first.to_string(),
                    _ => format!("{} to {}", range.first, range.last),
                };
                format!(
                    "{} {offsets} ({})",
                    range.topic_partition, range.delivery_count
                )
            });
            listed(&format!("{extra}: "), ranges).or_else(|| Some(extra.clone()))
        }
    }
}
