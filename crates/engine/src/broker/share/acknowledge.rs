//! Answering ShareAcknowledge, and the end of share sessions
//! (`KafkaApis.handleShareAcknowledgeRequest`,
//! `SharePartitionManager.acknowledge`, `releaseSession`).

use super::{Broker, WaitingRequest};
use crate::coordinator::share_state::SharePartitionKey;
use crate::protocol::{
    AcknowledgementBatch, ErrorCode, FINAL_SHARE_SESSION_EPOCH, Header, Response,
    ShareAcknowledgeRequest, ShareAcknowledgeResponse, TopicIdPartition,
};
use crate::sim::{Fabric, NodeId};

impl Broker {
    /// Answers when all that counts is persisted.
    pub(in crate::broker) fn share_acknowledge(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ShareAcknowledgeRequest,
    ) {
        let (group_id, member_id) = (request.group_id, request.member_id);
        let epoch = request.share_session_epoch;
        let session = match group_id.is_empty() || member_id.is_empty() {
            true => Err(ErrorCode::InvalidRequest),
            false => self.share_session_of_acknowledge(&group_id, &member_id, epoch),
        };
        if let Err(error_code) = session {
            let partitions = Vec::new();
            let response = Response::ShareAcknowledge(ShareAcknowledgeResponse {
                error_code,
                partitions,
            });
            return self.answer(fabric, from, header, response);
        }
        let mut waiting = WaitingRequest::new(from, header, &group_id, &member_id);
        self.acknowledge_all(fabric, &mut waiting, request.partitions);
        if epoch == FINAL_SHARE_SESSION_EPOCH {
            self.release_share_session(fabric, &group_id, &member_id);
        }
        self.shares.next_waiting += 1;
        let number = self.shares.next_waiting;
        self.shares.waiting.insert(number, waiting);
        self.answer_share(fabric, number);
    }

    /// Takes in what a member says, partition by partition, and notes what has
    /// become of it or what it waits for.
    pub(super) fn acknowledge_all(
        &mut self,
        fabric: &mut Fabric,
        request: &mut WaitingRequest,
        said: Vec<(TopicIdPartition, Vec<AcknowledgementBatch>)>,
    ) {
        for (of, batches) in said {
            let key = SharePartitionKey::new(&request.group_id, of);
            let held = self.shares.partitions.get_mut(&key);
            let acknowledged = match held {
                Some(held) => held.partition.acknowledge(&request.member_id, &batches),
                None => Err(ErrorCode::UnknownTopicOrPartition),
            };
            match acknowledged {
                Err(error) => {
                    request.acknowledged.insert(of, error);
                }
                Ok(let_go) => {
                    match &let_go.write {
                        Some(write) => request.writes.insert(of, write.number).map(|_| ()),
                        None => request.acknowledged.insert(of, ErrorCode::None).map(|_| ()),
                    };
                    self.take_let_go(fabric, &key, let_go, false);
                }
            }
        }
    }

    /// The session is over: what the member still has, others may have.
    pub(super) fn release_share_session(
        &mut self,
        fabric: &mut Fabric,
        group_id: &str,
        member_id: &str,
    ) {
        let session = (group_id.to_owned(), member_id.to_owned());
        let Some(open) = self.shares.sessions.get(&session) else {
            return;
        };
        let partitions: Vec<TopicIdPartition> = open.partitions.keys().copied().collect();
        for of in partitions {
            let key = SharePartitionKey::new(group_id, of);
            if let Some(held) = self.shares.partitions.get_mut(&key) {
                let let_go = held.partition.release(member_id);
                self.take_let_go(fabric, &key, let_go, false);
            }
        }
        self.shares.sessions.remove(&session);
    }
}
