//! The things that stand on the board.

use std::rc::Rc;

use engine::TopicPartition;
use engine::command::ClientNumber;
use engine::protocol::TopicName;

use super::super::geometry::{Point, Rect, Route};
use super::super::ink::Ink;
use super::super::keys::Forecast;
use super::super::recent::Change;
use super::{
    Band, ControlMark, Deleted, Fate, Flow, GroupKind, Hole, LagBar, Notice, RebalanceBar, Role,
    Scrolling, SegmentMark, Shared, Step, Totals, Transaction,
};

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

/// Whether a producer makes up records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It never did: it sends by hand.
    ByHand,
    /// It does.
    Running,
    /// It did, and can go on.
    Paused,
}

/// A producer.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerBox {
    /// Its number.
    pub client: ClientNumber,
    /// Its `client.id`, with its number when another has the same.
    pub name: String,
    /// Whether it makes up records.
    pub pace: Pace,
    /// The topic of its workload.
    pub topic: Option<TopicName>,
    /// Its workload in words: how fast and where to; or who has it send.
    pub target: String,
    /// Its workload in words: the keys.
    pub keys: String,
    /// The same, shorter where there is little room.
    pub keys_line: String,
    /// Records that wait in `send()` for metadata.
    pub waiting: usize,
    /// Records that were sent and that it has not been told are stored.
    pub in_flight: u32,
    /// Its accumulator, by partition.
    pub slots: Vec<BatchSlot>,
    /// Partitions with batches for which there is no room.
    pub more_slots: usize,
    /// Its transactions; `None` without `transactional.id`.
    pub transaction: Option<Transaction>,
    /// What is told under the accumulator.
    pub flow: Flow,
    /// Whether `close()` was called.
    pub is_closing: bool,
    /// Whether its process stands still (SIGSTOP).
    pub is_frozen: bool,
    /// Where.
    pub rect: Rect,
    /// Where its accumulator's heading is.
    pub accumulator: Rect,
    /// Where its buttons are.
    pub controls: Rect,
}

/// What a producer's accumulator holds for one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchSlot {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// How many batches, the one being filled included.
    pub batches: usize,
    /// How many records in all.
    pub records: i32,
    /// The size of the newest batch, in bytes.
    pub bytes: usize,
    /// The size it may grow to, in bytes (`batch.size`).
    pub limit: usize,
    /// Whether records without a key stick to this partition.
    pub is_sticky: bool,
    /// How long the oldest batch still lingers (`linger.ms`), in microseconds,
    /// and how much of the whole time that is; `None` when it does not.
    pub linger: Option<(u64, f32)>,
    /// How often the oldest batch was sent in vain.
    pub attempts: u32,
    /// Records that were sent there and that it has not been told are stored.
    pub in_flight: i32,
    /// Where.
    pub rect: Rect,
}

/// A topic.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicCard {
    /// Its name.
    pub name: TopicName,
    /// How many partitions it has.
    pub partitions: usize,
    /// How many replicas each has.
    pub replication_factor: usize,
    /// Whether it is shown in one line.
    pub is_folded: bool,
    /// What that line says.
    pub totals: Totals,
    /// Its lanes, by number; the first of them when there are very many, none
    /// when it is folded.
    pub lanes: Vec<Rc<Lane>>,
    /// What one more partition would do to its keys, while somebody is about to
    /// ask for it.
    pub forecast: Option<Forecast>,
    /// Partitions without a lane of their own.
    pub more_lanes: usize,
    /// Groups that read it and for which its lanes have no row.
    pub more_groups: usize,
    /// Where.
    pub rect: Rect,
    /// Where its name is.
    pub header: Rect,
    /// Where the line of totals is, when it is folded.
    pub line: Rect,
    /// Where the button is that folds and unfolds it.
    pub fold: Rect,
    /// Where its buttons are.
    pub controls: Rect,
}

impl TopicCard {
    /// Where the row of a group leaves the card, or the lane when it has none.
    pub fn row_end(&self, lane: &Lane, group: &str) -> Point {
        let row = lane.rows.iter().find(|row| row.group == group);
        let rect = row.map_or(lane.rect, |row| row.rect);
        Point::new(self.rect.right(), rect.center().y)
    }
}

/// A partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The broker that leads it; `None` when none does.
    pub leader: Option<i32>,
    /// The first offset.
    pub log_start: i64,
    /// The offset below which no transaction is open.
    pub last_stable: i64,
    /// The offset below which every in-sync replica has every record.
    pub high_watermark: i64,
    /// The offset of the next record.
    pub log_end: i64,
    /// The records that are shown, oldest first: the newest ones, as long as
    /// nobody has moved the lane.
    pub cells: Vec<Cell>,
    /// The ends of transactions among them.
    pub controls: Vec<ControlMark>,
    /// What compaction has taken from among them.
    pub holes: Vec<Hole>,
    /// Where segments begin among them.
    pub segments: Vec<SegmentMark>,
    /// The records before them.
    pub earlier: Option<Earlier>,
    /// The records after them, when somebody has moved the lane.
    pub later: Option<Earlier>,
    /// Records that were deleted a moment ago.
    pub deleted: Option<Deleted>,
    /// How it can be moved; `None` when all fits.
    pub scrolling: Option<Scrolling>,
    /// Whether groups read the topic, and none of them this partition.
    pub is_dark: bool,
    /// Log start, last stable offset where it differs, high watermark, log end.
    pub markers: Vec<Marker>,
    /// What is told of it beside its cells.
    pub notice: Option<Notice>,
    /// Where something happened a moment ago.
    pub bands: Vec<Band>,
    /// What each group that reads the topic has done here.
    pub rows: Vec<GroupRow>,
    /// How offsets lie along it.
    pub scale: OffsetScale,
    /// Where its cells are, with the room for the next one.
    pub track: Rect,
    /// Where notices are, beside its cells and its rows; of no width when there
    /// is no room.
    pub side: Rect,
    /// Where.
    pub rect: Rect,
}

impl Lane {
    /// Where a record lands that gets the offset `after` records beyond the
    /// log end.
    pub fn landing(&self, after: i64) -> Point {
        let half = self.scale.cell / 2.0;
        let x = self.scale.at(self.log_end + after) + half;
        Point::new(x.min(self.track.right() - half), self.track.center().y)
    }
}

/// How offsets lie along a lane: each record, marker of a transaction and hole
/// that is shown has a place of `cell` rem, the first of them at `x`. What lies
/// before `first` has no place of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetScale {
    /// The log start offset.
    pub start: i64,
    /// Where the log start is marked, in rem.
    pub start_x: f32,
    /// The first offset that has a place of its own.
    pub first: i64,
    /// The offset after the last one that has.
    pub end: i64,
    /// Where the place of `first` begins, in rem.
    pub x: f32,
    /// Where offsets between are pinned, in rem.
    pub pin_x: f32,
    /// The width of a place, in rem.
    pub cell: f32,
    /// The first offset of each place, ascending.
    pub places: Rc<[i64]>,
}

/// Whether a marker's offset lies among the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// It does: the marker is where it belongs.
    None,
    /// It lies among the records without cells.
    Before,
    /// It lies after the last one.
    After,
}

impl OffsetScale {
    /// Where the place of an offset begins, in rem, and whether that is but the
    /// edge beyond which it lies.
    pub fn place(&self, offset: i64) -> (f32, Pin) {
        if offset <= self.start {
            (self.start_x, Pin::None)
        } else if offset < self.first {
            (self.pin_x, Pin::Before)
        } else if offset > self.end {
            (self.at(self.end), Pin::After)
        } else {
            (self.at(offset), Pin::None)
        }
    }

    /// Whether a place of its own begins with this offset.
    pub(super) fn is_shown(&self, offset: i64) -> bool {
        self.places.binary_search(&offset).is_ok()
    }

    /// Where the place of an offset begins, in rem.
    pub(super) fn at(&self, offset: i64) -> f32 {
        let place = if offset >= self.end {
            self.places.len() as i64 + (offset - self.end)
        } else {
            let upto = self.places.partition_point(|first| *first <= offset);
            upto as i64 - 1
        };
        self.x + place as f32 * self.cell
    }
}

/// A record.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its offset.
    pub offset: i64,
    /// Its key as text, cut when it is very long; `None` for null.
    pub key: Option<String>,
    /// Its value as text, cut when it is very long; `None` for null.
    pub value: Option<String>,
    /// Its timestamp, in epoch milliseconds.
    pub timestamp_ms: i64,
    /// What fits of the key on a cell; `–` for null.
    pub letters: String,
    /// The partition to which new records with this key would go with one more,
    /// where that is about to be asked for and would be another one.
    pub moves_to: Option<i32>,
    /// The colour of the key.
    pub ink: Ink,
    /// How its transaction stands; `None` when it is part of none.
    pub fate: Option<Fate>,
    /// Where.
    pub rect: Rect,
}

/// The records of a lane that have no cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// How many.
    pub records: i64,
    /// How many of them came in each stretch of the time from the first to the
    /// last, in hundredths of the busiest stretch; empty when they are few.
    pub density: Vec<u8>,
    /// Where.
    pub rect: Rect,
}

/// What a [`Marker`] marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkerKind {
    /// The first offset.
    LogStart,
    /// The last stable offset.
    LastStable,
    /// The high watermark.
    HighWatermark,
    /// The log end offset.
    LogEnd,
    /// Up to where a group has committed.
    Committed,
    /// The record that a group's member reads next.
    Position,
}

/// A mark under a lane, at the place of an offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// What it marks.
    pub kind: MarkerKind,
    /// The offset.
    pub offset: i64,
    /// Whether the offset lies among the cells.
    pub pin: Pin,
    /// What is written beside it; empty when another says it.
    pub label: String,
    /// Whether that stands to its left.
    pub label_left: bool,
    /// Where, in rem.
    pub x: f32,
}

/// Who reads a partition for a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// The member's name.
    pub name: String,
    /// The member's badge.
    pub badge: String,
    /// Whether its client runs.
    pub is_running: bool,
}

/// What a group has done in one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRow {
    /// The group (`group.id`).
    pub group: String,
    /// The letter the group goes by on the board.
    pub letter: String,
    /// The group's colour.
    pub ink: Ink,
    /// The offset it has committed.
    pub committed: Option<i64>,
    /// The offset of the record its member reads next.
    pub position: Option<i64>,
    /// Records after the committed offset: the LAG of Kafka's tools.
    pub lag: Option<i64>,
    /// Who reads it.
    pub owner: Option<Owner>,
    /// What a share group has done here; `None` for other groups.
    pub shared: Option<Shared>,
    /// How many members of a share group may read it.
    pub readers: usize,
    /// Whether nobody reads it for the group.
    pub is_dark: bool,
    /// What the last rebalance has made of it, for a moment.
    pub change: Option<Change>,
    /// What is told beside it.
    pub notice: Option<Notice>,
    /// Where something happened a moment ago.
    pub bands: Vec<Band>,
    /// The lag as a length.
    pub lag_bar: Option<LagBar>,
    /// The committed flag and the position arrow.
    pub markers: Vec<Marker>,
    /// Where.
    pub rect: Rect,
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

/// How a consumer stands to its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is no member and has not asked to be one.
    NotYet,
    /// It asked to be one, and waits for the others.
    Joining,
    /// It sent SyncGroup and waits for its part of the assignment.
    Syncing,
    /// It was told to rejoin and commits first.
    ToldToRejoin,
    /// With KIP-848: it is on its way to its part.
    Reconciling,
    /// With KIP-848: it has its part and is about to say so.
    Acknowledging,
    /// It has its part.
    Stable,
    /// It leaves.
    Leaving,
    /// Its process stands still (SIGSTOP).
    Frozen,
    /// Its client is gone and its coordinator does not know it yet.
    Crashed {
        /// Whole seconds until its session times out, rounded up.
        seconds_left: Option<u64>,
    },
}

/// A consumer.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberBox {
    /// Its number; `None` when its client is gone.
    pub client: Option<ClientNumber>,
    /// Tells it from all others for as long as it stands there.
    pub key: String,
    /// Its `client.id`, with its number when another has the same.
    pub name: String,
    /// What it goes by at the lanes that it reads: the group's letter and its
    /// number among all who ever were of the group, such as `A2`.
    pub badge: String,
    /// The id its coordinator gave it; empty before.
    pub member_id: String,
    /// Whether it computes the group's assignment.
    pub is_leader: bool,
    /// How it stands to its group.
    pub phase: Phase,
    /// What it is besides a consumer.
    pub role: Role,
    /// Its epoch; `None` in a classic group, and while it is no member.
    pub epoch: Option<i32>,
    /// How far it has come in the rebalance that is under way.
    pub step: Option<Step>,
    /// What the last rebalance has made of it, for a moment, such as `1 kept, 1
    /// moved here`.
    pub change: Option<String>,
    /// What is told in a line of its own; empty for a consumer.
    pub extra: String,
    /// The partitions it owns, with the offset of the record it reads next in
    /// each where that is known.
    pub partitions: Vec<(TopicPartition, Option<i64>)>,
    /// The partitions it owns, by topic, as far as there is room.
    pub chips: Vec<Chip>,
    /// Partitions of topics for which there is no room.
    pub more_chips: usize,
    /// The lag of its partitions, as far as offsets are committed.
    pub lag: Option<i64>,
    /// Whether records wait that it has not read yet. It may have a lag without:
    /// what it has read and not committed.
    pub is_behind: bool,
    /// Where.
    pub rect: Rect,
    /// Where `extra` is; of no height when it is empty.
    pub extra_rect: Rect,
    /// Where its buttons are.
    pub controls: Rect,
}

impl MemberBox {
    /// Whether it takes part and has nothing to do.
    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Stable && self.partitions.is_empty()
    }
}

/// The partitions of one topic on a member.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// The topic.
    pub topic: TopicName,
    /// The topic and the numbers, such as `orders-0, 1`, cut when it is long.
    pub text: String,
    /// All of them by their full names.
    pub title: String,
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
