//! Ribbons from lanes to the members that own them.

use engine::collections::BTreeSet;
use std::rc::Rc;

use engine::TopicPartition;

use super::super::geometry::{Point, Route};
use super::{Arrangement, GroupBox, GroupKind, MemberBox, Ribbon, RibbonKind, TopicCard};

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
    let mut weaver = Weaver {
        topics,
        arrangement,
        edge,
        ribbons: Vec::new(),
    };
    for group in groups {
        match group.kind {
            GroupKind::Share => weaver.shared(group),
            _ => weaver.owned(group),
        }
    }
    weaver.ribbons
}

struct Weaver<'a> {
    topics: &'a [Rc<TopicCard>],
    arrangement: Arrangement,
    edge: f32,
    ribbons: Vec<Ribbon>,
}

impl<'a> Weaver<'a> {
    /// One from each lane to the member that owns it; of a folded topic one to
    /// each member that owns lanes of it.
    fn owned(&mut self, group: &GroupBox) {
        for member in &group.members {
            let count = member.partitions.len();
            let mut folded: Option<&str> = None;
            for (index, (partition, _)) in member.partitions.iter().enumerate() {
                let Some(card) = self.card(partition) else {
                    continue;
                };
                let kind = match card.is_folded {
                    true if folded == Some(&*card.name) => continue,
                    true => RibbonKind::Folded,
                    false => RibbonKind::Owned,
                };
                let Some(start) = start(card, partition, &group.id) else {
                    continue;
                };
                if card.is_folded {
                    folded = Some(&*card.name);
                }
                let end = on_member(member, index, count, self.arrangement);
                let lane = usize::try_from(partition.partition).ok();
                let lane = lane.and_then(|lane| card.lanes.get(lane));
                let row = lane.and_then(|it| it.rows.iter().find(|row| row.group == group.id));
                let change = row.and_then(|row| row.change);
                self.weave(group, partition, kind, (start, end), |ribbon| {
                    ribbon.is_running = member.client.is_some();
                    ribbon.change = change;
                });
            }
        }
    }

    /// One from each lane that somebody may read to the group: who of it gets
    /// the next record is open.
    fn shared(&mut self, group: &GroupBox) {
        let mut partitions: BTreeSet<&TopicPartition> = BTreeSet::new();
        for member in &group.members {
            partitions.extend(member.partitions.iter().map(|(partition, _)| partition));
        }
        let count = partitions.len();
        let mut folded: Option<&str> = None;
        for (index, partition) in partitions.into_iter().enumerate() {
            let Some(card) = self.card(partition) else {
                continue;
            };
            if card.is_folded && folded == Some(&*card.name) {
                continue;
            }
            if card.is_folded {
                folded = Some(&*card.name);
            }
            let Some(start) = start(card, partition, &group.id) else {
                continue;
            };
            let share = (index + 1) as f32 / (count + 1) as f32;
            let y = group.header.y + group.header.height * share;
            let end = match self.arrangement {
                Arrangement::Columns => Point::new(group.rect.x, y),
                Arrangement::Stacked => Point::new(group.rect.right(), y),
            };
            self.weave(group, partition, RibbonKind::Shared, (start, end), |_| {});
        }
    }

    fn card(&self, partition: &TopicPartition) -> Option<&'a TopicCard> {
        let card = self.topics.iter().find(|card| card.name == partition.topic);
        card.map(Rc::as_ref)
    }

    fn weave(
        &mut self,
        group: &GroupBox,
        partition: &TopicPartition,
        kind: RibbonKind,
        (start, end): (Point, Point),
        finish: impl FnOnce(&mut Ribbon),
    ) {
        let track = self.edge + 0.5 + (self.ribbons.len() % TRACKS) as f32 * 0.18;
        let mut ribbon = Ribbon {
            kind,
            change: None,
            topic_partition: partition.clone(),
            group: group.id.clone(),
            ink: group.ink,
            is_running: true,
            route: match self.arrangement {
                Arrangement::Columns => Route::sweep(start, end),
                Arrangement::Stacked => Route::Bent(vec![
                    start,
                    Point::new(track, start.y),
                    Point::new(track, end.y),
                    end,
                ]),
            },
        };
        finish(&mut ribbon);
        self.ribbons.push(ribbon);
    }
}

/// Where the row of a group leaves the card of its lane, or the line of a
/// folded one.
fn start(card: &TopicCard, partition: &TopicPartition, group: &str) -> Option<Point> {
    if card.is_folded {
        return Some(Point::new(card.rect.right(), card.line.center().y));
    }
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
