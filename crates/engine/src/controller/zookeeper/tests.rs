//! A candidate, told what ZooKeeper says.

use super::{Candidate, SESSION_TIMEOUT_MS, Standing};
use crate::controller::MetadataRecord;
use crate::protocol::{Operation, OperationResult, ZooKeeperRequest, ZooKeeperResponse};
use crate::sim::Time;

const NOW: Time = Time::ZERO;

fn operations(requests: Vec<ZooKeeperRequest>) -> Vec<Operation> {
    let requests = requests.into_iter();
    requests.map(|request| request.operation).collect()
}

fn hear(candidate: &mut Candidate, result: OperationResult) -> Vec<Operation> {
    let session = candidate.session();
    operations(candidate.on_response(NOW, ZooKeeperResponse { session, result }))
}

/// Broker 7 as the controller of epoch 3.
fn controller() -> Candidate {
    let mut candidate = Candidate::new(7);
    assert_eq!(operations(candidate.start(NOW)), [Operation::Connect]);
    let asked = hear(&mut candidate, OperationResult::Connected);
    assert_eq!(asked, [Operation::Create]);
    let controller_epoch = 3;
    let asked = hear(
        &mut candidate,
        OperationResult::Created { controller_epoch },
    );
    assert_eq!(asked, [Operation::GetData { from: 0 }]);
    assert!(!candidate.is_active(), "it does not know the cluster yet");
    let records = vec![(2, MetadataRecord::BrokerFenced { id: 1 })];
    assert_eq!(hear(&mut candidate, OperationResult::Data { records }), []);
    assert!(candidate.is_active());
    candidate
}

/// What the controller decides counts once ZooKeeper has it, and goes there
/// once.
#[test]
fn a_decision_is_committed_when_zookeeper_has_it() {
    let mut candidate = controller();
    let records = vec![MetadataRecord::BrokerFenced { id: 2 }];
    candidate.append(records.clone());
    let multi = Operation::Multi {
        controller_epoch: 3,
        records,
    };
    assert_eq!(operations(candidate.writes()), [multi]);
    assert_eq!(operations(candidate.writes()), []);
    assert_eq!((candidate.high_watermark(), candidate.log().len()), (1, 2));
    hear(&mut candidate, OperationResult::Written { end_offset: 2 });
    assert_eq!(candidate.high_watermark(), 2);
}

#[test]
fn a_controller_that_is_refused_takes_its_decisions_back() {
    for refusal in [OperationResult::BadVersion, OperationResult::SessionExpired] {
        let mut candidate = controller();
        candidate.append(vec![MetadataRecord::BrokerFenced { id: 2 }]);
        candidate.writes();
        hear(&mut candidate, refusal);
        assert!(!candidate.is_active());
        assert_eq!((candidate.leader(), candidate.log().len()), (None, 1));
        assert_eq!(operations(candidate.writes()), []);
    }
}

/// It counts from when it sent the last ping that was answered, before which
/// ZooKeeper cannot have begun to count: no two controllers at a time.
#[test]
fn it_gives_its_session_up_before_zookeeper_does() {
    let mut candidate = controller();
    let pings = candidate.next_deadline().expect("it pings");
    assert_eq!(pings, NOW.plus_ms(SESSION_TIMEOUT_MS / 3));
    assert_eq!(operations(candidate.on_deadline(pings)), [Operation::Ping]);
    let gives_up = candidate.next_deadline().expect("it waits");
    assert_eq!(gives_up, NOW.plus_ms(SESSION_TIMEOUT_MS));
    let before = candidate.session();
    let asked = operations(candidate.on_deadline(gives_up));
    assert_eq!(asked, [Operation::Connect]);
    assert_eq!(candidate.standing(), Standing::Connecting);
    assert_eq!(candidate.session().number, before.number + 1);
    assert!(!candidate.is_active());
    // Nothing of the old session counts any more.
    let session = before;
    let result = OperationResult::Created {
        controller_epoch: 4,
    };
    candidate.on_response(NOW, ZooKeeperResponse { session, result });
    assert_eq!(candidate.standing(), Standing::Connecting);
}

/// A session that began long ago, as it turns out, is no basis for anything.
#[test]
fn it_does_not_rely_on_a_session_whose_beginning_took_too_long() {
    let mut candidate = Candidate::new(7);
    candidate.start(NOW);
    let session = candidate.session();
    let late = NOW.plus_ms(SESSION_TIMEOUT_MS);
    let result = OperationResult::Connected;
    let asked = candidate.on_response(late, ZooKeeperResponse { session, result });
    assert_eq!(operations(asked), [Operation::Connect]);
    assert_eq!(candidate.session().number, session.number + 1);
}

#[test]
fn it_tries_again_whenever_there_is_no_controller() {
    let mut candidate = Candidate::new(7);
    candidate.start(NOW);
    hear(&mut candidate, OperationResult::Connected);
    let exists = OperationResult::NodeExists {
        controller: 1,
        controller_epoch: 5,
    };
    assert_eq!(hear(&mut candidate, exists), []);
    assert_eq!((candidate.leader(), candidate.epoch()), (Some(1), 5));
    let gone = OperationResult::ControllerChanged {
        controller: None,
        controller_epoch: 5,
    };
    assert_eq!(hear(&mut candidate, gone), [Operation::Create]);
    assert_eq!(candidate.leader(), None);
}
