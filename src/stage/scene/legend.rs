//! Which marks the board explains: those that are always there, and those that
//! something on it is marked with.

use super::brokers::{BrokerBox, Cluster};
use super::{Fate, GroupBox, GroupKind, Lane, TopicCard};
use std::rc::Rc;

/// A mark that the legend explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The high watermark.
    Watermark,
    /// The last stable offset.
    Stable,
    /// The log end offset.
    LogEnd,
    /// A committed offset.
    Committed,
    /// A position.
    Position,
    /// A lag.
    Lag,
    /// A lane that nobody reads.
    NoReader,
    /// A record of an open transaction.
    Open,
    /// A record of an aborted one.
    Aborted,
    /// A record of a committed one.
    CommittedRecord,
    /// The end of a transaction.
    Control,
    /// What compaction took.
    Hole,
    /// The beginning of a segment.
    Segment,
    /// A record that a member of a share group has.
    Acquired,
    /// One that is done.
    Acknowledged,
    /// One that was given back.
    Released,
    /// One that is given up.
    Archived,
    /// What of a replica is committed.
    StoredByAll,
    /// What of it is stored, beyond that.
    Stored,
    /// What its leader has more.
    Lacking,
    /// A replica that leads.
    Leads,
    /// One that follows.
    Follows,
    /// Flying records.
    Records,
    /// A flying acknowledgement.
    Acknowledgement,
    /// A flying fetch.
    Fetch,
    /// A flying request of groups.
    Group,
    /// A flying request about the cluster.
    Cluster,
    /// A flying answer.
    Answer,
}

impl Sign {
    /// What it means.
    pub fn text(self) -> &'static str {
        match self {
            Sign::Watermark => "HW high watermark",
            Sign::Stable => "LSO last stable offset",
            Sign::LogEnd => "LEO log end",
            Sign::Committed => "committed",
            Sign::Position => "position (reads next)",
            Sign::Lag => "lag",
            Sign::NoReader => "nobody reads it",
            Sign::Open => "○ open transaction",
            Sign::Aborted => "✕ aborted",
            Sign::CommittedRecord => "✓ committed",
            Sign::Control => "marker that ends a transaction",
            Sign::Hole => "compacted away",
            Sign::Segment => "a segment begins",
            Sign::Acquired => "acquired (2×: second delivery)",
            Sign::Acknowledged => "done",
            Sign::Released => "given back",
            Sign::Archived => "archived",
            Sign::StoredByAll => "below HW (committed)",
            Sign::Stored => "stored, up to LEO",
            Sign::Lacking => "the leader has more (lag)",
            Sign::Leads => "leads",
            Sign::Follows => "follows",
            Sign::Records => "records",
            Sign::Acknowledgement => "ack",
            Sign::Fetch => "fetch",
            Sign::Group => "group",
            Sign::Cluster => "metadata, admin",
            Sign::Answer => "hollow: an answer",
        }
    }
}

/// What flies.
const FLYING: [Sign; 6] = [
    Sign::Records,
    Sign::Acknowledgement,
    Sign::Fetch,
    Sign::Group,
    Sign::Cluster,
    Sign::Answer,
];

/// The marks to explain on a board with these cards and boxes, in order.
pub(super) fn signs(topics: &[Rc<TopicCard>], groups: &[Rc<GroupBox>]) -> Vec<Sign> {
    let lanes = || topics.iter().flat_map(|card| &card.lanes);
    let any = |is: fn(&Lane) -> bool| lanes().any(|lane| is(lane));
    let has_fate = |fate: Fate| lanes().any(|it| it.cells.iter().any(|it| it.fate == Some(fate)));
    let shares = groups.iter().any(|group| group.kind == GroupKind::Share);
    let mut signs = vec![
        Sign::Watermark,
        Sign::LogEnd,
        Sign::Committed,
        Sign::Position,
    ];
    let mut add = |sign, is_there: bool| signs.extend(is_there.then_some(sign));
    add(
        Sign::Lag,
        any(|it| it.rows.iter().any(|row| row.lag_bar.is_some())),
    );
    add(
        Sign::NoReader,
        any(|it| it.rows.iter().any(|row| row.is_dark)),
    );
    add(Sign::Stable, any(|it| it.last_stable < it.high_watermark));
    add(Sign::Open, has_fate(Fate::Open));
    add(Sign::Aborted, has_fate(Fate::Aborted));
    add(Sign::CommittedRecord, has_fate(Fate::Committed));
    add(Sign::Control, any(|it| !it.controls.is_empty()));
    add(Sign::Hole, any(|it| !it.holes.is_empty()));
    add(Sign::Segment, any(|it| !it.segments.is_empty()));
    for sign in [
        Sign::Acquired,
        Sign::Acknowledged,
        Sign::Released,
        Sign::Archived,
    ] {
        add(sign, shares);
    }
    signs.extend(FLYING);
    signs
}

/// The marks to explain on a board by broker.
pub(super) fn signs_by_broker(cluster: &Cluster) -> Vec<Sign> {
    let mut signs = vec![Sign::StoredByAll, Sign::Stored, Sign::Lacking];
    let is_folded = |broker: &Rc<BrokerBox>| broker.is_folded;
    if cluster.brokers.iter().any(is_folded) {
        signs.extend([Sign::Leads, Sign::Follows]);
    }
    signs.extend(FLYING);
    signs
}
