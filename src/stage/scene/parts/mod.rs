//! The things that stand on the board; those of a board by broker are in
//! [`brokers`](super::brokers).

mod group;
mod lane;
mod lane_marks;
mod member;
mod offset_scale;
mod producer;
mod topic;

pub use group::*;
pub use lane::*;
pub use lane_marks::*;
pub use member::*;
pub use offset_scale::*;
pub use producer::*;
pub use topic::*;

use engine::TopicPartition;

use crate::stage::geometry::{Rect, Route};
use crate::stage::ink::Ink;
use crate::stage::recent::Change;

/// A line of text that belongs to no one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// What kind of text it is.
    pub kind: NoteKind,
    /// Where.
    pub rect: Rect,
}

/// What a [`Note`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// The heading of a column.
    Heading,
    /// What is said where nothing stands, or where not all is drawn.
    Remark,
    /// What has gone wrong a moment ago, with something that is gone too.
    Trouble,
}

/// A broker.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerPill {
    /// `node.id`.
    pub id: i32,
    /// Whether it is the active controller.
    pub is_controller: bool,
    /// How many partitions it leads.
    pub leads: usize,
    /// Where.
    pub rect: Rect,
}

/// The admin clients: command-line tools mostly, which come and go.
#[derive(Clone, Debug, PartialEq)]
pub struct AdminMark {
    /// Their `client.id`s; it is drawn only when there are any.
    pub client_ids: Vec<String>,
    /// Where.
    pub rect: Rect,
}

/// What a [`Ribbon`] joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RibbonKind {
    /// A lane and the member that owns it.
    Owned,
    /// A lane and a share group: any of its members may have the next record.
    Shared,
    /// A folded topic and a member that owns lanes of it.
    Folded,
}

/// A band from a lane to the member that owns it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ribbon {
    /// What it joins.
    pub kind: RibbonKind,
    /// What the last rebalance has made of it, for a moment.
    pub change: Option<Change>,
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The group (`group.id`).
    pub group: String,
    /// The group's colour.
    pub ink: Ink,
    /// Whether the owner's client runs, and the broker of the replica.
    pub is_running: bool,
    /// Its course, from the lane or replica to the member.
    pub route: Route,
}
