//! A fetch session (`kafka.server.FetchSession`, KIP-227).

use crate::collections::{BTreeMap, BTreeSet};
use crate::protocol::{FetchPartition, FetchedPartition, ForgottenPartition, TopicPartition};
use crate::sorting::sort_by_key;

/// What was read, or is told, of partitions.
pub(super) type Told = Vec<(TopicPartition, FetchedPartition)>;

/// What one client or follower fetches from this broker, so that it need not
/// name it each time.
#[derive(Clone, Debug, Hash)]
pub(in crate::broker) struct FetchSession {
    /// A random positive number.
    pub id: i32,
    /// The follower whose it is; `None` is a consumer.
    pub replica_id: Option<i32>,
    /// Whether its partitions are told apart by topic ids.
    uses_topic_ids: bool,
    /// When it was opened, in milliseconds of virtual time.
    pub created_ms: i64,
    /// When it was asked in last, likewise.
    pub last_used_ms: i64,
    /// That of the next request.
    pub epoch: i32,
    partitions: BTreeMap<TopicPartition, CachedPartition>,
    next_turn: u64,
    /// How many fetches wait in it for something to read.
    pub waiting: u32,
    /// The partitions that each fetch looks at. The others have shown that there
    /// is nothing to read or to tell, and have not changed since.
    unsettled: BTreeSet<TopicPartition>,
    /// The look at the broker's replicas since which changes have not been taken
    /// in.
    pub seen: u64,
    /// When it was last noted how far the follower is, in milliseconds of
    /// virtual time.
    pub noted_ms: i64,
}

/// A partition of a session (`kafka.server.CachedPartition`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CachedPartition {
    /// Those read longest ago come first, so that none is left out for good.
    turn: u64,
    wanted: FetchPartition,
    /// The high watermark as it was told last; -1 before, and after an error.
    high_watermark: i64,
    /// Where the log starts here, as it was told last; -1 before.
    local_log_start_offset: i64,
}

impl CachedPartition {
    /// Whether an answer must tell of it, as it then was told
    /// (`maybeUpdateResponseData`).
    fn has_news(&mut self, fetched: &FetchedPartition) -> bool {
        let is_as_told = self.high_watermark == fetched.high_watermark
            && self.local_log_start_offset == fetched.log_start_offset;
        self.high_watermark = fetched.high_watermark;
        self.local_log_start_offset = fetched.log_start_offset;
        if !fetched.error_code.is_none() {
            // When the error is over that is to be told.
            self.high_watermark = -1;
        }
        !is_as_told
            || !fetched.records.is_empty()
            || !fetched.error_code.is_none()
            || fetched.preferred_read_replica.is_some()
            || fetched.diverging_epoch.is_some()
    }
}

/// What a session that is opened begins with.
pub(super) struct NewSession<'a> {
    pub replica_id: Option<i32>,
    pub uses_topic_ids: bool,
    pub wanted: &'a [FetchPartition],
    /// The answer that opens it, in the order of `wanted`.
    pub told: &'a [(TopicPartition, FetchedPartition)],
    /// The look at the broker's replicas before it was read.
    pub seen: u64,
}

impl FetchSession {
    pub(super) fn new(id: i32, now_ms: i64, new: &NewSession<'_>) -> FetchSession {
        let mut session = FetchSession {
            id,
            replica_id: new.replica_id,
            uses_topic_ids: new.uses_topic_ids,
            created_ms: now_ms,
            last_used_ms: now_ms,
            epoch: 1,
            partitions: BTreeMap::new(),
            next_turn: 0,
            waiting: 0,
            unsettled: BTreeSet::new(),
            seen: new.seen,
            noted_ms: now_ms,
        };
        session.update(new.wanted, &[]);
        for (of, told) in new.told {
            if let Some(cached) = session.partitions.get_mut(of) {
                cached.high_watermark = told.high_watermark;
                cached.local_log_start_offset = told.log_start_offset;
            }
        }
        session
    }

    /// Whether a follower asks in it: then it stays when a consumer wants its
    /// place.
    pub fn is_privileged(&self) -> bool {
        self.replica_id.is_some()
    }

    /// How many partitions it holds.
    pub fn len(&self) -> usize {
        self.partitions.len()
    }

    /// Whether a request names topics as the session does.
    pub fn agrees_on_topic_ids(
        &self,
        named: &[FetchPartition],
        forgotten: &[ForgottenPartition],
    ) -> bool {
        let named = named.iter().map(|it| it.topic_id);
        let mut ids = named.chain(forgotten.iter().map(|it| it.topic_id));
        ids.all(|id| id.is_some() == self.uses_topic_ids)
    }

    /// Takes in what a request changes.
    pub fn update(&mut self, named: &[FetchPartition], forgotten: &[ForgottenPartition]) {
        for wanted in named {
            let of = &wanted.topic_partition;
            let turn = self.next_turn;
            let fresh = CachedPartition {
                turn,
                wanted: wanted.clone(),
                high_watermark: -1,
                local_log_start_offset: -1,
            };
            match self.partitions.get_mut(of) {
                Some(cached) if cached.wanted.topic_id == wanted.topic_id => {
                    cached.wanted = wanted.clone();
                }
                _ => {
                    self.partitions.insert(of.clone(), fresh);
                    self.next_turn += 1;
                }
            }
            self.unsettled.insert(of.clone());
        }
        for gone in forgotten {
            let of = &gone.topic_partition;
            let cached = self.partitions.get(of);
            // Another topic may have come to have the name in the same request.
            if cached.is_some_and(|cached| cached.wanted.topic_id == gone.topic_id) {
                self.partitions.remove(of);
                self.unsettled.remove(of);
            }
        }
    }

    /// What it wants of a partition.
    pub fn wanted(&self, of: &TopicPartition) -> Option<&FetchPartition> {
        self.partitions.get(of).map(|cached| &cached.wanted)
    }

    /// Its partitions, in their order.
    pub fn partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        self.partitions.keys()
    }

    /// Its partitions that are to be looked at, those first that were read
    /// longest ago.
    pub fn to_look_at(&self) -> Vec<FetchPartition> {
        let cached = self.unsettled.iter().map(|of| &self.partitions[of]);
        let mut in_turn: Vec<&CachedPartition> = cached.collect();
        sort_by_key(&mut in_turn, |cached| cached.turn);
        in_turn.iter().map(|cached| cached.wanted.clone()).collect()
    }

    /// Whether nothing need be looked for in a partition of it as long as that
    /// does not change.
    pub fn is_settled(&self, of: &TopicPartition) -> bool {
        self.partitions.contains_key(of) && !self.unsettled.contains(of)
    }

    /// Whether what is read of a partition would be told.
    pub fn would_tell(&self, of: &TopicPartition, fetched: &FetchedPartition) -> bool {
        let cached = self.partitions.get(of).cloned();
        cached.is_some_and(|mut cached| cached.has_news(fetched))
    }

    /// A partition has shown that there is nothing to read or to tell.
    pub fn settle(&mut self, of: &TopicPartition) {
        self.unsettled.remove(of);
    }

    /// A partition is to be looked at again.
    pub fn unsettle(&mut self, of: TopicPartition) {
        self.unsettled.insert(of);
    }

    /// Of what was read, what there is to tell. Whoever has given records goes
    /// to the end (`IncrementalFetchContext.PartitionIterator`).
    pub(super) fn tell(&mut self, read: Told) -> Told {
        let mut told = Vec::new();
        for (of, fetched) in read {
            let Some(cached) = self.partitions.get_mut(&of) else {
                continue;
            };
            if !cached.has_news(&fetched) {
                continue;
            }
            if !fetched.records.is_empty() {
                cached.turn = self.next_turn;
                self.next_turn += 1;
            }
            told.push((of, fetched));
        }
        told
    }
}
