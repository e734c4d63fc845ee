//! What idempotent and transactional producers say to brokers.

use super::ErrorCode;

/// A producer asks for the id and the epoch that its batches will carry
/// (KIP-98; with what it had before: KIP-360).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitProducerIdRequest {
    /// `transactional.id`; `None` for a producer that is idempotent only.
    pub transactional_id: Option<String>,
    /// How long a transaction may stay open, in milliseconds
    /// (`transaction.timeout.ms`); `i32::MAX` without a `transactional.id`.
    pub transaction_timeout_ms: i32,
    /// The id it has, -1 when it has none.
    pub producer_id: i64,
    /// The epoch it has, -1 when it has none.
    pub producer_epoch: i16,
}

/// The id and the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitProducerIdResponse {
    /// `NONE`, or why there is none.
    pub error_code: ErrorCode,
    /// The producer's id, -1 with an error.
    pub producer_id: i64,
    /// Its epoch, -1 with an error.
    pub producer_epoch: i16,
}

/// A broker asks the controller for a block of producer ids that nobody else
/// gets (KIP-730).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AllocateProducerIdsRequest {
    /// Its `node.id`.
    pub broker_id: i32,
    /// The epoch it was registered with.
    pub broker_epoch: i64,
}

/// The block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AllocateProducerIdsResponse {
    /// `NONE`, or why there is none.
    pub error_code: ErrorCode,
    /// The first id of the block, -1 with an error.
    pub producer_id_start: i64,
    /// How many ids it has.
    pub producer_id_len: i32,
}
