//! Membership in a group: what a consumer does with the partitions that its
//! group gives it and takes from it. How they agree on that is the classic
//! group protocol's ([`classic`]) or that of KIP-848 ([`consumer`]).

mod classic;
mod consumer;
mod consumer_heartbeat;
mod heartbeat;
mod leader;

pub(super) use self::classic::ClassicMember;
pub(super) use self::consumer::ConsumerMember;
pub use self::consumer::ConsumerMemberState;

use crate::collections::BTreeMap;

use super::{AssignedPartition, Consumer, ConsumerEvent, Pending, SubscriptionType};
use crate::event::EventKind;
use crate::protocol::{
    ErrorCode, FindCoordinatorRequest, FindCoordinatorResponse, Request, TopicPartition,
};
use crate::sim::Fabric;

/// The logger of what concerns the group.
pub(super) const LOGGER: &str = "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator";

/// How far a consumer has come in entering its group's present generation
/// (`AbstractCoordinator.MemberState`). With KIP-848 it follows from the
/// [`ConsumerMemberState`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Membership {
    /// It is no member, and has not asked to be one.
    #[default]
    Unjoined,
    /// It knows that it has to rejoin, and does so with its next `poll()`, when
    /// it has committed.
    PreparingRebalance,
    /// It sent JoinGroup and waits until all others have.
    Joining,
    /// It sent SyncGroup and waits for its part of the assignment.
    CompletingRebalance,
    /// It has its part.
    Stable,
    /// It leaves the group.
    Leaving,
}

/// What the application is told.
impl Consumer {
    /// The generation, or with KIP-848 the member epoch, that it was in last, and
    /// its member id there: what it tells of itself for a transaction, also when
    /// it has left or was thrown out, so that the coordinator refuses it
    /// (`groupMetadata()`). `None` before the first.
    pub fn last_generation(&self) -> Option<(i32, &str)> {
        let (generation, member_id) = self.last_generation.as_ref()?;
        Some((*generation, member_id))
    }

    /// It is in another generation, or at another epoch.
    fn note_generation(&mut self) {
        let generation = self.generation();
        if generation >= 0 {
            self.last_generation = Some((generation, self.member_id().to_owned()));
        }
    }
}

/// The partitions.
impl Consumer {
    /// It is to read these from now on; what it has read before goes on.
    fn assign_from_group(
        &mut self,
        fabric: &mut Fabric,
        generation: i32,
        partitions: Vec<TopicPartition>,
    ) {
        self.note_generation();
        let mut before = std::mem::take(&mut self.assignment);
        let assigned = partitions.iter().map(|partition| {
            let known = before.remove(partition).unwrap_or_default();
            (partition.clone(), known)
        });
        self.assignment = assigned.collect();
        self.plan_auto_commit();
        fabric.emit(EventKind::PartitionsAssigned {
            consumer: self.connection.number,
            generation,
            partitions,
        });
    }

    /// Gives up all partitions (`onPartitionsRevoked`).
    pub(super) fn revoke_all(&mut self, fabric: &mut Fabric) {
        self.revoke(fabric, |_| true);
    }

    /// Gives up some partitions; says whether there were any.
    fn revoke(
        &mut self,
        fabric: &mut Fabric,
        is_revoked: impl Fn(&TopicPartition) -> bool,
    ) -> bool {
        let partitions = self.take_out(is_revoked);
        let is_any = !partitions.is_empty();
        if is_any {
            fabric.emit(EventKind::PartitionsRevoked {
                consumer: self.connection.number,
                partitions,
            });
        }
        is_any
    }

    /// The group has gone on without the consumer (`onPartitionsLost`).
    fn lose_all(&mut self, fabric: &mut Fabric) {
        let partitions = self.take_out(|_| true);
        if !partitions.is_empty() {
            self.tell(fabric, ConsumerEvent::PartitionsLost { partitions });
        }
    }

    /// Takes partitions off the assignment, with all that is known of them.
    fn take_out(&mut self, is_taken: impl Fn(&TopicPartition) -> bool) -> Vec<TopicPartition> {
        let mut taken: BTreeMap<TopicPartition, AssignedPartition> = BTreeMap::new();
        for (partition, assigned) in std::mem::take(&mut self.assignment) {
            match is_taken(&partition) {
                true => taken.insert(partition, assigned),
                false => self.assignment.insert(partition, assigned),
            };
        }
        self.completed_fetches
            .retain(|completed| !taken.contains_key(completed.topic_partition()));
        if !taken.is_empty() {
            // Answers about them are answers about another owner's.
            self.pending.retain(|_, pending| {
                !matches!(
                    pending,
                    Pending::OffsetFetch { .. }
                        | Pending::ListOffsets { .. }
                        | Pending::Validation { .. }
                )
            });
        }
        taken.into_keys().collect()
    }
}

/// The coordinator.
impl Consumer {
    /// New metadata: another set of topics may match, and the leader may have
    /// waited for it.
    pub(super) fn on_new_metadata(&mut self, fabric: &mut Fabric) {
        if self.closing {
            return;
        }
        self.group.has_new_metadata = true;
        if matches!(self.subscription_type, SubscriptionType::Pattern(_)) {
            self.match_pattern();
        }
        if self.connection.metadata.is_behind() {
            return self.connection.metadata.request_update_now();
        }
        self.go_on_assigning(fabric);
    }

    /// Asks any broker, if the coordinator is not known and there is a group.
    pub(super) fn find_coordinator(&mut self, fabric: &mut Fabric) {
        let is_under_way = self.is_pending(&Pending::FindCoordinator);
        let may_ask = self.config.has_group()
            && self.subscription_type != SubscriptionType::None
            && self.connection.metadata.updated_at().is_some()
            && self.retry_at <= fabric.now
            && !is_under_way;
        if self.group.coordinator.is_some() || !may_ask {
            return;
        }
        let Some(broker) = self.connection.least_loaded(fabric.now) else {
            return;
        };
        let request = FindCoordinatorRequest::group(&self.config.group_id);
        let request = Request::FindCoordinator(request);
        self.ask(fabric, broker, request, Pending::FindCoordinator);
    }

    pub(super) fn on_coordinator(
        &mut self,
        fabric: &mut Fabric,
        response: FindCoordinatorResponse,
    ) {
        let Some(found) = response.coordinators.first() else {
            return self.back_off(fabric);
        };
        match found.error_code {
            ErrorCode::None => self.group.coordinator = Some(found.node_id),
            ErrorCode::InvalidGroupId => self.fail_with(fabric, found.error_code),
            _ => self.back_off(fabric),
        }
    }

    /// The broker that coordinates its group, as far as it knows.
    pub fn coordinator(&self) -> Option<i32> {
        self.group.coordinator
    }

    fn fail_with(&mut self, fabric: &mut Fabric, error: ErrorCode) {
        self.stop_heartbeats();
        self.fail(fabric, error.exception(), error.message().to_owned());
    }

    fn is_pending(&self, wanted: &Pending) -> bool {
        self.pending.values().any(|pending| pending == wanted)
    }

    pub(super) fn ask(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        request: Request,
        pending: Pending,
    ) {
        let correlation_id = self.connection.send(fabric, broker, request);
        self.pending.insert(correlation_id, pending);
    }
}
