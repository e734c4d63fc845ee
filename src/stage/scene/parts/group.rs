//! Groups: of what kind they are, their state, their rebalances.

use std::rc::Rc;

use engine::protocol::TopicName;

use super::MemberBox;
use crate::stage::geometry::Rect;
use crate::stage::ink::Ink;

/// The protocol by which a group is formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// JoinGroup and SyncGroup: the members' leader computes the assignment.
    Classic,
    /// `group.protocol=consumer` (KIP-848): the coordinator does.
    Consumer,
    /// A share group (KIP-932).
    Share,
}

impl GroupKind {
    /// Kafka's name of the group's type.
    pub fn name(self) -> &'static str {
        match self {
            GroupKind::Classic => "classic",
            GroupKind::Consumer => "consumer",
            GroupKind::Share => "share",
        }
    }
}

/// A consumer group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBox {
    /// `group.id`.
    pub id: String,
    /// The letter it goes by on the board.
    pub letter: String,
    /// Its colour.
    pub ink: Ink,
    /// Its protocol.
    pub kind: GroupKind,
    /// Its state by Kafka's name, such as `Stable`; `None` while its
    /// coordinator has not heard of it, or is not there.
    pub state: Option<&'static str>,
    /// Whether somebody coordinates it: the broker that leads its partition of
    /// `__consumer_offsets` is up. True before there is that topic.
    pub has_coordinator: bool,
    /// Whether it rebalances.
    pub is_rebalancing: bool,
    /// Its generation; of a group that is not classic its epoch.
    pub generation: Option<i32>,
    /// The epoch of its target assignment, where that lags behind its own.
    pub assignment_epoch: Option<i32>,
    /// Who has joined or synced so far, such as `2 of 3 joined`.
    pub progress: Option<String>,
    /// Its rebalances; `None` for share groups, which have none.
    pub rebalances: Option<RebalanceBar>,
    /// Its assignor.
    pub assignor: Option<String>,
    /// The broker that coordinates it.
    pub coordinator: Option<i32>,
    /// Whether its members read committed transactions only
    /// (`isolation.level`).
    pub reads_committed: bool,
    /// How many members it has, by its coordinator's count.
    pub member_count: usize,
    /// Its members, those whose client is gone, and consumers about to join.
    pub members: Vec<Rc<MemberBox>>,
    /// Members for which there is no room.
    pub more_members: usize,
    /// The topics that it reads.
    pub topics: Vec<TopicName>,
    /// Where.
    pub rect: Rect,
    /// Where its name and state are.
    pub header: Rect,
    /// Where its button is.
    pub controls: Rect,
}

impl GroupBox {
    /// Its state, by Kafka's name or in words.
    pub fn state_words(&self) -> &'static str {
        match (self.state, self.has_coordinator) {
            _ if self.id.is_empty() => "assign()",
            (Some(state), _) => state,
            (None, true) => "not formed yet",
            (None, false) => "no coordinator",
        }
    }
}

/// The line in a group's box that tells of its rebalances.
#[derive(Clone, Debug, PartialEq)]
pub struct RebalanceBar {
    /// What it says.
    pub text: String,
    /// The same at length.
    pub sentence: String,
    /// How long it takes or took, in microseconds; 0 when there was none.
    pub duration_us: u64,
    /// How much of the bar is filled: 1 for ten seconds and more.
    pub share: f32,
    /// Whether it is under way.
    pub is_under_way: bool,
    /// How fresh it is, in hundredths: 0 when it was a while ago.
    pub fresh: u8,
    /// Where.
    pub rect: Rect,
}
