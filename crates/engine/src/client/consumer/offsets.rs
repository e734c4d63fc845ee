use std::collections::{BTreeMap, BTreeSet};

use super::{AssignedPartition, Consumer, Membership, Pending};
use crate::client::{AutoOffsetReset, ClientTimer};
use crate::event::{EventKind, LogLevel};
use crate::protocol::{
    CommittedOffset, ErrorCode, ListOffsetsRequest, ListOffsetsResponse, OffsetCommitRequest,
    OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, Request, TopicPartition,
};
use crate::sim::{Fabric, Time};

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

/// Errors of a coordinator that is not there, or no longer the one, or not yet.
fn may_be_tried_again(error: ErrorCode) -> bool {
    error.is_retriable() && error != ErrorCode::UnknownTopicOrPartition
}

/// Where to begin, and how far the group has come.
impl Consumer {
    /// Whether the consumer commits by itself, and has come anywhere.
    pub(super) fn has_positions_to_commit(&self) -> bool {
        let mut assigned = self.assignment.values();
        self.config.enable_auto_commit && assigned.any(|assigned| assigned.position.is_some())
    }

    /// Whether a commit is under way that something waits for.
    pub(super) fn is_committing(&self) -> bool {
        let awaited = |pending: &Pending| match pending {
            Pending::Commit { commit, .. } => *commit != Commit::Auto,
            _ => false,
        };
        self.pending.values().any(awaited)
    }

    /// Commits the position in every partition, if the coordinator can be
    /// asked.
    pub(super) fn commit_positions(&mut self, fabric: &mut Fabric, commit: Commit) {
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
        let coordinator = self.ready_coordinator(fabric.now);
        let (Some(coordinator), false) = (coordinator, offsets.is_empty()) else {
            return;
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
    }

    pub(super) fn schedule_auto_commit(&mut self, fabric: &mut Fabric) {
        let interval_ms = self.config.auto_commit_interval_ms.max(1);
        self.auto_commit_at(fabric, fabric.now.plus_ms(interval_ms));
    }

    fn auto_commit_at(&mut self, fabric: &mut Fabric, at: Time) {
        if let Some(timer) = self.auto_commit_timer.take() {
            fabric.queue.cancel(timer);
        }
        if self.config.enable_auto_commit {
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

    /// A commit was answered, or is lost.
    pub(super) fn on_committed(
        &mut self,
        fabric: &mut Fabric,
        commit: Commit,
        error: Option<ErrorCode>,
    ) {
        if let Some(error) = error.filter(|error| may_be_tried_again(*error)) {
            return self.commit_later(fabric, commit, error);
        }
        if let Some(error) = error {
            let text = format!(
                "Offset commit with group {} failed: {error}",
                self.config.group_id
            );
            let logger = "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator";
            self.connection.log(fabric, LogLevel::Warn, logger, text);
        }
        match commit {
            Commit::BeforeLeaving => self.last_commit_is_due = false,
            Commit::BeforeRejoining if self.membership == Membership::PreparingRebalance => {
                self.join(fabric);
            }
            Commit::Auto if self.membership == Membership::Stable => match error {
                Some(ErrorCode::RebalanceInProgress) => self.rejoin(),
                Some(
                    error @ (ErrorCode::UnknownMemberId
                    | ErrorCode::IllegalGeneration
                    | ErrorCode::FencedInstanceId),
                ) => self.on_group_error(fabric, error),
                _ => {}
            },
            _ => {}
        }
    }

    /// What waits for the commit tries it again by itself; an automatic one is
    /// tried again before its interval has passed.
    fn commit_later(&mut self, fabric: &mut Fabric, commit: Commit, error: ErrorCode) {
        match error {
            ErrorCode::CoordinatorLoadInProgress => self.back_off(fabric),
            _ => self.lose_coordinator(fabric),
        }
        if commit == Commit::Auto && self.membership == Membership::Stable {
            self.auto_commit_at(fabric, self.retry_at);
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

    /// Asks the coordinator what is committed in partitions for which that is
    /// not known yet.
    pub(super) fn fetch_committed(&mut self, fabric: &mut Fabric) {
        let coordinator = self.ready_coordinator(fabric.now);
        let Some(coordinator) = coordinator.filter(|_| self.retry_at <= fabric.now) else {
            return;
        };
        let generation = self.generation;
        let is_under_way = self
            .pending
            .values()
            .any(|pending| *pending == Pending::OffsetFetch { generation });
        let unknown = self.assignment.iter();
        let unknown = unknown.filter(|(_, assigned)| !assigned.knows_committed);
        let partitions: Vec<TopicPartition> = unknown.map(|(of, _)| of.clone()).collect();
        if partitions.is_empty() || is_under_way {
            return;
        }
        let request = Request::OffsetFetch(OffsetFetchRequest {
            group_id: self.config.group_id.clone(),
            partitions: Some(partitions),
        });
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
        match response.error_code {
            ErrorCode::None => {}
            ErrorCode::NotCoordinator => return self.lose_coordinator(fabric),
            _ => return self.back_off(fabric),
        }
        for (partition, committed) in response.partitions {
            let Some(assigned) = self.assignment.get_mut(&partition) else {
                continue;
            };
            assigned.knows_committed = true;
            if let Some(committed) = committed {
                assigned.position = Some(committed.offset);
                assigned.committed = Some(committed.offset);
            }
        }
    }

    /// Asks the leaders where to begin in partitions for which nothing was
    /// committed, or whose position is outside the log (`auto.offset.reset`).
    pub(super) fn find_positions(&mut self, fabric: &mut Fabric) {
        let asked: BTreeSet<TopicPartition> = self
            .pending
            .values()
            .filter_map(|pending| match pending {
                Pending::ListOffsets {
                    generation,
                    partitions,
                } if *generation == self.generation => Some(partitions.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        let is_missing = |of: &TopicPartition, assigned: &AssignedPartition| {
            assigned.position.is_none()
                && assigned.knows_committed
                && assigned.not_before <= fabric.now
                && !asked.contains(of)
        };
        let missing: Vec<TopicPartition> = self
            .assignment
            .iter()
            .filter(|(of, assigned)| is_missing(of, assigned))
            .map(|(of, _)| of.clone())
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
            match metadata.leader(&partition.topic, partition.partition) {
                Some(leader) if self.connection.is_ready(fabric.now, leader) => {
                    let of_leader = by_leader.entry(leader).or_default();
                    of_leader.push((partition, timestamp));
                }
                Some(_) => {}
                None => self.connection.metadata.request_update(),
            }
        }
        let generation = self.generation;
        for (leader, partitions) in by_leader {
            let pending = Pending::ListOffsets {
                generation,
                partitions: partitions.iter().map(|(of, _)| of.clone()).collect(),
            };
            let request = Request::ListOffsets(ListOffsetsRequest {
                replica_id: None,
                isolation_level: Default::default(),
                partitions,
            });
            self.ask(fabric, leader, request, pending);
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
        for (partition, listed) in response.partitions {
            if !listed.error_code.is_none() {
                self.ask_leader_later(fabric, &partition);
                continue;
            }
            let Some(assigned) = self.assignment.get_mut(&partition) else {
                continue;
            };
            assigned.position = Some(listed.offset);
            let out_of_range = assigned.out_of_range.take();
            fabric.emit(EventKind::PositionReset {
                consumer: self.connection.number,
                topic_partition: partition,
                offset: listed.offset,
                out_of_range,
            });
        }
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
