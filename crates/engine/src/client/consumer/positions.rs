//! Where a consumer reads next: where it begins, where its application sends
//! it, and whether that is still in the log (`OffsetFetcher`).

use crate::collections::{BTreeMap, BTreeSet};

use super::{Consumer, ConsumerEvent, Pending};
use crate::client::AutoOffsetReset;
use crate::event::EventKind;
use crate::protocol::{
    EpochEndOffset, ErrorCode, ListOffsetsRequest, ListOffsetsResponse,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition, Request,
    TopicPartition,
};
use crate::sim::Fabric;

/// Where an application sends its consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeekTo {
    /// To an offset (`seek()`).
    Offset(i64),
    /// To the first offset (`seekToBeginning()`).
    Beginning,
    /// To the high watermark (`seekToEnd()`).
    End,
    /// To the first record that is not older than this, in epoch milliseconds
    /// (`offsetsForTimes()` and `seek()`); to the end where there is none.
    Timestamp(i64),
}

/// Beginning, and going elsewhere.
impl Consumer {
    /// What `auto.offset.reset` asks the leader for.
    fn default_reset(&self) -> Option<i64> {
        match self.config.auto_offset_reset {
            AutoOffsetReset::Earliest => Some(ListOffsetsRequest::EARLIEST),
            AutoOffsetReset::Latest => Some(ListOffsetsRequest::LATEST),
            AutoOffsetReset::None => None,
        }
    }

    /// Asks the leaders where to begin in partitions for which nothing was
    /// committed, or where positions are lost or were given up.
    pub(super) fn find_positions(&mut self, fabric: &mut Fabric) {
        self.reset_missing_positions(fabric);
        let asked: BTreeSet<&TopicPartition> = self
            .pending
            .values()
            .filter_map(|pending| match pending {
                Pending::ListOffsets { partitions } => Some(partitions),
                _ => None,
            })
            .flatten()
            .map(|(partition, _)| partition)
            .collect();
        let is_due = |(of, assigned): &(&TopicPartition, &super::AssignedPartition)| {
            assigned.not_before <= fabric.now && !asked.contains(*of)
        };
        let missing: Vec<(TopicPartition, i64)> = self
            .assignment
            .iter()
            .filter(is_due)
            .filter_map(|(of, assigned)| Some((of.clone(), assigned.reset?.timestamp)))
            .collect();
        self.list_offsets(fabric, missing, |partitions| Pending::ListOffsets {
            partitions,
        });
    }

    /// Asks the leader of each partition, as far as they are known.
    fn list_offsets(
        &mut self,
        fabric: &mut Fabric,
        wanted: Vec<(TopicPartition, i64)>,
        pending: impl Fn(Vec<(TopicPartition, i64)>) -> Pending,
    ) {
        let mut by_leader: BTreeMap<i32, Vec<(TopicPartition, i64)>> = BTreeMap::new();
        for (partition, timestamp) in wanted {
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
        for (leader, partitions) in by_leader {
            let pending = pending(partitions.clone());
            let request = Request::ListOffsets(ListOffsetsRequest {
                replica_id: None,
                isolation_level: self.config.isolation_level,
                partitions,
            });
            self.ask(fabric, leader, request, pending);
        }
    }

    fn reset_missing_positions(&mut self, fabric: &mut Fabric) {
        let default_reset = self.default_reset();
        let mut without = Vec::new();
        for (partition, assigned) in &mut self.assignment {
            let is_missing =
                assigned.position.is_none() && assigned.reset.is_none() && assigned.knows_committed;
            match default_reset {
                Some(timestamp) if is_missing => assigned.request_reset(timestamp, false),
                None if is_missing => without.push(partition.clone()),
                _ => {}
            }
        }
        if !without.is_empty() {
            self.fail_without_offset(fabric, &without);
        }
    }

    /// The position lies outside the log.
    pub(super) fn lose_position(&mut self, fabric: &mut Fabric, partition: &TopicPartition) {
        if let Some(assigned) = self.assignment.get_mut(partition) {
            assigned.out_of_range = assigned.position.take().or(assigned.out_of_range);
            assigned.awaits_validation = false;
        }
        self.find_positions(fabric);
    }

    pub(super) fn on_listed_offsets(
        &mut self,
        fabric: &mut Fabric,
        asked: &[(TopicPartition, i64)],
        response: ListOffsetsResponse,
    ) {
        let asked: BTreeMap<&TopicPartition, i64> = asked
            .iter()
            .map(|(of, timestamp)| (of, *timestamp))
            .collect();
        for (partition, listed) in response.partitions {
            if !listed.error_code.is_none() {
                self.ask_leader_later(fabric, &partition);
                continue;
            }
            let Some(assigned) = self.assignment.get_mut(&partition) else {
                continue;
            };
            let wanted = assigned.reset.map(|reset| reset.timestamp);
            let Some(reset) = assigned
                .reset
                .filter(|_| wanted == asked.get(&partition).copied())
            else {
                continue;
            };
            let offset = listed.offset;
            assigned.seek(offset, -1);
            let out_of_range = assigned.out_of_range.take();
            if reset.is_sought {
                self.tell_sought(fabric, &partition, offset);
            } else {
                fabric.emit(EventKind::PositionReset {
                    consumer: self.connection.number,
                    topic_partition: partition,
                    offset,
                    out_of_range,
                });
            }
        }
    }

    fn tell_sought(&self, fabric: &mut Fabric, partition: &TopicPartition, offset: i64) {
        let topic_partition = partition.clone();
        self.tell(
            fabric,
            ConsumerEvent::PositionSought {
                topic_partition,
                offset,
            },
        );
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

    /// `seek()` and its kin; the partitions are assigned.
    pub(crate) fn seek(&mut self, fabric: &mut Fabric, partitions: &[TopicPartition], to: SeekTo) {
        if let SeekTo::Timestamp(timestamp) = to {
            self.ask_for_times(fabric, partitions, timestamp, true);
            return self.go_on(fabric);
        }
        for partition in partitions {
            let Some(assigned) = self.assignment.get_mut(partition) else {
                continue;
            };
            assigned.out_of_range = None;
            match to {
                SeekTo::Beginning => assigned.request_reset(ListOffsetsRequest::EARLIEST, true),
                SeekTo::Offset(offset) => {
                    assigned.seek(offset, -1);
                    self.tell_sought(fabric, partition, offset);
                }
                _ => assigned.request_reset(ListOffsetsRequest::LATEST, true),
            }
        }
        self.go_on(fabric);
    }

    /// `offsetsForTimes()`.
    pub(crate) fn offsets_for_times(
        &mut self,
        fabric: &mut Fabric,
        partitions: &[TopicPartition],
        timestamp: i64,
    ) {
        self.ask_for_times(fabric, partitions, timestamp, false);
        self.go_on(fabric);
    }

    fn ask_for_times(
        &mut self,
        fabric: &mut Fabric,
        partitions: &[TopicPartition],
        timestamp: i64,
        seeks: bool,
    ) {
        let wanted = partitions
            .iter()
            .map(|of| (of.clone(), timestamp))
            .collect();
        self.list_offsets(fabric, wanted, |_| Pending::OffsetsForTimes { seeks });
    }

    pub(super) fn on_offsets_for_times(
        &mut self,
        fabric: &mut Fabric,
        seeks: bool,
        response: ListOffsetsResponse,
    ) {
        let listed = response.partitions.into_iter();
        let found: Vec<(TopicPartition, Option<(i64, i64)>)> = listed
            .map(|(partition, listed)| {
                let is_found = listed.error_code.is_none() && listed.offset >= 0;
                (
                    partition,
                    is_found.then_some((listed.offset, listed.timestamp)),
                )
            })
            .collect();
        if !seeks {
            return self.tell(fabric, ConsumerEvent::OffsetsForTimes { found });
        }
        for (partition, found) in found {
            let Some(assigned) = self.assignment.get_mut(&partition) else {
                continue;
            };
            match found {
                Some((offset, _)) => {
                    assigned.seek(offset, -1);
                    self.tell_sought(fabric, &partition, offset);
                }
                None => assigned.request_reset(ListOffsetsRequest::LATEST, true),
            }
        }
    }

    /// `pause()` and `resume()`; the partitions are assigned.
    pub(crate) fn pause(
        &mut self,
        fabric: &mut Fabric,
        partitions: Vec<TopicPartition>,
        paused: bool,
    ) {
        for partition in &partitions {
            if let Some(assigned) = self.assignment.get_mut(partition) {
                assigned.paused = paused;
            }
        }
        let event = match paused {
            true => ConsumerEvent::Paused { partitions },
            false => ConsumerEvent::Resumed { partitions },
        };
        self.tell(fabric, event);
        self.go_on(fabric);
    }
}

/// Whether what was read is still in the log (KIP-320).
impl Consumer {
    /// Takes in who leads now; where that has changed, asks the leader whether
    /// it has what was read.
    pub(super) fn validate_positions(&mut self, fabric: &mut Fabric) {
        let asked: BTreeSet<TopicPartition> = self
            .pending
            .values()
            .filter_map(|pending| match pending {
                Pending::Validation { partitions } => Some(partitions.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        let mut by_leader: BTreeMap<i32, Vec<OffsetForLeaderPartition>> = BTreeMap::new();
        for (partition, assigned) in &mut self.assignment {
            let metadata = &self.connection.metadata;
            let known = metadata.partition(&partition.topic, partition.partition);
            let leader = known.and_then(|of| Some((of.leader?, of.leader_epoch)));
            if assigned.leader != leader {
                let had_one = assigned.leader.is_some();
                assigned.leader = leader;
                assigned.awaits_validation |=
                    had_one && assigned.position.is_some() && assigned.offset_epoch >= 0;
            }
            let Some((leader, epoch)) = leader else {
                continue;
            };
            let is_due = assigned.awaits_validation
                && assigned.not_before <= fabric.now
                && self.connection.is_ready(fabric.now, leader)
                && !asked.contains(partition);
            if is_due {
                by_leader
                    .entry(leader)
                    .or_default()
                    .push(OffsetForLeaderPartition {
                        topic_partition: partition.clone(),
                        current_leader_epoch: epoch,
                        leader_epoch: assigned.offset_epoch,
                    });
            }
        }
        for (leader, partitions) in by_leader {
            let asked = partitions.iter().map(|of| of.topic_partition.clone());
            let pending = Pending::Validation {
                partitions: asked.collect(),
            };
            let request = OffsetForLeaderEpochRequest { partitions };
            let request = Request::OffsetForLeaderEpoch(request);
            self.ask(fabric, leader, request, pending);
        }
    }

    pub(super) fn on_validated(
        &mut self,
        fabric: &mut Fabric,
        response: OffsetForLeaderEpochResponse,
    ) {
        for (partition, end) in response.partitions {
            match end.error_code {
                ErrorCode::None => self.complete_validation(fabric, &partition, end),
                _ => self.ask_leader_later(fabric, &partition),
            }
        }
    }

    /// (`SubscriptionState.maybeCompleteValidation`).
    fn complete_validation(
        &mut self,
        fabric: &mut Fabric,
        partition: &TopicPartition,
        end: EpochEndOffset,
    ) {
        let default_reset = self.default_reset();
        let Some(assigned) = self.assignment.get_mut(partition) else {
            return;
        };
        let Some(position) = assigned.position.filter(|_| assigned.awaits_validation) else {
            return;
        };
        let is_known = end.end_offset >= 0 && end.leader_epoch >= 0;
        if is_known && end.end_offset >= position {
            assigned.awaits_validation = false;
            return;
        }
        match default_reset {
            Some(_) if is_known => {
                assigned.seek(end.end_offset, end.leader_epoch);
                assigned.awaits_validation = false;
            }
            Some(timestamp) => assigned.request_reset(timestamp, false),
            None => {}
        }
        let diverging_offset = is_known.then_some(end.end_offset);
        self.tell(
            fabric,
            ConsumerEvent::TruncationDetected {
                topic_partition: partition.clone(),
                position,
                diverging_offset,
            },
        );
        if default_reset.is_none() {
            let diverging = is_known.then(|| {
                format!(
                    "{partition}=OffsetAndMetadata{{offset={}, leaderEpoch={}, metadata=''}}",
                    end.end_offset, end.leader_epoch
                )
            });
            let message = format!(
                "Detected log truncation with diverging offsets {{{}}}",
                diverging.unwrap_or_default()
            );
            self.fail(fabric, "LogTruncationException", message);
        }
    }
}
