//! What a leader asks the coordinator before it appends a producer's first
//! batch of a transaction (KIP-890; `kafka.server.AddPartitionsToTxnManager`,
//! `ReplicaManager.handleProduceAppend`).

use crate::collections::BTreeMap;

use super::super::{Broker, produce};
use crate::log::VerificationGuard;
use crate::log::record_batch::{NO_SEQUENCE, RecordBatch};
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
    /// The partitions asked for.
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

    fn note(&mut self, write: WaitingWrite) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.insert(number, write);
        number
    }

    pub fn is_asked_for(&self, node: NodeId) -> bool {
        self.waiting.values().any(|write| write.from == node)
    }

    pub fn forget(&mut self, node: NodeId) {
        self.waiting.retain(|_, write| write.from != node);
    }
}

impl Broker {
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
        let now_ms = fabric.timestamp_ms();
        let of = &wanted.partitions[0];
        let must_ask = self.config.transactions.partition_verification_enable;
        let led = self.partitions.get_mut(of).filter(|it| it.is_leader());
        let guard = led.filter(|_| must_ask).and_then(|partition| {
            let log = &mut partition.log;
            log.begin_verification_of(id, epoch, NO_SEQUENCE, now_ms)
        });
        let waiting = WaitingWrite {
            from,
            header,
            work: Work::Offsets(request, refused),
            guards: guard.map(|guard| (of.clone(), guard)).into_iter().collect(),
        };
        match waiting.guards.is_empty() {
            true => self.write_verified(fabric, waiting, &Verdict::new()),
            false => self.want_verified(fabric, waiting, wanted),
        }
    }

    /// Appends the batches; those that begin a producer's transaction in a
    /// partition once the coordinator has said that it is part of it.
    pub(in super::super) fn verify_and_append(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ProduceRequest,
    ) {
        let now_ms = fabric.timestamp_ms();
        let must_ask = self.config.transactions.partition_verification_enable;
        let mut guards = Guards::new();
        let mut verdict = Verdict::new();
        for (of, batch) in &request.partitions {
            if request.transactional_id.is_none() {
                if batch.is_transactional() {
                    verdict.insert(of.clone(), ErrorCode::TransactionalIdAuthorizationFailed);
                }
                continue;
            }
            let led = self.partitions.get_mut(of).filter(|it| it.is_leader());
            let partition = led.filter(|_| must_ask);
            let guard = partition.and_then(|it| it.log.begin_verification(batch, now_ms));
            guards.extend(guard.map(|guard| (of.clone(), guard)));
        }
        let wanted = transaction_of(&request, &guards);
        let waiting = WaitingWrite {
            from,
            header,
            work: Work::Produce(request),
            guards,
        };
        match wanted {
            None => self.write_verified(fabric, waiting, &verdict),
            Some(wanted) => self.want_verified(fabric, waiting, wanted),
        }
    }

    /// Puts a question into the line before its coordinator. Of two questions
    /// about one producer the older is given up.
    fn want_verified(
        &mut self,
        fabric: &mut Fabric,
        waiting: WaitingWrite,
        transaction: AddPartitionsToTxnTransaction,
    ) {
        let write = self.transactions.verification.note(waiting);
        let wanted = Wanted { write, transaction };
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

    /// A verdict is there: what it allows is written, and what waited behind it
    /// on its connection is taken up.
    fn append_verified(&mut self, fabric: &mut Fabric, number: u64, verdict: &Verdict) {
        let waiting = self.transactions.verification.waiting.remove(&number);
        if let Some(waiting) = waiting {
            self.write_verified(fabric, waiting, verdict);
            self.complete_produces(fabric);
        }
    }

    /// Writes what the verdict allows.
    fn write_verified(&mut self, fabric: &mut Fabric, waiting: WaitingWrite, verdict: &Verdict) {
        let WaitingWrite {
            from,
            header,
            work,
            guards,
        } = waiting;
        match work {
            Work::Produce(request) => {
                let not_to_append = self.not_to_append(&request, &guards, verdict);
                self.append_all(fabric, from, header, request, not_to_append);
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

/// What a coordinator is asked about a producer's batches: whether these
/// partitions are part of its transaction.
fn transaction_of(
    request: &ProduceRequest,
    guards: &Guards,
) -> Option<AddPartitionsToTxnTransaction> {
    let is_asked = |(of, _): &&(TopicPartition, RecordBatch)| guards.contains_key(of);
    let (_, batch) = request.partitions.iter().find(is_asked)?;
    Some(AddPartitionsToTxnTransaction {
        transactional_id: request.transactional_id.as_deref()?.to_owned(),
        producer_id: batch.producer_id(),
        producer_epoch: batch.producer_epoch(),
        verify_only: true,
        partitions: guards.keys().cloned().collect(),
    })
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
