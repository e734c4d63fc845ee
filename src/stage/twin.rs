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
//! What a member does besides: `not a member yet`, `joining` (it sent
//! JoinGroup), `syncing` (it sent SyncGroup), `told to rejoin`, `leaving`,
//! `frozen`. A
//! group of which its coordinator has not heard is `not formed yet`.

use super::scene::{
    BatchSlot, BrokerPill, Cell, GroupBox, GroupRow, Lane, MemberBox, Pace, ProducerBox, Scene,
    TopicCard,
};

/// How many records of a lane are named, the newest first.
const LAST_RECORDS: usize = 3;

/// The board as headings and lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// Brokers, producers, topics, groups.
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
        let brokers = scene.brokers.iter().map(broker).collect();
        let producers = scene.producers.iter().map(|it| producer(it)).collect();
        let topics = scene.topics.iter().map(|it| topic(it)).collect();
        let groups = scene.groups.iter().map(|it| group(it)).collect();
        Twin {
            sections: vec![
                section("Brokers", brokers, "No broker."),
                section("Producers", producers, "No producer runs."),
                section("Topics", topics, "No topic yet."),
                section("Groups", groups, "No consumer runs."),
            ],
        }
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
        Pace::ByHand => "sends by hand".to_owned(),
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
    let mut items: Vec<TwinItem> = card.lanes.iter().map(partition).collect();
    if card.more_lanes > 0 {
        let more = counted(card.more_lanes, "more partition");
        items.push(TwinItem::leaf(format!("and {more}, not drawn")));
    }
    TwinItem {
        text: format!(
            "Topic {}: {}, replication factor {}",
            card.name,
            counted(card.partitions, "partition"),
            card.replication_factor
        ),
        items,
    }
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
    TwinItem {
        text: format!(
            "Partition {on}: {leader}, log start {}, high watermark {}, log end {}; {records}",
            lane.log_start, lane.high_watermark, lane.log_end
        ),
        items: lane.rows.iter().map(|row| progress(row, lane)).collect(),
    }
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
    format!("offset {} {key} {value}", cell.offset)
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
    TwinItem::leaf(format!(
        "Group {} on {}: {}, {}, {}, {owner}",
        row.group,
        lane.topic_partition,
        number("committed", row.committed, "nothing committed"),
        number("position", row.position, "no position"),
        number("lag", row.lag, "lag unknown"),
    ))
}

fn group(group: &GroupBox) -> TwinItem {
    let mut parts = vec![group.state.unwrap_or("not formed yet").to_owned()];
    parts.extend(group.generation.map(|it| format!("generation {it}")));
    parts.extend(group.assignor.as_ref().map(|it| format!("assignor {it}")));
    parts.extend(
        group
            .coordinator
            .map(|it| format!("coordinator broker {it}")),
    );
    parts.push(counted(group.member_count, "member"));
    let mut items: Vec<TwinItem> = group.members.iter().map(member).collect();
    if group.more_members > 0 {
        let more = counted(group.more_members, "more member");
        items.push(TwinItem::leaf(format!("and {more}, not drawn")));
    }
    TwinItem {
        text: format!("Group {}: {}", group.id, parts.join(", ")),
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
    TwinItem::leaf(format!("Member {}: {}", member.name, parts.join("; ")))
}
