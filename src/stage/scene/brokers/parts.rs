//! What stands on a board that is arranged by broker.

use std::rc::Rc;

use engine::TopicPartition;
use engine::protocol::TopicName;

use super::super::super::geometry::{Rect, Route};

/// The middle of a board that is arranged by broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// The racks, by name; one without a name when no broker has a rack.
    pub racks: Vec<RackFrame>,
    /// The brokers, rack by rack.
    pub brokers: Vec<Rc<BrokerBox>>,
    /// The controllers that are no brokers, by id.
    pub controllers: Vec<ControllerBox>,
    /// Who is the controller, where that is not seen from
    /// [`controllers`](Self::controllers): a quorum of brokers, or ZooKeeper.
    pub election: Option<ElectionBox>,
    /// Links with which something is wrong.
    pub links: Vec<BrokenLink>,
    /// Links with which something is wrong and for which there is no room.
    pub more_links: usize,
}

/// A rack.
#[derive(Clone, Debug, PartialEq)]
pub struct RackFrame {
    /// `broker.rack`; `None` for brokers without one.
    pub rack: Option<String>,
    /// Whether it is told from others: false where no broker has a rack.
    pub is_named: bool,
    /// Where.
    pub rect: Rect,
    /// Where its name is.
    pub header: Rect,
}

/// Where a broker is in its life, as the whole cluster sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerLife {
    /// It serves.
    Running,
    /// Its process has started and it does not serve yet.
    Starting,
    /// Its process runs, and the controller counts it as gone.
    Fenced,
    /// Its process stands still.
    Frozen,
    /// It gives up what it leads, and then stops.
    Stopping,
    /// It has stopped cleanly.
    Stopped,
    /// Its process was killed.
    Killed,
    /// Its disk is gone, and the process with it.
    DiskLost,
}

/// A broker with its replicas.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerBox {
    /// `node.id`.
    pub id: i32,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// Where it is in its life.
    pub life: BrokerLife,
    /// Whether the controller counts it as gone.
    pub is_fenced: bool,
    /// What it is among the controllers, when it is one too.
    pub controller: Option<ControllerRole>,
    /// What is said under its name.
    pub lines: Vec<HeaderLine>,
    /// How many partitions the controller has it lead, internal topics left
    /// out.
    pub leads: usize,
    /// How many replicas the controller has it hold, internal topics left out.
    pub replicas: usize,
    /// Whether replicas are many, so that they are shown by topic, and only
    /// some of them in full.
    pub is_folded: bool,
    /// Replicas that are shown in full.
    pub tiles: Vec<Replica>,
    /// Its replicas by topic, where they are many or of internal topics that
    /// were opened.
    pub topics: Vec<TopicGroup>,
    /// Topics for which there is no room.
    pub more_topics: usize,
    /// Replicas that deserve to be shown in full and for which there is no
    /// room.
    pub more_tiles: usize,
    /// Internal topics, a line each.
    pub internal: Vec<InternalLine>,
    /// Where it is said how many there are for which there is no room.
    pub more: Rect,
    /// Where.
    pub rect: Rect,
    /// Where its name and what is said under it are.
    pub header: Rect,
}

/// A line under a broker's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// What it says.
    pub text: String,
    /// What kind of line it is.
    pub kind: LineKind,
}

/// What a [`HeaderLine`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// That it is a controller.
    Role,
    /// Its replicas.
    Replicas,
    /// Something is wrong.
    Trouble,
}

/// What a controller is at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControllerRole {
    /// It is the active controller.
    Active,
    /// It copies what the active one writes, or waits to be elected.
    Standby,
    /// It asks for votes, or knows of no active controller.
    Candidate,
    /// Its process does not run.
    Down,
}

/// A controller in a process of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct ControllerBox {
    /// `node.id`.
    pub id: i32,
    /// What it is at present.
    pub role: ControllerRole,
    /// The epoch it has heard of.
    pub epoch: i32,
    /// Where.
    pub rect: Rect,
}

/// Who elects the controller among the brokers, and whom.
#[derive(Clone, Debug, PartialEq)]
pub struct ElectionBox {
    /// Who elects: `ZooKeeper` or `Controller quorum 1, 2, 3`.
    pub electorate: String,
    /// Whom: `controller: broker 1, epoch 3`.
    pub elected: String,
    /// Whether it is ZooKeeper, to which packets fly.
    pub is_zookeeper: bool,
    /// Where.
    pub rect: Rect,
}

/// What a replica is for its partition, as the controller has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It leads.
    Leader,
    /// It copies the leader's log.
    Follower {
        /// The leader, if there is one.
        leader: Option<i32>,
        /// The epoch in which its broker still leads, since it has not heard
        /// of its successor; `None` for almost all.
        believes_to_lead: Option<i32>,
    },
}

/// What has happened to a replica in the last seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was elected leader; whether another led before it, or its epoch just
    /// began anew, makes no difference.
    Elected {
        /// Whether it was not in sync.
        is_unclean: bool,
    },
    /// It has joined the ISR.
    JoinedIsr,
    /// It has left the ISR.
    LeftIsr,
}

/// A reassignment's part in a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// It comes.
    Adding,
    /// It goes.
    Removing,
}

/// A range of offsets, the last one included.
pub type Offsets = (i64, i64);

/// A replica of a partition on a broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The broker.
    pub broker: i32,
    /// What it is for its partition.
    pub standing: Standing,
    /// Whether its broker does not run, or does not serve yet.
    pub is_offline: bool,
    /// Whether it is in the ISR.
    pub is_in_sync: bool,
    /// The leader epoch.
    pub leader_epoch: i32,
    /// The offset of the next record; `None` while the broker has no log.
    pub log_end: Option<i64>,
    /// The high watermark as this replica knows it.
    pub high_watermark: Option<i64>,
    /// How many records of its leader it lacks. Below 0 it has some that the
    /// leader does not have, and that it will cut off.
    pub lag: Option<i64>,
    /// What has happened to it in the last seconds.
    pub change: Option<Change>,
    /// Whether a reassignment brings it or takes it away.
    pub moving: Option<Moving>,
    /// Records it has cut off lately, since the leader does not have them.
    pub cut: Option<Offsets>,
    /// Committed records that it lacked when it was elected, so that they are
    /// lost.
    pub lost: Option<Offsets>,
    /// The newest part of its log against the leader's.
    pub bar: LogBar,
    /// What its name is cut to.
    pub name: String,
    /// Where.
    pub rect: Rect,
}

/// The newest part of a replica's log as a bar, which ends where the leader's
/// log ends. All replicas of a partition have the same scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LogBar {
    /// How many records the bar's length stands for; 0 while there are none.
    pub records: i64,
    /// How much of it the replica has, 0 to 1.
    pub filled: f32,
    /// How much of it is below the high watermark that it knows, 0 to 1.
    pub committed: f32,
    /// Where.
    pub rect: Rect,
}

/// The replicas of one topic on a broker.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicGroup {
    /// The topic.
    pub topic: TopicName,
    /// How many it leads.
    pub leads: usize,
    /// How many it leads since a few seconds.
    pub newly_leads: usize,
    /// How many replicas there are.
    pub replicas: usize,
    /// How many of them are not in sync.
    pub out_of_sync: usize,
    /// What is written over them.
    pub text: String,
    /// Each as a small box; none when there are very many.
    pub chips: Vec<Replica>,
    /// Where its text is.
    pub label: Rect,
}

/// An internal topic on a broker, folded.
#[derive(Clone, Debug, PartialEq)]
pub struct InternalLine {
    /// The topic.
    pub topic: TopicName,
    /// How many partitions of it the broker leads.
    pub leads: usize,
    /// How many replicas it holds.
    pub replicas: usize,
    /// The topic's name, cut to what there is room for.
    pub name: String,
    /// Whether there is room for more words than the number and the name.
    pub is_wide: bool,
    /// Where.
    pub rect: Rect,
}

/// What is wrong with a link, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkFault {
    /// Nothing gets through.
    Cut,
    /// Packets get lost, and come late.
    Lossy,
    /// Packets take another time than on the rest of the network.
    Slow,
}

/// A link between two machines with which something is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokenLink {
    /// The two ends, such as `broker 1` and `shop`.
    pub ends: (String, String),
    /// What is worst about it.
    pub fault: LinkFault,
    /// What is wrong, such as `cut` or `loses 20 %`.
    pub words: String,
    /// What is written on its line.
    pub text: String,
    /// Its course.
    pub route: Route,
    /// Where its words are.
    pub label: Rect,
}
