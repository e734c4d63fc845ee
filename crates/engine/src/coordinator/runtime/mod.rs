//! What all coordinators have in common whose state lies in an internal topic
//! (`CoordinatorRuntime`): for each partition of the topic that a broker leads
//! there is a state machine, a shard. It is loaded from the partition's records
//! and given up with the leadership. What it writes is answered when the
//! partition's high watermark has passed it.
//!
//! The runtime knows no log and no network. Its broker appends what a shard
//! wants written, and tells the runtime how far the partition is committed.

mod record;
mod shard;
mod timeline;

pub use record::{CoordinatorRecord, ProducerIdAndEpoch, batch_of};
pub use shard::{CoordinatorShard, Output, RequestToken, Settled, Write, commit_at_once};
pub use timeline::{TimelineMap, TimelineObject, WriteNumber};

use crate::collections::BTreeMap;
use std::collections::VecDeque;

use crate::log::record_batch::{EndTransactionMarker, RecordBatch, TransactionResult};
use crate::protocol::ErrorCode;
use crate::sim::Time;

/// The shards of one internal topic that a broker has, by partition.
#[derive(Clone, Debug, Hash)]
pub struct CoordinatorRuntime<S: CoordinatorShard> {
    contexts: BTreeMap<i32, CoordinatorContext<S>>,
    next_deadline: Option<Time>,
}

/// A shard and how far its partition has come.
#[derive(Clone, Debug, Hash)]
pub struct CoordinatorContext<S: CoordinatorShard> {
    leader_epoch: i32,
    state: CoordinatorState,
    shard: S,
    /// What waits for the high watermark, oldest first.
    deferred: VecDeque<Deferred<S>>,
    /// Where the partition ended after the last write.
    last_written: i64,
}

/// What a shard is at (`CoordinatorState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CoordinatorState {
    /// It reads its partition.
    Loading {
        /// When it will have read it.
        until: Time,
    },
    /// It serves.
    Active,
}

#[derive(Clone, Debug, Hash)]
struct Deferred<S: CoordinatorShard> {
    number: WriteNumber,
    /// The high watermark that it waits for.
    end_offset: i64,
    /// Until when somebody waits; `None` once nobody does.
    deadline: Option<Time>,
    then: Vec<S::Then>,
}

impl<S: CoordinatorShard> Default for CoordinatorRuntime<S> {
    fn default() -> Self {
        CoordinatorRuntime {
            contexts: BTreeMap::new(),
            next_deadline: None,
        }
    }
}

/// Elections: shards come and go.
impl<S: CoordinatorShard> CoordinatorRuntime<S> {
    /// The broker leads the partition from this epoch on. A shard that it has
    /// already goes on; a new one loads until the instant given. Whether it is
    /// a new one is told.
    pub fn elected(
        &mut self,
        partition: i32,
        leader_epoch: i32,
        until: Time,
        shard: impl FnOnce() -> S,
    ) -> bool {
        if let Some(context) = self.contexts.get_mut(&partition) {
            context.leader_epoch = context.leader_epoch.max(leader_epoch);
            return false;
        }
        let context = CoordinatorContext {
            leader_epoch,
            state: CoordinatorState::Loading { until },
            shard: shard(),
            deferred: VecDeque::new(),
            last_written: 0,
        };
        self.contexts.insert(partition, context);
        self.plan();
        true
    }

    /// The shard has read these batches, all that the partition holds, of which
    /// those below the high watermark are committed
    /// (`CoordinatorLoaderImpl.doLoad`).
    pub fn load<'b>(
        &mut self,
        now: Time,
        partition: i32,
        batches: impl Iterator<Item = &'b RecordBatch>,
        high_watermark: i64,
        out: &mut Vec<Output<S>>,
    ) {
        let Some(context) = self.contexts.get_mut(&partition) else {
            return;
        };
        for batch in batches {
            let number = context.shard.next_write();
            replay(&mut context.shard, number, batch);
            context.last_written = batch.next_offset();
            if batch.next_offset() <= high_watermark {
                context.shard.commit(number);
            } else {
                context.deferred.push_back(Deferred {
                    number,
                    end_offset: batch.next_offset(),
                    deadline: None,
                    then: Vec::new(),
                });
            }
        }
        context.state = CoordinatorState::Active;
        context.shard.on_loaded(now, out);
        self.plan();
    }

    /// The broker leads the partition no longer. Whoever waits is told
    /// `NOT_COORDINATOR`.
    pub fn resigned(&mut self, now: Time, partition: i32, out: &mut Vec<Output<S>>) {
        let Some(mut context) = self.contexts.remove(&partition) else {
            return;
        };
        let gone = Settled::Failed(ErrorCode::NotCoordinator);
        for deferred in context.deferred {
            for then in deferred.then {
                context.shard.settled(now, then, gone, out);
            }
        }
        if context.state == CoordinatorState::Active {
            context.shard.on_unloaded(now, out);
        }
        // There is nowhere to write to any more.
        out.retain(|output| !matches!(output, Output::Write(_)));
        self.plan();
    }

    /// The broker's process has ended.
    pub fn clear(&mut self) {
        *self = CoordinatorRuntime::default();
    }
}

/// Writes.
impl<S: CoordinatorShard> CoordinatorRuntime<S> {
    /// The shard of a partition.
    ///
    /// # Errors
    ///
    /// `NOT_COORDINATOR` when the broker does not lead the partition,
    /// `COORDINATOR_LOAD_IN_PROGRESS` while it loads.
    pub fn shard(&self, partition: i32) -> Result<&S, ErrorCode> {
        let context = self.contexts.get(&partition);
        let context = context.ok_or(ErrorCode::NotCoordinator)?;
        match context.state {
            CoordinatorState::Active => Ok(&context.shard),
            CoordinatorState::Loading { .. } => Err(ErrorCode::CoordinatorLoadInProgress),
        }
    }

    /// The same, to act. What it hands out is for the broker to carry out, in
    /// order, before the next act.
    ///
    /// # Errors
    ///
    /// As [`shard`](Self::shard).
    pub fn act<R>(
        &mut self,
        partition: i32,
        act: impl FnOnce(&mut S) -> R,
    ) -> Result<R, ErrorCode> {
        self.shard(partition)?;
        let context = self.contexts.get_mut(&partition);
        let acted = context.map(|context| act(&mut context.shard));
        self.plan();
        acted.ok_or(ErrorCode::NotCoordinator)
    }

    /// Every shard, also one that loads, to be told what has changed around it
    /// and what no record says.
    pub fn shards_mut(&mut self) -> impl Iterator<Item = &mut S> {
        self.contexts.values_mut().map(|context| &mut context.shard)
    }

    /// What a shard wanted written is in the log up to here, or had nothing to
    /// write; it is settled when all before it is committed, or fails at the
    /// deadline.
    pub fn defer(
        &mut self,
        partition: i32,
        number: WriteNumber,
        end_offset: Option<i64>,
        then: Vec<S::Then>,
        deadline: Time,
    ) {
        if let Some(context) = self.contexts.get_mut(&partition) {
            let end_offset = end_offset.unwrap_or(context.last_written);
            context.last_written = end_offset;
            context.deferred.push_back(Deferred {
                number,
                end_offset,
                deadline: Some(deadline),
                then,
            });
        }
        self.plan();
    }

    /// What a shard wanted written is not in the log: it takes it back.
    pub fn failed(
        &mut self,
        now: Time,
        partition: i32,
        number: WriteNumber,
        then: Vec<S::Then>,
        error: ErrorCode,
        out: &mut Vec<Output<S>>,
    ) {
        if let Some(context) = self.contexts.get_mut(&partition) {
            context.shard.revert(number);
            for then in then {
                let settled = Settled::NotAppended(error);
                context.shard.settled(now, then, settled, out);
            }
        }
        self.plan();
    }

    /// A marker that ends a producer's transaction is in the log, which ends
    /// here now (`CoordinatorRuntime.completeTransaction`).
    pub fn end_transaction(
        &mut self,
        partition: i32,
        producer: ProducerIdAndEpoch,
        result: TransactionResult,
        end_offset: i64,
    ) {
        if let Some(context) = self.contexts.get_mut(&partition) {
            let number = context.shard.next_write();
            let shard = &mut context.shard;
            shard.replay_end_transaction_marker(number, producer, result);
            context.last_written = end_offset;
            context.deferred.push_back(Deferred {
                number,
                end_offset,
                deadline: None,
                then: Vec::new(),
            });
        }
    }

    /// The partition is committed up to here.
    pub fn advance(
        &mut self,
        now: Time,
        partition: i32,
        high_watermark: i64,
        out: &mut Vec<Output<S>>,
    ) {
        let Some(context) = self.contexts.get_mut(&partition) else {
            return;
        };
        let is_committed = |it: &mut Deferred<S>| it.end_offset <= high_watermark;
        let mut has_changed = false;
        while let Some(deferred) = context.deferred.pop_front_if(is_committed) {
            has_changed = true;
            context.shard.commit(deferred.number);
            for then in deferred.then {
                context.shard.settled(now, then, Settled::Committed, out);
            }
        }
        if has_changed {
            self.plan();
        }
    }

    /// The partitions in which somebody has waited too long, or a timer of the
    /// shard's is due.
    pub fn due(&self, now: Time) -> Vec<i32> {
        if self.next_deadline.is_none_or(|at| at > now) {
            return Vec::new();
        }
        let contexts = self.contexts.iter();
        let due = contexts.filter(|(_, it)| it.next_deadline().is_some_and(|at| at <= now));
        due.map(|(partition, _)| *partition).collect()
    }

    /// Who has waited too long is told `REQUEST_TIMED_OUT`; what was written
    /// stays. Then the shard's first timer that is due runs, if there is one;
    /// whether it is worth asking again is told.
    pub fn expire_next(&mut self, now: Time, partition: i32, out: &mut Vec<Output<S>>) -> bool {
        let Some(context) = self.contexts.get_mut(&partition) else {
            return false;
        };
        if context.state != CoordinatorState::Active {
            return false;
        }
        let mut expired = Vec::new();
        for deferred in &mut context.deferred {
            if deferred.deadline.take_if(|at| *at <= now).is_some() {
                expired.append(&mut deferred.then);
            }
        }
        for then in expired {
            let settled = Settled::Failed(ErrorCode::RequestTimedOut);
            context.shard.settled(now, then, settled, out);
        }
        let has_run = context.shard.expire_next(now, out);
        self.plan();
        has_run
    }
}

/// What there is.
impl<S: CoordinatorShard> CoordinatorRuntime<S> {
    /// The shards that serve, with the partition and the leader epoch of each.
    pub fn active(&self) -> impl Iterator<Item = (i32, i32, &S)> {
        let contexts = self.contexts.iter();
        let active = contexts.filter(|(_, it)| it.state == CoordinatorState::Active);
        active.map(|(partition, it)| (*partition, it.leader_epoch, &it.shard))
    }

    /// All partitions that the broker coordinates, and what each is at.
    pub fn partitions(&self) -> impl Iterator<Item = (i32, CoordinatorState)> {
        let contexts = self.contexts.iter();
        contexts.map(|(partition, context)| (*partition, context.state))
    }

    /// Whether this partition's shard has yet to read it.
    pub fn is_loading(&self, partition: i32) -> bool {
        let context = self.contexts.get(&partition);
        context.is_some_and(|context| context.state != CoordinatorState::Active)
    }

    /// Whether this partition's shard has writes that are not committed.
    pub fn has_uncommitted_writes(&self, partition: i32) -> bool {
        let context = self.contexts.get(&partition);
        context.is_some_and(|context| !context.deferred.is_empty())
    }

    /// When something is due next.
    pub fn next_deadline(&self) -> Option<Time> {
        self.next_deadline
    }

    fn plan(&mut self) {
        let contexts = self.contexts.values();
        self.next_deadline = contexts.filter_map(CoordinatorContext::next_deadline).min();
    }
}

impl<S: CoordinatorShard> CoordinatorContext<S> {
    fn next_deadline(&self) -> Option<Time> {
        match self.state {
            CoordinatorState::Loading { until } => Some(until),
            CoordinatorState::Active => {
                let waiting = self.deferred.iter().filter_map(|it| it.deadline);
                waiting.chain(self.shard.next_deadline()).min()
            }
        }
    }
}

/// A shard takes in what was written (`CoordinatorLoaderImpl`).
fn replay<S: CoordinatorShard>(shard: &mut S, number: WriteNumber, batch: &RecordBatch) {
    let producer = batch.has_producer_id().then(|| ProducerIdAndEpoch {
        producer_id: batch.producer_id(),
        producer_epoch: batch.producer_epoch(),
    });
    for record in batch.records().map_while(Result::ok) {
        if batch.is_control() {
            let marker = EndTransactionMarker::from_record(&record);
            if let (Some(marker), Some(producer)) = (marker, producer) {
                shard.replay_end_transaction_marker(number, producer, marker.result);
            }
        } else if let Some(key) = record.key {
            let producer = producer.filter(|_| batch.is_transactional());
            shard.replay(number, producer, key, record.value);
        }
    }
}
