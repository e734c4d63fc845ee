//! The transaction coordinator by itself: what is written is committed at once,
//! unless a test says otherwise.

use crate::collections::BTreeSet;

use super::*;
use crate::config::BrokerConfig;
use crate::log::record_batch::TransactionResult;
use crate::protocol::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTransaction, EndTxnRequest, InitProducerIdRequest,
    Response, TopicPartition, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};

const HOUR_MS: i64 = 60 * 60 * 1_000;

struct Lab {
    coordinator: TransactionCoordinator,
    now_ms: i64,
    next_id: i64,
    /// All that was written, oldest first.
    log: Vec<(TransactionLogKey, Option<TransactionLogValue>)>,
    answers: Vec<Response>,
}

impl Lab {
    fn new() -> Lab {
        let mut coordinator = TransactionCoordinator::new(BrokerConfig::default().transactions, 1);
        coordinator.begin_loading(0, 0);
        coordinator.load(0, 0, 0, [], &mut Vec::new());
        Lab {
            coordinator,
            now_ms: 1_000,
            next_id: 0,
            log: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Lets the coordinator act; what it writes comes to this.
    fn act(
        &mut self,
        error: ErrorCode,
        act: impl FnOnce(&mut TransactionCoordinator, i64, &mut Vec<TransactionOutput>),
    ) {
        let mut out = Vec::new();
        act(&mut self.coordinator, self.now_ms, &mut out);
        while !out.is_empty() {
            match out.remove(0) {
                TransactionOutput::Respond { response, .. } => self.answers.push(response),
                TransactionOutput::Append(append) => {
                    let now_ms = self.now_ms;
                    if error.is_none() {
                        self.log.push((append.key, append.value));
                    }
                    self.coordinator
                        .append_completed(now_ms, append.id, error, &mut out);
                }
                TransactionOutput::Event(_) => {}
            }
        }
    }

    fn try_init(
        &mut self,
        had: Option<(i64, i16)>,
        error: ErrorCode,
    ) -> Result<(i64, i16), ErrorCode> {
        let (producer_id, producer_epoch) = had.unwrap_or((-1, -1));
        let request = InitProducerIdRequest {
            transactional_id: Some("tx".to_owned()),
            transaction_timeout_ms: 60_000,
            producer_id,
            producer_epoch,
        };
        let mut next_id = self.next_id;
        self.act(error, |coordinator, now_ms, out| {
            let new_id = &mut || {
                next_id += 1;
                Ok(next_id - 1)
            };
            coordinator.init_producer_id(now_ms, RequestToken(0), &request, new_id, out);
        });
        self.next_id = next_id;
        match self.answers.pop() {
            Some(Response::InitProducerId(response)) if response.error_code.is_none() => {
                Ok((response.producer_id, response.producer_epoch))
            }
            Some(Response::InitProducerId(response)) => Err(response.error_code),
            other => panic!("{other:?}"),
        }
    }

    fn init(&mut self, had: Option<(i64, i16)>) -> Result<(i64, i16), ErrorCode> {
        self.try_init(had, ErrorCode::None)
    }

    fn add(&mut self, (producer_id, producer_epoch): (i64, i16), topic: &str) -> ErrorCode {
        let request = AddPartitionsToTxnRequest {
            transactions: vec![AddPartitionsToTxnTransaction {
                transactional_id: "tx".to_owned(),
                producer_id,
                producer_epoch,
                verify_only: false,
                partitions: vec![TopicPartition::new(topic, 0)],
            }],
        };
        let exists = |of: &TopicPartition| &*of.topic != "gone";
        self.act(ErrorCode::None, |coordinator, now_ms, out| {
            coordinator.add_partitions_to_txn(now_ms, RequestToken(0), request, exists, out);
        });
        match self.answers.pop() {
            Some(Response::AddPartitionsToTxn(response)) => {
                response.results_by_transaction[0].1[0].1
            }
            other => panic!("{other:?}"),
        }
    }

    fn end(
        &mut self,
        (producer_id, producer_epoch): (i64, i16),
        result: TransactionResult,
    ) -> ErrorCode {
        let request = EndTxnRequest {
            transactional_id: "tx".to_owned(),
            producer_id,
            producer_epoch,
            result,
        };
        self.act(ErrorCode::None, |coordinator, now_ms, out| {
            coordinator.end_txn(now_ms, RequestToken(0), request, out);
        });
        match self.answers.pop() {
            Some(Response::EndTxn(response)) => response.error_code,
            other => panic!("{other:?}"),
        }
    }

    /// The markers that broker 1, which leads everything, is to write.
    fn markers(&mut self) -> Vec<WriteTxnMarkersRequest> {
        let mut requests = Vec::new();
        self.act(ErrorCode::None, |coordinator, _, out| {
            let sent = coordinator.next_markers(|_| MarkerDestination::Leader(1), out);
            requests.extend(sent.into_iter().map(|(_, request)| request));
        });
        requests
    }

    fn answer_markers(&mut self, request: &WriteTxnMarkersRequest, error: ErrorCode) {
        self.end_after_markers(request, error, ErrorCode::None);
    }

    /// Markers are answered with an error; the end that is written then comes
    /// to another.
    fn end_after_markers(
        &mut self,
        request: &WriteTxnMarkersRequest,
        error: ErrorCode,
        of_log: ErrorCode,
    ) {
        let markers = request.markers.iter().map(|marker| {
            let partitions = marker.partitions.iter();
            (
                marker.producer_id,
                partitions.map(|of| (of.clone(), error)).collect(),
            )
        });
        let response = WriteTxnMarkersResponse {
            markers: markers.collect(),
        };
        self.act(of_log, |coordinator, _, out| {
            coordinator.markers_answered(1, &response, out);
        });
    }

    fn write_markers(&mut self) {
        for request in self.markers() {
            self.answer_markers(&request, ErrorCode::None);
        }
    }

    fn metadata(&self) -> &TransactionMetadata {
        self.coordinator.transaction("tx").expect("it is known")
    }

    fn state(&self) -> TransactionState {
        self.metadata().state
    }
}

const COMMIT: TransactionResult = TransactionResult::Commit;
const ABORT: TransactionResult = TransactionResult::Abort;

#[test]
fn states_follow_each_other_as_kafka_allows() {
    use TransactionState::*;
    let allowed: BTreeSet<(TransactionState, TransactionState)> = [
        (Empty, Empty),
        (Empty, Ongoing),
        (Empty, Dead),
        (Ongoing, Ongoing),
        (Ongoing, PrepareCommit),
        (Ongoing, PrepareAbort),
        (Ongoing, PrepareEpochFence),
        (PrepareEpochFence, PrepareAbort),
        (PrepareCommit, CompleteCommit),
        (PrepareAbort, CompleteAbort),
        (CompleteCommit, Empty),
        (CompleteCommit, Ongoing),
        (CompleteCommit, Dead),
        (CompleteAbort, Empty),
        (CompleteAbort, Ongoing),
        (CompleteAbort, Dead),
    ]
    .into();
    for from in TransactionState::ALL {
        assert_eq!(TransactionState::from_id(from.id()), Some(from));
        assert_eq!(TransactionState::from_name(from.name()), Some(from));
        for to in TransactionState::ALL {
            assert_eq!(
                to.may_follow(from),
                allowed.contains(&(from, to)),
                "{from} -> {to}"
            );
        }
    }
}

#[test]
fn the_end_is_told_once_decided_and_comes_once_the_markers_are_written() {
    let mut lab = Lab::new();
    let a = lab.init(None).unwrap();
    assert_eq!(lab.end(a, COMMIT), ErrorCode::InvalidTxnState);
    assert_eq!(lab.add(a, "gone"), ErrorCode::UnknownTopicOrPartition);
    assert_eq!(lab.add(a, "t"), ErrorCode::None);
    assert_eq!(lab.end(a, COMMIT), ErrorCode::None);
    assert_eq!(lab.state(), TransactionState::PrepareCommit);
    // Until the markers are written nothing else goes.
    assert_eq!(lab.end(a, COMMIT), ErrorCode::ConcurrentTransactions);
    assert_eq!(lab.end(a, ABORT), ErrorCode::ConcurrentTransactions);
    assert_eq!(lab.add(a, "t"), ErrorCode::ConcurrentTransactions);
    assert_eq!(lab.init(None), Err(ErrorCode::ConcurrentTransactions));
    let sent = lab.markers();
    assert_eq!(sent[0].markers[0].result, COMMIT);
    lab.answer_markers(&sent[0], ErrorCode::NotLeaderOrFollower);
    assert_eq!(lab.state(), TransactionState::PrepareCommit);
    lab.write_markers();
    assert_eq!(lab.state(), TransactionState::CompleteCommit);
    assert_eq!(lab.end(a, COMMIT), ErrorCode::None);
    assert_eq!(lab.end(a, ABORT), ErrorCode::InvalidTxnState);
}

/// KIP-360: a producer that says what epoch it has may go on from it, also
/// when the answer to its last call was lost; any other is fenced.
#[test]
fn a_producer_may_raise_its_own_epoch() {
    let mut lab = Lab::new();
    assert_eq!(lab.init(None), Ok((0, 0)));
    assert_eq!(lab.init(Some((0, 0))), Ok((0, 1)));
    assert_eq!(lab.init(Some((0, 0))), Ok((0, 1)));
    assert_eq!(lab.init(None), Ok((0, 2)));
    assert_eq!(lab.init(Some((0, 1))), Err(ErrorCode::ProducerFenced));
    assert_eq!(lab.init(Some((9, 2))), Err(ErrorCode::ProducerFenced));
}

#[test]
fn after_the_last_epoch_comes_another_producer_id() {
    let mut lab = Lab::new();
    lab.init(None).unwrap();
    let last = i16::MAX - 1;
    let key = TransactionLogKey {
        transactional_id: "tx".to_owned(),
    };
    let mut value = lab.log[0].1.clone().unwrap();
    value.producer_epoch = last;
    lab.coordinator.begin_loading(0, 1);
    let records = [(&key, Some(&value))];
    lab.coordinator.load(0, 0, 1, records, &mut Vec::new());
    assert_eq!(lab.init(Some((0, last))), Ok((1, 0)));
    // The answer was lost: it asks again with what it had.
    assert_eq!(lab.init(Some((0, last))), Ok((1, 0)));
}

#[test]
fn a_fence_that_could_not_be_written_does_not_raise_the_epoch_twice() {
    let mut lab = Lab::new();
    let a = lab.init(None).unwrap();
    lab.add(a, "t");
    for _ in 0..2 {
        let answer = lab.try_init(None, ErrorCode::NotEnoughReplicas);
        assert_eq!(answer, Err(ErrorCode::CoordinatorNotAvailable));
        assert_eq!(lab.metadata().producer_epoch, 1);
        assert_eq!(lab.state(), TransactionState::Ongoing);
    }
    assert_eq!(lab.init(None), Err(ErrorCode::ConcurrentTransactions));
    lab.write_markers();
    assert_eq!(lab.state(), TransactionState::CompleteAbort);
    assert_eq!(lab.init(None), Ok((0, 2)));
}

#[test]
fn an_end_that_could_not_be_written_is_written_when_asked_again() {
    let mut lab = Lab::new();
    let a = lab.init(None).unwrap();
    lab.add(a, "t");
    assert_eq!(lab.end(a, COMMIT), ErrorCode::None);
    let request = lab.markers().pop().expect("one broker leads all");
    lab.end_after_markers(&request, ErrorCode::None, ErrorCode::NotEnoughReplicas);
    // It waits, instead of being tried over and over at one instant.
    assert_eq!(lab.state(), TransactionState::PrepareCommit);
    assert!(lab.coordinator.has_unwritten());
    lab.act(ErrorCode::None, |coordinator, _, out| {
        coordinator.write_again(out)
    });
    assert_eq!(lab.state(), TransactionState::CompleteCommit);
    assert!(!lab.coordinator.has_unwritten());
}

#[test]
fn a_timeout_fences_and_aborts() {
    let mut lab = Lab::new();
    let a = lab.init(None).unwrap();
    lab.add(a, "t");
    let tick = |lab: &mut Lab| {
        lab.act(ErrorCode::None, |coordinator, now_ms, out| {
            coordinator.abort_timed_out_transactions(now_ms, out);
        });
    };
    lab.now_ms += 60_000;
    tick(&mut lab);
    assert_eq!(lab.state(), TransactionState::Ongoing);
    lab.now_ms += 1;
    tick(&mut lab);
    assert_eq!(lab.state(), TransactionState::PrepareAbort);
    assert_eq!(lab.end(a, COMMIT), ErrorCode::ProducerFenced);
    lab.write_markers();
    assert_eq!(lab.metadata().producer_epoch, 1);
    assert_eq!(lab.state(), TransactionState::CompleteAbort);
}

#[test]
fn an_id_that_nobody_uses_is_forgotten() {
    let mut lab = Lab::new();
    let a = lab.init(None).unwrap();
    lab.add(a, "t");
    let tick = |lab: &mut Lab| {
        lab.act(ErrorCode::None, |coordinator, now_ms, out| {
            coordinator.remove_expired_ids(now_ms, out);
        });
    };
    lab.now_ms += 7 * 24 * HOUR_MS;
    tick(&mut lab);
    assert_eq!(lab.state(), TransactionState::Ongoing);
    lab.end(a, ABORT);
    lab.write_markers();
    lab.now_ms += 7 * 24 * HOUR_MS;
    tick(&mut lab);
    assert!(lab.coordinator.transaction("tx").is_none());
    assert_eq!(lab.log.last().unwrap().1, None);
}

/// Another broker has taken the partition over: what this one was writing is
/// nobody's business any more.
#[test]
fn who_is_no_longer_coordinator_says_so() {
    let mut lab = Lab::new();
    let a = lab.init(None).unwrap();
    lab.add(a, "t");
    lab.end(a, COMMIT);
    lab.coordinator.unload(0);
    assert_eq!(lab.end(a, COMMIT), ErrorCode::NotCoordinator);
    assert_eq!(lab.markers(), []);
    lab.coordinator.begin_loading(0, 5);
    assert_eq!(lab.end(a, COMMIT), ErrorCode::CoordinatorLoadInProgress);

    let records: Vec<_> = lab.log.clone();
    let records = records.iter().map(|(key, value)| (key, value.as_ref()));
    lab.coordinator.load(0, 0, 5, records, &mut Vec::new());
    let sent = lab.markers();
    assert_eq!(sent[0].markers[0].coordinator_epoch, 5);
    lab.answer_markers(&sent[0], ErrorCode::None);
    assert_eq!(lab.state(), TransactionState::CompleteCommit);
}

#[test]
fn settings_bound_the_timeout() {
    let mut lab = Lab::new();
    let mut ask = |timeout_ms: i32| {
        let request = InitProducerIdRequest {
            transactional_id: Some("tx".to_owned()),
            transaction_timeout_ms: timeout_ms,
            producer_id: -1,
            producer_epoch: -1,
        };
        lab.act(ErrorCode::None, |coordinator, now_ms, out| {
            let new_id = &mut || Ok(0);
            coordinator.init_producer_id(now_ms, RequestToken(0), &request, new_id, out);
        });
        match lab.answers.pop() {
            Some(Response::InitProducerId(response)) => response.error_code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask(0), ErrorCode::InvalidTransactionTimeout);
    assert_eq!(ask(900_001), ErrorCode::InvalidTransactionTimeout);
    assert_eq!(ask(900_000), ErrorCode::None);
}
