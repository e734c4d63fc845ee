//! Where each packet is drawn: a pure function of virtual time.

use engine::World;
use engine::sim::PacketId;

use super::geometry::Point;
use super::ink::Ink;
use super::scene::Scene;

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
    /// Where its middle is, in rem.
    pub at: Point,
    /// Where it flies to, as an angle in radians, clockwise from the x axis.
    pub heading: f32,
}

/// All packets under way, oldest first.
pub fn packet_marks(_world: &World, _scene: &Scene) -> Vec<PacketMark> {
    Vec::new()
}
