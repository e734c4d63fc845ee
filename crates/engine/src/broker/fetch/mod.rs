//! Answering fetches, of consumers and of followers
//! (`kafka.server.ReplicaManager.fetchMessages`, `DelayedFetch`).

mod followers;
mod looking;
mod reading;
mod session;
mod session_cache;

use std::borrow::Cow;

pub(super) use self::reading::{check_leader_epoch, readable_end};
use self::reading::{failed, min_bytes};
use self::session::{NewSession, Told};
use self::session_cache::FetchContext;
pub(super) use self::session_cache::FetchSessionCache;
use super::Broker;
use crate::protocol::{
    ErrorCode, FetchPartition, FetchRequest, FetchResponse, Header, INVALID_SESSION_ID, Response,
    TopicPartition,
};
use crate::sim::{Fabric, NodeId, Time};

/// A fetch that waits for `min_bytes` (`kafka.server.DelayedFetch`).
#[derive(Clone, Debug, Hash)]
pub(super) struct DelayedFetch {
    pub deadline: Time,
    from: NodeId,
    header: Header,
    request: FetchRequest,
    context: FetchContext,
    /// A consumer reads from a partition that the broker follows, so that it
    /// must be looked at when the leader's records come.
    reads_as_follower: bool,
}

/// What is known of a fetch that waits, without looking at all it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readiness {
    /// It waits on.
    Waits,
    /// All of it must be looked at.
    Unknown,
    /// It can be answered.
    Ready,
}

impl Broker {
    /// Answers at once when there is enough to read or something is wrong,
    /// else when there is or `max_wait_ms` has passed. What a follower asks
    /// for says how far it has come.
    pub(super) fn fetch(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: FetchRequest,
    ) {
        self.note_before_session_changes(&request);
        let context = match self.fetch_sessions.new_context(now_ms(fabric), &request) {
            Ok(context) => context,
            Err(error) => {
                let response = Response::Fetch(session_error(error, INVALID_SESSION_ID));
                return self.answer(fabric, from, header, response);
            }
        };
        let wanted = self.look_at(&request, context);
        let (noted, is_ready) = match request.replica_state {
            Some(replica) => {
                self.note_fetch_in_session(fabric, context);
                self.note_follower(fabric, &request, &wanted, replica)
            }
            None => (Vec::new(), self.is_fetch_ready(&request, &wanted)),
        };
        let is_of_nothing = wanted.is_empty() && matches!(context, FetchContext::Full { .. });
        let is_refused = noted.iter().any(|(_, noted)| noted.is_err());
        let is_ready = request.max_wait_ms <= 0 || is_of_nothing || is_refused || is_ready;
        // The answer tells the high watermark as it was when it was read.
        let mut read = is_ready.then(|| self.read(&request, &wanted));
        for (of, noted) in noted {
            match (noted, &mut read) {
                (Ok(effects), _) => self.take_effect(fabric, &of, effects),
                (Err(error), Some(read)) => refuse(read, &of, error),
                (Err(_), None) => {}
            }
        }
        if request.replica_state.is_some() {
            self.complete_deletions(fabric);
        }
        match read {
            Some(read) => {
                let response = self.fetch_response(fabric, &request, context, read);
                self.answer(fabric, from, header, Response::Fetch(response));
            }
            None => self.delay_fetch(fabric, from, header, request, context),
        }
    }

    fn delay_fetch(
        &mut self,
        fabric: &Fabric,
        from: NodeId,
        header: Header,
        request: FetchRequest,
        context: FetchContext,
    ) {
        if let FetchContext::Incremental { session_id, .. } = context {
            self.fetch_sessions.begin_waiting(session_id);
        }
        self.delayed_fetches.push(DelayedFetch {
            deadline: fabric.now.plus_ms(i64::from(request.max_wait_ms)),
            from,
            header,
            reads_as_follower: self.reads_as_follower(&request, context),
            request,
            context,
        });
    }

    /// Answers the fetches that waited for what is there of a partition now.
    /// Only those that ask for it are looked at, as in Kafka's purgatory, where
    /// a fetch is watched by partition (`DelayedOperationPurgatory`): a follower
    /// may ask for thousands.
    pub(super) fn complete_fetches(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        self.answer_fetches(fabric, |broker, fetch| broker.is_made_ready(fetch, of));
        self.complete_share_fetches(fabric);
    }

    /// The same after records have come from a leader.
    pub(super) fn complete_fetches_as_follower(&mut self, fabric: &mut Fabric) {
        self.answer_fetches(fabric, |_, fetch| match fetch.reads_as_follower {
            true => Readiness::Unknown,
            false => Readiness::Waits,
        });
    }

    /// Answers the fetches that have waited long enough.
    pub(super) fn expire_fetches(&mut self, fabric: &mut Fabric) {
        let now = fabric.now;
        self.answer_fetches(fabric, |_, fetch| match fetch.deadline <= now {
            true => Readiness::Ready,
            false => Readiness::Waits,
        });
    }

    /// Nobody waits for answers at a node any more. The sessions stay.
    pub(super) fn forget_fetches_of(&mut self, node: NodeId) {
        let sessions = &mut self.fetch_sessions;
        self.delayed_fetches.retain(|fetch| {
            let stays = fetch.from != node;
            if let FetchContext::Incremental { session_id, .. } = fetch.context
                && !stays
            {
                sessions.end_waiting(session_id);
            }
            stays
        });
    }

    fn answer_fetches(
        &mut self,
        fabric: &mut Fabric,
        readiness: impl Fn(&Broker, &DelayedFetch) -> Readiness,
    ) {
        let mut index = 0;
        while index < self.delayed_fetches.len() {
            let readiness = readiness(self, &self.delayed_fetches[index]);
            if readiness == Readiness::Waits {
                index += 1;
                continue;
            }
            let fetch = self.delayed_fetches.remove(index);
            let wanted = self.look_at(&fetch.request, fetch.context);
            if readiness == Readiness::Unknown && !self.is_fetch_ready(&fetch.request, &wanted) {
                self.delayed_fetches.insert(index, fetch);
                index += 1;
                continue;
            }
            let read = self.read(&fetch.request, &wanted);
            let response = self.fetch_response(fabric, &fetch.request, fetch.context, read);
            if let FetchContext::Incremental { session_id, .. } = fetch.context {
                self.fetch_sessions.end_waiting(session_id);
            }
            self.answer(fabric, fetch.from, fetch.header, Response::Fetch(response));
        }
    }

    /// Whether a fetch that was not ready is, now that a partition has changed.
    fn is_made_ready(&self, fetch: &DelayedFetch, of: &TopicPartition) -> Readiness {
        let request = &fetch.request;
        let wanted = match fetch.context {
            FetchContext::Full { .. } => {
                let is_it = |wanted: &&FetchPartition| wanted.topic_partition == *of;
                request.partitions.iter().find(is_it)
            }
            FetchContext::Incremental { session_id, .. } => {
                let session = self.fetch_sessions.get(session_id);
                session.and_then(|session| session.wanted(of))
            }
        };
        let bytes = wanted.map(|wanted| self.readable_bytes(wanted, request));
        match bytes {
            None | Some(Some(0)) => Readiness::Waits,
            Some(None) => Readiness::Ready,
            Some(Some(bytes)) if bytes >= min_bytes(request) => Readiness::Ready,
            Some(Some(_)) => Readiness::Unknown,
        }
    }

    /// Makes an answer of what was read: opens the session that was asked for,
    /// or leaves out what a session has been told already
    /// (`FetchContext.updateAndGenerateResponseData`).
    fn fetch_response(
        &mut self,
        fabric: &Fabric,
        request: &FetchRequest,
        context: FetchContext,
        read: Told,
    ) -> FetchResponse {
        let (session_id, partitions) = match context {
            FetchContext::Full {
                opens_session: false,
            } => (INVALID_SESSION_ID, read),
            FetchContext::Full {
                opens_session: true,
            } => {
                if self.fetch_sessions.is_crowded() {
                    self.note_settled_followers();
                }
                let new = NewSession {
                    replica_id: request.replica_id(),
                    uses_topic_ids: request.partitions.iter().all(|it| it.topic_id.is_some()),
                    wanted: &request.partitions,
                    told: &read,
                    seen: self.partitions.take_a_look(),
                };
                let id = self.fetch_sessions.maybe_create(now_ms(fabric), &new);
                (id, read)
            }
            FetchContext::Incremental { session_id, epoch } => {
                let session = self.fetch_sessions.get_mut(session_id);
                let session = session.expect("a session stays while a fetch waits in it");
                if session.epoch != epoch {
                    return session_error(ErrorCode::InvalidFetchSessionEpoch, session_id);
                }
                let looked_at = read.iter().map(|(of, _)| of.clone()).collect();
                let told = session.tell(read);
                self.settle_quiet(request, session_id, looked_at, &told);
                (session_id, told)
            }
        };
        FetchResponse {
            error_code: ErrorCode::None,
            session_id,
            partitions,
        }
    }

    /// The partitions that a fetch is to look at: those that it names, or of a
    /// session those in which there may be something to read or to tell.
    fn look_at<'r>(
        &mut self,
        request: &'r FetchRequest,
        context: FetchContext,
    ) -> Cow<'r, [FetchPartition]> {
        match context {
            FetchContext::Full { .. } => Cow::Borrowed(&request.partitions),
            FetchContext::Incremental { session_id, .. } => {
                let wanted = self.unsettled(session_id);
                debug_assert!(self.settled_are_quiet(request, session_id));
                Cow::Owned(wanted)
            }
        }
    }

    fn reads_as_follower(&self, request: &FetchRequest, context: FetchContext) -> bool {
        let follows = |of: &TopicPartition| {
            let held = self.partitions.get(of);
            held.is_some_and(|partition| !partition.is_leader())
        };
        if request.replica_state.is_some() {
            return false;
        }
        match context {
            FetchContext::Full { .. } => {
                let mut named = request.partitions.iter();
                named.any(|wanted| follows(&wanted.topic_partition))
            }
            FetchContext::Incremental { session_id, .. } => {
                let session = self.fetch_sessions.get(session_id);
                session.is_some_and(|session| session.partitions().any(follows))
            }
        }
    }
}

/// Something is wrong with the session: nothing is read.
fn session_error(error_code: ErrorCode, session_id: i32) -> FetchResponse {
    FetchResponse {
        error_code,
        session_id,
        partitions: Vec::new(),
    }
}

fn now_ms(fabric: &Fabric) -> i64 {
    fabric.now.as_ms() as i64
}

/// Puts an error in the place of what was read of a partition.
fn refuse(read: &mut Told, of: &TopicPartition, error: ErrorCode) {
    let answers = read.iter_mut();
    for (_, answer) in answers.filter(|(answered, _)| answered == of) {
        *answer = failed(error);
    }
}
