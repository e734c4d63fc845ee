//! Ribbons from lanes to the members that own them.

use std::rc::Rc;

use engine::TopicPartition;

use super::super::geometry::{Point, Route};
use super::{Arrangement, GroupBox, MemberBox, Ribbon, TopicCard};

/// Ribbons that run side by side in the margin of a stacked board.
const TRACKS: usize = 4;

/// All ribbons of these cards and boxes; `edge` is the right edge of what
/// stands on the board.
pub(super) fn ribbons(
    topics: &[Rc<TopicCard>],
    groups: &[Rc<GroupBox>],
    arrangement: Arrangement,
    edge: f32,
) -> Vec<Ribbon> {
    let mut ribbons = Vec::new();
    for group in groups {
        for member in &group.members {
            let count = member.partitions.len();
            for (index, (partition, _)) in member.partitions.iter().enumerate() {
                let Some(start) = start(topics, partition, &group.id) else {
                    continue;
                };
                let end = on_member(member, index, count, arrangement);
                let track = edge + 0.5 + (ribbons.len() % TRACKS) as f32 * 0.18;
                ribbons.push(Ribbon {
                    topic_partition: partition.clone(),
                    group: group.id.clone(),
                    ink: group.ink,
                    is_running: member.client.is_some(),
                    route: match arrangement {
                        Arrangement::Columns => Route::sweep(start, end),
                        Arrangement::Stacked => Route::Bent(vec![
                            start,
                            Point::new(track, start.y),
                            Point::new(track, end.y),
                            end,
                        ]),
                    },
                });
            }
        }
    }
    ribbons
}

/// Where the row of a group leaves the card of its lane.
fn start(topics: &[Rc<TopicCard>], partition: &TopicPartition, group: &str) -> Option<Point> {
    let card = topics.iter().find(|card| card.name == partition.topic)?;
    let lane = card.lanes.get(usize::try_from(partition.partition).ok()?)?;
    Some(card.row_end(lane, group))
}

/// Where the ribbon of a member's `index`th partition arrives.
fn on_member(member: &MemberBox, index: usize, count: usize, arrangement: Arrangement) -> Point {
    let share = (index + 1) as f32 / (count + 1) as f32;
    let y = member.rect.y + member.rect.height * share;
    match arrangement {
        Arrangement::Columns => Point::new(member.rect.x, y),
        Arrangement::Stacked => Point::new(member.rect.right(), y),
    }
}
