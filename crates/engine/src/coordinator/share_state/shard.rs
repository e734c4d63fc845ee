//! The share coordinator as a shard: loaded from a partition of
//! `__share_group_state`, and given up with it.

use std::convert::Infallible;

use super::super::runtime::{
    CoordinatorShard, Output, ProducerIdAndEpoch, RequestToken, Settled, WriteNumber,
};
use super::record::ShareStateRecord;
use super::{Outputs, ShareCoordinator, failed_read};
use crate::log::record_batch::TransactionResult;
use crate::protocol::{ErrorCode, Response};
use crate::sim::Time;

/// The answer to a request, once what it wrote is committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnswerShareState {
    /// The request.
    pub token: RequestToken,
    /// Its answer when all is well.
    pub response: Response,
}

/// An answer with an error in place of what it says.
pub fn with_error(response: Response, error: ErrorCode) -> Response {
    let mut response = response;
    match &mut response {
        Response::ReadShareGroupState(response) => {
            for (_, read) in &mut response.results {
                *read = failed_read(error);
            }
        }
        Response::WriteShareGroupState(response)
        | Response::InitializeShareGroupState(response)
        | Response::DeleteShareGroupState(response) => {
            for (_, result) in &mut response.results {
                *result = error;
            }
        }
        other => unreachable!("{} is not of the share coordinator", other.api()),
    }
    response
}

impl CoordinatorShard for ShareCoordinator {
    type Event = Infallible;
    type Then = AnswerShareState;

    fn next_write(&mut self) -> WriteNumber {
        self.last_write += 1;
        self.last_write
    }

    fn replay(
        &mut self,
        write: WriteNumber,
        _: Option<ProducerIdAndEpoch>,
        key: &[u8],
        value: Option<&[u8]>,
    ) {
        // Kafka logs records that it cannot read, and goes on.
        if let Ok(Some(record)) = ShareStateRecord::decode(key, value) {
            self.apply(write, record);
        }
    }

    fn replay_end_transaction_marker(
        &mut self,
        _: WriteNumber,
        _: ProducerIdAndEpoch,
        _: TransactionResult,
    ) {
    }

    fn commit(&mut self, until: WriteNumber) {
        self.states.commit(until);
    }

    fn revert(&mut self, from: WriteNumber) {
        self.states.revert(from);
    }

    fn settled(
        &mut self,
        _: Time,
        AnswerShareState { token, response }: AnswerShareState,
        settled: Settled,
        out: &mut Outputs,
    ) {
        let response = match settled.error() {
            Some(error) => with_error(response, error),
            None => response,
        };
        out.push(Output::Respond { token, response });
    }

    fn on_loaded(&mut self, _: Time, _: &mut Outputs) {}

    fn on_unloaded(&mut self, _: Time, _: &mut Outputs) {}

    fn next_deadline(&self) -> Option<Time> {
        None
    }

    fn expire_next(&mut self, _: Time, _: &mut Outputs) -> bool {
        false
    }
}
