//! Groups of both protocols beside each other: those of the classic protocol,
//! and those of KIP-848 ([`ConsumerGroups`]). A name stands for a group of one
//! of them; an empty group becomes one of the other when a member of that
//! joins (`GroupMetadataManager.maybeDeleteEmptyConsumerGroup`,
//! `maybeDeleteEmptyClassicGroup`).

use super::consumer_group::{
    ConsumerGroup, ConsumerGroupConfig, ConsumerGroupEvent, ConsumerGroupRecord, ConsumerGroups,
    TopicsImage,
};
use super::expire::schedule_clean_up;
use super::offsets::ExpirationBase;
use super::record::GroupRecord;
use super::runtime::RequestToken;
use super::step::Step;
use super::then::GroupThen;
use super::tools::delete;
use super::{ClassicGroup, CoordinatorOutput, GroupCoordinator, GroupEvent, GroupState, Groups};
use crate::protocol::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, ConsumerGroupHeartbeatRequest,
    ErrorCode, JOIN_GROUP_MEMBER_EPOCH, OffsetCommitRequest, Response,
};
use crate::sim::Time;
use crate::sorting::sort_by_key;

/// A group of either protocol (`org.apache.kafka.coordinator.group.Group`).
#[derive(Clone, Copy)]
pub(super) enum AnyGroup<'a> {
    Classic(&'a ClassicGroup),
    Consumer(&'a ConsumerGroup),
}

impl<'a> AnyGroup<'a> {
    pub fn find(
        groups: &'a Groups,
        consumer_groups: &'a ConsumerGroups,
        name: &str,
    ) -> Option<AnyGroup<'a>> {
        let classic = groups.current().get(name).map(AnyGroup::Classic);
        classic.or_else(|| consumer_groups.group(name).map(AnyGroup::Consumer))
    }

    pub fn name(self) -> &'a str {
        match self {
            AnyGroup::Classic(group) => &group.name,
            AnyGroup::Consumer(group) => group.id(),
        }
    }

    pub fn is_empty(self) -> bool {
        match self {
            AnyGroup::Classic(group) => group.state == GroupState::Empty,
            AnyGroup::Consumer(group) => group.members().len() == 0,
        }
    }

    pub fn is_subscribed_to(self, topic: &str) -> bool {
        match self {
            AnyGroup::Classic(group) => group.is_subscribed_to(topic),
            AnyGroup::Consumer(group) => group.is_subscribed_to(topic),
        }
    }

    pub fn validate_delete(self) -> Result<(), ErrorCode> {
        match self {
            AnyGroup::Classic(group) => group.validate_delete(),
            AnyGroup::Consumer(group) => group.validate_delete().map_err(|it| it.error_code),
        }
    }

    pub fn validate_offset_delete(self) -> Result<(), ErrorCode> {
        match self {
            AnyGroup::Classic(group) => group.validate_offset_delete(),
            AnyGroup::Consumer(_) => Ok(()),
        }
    }

    /// From when on the retention of its offsets counts. With the consumer
    /// group protocol it is always the commit
    /// (`ConsumerGroup.offsetExpirationCondition`).
    pub fn expiration_base(self) -> Option<ExpirationBase> {
        match self {
            AnyGroup::Classic(group) => group.expiration_base(),
            AnyGroup::Consumer(_) => Some(ExpirationBase::Commit),
        }
    }
}

impl ConsumerGroup {
    /// Whether these offsets may be committed
    /// (`OffsetMetadataManager.validateOffsetCommit`,
    /// `validateTransactionalOffsetCommit`).
    pub(super) fn validate_commit(
        &self,
        request: &OffsetCommitRequest,
        is_transactional: bool,
    ) -> Result<(), ErrorCode> {
        let (member_id, epoch) = (&request.member_id, request.generation_id);
        let is_anonymous = epoch < 0 && member_id.is_empty() && request.group_instance_id.is_none();
        if is_transactional && is_anonymous {
            return Ok(());
        }
        let checked = self.validate_offset_commit(member_id, epoch);
        checked.map_err(|error| match error.error_code {
            ErrorCode::StaleMemberEpoch if is_transactional => ErrorCode::IllegalGeneration,
            error => error,
        })
    }
}

/// Groups of KIP-848.
impl GroupCoordinator {
    /// The same with groups of KIP-848 of these settings; the topics are as
    /// told here.
    pub fn with_consumer_groups(
        self,
        config: ConsumerGroupConfig,
        seed: u64,
        image: TopicsImage,
    ) -> GroupCoordinator {
        let mut consumer_groups = ConsumerGroups::new(config, seed);
        consumer_groups.on_new_metadata_image(image, &[]);
        GroupCoordinator {
            consumer_groups,
            ..self
        }
    }

    /// The groups of KIP-848.
    pub fn consumer_groups(&self) -> &ConsumerGroups {
        &self.consumer_groups
    }

    /// The topics are as told here from now on; those with these names have
    /// changed ([`ConsumerGroups::on_new_metadata_image`]).
    pub fn on_new_metadata_image(&mut self, image: TopicsImage, changed: &[&str]) {
        self.consumer_groups.on_new_metadata_image(image, changed);
    }

    /// Handles a ConsumerGroupHeartbeat request. What it comes to is answered
    /// when it is committed; a refusal at once.
    pub fn consumer_group_heartbeat(
        &mut self,
        now: Time,
        token: RequestToken,
        client_id: &str,
        client_host: &str,
        request: &ConsumerGroupHeartbeatRequest,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        let is_share = parts.share_groups.get(&request.group_id).is_some();
        let classic = parts.groups.current().get(&request.group_id);
        let may_be_upgraded = |group: &ClassicGroup| {
            group.state == GroupState::Empty && request.member_epoch == JOIN_GROUP_MEMBER_EPOCH
        };
        if is_share || classic.is_some_and(|group| !may_be_upgraded(group)) {
            let response = parts.consumer_groups.refuse_classic(request);
            parts
                .step
                .respond(token, Response::ConsumerGroupHeartbeat(response));
            return parts.step.finish();
        }
        let outcome = parts
            .consumer_groups
            .heartbeat(now, client_id, client_host, request);
        let response = Response::ConsumerGroupHeartbeat(outcome.response.clone());
        if !outcome.response.error_code.is_none() {
            parts.step.respond(token, response);
            return parts.step.finish();
        }
        delete(parts.groups, &mut parts.step, &request.group_id);
        write(
            parts.consumer_groups,
            &mut parts.step,
            outcome.records,
            outcome.events,
        );
        parts.finish_with(token, response);
    }

    /// Answers a ConsumerGroupDescribe request from what is committed.
    pub fn describe_consumer_groups(
        &self,
        request: &ConsumerGroupDescribeRequest,
    ) -> ConsumerGroupDescribeResponse {
        let mut response = self.consumer_groups.describe(request);
        for group in &mut response.groups {
            let is_classic = self.groups.get_committed(&group.group_id).is_some();
            if is_classic || self.share_groups.get_committed(&group.group_id).is_some() {
                let message = format!("Group {} is not a consumer group.", group.group_id);
                group.error_message = Some(message);
            }
        }
        response
    }

    /// Runs the first timer of these groups, if it is due before any of the
    /// classic ones; `false` when it is not.
    pub(super) fn expire_consumer_group(
        &mut self,
        now: Time,
        out: &mut Vec<CoordinatorOutput>,
    ) -> bool {
        let next = self.consumer_groups.next_deadline();
        let classic = self.timers.next();
        if !next.is_some_and(|at| at <= now && classic.is_none_or(|classic| at < classic)) {
            return false;
        }
        let mut parts = self.parts(now, out);
        if let Some((timer, outcome)) = parts.consumer_groups.expire_next(now)
            && !outcome.records.is_empty()
        {
            write(
                parts.consumer_groups,
                &mut parts.step,
                outcome.records,
                outcome.events,
            );
            parts.step.then(GroupThen::Fenced { timer });
        }
        parts.step.finish();
        true
    }

    /// When the next timer is due, whichever protocol it is of.
    pub(super) fn next_timer(&self) -> Option<Time> {
        let times = [self.timers.next(), self.consumer_groups.next_deadline()];
        times.into_iter().flatten().min()
    }

    /// Takes in a record of a group of KIP-848 that says something: if there is
    /// a classic group of its name, that was made for offsets alone, which lie
    /// before the group's own records in the log.
    pub(super) fn replay_consumer_group(&mut self, write: u64, record: ConsumerGroupRecord) {
        if !record.is_tombstone() {
            self.groups.remove(write, &record.group_id().to_owned());
        }
        self.consumer_groups.replay(write, record, &mut Vec::new());
    }

    /// Whether there is a group of this name, of either protocol.
    pub(super) fn has_group(&self, name: &str) -> bool {
        AnyGroup::find(&self.groups, &self.consumer_groups, name).is_some()
    }
}

/// Writes records of groups of KIP-848, and takes them in.
pub(super) fn write(
    consumer_groups: &mut ConsumerGroups,
    step: &mut Step,
    records: Vec<ConsumerGroupRecord>,
    mut events: Vec<ConsumerGroupEvent>,
) {
    for record in records {
        consumer_groups.replay(step.write, record.clone(), &mut events);
        step.record(GroupRecord::ConsumerGroup(record));
    }
    let is_new =
        |event: &ConsumerGroupEvent| matches!(event, ConsumerGroupEvent::GroupCreated { .. });
    // A group is there before anything happens in it.
    sort_by_key(&mut events, |event| !is_new(event));
    for event in events {
        if is_new(&event) {
            schedule_clean_up(step);
        }
        step.event_if_written(GroupEvent::Consumer(event));
    }
}

/// Deletes a group of KIP-848 that is empty.
pub(super) fn delete_consumer_group(
    consumer_groups: &mut ConsumerGroups,
    step: &mut Step,
    name: &str,
) {
    let records = consumer_groups.delete(name);
    write(consumer_groups, step, records, Vec::new());
}
