//! The ways on a board by broker: between clients and brokers, and from server
//! to server.

use engine::protocol::{FetchResponse, Payload, Response, TopicPartition};
use engine::sim::{NodeId, Packet};

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::super::scene::Arrangement;
use super::super::scene::brokers::{BrokerBox, Cluster, way_to_reader};
use super::routes::{MARGIN, TOP, at_member};
use super::{Drawing, Look, Point, RecordBatch, Route, Scene, Shape, counted, error_ink};

/// How far over two brokers side by side what they send each other flies.
const ARC: f32 = 1.4;
/// How near such an arc's control points come to the board's upper edge.
const EDGE: f32 = 0.6;

impl<'a> Drawing<'a> {
    /// A packet from server to server: drawn where servers have boxes.
    pub(super) fn between_servers(&mut self, packet: &'a Packet) {
        let Some(cluster) = &self.scene.cluster else {
            return;
        };
        let (Some(from), Some(to)) = (place(cluster, packet.from), place(cluster, packet.to))
        else {
            return;
        };
        // What is said within one machine does not fly.
        if from == to {
            return;
        }
        if let Payload::Response(Response::Fetch(response)) = &packet.payload
            && let (NodeId::Broker(leader), NodeId::Broker(follower)) = (packet.from, packet.to)
            && self.replicated(packet, (leader, follower), response) > 0
        {
            return;
        }
        let is_fetch = packet.payload.api() == "Fetch";
        let error = error_ink(packet);
        let look = Look {
            is_faint: error.is_none() && is_routine(&packet.payload),
            ..Look::plain(
                if is_fetch {
                    Shape::Fetch
                } else {
                    Shape::Cluster
                },
                error.unwrap_or(Ink::Plain),
            )
        };
        let route = between(self.scene, cluster, from, to);
        self.mark_as_flown(packet, 0, route, look);
    }

    /// Records on their way to a follower, from replica to replica. Returns for
    /// how many partitions there were any.
    fn replicated(
        &mut self,
        packet: &'a Packet,
        (leader, follower): (i32, i32),
        response: &'a FetchResponse,
    ) -> usize {
        let Some(cluster) = &self.scene.cluster else {
            return 0;
        };
        let (Some(leader), Some(follower)) = (cluster.broker(leader), cluster.broker(follower))
        else {
            return 0;
        };
        let mut count = 0;
        for (part, (partition, fetched)) in response.partitions.iter().enumerate() {
            let [first, more @ ..] = fetched.records.as_slice() else {
                continue;
            };
            let look = self.records_look(first, 1 + more.len(), Shape::FetchedRecords);
            let records = fetched.records.iter().map(RecordBatch::record_count);
            let look = counted(look, records.sum());
            let from = leader.place_of(partition).center();
            let to = follower.place_of(partition).center();
            self.mark_as_flown(packet, part, Route::straight(from, to), look);
            count += 1;
        }
        count
    }

    fn mark_as_flown(&mut self, packet: &Packet, part: usize, route: Route, look: Look) {
        let is_turned =
            matches!(packet.payload, Payload::Response(_)) && look.shape == Shape::Cluster;
        let route = if is_turned { route.reversed() } else { route };
        self.mark(packet, part, Some(route), look);
    }
}

/// What goes on all the time and matters little.
fn is_routine(payload: &Payload) -> bool {
    matches!(
        payload.api(),
        "Fetch" | "FetchMetadata" | "BrokerHeartbeat" | "Ping"
    )
}

/// Where a server is.
fn place(cluster: &Cluster, node: NodeId) -> Option<Rect> {
    match node {
        NodeId::Broker(id) | NodeId::Controller(id) => cluster.server(id),
        NodeId::ZooKeeper => {
            let zookeeper = cluster.election.as_ref().filter(|it| it.is_zookeeper);
            zookeeper.map(|it| it.rect)
        }
        NodeId::Client(_) => None,
    }
}

/// From one server to another: in an arc over what stands between those side by
/// side, through the margin of a stacked board, else straight.
fn between(scene: &Scene, cluster: &Cluster, from: Rect, to: Rect) -> Route {
    let is_head = |rect: &Rect| cluster.brokers.iter().all(|it| it.header != *rect);
    if scene.arrangement == Arrangement::Stacked && !is_head(&from) && !is_head(&to) {
        let margin = scene.legend.x - MARGIN;
        let (from, to) = (from.left_middle(), to.left_middle());
        return Route::Bent(vec![
            from,
            Point::new(margin, from.y),
            Point::new(margin, to.y),
            to,
        ]);
    }
    let (one, other) = (from.center(), to.center());
    if (from.y - to.y).abs() > 0.5 {
        return Route::straight(one, other);
    }
    let top = (from.y - ARC).max(EDGE);
    let out = one.towards(other, 0.25).x;
    let back = one.towards(other, 0.75).x;
    let (one, other) = (
        Point::new(one.x, from.y + 0.3),
        Point::new(other.x, to.y + 0.3),
    );
    Route::Curve([one, Point::new(out, top), Point::new(back, top), other])
}

/// From a producer, beside the batch that it sends, to a replica.
pub(super) fn from_producer(scene: &Scene, (producer, leaves): (Rect, Point), to: Rect) -> Route {
    let to = to.center();
    match scene.arrangement {
        Arrangement::Columns => {
            let out = Point::new((leaves.x + to.x) / 2.0, leaves.y);
            Route::Curve([leaves, out, Point::new(out.x, to.y), to])
        }
        Arrangement::Stacked => {
            let below = producer.bottom() + 0.4;
            let margin = scene.legend.x - MARGIN;
            Route::Bent(vec![
                leaves,
                Point::new(leaves.x, below),
                Point::new(margin, below),
                Point::new(margin, to.y),
                to,
            ])
        }
    }
}

/// From a replica to a consumer that reads it: beside its ribbon.
pub(super) fn to_reader(
    cluster: &Cluster,
    broker: &BrokerBox,
    of: &TopicPartition,
    to: Point,
) -> Route {
    let edge = cluster.racks.iter().map(|rack| rack.rect.right());
    let edge = edge.fold(broker.rect.right(), f32::max);
    way_to_reader(broker, of, (edge, 1), to)
}

/// From a client to a broker, as to a node of the cluster.
pub(super) fn to_header(scene: &Scene, client: u32, header: Rect) -> Route {
    let is_stacked = scene.arrangement == Arrangement::Stacked;
    if let Some(producer) = scene.producer(client) {
        let rect = producer.rect;
        if is_stacked {
            let leaves = Point::new(rect.center().x, rect.bottom());
            return from_producer(scene, (rect, leaves), header);
        }
        let from = Point::new(rect.right(), rect.y + TOP);
        return Route::sweep(from, Point::new(header.x + 0.4, header.center().y));
    }
    if let Some((_, member)) = scene.consumer(client) {
        let from = at_member(scene, member);
        let to = Point::new(header.right() - 0.4, header.center().y);
        if is_stacked {
            let margin = header.right().max(from.x) + MARGIN;
            return Route::Bent(vec![
                from,
                Point::new(margin, from.y),
                Point::new(margin, to.y),
                to,
            ]);
        }
        return Route::sweep(from, to);
    }
    Route::straight(scene.admin.rect.center(), header.center())
}
