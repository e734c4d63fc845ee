//! Reading and writing the state of share-partitions with the broker that
//! coordinates them (`DefaultStatePersister`, `PersisterStateManager`).

use crate::collections::BTreeMap;

use super::Broker;
use crate::coordinator::share_state::SharePartitionKey;
use crate::protocol::{
    CoordinatorType, ErrorCode, FindCoordinatorRequest, ReadShareGroupStateRequest, Request,
    Response, SharePartitionStateRead, SharePartitionStateWrite, WriteShareGroupStateRequest,
};
use crate::sim::{Fabric, NodeId, Time};

/// The first wait before a call is tried again, in milliseconds
/// (`PersisterStateManager.REQUEST_BACKOFF_MS`).
const BACKOFF_MS: i64 = 1_000;
/// The longest such wait, in milliseconds (`REQUEST_BACKOFF_MAX_MS`).
const BACKOFF_MAX_MS: i64 = 30_000;
/// How often a call is tried (`MAX_FIND_COORD_ATTEMPTS`).
const ATTEMPTS_MAX: u32 = 5;

/// What is asked of the share coordinator.
#[derive(Clone, Debug, Hash)]
pub(super) enum Call {
    /// The state of a share-partition.
    Read {
        /// The leader epoch of the reader.
        leader_epoch: i32,
    },
    /// To write a change of it.
    Write {
        /// The share-partition's number for it.
        number: u64,
        /// What.
        write: SharePartitionStateWrite,
    },
}

#[derive(Clone, Debug, Hash)]
struct PersisterCall {
    key: SharePartitionKey,
    call: Call,
    attempts: u32,
    progress: Progress,
}

#[derive(Clone, Debug, Hash)]
enum Progress {
    /// It is to be asked at this instant.
    Due(Time),
    /// It was asked.
    Asked {
        correlation_id: i32,
        broker: i32,
        deadline: Time,
    },
}

impl PersisterCall {
    fn request(&self) -> Request {
        let (group_id, of) = (self.key.group_id.clone(), self.key.of());
        match &self.call {
            Call::Read { leader_epoch } => {
                let partitions = vec![(of, *leader_epoch)];
                Request::ReadShareGroupState(ReadShareGroupStateRequest {
                    group_id,
                    partitions,
                })
            }
            Call::Write { write, .. } => {
                let partitions = vec![(of, write.clone())];
                Request::WriteShareGroupState(WriteShareGroupStateRequest {
                    group_id,
                    partitions,
                })
            }
        }
    }

    fn at(&self) -> Time {
        match self.progress {
            Progress::Due(at) => at,
            Progress::Asked { deadline, .. } => deadline,
        }
    }
}

/// The calls that are not answered, oldest first.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Persister {
    calls: BTreeMap<u64, PersisterCall>,
    next: u64,
}

impl Persister {
    /// When something is due next.
    pub fn next_deadline(&self) -> Option<Time> {
        self.calls.values().map(PersisterCall::at).min()
    }

    /// Nobody waits for the calls of this share-partition any more.
    pub fn forget(&mut self, key: &SharePartitionKey) {
        self.calls.retain(|_, call| call.key != *key);
    }

    /// The call that was asked by this request.
    fn asked(&self, server: i32, id: i32) -> Option<u64> {
        let mut calls = self.calls.iter();
        let is_asked = |progress: &Progress| {
            matches!(progress, Progress::Asked { correlation_id, broker, .. }
                if *correlation_id == id && *broker == server)
        };
        calls
            .find(|(_, call)| is_asked(&call.progress))
            .map(|(number, _)| *number)
    }
}

impl Broker {
    /// Asks the share coordinator.
    pub(super) fn persist(&mut self, fabric: &mut Fabric, key: SharePartitionKey, call: Call) {
        let persister = &mut self.shares.persister;
        persister.next += 1;
        let call = PersisterCall {
            key,
            call,
            attempts: 0,
            progress: Progress::Due(fabric.now),
        };
        persister.calls.insert(persister.next, call);
        self.run_persister(fabric);
    }

    /// Sends what is due, and tries again what was not answered in time.
    pub(super) fn run_persister(&mut self, fabric: &mut Fabric) {
        let calls = self.shares.persister.calls.iter();
        let due = calls.filter(|(_, call)| call.at() <= fabric.now);
        let due: Vec<u64> = due.map(|(number, _)| *number).collect();
        for number in due {
            match self.shares.persister.calls.get(&number) {
                Some(call) if matches!(call.progress, Progress::Asked { .. }) => {
                    self.retry_call(fabric, number, ErrorCode::RequestTimedOut);
                }
                Some(_) => self.send_call(fabric, number),
                None => {}
            }
        }
    }

    fn send_call(&mut self, fabric: &mut Fabric, number: u64) {
        let Some(call) = self.shares.persister.calls.get(&number) else {
            return;
        };
        let (key, request) = (call.key.to_string(), call.request());
        let found = self.find_coordinator(
            fabric,
            &FindCoordinatorRequest {
                key_type: CoordinatorType::Share,
                coordinator_keys: vec![key],
            },
        );
        let broker = found.coordinators[0].node_id;
        if broker < 0 {
            return self.retry_call(fabric, number, ErrorCode::CoordinatorNotAvailable);
        }
        let correlation_id = self.ask(fabric, NodeId::Broker(broker), request);
        let deadline = fabric.now.plus_ms(self.config.request_timeout_ms);
        if let Some(call) = self.shares.persister.calls.get_mut(&number) {
            call.progress = Progress::Asked {
                correlation_id,
                broker,
                deadline,
            };
        }
    }

    /// The call is tried again later, or has failed too often.
    fn retry_call(&mut self, fabric: &mut Fabric, number: u64, error: ErrorCode) {
        let Some(call) = self.shares.persister.calls.get_mut(&number) else {
            return;
        };
        call.attempts += 1;
        if call.attempts >= ATTEMPTS_MAX {
            return self.end_call(fabric, number, Err(error));
        }
        let wait_ms = BACKOFF_MAX_MS.min(BACKOFF_MS << (call.attempts - 1));
        call.progress = Progress::Due(fabric.now.plus_ms(wait_ms));
    }

    /// An answer has come from a broker; tells whether it was one to a call.
    pub(in crate::broker) fn on_share_state_answer(
        &mut self,
        fabric: &mut Fabric,
        server: i32,
        correlation_id: i32,
        response: &Response,
    ) -> bool {
        let (error, read) = match response {
            Response::ReadShareGroupState(response) => match response.results.first() {
                Some((_, read)) => (read.error_code, Some(read.clone())),
                None => (ErrorCode::UnknownServerError, None),
            },
            Response::WriteShareGroupState(response) => {
                let result = response.results.first();
                (
                    result.map_or(ErrorCode::UnknownServerError, |it| it.1),
                    None,
                )
            }
            _ => return false,
        };
        let Some(number) = self.shares.persister.asked(server, correlation_id) else {
            return true;
        };
        match error {
            ErrorCode::NotCoordinator
            | ErrorCode::CoordinatorNotAvailable
            | ErrorCode::CoordinatorLoadInProgress => self.retry_call(fabric, number, error),
            ErrorCode::None => self.end_call(fabric, number, Ok(read)),
            error => self.end_call(fabric, number, Err(error)),
        }
        true
    }

    /// The connection to a broker has ended: what it was asked is asked again.
    pub(in crate::broker) fn share_coordinator_gone(&mut self, fabric: &mut Fabric, server: i32) {
        let calls = self.shares.persister.calls.iter();
        let lost = calls.filter(
            |(_, call)| matches!(call.progress, Progress::Asked { broker, .. } if broker == server),
        );
        let lost: Vec<u64> = lost.map(|(number, _)| *number).collect();
        for number in lost {
            self.retry_call(fabric, number, ErrorCode::CoordinatorNotAvailable);
        }
    }

    fn end_call(
        &mut self,
        fabric: &mut Fabric,
        number: u64,
        result: Result<Option<SharePartitionStateRead>, ErrorCode>,
    ) {
        let Some(call) = self.shares.persister.calls.remove(&number) else {
            return;
        };
        let error = result.as_ref().err().copied().unwrap_or(ErrorCode::None);
        match (call.call, result) {
            (Call::Read { .. }, Ok(Some(read))) => {
                self.on_share_state_read(fabric, &call.key, &read);
            }
            (Call::Read { .. }, _) => {
                let error_code = match error {
                    ErrorCode::None => ErrorCode::UnknownServerError,
                    error => error,
                };
                let read = SharePartitionStateRead {
                    error_code,
                    state_epoch: 0,
                    start_offset: -1,
                    state_batches: Vec::new(),
                };
                self.on_share_state_read(fabric, &call.key, &read);
            }
            (Call::Write { number, .. }, _) => {
                self.on_share_state_written(fabric, &call.key, number, error);
            }
        }
    }
}
