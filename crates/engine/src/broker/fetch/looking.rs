//! What of a session's partitions a fetch looks at. Kafka's broker looks at all
//! of them each time. Here those are passed over that had nothing to read or to
//! tell when they were looked at last, and have not changed since: what comes of
//! it is the same, and costs what has changed instead of what there is.

use super::super::held::HeldPartitions;
use super::super::{Broker, Partition};
use super::followers::note_again;
use super::session::{FetchSession, Told};
use crate::protocol::{FetchPartition, FetchRequest, ReplicaState, TopicPartition};

impl Broker {
    /// The partitions of a session that are to be looked at, with those that have
    /// changed since the last time.
    pub(super) fn unsettled(&mut self, session_id: i32) -> Vec<FetchPartition> {
        let Some(session) = self.fetch_sessions.get_mut(session_id) else {
            return Vec::new();
        };
        let is_settled = |of: &&TopicPartition| session.is_settled(of);
        let changed: Vec<TopicPartition> = match self.partitions.changed_since(session.seen) {
            Some(changes) if changes.len() < session.len() => {
                changes.filter(is_settled).cloned().collect()
            }
            _ => session.partitions().filter(is_settled).cloned().collect(),
        };
        session.seen = self.partitions.take_a_look();
        for of in changed {
            note_settled(session, &mut self.partitions, &of);
        }
        session.to_look_at()
    }

    /// Whoever had nothing to tell, and will have nothing as long as it does not
    /// change, is not looked at next time.
    pub(super) fn settle_quiet(
        &mut self,
        request: &FetchRequest,
        session_id: i32,
        looked_at: Vec<TopicPartition>,
        told: &Told,
    ) {
        // Which replica a consumer should read from depends on other things too.
        if request
            .rack_id
            .as_ref()
            .is_some_and(|rack| !rack.is_empty())
        {
            return;
        }
        // What was told is in the order of what was looked at.
        let mut told = told.iter().map(|(of, _)| of).peekable();
        for of in looked_at {
            if told.next_if_eq(&&of).is_none() && self.is_at_rest(request, session_id, &of) {
                let session = self.fetch_sessions.get_mut(session_id);
                session.expect("it was just there").settle(&of);
            }
        }
    }

    /// Whether it makes no difference that the other partitions of a session are
    /// not looked at: for tests.
    pub(super) fn settled_are_quiet(&self, request: &FetchRequest, session_id: i32) -> bool {
        let Some(session) = self.fetch_sessions.get(session_id) else {
            return true;
        };
        let settled = session.partitions().filter(|of| session.is_settled(of));
        let wanted: Vec<FetchPartition> = settled
            .filter_map(|of| session.wanted(of).cloned())
            .collect();
        let read = self.read(request, &wanted);
        let mut read = read.iter();
        read.all(|(of, fetched)| !session.would_tell(of, fetched))
    }

    fn is_at_rest(&self, request: &FetchRequest, session_id: i32, of: &TopicPartition) -> bool {
        let session = self.fetch_sessions.get(session_id);
        let wanted = session.and_then(|session| session.wanted(of));
        let (Some(wanted), Some(partition)) = (wanted, self.partitions.get(of)) else {
            return false;
        };
        let has_all = self.readable_bytes(wanted, request) == Some(0);
        let is_known = |replica| is_known_to_have_all(partition, wanted, replica);
        has_all && request.replica_state.is_none_or(is_known)
    }

    /// A request is about to change or to close a session of a follower: what
    /// its fetches before have said is taken down first.
    pub(super) fn note_before_session_changes(&mut self, request: &FetchRequest) {
        let metadata = request.metadata();
        let session = self.fetch_sessions.get_mut(metadata.session_id);
        let Some(session) = session.filter(|session| session.is_privileged()) else {
            return;
        };
        if metadata.is_full() {
            return self.note_settled_followers();
        }
        let named = request.partitions.iter().map(|it| &it.topic_partition);
        let forgotten = request.forgotten_topics_data.iter();
        for of in named.chain(forgotten.map(|it| &it.topic_partition)) {
            note_settled(session, &mut self.partitions, of);
        }
    }

    /// A partition's leader is about to learn something else of its followers
    /// than their fetches: what these have said is taken down before.
    pub(in crate::broker) fn note_settled_followers_of(&mut self, of: &TopicPartition) {
        let sessions = self.fetch_sessions.of_followers();
        let settled = sessions.filter(|session| session.is_settled(of));
        let settled: Vec<i32> = settled.map(|session| session.id).collect();
        for id in settled {
            if let Some(session) = self.fetch_sessions.get_mut(id) {
                note_settled(session, &mut self.partitions, of);
            }
        }
    }
}

/// Of a partition that had nothing to read or to tell it is taken down when the
/// follower fetched it last; then it is to be looked at again.
fn note_settled(session: &mut FetchSession, held: &mut HeldPartitions, of: &TopicPartition) {
    if !session.is_settled(of) {
        return;
    }
    if let (Some(replica), Some(partition)) = (session.replica_id, held.unnoticed().get_mut(of)) {
        note_again(partition, replica, session.noted_ms);
    }
    session.unsettle(of.clone());
}

/// Whether a leader knows that a follower has all there is, and counts it as in
/// sync: then another fetch for the same says nothing but that it came.
fn is_known_to_have_all(
    partition: &Partition,
    wanted: &FetchPartition,
    replica: ReplicaState,
) -> bool {
    let Some(leader) = partition.leader() else {
        return false;
    };
    let id = replica.replica_id;
    let follower = leader.followers().get(&id);
    leader.isr().committed().contains(&id)
        && follower.is_some_and(|follower| {
            follower.log_end_offset == partition.log.end_offset()
                && follower.log_start_offset == wanted.log_start_offset
                && follower.broker_epoch == Some(replica.replica_epoch)
        })
}
