use crate::sim::Time;

/// A partition that is assigned to a consumer
/// (`SubscriptionState.TopicPartitionState`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AssignedPartition {
    /// The offset of the next record that `poll()` returns; `None` until it is
    /// known where to begin.
    pub position: Option<i64>,
    /// What its group has committed, as far as it knows.
    pub committed: Option<i64>,
    /// The position it had, when that turned out to lie outside the log.
    pub out_of_range: Option<i64>,
    /// Whether `pause()` was called for it.
    pub paused: bool,
    /// The high watermark of the last answer with records or none.
    pub high_watermark: Option<i64>,
    /// The replica from which it is read instead of from the leader (KIP-392).
    pub read_replica: Option<i32>,
    /// Until when, before the leader is asked again (`metadata.max.age.ms`).
    pub(super) read_replica_until: Time,
    /// The epoch of the leader that wrote the record before the position, -1
    /// when that is not known.
    pub(super) offset_epoch: i32,
    /// The leader for which the position holds, and its epoch.
    pub(super) leader: Option<(i32, i32)>,
    /// Another leader may not have what was read: it is not fetched from until
    /// that is known (KIP-320).
    pub(super) awaits_validation: bool,
    /// The timestamp by which the next position is to be found; `None` while
    /// there is one, or nothing is known to be missing.
    pub(super) reset: Option<Reset>,
    /// The eager member is about to give it up: nothing more is read.
    pub(super) pending_revocation: bool,
    /// Whether the coordinator has told what is committed, if anything is.
    pub(super) knows_committed: bool,
    /// No broker is asked about it before this instant (`retry.backoff.ms`).
    pub(super) not_before: Time,
    /// Who was read longest ago is asked for first.
    pub(super) turn: u64,
}

/// A position that is to be found by ListOffsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reset {
    /// The timestamp to ask for: that of the first or the last offset.
    pub timestamp: i64,
    /// The application asked for it.
    pub is_sought: bool,
}

impl Default for AssignedPartition {
    fn default() -> Self {
        AssignedPartition {
            position: None,
            committed: None,
            out_of_range: None,
            paused: false,
            high_watermark: None,
            read_replica: None,
            read_replica_until: Time::ZERO,
            offset_epoch: -1,
            leader: None,
            awaits_validation: false,
            reset: None,
            pending_revocation: false,
            knows_committed: false,
            not_before: Time::ZERO,
            turn: 0,
        }
    }
}

impl AssignedPartition {
    /// Goes to an offset; `epoch` is that of the leader that wrote the record
    /// before, -1 when it is not known.
    pub(super) fn seek(&mut self, offset: i64, epoch: i32) {
        self.position = Some(offset);
        self.offset_epoch = epoch;
        self.reset = None;
        self.awaits_validation = epoch >= 0;
        self.knows_committed = true;
    }

    /// Its position is to be found anew.
    pub(super) fn request_reset(&mut self, timestamp: i64, is_sought: bool) {
        self.position = None;
        self.offset_epoch = -1;
        self.awaits_validation = false;
        self.knows_committed = true;
        self.reset = Some(Reset {
            timestamp,
            is_sought,
        });
    }

    /// Whether records may be asked for and returned.
    pub(super) fn is_fetchable(&self) -> bool {
        !self.paused && !self.pending_revocation && !self.awaits_validation
    }
}
