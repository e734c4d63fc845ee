//! The group coordinator as a shard: loaded from a partition of
//! `__consumer_offsets`, and given up with it.

use super::consumer_group::RETRY_BACKOFF_MS;
use super::expire::schedule_clean_up;
use super::record::GroupRecord;
use super::runtime::{CoordinatorShard, ProducerIdAndEpoch, Settled, WriteNumber};
use super::share_group;
use super::then::{GroupThen, with_error};
use super::timers::Timer;
use super::{ClassicGroup, CoordinatorOutput, GroupCoordinator, GroupEvent};
use crate::log::record_batch::TransactionResult;
use crate::protocol::{JoinGroupResponse, Response};
use crate::sim::Time;

impl CoordinatorShard for GroupCoordinator {
    type Event = GroupEvent;
    type Then = GroupThen;

    fn next_write(&mut self) -> WriteNumber {
        self.last_write += 1;
        self.last_write
    }

    fn replay(
        &mut self,
        write: WriteNumber,
        producer: Option<ProducerIdAndEpoch>,
        key: &[u8],
        value: Option<&[u8]>,
    ) {
        // Kafka logs records that it cannot read, and goes on.
        let Ok(Some(record)) = GroupRecord::decode(key, value) else {
            return;
        };
        match record {
            GroupRecord::OffsetCommit(key, Some(value)) => {
                if !self.has_group(&key.group) {
                    let group = ClassicGroup::new(&key.group, value.commit_timestamp_ms);
                    self.groups.insert(write, key.group.clone(), group);
                }
                let producer_id = producer.map(|producer| producer.producer_id);
                self.offsets.put(write, producer_id, key, value);
            }
            GroupRecord::OffsetCommit(key, None) => self.offsets.remove(write, &key),
            GroupRecord::GroupMetadata(key, Some(value)) => {
                let group = ClassicGroup::from_record(&key.group, value);
                self.groups.insert(write, key.group, group);
            }
            GroupRecord::GroupMetadata(key, None) => self.groups.remove(write, &key.group),
            GroupRecord::ConsumerGroup(record) => self.replay_consumer_group(write, record),
            GroupRecord::ShareGroup(record) => {
                share_group::replay(&mut self.share_groups, write, record);
            }
        }
    }

    fn replay_end_transaction_marker(
        &mut self,
        write: WriteNumber,
        producer: ProducerIdAndEpoch,
        result: TransactionResult,
    ) {
        self.offsets
            .end_transaction(write, producer.producer_id, result);
    }

    fn commit(&mut self, until: WriteNumber) {
        self.groups.commit(until);
        self.consumer_groups.commit(until);
        self.share_groups.commit(until);
        self.offsets.commit(until);
    }

    fn revert(&mut self, from: WriteNumber) {
        self.groups.revert(from);
        self.consumer_groups.revert(from);
        self.share_groups.revert(from);
        self.offsets.revert(from);
    }

    fn settled(
        &mut self,
        now: Time,
        then: GroupThen,
        settled: Settled,
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        match then {
            GroupThen::Respond { token, response } => {
                let response = match settled.error() {
                    Some(error) => with_error(response, error),
                    None => response,
                };
                parts.step.respond(token, response);
            }
            GroupThen::Fenced { timer } => {
                if settled.error().is_some() {
                    parts.consumer_groups.set_again(now, timer);
                }
            }
            GroupThen::ShareMemberFenced { group, member_id } => {
                let known = parts.share_groups.get(&group);
                let is_member = known.is_some_and(|it| it.members().contains_key(&member_id));
                if settled.error().is_some() && is_member {
                    let timer = Timer::Session { group, member_id };
                    parts.step.schedule(RETRY_BACKOFF_MS, timer);
                }
            }
            GroupThen::GroupMade { group, token } => {
                if let Some(error) = settled.error() {
                    let response = JoinGroupResponse::error(error, "");
                    parts.step.respond(token, Response::JoinGroup(response));
                }
                if parts.groups.get(&group).is_none() {
                    parts.step.timers.cancel_group(&group);
                }
            }
            GroupThen::Assign {
                group,
                generation,
                assignments,
            } => {
                if let Some(group) = parts.groups.get_mut(&group) {
                    group.assign(&mut parts.step, generation, assignments, settled);
                }
            }
            GroupThen::ReplaceStatic {
                group,
                old,
                new_member_id,
            } => {
                if let Some(group) = parts.groups.get_mut(&group) {
                    group.replaced_static(&mut parts.step, *old, &new_member_id, settled);
                }
            }
        }
        parts.step.finish();
    }

    fn on_loaded(&mut self, now: Time, out: &mut Vec<CoordinatorOutput>) {
        let mut parts = self.parts(now, out);
        parts.consumer_groups.on_loaded(now);
        for group in parts.share_groups.current().values() {
            for member_id in group.members().keys() {
                share_group::schedule_session(&mut parts.step, group.id(), member_id);
            }
        }
        if !parts.groups.current().is_empty() || parts.consumer_groups.groups().len() > 0 {
            schedule_clean_up(&mut parts.step);
        }
        for group in parts.groups.values_mut() {
            group.on_loaded(&mut parts.step);
        }
        parts.step.finish();
    }

    fn on_unloaded(&mut self, now: Time, out: &mut Vec<CoordinatorOutput>) {
        let mut parts = self.parts(now, out);
        for name in parts.share_groups.current().keys() {
            parts.step.timers.cancel_group(name);
        }
        for group in parts.groups.values_mut() {
            group.on_unloaded(&mut parts.step);
        }
        parts.step.timers.cancel(&Timer::Cleanup);
        parts.step.finish();
    }

    fn next_deadline(&self) -> Option<Time> {
        self.next_timer()
    }

    fn expire_next(&mut self, now: Time, out: &mut Vec<CoordinatorOutput>) -> bool {
        if self.expire_consumer_group(now, out) {
            return true;
        }
        let Some((_, timer)) = self.timers.pop_until(now) else {
            return false;
        };
        self.run_timer(now, &timer, out);
        true
    }
}
