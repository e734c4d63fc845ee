//! What stands in a lane besides cells and markers.

use engine::log::DeletionReason;

use crate::stage::geometry::Rect;

/// How the transaction of a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is open: `read_committed` consumers wait.
    Open,
    /// It was aborted: `read_committed` consumers pass the record over.
    Aborted,
    /// It was committed.
    Committed,
}

impl Fate {
    /// The sign on a cell: no letter, since groups have those.
    pub fn sign(self) -> &'static str {
        match self {
            Fate::Open => "○",
            Fate::Aborted => "✕",
            Fate::Committed => "✓",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Fate::Open => "in an open transaction",
            Fate::Aborted => "aborted",
            Fate::Committed => "committed",
        }
    }
}

/// A control record: the marker that ends a transaction. It takes an offset.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlMark {
    /// Its offset.
    pub offset: i64,
    /// Whether it commits; else it aborts.
    pub commits: bool,
    /// The place of its offset.
    pub rect: Rect,
}

/// Offsets at which there is no record any more: compaction took them.
#[derive(Clone, Debug, PartialEq)]
pub struct Hole {
    /// The first offset.
    pub from: i64,
    /// The offset after the last one.
    pub to: i64,
    /// The place that stands for all of them.
    pub rect: Rect,
}

/// Where a segment begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SegmentMark {
    /// Its base offset, after which its file is named.
    pub base_offset: i64,
    /// Where, in rem.
    pub x: f32,
}

/// Records that were deleted a moment ago.
#[derive(Clone, Debug, PartialEq)]
pub struct Deleted {
    /// The first offset.
    pub from: i64,
    /// The offset after the last one.
    pub to: i64,
    /// Why.
    pub reason: DeletionReason,
    /// How fresh that is, in hundredths.
    pub fresh: u8,
    /// Where.
    pub rect: Rect,
}

impl Deleted {
    /// Why, in words.
    pub fn words(&self) -> &'static str {
        match self.reason {
            DeletionReason::LogStartOffset => "before the log start",
            DeletionReason::RetentionSize => "by retention.bytes",
            DeletionReason::RetentionTime => "by retention.ms",
            DeletionReason::ClientRequest => "by DeleteRecords",
            DeletionReason::LeaderLogStart => "as the leader's log begins there",
        }
    }
}

/// What is told of a lane or of a group's row, beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What it is.
    pub kind: NoticeKind,
    /// In so few words that it fits.
    pub text: String,
    /// In a sentence.
    pub sentence: String,
    /// How fresh it is, in hundredths; 100 for what lasts.
    pub fresh: u8,
}

/// What a [`Notice`] tells of, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// How the lane or the group stands at all times.
    Plain,
    /// What a rebalance has made of the partition.
    Rebalance,
    /// Nobody reads for the group.
    Unread,
    /// A log was compacted.
    Compacted,
    /// A batch came twice and was stored once.
    Duplicate,
    /// Records were left out.
    Skipped,
    /// Records were processed again.
    Again,
    /// Records of one key were processed in another order than they were sent.
    OutOfOrder,
    /// Records were never sent.
    NeverSent,
    /// Committed records are gone.
    Lost,
}

/// A stretch of a lane to which a [`Notice`] belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// What happened there.
    pub kind: NoticeKind,
    /// The first offset.
    pub from: i64,
    /// The offset after the last one.
    pub to: i64,
    /// How fresh that is, in hundredths.
    pub fresh: u8,
    /// Where.
    pub rect: Rect,
}

/// How a record of a share-partition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandedState {
    /// Given back: whoever fetches next may have it.
    Available,
    /// A member has it.
    Acquired,
    /// It is done.
    Acknowledged,
    /// It will not be delivered again, though nobody has said that it is done.
    Archived,
}

impl HandedState {
    /// Kafka's name of the state, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            HandedState::Available => "available",
            HandedState::Acquired => "acquired",
            HandedState::Acknowledged => "acknowledged",
            HandedState::Archived => "archived",
        }
    }

    /// The sign of it.
    pub fn sign(self) -> &'static str {
        match self {
            HandedState::Available => "↺",
            HandedState::Acquired => "●",
            HandedState::Acknowledged => "✓",
            HandedState::Archived => "✗",
        }
    }
}

/// A record of a lane that a share group has handed out.
#[derive(Clone, Debug, PartialEq)]
pub struct Handed {
    /// Its offset.
    pub offset: i64,
    /// How it stands.
    pub state: HandedState,
    /// How often it was delivered.
    pub delivery_count: i16,
    /// Whether it will not be delivered again if this fails
    /// (`group.share.delivery.count.limit`).
    pub is_last_delivery: bool,
    /// Who has it, by name; `None` when nobody does.
    pub member: Option<String>,
    /// What that member goes by; empty when nobody has it.
    pub badge: String,
    /// Where.
    pub rect: Rect,
}

/// What a share group has done in one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The first offset that is not done with (SPSO).
    pub start_offset: i64,
    /// How many records members have.
    pub acquired: usize,
    /// How many were given back and wait for another try.
    pub released: usize,
    /// How many are done, after the start offset.
    pub acknowledged: usize,
    /// How many are given up, after the start offset.
    pub archived: usize,
    /// Those that have a cell.
    pub handed: Vec<Handed>,
}
