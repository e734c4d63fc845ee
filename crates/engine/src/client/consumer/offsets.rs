use std::collections::BTreeMap;

use super::{Consumer, Membership, Pending};
use crate::client::{AutoOffsetReset, ClientTimer};
use crate::event::{EventKind, LogLevel};
use crate::protocol::{
    CommittedOffset, ErrorCode, ListOffsetsRequest, ListOffsetsResponse, OffsetCommitRequest,
    OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, Request, TopicPartition,
};
use crate::sim::Fabric;

/// Why offsets are committed, and so what comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Commit {
    /// `auto.commit.interval.ms` has passed.
    Auto,
    /// The group rebalances, and the partitions are given up.
    BeforeRejoining,
    /// The consumer closes.
    BeforeLeaving,
}

/// Where to begin, and how far the group has come.
impl Consumer {
    /// Commits the position in every partition; says whether there was
    /// anything to commit. `enable.auto.commit` is what asks for it.
    pub(super) fn commit_positions(&mut self, fabric: &mut Fabric, commit: Commit) -> bool {
        let positions = self.assignment.iter();
        let offsets: Vec<(TopicPartition, CommittedOffset)> = positions
            .filter_map(|(partition, assigned)| {
                let offset = assigned.position?;
                let committed = CommittedOffset {
                    offset,
                    leader_epoch: -1,
                    metadata: String::new(),
                };
                Some((partition.clone(), committed))
            })
            .collect();
        let coordinator = self.coordinator.filter(|_| self.config.enable_auto_commit);
        let (Some(coordinator), false) = (coordinator, offsets.is_empty()) else {
            return false;
        };
        let asked = offsets.iter();
        let pending = Pending::Commit {
            commit,
            offsets: asked
                .map(|(p, committed)| (p.clone(), committed.offset))
                .collect(),
        };
        let request = Request::OffsetCommit(OffsetCommitRequest {
            group_id: self.config.group_id.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            offsets,
        });
        self.ask(fabric, coordinator, request, pending);
        true
    }

    pub(super) fn schedule_auto_commit(&mut self, fabric: &mut Fabric) {
        if let Some(timer) = self.auto_commit_timer.take() {
            fabric.queue.cancel(timer);
        }
        if self.config.enable_auto_commit {
            let at = fabric
                .now
                .plus_ms(self.config.auto_commit_interval_ms.max(1));
            let number = self.connection.number;
            self.auto_commit_timer = Some(fabric.client_timer(at, number, ClientTimer::AutoCommit));
        }
    }

    pub(super) fn auto_commit(&mut self, fabric: &mut Fabric) {
        self.auto_commit_timer = None;
        if self.membership == Membership::Stable {
            self.commit_positions(fabric, Commit::Auto);
            self.schedule_auto_commit(fabric);
        }
    }

    pub(super) fn on_committed(
        &mut self,
        fabric: &mut Fabric,
        commit: Commit,
        response: OffsetCommitResponse,
    ) {
        let errors = response.partitions.iter().map(|(_, error)| *error);
        let error = errors.into_iter().find(|error| !error.is_none());
        if let Some(error) = error {
            let text = format!(
                "Offset commit with group {} failed: {error}",
                self.config.group_id
            );
            let logger = "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator";
            self.connection.log(fabric, LogLevel::Warn, logger, text);
        }
        match commit {
            Commit::BeforeLeaving => self.leave(fabric),
            Commit::BeforeRejoining if self.membership == Membership::PreparingRebalance => {
                self.join(fabric);
            }
            Commit::Auto if self.membership == Membership::Stable => match error {
                Some(ErrorCode::RebalanceInProgress) => self.rejoin(fabric),
                Some(
                    error @ (ErrorCode::UnknownMemberId
                    | ErrorCode::IllegalGeneration
                    | ErrorCode::FencedInstanceId
                    | ErrorCode::NotCoordinator),
                ) => self.on_group_error(fabric, error),
                _ => {}
            },
            _ => {}
        }
    }

    /// Notes what the group has committed, as far as the answer says it was
    /// stored.
    pub(super) fn note_committed(
        &mut self,
        offsets: Vec<(TopicPartition, i64)>,
        response: &OffsetCommitResponse,
    ) {
        let errors: BTreeMap<_, _> = response.partitions.iter().cloned().collect();
        for (partition, offset) in offsets {
            let stored = errors.get(&partition) == Some(&ErrorCode::None);
            if let Some(assigned) = self.assignment.get_mut(&partition).filter(|_| stored) {
                assigned.committed = Some(offset);
            }
        }
    }

    pub(super) fn fetch_committed(&mut self, fabric: &mut Fabric) {
        let Some(coordinator) = self.coordinator else {
            return;
        };
        if self.assignment.is_empty() {
            return;
        }
        let request = Request::OffsetFetch(OffsetFetchRequest {
            group_id: self.config.group_id.clone(),
            partitions: Some(self.assignment.keys().cloned().collect()),
        });
        let generation = self.generation;
        self.ask(
            fabric,
            coordinator,
            request,
            Pending::OffsetFetch { generation },
        );
    }

    pub(super) fn on_committed_offsets(
        &mut self,
        fabric: &mut Fabric,
        generation: i32,
        response: OffsetFetchResponse,
    ) {
        if !self.is_current(generation) {
            return;
        }
        for (partition, committed) in response.partitions {
            if let (Some(assigned), Some(committed)) =
                (self.assignment.get_mut(&partition), committed)
            {
                assigned.position = Some(committed.offset);
                assigned.committed = Some(committed.offset);
            }
        }
        self.find_positions(fabric);
        self.fetch(fabric);
    }

    /// Asks the leaders where to begin in partitions for which nothing was
    /// committed, or whose position is outside the log (`auto.offset.reset`).
    pub(super) fn find_positions(&mut self, fabric: &mut Fabric) {
        let unknown = |pending: &Pending| {
            matches!(
                pending,
                Pending::OffsetFetch { .. } | Pending::ListOffsets { .. }
            )
        };
        if self.pending.values().any(unknown) {
            return;
        }
        let missing: Vec<TopicPartition> = self
            .assignment
            .iter()
            .filter(|(_, assigned)| assigned.position.is_none())
            .map(|(partition, _)| partition.clone())
            .collect();
        if missing.is_empty() {
            return;
        }
        let timestamp = match self.config.auto_offset_reset {
            AutoOffsetReset::Earliest => ListOffsetsRequest::EARLIEST,
            AutoOffsetReset::Latest => ListOffsetsRequest::LATEST,
            AutoOffsetReset::None => return self.fail_without_offset(fabric, &missing),
        };
        let mut by_leader: BTreeMap<i32, Vec<(TopicPartition, i64)>> = BTreeMap::new();
        for partition in missing {
            let metadata = &self.connection.metadata;
            if let Some(leader) = metadata.leader(&partition.topic, partition.partition) {
                by_leader
                    .entry(leader)
                    .or_default()
                    .push((partition, timestamp));
            }
        }
        if by_leader.is_empty() {
            self.connection.update_metadata(fabric);
        }
        let generation = self.generation;
        for (leader, partitions) in by_leader {
            let request = Request::ListOffsets(ListOffsetsRequest {
                replica_id: None,
                partitions,
            });
            self.ask(fabric, leader, request, Pending::ListOffsets { generation });
        }
    }

    pub(super) fn on_listed_offsets(
        &mut self,
        fabric: &mut Fabric,
        generation: i32,
        response: ListOffsetsResponse,
    ) {
        if !self.is_current(generation) {
            return;
        }
        let mut trouble = false;
        for (partition, listed) in response.partitions {
            let Some(assigned) = self.assignment.get_mut(&partition) else {
                continue;
            };
            if !listed.error_code.is_none() {
                trouble = true;
                continue;
            }
            assigned.position = Some(listed.offset);
            let out_of_range = assigned.out_of_range.take();
            fabric.emit(EventKind::PositionReset {
                consumer: self.connection.number,
                topic_partition: partition,
                offset: listed.offset,
                out_of_range,
            });
        }
        if trouble {
            self.connection.update_metadata(fabric);
            self.retry_later(fabric);
        } else {
            // Positions may have been lost while this answer was out.
            self.find_positions(fabric);
        }
        self.fetch(fabric);
    }

    fn fail_without_offset(&mut self, fabric: &mut Fabric, missing: &[TopicPartition]) {
        let lost = |partition| self.assignment.get(partition)?.out_of_range;
        let outside: Vec<String> = missing
            .iter()
            .filter_map(|partition| lost(partition).map(|offset| format!("{partition}={offset}")))
            .collect();
        if !outside.is_empty() {
            let message = format!(
                "Offsets out of range with no configured reset policy for partitions: {{{}}}",
                outside.join(", ")
            );
            return self.fail(fabric, "OffsetOutOfRangeException", message);
        }
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let message = format!(
            "Undefined offset with no reset policy for partitions: [{}]",
            names.join(", ")
        );
        self.fail(fabric, "NoOffsetForPartitionException", message);
    }

    /// Whether an answer is about the partitions that are assigned now.
    pub(super) fn is_current(&self, generation: i32) -> bool {
        generation == self.generation && self.membership == Membership::Stable
    }
}
