//! The records of `__transaction_state`, byte for byte as Kafka writes them.
//!
//! Source: `TransactionLogKey.json`, `TransactionLogValue.json` (version 0,
//! which brokers write as long as `transaction.version` is 0) and
//! `kafka.coordinator.transaction.TransactionLog`.

use crate::collections::BTreeSet;

use super::metadata::{TransactionMetadata, TxnTransitMetadata};
use super::state::TransactionState;
use crate::log::record_batch::{NO_PRODUCER_EPOCH, NO_PRODUCER_ID};
use crate::protocol::wire::{Field, MalformedMessage, Reader, Writer};
use crate::protocol::{TopicName, TopicPartition};

/// The version of keys and values that is written.
const VERSION: i16 = 0;

/// The numbers of partitions, by topic.
pub type PartitionsByTopic = Vec<(TopicName, Vec<i32>)>;

/// The key of a record: the transaction it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionLogKey {
    /// The `transactional.id`.
    pub transactional_id: String,
}

/// The value of a record: a transaction as it stands. A record without a value
/// says that the id is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TransactionLogValue {
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// `transaction.timeout.ms` of the producer.
    pub transaction_timeout_ms: i32,
    /// Where the transaction stands.
    pub transaction_status: TransactionState,
    /// The partitions by topic; `None` while the state is `Empty`.
    pub transaction_partitions: Option<PartitionsByTopic>,
    /// When it last changed, in epoch milliseconds.
    pub transaction_last_update_timestamp_ms: i64,
    /// When it began, in epoch milliseconds; -1 before the first.
    pub transaction_start_timestamp_ms: i64,
}

impl TransactionLogKey {
    /// The key's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new(false);
        out.i16(VERSION);
        out.string(&self.transactional_id);
        out.into_bytes()
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`], also for an unknown version.
    pub fn from_bytes(bytes: &[u8]) -> Field<TransactionLogKey> {
        let mut input = Reader::new(bytes, false);
        read_version(&mut input)?;
        let transactional_id = input.string()?.to_owned();
        Ok(TransactionLogKey { transactional_id })
    }
}

impl TransactionLogValue {
    /// The value's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new(false);
        out.i16(VERSION);
        out.i64(self.producer_id);
        out.i16(self.producer_epoch);
        out.i32(self.transaction_timeout_ms);
        out.i8(self.transaction_status.id());
        let topics = self.transaction_partitions.as_ref();
        out.nullable_array_length(topics.map(Vec::len));
        for (topic, partitions) in topics.into_iter().flatten() {
            out.string(topic);
            out.array_length(partitions.len());
            partitions.iter().for_each(|number| out.i32(*number));
        }
        out.i64(self.transaction_last_update_timestamp_ms);
        out.i64(self.transaction_start_timestamp_ms);
        out.into_bytes()
    }

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`], also for an unknown version or state.
    pub fn from_bytes(bytes: &[u8]) -> Field<TransactionLogValue> {
        let mut input = Reader::new(bytes, false);
        read_version(&mut input)?;
        Ok(TransactionLogValue {
            producer_id: input.i64()?,
            producer_epoch: input.i16()?,
            transaction_timeout_ms: input.i32()?,
            transaction_status: TransactionState::from_id(input.i8()?).ok_or(MalformedMessage)?,
            transaction_partitions: read_partitions(&mut input)?,
            transaction_last_update_timestamp_ms: input.i64()?,
            transaction_start_timestamp_ms: input.i64()?,
        })
    }

    /// What is written of a transition.
    pub(super) fn of(transition: &TxnTransitMetadata) -> TransactionLogValue {
        let is_empty = transition.txn_state == TransactionState::Empty;
        TransactionLogValue {
            producer_id: transition.producer_id,
            producer_epoch: transition.producer_epoch,
            transaction_timeout_ms: transition.txn_timeout_ms,
            transaction_status: transition.txn_state,
            transaction_partitions: (!is_empty).then(|| by_topic(&transition.topic_partitions)),
            transaction_last_update_timestamp_ms: transition.txn_last_update_timestamp,
            transaction_start_timestamp_ms: transition.txn_start_timestamp,
        }
    }

    /// The transaction as a coordinator knows it that has read the record.
    pub(super) fn to_metadata(&self, transactional_id: &str) -> TransactionMetadata {
        let topics = self.transaction_partitions.iter().flatten();
        let partitions = topics.flat_map(|(topic, partitions)| {
            let numbers = partitions.iter();
            numbers.map(|number| TopicPartition::new(topic.clone(), *number))
        });
        TransactionMetadata {
            transactional_id: transactional_id.to_owned(),
            producer_id: self.producer_id,
            previous_producer_id: NO_PRODUCER_ID,
            producer_epoch: self.producer_epoch,
            last_producer_epoch: NO_PRODUCER_EPOCH,
            txn_timeout_ms: self.transaction_timeout_ms,
            state: self.transaction_status,
            pending_state: None,
            topic_partitions: partitions.collect(),
            txn_start_timestamp: self.transaction_start_timestamp_ms,
            txn_last_update_timestamp: self.transaction_last_update_timestamp_ms,
            has_failed_epoch_fence: false,
        }
    }
}

fn by_topic(partitions: &BTreeSet<TopicPartition>) -> PartitionsByTopic {
    let mut topics: PartitionsByTopic = Vec::new();
    for of in partitions {
        match topics.last_mut() {
            Some((topic, numbers)) if *topic == of.topic => numbers.push(of.partition),
            _ => topics.push((of.topic.clone(), vec![of.partition])),
        }
    }
    topics
}

fn read_version(input: &mut Reader) -> Field<()> {
    match input.i16()? {
        VERSION => Ok(()),
        _ => Err(MalformedMessage),
    }
}

fn read_partitions(input: &mut Reader) -> Field<Option<PartitionsByTopic>> {
    let Some(count) = input.nullable_array_length()? else {
        return Ok(None);
    };
    let mut topics = Vec::new();
    for _ in 0..count {
        let topic = input.string()?.into();
        let partitions = (0..input.array_length()?).map(|_| input.i32());
        topics.push((topic, partitions.collect::<Field<_>>()?));
    }
    Ok(Some(topics))
}
