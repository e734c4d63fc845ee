//! Share sessions: a member names its partitions once, and afterwards what has
//! changed (`org.apache.kafka.server.share.session.ShareSession`,
//! `SharePartitionManager.newContext`).

use std::collections::BTreeMap;

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
                Ok(partitions.map(|(of, max_bytes)| (*of, *max_bytes)).collect())
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
