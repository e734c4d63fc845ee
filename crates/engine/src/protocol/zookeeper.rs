//! What controllers and ZooKeeper say to each other, by the names of
//! ZooKeeper's operations, where a world has it.

use crate::controller::MetadataRecord;

/// Names one session of a broker with ZooKeeper. ZooKeeper numbers sessions
/// itself; here the broker counts its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// The broker's `broker.id`.
    pub broker: i32,
    /// Which of its sessions.
    pub number: u32,
}

/// A request to ZooKeeper.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZooKeeperRequest {
    /// The session it belongs to.
    pub session: SessionId,
    /// What is asked.
    pub operation: Operation,
}

/// What is asked of ZooKeeper.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Begins the session.
    Connect,
    /// Keeps the session alive.
    Ping,
    /// Makes the ephemeral node `/controller`, unless there is one, and with it
    /// the next `/controller_epoch`.
    Create,
    /// Reads the state of the cluster.
    GetData {
        /// How much of it is known: records of the metadata log.
        from: i64,
    },
    /// Changes the state of the cluster, if `/controller_epoch` is still this.
    Multi {
        /// The epoch of the controller that writes.
        controller_epoch: i32,
        /// The changes.
        records: Vec<MetadataRecord>,
    },
    /// Ends the session, and with it its ephemeral nodes.
    CloseSession,
}

/// An answer of ZooKeeper, or a watch that was triggered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZooKeeperResponse {
    /// The session it belongs to.
    pub session: SessionId,
    /// The answer.
    pub result: OperationResult,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OperationResult {
    /// The session has begun.
    Connected,
    /// The session lives.
    Pong,
    /// `/controller` is the session's, in this epoch.
    Created {
        /// The new `/controller_epoch`.
        controller_epoch: i32,
    },
    /// `/controller` is another's (`NODEEXISTS`, and what is read then).
    NodeExists {
        /// The broker it names.
        controller: i32,
        /// Its epoch.
        controller_epoch: i32,
    },
    /// The state of the cluster.
    Data {
        /// The records from the one asked for on, each with its epoch.
        records: Vec<(i32, MetadataRecord)>,
    },
    /// The changes are made.
    Written {
        /// How many records the state has come to.
        end_offset: i64,
    },
    /// The changes are refused: `/controller_epoch` is another by now
    /// (`BADVERSION`, in Kafka `ControllerMovedException`).
    BadVersion,
    /// There is no such session any more (`SESSIONEXPIRED`).
    SessionExpired,
    /// The watch on `/controller`: it was made or has gone.
    ControllerChanged {
        /// The broker it names now.
        controller: Option<i32>,
        /// `/controller_epoch`.
        controller_epoch: i32,
    },
}

impl Operation {
    /// ZooKeeper's name for it.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Connect => "Connect",
            Operation::Ping => "Ping",
            Operation::Create => "Create",
            Operation::GetData { .. } => "GetData",
            Operation::Multi { .. } => "Multi",
            Operation::CloseSession => "CloseSession",
        }
    }
}

impl OperationResult {
    /// ZooKeeper's name for the operation, or for its refusal.
    pub fn name(&self) -> &'static str {
        match self {
            OperationResult::Connected => "Connect",
            OperationResult::Pong => "Ping",
            OperationResult::Created { .. } | OperationResult::NodeExists { .. } => "Create",
            OperationResult::Data { .. } => "GetData",
            OperationResult::Written { .. } | OperationResult::BadVersion => "Multi",
            OperationResult::SessionExpired => "SessionExpired",
            OperationResult::ControllerChanged { .. } => "WatchEvent",
        }
    }
}
