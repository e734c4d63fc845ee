//! The ways along which packets fly. `None` when an end of one is not drawn.

use engine::protocol::TopicPartition;

use super::super::scene::{Arrangement, MemberBox, ProducerBox};
use super::{Ends, Point, Route, Scene, in_cluster};

/// How far under a producer's top its questions about the cluster leave.
pub(super) const TOP: f32 = 0.9;
/// How far out packets between a member and its coordinator swing.
const SWING: f32 = 2.6;
const SWING_STACKED: f32 = 1.4;
/// The middle of the margin of a stacked board, from the edge of its boxes.
pub(super) const MARGIN: f32 = 1.05;

/// From a producer to where its records land, after `before` others.
pub(super) fn to_lane(
    scene: &Scene,
    ends: Ends,
    partition: &TopicPartition,
    before: i64,
) -> Option<Route> {
    let Some(producer) = scene.producer(ends.client) else {
        return from_processor(scene, ends, partition, before);
    };
    let from = leaves(scene, producer, Some(partition));
    if let Some(cluster) = &scene.cluster {
        let to = cluster.broker(ends.broker)?.place_of(partition);
        return Some(in_cluster::from_producer(scene, (producer.rect, from), to));
    }
    let Some(lane) = scene.lane(partition) else {
        return to_card(scene, producer, partition);
    };
    let to = lane.landing(before);
    let edge = Point::new(lane.rect.x, to.y);
    Some(match scene.arrangement {
        Arrangement::Columns => {
            let out = Point::new((from.x + edge.x) / 2.0, from.y);
            Route::Curve([from, out, Point::new(edge.x - 0.5, edge.y), to])
        }
        Arrangement::Stacked => through_left_margin(scene, producer, to),
    })
}

/// From a lane back to the producer whose records it took.
pub(super) fn acknowledgement(
    scene: &Scene,
    ends: Ends,
    partition: &TopicPartition,
) -> Option<Route> {
    let Some(producer) = scene.producer(ends.client) else {
        return from_processor(scene, ends, partition, 0).map(|route| route.reversed());
    };
    if scene.cluster.is_some() {
        return to_lane(scene, ends, partition, 0).map(|route| route.reversed());
    }
    let Some(lane) = scene.lane(partition) else {
        return to_card(scene, producer, partition).map(|route| route.reversed());
    };
    let edge = Point::new(lane.rect.x, lane.track.center().y);
    let to = leaves(scene, producer, Some(partition));
    Some(match scene.arrangement {
        Arrangement::Columns => Route::sweep(edge, to),
        Arrangement::Stacked => through_left_margin(scene, producer, edge).reversed(),
    })
}

/// From a lane to a consumer that reads it: along its ribbon when it has one.
pub(super) fn from_lane(scene: &Scene, ends: Ends, partition: &TopicPartition) -> Option<Route> {
    let (group, member) = scene.consumer(ends.client)?;
    if let Some(cluster) = &scene.cluster {
        let broker = cluster.broker(ends.broker)?;
        let to = at_member(scene, member);
        return Some(in_cluster::to_reader(cluster, broker, partition, to));
    }
    let card = scene.topic(&partition.topic)?;
    let start = match scene.lane(partition) {
        Some(lane) => card.row_end(lane, &group.id),
        None => Point::new(card.rect.right(), card.rect.bottom() - 0.7),
    };
    let ribbon = scene.ribbons.iter().find(|ribbon| {
        ribbon.topic_partition.partition == partition.partition
            && ribbon.topic_partition.topic == partition.topic
            && ribbon.group == group.id
            && member.rect.contains(ribbon.route.end())
    });
    Some(match ribbon {
        Some(ribbon) => ribbon.route.clone(),
        None => beside_groups(scene, start, at_member(scene, member)),
    })
}

/// From a processor, which stands with what it reads, to where its records
/// land.
fn from_processor(
    scene: &Scene,
    ends: Ends,
    partition: &TopicPartition,
    before: i64,
) -> Option<Route> {
    let (_, member) = scene.processor(ends.client)?;
    if scene.cluster.is_some() {
        return to_broker(scene, ends);
    }
    let card = scene.topic(&partition.topic)?;
    let to = match scene.lane(partition) {
        Some(lane) => lane.landing(before),
        None => Point::new(card.rect.right(), card.rect.bottom() - 0.7),
    };
    Some(beside_groups(scene, to, at_member(scene, member)).reversed())
}

/// From a consumer to its group's coordinator.
pub(super) fn to_coordinator(scene: &Scene, ends: Ends) -> Option<Route> {
    let found = scene.consumer(ends.client);
    let (group, member) = found.or_else(|| scene.processor(ends.client))?;
    let from = at_member(scene, member);
    if scene.cluster.is_some() {
        return to_broker(scene, ends);
    }
    let header = group.header.center().y;
    Some(match scene.arrangement {
        Arrangement::Columns => {
            let to = Point::new(group.rect.x, header);
            Route::bow(from, to, group.rect.x - SWING)
        }
        Arrangement::Stacked => {
            let to = Point::new(group.rect.right(), header);
            Route::bow(from, to, group.rect.right() + SWING_STACKED)
        }
    })
}

/// From any client to a broker, as to a node of the cluster.
pub(super) fn to_broker(scene: &Scene, ends: Ends) -> Option<Route> {
    let Ends { client, broker } = ends;
    if let Some(cluster) = &scene.cluster {
        let header = cluster.broker(broker)?.header;
        return Some(in_cluster::to_header(scene, client, header));
    }
    let pill = scene.brokers.iter().find(|pill| pill.id == broker)?;
    if let Some(producer) = scene.producer(client) {
        let from = Point::new(producer.rect.right(), producer.rect.y + TOP);
        return Some(match scene.arrangement {
            Arrangement::Columns => Route::sweep(from, pill.rect.left_middle()),
            Arrangement::Stacked => {
                let bottom = Point::new(producer.rect.center().x, producer.rect.bottom());
                Route::straight(bottom, Point::new(pill.rect.center().x, pill.rect.y))
            }
        });
    }
    let member = scene.consumer(client).or_else(|| scene.processor(client));
    if let Some((_, member)) = member {
        let to = pill.rect.right_middle();
        let from = at_member(scene, member);
        return Some(beside_groups(scene, to, from).reversed());
    }
    let from = scene.admin.rect.right_middle();
    Some(Route::straight(from, pill.rect.left_middle()))
}

/// Between something in the middle and a member.
fn beside_groups(scene: &Scene, from: Point, to: Point) -> Route {
    match scene.arrangement {
        Arrangement::Columns => Route::sweep(from, to),
        Arrangement::Stacked => {
            let margin = from.x.max(to.x) + MARGIN;
            Route::Bent(vec![
                from,
                Point::new(margin, from.y),
                Point::new(margin, to.y),
                to,
            ])
        }
    }
}

pub(super) fn at_member(scene: &Scene, member: &MemberBox) -> Point {
    match scene.arrangement {
        Arrangement::Columns => member.rect.left_middle(),
        Arrangement::Stacked => member.rect.right_middle(),
    }
}

/// Where a producer's records leave: beside the batch they were in.
fn leaves(scene: &Scene, producer: &ProducerBox, partition: Option<&TopicPartition>) -> Point {
    let slot = producer
        .slots
        .iter()
        .find(|slot| Some(&slot.topic_partition) == partition);
    let y = slot
        .map_or(producer.accumulator, |slot| slot.rect)
        .center()
        .y;
    match scene.arrangement {
        Arrangement::Columns => Point::new(producer.rect.right(), y),
        Arrangement::Stacked => Point::new(producer.rect.center().x, producer.rect.bottom()),
    }
}

/// Down through the margin to the left of a stacked board.
fn through_left_margin(scene: &Scene, producer: &ProducerBox, to: Point) -> Route {
    let from = leaves(scene, producer, None);
    let below = from.y + 0.4;
    let boxes = scene
        .topics
        .first()
        .map_or(producer.rect.x, |card| card.rect.x);
    let margin = boxes - MARGIN;
    Route::Bent(vec![
        from,
        Point::new(from.x, below),
        Point::new(margin, below),
        Point::new(margin, to.y),
        to,
    ])
}

/// To the card of a topic that has no lane for the partition.
fn to_card(scene: &Scene, producer: &ProducerBox, partition: &TopicPartition) -> Option<Route> {
    let card = scene.topic(&partition.topic)?;
    let to = Point::new(card.rect.x, card.rect.bottom() - 0.7);
    Some(match scene.arrangement {
        Arrangement::Columns => Route::sweep(leaves(scene, producer, None), to),
        Arrangement::Stacked => through_left_margin(scene, producer, to),
    })
}
