//! Coordinators on a broker: their shards come and go with the partitions of
//! an internal topic that it leads, and write to these
//! (`CoordinatorPartitionWriter`, `CoordinatorLoaderImpl`).

use std::collections::VecDeque;
use std::convert::Infallible;

use super::Broker;
use super::produce::ACKS_ALL;
use super::share::merge_state_results;
use crate::controller::{GROUP_METADATA_TOPIC_NAME, SHARE_GROUP_STATE_TOPIC_NAME};
use crate::coordinator::runtime::{
    CoordinatorRecord, CoordinatorRuntime, CoordinatorShard, Output, ProducerIdAndEpoch,
    RequestToken, Write, batch_of,
};
use crate::coordinator::share_state::ShareCoordinator;
use crate::coordinator::{GroupCoordinator, GroupEvent};
use crate::event::EventKind;
use crate::log::PartitionLog;
use crate::log::record_batch::RecordBatch;
use crate::protocol::{ErrorCode, Header, Response, TopicPartition};
use crate::sim::{Fabric, NodeId, Time};

/// How fast a partition is read when a coordinator loads it, in bytes a
/// microsecond. No setting of Kafka's.
const LOADING_BYTES_PER_US: u64 = 100;

/// A request that a coordinator has not answered yet.
#[derive(Clone, Debug, Hash)]
pub(super) struct WaitingRequest {
    from: NodeId,
    header: Header,
    /// What the broker has answered already, of partitions that there are not.
    refused: Vec<(TopicPartition, ErrorCode)>,
    /// How many shards answer a part of it.
    shards: usize,
    /// What they have answered so far, as one answer of the share coordinator.
    so_far: Option<Response>,
    /// What they have answered so far.
    results: Vec<(String, ErrorCode)>,
}

/// A coordinator that a broker has.
pub(super) trait BrokerCoordinator: CoordinatorShard {
    /// The internal topic that holds its state.
    const TOPIC: &'static str;

    fn runtime(broker: &Broker) -> &CoordinatorRuntime<Self>;

    fn runtime_mut(broker: &mut Broker) -> &mut CoordinatorRuntime<Self>;

    /// A shard that knows nothing yet; no two get the same seed.
    fn new_shard(broker: &Broker, epoch_ms: i64, seed: u64) -> Self;

    /// How long a write may wait until it is committed, in milliseconds.
    fn write_timeout_ms(broker: &Broker) -> i64;

    /// Does what a shard tells or wants done.
    fn on_event(broker: &mut Broker, fabric: &mut Fabric, event: Self::Event);
}

impl BrokerCoordinator for GroupCoordinator {
    const TOPIC: &'static str = GROUP_METADATA_TOPIC_NAME;

    fn runtime(broker: &Broker) -> &CoordinatorRuntime<Self> {
        &broker.groups
    }

    fn runtime_mut(broker: &mut Broker) -> &mut CoordinatorRuntime<Self> {
        &mut broker.groups
    }

    fn new_shard(broker: &Broker, epoch_ms: i64, seed: u64) -> Self {
        let config = broker.config.consumer_groups.clone();
        GroupCoordinator::new(broker.config.coordinator.clone(), seed)
            .with_epoch_ms(epoch_ms)
            .with_consumer_groups(config, seed, broker.topics_image())
            .with_group_configs(broker.group_configs.clone())
    }

    fn write_timeout_ms(broker: &Broker) -> i64 {
        broker.config.coordinator.offset_commit_timeout_ms
    }

    fn on_event(_: &mut Broker, fabric: &mut Fabric, event: GroupEvent) {
        fabric.emit(EventKind::Group(event));
    }
}

impl BrokerCoordinator for ShareCoordinator {
    const TOPIC: &'static str = SHARE_GROUP_STATE_TOPIC_NAME;

    fn runtime(broker: &Broker) -> &CoordinatorRuntime<Self> {
        &broker.share_states
    }

    fn runtime_mut(broker: &mut Broker) -> &mut CoordinatorRuntime<Self> {
        &mut broker.share_states
    }

    fn new_shard(broker: &Broker, _: i64, _: u64) -> Self {
        ShareCoordinator::new(broker.config.share_coordinator.clone())
    }

    fn write_timeout_ms(broker: &Broker) -> i64 {
        broker.config.share_coordinator.write_timeout_ms
    }

    fn on_event(_: &mut Broker, _: &mut Fabric, event: Infallible) {
        match event {}
    }
}

/// What concerns every coordinator.
impl Broker {
    /// The broker begins to lead a partition, or leads it in a new epoch.
    pub(super) fn elected_coordinator(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        if *of.topic == *GroupCoordinator::TOPIC {
            self.elected::<GroupCoordinator>(fabric, of);
        } else if *of.topic == *ShareCoordinator::TOPIC {
            self.elected::<ShareCoordinator>(fabric, of);
        }
    }

    /// The broker does not lead a partition any more.
    pub(super) fn resigned_coordinator(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        if *of.topic == *GroupCoordinator::TOPIC {
            self.resigned::<GroupCoordinator>(fabric, of);
        } else if *of.topic == *ShareCoordinator::TOPIC {
            self.resigned::<ShareCoordinator>(fabric, of);
        }
    }

    /// The high watermark of a partition that it leads has moved.
    pub(super) fn advance_coordinator(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        if *of.topic == *GroupCoordinator::TOPIC {
            self.advance::<GroupCoordinator>(fabric, of);
        } else if *of.topic == *ShareCoordinator::TOPIC {
            self.advance::<ShareCoordinator>(fabric, of);
        }
    }

    /// Does what is due of coordinators.
    pub(super) fn run_coordinators(&mut self, fabric: &mut Fabric) {
        self.run_due::<GroupCoordinator>(fabric);
        self.run_due::<ShareCoordinator>(fabric);
    }

    /// When something of a coordinator is due next.
    pub(super) fn coordinators_deadline(&self) -> Option<Time> {
        let deadlines = [
            self.groups.next_deadline(),
            self.share_states.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// The process ends.
    pub(super) fn stop_coordinators(&mut self) {
        self.groups.clear();
        self.share_states.clear();
        self.waiting.clear();
        self.topics_in_creation.clear();
    }

    /// A request is noted, so that so many shards can answer it later; `refused`
    /// is what they need not answer.
    pub(super) fn wait_for_coordinator(
        &mut self,
        from: NodeId,
        header: Header,
        refused: Vec<(TopicPartition, ErrorCode)>,
        shards: usize,
    ) -> RequestToken {
        let token = RequestToken(self.next_token);
        self.next_token += 1;
        let waiting = WaitingRequest {
            from,
            header,
            refused,
            shards,
            so_far: None,
            results: Vec::new(),
        };
        self.waiting.insert(token.0, waiting);
        token
    }

    /// A shard has answered; when it was the last one of those asked, so does
    /// the broker.
    pub(super) fn answer_waiting(
        &mut self,
        fabric: &mut Fabric,
        token: RequestToken,
        mut response: Response,
    ) {
        let Some(waiting) = self.waiting.get_mut(&token.0) else {
            return;
        };
        waiting.shards -= 1;
        match &mut response {
            Response::OffsetCommit(response) => {
                response.partitions.append(&mut waiting.refused);
            }
            Response::OffsetDelete(response) if response.error_code.is_none() => {
                response.partitions.append(&mut waiting.refused);
            }
            Response::DeleteGroups(response) => {
                waiting.results.append(&mut response.results);
                response.results = waiting.results.clone();
            }
            _ => {
                merge_state_results(waiting.so_far.take(), &mut response);
                waiting.so_far = (waiting.shards > 0).then(|| response.clone());
            }
        }
        if waiting.shards == 0
            && let Some(waiting) = self.waiting.remove(&token.0)
        {
            let response = self.as_txn_offset_commit(token, response);
            self.answer(fabric, waiting.from, waiting.header, response);
        }
    }
}

/// One coordinator.
impl Broker {
    fn elected<S: BrokerCoordinator>(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        let Some(held) = self.partitions.get(of) else {
            return;
        };
        let leader_epoch = held.leader_epoch();
        let loading_us = loading_us(&held.log);
        let until = fabric.now.plus_us(loading_us);
        let place = u64::from(of.partition.cast_unsigned()) << 32;
        let place = place | u64::from(leader_epoch.cast_unsigned());
        let seed = fabric.seed.wrapping_add(mixed(place));
        let shard = S::new_shard(self, fabric.epoch_ms(), seed);
        let runtime = S::runtime_mut(self);
        let is_new = runtime.elected(of.partition, leader_epoch, until, || shard);
        if is_new && loading_us == 0 {
            self.load_shard::<S>(fabric, of.partition);
        }
    }

    fn load_shard<S: BrokerCoordinator>(&mut self, fabric: &mut Fabric, partition: i32) {
        let of = TopicPartition::new(S::TOPIC, partition);
        let Some(log) = self.partitions.get(&of).map(|held| held.log.clone()) else {
            return;
        };
        let mut out = Vec::new();
        let high_watermark = log.high_watermark();
        let runtime = S::runtime_mut(self);
        runtime.load(
            fabric.now,
            partition,
            log.batches(),
            high_watermark,
            &mut out,
        );
        self.hand_out::<S>(fabric, partition, out);
    }

    fn resigned<S: BrokerCoordinator>(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        let mut out = Vec::new();
        let runtime = S::runtime_mut(self);
        runtime.resigned(fabric.now, of.partition, &mut out);
        self.hand_out::<S>(fabric, of.partition, out);
    }

    fn advance<S: BrokerCoordinator>(&mut self, fabric: &mut Fabric, of: &TopicPartition) {
        if !S::runtime(self).has_uncommitted_writes(of.partition) {
            return;
        }
        let Some(high_watermark) = self.partitions.get(of).map(|held| held.high_watermark()) else {
            return;
        };
        let mut out = Vec::new();
        let runtime = S::runtime_mut(self);
        runtime.advance(fabric.now, of.partition, high_watermark, &mut out);
        self.hand_out::<S>(fabric, of.partition, out);
    }

    fn run_due<S: BrokerCoordinator>(&mut self, fabric: &mut Fabric) {
        for partition in S::runtime(self).due(fabric.now) {
            if S::runtime(self).is_loading(partition) {
                self.load_shard::<S>(fabric, partition);
            }
            loop {
                let mut out = Vec::new();
                let runtime = S::runtime_mut(self);
                let has_run = runtime.expire_next(fabric.now, partition, &mut out);
                self.hand_out::<S>(fabric, partition, out);
                if !has_run {
                    break;
                }
            }
        }
    }

    /// Lets a shard act.
    ///
    /// # Errors
    ///
    /// Those of [`CoordinatorRuntime::shard`]; the shard has then not acted.
    pub(super) fn act_as<S: BrokerCoordinator>(
        &mut self,
        fabric: &mut Fabric,
        partition: i32,
        act: impl FnOnce(&mut S, &mut Vec<Output<S>>),
    ) -> Result<(), ErrorCode> {
        let mut out = Vec::new();
        let runtime = S::runtime_mut(self);
        runtime.act(partition, |shard| act(shard, &mut out))?;
        self.hand_out::<S>(fabric, partition, out);
        Ok(())
    }

    /// Carries out what a shard hands out.
    fn hand_out<S: BrokerCoordinator>(
        &mut self,
        fabric: &mut Fabric,
        partition: i32,
        out: Vec<Output<S>>,
    ) {
        let mut out = VecDeque::from(out);
        while let Some(output) = out.pop_front() {
            match output {
                Output::Respond { token, response } => {
                    self.answer_waiting(fabric, token, response);
                }
                Output::Event(event) => S::on_event(self, fabric, event),
                Output::Write(write) => {
                    for more in self.write::<S>(fabric, partition, write).into_iter().rev() {
                        out.push_front(more);
                    }
                }
            }
        }
    }

    /// Appends what a shard wants written; tells what the shard hands out when
    /// it is committed at once, or not appended.
    fn write<S: BrokerCoordinator>(
        &mut self,
        fabric: &mut Fabric,
        partition: i32,
        write: Write<S>,
    ) -> Vec<Output<S>> {
        let of = TopicPartition::new(S::TOPIC, partition);
        let deadline = fabric.now.plus_ms(S::write_timeout_ms(self));
        let appended = match write.records.is_empty() {
            true => Ok(None),
            false => self
                .append_records(fabric, &of, &write.records, write.producer)
                .map(Some),
        };
        let mut out = Vec::new();
        let now = fabric.now;
        match appended {
            Ok(end_offset) => {
                for event in write.events {
                    S::on_event(self, fabric, event);
                }
                let runtime = S::runtime_mut(self);
                runtime.defer(partition, write.number, end_offset, write.then, deadline);
                let high_watermark = self.partitions.get(&of).map(|held| held.high_watermark());
                let high_watermark = high_watermark.unwrap_or(-1);
                let runtime = S::runtime_mut(self);
                runtime.advance(now, partition, high_watermark, &mut out);
                self.complete_fetches(fabric, &of);
            }
            Err(error) => {
                let runtime = S::runtime_mut(self);
                runtime.failed(now, partition, write.number, write.then, error, &mut out);
            }
        }
        out
    }

    /// Appends records to a partition that it leads, as one batch and with
    /// `acks=all`, and tells where the log ends then
    /// (`CoordinatorPartitionWriter.append`).
    ///
    /// # Errors
    ///
    /// Those of a produce.
    fn append_records(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        records: &[CoordinatorRecord],
        producer: Option<ProducerIdAndEpoch>,
    ) -> Result<i64, ErrorCode> {
        let batch = batch_of(records, producer, fabric.timestamp_ms());
        let batch = batch.map_err(|_| ErrorCode::RecordListTooLarge)?;
        self.append_as_coordinator(fabric, of, &batch)
    }

    /// The same with a batch, or a marker.
    pub(super) fn append_as_coordinator(
        &mut self,
        fabric: &mut Fabric,
        of: &TopicPartition,
        batch: &RecordBatch,
    ) -> Result<i64, ErrorCode> {
        let allowed = self.with_leader(fabric, of, |leader, circumstances| {
            leader.check_append(ACKS_ALL, circumstances)
        });
        allowed.ok_or(ErrorCode::NotLeaderOrFollower)??;
        let now_ms = fabric.timestamp_ms();
        let partition = self.partitions.get_mut(of).expect("it leads the partition");
        let leader_epoch = partition.leader_epoch();
        let log = &mut partition.log;
        let appended = log.append_as_coordinator(batch, leader_epoch, now_ms);
        let appended = appended.map_err(|error| error.error_code())?;
        fabric.emit(EventKind::RecordsAppended {
            broker: self.id,
            topic_partition: of.clone(),
            base_offset: appended.first_offset,
            records: batch.record_count(),
            from: NodeId::Broker(self.id),
        });
        if batch.has_producer_id() {
            self.plan_producer_check(fabric.now);
        }
        self.raise_high_watermark(fabric, of);
        Ok(appended.last_offset + 1)
    }
}

/// How long it takes a coordinator to read a partition, in microseconds.
pub(super) fn loading_us(log: &PartitionLog) -> u64 {
    log.size_bytes() as u64 / LOADING_BYTES_PER_US
}

/// Spreads numbers that lie close together (the finalizer of SplitMix64).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
