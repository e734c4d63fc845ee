//! Share sessions: a member names its partitions once, and afterwards what has
//! changed (`org.apache.kafka.server.share.session.ShareSession`,
//! `SharePartitionManager.newContext`).

use crate::collections::BTreeMap;

use super::Broker;
use crate::protocol::{
    ErrorCode, FINAL_SHARE_SESSION_EPOCH, INITIAL_SHARE_SESSION_EPOCH, ShareFetchRequest,
    TopicIdPartition,
};
use crate::sim::NodeId;

/// What a member fetches.
#[derive(Clone, Debug, Hash)]
pub(super) struct ShareSession {
    /// Whose it is.
    pub client: NodeId,
    /// That of the next request.
    epoch: i32,
    /// The partitions, with the most bytes of each.
    pub partitions: BTreeMap<TopicIdPartition, i32>,
}

/// Epochs go from 1 to the highest number and begin again with 1
/// (`ShareRequestMetadata.nextEpoch`).
fn next_epoch(epoch: i32) -> i32 {
    epoch.checked_add(1).unwrap_or(1)
}

impl Broker {
    /// Opens the session, goes on with it, or sees that it can be closed;
    /// returns what is to be fetched.
    ///
    /// # Errors
    ///
    /// `SHARE_SESSION_NOT_FOUND`, `INVALID_SHARE_SESSION_EPOCH`, or
    /// `INVALID_REQUEST` when a first request acknowledges or a last one
    /// fetches.
    pub(super) fn share_session_of_fetch(
        &mut self,
        client: NodeId,
        request: &ShareFetchRequest,
    ) -> Result<Vec<(TopicIdPartition, i32)>, ErrorCode> {
        let key = (request.group_id.clone(), request.member_id.clone());
        let fetched = request.partitions.iter();
        let fetched = fetched.filter(|wanted| wanted.partition_max_bytes > 0);
        let fetched: BTreeMap<TopicIdPartition, i32> = fetched
            .map(|wanted| (wanted.of, wanted.partition_max_bytes))
            .collect();
        let sessions = &mut self.shares.sessions;
        match request.share_session_epoch {
            FINAL_SHARE_SESSION_EPOCH => match sessions.contains_key(&key) {
                _ if !fetched.is_empty() => Err(ErrorCode::InvalidRequest),
                false => Err(ErrorCode::ShareSessionNotFound),
                true => Ok(Vec::new()),
            },
            INITIAL_SHARE_SESSION_EPOCH => {
                let mut partitions = request.partitions.iter();
                if partitions.any(|wanted| !wanted.acknowledgement_batches.is_empty()) {
                    return Err(ErrorCode::InvalidRequest);
                }
                let session = ShareSession {
                    client,
                    epoch: next_epoch(INITIAL_SHARE_SESSION_EPOCH),
                    partitions: fetched.clone(),
                };
                sessions.insert(key, session);
                Ok(fetched.into_iter().collect())
            }
            epoch => {
                let session = sessions.get_mut(&key);
                let session = session.ok_or(ErrorCode::ShareSessionNotFound)?;
                if session.epoch != epoch {
                    return Err(ErrorCode::InvalidShareSessionEpoch);
                }
                session.epoch = next_epoch(epoch);
                session.partitions.extend(fetched);
                for of in &request.forgotten {
                    session.partitions.remove(of);
                }
                let partitions = session.partitions.iter();
                Ok(partitions
                    .map(|(of, max_bytes)| (*of, *max_bytes))
                    .collect())
            }
        }
    }

    /// Goes on with the session for acknowledgements alone
    /// (`acknowledgeSessionUpdate`).
    ///
    /// # Errors
    ///
    /// `SHARE_SESSION_NOT_FOUND`, `INVALID_SHARE_SESSION_EPOCH`.
    pub(super) fn share_session_of_acknowledge(
        &mut self,
        group_id: &str,
        member_id: &str,
        epoch: i32,
    ) -> Result<(), ErrorCode> {
        if epoch == INITIAL_SHARE_SESSION_EPOCH {
            return Err(ErrorCode::InvalidShareSessionEpoch);
        }
        let key = (group_id.to_owned(), member_id.to_owned());
        let session = self.shares.sessions.get_mut(&key);
        let session = session.ok_or(ErrorCode::ShareSessionNotFound)?;
        if epoch == FINAL_SHARE_SESSION_EPOCH {
            return Ok(());
        }
        if session.epoch != epoch {
            return Err(ErrorCode::InvalidShareSessionEpoch);
        }
        session.epoch = next_epoch(epoch);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::broker::NewBroker;
    use crate::config::BrokerConfig;
    use crate::protocol::{AcknowledgementBatch, ShareFetchPartition, TopicId};

    const OF: TopicIdPartition = TopicIdPartition {
        topic_id: TopicId([1; 16]),
        partition: 0,
    };

    fn broker() -> Broker {
        Broker::new(NewBroker {
            id: 1,
            rack: None,
            config: Arc::new(BrokerConfig::default()),
            voters: vec![1],
            seed: 1,
        })
    }

    fn request(epoch: i32, acknowledges: bool, partition_max_bytes: i32) -> ShareFetchRequest {
        let said = AcknowledgementBatch {
            first_offset: 0,
            last_offset: 0,
            acknowledge_types: vec![1],
        };
        let partition = ShareFetchPartition {
            of: OF,
            partition_max_bytes,
            acknowledgement_batches: vec![said; usize::from(acknowledges)],
        };
        ShareFetchRequest {
            group_id: "g".to_owned(),
            member_id: "m".to_owned(),
            share_session_epoch: epoch,
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: 1,
            batch_size: 1,
            partitions: vec![partition],
            forgotten: Vec::new(),
        }
    }

    #[test]
    fn the_epochs_of_a_session_follow_each_other() {
        let mut broker = broker();
        let client = NodeId::Client(1);
        let mut fetch = |epoch, acknowledges, max_bytes| {
            broker.share_session_of_fetch(client, &request(epoch, acknowledges, max_bytes))
        };
        assert_eq!(fetch(1, false, 1), Err(ErrorCode::ShareSessionNotFound));
        assert_eq!(fetch(-1, false, 0), Err(ErrorCode::ShareSessionNotFound));
        assert_eq!(fetch(0, true, 1), Err(ErrorCode::InvalidRequest));
        assert_eq!(fetch(0, false, 1), Ok(vec![(OF, 1)]));
        assert_eq!(fetch(2, false, 1), Err(ErrorCode::InvalidShareSessionEpoch));
        assert_eq!(fetch(1, true, 1), Ok(vec![(OF, 1)]));
        assert_eq!(fetch(1, true, 1), Err(ErrorCode::InvalidShareSessionEpoch));
        assert_eq!(fetch(-1, true, 1), Err(ErrorCode::InvalidRequest));
        assert_eq!(fetch(-1, true, 0), Ok(Vec::new()));
    }

    #[test]
    fn acknowledgements_need_a_session_that_is_open() {
        let mut broker = broker();
        let acknowledge =
            |broker: &mut Broker, epoch| broker.share_session_of_acknowledge("g", "m", epoch);
        let not_found = Err(ErrorCode::ShareSessionNotFound);
        let invalid = Err(ErrorCode::InvalidShareSessionEpoch);
        assert_eq!(acknowledge(&mut broker, 0), invalid);
        assert_eq!(acknowledge(&mut broker, 1), not_found);
        let opened = broker.share_session_of_fetch(NodeId::Client(1), &request(0, false, 1));
        assert!(opened.is_ok());
        assert_eq!(acknowledge(&mut broker, 2), invalid);
        assert_eq!(acknowledge(&mut broker, 1), Ok(()));
        assert_eq!(acknowledge(&mut broker, -1), Ok(()));
    }
}
