//! Ribbons from replicas to the members that read them.

use engine::collections::BTreeSet;
use std::rc::Rc;

use engine::client::Client;
use engine::{TopicPartition, World};

use super::super::super::geometry::{Point, Route};
use super::super::{Arrangement, GroupBox, GroupKind, MemberBox, Ribbon, RibbonKind};
use super::{BrokerBox, Cluster};

/// Ribbons that run side by side.
const TRACKS: usize = 5;
const TRACK: f32 = 0.22;

/// All ribbons of a cluster: one for each partition, or, where replicas are
/// folded, one from a broker to each member that reads from it. `edge` is the
/// right edge of the racks.
pub(in crate::stage::scene) fn ribbons(
    world: &World,
    cluster: &Cluster,
    groups: &[Rc<GroupBox>],
    arrangement: Arrangement,
    edge: f32,
) -> Vec<Ribbon> {
    let mut ribbons = Vec::new();
    for group in groups {
        for member in &group.members {
            let count = member.partitions.len();
            let mut served = BTreeSet::new();
            for (index, (partition, _)) in member.partitions.iter().enumerate() {
                let Some(broker) = read_from(world, cluster, member, partition) else {
                    continue;
                };
                if broker.is_folded && !served.insert(broker.id) {
                    continue;
                }
                let share = match broker.is_folded {
                    false => (index + 1) as f32 / (count + 1) as f32,
                    true => served.len() as f32 / (cluster.brokers.len() + 1) as f32,
                };
                let at = at_member(member, share, arrangement);
                let track = ribbons.len() % TRACKS;
                let kind = match (group.kind, broker.is_folded) {
                    (GroupKind::Share, _) => RibbonKind::Shared,
                    (_, true) => RibbonKind::Folded,
                    (_, false) => RibbonKind::Owned,
                };
                let route = way_to_reader(broker, partition, (edge, track), at);
                ribbons.push(Ribbon {
                    topic_partition: partition.clone(),
                    group: group.id.clone(),
                    ink: group.ink,
                    kind,
                    change: None,
                    is_running: member.client.is_some() && broker.life.serves(),
                    route,
                });
            }
        }
    }
    ribbons
}

/// The broker that a member reads a partition from: its leader, or with
/// `client.rack` the replica that the leader has named (KIP-392).
fn read_from<'a>(
    world: &World,
    cluster: &'a Cluster,
    member: &MemberBox,
    of: &TopicPartition,
) -> Option<&'a BrokerBox> {
    let client = member
        .client
        .and_then(|number| world.clients().get(&number));
    let preferred = match client {
        Some(Client::Consumer(consumer)) => {
            let assigned = consumer.assignment().get(of);
            assigned.and_then(|assigned| assigned.read_replica)
        }
        _ => None,
    };
    let leader = world.image().partition(of)?.leader;
    cluster.broker(preferred.or(leader)?)
}

/// From a replica through the gap under it to the edge of the racks, and from
/// there to a member. `track` keeps those apart that run side by side.
pub(in crate::stage) fn way_to_reader(
    broker: &BrokerBox,
    of: &TopicPartition,
    (edge, track): (f32, usize),
    member: Point,
) -> Route {
    let aside = track as f32 * TRACK;
    let (start, gap) = broker.way_out(of);
    let gap = gap + (track % 3) as f32 * 0.1;
    let turn = edge + 0.5 + aside;
    Route::Bent(vec![
        start,
        Point::new(start.x, gap),
        Point::new(turn, gap),
        Point::new(turn, member.y),
        member,
    ])
}

fn at_member(member: &MemberBox, share: f32, arrangement: Arrangement) -> Point {
    let y = member.rect.y + member.rect.height * share;
    match arrangement {
        Arrangement::Columns => Point::new(member.rect.x, y),
        Arrangement::Stacked => Point::new(member.rect.right(), y),
    }
}
