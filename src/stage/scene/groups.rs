//! Groups as boxes of consumers.

use engine::coordinator::GroupState;
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::roster::{GroupInfo, MemberInfo};
use super::words::short_text;
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
/// Room for the lag beside the chips.
const LAG_WIDTH: f32 = 4.2;
/// Room for what a member is doing or is.
const TAG_WIDTH: f32 = 5.5;
const CHIP_CHARS_MAX: usize = 16;

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
    let says = member.is_leader || member.phase.words().is_some();
    let room = rect.width - 2.0 * PAD - LAG_WIDTH - if says { TAG_WIDTH } else { 0.0 };
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
        lag: lag(world, group, &member.partitions),
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

fn chips(partitions: &[(TopicPartition, Option<i64>)], room: f32) -> (Vec<Chip>, usize) {
    let mut left = room;
    let mut chips = Vec::new();
    for (partition, _) in partitions {
        let text = short_text(&partition.to_string(), CHIP_CHARS_MAX);
        left -= text.chars().count() as f32 * 0.45 + 0.85;
        if left < 0.0 && !chips.is_empty() {
            break;
        }
        chips.push(Chip {
            topic_partition: partition.clone(),
            text,
        });
    }
    let more = partitions.len() - chips.len();
    (chips, more)
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
            Phase::Crashed { seconds_left: None } => "crashed".to_owned(),
            Phase::Crashed {
                seconds_left: Some(seconds),
            } => format!("crashed, session times out in {seconds} s"),
        })
    }
}
