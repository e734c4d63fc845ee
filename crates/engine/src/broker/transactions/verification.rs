//! What a leader asks the coordinator before it appends a producer's first
//! batch of a transaction (KIP-890; `kafka.server.AddPartitionsToTxnManager`,
//! `ReplicaManager.handleProduceAppend`).

use std::collections::BTreeMap;

use super::super::{Broker, produce};
use crate::log::VerificationGuard;
use crate::log::record_batch::NO_SEQUENCE;
use crate::protocol::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, AddPartitionsToTxnTransaction,
    ErrorCode, Header, PartitionErrors, PartitionProduceResponse, ProduceRequest, Request,
    TopicPartition, TxnOffsetCommitRequest,
};
use crate::sim::{Fabric, NodeId, Time};

/// What each partition asked for had when it was.
type Guards = BTreeMap<TopicPartition, VerificationGuard>;

/// What has become of each partition asked for.
type Verdict = BTreeMap<TopicPartition, ErrorCode>;

/// What is to be written.
#[derive(Clone, Debug, Hash)]
enum Work {
    /// A producer's batches.
    Produce(ProduceRequest),
    /// A group's offsets, and what was refused of them before.
    Offsets(TxnOffsetCommitRequest, PartitionErrors),
}

/// The writes that wait for a coordinator, and what it is asked.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Verification {
    /// In the order in which they came.
    waiting: BTreeMap<u64, WaitingWrite>,
    next: u64,
    channels: BTreeMap<i32, Channel>,
}

/// A request that is not carried out yet.
#[derive(Clone, Debug, Hash)]
struct WaitingWrite {
    from: NodeId,
    header: Header,
    work: Work,
    /// The partitions asked for. There are none while it waits for an earlier
    /// one on its connection.
    guards: Guards,
}

/// The way to one coordinator: one request at a time, with all that waits.
#[derive(Clone, Debug, Default, Hash)]
struct Channel {
    /// By producer id.
    queue: BTreeMap<i64, Wanted>,
    in_flight: Option<InFlight>,
}

#[derive(Clone, Debug, Hash)]
struct InFlight {
    correlation_id: i32,
    deadline: Time,
    asked: BTreeMap<i64, Wanted>,
}

#[derive(Clone, Debug, Hash)]
struct Wanted {
    /// The write that waits for it.
    write: u64,
    transaction: AddPartitionsToTxnTransaction,
}

impl Wanted {
    fn all(&self, error: ErrorCode) -> Verdict {
        let partitions = self.transaction.partitions.iter();
        partitions.map(|of| (of.clone(), error)).collect()
    }
}

impl Verification {
    pub fn next_deadline(&self) -> Option<Time> {
        let in_flight = self
            .channels
            .values()
            .filter_map(|it| it.in_flight.as_ref());
        in_flight.map(|it| it.deadline).min()
    }

    fn note(&mut self, from: NodeId, header: Header, work: Work) -> u64 {
        let number = self.next;
        self.next += 1;
        let guards = Guards::new();
        let write = WaitingWrite {
            from,
            header,
            work,
            guards,
        };
        self.waiting.insert(number, write);
        number
    }

    pub fn forget(&mut self, node: NodeId) {
        self.waiting.retain(|_, write| write.from != node);
    }
}

impl Broker {
    /// Appends the batches; those that begin a producer's transaction in a
    /// partition once the coordinator has said that it is part of it. What
    /// comes later on the same connection waits behind, as a broker handles
    /// one request of a connection at a time.
    pub(in super::super) fn receive_produce(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ProduceRequest,
    ) {
        let verification = &mut self.transactions.verification;
        let is_behind = verification.waiting.values().any(|it| it.from == from);
        let number = verification.note(from, header, Work::Produce(request));
        if !is_behind {
            self.verify_and_append(fabric, number);
        }
    }

    /// Stores the offsets once the coordinator has said that the group's
    /// partition is part of the transaction.
    pub(super) fn verify_offset_commit(
        &mut self,
        fabric: &mut Fabric,
        (from, header): (NodeId, Header),
        request: TxnOffsetCommitRequest,
        refused: PartitionErrors,
        wanted: AddPartitionsToTxnTransaction,
    ) {
        let (id, epoch) = (request.producer_id, request.producer_epoch);
        let verification = &mut self.transactions.verification;
        let write = verification.note(from, header, Work::Offsets(request, refused));
        let now_ms = fabric.timestamp_ms();
        let of = &wanted.partitions[0];
        let must_ask = self.config.transactions.partition_verification_enable;
        let led = self.partitions.get_mut(of).filter(|it| it.is_leader());
        let guard = led.filter(|_| must_ask).and_then(|partition| {
            let log = &mut partition.log;
            log.begin_verification_of(id, epoch, NO_SEQUENCE, now_ms)
        });
        let Some(guard) = guard else {
            return self.append_verified(fabric, write, &Verdict::new());
        };
        if let Some(waiting) = self.transactions.verification.waiting.get_mut(&write) {
            waiting.guards.insert(of.clone(), guard);
        }
        let transaction = wanted;
        self.want_verified(fabric, Wanted { write, transaction });
    }

    fn verify_and_append(&mut self, fabric: &mut Fabric, number: u64) {
        let now_ms = fabric.timestamp_ms();
        let verification = &mut self.transactions.verification;
        let Some(waiting) = verification.waiting.get_mut(&number) else {
            return;
        };
        let Work::Produce(request) = &waiting.work else {
            return;
        };
        let mut verdict = Verdict::new();
        let mut wanted: Option<AddPartitionsToTxnTransaction> = None;
        for (of, batch) in &request.partitions {
            let Some(transactional_id) = request.transactional_id.as_deref() else {
                if batch.is_transactional() {
                    verdict.insert(of.clone(), ErrorCode::TransactionalIdAuthorizationFailed);
                }
                continue;
            };
            let led = self.partitions.get_mut(of).filter(|it| it.is_leader());
            let must_ask = self.config.transactions.partition_verification_enable;
            let Some(partition) = led.filter(|_| must_ask) else {
                continue;
            };
            if let Some(guard) = partition.log.begin_verification(batch, now_ms) {
                waiting.guards.insert(of.clone(), guard);
                let transaction = wanted.get_or_insert_with(|| AddPartitionsToTxnTransaction {
                    transactional_id: transactional_id.to_owned(),
                    producer_id: batch.producer_id(),
                    producer_epoch: batch.producer_epoch(),
                    verify_only: true,
                    partitions: Vec::new(),
                });
                transaction.partitions.push(of.clone());
            }
        }
        match wanted {
            None => self.append_verified(fabric, number, &verdict),
            Some(transaction) => {
                let write = number;
                self.want_verified(fabric, Wanted { write, transaction });
            }
        }
    }

    /// Puts a question into the line before its coordinator. Of two questions
    /// about one producer the older is given up.
    fn want_verified(&mut self, fabric: &mut Fabric, wanted: Wanted) {
        let id = &wanted.transaction.transactional_id;
        let coordinator = match self.transaction_coordinator_of(id) {
            Ok(coordinator) => coordinator,
            Err(error) => {
                return self.append_verified(fabric, wanted.write, &wanted.all(error));
            }
        };
        let channels = &mut self.transactions.verification.channels;
        let queue = &mut channels.entry(coordinator).or_default().queue;
        let producer_id = wanted.transaction.producer_id;
        let epoch = wanted.transaction.producer_epoch;
        let known_epoch = queue
            .get(&producer_id)
            .map(|known| known.transaction.producer_epoch);
        let (given_up, error) = match known_epoch {
            Some(known) if known > epoch => (Some(wanted), ErrorCode::InvalidProducerEpoch),
            Some(known) if known < epoch => {
                let older = queue.insert(producer_id, wanted);
                (older, ErrorCode::InvalidProducerEpoch)
            }
            _ => {
                let older = queue.insert(producer_id, wanted);
                (older, ErrorCode::NetworkException)
            }
        };
        if let Some(given_up) = given_up {
            self.append_verified(fabric, given_up.write, &given_up.all(error));
        }
        self.ask_coordinator_to_verify(fabric, coordinator);
    }

    fn ask_coordinator_to_verify(&mut self, fabric: &mut Fabric, coordinator: i32) {
        let channels = &mut self.transactions.verification.channels;
        let Some(channel) = channels.get_mut(&coordinator) else {
            return;
        };
        if channel.in_flight.is_some() || channel.queue.is_empty() {
            return;
        }
        let asked = std::mem::take(&mut channel.queue);
        let transactions = asked.values().map(|it| it.transaction.clone());
        let request = Request::AddPartitionsToTxn(AddPartitionsToTxnRequest {
            transactions: transactions.collect(),
        });
        let correlation_id = self.ask(fabric, NodeId::Broker(coordinator), request);
        let in_flight = InFlight {
            correlation_id,
            deadline: fabric.now.plus_ms(self.config.request_timeout_ms),
            asked,
        };
        let channels = &mut self.transactions.verification.channels;
        channels.entry(coordinator).or_default().in_flight = Some(in_flight);
    }

    /// A coordinator has answered.
    pub(in super::super) fn on_verified(
        &mut self,
        fabric: &mut Fabric,
        coordinator: i32,
        header: &Header,
        response: &AddPartitionsToTxnResponse,
    ) {
        let channels = &mut self.transactions.verification.channels;
        let in_flight = channels.get_mut(&coordinator).and_then(|channel| {
            let is_answer = |it: &mut InFlight| it.correlation_id == header.correlation_id;
            channel.in_flight.take_if(is_answer)
        });
        let Some(in_flight) = in_flight else {
            return;
        };
        for wanted in in_flight.asked.values() {
            let id = &wanted.transaction.transactional_id;
            let results = response.results_by_transaction.iter();
            let of_this = results.filter(|(of, _)| of == id).flat_map(|(_, it)| it);
            let verdict = of_this.cloned().collect();
            self.append_verified(fabric, wanted.write, &verdict);
        }
        self.ask_coordinator_to_verify(fabric, coordinator);
    }

    /// The connection to a coordinator is gone: the producers are to try again.
    pub(super) fn verification_failed(&mut self, fabric: &mut Fabric, coordinator: i32) {
        let channels = &mut self.transactions.verification.channels;
        let channel = channels.get_mut(&coordinator);
        let Some(in_flight) = channel.and_then(|channel| channel.in_flight.take()) else {
            return;
        };
        for wanted in in_flight.asked.values() {
            let verdict = wanted.all(ErrorCode::NetworkException);
            self.append_verified(fabric, wanted.write, &verdict);
        }
        self.ask_coordinator_to_verify(fabric, coordinator);
    }

    /// It waits no longer for coordinators that do not answer.
    pub(super) fn expire_verifications(&mut self, fabric: &mut Fabric) {
        let channels = self.transactions.verification.channels.iter();
        let silent = channels.filter(|(_, channel)| {
            let in_flight = channel.in_flight.as_ref();
            in_flight.is_some_and(|it| it.deadline <= fabric.now)
        });
        let silent: Vec<i32> = silent.map(|(coordinator, _)| *coordinator).collect();
        for coordinator in silent {
            self.drop_broker(fabric, coordinator);
        }
    }

    /// Appends what the verdict allows, and goes on with what waited behind it.
    fn append_verified(&mut self, fabric: &mut Fabric, number: u64, verdict: &Verdict) {
        let Some(waiting) = self.transactions.verification.waiting.remove(&number) else {
            return;
        };
        let WaitingWrite {
            from,
            header,
            work,
            guards,
        } = waiting;
        match work {
            Work::Produce(request) => {
                let refused = self.not_to_append(&request, &guards, verdict);
                self.produce(fabric, from, header, request, refused);
            }
            Work::Offsets(request, refused) => {
                let of = self.offsets_partition(&request.group_id);
                let error = verdict.get(&of).copied().unwrap_or(ErrorCode::None);
                let producer = (request.producer_id, request.producer_epoch);
                let is_stale = self.is_stale(&of, &guards, producer);
                let verdict = match (error, is_stale) {
                    (ErrorCode::ProducerFenced, _) => ErrorCode::InvalidProducerEpoch,
                    (ErrorCode::None, true) => ErrorCode::InvalidTxnState,
                    (error, _) => error,
                };
                self.store_txn_offsets(fabric, (from, header), request, refused, verdict);
            }
        }
        let mut behind = self.transactions.verification.waiting.iter();
        let next = behind.find(|(_, it)| it.from == from && it.guards.is_empty());
        if let Some(next) = next.map(|(number, _)| *number) {
            self.verify_and_append(fabric, next);
        }
    }

    /// Which batches are not to be appended, and what their producer is told.
    fn not_to_append(
        &self,
        request: &ProduceRequest,
        guards: &Guards,
        verdict: &Verdict,
    ) -> BTreeMap<TopicPartition, PartitionProduceResponse> {
        let mut refused = BTreeMap::new();
        for (of, batch) in &request.partitions {
            let error = verdict.get(of).copied().unwrap_or(ErrorCode::None);
            let producer = (batch.producer_id(), batch.producer_epoch());
            if !error.is_none() {
                refused.insert(of.clone(), not_verified(error));
            } else if self.is_stale(of, guards, producer) {
                refused.insert(of.clone(), produce::refused(ErrorCode::InvalidTxnState));
            }
        }
        refused
    }

    /// Whether a marker was written since the coordinator was asked.
    fn is_stale(&self, of: &TopicPartition, guards: &Guards, (id, epoch): (i64, i16)) -> bool {
        guards.get(of).is_some_and(|guard| {
            let partition = self.partitions.get(of);
            partition.is_some_and(|it| !it.log.producer_state().is_verified(id, epoch, *guard))
        })
    }
}

/// What a producer is told of a coordinator's error: where it may try again,
/// an error that every producer tries again after.
fn not_verified(error: ErrorCode) -> PartitionProduceResponse {
    let (error_code, message) = match error {
        ErrorCode::ProducerFenced => (ErrorCode::InvalidProducerEpoch, None),
        ErrorCode::InvalidTxnState => (
            error,
            Some("Partition was not added to the transaction".to_owned()),
        ),
        ErrorCode::ConcurrentTransactions
        | ErrorCode::NetworkException
        | ErrorCode::CoordinatorLoadInProgress
        | ErrorCode::CoordinatorNotAvailable
        | ErrorCode::NotCoordinator => (
            ErrorCode::NotEnoughReplicas,
            Some(format!(
                "Unable to verify the partition has been added to the transaction. Underlying \
                 error: {error}"
            )),
        ),
        error => (error, None),
    };
    PartitionProduceResponse {
        error_message: message,
        ..produce::refused(error_code)
    }
}
