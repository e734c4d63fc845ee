//! One side of incremental fetch sessions (KIP-227): whoever fetches from a
//! broker names its partitions once, and afterwards what has changed
//! (`org.apache.kafka.clients.FetchSessionHandler`).

use crate::collections::{BTreeMap, BTreeSet};
use crate::protocol::{
    ErrorCode, FetchMetadata, FetchPartition, FetchResponse, ForgottenPartition,
    INVALID_SESSION_ID, TopicPartition,
};

/// The fetches from one broker, of a consumer or of a follower. One of them at
/// a time may be out.
#[derive(Clone, Debug, Hash)]
pub struct FetchSessionHandler {
    next: FetchMetadata,
    /// What the broker was told to fetch last.
    partitions: BTreeMap<TopicPartition, FetchPartition>,
}

/// What is to be sent (`FetchSessionHandler.FetchRequestData`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchRequestData {
    /// The session, and the place in it.
    pub metadata: FetchMetadata,
    /// The partitions to name.
    pub to_send: Vec<FetchPartition>,
    /// Those that the session is to hold no longer.
    pub to_forget: Vec<ForgottenPartition>,
}

impl Default for FetchSessionHandler {
    fn default() -> FetchSessionHandler {
        FetchSessionHandler {
            next: FetchMetadata::INITIAL,
            partitions: BTreeMap::new(),
        }
    }
}

impl FetchSessionHandler {
    /// Where the next fetch stands.
    pub fn next(&self) -> FetchMetadata {
        self.next
    }

    /// What the last fetch asked for, whether it named it or the session held
    /// it already.
    pub fn partitions(&self) -> &BTreeMap<TopicPartition, FetchPartition> {
        &self.partitions
    }

    /// A fetch of these partitions and no others: a session is told what it
    /// does not know yet. What is new comes first, then what is otherwise than
    /// it was.
    pub fn build(&mut self, wanted: Vec<FetchPartition>) -> FetchRequestData {
        if self.next.is_full() {
            let wanted_by_partition = wanted.iter().map(|it| (it.topic_partition.clone(), it));
            self.partitions = wanted_by_partition
                .map(|(of, it)| (of, it.clone()))
                .collect();
            return self.data(wanted, Vec::new());
        }
        let still: BTreeSet<&TopicPartition> =
            wanted.iter().map(|it| &it.topic_partition).collect();
        let is_gone = |of: &&TopicPartition| !still.contains(of);
        let gone: Vec<TopicPartition> = self.partitions.keys().filter(is_gone).cloned().collect();
        let is_held = |of: &TopicPartition| self.partitions.contains_key(of);
        let (held, mut to_send): (Vec<_>, Vec<_>) = wanted
            .into_iter()
            .partition(|it| is_held(&it.topic_partition));
        let mut to_forget = Vec::new();
        for of in gone {
            to_forget.extend(self.partitions.remove(&of).map(|it| forgotten(&it)));
        }
        for new in &to_send {
            self.partitions
                .insert(new.topic_partition.clone(), new.clone());
        }
        to_send.extend(self.alter(held, &mut to_forget));
        self.data(to_send, to_forget)
    }

    /// A fetch of the same partitions as the one before, but for how some of
    /// them are now. Costs what has changed, not what there is.
    pub fn build_altered(&mut self, altered: Vec<FetchPartition>) -> FetchRequestData {
        let mut to_forget = Vec::new();
        let mut to_send = self.alter(altered, &mut to_forget);
        if self.next.is_full() {
            to_send = self.partitions.values().cloned().collect();
            to_forget.clear();
        }
        self.data(to_send, to_forget)
    }

    /// Takes down how partitions are now, and returns those that are otherwise
    /// than they were. Where the topic is another one of the same name, the one
    /// before is to be forgotten.
    fn alter(
        &mut self,
        now: Vec<FetchPartition>,
        to_forget: &mut Vec<ForgottenPartition>,
    ) -> Vec<FetchPartition> {
        let mut altered = Vec::new();
        for now in now {
            let Some(before) = self.partitions.get_mut(&now.topic_partition) else {
                continue;
            };
            if *before == now {
                continue;
            }
            let ids = before.topic_id.zip(now.topic_id);
            if ids.is_some_and(|(before, now)| before != now) {
                to_forget.push(forgotten(before));
            }
            *before = now.clone();
            altered.push(now);
        }
        altered
    }

    fn data(
        &self,
        to_send: Vec<FetchPartition>,
        to_forget: Vec<ForgottenPartition>,
    ) -> FetchRequestData {
        FetchRequestData {
            metadata: self.next,
            to_send,
            to_forget,
        }
    }

    /// Whether a fetch of nothing says something to the broker: that the
    /// session is to hold nothing any more.
    pub fn has_something_to_forget(&self) -> bool {
        !self.next.is_full() && !self.partitions.is_empty()
    }

    /// The last fetch was answered: says whether the answer can be taken in, and
    /// how the next fetch stands. When the broker does not have the session, all
    /// is named anew.
    pub fn handle_response(&mut self, response: &FetchResponse) -> bool {
        if !response.error_code.is_none() {
            self.next = match response.error_code {
                ErrorCode::FetchSessionIdNotFound => FetchMetadata::INITIAL,
                _ => self.next.next_close_existing_attempt_new(),
            };
            return false;
        }
        let is_known = |(of, _): &(TopicPartition, _)| self.partitions.contains_key(of);
        let was_full = self.next.is_full();
        let is_complete = !was_full || response.partitions.len() == self.partitions.len();
        if !is_complete || !response.partitions.iter().all(is_known) {
            self.next = match was_full {
                true => FetchMetadata::INITIAL,
                false => self.next.next_close_existing_attempt_new(),
            };
            return false;
        }
        self.next = match response.session_id {
            INVALID_SESSION_ID => FetchMetadata::INITIAL,
            session_id if was_full => FetchMetadata::new_incremental(session_id),
            _ => self.next.next_incremental(),
        };
        true
    }

    /// The last fetch will not be answered: nobody knows whether the broker has
    /// seen it, so that the session is closed and another asked for.
    pub fn handle_error(&mut self) {
        self.next = self.next.next_close_existing_attempt_new();
    }

    /// The next fetch closes the session.
    pub fn notify_close(&mut self) {
        self.next = self.next.next_close_existing();
    }
}

fn forgotten(held: &FetchPartition) -> ForgottenPartition {
    ForgottenPartition {
        topic_partition: held.topic_partition.clone(),
        topic_id: held.topic_id,
    }
}

#[cfg(test)]
mod tests;
