//! Transactional producers, and what others may see of their transactions.

use engine::client::{Acks, Client, ConsumerGroupMetadata, ProducerConfig, TransactionCall};
use engine::log::record_batch::{EndTransactionMarker, RecordBatch, TransactionResult};
use engine::protocol::{CommittedOffset, IsolationLevel};
use engine::{Command, EventKind, TopicPartition, World};

use super::Run;
use super::consumers::{Style, style_of};
use super::groups::consumers;
use super::record::PartitionRecord;
use super::workload::Kind;

impl Run {
    /// One more, perhaps with an id that another has: that one is fenced.
    pub(super) fn add_transactional_producer(&mut self) {
        let config = ProducerConfig {
            acks: Acks::All,
            enable_idempotence: true,
            transactional_id: Some(format!("tx-{}", self.random.below(3))),
            transaction_timeout_ms: self.pick(&[1_000, 5_000]),
            linger_ms: i64::from(self.random.below(20)),
            request_timeout_ms: self.pick(&[1_000, 30_000]),
            metadata_max_age_ms: self.pick(&[1_000, 10_000]),
            ..ProducerConfig::default()
        };
        let workload = None;
        self.add(
            Command::AddProducer { config, workload },
            Kind::Transactional,
        );
        if let Some(producer) = self.any_client(Kind::Transactional) {
            self.call(producer, TransactionCall::Init);
        }
    }

    fn call(&mut self, producer: u32, call: TransactionCall) {
        self.execute(Command::Transaction { producer, call });
    }

    /// One call, or some of a transaction. Most of what is asked at the wrong
    /// time is refused.
    pub(super) fn transact(&mut self) {
        let Some(producer) = self.any_client(Kind::Transactional) else {
            return;
        };
        match self.random.below(8) {
            0 => self.call(producer, TransactionCall::Init),
            1 => self.call(producer, TransactionCall::Abort),
            2 => self.call(producer, TransactionCall::Commit),
            _ => {
                self.call(producer, TransactionCall::Begin);
                self.send_some(producer, 4, 2);
                let pause_us = u64::from(self.random.below(100_000));
                self.advance_to(self.world.now().plus_us(pause_us));
                if self.random.below(3) == 0 {
                    self.send_offsets(producer);
                }
                let ends = [TransactionCall::Commit, TransactionCall::Abort];
                match self.random.below(8) {
                    0..=4 => self.call(producer, ends[0].clone()),
                    5 | 6 => self.call(producer, ends[1].clone()),
                    _ => {}
                }
            }
        }
    }

    /// Commits an offset for a group in which any may be committed, with what
    /// the application knows of a consumer: that may be old.
    fn send_offsets(&mut self, producer: u32) {
        let Some((metadata, of)) = self.any_consumer_of_any_style() else {
            return;
        };
        let committed = CommittedOffset {
            offset: i64::from(self.random.below(60)),
            leader_epoch: -1,
            metadata: String::new(),
        };
        let offsets = vec![(of, committed)];
        self.call(producer, TransactionCall::SendOffsets(metadata, offsets));
        let pause_us = u64::from(self.random.below(100_000));
        self.advance_to(self.world.now().plus_us(pause_us));
    }

    fn any_consumer_of_any_style(&mut self) -> Option<(ConsumerGroupMetadata, TopicPartition)> {
        let members = consumers(&self.world);
        let members = members.filter(|it| style_of(&it.config.group_id) == Some(Style::Any));
        let metadata: Vec<ConsumerGroupMetadata> = members.map(ConsumerGroupMetadata::of).collect();
        let index = self.random.below(metadata.len().max(1) as u32) as usize;
        let metadata = metadata.into_iter().nth(index)?;
        Some((metadata, self.any_partition()))
    }
}

/// Whether a client reads what is committed only.
pub fn is_isolated(world: &World, kind: &EventKind) -> bool {
    let EventKind::RecordsRead { consumer, .. } = kind else {
        return false;
    };
    match world.clients().get(consumer) {
        Some(Client::Consumer(it)) => it.config.isolation_level == IsolationLevel::ReadCommitted,
        _ => false,
    }
}

/// A consumer with `read_committed` was shown these: each transaction among them
/// has been committed. Returns how many batches of transactions that are.
pub fn check_isolation(record: &PartitionRecord, batches: &[RecordBatch]) -> u64 {
    let transactional = batches.iter().filter(|batch| batch.is_transactional());
    let mut count = 0;
    for batch in transactional {
        let end = record.end_of_transaction(batch);
        assert_eq!(
            end,
            Some(TransactionResult::Commit),
            "{}: what producer {} wrote at {} is shown with read_committed",
            record.of,
            batch.producer_id(),
            batch.base_offset()
        );
        count += 1;
    }
    count
}

/// What a control batch says of its producer's transaction.
pub fn marker(batch: &RecordBatch) -> Option<TransactionResult> {
    if !batch.is_control() {
        return None;
    }
    let record = batch.records().next()?.ok()?;
    Some(EndTransactionMarker::from_record(&record)?.result)
}
