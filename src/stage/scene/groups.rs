//! Groups as boxes of consumers.

use std::collections::BTreeMap;

use engine::coordinator::GroupState;
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::roster::{GroupInfo, MemberInfo};
use super::words::{short_text, text_length};
use super::{Chip, GroupBox, MemberBox, Phase};

/// The most members a box shows; further ones are counted.
const MEMBERS_MAX: usize = 40;

const PAD: f32 = 0.5;
const HEADER_HEIGHT: f32 = 3.6;
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
const LEADER_WIDTH: f32 = 3.5;
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
    (x, y, width): (f32, f32, f32),
) -> GroupBox {
    let shown = group.members.len().min(MEMBERS_MAX);
    let top = y + HEADER_HEIGHT;
    let step = MEMBER_HEIGHT + MEMBER_GAP;
    let members = group.members.iter().take(shown).zip(0_u8..);
    let members = members.map(|(member, number)| {
        let y = top + f32::from(number) * step;
        let rect = Rect::new(x + PAD, y, width - 2.0 * PAD, MEMBER_HEIGHT);
        member_box(world, group, member, rect)
    });
    let more_members = group.members.len() - shown;
    let more_height = if more_members > 0 { MORE_HEIGHT } else { 0.0 };
    let bottom = if shown > 0 { PAD - MEMBER_GAP } else { 0.0 };
    let state = group.known.map(|(_, known)| known.state());
    GroupBox {
        id: group.id.clone(),
        letter: group.letter(),
        ink: Ink::of_group(group.place),
        state: state.map(GroupState::name),
        is_rebalancing: is_rebalancing(state),
        generation: group.known.map(|(_, known)| known.generation()),
        assignor: group
            .known
            .and_then(|(_, known)| known.protocol_name())
            .map(str::to_owned),
        coordinator: group.known.map(|(broker, _)| broker.id),
        member_count: group.known.map_or(0, |(_, known)| known.members().len()),
        members: members.collect(),
        more_members,
        topics: group.topics.iter().cloned().collect(),
        rect: Rect::new(
            x,
            y,
            width,
            HEADER_HEIGHT + shown as f32 * step + more_height + bottom,
        ),
        header: Rect::new(x + PAD, y, width - 2.0 * PAD, HEADER_HEIGHT),
        controls: Rect::new(
            x + width - PAD - CONTROLS_WIDTH,
            y + HEADER_HEIGHT / 2.0 - 0.1,
            CONTROLS_WIDTH,
            HEADER_HEIGHT / 2.0,
        ),
    }
}

fn is_rebalancing(state: Option<GroupState>) -> bool {
    matches!(
        state,
        Some(GroupState::PreparingRebalance | GroupState::CompletingRebalance)
    )
}

fn member_box(world: &World, group: &GroupInfo, member: &MemberInfo, rect: Rect) -> MemberBox {
    let lag = lag(world, group, &member.partitions);
    let room = rect.width - 2.0 * PAD - taken(member, lag);
    let (chips, more_chips) = chips(&member.partitions, room);
    let controls_width = match member.client {
        Some(_) => MEMBER_CONTROLS_WIDTH,
        None => 0.0,
    };
    MemberBox {
        client: member.client,
        key: match member.client {
            Some(client) => format!("client-{client}"),
            None => member.member_id.clone(),
        },
        name: member.name.clone(),
        member_id: member.member_id.clone(),
        is_leader: member.is_leader,
        phase: member.phase,
        partitions: member.partitions.clone(),
        chips,
        more_chips,
        lag,
        rect,
        controls: Rect::new(
            rect.right() - PAD / 2.0 - controls_width,
            rect.y,
            controls_width,
            rect.height / 2.0 + 0.1,
        ),
    }
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

/// How much of a member's line is not for chips.
fn taken(member: &MemberInfo, lag: Option<i64>) -> f32 {
    let lag_chars = lag.map_or(0, |lag| text_length(&format!("lag {lag}")) + 1);
    let lag_width = LAG_WIDTH.max(lag_chars as f32 * CHARACTER);
    let leader_width = if member.is_leader { LEADER_WIDTH } else { 0.0 };
    let phase_width = match member.phase {
        // That is said beside the name.
        Phase::Crashed { .. } => 0.0,
        phase => phase
            .words()
            .map_or(0.0, |words| (text_length(&words) + 2) as f32 * CHARACTER),
    };
    lag_width + leader_width + phase_width
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

impl Phase {
    /// The phase in words; `None` when there is nothing to say.
    pub fn words(self) -> Option<String> {
        Some(match self {
            Phase::Stable => return None,
            Phase::NotYet => "not a member yet".to_owned(),
            Phase::Joining => "joining".to_owned(),
            Phase::Syncing => "syncing".to_owned(),
            Phase::ToldToRejoin => "told to rejoin".to_owned(),
            Phase::Leaving => "leaving".to_owned(),
            Phase::Frozen => "frozen".to_owned(),
            Phase::Crashed { seconds_left: None } => "crashed".to_owned(),
            Phase::Crashed {
                seconds_left: Some(seconds),
            } => format!("crashed, session times out in {seconds} s"),
        })
    }
}
