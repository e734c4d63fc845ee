//! The fetch sessions of a broker, of which there is room for some
//! (`kafka.server.FetchSessionCache`, `FetchManager`, KIP-227).

use super::session::{FetchSession, NewSession};
use crate::collections::{BTreeMap, BTreeSet};
use crate::protocol::{ErrorCode, FINAL_EPOCH, FetchRequest, INVALID_SESSION_ID};
use crate::sim::Random;

/// Among how many parts of a cache its room is divided
/// (`BrokerServer.NumFetchSessionCacheShards`).
const SHARDS: usize = 8;

/// How many ids each part gives out.
const IDS_PER_SHARD: i32 = i32::MAX / SHARDS as i32;

/// How long nobody must have asked in a session before any other may have its
/// place, and how old it must be before a larger one may, in milliseconds
/// (`MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`).
const MIN_EVICTION_MS: i64 = 120_000;

/// What a fetch is about (`kafka.server.FetchContext`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FetchContext {
    /// The partitions that it names (`FullFetchContext`,
    /// `SessionlessFetchContext`).
    Full {
        /// Whether its answer is to open a session.
        opens_session: bool,
    },
    /// Those of a session (`IncrementalFetchContext`).
    Incremental {
        /// The session.
        session_id: i32,
        /// That of the session's next request.
        epoch: i32,
    },
}

/// The sessions of a broker.
#[derive(Clone, Debug, Hash)]
pub(in crate::broker) struct FetchSessionCache {
    shards: Vec<Shard>,
    /// The shard that gets the next session.
    next_shard: usize,
    /// Sessions that are closed, in which fetches still wait.
    closed: BTreeMap<i32, FetchSession>,
    /// The sessions of followers, the closed ones too.
    privileged: BTreeSet<i32>,
    random: Random,
}

impl FetchSessionCache {
    /// An empty cache for so many sessions
    /// (`max.incremental.fetch.session.cache.slots`).
    pub fn new(random: Random, slots: usize) -> FetchSessionCache {
        FetchSessionCache {
            shards: vec![Shard::new(slots / SHARDS); SHARDS],
            next_shard: 0,
            closed: BTreeMap::new(),
            privileged: BTreeSet::new(),
            random,
        }
    }

    /// The process ends, and with it its sessions; the next has room for so
    /// many.
    pub fn clear(&mut self, slots: usize) {
        *self = FetchSessionCache::new(self.random.clone(), slots);
    }

    /// All sessions that can be asked in.
    pub fn sessions(&self) -> impl Iterator<Item = &FetchSession> {
        let shards = self.shards.iter();
        shards.flat_map(|shard| shard.sessions.values())
    }

    /// Those of followers, with those that are closed while a fetch waits in
    /// them.
    pub fn of_followers(&self) -> impl Iterator<Item = &FetchSession> {
        self.privileged.iter().filter_map(|id| self.get(*id))
    }

    /// A session, though it may be closed.
    pub fn get(&self, id: i32) -> Option<&FetchSession> {
        let held = self.shards[shard_of(id)].sessions.get(&id);
        held.or_else(|| self.closed.get(&id))
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: i32) -> Option<&mut FetchSession> {
        let held = self.shards[shard_of(id)].sessions.get_mut(&id);
        held.or_else(|| self.closed.get_mut(&id))
    }

    /// Goes on with a session, or closes one, as a request says, and tells what
    /// the request is about (`FetchManager.newContext`).
    ///
    /// # Errors
    ///
    /// `FETCH_SESSION_ID_NOT_FOUND`, `INVALID_FETCH_SESSION_EPOCH`, or
    /// `FETCH_SESSION_TOPIC_ID_ERROR` when topics are named otherwise than when
    /// the session was opened.
    pub(super) fn new_context(
        &mut self,
        now_ms: i64,
        request: &FetchRequest,
    ) -> Result<FetchContext, ErrorCode> {
        let metadata = request.metadata();
        let id = metadata.session_id;
        if metadata.is_full() {
            self.close(id);
            return Ok(FetchContext::Full {
                opens_session: metadata.epoch != FINAL_EPOCH,
            });
        }
        let shard = &mut self.shards[shard_of(id)];
        shard.check(request)?;
        let (partitions, epoch) = shard.go_on(now_ms, request);
        if partitions == 0 {
            self.close(id);
            return Ok(FetchContext::Full {
                opens_session: false,
            });
        }
        Ok(FetchContext::Incremental {
            session_id: id,
            epoch,
        })
    }

    /// Whether another must give way to the next session that is opened.
    pub(super) fn is_crowded(&self) -> bool {
        let shard = &self.shards[self.next_shard];
        shard.sessions.len() >= shard.max_entries
    }

    /// Opens a session, if there is room or can be made; returns its id, or
    /// [`INVALID_SESSION_ID`] (`FetchSessionCacheShard.maybeCreateSession`).
    pub(super) fn maybe_create(&mut self, now_ms: i64, new: &NewSession<'_>) -> i32 {
        let (is_crowded, place) = (self.is_crowded(), self.next_shard);
        self.next_shard = (place + 1) % SHARDS;
        if is_crowded {
            match self.shards[place].to_evict(now_ms, new.replica_id.is_some(), new.told.len()) {
                Some(id) => self.close(id),
                None => return INVALID_SESSION_ID,
            }
        }
        let id = self.new_session_id(place);
        if new.replica_id.is_some() {
            self.privileged.insert(id);
        }
        let shard = &mut self.shards[place];
        shard
            .sessions
            .insert(id, FetchSession::new(id, now_ms, new));
        shard.put_in(id, now_ms);
        id
    }

    fn new_session_id(&mut self, shard: usize) -> i32 {
        let first = (shard as i32 * IDS_PER_SHARD).max(1);
        let end = (shard as i32 + 1) * IDS_PER_SHARD;
        loop {
            let random = self.random.below((end - first).cast_unsigned());
            let id = first + random.cast_signed();
            if self.get(id).is_none() {
                return id;
            }
        }
    }

    fn close(&mut self, id: i32) {
        let shard = &mut self.shards[shard_of(id)];
        if !shard.take_out(id) {
            return;
        }
        match shard.sessions.remove(&id) {
            Some(session) if session.waiting > 0 => {
                self.closed.insert(id, session);
            }
            _ => {
                self.privileged.remove(&id);
            }
        }
    }

    /// A fetch waits in a session.
    pub(super) fn begin_waiting(&mut self, id: i32) {
        if let Some(session) = self.get_mut(id) {
            session.waiting += 1;
        }
    }

    /// A fetch no longer waits in a session; says so after its answer.
    pub(super) fn end_waiting(&mut self, id: i32) {
        if let Some(session) = self.get_mut(id) {
            session.waiting -= 1;
            if session.waiting == 0 && self.closed.remove(&id).is_some() {
                self.privileged.remove(&id);
            }
        }
    }
}

/// The part in which a session lies, by its id.
fn shard_of(id: i32) -> usize {
    let shard = usize::try_from(id / IDS_PER_SHARD).unwrap_or_default();
    shard.min(SHARDS - 1)
}

/// How much a session is worth (`kafka.server.EvictableKey`): whether it is a
/// follower's, how many partitions it has, and its id.
type EvictableKey = (bool, usize, i32);

/// A part of a cache (`kafka.server.FetchSessionCacheShard`).
#[derive(Clone, Debug, Hash)]
struct Shard {
    max_entries: usize,
    sessions: BTreeMap<i32, FetchSession>,
    /// When each was asked in last, in milliseconds of virtual time.
    last_used: BTreeSet<(i64, i32)>,
    /// Those that may give way to any other.
    evictable_by_all: BTreeSet<EvictableKey>,
    /// Those that may give way to a follower's.
    evictable_by_privileged: BTreeSet<EvictableKey>,
}

impl Shard {
    fn new(max_entries: usize) -> Shard {
        Shard {
            max_entries,
            sessions: BTreeMap::new(),
            last_used: BTreeSet::new(),
            evictable_by_all: BTreeSet::new(),
            evictable_by_privileged: BTreeSet::new(),
        }
    }

    /// Which session gives way to a new one: one in which nobody has asked for
    /// long, else the least worth of those that may, unless the new one is worth
    /// less (`tryEvict`).
    fn to_evict(&self, now_ms: i64, is_privileged: bool, size: usize) -> Option<i32> {
        let (last_used_ms, oldest) = *self.last_used.first()?;
        if now_ms - last_used_ms > MIN_EVICTION_MS {
            return Some(oldest);
        }
        let evictable = match is_privileged {
            true => &self.evictable_by_privileged,
            false => &self.evictable_by_all,
        };
        let least = evictable.first()?;
        ((is_privileged, size, 0) >= *least).then_some(least.2)
    }

    /// Whether the session is there that a request goes on with, and it is the
    /// session's next request; the errors are those of
    /// [`FetchSessionCache::new_context`].
    fn check(&self, request: &FetchRequest) -> Result<(), ErrorCode> {
        let session = self.sessions.get(&request.session_id);
        let session = session.ok_or(ErrorCode::FetchSessionIdNotFound)?;
        if session.epoch != request.session_epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        match session.agrees_on_topic_ids(&request.partitions, &request.forgotten_topics_data) {
            true => Ok(()),
            false => Err(ErrorCode::FetchSessionTopicIdError),
        }
    }

    /// Takes in what a request changes in its session, which is there; returns how
    /// many partitions that has now, and the epoch of its next request.
    fn go_on(&mut self, now_ms: i64, request: &FetchRequest) -> (usize, i32) {
        let id = request.session_id;
        self.take_out(id);
        let session = self.sessions.get_mut(&id);
        let session = session.expect("the request was checked");
        session.update(&request.partitions, &request.forgotten_topics_data);
        session.last_used_ms = now_ms;
        session.epoch = request.metadata().next_incremental().epoch;
        let now = (session.len(), session.epoch);
        self.put_in(id, now_ms);
        now
    }

    /// Takes a session out of the indexes, before it is changed or goes; says
    /// whether there is one.
    fn take_out(&mut self, id: i32) -> bool {
        let Some(session) = self.sessions.get(&id) else {
            return false;
        };
        let key = (session.is_privileged(), session.len(), id);
        self.last_used.remove(&(session.last_used_ms, id));
        self.evictable_by_all.remove(&key);
        self.evictable_by_privileged.remove(&key);
        true
    }

    /// Puts it into the indexes, as it is now (`touch`).
    fn put_in(&mut self, id: i32, now_ms: i64) {
        let session = &self.sessions[&id];
        let key = (session.is_privileged(), session.len(), id);
        let is_old = now_ms - session.created_ms > MIN_EVICTION_MS;
        self.last_used.insert((session.last_used_ms, id));
        if !session.is_privileged() || is_old {
            self.evictable_by_privileged.insert(key);
        }
        if is_old {
            self.evictable_by_all.insert(key);
        }
    }
}

#[cfg(test)]
mod tests;
