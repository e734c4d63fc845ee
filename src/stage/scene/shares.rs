//! What share groups have done with the records of partitions.

use engine::collections::BTreeMap;

use engine::broker::share::{InFlightState, RecordState, SharePartition};
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::roster::GroupInfo;
use super::{AcquiredRange, Handed, HandedState, OffsetScale, Shared};

/// How wide the sign of a record is, in rem.
const SIGN_WIDTH: f32 = 2.7;

/// The share-partitions on the leaders of their partitions, by group.
pub(crate) fn by_group(
    world: &World,
) -> BTreeMap<&str, BTreeMap<&TopicPartition, &SharePartition>> {
    let mut groups: BTreeMap<&str, BTreeMap<&TopicPartition, &SharePartition>> = BTreeMap::new();
    for broker in world.brokers().values() {
        for (key, of, partition) in broker.share_partitions() {
            let topic = world.topics().get(&of.topic);
            let leader = topic.and_then(|topic| topic.partitions.get(of.partition as usize));
            if leader.is_some_and(|it| it.leader == Some(broker.id)) {
                let group = groups.entry(key.group_id.as_str()).or_default();
                group.insert(of, partition);
            }
        }
    }
    groups
}

/// Records in a row with one state, from first to last offset.
fn runs(partition: &SharePartition) -> impl Iterator<Item = (i64, i64, &InFlightState)> {
    let start = partition.start_offset();
    let batches = partition.batches().values();
    let runs = batches.flat_map(|batch| batch.runs());
    runs.filter(move |(_, last, _)| *last >= start)
        .map(move |(first, last, state)| (first.max(start), last, state))
}

/// What a member has.
pub(super) fn acquired_by(
    shares: &BTreeMap<&TopicPartition, &SharePartition>,
    member_id: &str,
) -> Vec<AcquiredRange> {
    let mut ranges: Vec<AcquiredRange> = Vec::new();
    for (of, partition) in shares {
        for (first, last, state) in runs(partition) {
            if state.state != RecordState::Acquired || state.member_id != member_id {
                continue;
            }
            let delivery_count = state.delivery_count;
            match ranges.last_mut() {
                Some(range)
                    if range.topic_partition == **of
                        && range.last + 1 == first
                        && range.delivery_count == delivery_count =>
                {
                    range.last = last;
                }
                _ => ranges.push(AcquiredRange {
                    topic_partition: (*of).clone(),
                    first,
                    last,
                    delivery_count,
                }),
            }
        }
    }
    ranges
}

/// What a share group has done in a partition; its signs stand in a row.
pub(super) fn shared(
    group: &GroupInfo,
    of: &TopicPartition,
    scale: &OffsetScale,
    row: &Rect,
) -> Option<Shared> {
    let partition = group.shares.get(of)?;
    let deliveries_most = partition.limits().delivery_count;
    let mut shared = Shared {
        start_offset: partition.start_offset(),
        acquired: 0,
        released: 0,
        acknowledged: 0,
        archived: 0,
        handed: Vec::new(),
    };
    for (first, last, state) in runs(partition) {
        let records = (last - first + 1) as usize;
        let (count, handed) = match state.state {
            RecordState::Available => (&mut shared.released, HandedState::Available),
            RecordState::Acquired => (&mut shared.acquired, HandedState::Acquired),
            RecordState::Acknowledged => (&mut shared.acknowledged, HandedState::Acknowledged),
            RecordState::Archived => (&mut shared.archived, HandedState::Archived),
        };
        *count += records;
        let mut members = group.members.iter();
        let member = members.find(|it| it.member_id == state.member_id);
        let shown = first.max(scale.first)..=last.min(scale.end - 1);
        for offset in shown.filter(|offset| scale.is_shown(*offset)) {
            let (x, _) = scale.place(offset);
            let width = scale.cell.min(SIGN_WIDTH);
            let x = x + (scale.cell - width) / 2.0;
            shared.handed.push(Handed {
                offset,
                state: handed,
                delivery_count: state.delivery_count,
                is_last_delivery: handed == HandedState::Acquired
                    && state.delivery_count >= deliveries_most,
                member: member.map(|it| it.name.clone()),
                badge: member.map_or(String::new(), |it| it.badge.clone()),
                rect: Rect::new(x, row.y + 0.08, width, row.height - 0.26),
            });
        }
    }
    Some(shared)
}

/// How many records the group is not done with.
pub(crate) fn undone(partition: &SharePartition, log_end: i64) -> i64 {
    let is_done = |state: &InFlightState| {
        matches!(
            state.state,
            RecordState::Acknowledged | RecordState::Archived
        )
    };
    let done = runs(partition).filter(|(.., state)| is_done(state));
    let done: i64 = done.map(|(first, last, _)| last - first + 1).sum();
    (log_end - partition.start_offset() - done).max(0)
}
