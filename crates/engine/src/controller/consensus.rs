//! What controllers agree by: a quorum of their own, or ZooKeeper.

use super::MetadataRecord;
use super::quorum::{LogEntry, Quorum, Sending};
use super::zookeeper::Candidate;
use crate::protocol::{
    FetchMetadataRequest, FetchMetadataResponse, Request, ZooKeeperRequest, ZooKeeperResponse,
};
use crate::sim::{NodeId, Time};

/// One controller's part in agreeing who is active and what is committed.
#[derive(Clone, Debug, Hash)]
pub enum Consensus {
    /// The controllers keep the metadata log among themselves (KRaft).
    Quorum(Quorum),
    /// They have it in ZooKeeper.
    ZooKeeper(Candidate),
}

/// Something to send.
pub type Outgoing = (NodeId, Request);

/// What holds of both.
impl Consensus {
    /// Its epoch.
    pub fn epoch(&self) -> i32 {
        match self {
            Consensus::Quorum(quorum) => quorum.epoch(),
            Consensus::ZooKeeper(candidate) => candidate.epoch(),
        }
    }

    /// The active controller, as far as it knows.
    pub fn leader(&self) -> Option<i32> {
        match self {
            Consensus::Quorum(quorum) => quorum.leader(),
            Consensus::ZooKeeper(candidate) => candidate.leader(),
        }
    }

    /// Whether it is the active controller and knows all that was written
    /// before its epoch.
    pub fn is_active(&self) -> bool {
        match self {
            Consensus::Quorum(quorum) => quorum.is_active(),
            Consensus::ZooKeeper(candidate) => candidate.is_active(),
        }
    }

    /// Its copy of the log.
    pub fn log(&self) -> &[LogEntry] {
        match self {
            Consensus::Quorum(quorum) => quorum.log(),
            Consensus::ZooKeeper(candidate) => candidate.log(),
        }
    }

    /// The end of its copy of the log.
    pub fn end_offset(&self) -> i64 {
        self.log().len() as i64
    }

    /// The offset below which all is committed, as far as it knows.
    pub fn high_watermark(&self) -> i64 {
        match self {
            Consensus::Quorum(quorum) => quorum.high_watermark(),
            Consensus::ZooKeeper(candidate) => candidate.high_watermark(),
        }
    }

    /// When it next does something by itself.
    pub fn next_deadline(&self) -> Option<Time> {
        match self {
            Consensus::Quorum(quorum) => quorum.next_deadline(),
            Consensus::ZooKeeper(candidate) => candidate.next_deadline(),
        }
    }

    pub(super) fn on_deadline(&mut self, now: Time) -> Vec<Outgoing> {
        match self {
            Consensus::Quorum(quorum) => to_controllers(quorum.on_deadline(now)),
            Consensus::ZooKeeper(candidate) => to_zookeeper(candidate.on_deadline(now)),
        }
    }

    pub(super) fn begin(&mut self, now: Time, first: i32) {
        match self {
            Consensus::Quorum(quorum) => quorum.begin(now, first),
            Consensus::ZooKeeper(candidate) => candidate.begin(now, first),
        }
    }

    pub(super) fn begin_with(&mut self, log: &[LogEntry]) {
        match self {
            Consensus::Quorum(quorum) => quorum.begin_with(log),
            Consensus::ZooKeeper(candidate) => candidate.begin_with(log),
        }
    }

    pub(super) fn start(&mut self, now: Time) -> Vec<Outgoing> {
        match self {
            Consensus::Quorum(quorum) => to_controllers(quorum.start(now)),
            Consensus::ZooKeeper(candidate) => to_zookeeper(candidate.start(now)),
        }
    }

    /// What is sent last when the process ends in an orderly way.
    pub(super) fn close(&self) -> Vec<Outgoing> {
        match self {
            Consensus::Quorum(_) => Vec::new(),
            Consensus::ZooKeeper(candidate) => to_zookeeper(candidate.close()),
        }
    }

    pub(super) fn append(&mut self, records: Vec<MetadataRecord>) {
        match self {
            Consensus::Quorum(quorum) => quorum.append(records),
            Consensus::ZooKeeper(candidate) => candidate.append(records),
        }
    }

    /// What was appended and is to be sent: a quorum's others fetch it.
    pub(super) fn writes(&mut self) -> Vec<Outgoing> {
        match self {
            Consensus::Quorum(_) => Vec::new(),
            Consensus::ZooKeeper(candidate) => to_zookeeper(candidate.writes()),
        }
    }

    pub(super) fn on_fetch(
        &mut self,
        now: Time,
        request: &FetchMetadataRequest,
        may_wait: bool,
    ) -> Option<FetchMetadataResponse> {
        match self {
            Consensus::Quorum(quorum) => quorum.on_fetch(now, request, may_wait),
            Consensus::ZooKeeper(candidate) => candidate.on_fetch(request, may_wait),
        }
    }

    /// When readers are answered though nothing has happened.
    pub(super) fn next_no_op(&self, now: Time) -> Option<Time> {
        match self {
            Consensus::Quorum(quorum) => quorum.next_no_op(now),
            Consensus::ZooKeeper(_) => None,
        }
    }

    /// What a follower asks the leader for.
    pub(super) fn fetch_request(&self) -> Option<(i32, FetchMetadataRequest)> {
        match self {
            Consensus::Quorum(quorum) => quorum.fetch_request(),
            Consensus::ZooKeeper(_) => None,
        }
    }
}

/// What holds of one of them.
impl Consensus {
    /// The quorum, which another controller has sent something to.
    ///
    /// # Panics
    ///
    /// With ZooKeeper, where controllers send each other nothing.
    pub(super) fn quorum(&mut self) -> &mut Quorum {
        match self {
            Consensus::Quorum(quorum) => quorum,
            Consensus::ZooKeeper(_) => unreachable!("controllers only speak with ZooKeeper"),
        }
    }

    pub(super) fn on_zookeeper(&mut self, now: Time, response: ZooKeeperResponse) -> Vec<Outgoing> {
        match self {
            Consensus::Quorum(_) => Vec::new(),
            Consensus::ZooKeeper(candidate) => to_zookeeper(candidate.on_response(now, response)),
        }
    }
}

pub(super) fn to_controllers(sendings: Vec<Sending>) -> Vec<Outgoing> {
    let sendings = sendings.into_iter();
    sendings
        .map(|(to, request)| (NodeId::Controller(to), request))
        .collect()
}

fn to_zookeeper(requests: Vec<ZooKeeperRequest>) -> Vec<Outgoing> {
    let requests = requests.into_iter();
    requests
        .map(|request| (NodeId::ZooKeeper, Request::ZooKeeper(request)))
        .collect()
}
