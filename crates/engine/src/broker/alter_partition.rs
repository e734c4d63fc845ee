//! Asking the controller for other ISRs (`kafka.server.AlterPartitionManager`).

use crate::collections::BTreeMap;

use super::Broker;
use super::controller_channel::Purpose;
use crate::controller::PartitionRegistration;
use crate::protocol::{
    AlterPartition, AlterPartitionRequest, AlterPartitionResponse, AlteredPartition, ErrorCode,
    Request, TopicPartition,
};
use crate::sim::{Fabric, Time};

/// What is asked and not answered, at most one change for each partition.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct IsrChanges {
    /// Goes out with the next request.
    unsent: BTreeMap<TopicPartition, AlterPartition>,
    /// Is out.
    sent: BTreeMap<TopicPartition, AlterPartition>,
    /// When the controller is asked again that refused the whole request.
    retry_at: Option<Time>,
}

/// How long the broker waits after its request was refused, in milliseconds
/// (`DefaultAlterPartitionManager`).
const RETRY_MS: i64 = 50;

impl IsrChanges {
    /// The broker leads the partition no longer.
    pub fn forget(&mut self, of: &TopicPartition) {
        self.unsent.remove(of);
    }

    pub fn next_deadline(&self) -> Option<Time> {
        self.retry_at.filter(|_| !self.unsent.is_empty())
    }
}

impl Broker {
    /// Has a change asked for, one at a time for each partition: also one that
    /// the leader itself has forgotten, because of metadata that came
    /// meanwhile, is to be answered first.
    pub(super) fn alter_partition(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        change: AlterPartition,
    ) {
        let changes = &mut self.isr_changes;
        if changes.sent.contains_key(of) || changes.unsent.contains_key(of) {
            let error = Err(ErrorCode::OperationNotAttempted);
            return self.partition_altered(fabric, of, &change, error);
        }
        changes.unsent.insert(of.clone(), change);
        self.send_isr_changes(fabric);
    }

    /// All that is asked goes in one request; the next one waits for its
    /// answer.
    pub(super) fn send_isr_changes(&mut self, fabric: &mut Fabric) {
        let is_early = self.isr_changes.retry_at.is_some_and(|at| at > fabric.now);
        if is_early || !self.isr_channel.is_idle() || self.isr_changes.unsent.is_empty() {
            return;
        }
        self.isr_changes.retry_at = None;
        let changes = std::mem::take(&mut self.isr_changes.unsent);
        self.isr_changes.sent.clone_from(&changes);
        let request = Request::AlterPartition(AlterPartitionRequest {
            broker_id: self.id,
            broker_epoch: self.broker_epoch,
            partitions: changes.into_iter().collect(),
        });
        self.isr_channel.push(fabric.now, Purpose::Own, request);
        self.run_channels(fabric);
    }

    pub(super) fn on_isr_altered(&mut self, fabric: &mut Fabric, response: AlterPartitionResponse) {
        let sent = std::mem::take(&mut self.isr_changes.sent);
        if !response.error_code.is_none() {
            let unsent = &mut self.isr_changes.unsent;
            for (of, asked) in sent {
                unsent.entry(of).or_insert(asked);
            }
            self.isr_changes.retry_at = Some(fabric.now.plus_ms(RETRY_MS));
            return;
        }
        for (of, altered) in response.partitions {
            let Some(asked) = sent.get(&of) else {
                continue;
            };
            let answer = registration(&altered, &of, self);
            self.partition_altered(fabric, &of, asked, answer);
        }
        self.send_isr_changes(fabric);
    }

    fn partition_altered(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        asked: &AlterPartition,
        answer: Result<PartitionRegistration, ErrorCode>,
    ) {
        let answer = answer.as_ref().map_err(|error| *error);
        let effects = self.with_leader(fabric, of, |leader, circumstances| {
            leader.alter_partition_answered(asked, answer, circumstances)
        });
        self.take_effect(fabric, of, effects.unwrap_or_default());
    }

    /// Every half `replica.lag.time.max.ms`, from when it leads something until
    /// it is found to lead nothing.
    pub(super) fn plan_isr_check(&mut self, now: Time) {
        if self.isr_check_at.is_none() {
            let interval_ms = self.config.replication.lag_time_max_ms / 2;
            self.isr_check_at = Some(now.plus_ms(interval_ms.max(1)));
        }
    }

    /// Leaves out of the ISRs whoever has not kept up.
    pub(super) fn check_isr(&mut self, fabric: &mut Fabric) {
        if self.isr_check_at.is_none_or(|at| at > fabric.now) {
            return;
        }
        self.isr_check_at = None;
        self.note_settled_followers();
        let led: Vec<TopicPartition> = self.led().map(|(of, _)| of.clone()).collect();
        if !led.is_empty() {
            self.plan_isr_check(fabric.now);
        }
        for of in led {
            let effects = self.with_leader(fabric, &of, |leader, circumstances| {
                leader.maybe_shrink_isr(circumstances)
            });
            self.take_effect(fabric, &of, effects.unwrap_or_default());
        }
    }
}

/// The partition as the controller has it now.
fn registration(
    altered: &AlteredPartition,
    of: &TopicPartition,
    broker: &Broker,
) -> Result<PartitionRegistration, ErrorCode> {
    if !altered.error_code.is_none() {
        return Err(altered.error_code);
    }
    let known = broker.image.partition(of);
    let known = known.ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let mut registration = PartitionRegistration::clone(known);
    registration.leader = (altered.leader_id >= 0).then_some(altered.leader_id);
    registration.leader_epoch = altered.leader_epoch;
    registration.isr.clone_from(&altered.isr);
    registration.recovering = altered.recovering;
    registration.partition_epoch = altered.partition_epoch;
    Ok(registration)
}
