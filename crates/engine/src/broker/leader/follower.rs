//! What a leader knows of one follower: only what its fetches say
//! (`kafka.cluster.Replica`, `kafka.cluster.ReplicaState`).

use crate::protocol::UNKNOWN_BROKER_EPOCH;

/// Stands for an offset that the follower has not told yet
/// (`UnifiedLog.UnknownOffset`). It is below every offset.
pub const UNKNOWN_OFFSET: i64 = -1;

/// A follower, as its leader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Follower {
    /// Where its log starts, as of its last fetch; [`UNKNOWN_OFFSET`] before.
    pub log_start_offset: i64,
    /// Where its log ends: the offset it fetched from last, since it asks for
    /// what it lacks; [`UNKNOWN_OFFSET`] before.
    pub log_end_offset: i64,
    /// Where the leader's log ended at its last fetch.
    pub last_fetch_leader_log_end_offset: i64,
    /// The epoch of its broker, as of its last fetch; `None` before.
    pub broker_epoch: Option<i64>,
    /// When it fetched last, in milliseconds; `None` before.
    pub last_fetch_ms: Option<i64>,
    /// The last time, in milliseconds, of which is known that it had all that
    /// the leader had then; `None` while there is none.
    pub last_caught_up_ms: Option<i64>,
}

impl Follower {
    /// One that has not fetched since the leader leads. Who was in sync under
    /// the leader before is given time to show it is: it counts as caught up
    /// at that moment.
    pub(super) fn unknown(caught_up_ms: Option<i64>) -> Follower {
        Follower {
            log_start_offset: UNKNOWN_OFFSET,
            log_end_offset: UNKNOWN_OFFSET,
            last_fetch_leader_log_end_offset: UNKNOWN_OFFSET,
            broker_epoch: None,
            last_fetch_ms: None,
            last_caught_up_ms: caught_up_ms,
        }
    }

    /// The same leader begins another epoch. What the follower has is known
    /// from the epoch before; whether it keeps up must show anew.
    pub(super) fn reelected(&mut self, caught_up_ms: Option<i64>, leader_log_end_offset: i64) {
        self.last_fetch_leader_log_end_offset = leader_log_end_offset;
        self.last_fetch_ms = caught_up_ms;
        self.last_caught_up_ms = caught_up_ms;
    }

    /// It has fetched. It was caught up now if it asks for what the leader
    /// does not have yet, and at its last fetch if it has by now all that the
    /// leader had then: so a follower that is always a little behind a busy
    /// leader still keeps up.
    pub(super) fn fetched(&mut self, fetch: &FollowerFetch, leader_log_end_offset: i64, now: i64) {
        let caught_up_ms = if fetch.fetch_offset >= leader_log_end_offset {
            Some(now)
        } else if fetch.fetch_offset >= self.last_fetch_leader_log_end_offset {
            self.last_fetch_ms
        } else {
            None
        };
        self.last_caught_up_ms = self.last_caught_up_ms.max(caught_up_ms);
        self.log_start_offset = fetch.log_start_offset;
        self.log_end_offset = fetch.fetch_offset;
        self.last_fetch_leader_log_end_offset = self
            .last_fetch_leader_log_end_offset
            .max(leader_log_end_offset);
        self.broker_epoch = Some(fetch.broker_epoch);
        self.last_fetch_ms = Some(now);
    }

    /// It has fetched again, in a session (KIP-227), and had all there was, as
    /// the last time.
    pub(in crate::broker) fn fetched_again(&mut self, now: i64) {
        self.last_fetch_ms = self.last_fetch_ms.max(Some(now));
        self.last_caught_up_ms = self.last_caught_up_ms.max(Some(now));
    }

    /// Whether it has all that the leader has, or had all not longer ago than
    /// `replica.lag.time.max.ms`.
    pub fn is_caught_up(&self, leader_log_end_offset: i64, now_ms: i64, max_lag_ms: i64) -> bool {
        let was_lately = |then| now_ms - then <= max_lag_ms;
        self.log_end_offset == leader_log_end_offset
            || self.last_caught_up_ms.is_some_and(was_lately)
    }

    /// Whether what is known of it comes from the run of its broker that the
    /// controller has registered, and not from one before, since when its disk
    /// may have been lost (`Partition.isBrokerEpochIsrEligible`, KIP-903).
    pub(super) fn is_of_run(&self, alive_epoch: Option<i64>) -> bool {
        let fetched = self.broker_epoch;
        alive_epoch.is_some() && (fetched == alive_epoch || fetched == Some(UNKNOWN_BROKER_EPOCH))
    }
}

/// What a follower's fetch says of it (`FetchRequest`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FollowerFetch {
    /// The broker that fetches.
    pub follower: i32,
    /// The epoch it is registered with, or [`UNKNOWN_BROKER_EPOCH`].
    pub broker_epoch: i64,
    /// The offset it asks for, which is where its log ends.
    pub fetch_offset: i64,
    /// Where its log starts.
    pub log_start_offset: i64,
}

impl FollowerFetch {
    /// Whether a former run of the broker sent it, for all that is known
    /// (`Replica.updateFetchStateOrThrow`).
    pub(super) fn is_stale(&self, alive_epoch: Option<i64>) -> bool {
        let is_newer = |alive| alive > self.broker_epoch;
        self.broker_epoch != UNKNOWN_BROKER_EPOCH && alive_epoch.is_some_and(is_newer)
    }
}
