//! The rows of groups under a lane.

use engine::World;

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::lanes::marker;
use super::notices::News;
use super::roster::GroupInfo;
use super::words::short_number;
use super::{
    GroupKind, GroupRow, LagBar, Lane, Marker, MarkerKind, OffsetScale, Owner, Pin, notices, shares,
};

/// How high the bar of a lag is, in rem.
const LAG_HEIGHT: f32 = 0.34;
/// How far over a row's bottom it stands.
const LAG_BOTTOM: f32 = 0.3;

/// What a group has done in the partition of a lane.
pub(super) fn row(
    world: &World,
    group: &GroupInfo,
    lane: &Lane,
    news: &News,
    rect: Rect,
) -> GroupRow {
    let partition = &lane.topic_partition;
    let owner = match group.kind {
        GroupKind::Share => None,
        _ => group.owner(partition),
    };
    let readers = match group.kind {
        GroupKind::Share => readers(group, lane),
        _ => usize::from(owner.is_some()),
    };
    let shared = shares::shared(group, partition, &lane.scale, &rect);
    // What a share group is done with is as good as committed.
    let committed = match &shared {
        Some(shared) => Some(shared.start_offset),
        None => group.committed(partition),
    };
    let position = owner.and_then(|(_, position)| position);
    let lag = match group.shares.get(partition) {
        Some(share) => Some(shares::undone(share, lane.log_end)),
        None => committed.map(|committed| (lane.log_end - committed).max(0)),
    };
    let change = news.rebalances_of(&group.id);
    let change = change.and_then(|it| it.change(partition, world.now()));
    let mut row = GroupRow {
        group: group.id.clone(),
        letter: group.letter(),
        ink: Ink::of_group(group.place),
        committed,
        position,
        lag,
        owner: owner.map(|(member, _)| Owner {
            name: member.name.clone(),
            badge: member.badge.clone(),
            is_running: member.client.is_some(),
        }),
        readers,
        is_dark: readers == 0,
        change: change.map(|(change, _)| change),
        notice: None,
        bands: Vec::new(),
        lag_bar: lag_bar(group, &lane.scale, committed, lane.log_end, &rect),
        markers: group_markers(&lane.scale, committed, position),
        shared,
        rect,
    };
    notices::of_row(&mut row, lane, news, change.map_or(100, |(_, fresh)| fresh));
    row
}

/// How many members of a share group may read the partition.
fn readers(group: &GroupInfo, lane: &Lane) -> usize {
    let reads = |partitions: &[(engine::TopicPartition, Option<i64>)]| {
        partitions.iter().any(|(it, _)| *it == lane.topic_partition)
    };
    let members = group.members.iter();
    members.filter(|member| reads(&member.partitions)).count()
}

fn lag_bar(
    group: &GroupInfo,
    scale: &OffsetScale,
    committed: Option<i64>,
    log_end: i64,
    row: &Rect,
) -> Option<LagBar> {
    let committed = committed?;
    let ((from, _), (to, pin)) = (scale.place(committed), scale.place(log_end));
    // Of a lane that was moved the end is not seen.
    let is_seen = committed < log_end && (pin == Pin::None || committed < scale.end);
    (is_seen && group.kind != GroupKind::Share && to > from).then(|| LagBar {
        rect: Rect::new(
            from,
            row.bottom() - LAG_BOTTOM - LAG_HEIGHT / 2.0,
            to - from,
            LAG_HEIGHT,
        ),
        ink: Ink::of_group(group.place),
    })
}

/// The label of the one that is behind stands to its left, that of the other
/// to its right, so that they never meet; one is enough where both are equal.
fn group_markers(
    scale: &OffsetScale,
    committed: Option<i64>,
    position: Option<i64>,
) -> Vec<Marker> {
    let is_ahead = committed > position && position.is_some();
    let mut markers = Vec::new();
    if let Some(offset) = committed {
        let label = match position {
            Some(position) if position == offset => String::new(),
            _ => short_number(offset),
        };
        let kind = MarkerKind::Committed;
        markers.push(marker(scale, kind, offset, label, !is_ahead));
    }
    if let Some(offset) = position {
        let label = short_number(offset);
        markers.push(marker(scale, MarkerKind::Position, offset, label, is_ahead));
    }
    markers
}
