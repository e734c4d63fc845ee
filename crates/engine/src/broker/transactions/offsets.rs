//! A group's offsets as part of a transaction: they are stored, and wait for
//! the marker in the group's partition of `__consumer_offsets`.

use super::super::Broker;
use crate::controller::GROUP_METADATA_TOPIC_NAME;
use crate::coordinator::runtime::{CoordinatorShard, Output, ProducerIdAndEpoch};
use crate::coordinator::{GroupCoordinator, RequestToken};
use crate::log::record_batch::{RecordBatch, TransactionResult};
use crate::protocol::{
    AddPartitionsToTxnTransaction, CoordinatorType, ErrorCode, Header, OffsetCommitRequest,
    OffsetCommitResponse, PartitionErrors, Response, TopicPartition, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse, WritableTxnMarker,
};
use crate::sim::{Fabric, NodeId};

impl Broker {
    /// The partition of `__consumer_offsets` that holds a group; with as many
    /// as there are to be while there is no such topic.
    pub(super) fn offsets_partition(&self, group_id: &str) -> TopicPartition {
        let partition = self.coordinating_partition(CoordinatorType::Group, group_id);
        let count = self.config.offsets_topic.num_partitions;
        let partition =
            partition.unwrap_or_else(|| crate::coordinator::partition_for(group_id, count));
        TopicPartition::new(GROUP_METADATA_TOPIC_NAME, partition)
    }

    /// Stores the offsets for the partitions there are, once the transaction's
    /// coordinator has said that the group is part of it
    /// (`KafkaApis.handleTxnOffsetCommitRequest`,
    /// `GroupCoordinatorService.commitTransactionalOffsets`).
    pub(in super::super) fn txn_offset_commit(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        mut request: TxnOffsetCommitRequest,
    ) {
        let image = &self.image;
        let exists = |of: &TopicPartition| image.partition(of).is_some();
        let offsets = std::mem::take(&mut request.offsets);
        let (known, unknown): (Vec<_>, Vec<_>) =
            offsets.into_iter().partition(|(of, _)| exists(of));
        request.offsets = known;
        let refused = |(of, _)| (of, ErrorCode::UnknownTopicOrPartition);
        let refused: PartitionErrors = unknown.into_iter().map(refused).collect();
        if request.offsets.is_empty() {
            let response = TxnOffsetCommitResponse {
                partitions: refused,
            };
            let response = Response::TxnOffsetCommit(response);
            return self.answer(fabric, from, header, response);
        }
        let of = self.offsets_partition(&request.group_id);
        let wanted = AddPartitionsToTxnTransaction {
            transactional_id: request.transactional_id.clone(),
            producer_id: request.producer_id,
            producer_epoch: request.producer_epoch,
            verify_only: true,
            partitions: vec![of],
        };
        self.verify_offset_commit(fabric, (from, header), request, refused, wanted);
    }

    /// The offsets may be stored, or may not.
    pub(super) fn store_txn_offsets(
        &mut self,
        fabric: &mut Fabric,
        (from, header): (NodeId, Header),
        request: TxnOffsetCommitRequest,
        refused: PartitionErrors,
        verdict: ErrorCode,
    ) {
        let partition = self.offsets_partition(&request.group_id).partition;
        let offsets = request.offsets.iter();
        let asked: Vec<TopicPartition> = offsets.map(|(of, _)| of.clone()).collect();
        let token = self.wait_for_coordinator(from, header, refused, 1);
        self.transactions.offset_commits.insert(token);
        let producer = ProducerIdAndEpoch {
            producer_id: request.producer_id,
            producer_epoch: request.producer_epoch,
        };
        let commit = OffsetCommitRequest {
            group_id: request.group_id,
            generation_id: request.generation_id,
            member_id: request.member_id,
            group_instance_id: request.group_instance_id,
            offsets: request.offsets,
        };
        let now = fabric.now;
        let acted = match verdict {
            ErrorCode::None => self.act_as(
                fabric,
                partition,
                |shard: &mut GroupCoordinator, out: &mut Vec<Output<GroupCoordinator>>| {
                    shard.txn_offset_commit(now, token, producer, commit, out);
                },
            ),
            // The producer tries again where it was, and looks nobody up.
            ErrorCode::NetworkException => Err(ErrorCode::CoordinatorLoadInProgress),
            error => Err(error),
        };
        if let Err(error) = acted {
            let partitions = asked.into_iter().map(|of| (of, error)).collect();
            let response = Response::OffsetCommit(OffsetCommitResponse { partitions });
            self.answer_waiting(fabric, token, response);
        }
    }

    /// What the group coordinator answers to a commit, as the answer to a
    /// TxnOffsetCommit where it is one.
    pub(in super::super) fn as_txn_offset_commit(
        &mut self,
        token: RequestToken,
        response: Response,
    ) -> Response {
        match response {
            Response::OffsetCommit(OffsetCommitResponse { partitions })
                if self.transactions.offset_commits.remove(&token) =>
            {
                Response::TxnOffsetCommit(TxnOffsetCommitResponse { partitions })
            }
            response => response,
        }
    }

    /// Writes a marker to a partition of `__consumer_offsets`: with it the
    /// transaction's offsets count, or are forgotten
    /// (`GroupCoordinatorService.completeTransaction`). Returns where the log
    /// ends then.
    ///
    /// # Errors
    ///
    /// Those of an append; `NOT_LEADER_OR_FOLLOWER` also while the groups are
    /// being loaded, so that the transaction's coordinator tries again.
    pub(super) fn complete_offsets(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        batch: &RecordBatch,
        marker: (ProducerIdAndEpoch, TransactionResult),
    ) -> Result<i64, ErrorCode> {
        let not_leader = |_| ErrorCode::NotLeaderOrFollower;
        self.groups.shard(of.partition).map_err(not_leader)?;
        let end_offset = self.append_and_advance(fabric, of, batch)?;
        let (producer, result) = marker;
        let replayed = self.groups.act(of.partition, |shard| {
            let number = shard.next_write();
            shard.replay_end_transaction_marker(number, producer, result);
            number
        });
        let number = replayed.map_err(not_leader)?;
        let deadline = fabric.now.plus_ms(self.config.request_timeout_ms);
        let then = Vec::new();
        self.groups
            .defer(of.partition, number, Some(end_offset), then, deadline);
        self.advance_coordinator(fabric, of);
        Ok(end_offset)
    }
}

/// Whose transaction ends, and how.
pub(super) fn marked(marker: &WritableTxnMarker) -> (ProducerIdAndEpoch, TransactionResult) {
    let producer = ProducerIdAndEpoch {
        producer_id: marker.producer_id,
        producer_epoch: marker.producer_epoch,
    };
    (producer, marker.result)
}
