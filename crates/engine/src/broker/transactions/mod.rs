//! Transactions, on a broker: the coordinator with its partitions of
//! `__transaction_state`, the markers, and what a leader asks the coordinator
//! before a producer's first batch.

mod append;
mod coordinator;
mod describe;
mod elections;
mod markers;
mod offsets;
mod sending;
mod verification;

#[cfg(test)]
mod tests;

use crate::collections::{BTreeMap, BTreeSet};

use self::append::CoordinatorAppends;
use self::markers::MarkerRequests;
use self::sending::MarkerChannels;
use self::verification::Verification;
use super::Broker;
use super::periodic::next_instant;
use crate::config::BrokerConfig;
use crate::coordinator::RequestToken;
use crate::coordinator::transaction::TransactionCoordinator;
use crate::protocol::Header;
use crate::sim::{Fabric, NodeId, Time};

/// What a broker has to do with transactions.
#[derive(Clone, Debug, Hash)]
pub(super) struct Transactions {
    coordinator: TransactionCoordinator,
    /// The partitions of `__transaction_state` that it reads: until when, and
    /// the epoch in which it leads each.
    loading: BTreeMap<i32, (Time, i32)>,
    /// Who waits for the coordinator.
    waiting: BTreeMap<RequestToken, (NodeId, Header)>,
    next_token: u64,
    /// When it next looks for transactions that have timed out.
    abort_at: Option<Time>,
    /// When it next looks for ids that nobody uses.
    expire_at: Option<Time>,
    appends: CoordinatorAppends,
    channels: MarkerChannels,
    marker_requests: MarkerRequests,
    verification: Verification,
    /// The TxnOffsetCommits that the group coordinator has not answered.
    pub offset_commits: BTreeSet<RequestToken>,
}

impl Transactions {
    pub fn new(config: &BrokerConfig) -> Transactions {
        let partitions = config.transaction_state_log.num_partitions;
        Transactions {
            coordinator: TransactionCoordinator::new(config.transactions.clone(), partitions),
            loading: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_token: 0,
            abort_at: None,
            expire_at: None,
            appends: CoordinatorAppends::default(),
            channels: MarkerChannels::default(),
            marker_requests: MarkerRequests::default(),
            verification: Verification::default(),
            offset_commits: BTreeSet::new(),
        }
    }

    /// Whether a coordinator is asked about what came on this connection.
    pub fn verifies_for(&self, node: NodeId) -> bool {
        self.verification.is_asked_for(node)
    }

    /// When something of it is due.
    pub fn next_deadline(&self) -> Option<Time> {
        let all = [
            self.abort_at,
            self.expire_at,
            self.loading.values().map(|(until, _)| *until).min(),
            self.appends.next_deadline(),
            self.channels.next_deadline(),
            self.verification.next_deadline(),
        ];
        all.into_iter().flatten().min()
    }

    /// Another process has closed its connection: nobody waits for answers.
    pub fn forget(&mut self, node: NodeId) {
        self.waiting.retain(|_, (from, _)| *from != node);
        self.verification.forget(node);
    }
}

impl Broker {
    /// The transactions it coordinates.
    pub fn transaction_coordinator(&self) -> &TransactionCoordinator {
        &self.transactions.coordinator
    }

    /// Does what is due of transactions.
    pub(super) fn run_transactions(&mut self, fabric: &mut Fabric) {
        self.load_transactions(fabric);
        self.expire_appends(fabric);
        self.expire_verifications(fabric);
        let (now, now_ms) = (fabric.now, fabric.timestamp_ms());
        let mut out = Vec::new();
        if self
            .transactions
            .abort_at
            .take_if(|at| *at <= now)
            .is_some()
        {
            let coordinator = &mut self.transactions.coordinator;
            coordinator.abort_timed_out_transactions(now_ms, &mut out);
        }
        if self
            .transactions
            .expire_at
            .take_if(|at| *at <= now)
            .is_some()
        {
            let coordinator = &mut self.transactions.coordinator;
            coordinator.remove_expired_ids(now_ms, &mut out);
        }
        self.hand_out_transactions(fabric, out);
        self.send_markers(fabric);
    }

    /// The coordinator looks at its transactions at fixed instants, as long as
    /// it has any.
    fn plan_transaction_checks(&mut self, now: Time) {
        let transactions = &mut self.transactions;
        if transactions
            .coordinator
            .states()
            .transactions()
            .next()
            .is_none()
        {
            (transactions.abort_at, transactions.expire_at) = (None, None);
            return;
        }
        let config = &self.config.transactions;
        let next =
            |interval_ms: i64| next_instant(Time::ZERO.plus_ms(interval_ms), interval_ms, now);
        if transactions.abort_at.is_none() && transactions.coordinator.has_ongoing() {
            transactions.abort_at = Some(next(config.abort_timed_out_interval_ms));
        }
        if transactions.expire_at.is_none() {
            transactions.expire_at = Some(next(config.remove_expired_interval_ms));
        }
    }
}
