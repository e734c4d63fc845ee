use super::{ErrorCode, TopicId, TopicPartition};
use crate::log::record_batch::RecordBatch;

/// Which records a consumer is shown (`isolation.level`, KIP-98).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IsolationLevel {
    /// All up to the high watermark.
    #[default]
    ReadUncommitted,
    /// Those up to the last stable offset, without what was aborted.
    ReadCommitted,
}

/// Stands for no fetch session (`FetchMetadata.INVALID_SESSION_ID`).
pub const INVALID_SESSION_ID: i32 = 0;

/// The epoch of a fetch that names all its partitions and asks for a session
/// with them (`FetchMetadata.INITIAL_EPOCH`).
pub const INITIAL_EPOCH: i32 = 0;

/// The epoch of a fetch that names all its partitions and asks for no session
/// (`FetchMetadata.FINAL_EPOCH`).
pub const FINAL_EPOCH: i32 = -1;

/// Where a fetch stands in a session (KIP-227, `FetchMetadata`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FetchMetadata {
    /// The session; of a fetch that names all its partitions, the one that it
    /// closes, or [`INVALID_SESSION_ID`].
    pub session_id: i32,
    /// [`INITIAL_EPOCH`], [`FINAL_EPOCH`], or which request of the session it
    /// is, from 1.
    pub epoch: i32,
}

impl FetchMetadata {
    /// That of a first fetch.
    pub const INITIAL: FetchMetadata = FetchMetadata {
        session_id: INVALID_SESSION_ID,
        epoch: INITIAL_EPOCH,
    };

    /// That of the first fetch in a session that the broker has opened
    /// (`newIncremental`).
    pub fn new_incremental(session_id: i32) -> FetchMetadata {
        FetchMetadata {
            session_id,
            epoch: next_epoch(INITIAL_EPOCH),
        }
    }

    /// Whether the fetch names all its partitions.
    pub fn is_full(self) -> bool {
        matches!(self.epoch, INITIAL_EPOCH | FINAL_EPOCH)
    }

    /// That of the next fetch in the session.
    pub fn next_incremental(self) -> FetchMetadata {
        FetchMetadata {
            epoch: next_epoch(self.epoch),
            ..self
        }
    }

    /// That of a fetch which closes the session.
    pub fn next_close_existing(self) -> FetchMetadata {
        FetchMetadata {
            epoch: FINAL_EPOCH,
            ..self
        }
    }

    /// That of a fetch which closes the session and asks for another.
    pub fn next_close_existing_attempt_new(self) -> FetchMetadata {
        FetchMetadata {
            epoch: INITIAL_EPOCH,
            ..self
        }
    }
}

/// Epochs go from 1 to the highest number and begin again with 1; nothing comes
/// after [`FINAL_EPOCH`] (`FetchMetadata.nextEpoch`).
fn next_epoch(epoch: i32) -> i32 {
    match epoch {
        ..0 => FINAL_EPOCH,
        epoch => epoch.checked_add(1).unwrap_or(1),
    }
}

/// Reads record batches: those of a partition that the receiver leads, and for
/// a consumer also those of one that it follows (KIP-392).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchRequest {
    /// The follower that asks; `None` is a consumer.
    pub replica_state: Option<ReplicaState>,
    /// How long the broker may wait for `min_bytes`, in milliseconds
    /// (`fetch.max.wait.ms`).
    pub max_wait_ms: i32,
    /// How much is worth an answer before that (`fetch.min.bytes`).
    pub min_bytes: i32,
    /// How much the answer may hold in all (`fetch.max.bytes`); the first batch
    /// is sent whole even when it is larger.
    pub max_bytes: i32,
    /// Which records a consumer wants to see.
    pub isolation_level: IsolationLevel,
    /// The session, or [`INVALID_SESSION_ID`]; see [`FetchMetadata`].
    pub session_id: i32,
    /// The place in the session; see [`FetchMetadata`].
    pub session_epoch: i32,
    /// Where to read: in all partitions, or within a session in those that it
    /// does not hold yet, or holds otherwise.
    pub partitions: Vec<FetchPartition>,
    /// What the session is to hold no longer.
    pub forgotten_topics_data: Vec<ForgottenPartition>,
    /// A consumer's `client.rack`, so that the leader can name a replica near
    /// it (KIP-392).
    pub rack_id: Option<String>,
}

impl FetchRequest {
    /// The `node.id` of the follower that asks; `None` is a consumer.
    pub fn replica_id(&self) -> Option<i32> {
        self.replica_state.map(|state| state.replica_id)
    }

    /// Where it stands in a session.
    pub fn metadata(&self) -> FetchMetadata {
        FetchMetadata {
            session_id: self.session_id,
            epoch: self.session_epoch,
        }
    }
}

/// The follower that asks (KIP-903).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaState {
    /// Its `node.id`.
    pub replica_id: i32,
    /// The epoch its broker is registered with, or
    /// [`super::UNKNOWN_BROKER_EPOCH`].
    pub replica_epoch: i64,
}

/// Where to read in one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchPartition {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The topic's id, so that another topic of the same name is not taken for
    /// it (KIP-516); `None` where the asker goes by the name.
    pub topic_id: Option<TopicId>,
    /// The first offset wanted.
    pub fetch_offset: i64,
    /// The leader epoch that the asker knows, -1 when it knows none.
    pub current_leader_epoch: i32,
    /// The epoch of a follower's last record (KIP-595), so that the leader
    /// can tell whether their logs agree up to there; -1 when it has none.
    pub last_fetched_epoch: i32,
    /// Where a follower's log starts; -1 for a consumer.
    pub log_start_offset: i64,
    /// How many bytes of this partition at most
    /// (`max.partition.fetch.bytes`).
    pub partition_max_bytes: i32,
}

/// A partition that a session is to hold no longer (`ForgottenTopicsData`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ForgottenPartition {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// The id of the topic that the session held it for; `None` where the asker
    /// goes by the name.
    pub topic_id: Option<TopicId>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchResponse {
    /// `NONE`, or what is wrong with the session; then nothing was read:
    /// `FETCH_SESSION_ID_NOT_FOUND`, `INVALID_FETCH_SESSION_EPOCH` or
    /// `FETCH_SESSION_TOPIC_ID_ERROR`.
    pub error_code: ErrorCode,
    /// The session that goes on, or [`INVALID_SESSION_ID`].
    pub session_id: i32,
    /// One entry for each partition of the request; within a session those of
    /// it only of which there is news.
    pub partitions: Vec<(TopicPartition, FetchedPartition)>,
}

/// What was read of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchedPartition {
    /// `NONE`, or why nothing was read.
    pub error_code: ErrorCode,
    /// The offset below which all in-sync replicas have every record; -1 with
    /// an error.
    pub high_watermark: i64,
    /// The offset below which no transaction is open; -1 with an error.
    pub last_stable_offset: i64,
    /// The partition's first offset; -1 with an error.
    pub log_start_offset: i64,
    /// For `read_committed` the transactions that were aborted and have records
    /// in the answer, by their first offsets.
    pub aborted_transactions: Vec<AbortedTransactionInfo>,
    /// Where a follower's log and the leader's part, by the epoch and where it
    /// ended on the leader (KIP-595): the follower cuts its log there.
    pub diverging_epoch: Option<(i32, i64)>,
    /// The replica from which the consumer is to read instead (KIP-392); then
    /// there are no records here.
    pub preferred_read_replica: Option<i32>,
    /// Whole batches; the first may begin before the offset asked for.
    pub records: Vec<RecordBatch>,
}

/// An aborted transaction, as a consumer is told of it
/// (`FetchResponse.AbortedTransaction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbortedTransactionInfo {
    /// Its producer.
    pub producer_id: i64,
    /// Its first offset in the partition.
    pub first_offset: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epochs_of_a_session_never_come_to_one_that_means_something_else() {
        let mut last = FetchMetadata::new_incremental(7);
        assert_eq!(last.epoch, 1);
        last.epoch = i32::MAX;
        assert_eq!(last.next_incremental().epoch, 1, "not 0, and not below");
        let closed = last.next_close_existing();
        assert_eq!(closed.next_incremental().epoch, FINAL_EPOCH);
    }
}
