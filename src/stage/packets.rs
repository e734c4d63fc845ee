//! Where each packet is drawn: a pure function of virtual time.

mod in_cluster;
mod routes;
mod size;

use engine::collections::BTreeMap;
use engine::log::record_batch::RecordBatch;
use engine::protocol::{
    ErrorCode, FetchRequest, FetchResponse, Payload, ProduceRequest, ProduceResponse, Request,
    Response, ShareFetchRequest, ShareFetchResponse, TopicIdPartition, TopicPartition,
};
use engine::sim::{NodeId, Packet, PacketId};
use engine::{Time, World};

use super::geometry::{Point, Route};
use super::ink::Ink;
use super::scene::{Scene, readable, short_text};

/// The most marks that are drawn: those that left first are kept.
pub const MARKS_MAX: usize = 2_000;

/// What a packet looks like. Kinds differ in shape, never in colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Records on their way to a lane: a cell.
    Records,
    /// Records on their way to a consumer: a cell with a cut corner.
    FetchedRecords,
    /// The answer to a Produce: a ring.
    Acknowledgement,
    /// A question for records, or an answer without any: a chevron.
    Fetch,
    /// A member and its coordinator: a diamond.
    Group,
    /// Metadata and administration: a hexagon.
    Cluster,
}

/// One mark on the canvas. A request for several partitions has one for each.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketMark {
    /// The packet.
    pub id: PacketId,
    /// Which of the packet's marks it is.
    pub part: usize,
    /// What it looks like.
    pub shape: Shape,
    /// Its colour.
    pub ink: Ink,
    /// Whether it is an answer: drawn hollow.
    pub is_response: bool,
    /// Whether it is one of many that matter little.
    pub is_faint: bool,
    /// Its API's name, such as `JoinGroup`.
    pub api: &'static str,
    /// What stands on it: a key, a count.
    pub text: String,
    /// How large it is drawn, 1 being as large as it may be.
    pub scale: f32,
    /// Where its middle is, in rem.
    pub at: Point,
    /// Where it flies to, as an angle in radians, clockwise from the x axis.
    pub heading: f32,
}

/// All packets under way between things that are drawn, oldest first.
pub fn packet_marks(world: &World, scene: &Scene) -> Vec<PacketMark> {
    let mut drawing = Drawing {
        world,
        scene,
        now: world.now(),
        landing: BTreeMap::new(),
        marks: Vec::new(),
    };
    for packet in world.packets() {
        if drawing.marks.len() >= MARKS_MAX {
            break;
        }
        drawing.packet(packet);
    }
    drawing.marks
}

/// How near to a mark's middle one must point, in rem: a finger's width.
const REACH: f32 = 1.1;

/// The packet that somebody points at: the one whose mark is nearest, if one is
/// near. Of those at one place the one drawn last, which covers the others.
pub fn packet_at(world: &World, scene: &Scene, at: Point) -> Option<PacketId> {
    let marks = packet_marks(world, scene);
    let near = marks.iter().filter(|mark| mark.at.distance(at) <= REACH);
    let nearest = near.rev().min_by(|one, other| {
        let distance = |mark: &PacketMark| mark.at.distance(at);
        distance(one).total_cmp(&distance(other))
    });
    nearest.map(|mark| mark.id)
}

/// Marks drawn so far.
struct Drawing<'a> {
    world: &'a World,
    scene: &'a Scene,
    now: Time,
    /// How many records fly to each partition: the next ones land after them.
    landing: BTreeMap<&'a TopicPartition, i64>,
    marks: Vec<PacketMark>,
}

/// The two that a client's packet flies between.
#[derive(Clone, Copy)]
struct Ends {
    client: u32,
    broker: i32,
}

/// What a mark is besides where it is.
struct Look {
    shape: Shape,
    ink: Ink,
    is_faint: bool,
    text: String,
}

impl Look {
    fn plain(shape: Shape, ink: Ink) -> Look {
        Look {
            shape,
            ink,
            is_faint: false,
            text: String::new(),
        }
    }
}

impl<'a> Drawing<'a> {
    fn packet(&mut self, packet: &'a Packet) {
        let (client, broker) = match (packet.from, packet.to) {
            (NodeId::Client(client), NodeId::Broker(broker))
            | (NodeId::Broker(broker), NodeId::Client(client)) => (client, broker),
            _ => return self.between_servers(packet),
        };
        let ends = Ends { client, broker };
        match &packet.payload {
            Payload::Request(Request::Produce(request)) => self.produce(packet, ends, request),
            Payload::Response(Response::Produce(response)) => {
                self.acknowledge(packet, ends, response);
            }
            Payload::Request(Request::Fetch(request)) => self.fetch(packet, ends, request),
            Payload::Response(Response::Fetch(response)) => self.fetched(packet, ends, response),
            Payload::Request(Request::ShareFetch(request)) => {
                self.share_fetch(packet, ends, request);
            }
            Payload::Response(Response::ShareFetch(response)) => {
                self.share_fetched(packet, ends, response);
            }
            payload if is_of_groups(payload) => self.of_group(packet, ends),
            _ => {
                let look = Look::plain(Shape::Cluster, error_ink(packet).unwrap_or(Ink::Plain));
                let route = routes::to_broker(self.scene, ends);
                self.mark(packet, 0, route, look);
            }
        }
    }

    fn produce(&mut self, packet: &'a Packet, ends: Ends, request: &'a ProduceRequest) {
        for (part, (partition, batch)) in request.partitions.iter().enumerate() {
            let landing = self.landing.entry(partition).or_default();
            let before = *landing;
            *landing += i64::from(batch.record_count());
            let route = routes::to_lane(self.scene, ends, partition, before);
            let look = self.records_look(batch, 1, Shape::Records);
            self.mark(packet, part, route, look);
        }
    }

    fn acknowledge(&mut self, packet: &'a Packet, ends: Ends, response: &'a ProduceResponse) {
        for (part, (partition, answer)) in response.partitions.iter().enumerate() {
            let ink = match answer.error_code {
                ErrorCode::None => Ink::Plain,
                _ => Ink::Danger,
            };
            let look = Look::plain(Shape::Acknowledgement, ink);
            let route = routes::acknowledgement(self.scene, ends, partition);
            self.mark(packet, part, route, look);
        }
    }

    /// Of a session that goes on a fetch may name no partition.
    fn fetch(&mut self, packet: &'a Packet, ends: Ends, request: &'a FetchRequest) {
        for (part, wanted) in request.partitions.iter().enumerate() {
            let route = routes::from_lane(self.scene, ends, &wanted.topic_partition);
            let look = self.faint_fetch(ends);
            self.mark(packet, part, route.map(|route| route.reversed()), look);
        }
        if request.partitions.is_empty() {
            let route = routes::to_broker(self.scene, ends);
            self.mark(packet, 0, route, self.faint_fetch(ends));
        }
    }

    /// A question for records, which matters little.
    fn faint_fetch(&self, ends: Ends) -> Look {
        Look {
            is_faint: true,
            ..Look::plain(Shape::Fetch, self.group_ink(ends.client))
        }
    }

    fn fetched(&mut self, packet: &'a Packet, ends: Ends, response: &'a FetchResponse) {
        for (part, (partition, fetched)) in response.partitions.iter().enumerate() {
            let look = match fetched.records.as_slice() {
                [] => Look {
                    is_faint: fetched.error_code == ErrorCode::None,
                    ..Look::plain(Shape::Fetch, self.group_ink(ends.client))
                },
                [first, more @ ..] => {
                    let look = self.records_look(first, 1 + more.len(), Shape::FetchedRecords);
                    let records = fetched.records.iter().map(RecordBatch::record_count);
                    counted(look, records.sum())
                }
            };
            let route = routes::from_lane(self.scene, ends, partition);
            self.mark(packet, part, route, look);
        }
        if response.partitions.is_empty() {
            let look = Look {
                is_faint: response.error_code == ErrorCode::None,
                ..Look::plain(Shape::Fetch, self.group_ink(ends.client))
            };
            let route = routes::to_broker(self.scene, ends);
            self.mark(packet, 0, route.map(|route| route.reversed()), look);
        }
    }

    fn share_fetch(&mut self, packet: &'a Packet, ends: Ends, request: &ShareFetchRequest) {
        let look = || self.faint_fetch(ends);
        let named: Vec<(Option<Route>, Look)> = match request.partitions.as_slice() {
            [] => vec![(routes::to_broker(self.scene, ends), look())],
            partitions => partitions
                .iter()
                .map(|wanted| {
                    let of = self.named(wanted.of);
                    let route = of.and_then(|of| routes::from_lane(self.scene, ends, &of));
                    (route.map(|route| route.reversed()), look())
                })
                .collect(),
        };
        for (part, (route, look)) in named.into_iter().enumerate() {
            self.mark(packet, part, route, look);
        }
    }

    fn share_fetched(&mut self, packet: &'a Packet, ends: Ends, response: &ShareFetchResponse) {
        let mut part = 0;
        for (of, fetched) in &response.partitions {
            let (Some(first), Some(of)) = (fetched.records.first(), self.named(*of)) else {
                continue;
            };
            let acquired = fetched.acquired_records.iter();
            let records: i64 = acquired
                .map(|it| it.last_offset - it.first_offset + 1)
                .sum();
            let look = self.records_look(first, fetched.records.len(), Shape::FetchedRecords);
            let route = routes::from_lane(self.scene, ends, &of);
            self.mark(packet, part, route, counted(look, records as i32));
            part += 1;
        }
        if part == 0 {
            let look = Look {
                is_faint: response.error_code == ErrorCode::None,
                ..Look::plain(Shape::Fetch, self.group_ink(ends.client))
            };
            let route = routes::to_broker(self.scene, ends);
            self.mark(packet, 0, route.map(|route| route.reversed()), look);
        }
    }

    /// The partition that an id stands for.
    fn named(&self, of: TopicIdPartition) -> Option<TopicPartition> {
        let mut topics = self.world.topics().iter();
        let (name, _) = topics.find(|(_, topic)| topic.id == of.topic_id)?;
        Some(TopicPartition::new(name.clone(), of.partition))
    }

    fn of_group(&mut self, packet: &'a Packet, ends: Ends) {
        let look = Look {
            is_faint: packet.payload.api().ends_with("Heartbeat") && error_ink(packet).is_none(),
            ..Look::plain(
                Shape::Group,
                error_ink(packet).unwrap_or(self.group_ink(ends.client)),
            )
        };
        let route = routes::to_coordinator(self.scene, ends);
        self.mark(packet, 0, route, look);
    }

    fn records_look(&self, batch: &RecordBatch, batches: usize, shape: Shape) -> Look {
        let first = batch.records().find_map(Result::ok);
        let most = size::letters(self.scene.arrangement);
        let key = first.and_then(|record| record.key);
        let look = Look {
            text: match key {
                Some(key) => short_text(&readable(key), most),
                None => "–".to_owned(),
            },
            ..Look::plain(shape, Ink::of_key(key))
        };
        match batches {
            1 => counted(look, batch.record_count()),
            _ => look,
        }
    }

    fn group_ink(&self, client: u32) -> Ink {
        let found = self.scene.consumer(client);
        found.map_or(Ink::Plain, |(group, _)| group.ink)
    }

    /// Puts a mark on a way that is given from the client's request to its
    /// receiver, or for records and acknowledgements as they fly.
    fn mark(&mut self, packet: &Packet, part: usize, route: Option<Route>, look: Look) {
        let Some(mut route) = route else {
            return;
        };
        let is_response = matches!(packet.payload, Payload::Response(_));
        let given_as_flown = matches!(
            look.shape,
            Shape::Records | Shape::FetchedRecords | Shape::Acknowledgement | Shape::Fetch
        );
        if is_response && !given_as_flown {
            route = route.reversed();
        }
        let share = share(packet, self.now);
        let at = route.at(share);
        // Partitions that have no places of their own are asked for by one mark.
        let is_again = |last: &PacketMark| {
            let is_like = last.shape == look.shape && last.is_faint == look.is_faint;
            last.id == packet.id && is_like && last.at == at
        };
        if look.shape == Shape::Fetch && self.marks.last().is_some_and(is_again) {
            return;
        }
        self.marks.push(PacketMark {
            id: packet.id,
            part,
            shape: look.shape,
            ink: look.ink,
            is_response,
            is_faint: look.is_faint,
            api: packet.payload.api(),
            text: look.text,
            scale: size::scale(self.scene.arrangement),
            at,
            heading: route.direction(share),
        });
    }
}

/// How much of its way a packet has made. At a cut link it waits at its sender.
fn share(packet: &Packet, now: Time) -> f32 {
    if packet.is_held {
        return 0.0;
    }
    let whole = packet.arrival.us_since(packet.departure).max(1);
    let made = now.us_since(packet.departure).min(whole);
    made as f32 / whole as f32
}

/// Says how many records there are when there are several.
fn counted(mut look: Look, records: i32) -> Look {
    if records > 1 {
        look.text = format!("×{records}");
    }
    look
}

fn is_of_groups(payload: &Payload) -> bool {
    matches!(
        payload.api(),
        "JoinGroup"
            | "SyncGroup"
            | "Heartbeat"
            | "LeaveGroup"
            | "OffsetCommit"
            | "OffsetFetch"
            | "ConsumerGroupHeartbeat"
            | "ShareGroupHeartbeat"
    )
}

/// The colour of an answer that tells of an error.
fn error_ink(packet: &Packet) -> Option<Ink> {
    let Payload::Response(response) = &packet.payload else {
        return None;
    };
    let error = match response {
        Response::Fetch(response) => response.error_code,
        Response::JoinGroup(response) => response.error_code,
        Response::SyncGroup(response) => response.error_code,
        Response::Heartbeat(response) => response.error_code,
        Response::LeaveGroup(response) => response.error_code,
        Response::FindCoordinator(response) => {
            let mut errors = response.coordinators.iter().map(|it| it.error_code);
            errors.find(|error| !error.is_none())?
        }
        Response::OffsetFetch(response) => response.error_code,
        _ => ErrorCode::None,
    };
    (error != ErrorCode::None).then_some(Ink::Danger)
}
