//! Groups as boxes of consumers.

use engine::collections::BTreeMap;
use std::rc::Rc;

use engine::client::Client;
use engine::coordinator::consumer_group::ConsumerGroupState;
use engine::coordinator::{GroupState, partition_for};
use engine::protocol::{IsolationLevel, TopicName};
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::super::recent::{Change, GroupRebalances};
use super::flow::seconds;
use super::notices::News;
use super::roster::{GroupInfo, Known, MemberInfo};
use super::words::{short_text, text_length};
use super::{Chip, GroupBox, GroupKind, MemberBox, Phase, RebalanceBar, Role, Step, Writer};

/// The most members a box shows; further ones are counted.
const MEMBERS_MAX: usize = 40;

/// The topic in which groups and their offsets are kept.
const OFFSETS_TOPIC: &str = "__consumer_offsets";

const PAD: f32 = 0.5;
const HEADER_HEIGHT: f32 = 4.0;
/// Of that, the two lines under the name.
const ABOUT_HEIGHT: f32 = 2.2;
/// The line that tells of rebalances.
const BAR_HEIGHT: f32 = 1.5;
/// A line of a member's own.
const EXTRA_HEIGHT: f32 = 1.25;
/// The time for which the bar of a rebalance is full, in microseconds.
const BAR_FULL_US: f32 = 10_000_000.0;
const MEMBER_HEIGHT: f32 = 3.5;
const MEMBER_GAP: f32 = 0.35;
const MORE_HEIGHT: f32 = 1.3;
/// Where a group's button begins under its state, from the right edge.
const CONTROLS_WIDTH: f32 = 6.4;
/// The width of a member's two buttons.
const MEMBER_CONTROLS_WIDTH: f32 = 6.3;
/// Room for the lag beside the chips, as long as it is no longer.
const LAG_WIDTH: f32 = 4.2;
/// Room for the mark of the group's leader.
const LEADER_WIDTH: f32 = 5.9;
const LEADER_WIDTH_SMALL: f32 = 3.5;
/// From this width of a member on the mark says whose leader it is.
const LEADER_FROM: f32 = 18.5;
/// The width of a character of a line of text, and of one of a chip.
const CHARACTER: f32 = 0.44;
const CHIP_CHARACTER: f32 = 0.46;
/// A chip's edges and the gap after it.
const CHIP_EDGES: f32 = 1.05;
/// Of a topic's name at least so many characters are kept.
const TOPIC_CHARS_MIN: usize = 4;

/// The box of a group, with its top left corner at this place.
pub(super) fn group_box(
    world: &World,
    group: &GroupInfo,
    news: &News,
    (x, y, width): (f32, f32, f32),
) -> GroupBox {
    let shown = group.members.len().min(MEMBERS_MAX);
    let rebalances = rebalance_bar(world, group, news, (x, y + HEADER_HEIGHT, width));
    let bar_height = rebalances.as_ref().map_or(0.0, |_| BAR_HEIGHT);
    let mut bottom = y + HEADER_HEIGHT + bar_height;
    let mut members = Vec::new();
    for member in group.members.iter().take(shown) {
        let place = (x + PAD, bottom, width - 2.0 * PAD);
        let member = member_box(world, group, member, news, place);
        bottom = member.rect.bottom() + MEMBER_GAP;
        members.push(Rc::new(member));
    }
    let more_members = group.members.len() - shown;
    let more_height = if more_members > 0 { MORE_HEIGHT } else { 0.0 };
    let end = if shown > 0 { PAD - MEMBER_GAP } else { 0.0 };
    let about = About::of(group);
    GroupBox {
        id: group.id.clone(),
        letter: group.letter(),
        ink: Ink::of_group(group.place),
        kind: group.kind,
        state: about.state,
        has_coordinator: group.known.is_some() || has_coordinator(world, &group.id),
        is_rebalancing: about.is_rebalancing,
        generation: about.generation,
        assignment_epoch: about.assignment_epoch,
        progress: progress(group),
        rebalances,
        assignor: about.assignor,
        coordinator: group.known.map(|(broker, _)| broker.id),
        reads_committed: reads_committed(world, group),
        member_count: about.members,
        members,
        more_members,
        topics: group.topics.iter().cloned().collect(),
        rect: Rect::new(x, y, width, bottom - y + more_height + end),
        header: Rect::new(x + PAD, y, width - 2.0 * PAD, HEADER_HEIGHT),
        controls: Rect::new(
            x + width - PAD - CONTROLS_WIDTH,
            y + HEADER_HEIGHT - ABOUT_HEIGHT,
            CONTROLS_WIDTH,
            ABOUT_HEIGHT,
        ),
    }
}

fn reads_committed(world: &World, group: &GroupInfo) -> bool {
    let clients = group.members.iter().filter_map(|member| member.client);
    let mut levels = clients.filter_map(|client| match world.clients().get(&client) {
        Some(Client::Consumer(consumer)) => Some(consumer.config.isolation_level),
        _ => None,
    });
    let first = levels.next();
    first == Some(IsolationLevel::ReadCommitted) && levels.all(|it| Some(it) == first)
}

fn has_coordinator(world: &World, id: &str) -> bool {
    let Some(topic) = world.topics().get(OFFSETS_TOPIC) else {
        return true;
    };
    let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    let of = TopicPartition::new(OFFSETS_TOPIC, partition_for(id, count));
    let leader = world.image().partition(&of).and_then(|it| it.leader);
    let broker = leader.and_then(|leader| world.brokers().get(&leader));
    broker.is_some_and(|broker| broker.state().is_up())
}

/// What its coordinator says of a group.
#[derive(Default)]
struct About {
    state: Option<&'static str>,
    is_rebalancing: bool,
    generation: Option<i32>,
    assignment_epoch: Option<i32>,
    assignor: Option<String>,
    members: usize,
}

impl About {
    fn of(group: &GroupInfo) -> About {
        match group.known {
            None => About::default(),
            Some((_, Known::Classic(known))) => About {
                state: Some(known.state().name()),
                is_rebalancing: matches!(
                    known.state(),
                    GroupState::PreparingRebalance | GroupState::CompletingRebalance
                ),
                generation: Some(known.generation()),
                assignment_epoch: None,
                assignor: known.protocol_name().map(str::to_owned),
                members: known.members().len(),
            },
            Some((_, Known::Consumer(known))) => About {
                state: Some(known.state().name()),
                is_rebalancing: matches!(
                    known.state(),
                    ConsumerGroupState::Assigning | ConsumerGroupState::Reconciling
                ),
                generation: Some(known.epoch()),
                assignment_epoch: lagging(known.assignment_epoch(), known.epoch()),
                assignor: group.shard().map(|shard| {
                    let assignor = shard.consumer_groups().assignor_of(known);
                    assignor.name().to_owned()
                }),
                members: known.members().len(),
            },
            Some((_, Known::Share(known))) => About {
                state: Some(known.state().name()),
                is_rebalancing: false,
                generation: Some(known.epoch()),
                assignment_epoch: lagging(known.assignment_epoch(), known.epoch()),
                assignor: None,
                members: known.members().len(),
            },
        }
    }
}

fn lagging(assignment_epoch: i32, epoch: i32) -> Option<i32> {
    (assignment_epoch != epoch).then_some(assignment_epoch)
}

/// Who has joined or synced so far, or got what it is to read.
fn progress(group: &GroupInfo) -> Option<String> {
    let (_, known) = group.known?;
    match known {
        Known::Classic(known) => {
            let all = known.members().len();
            match known.state() {
                GroupState::PreparingRebalance => {
                    Some(format!("{} of {all} joined", known.awaiting_join()))
                }
                GroupState::CompletingRebalance => {
                    let missing = known.pending_sync().len();
                    Some(format!("{} of {all} synced", all.saturating_sub(missing)))
                }
                _ => None,
            }
        }
        Known::Consumer(known) => {
            let is_under_way = known.state() == ConsumerGroupState::Reconciling;
            let done = known.members().filter(|it| it.epoch == known.epoch());
            let all = known.members().len();
            is_under_way.then(|| format!("{} of {all} at epoch {}", done.count(), known.epoch()))
        }
        Known::Share(_) => None,
    }
}

/// The rebalance that is under way, or the last one.
fn rebalance_bar(
    world: &World,
    group: &GroupInfo,
    news: &News,
    (x, y, width): (f32, f32, f32),
) -> Option<RebalanceBar> {
    if group.kind == GroupKind::Share || group.id.is_empty() {
        return None;
    }
    let known = news.rebalances_of(&group.id);
    let now = world.now();
    let nothing = match group.members.is_empty() {
        true => "no members",
        false => "no rebalance yet",
    };
    let mut bar = RebalanceBar {
        text: nothing.to_owned(),
        sentence: nothing.to_owned(),
        duration_us: 0,
        share: 0.0,
        is_under_way: false,
        fresh: 0,
        rect: Rect::new(x + PAD, y, width - 2.0 * PAD, BAR_HEIGHT - 0.3),
    };
    if let Some(us) = known.and_then(|it| it.under_way_us(now)) {
        bar.duration_us = us;
        bar.is_under_way = true;
        bar.fresh = 100;
        bar.text = format!("rebalancing for {}", seconds(us));
        bar.sentence.clone_from(&bar.text);
    } else if let Some((last, fresh)) = known.and_then(|it| it.last(now)) {
        let us = last.duration_us;
        bar.duration_us = us;
        bar.fresh = fresh;
        let stopped = last.longest_unread_us();
        bar.text = match stopped {
            0 => format!("rebalanced in {}: nobody stopped", seconds(us)),
            _ => format!(
                "rebalanced in {}, stopped {}",
                seconds(us),
                seconds(stopped)
            ),
        };
        bar.sentence = format!(
            "last rebalance took {} ({}): {} moved, {} kept, {} revoked, longest unread {}",
            seconds(us),
            last.cause.trim_end_matches('.'),
            last.moved.len(),
            last.kept.len(),
            last.revoked.len(),
            seconds(stopped)
        );
    }
    bar.share = (bar.duration_us as f32 / BAR_FULL_US).min(1.0);
    Some(bar)
}

fn member_box(
    world: &World,
    group: &GroupInfo,
    member: &MemberInfo,
    news: &News,
    (x, y, width): (f32, f32, f32),
) -> MemberBox {
    let lag = lag(world, group, &member.partitions);
    let change = news
        .rebalances_of(&group.id)
        .and_then(|rebalances| change(world, rebalances, member));
    let room = width - 2.0 * PAD - taken(member, lag, change.as_deref(), width);
    let (chips, more_chips) = chips(&member.partitions, room);
    let controls_width = match member.client {
        Some(_) => MEMBER_CONTROLS_WIDTH,
        None => 0.0,
    };
    let extra = extra(member);
    let extra_height = if has_extra(member) { EXTRA_HEIGHT } else { 0.0 };
    let rect = Rect::new(x, y, width, MEMBER_HEIGHT + extra_height);
    MemberBox {
        client: member.client,
        key: match member.client {
            Some(client) => format!("client-{client}"),
            None => member.member_id.clone(),
        },
        name: member.name.clone(),
        badge: member.badge.clone(),
        member_id: member.member_id.clone(),
        is_leader: member.is_leader,
        phase: member.phase,
        role: member.role.clone(),
        epoch: member.epoch,
        step: member.step,
        change,
        extra,
        partitions: member.partitions.clone(),
        chips,
        more_chips,
        lag,
        is_behind: is_behind(world, &member.partitions),
        extra_rect: Rect::new(x, y + MEMBER_HEIGHT - 0.1, width, extra_height),
        controls: Rect::new(
            rect.right() - PAD / 2.0 - controls_width,
            rect.y,
            controls_width,
            MEMBER_HEIGHT / 2.0 + 0.1,
        ),
        rect,
    }
}

/// What the last rebalance has made of a member's partitions, for a moment.
fn change(world: &World, rebalances: &GroupRebalances, member: &MemberInfo) -> Option<String> {
    let changes = member.partitions.iter().filter_map(|(partition, _)| {
        let (change, _) = rebalances.change(partition, world.now())?;
        Some(change)
    });
    let mut counts: BTreeMap<Change, usize> = BTreeMap::new();
    for change in changes.filter(|change| *change != Change::Revoked) {
        *counts.entry(change).or_default() += 1;
    }
    let words = counts.iter().map(|(change, count)| match change {
        Change::Moved => format!("{count} moved here"),
        change => format!("{count} {}", change.name()),
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Whether a member has a line of its own: as long as it lives, so that its box
/// keeps its size.
fn has_extra(member: &MemberInfo) -> bool {
    member.role != Role::Consumer
}

fn extra(member: &MemberInfo) -> String {
    match &member.role {
        Role::Consumer => String::new(),
        Role::ShareConsumer(ranges) => {
            let records: i64 = ranges.iter().map(|range| range.records()).sum();
            let again = ranges.iter().map(|range| range.delivery_count).max();
            match (records, again) {
                (0, _) => "has no records acquired".to_owned(),
                (1, Some(count)) if count > 1 => format!("1 acquired, delivery {count}"),
                (_, Some(count)) if count > 1 => {
                    format!("{records} acquired, delivery 1 to {count}")
                }
                _ => format!("{records} acquired"),
            }
        }
        Role::Processor(writer) => writes(writer),
    }
}

fn writes(writer: &Writer) -> String {
    format!(
        "→ {}: {} · {} held · {} in flight",
        writer.output, writer.transaction.words, writer.held, writer.in_flight
    )
}

/// The sum of the lags that are known; `None` when there is none.
fn lag(
    world: &World,
    group: &GroupInfo,
    partitions: &[(TopicPartition, Option<i64>)],
) -> Option<i64> {
    partitions
        .iter()
        .filter_map(|(partition, _)| {
            let end = world.partition(partition)?.log.end_offset();
            Some((end - group.committed(partition)?).max(0))
        })
        .reduce(|sum, lag| sum + lag)
}

/// Whether there are records, stored by all, that it has not read.
fn is_behind(world: &World, partitions: &[(TopicPartition, Option<i64>)]) -> bool {
    partitions.iter().any(|(partition, position)| {
        let stored = world.partition(partition).map(|it| it.high_watermark());
        stored > *position && position.is_some()
    })
}

/// How much of a member's line is not for chips.
fn taken(member: &MemberInfo, lag: Option<i64>, change: Option<&str>, width: f32) -> f32 {
    // What has changed takes the place of the lag for a moment.
    let lag_chars = match change {
        Some(change) => text_length(change) + 1,
        None => lag.map_or(0, |lag| text_length(&format!("lag {lag}")) + 1),
    };
    let lag_width = LAG_WIDTH.max(lag_chars as f32 * CHARACTER);
    let leader_width = match (member.is_leader, width >= LEADER_FROM) {
        (false, _) => 0.0,
        (true, true) => LEADER_WIDTH,
        (true, false) => LEADER_WIDTH_SMALL,
    };
    let phase_width = match member.phase {
        // That is said beside the name.
        Phase::Crashed { .. } => 0.0,
        phase => phase
            .words()
            .map_or(0.0, |words| (text_length(&words) + 2) as f32 * CHARACTER),
    };
    let chars = |text: &str| (text_length(text) + 1) as f32 * CHARACTER;
    let epoch_width = member
        .epoch
        .map_or(0.0, |epoch| chars(&format!("epoch {epoch}")));
    let step_width = member.step.map_or(0.0, |step: Step| chars(step.words()));
    lag_width + leader_width + phase_width + epoch_width + step_width
}

/// A chip for each topic as far as there is room, one at least; and how many
/// partitions are on none.
fn chips(partitions: &[(TopicPartition, Option<i64>)], room: f32) -> (Vec<Chip>, usize) {
    let mut by_topic: BTreeMap<&TopicName, Vec<i32>> = BTreeMap::new();
    for (partition, _) in partitions {
        let numbers = by_topic.entry(&partition.topic).or_default();
        numbers.push(partition.partition);
    }
    let mut left = (room / CHIP_CHARACTER).max(0.0);
    let mut chips = Vec::new();
    let mut more = 0;
    for (topic, numbers) in by_topic {
        let width = left - CHIP_EDGES / CHIP_CHARACTER;
        let text = chip_text(topic, &numbers, width.max(0.0) as usize);
        let needed = text_length(&text) as f32;
        if !chips.is_empty() && (more > 0 || needed > width) {
            more += numbers.len();
            continue;
        }
        left = width - needed;
        let names = numbers.iter().map(|number| format!("{topic}-{number}"));
        chips.push(Chip {
            topic: topic.clone(),
            text,
            title: names.collect::<Vec<_>>().join(", "),
        });
    }
    (chips, more)
}

/// `orders-0, 1, 2`. Where that is too long the topic is cut first, since the
/// numbers tell members apart, and then the numbers.
fn chip_text(topic: &str, numbers: &[i32], most: usize) -> String {
    let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
    let list = |count: usize| {
        let more = if count < numbers.len() { ", …" } else { "" };
        format!("{}{more}", numbers[..count].join(", "))
    };
    let needs = |list: &str| text_length(list) + 1;
    let least = TOPIC_CHARS_MIN.min(text_length(topic));
    let count = (1..=numbers.len())
        .rev()
        .find(|count| needs(&list(*count)) + least <= most)
        .unwrap_or(1.min(numbers.len()));
    let shown = list(count);
    let room = most.saturating_sub(needs(&shown)).max(least);
    format!("{}-{shown}", short_text(topic, room))
}

impl MemberBox {
    /// What marks the leader of the group, as far as there is room.
    pub fn leader_words(&self) -> &'static str {
        match self.rect.width >= LEADER_FROM {
            true => "group leader",
            false => "leader",
        }
    }
}

impl Phase {
    /// The phase in words; `None` when there is nothing to say.
    pub fn words(self) -> Option<String> {
        Some(match self {
            Phase::Stable => return None,
            Phase::NotYet => "not a member yet".to_owned(),
            Phase::Joining => "joining".to_owned(),
            Phase::Syncing => "syncing".to_owned(),
            Phase::ToldToRejoin => "told to rejoin".to_owned(),
            Phase::Reconciling => "reconciling".to_owned(),
            Phase::Acknowledging => "acknowledging".to_owned(),
            Phase::Leaving => "leaving".to_owned(),
            Phase::Frozen => "frozen".to_owned(),
            Phase::Crashed { seconds_left: None } => "crashed".to_owned(),
            Phase::Crashed {
                seconds_left: Some(seconds),
            } => format!("crashed, session times out in {seconds} s"),
        })
    }
}
