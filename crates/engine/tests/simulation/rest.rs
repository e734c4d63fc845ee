//! The end of a run, for groups: with everything mended, members that live find
//! together, and what was committed is there.

use engine::collections::{BTreeMap, BTreeSet};

use engine::Command;
use engine::client::{Client, Consumer, ConsumerMemberState, Membership, Processing};
use engine::coordinator::GroupState;
use engine::coordinator::consumer_group::{ConsumerGroupState, ConsumerGroupTimer};

use super::Run;
use super::groups::{OFFSETS, consumers};

/// How long groups may take, in virtual milliseconds: a member that is gone is
/// noticed by then, and so is a busy one.
const SETTLES_WITHIN_MS: i64 = 120_000;

impl Run {
    /// Demands that every group is stable, and all that it subscribes to is
    /// read by one member each.
    pub(super) fn groups_come_to_rest(&mut self) {
        self.let_only_consumers_go_on();
        let end = self.world.now().plus_ms(SETTLES_WITHIN_MS);
        let mut restarted = BTreeSet::new();
        while let Some(why_not) = self.what_is_not_settled() {
            assert!(self.world.now() < end, "groups do not settle: {why_not}");
            self.mend_servers(&mut restarted);
            self.end_who_waits_for_a_topic_that_is_gone();
            self.restart_who_has_forgotten_sessions();
            // Never in step with those who commit every 100 ms.
            let pause_us = 400_000 + u64::from(self.random.below(200_000));
            self.advance_to(self.world.now().plus_us(pause_us));
        }
        self.model.summary.kept_offsets += self.model.groups.check_offsets(&self.world);
        let members =
            consumers(&self.world).filter(|it| it.subscription_type().is_managed_by_group());
        let groups: BTreeSet<&str> = members.map(|it| it.config.group_id.as_str()).collect();
        self.model.summary.settled_groups += groups.len() as u64;
    }

    fn let_only_consumers_go_on(&mut self) {
        let clients: Vec<u32> = self.world.clients().keys().copied().collect();
        for client in clients {
            // What is left of a process ends with the rest of it.
            let Some(running) = self.world.clients().get(&client) else {
                continue;
            };
            if self.is_part_of_processor(client) {
                continue;
            }
            match running {
                Client::Consumer(consumer) => {
                    let processing = Processing {
                        per_record_us: 0,
                        ..consumer.processing()
                    };
                    self.execute(Command::SetProcessing {
                        consumer: client,
                        processing,
                    });
                }
                _ => {
                    self.execute(Command::Crash { client });
                }
            }
        }
    }

    /// `commitSync()` takes a topic that is gone for one that is yet to come, and
    /// tries until `default.api.timeout.ms` has passed; for every record anew,
    /// where each is committed. Nobody else is given anything in the meantime.
    fn end_who_waits_for_a_topic_that_is_gone(&mut self) {
        let image = self.world.image();
        let waits = |it: &&Consumer| {
            let read = it.in_hand().map(|(of, ..)| of);
            let mut read = read.chain(it.assignment().keys());
            it.waits_for_commit() && read.any(|of| image.partition(of).is_none())
        };
        let stuck: Vec<u32> = consumers(&self.world)
            .filter(waits)
            .map(|it| it.connection.number)
            .collect();
        for client in stuck {
            self.execute(Command::Crash { client });
        }
    }

    /// A coordinator of KIP-848 that could not write that a member leaves has
    /// the member back, but not the timer of its session, which it has cancelled
    /// (`GroupMetadataManager.consumerGroupFenceMember`). Until another
    /// coordinator loads the group, the member is never missed; and it is fenced
    /// when it joins again, since that needs an epoch it has not.
    pub(super) fn restart_who_has_forgotten_sessions(&mut self) {
        let groups = self.world.consumer_groups().into_values();
        let forgetful = groups.filter(|(broker, group)| {
            let shard = broker.groups().shard_of(group.id());
            let timers = shard.map(|shard| shard.consumer_groups().timers());
            let timed: BTreeSet<&str> = timers
                .into_iter()
                .flatten()
                .filter(|(timer, _)| timer.group_id() == group.id())
                .filter(|(timer, _)| matches!(timer, ConsumerGroupTimer::Session { .. }))
                .map(|(timer, _)| timer.member_id())
                .collect();
            group.members().any(|it| !timed.contains(&*it.id))
        });
        let forgetful = forgetful.map(|(broker, _)| broker.id);
        let forgetful: BTreeSet<i32> = forgetful.chain(self.who_has_forgotten_sharers()).collect();
        for broker in forgetful {
            self.execute(Command::KillBroker { broker });
        }
    }

    /// The same with share groups (`shareGroupFenceMember`).
    fn who_has_forgotten_sharers(&self) -> impl Iterator<Item = i32> {
        let groups = self.world.share_groups().into_values();
        let forgetful = groups.filter(|(broker, group)| {
            let mut shards = broker.groups().active().map(|(_, _, shard)| shard);
            let shard = shards.find(|it| it.share_groups().any(|it| it.id() == group.id()));
            let deadline = |member_id| shard?.session_deadline(group.id(), member_id);
            group.members().keys().any(|it| deadline(it).is_none())
        });
        forgetful.map(|(broker, _)| broker.id)
    }

    fn what_is_not_settled(&self) -> Option<String> {
        if let Some(why_not) = self.what_coordinators_lack() {
            return Some(why_not);
        }
        let mut groups: BTreeMap<&str, Vec<&Consumer>> = BTreeMap::new();
        let managed = consumers(&self.world);
        for member in managed.filter(|it| it.subscription_type().is_managed_by_group()) {
            groups
                .entry(&member.config.group_id)
                .or_default()
                .push(member);
        }
        let mut groups = groups.into_iter();
        groups.find_map(|(name, members)| self.what_keeps_a_group(name, &members))
    }

    /// Every partition of `__consumer_offsets` has its coordinator, which knows
    /// that all it has loaded is committed.
    fn what_coordinators_lack(&self) -> Option<String> {
        let partitions = self.world.image().partitions();
        let mut of_groups = partitions.filter(|(of, _)| *of.topic == *OFFSETS);
        of_groups.find_map(|(of, registration)| {
            let leader = registration
                .leader
                .and_then(|id| self.world.brokers().get(&id));
            let is_ready = leader.is_some_and(|it| {
                let log = it.partitions().get(&of).map(|held| &held.log);
                let is_done = log.is_some_and(|log| log.high_watermark() == log.end_offset());
                is_done && it.groups().shard(of.partition).is_ok()
            });
            (!is_ready).then(|| format!("{of} has no coordinator: {registration:?}"))
        })
    }

    fn what_keeps_a_group(&self, name: &str, members: &[&Consumer]) -> Option<String> {
        if members[0].member_state().is_some() {
            return self.what_keeps_a_consumer_group(name, members);
        }
        let groups = self.world.groups();
        let Some((_, group)) = groups.get(name) else {
            return Some(format!("the group {name} is not known"));
        };
        let is_in = |member: &&Consumer| {
            member.membership() == Membership::Stable
                && member.generation() == group.generation()
                && group.member(member.member_id()).is_some()
        };
        if group.state() != GroupState::Stable
            || group.members().len() != members.len()
            || !members.iter().all(is_in)
        {
            let members = members.iter().map(|it| (it.member_id(), it.membership()));
            let members: Vec<_> = members.collect();
            return Some(format!("the group {group:?} of {members:?}"));
        }
        let who_reads = self.what_is_not_read_by_one(name, members)?;
        Some(format!("{who_reads}, led by {:?}", group.leader()))
    }

    /// The same for groups of KIP-848. A member whose pattern no topic matches
    /// does not join.
    fn what_keeps_a_consumer_group(&self, name: &str, members: &[&Consumer]) -> Option<String> {
        let joins = |member: &&&Consumer| {
            let state = member.member_state();
            state != Some(ConsumerMemberState::Unsubscribed) || !member.subscription().is_empty()
        };
        let members: Vec<&Consumer> = members.iter().filter(joins).copied().collect();
        let groups = self.world.consumer_groups();
        let Some((_, group)) = groups.get(name) else {
            let is_known = members.is_empty();
            return (!is_known).then(|| format!("the group {name} is not known"));
        };
        let is_in = |member: &&Consumer| {
            member.membership() == Membership::Stable && member.generation() == group.epoch()
        };
        let state = match members.is_empty() {
            true => ConsumerGroupState::Empty,
            false => ConsumerGroupState::Stable,
        };
        if group.state() != state
            || group.members().len() != members.len()
            || !members.iter().all(is_in)
        {
            let members = members.iter().map(|it| (it.member_id(), it.member_state()));
            let members: Vec<_> = members.collect();
            return Some(format!("the group {group:?} of {members:?}"));
        }
        self.what_is_not_read_by_one(name, &members)
    }

    /// What is subscribed to is read by one member, other things by none.
    fn what_is_not_read_by_one(&self, name: &str, members: &[&Consumer]) -> Option<String> {
        let topics = members.iter().flat_map(|it| it.subscription());
        let topics: BTreeSet<_> = topics.collect();
        let mut partitions = self.world.image().partitions();
        partitions.find_map(|(of, _)| {
            let readers = members
                .iter()
                .filter(|it| it.assignment().contains_key(&of));
            let readers = readers.count();
            let wanted = usize::from(topics.contains(&of.topic));
            if readers <= 1 && self.model.groups.has_returned_member(name) {
                return None;
            }
            (readers != wanted).then(|| {
                let members = members.iter().map(|it| (it.member_id(), it.subscription()));
                let members: Vec<_> = members.collect();
                format!("{readers} of the group {name} read {of}: {members:?}")
            })
        })
    }
}
