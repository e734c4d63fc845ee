//! The records of `__transaction_state`, byte for byte as Kafka writes them.
//!
//! Source: `TransactionLogKey.json`, `TransactionLogValue.json` (version 0,
//! which brokers write as long as `transaction.version` is 0) and
//! `kafka.coordinator.transaction.TransactionLog`.

use std::collections::BTreeSet;

use super::metadata::{TransactionMetadata, TxnTransitMetadata};
use super::state::TransactionState;
use crate::log::record_batch::{NO_PRODUCER_EPOCH, NO_PRODUCER_ID};
use crate::protocol::{TopicName, TopicPartition};

/// The version of keys and values that is written.
const VERSION: i16 = 0;

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
    pub transaction_partitions: Option<Vec<(TopicName, Vec<i32>)>>,
    /// When it last changed, in epoch milliseconds.
    pub transaction_last_update_timestamp_ms: i64,
    /// When it began, in epoch milliseconds; -1 before the first.
    pub transaction_start_timestamp_ms: i64,
}

impl TransactionLogKey {
    /// The key's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = VERSION.to_be_bytes().to_vec();
        write_string(&mut bytes, &self.transactional_id);
        bytes
    }

    /// Reads a key; `None` when the bytes are not one of a version known.
    pub fn from_bytes(bytes: &[u8]) -> Option<TransactionLogKey> {
        let mut reader = Reader(bytes);
        (reader.i16()? == VERSION).then_some(())?;
        let transactional_id = reader.string()?.to_owned();
        Some(TransactionLogKey { transactional_id })
    }
}

impl TransactionLogValue {
    /// The value's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = VERSION.to_be_bytes().to_vec();
        bytes.extend(self.producer_id.to_be_bytes());
        bytes.extend(self.producer_epoch.to_be_bytes());
        bytes.extend(self.transaction_timeout_ms.to_be_bytes());
        bytes.extend(self.transaction_status.id().to_be_bytes());
        match &self.transaction_partitions {
            None => bytes.extend((-1_i32).to_be_bytes()),
            Some(topics) => {
                write_count(&mut bytes, topics.len());
                for (topic, partitions) in topics {
                    write_string(&mut bytes, topic);
                    write_count(&mut bytes, partitions.len());
                    bytes.extend(partitions.iter().flat_map(|number| number.to_be_bytes()));
                }
            }
        }
        bytes.extend(self.transaction_last_update_timestamp_ms.to_be_bytes());
        bytes.extend(self.transaction_start_timestamp_ms.to_be_bytes());
        bytes
    }

    /// Reads a value; `None` when the bytes are not one of a version known.
    pub fn from_bytes(bytes: &[u8]) -> Option<TransactionLogValue> {
        let mut reader = Reader(bytes);
        (reader.i16()? == VERSION).then_some(())?;
        Some(TransactionLogValue {
            producer_id: reader.i64()?,
            producer_epoch: reader.i16()?,
            transaction_timeout_ms: reader.i32()?,
            transaction_status: TransactionState::from_id(reader.i8()?)?,
            transaction_partitions: reader.partitions()?,
            transaction_last_update_timestamp_ms: reader.i64()?,
            transaction_start_timestamp_ms: reader.i64()?,
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

fn by_topic(partitions: &BTreeSet<TopicPartition>) -> Vec<(TopicName, Vec<i32>)> {
    let mut topics: Vec<(TopicName, Vec<i32>)> = Vec::new();
    for of in partitions {
        match topics.last_mut() {
            Some((topic, numbers)) if *topic == of.topic => numbers.push(of.partition),
            _ => topics.push((of.topic.clone(), vec![of.partition])),
        }
    }
    topics
}

fn write_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend((count as i32).to_be_bytes());
}

fn write_string(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as i16).to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn i8(&mut self) -> Option<i8> {
        self.take().map(i8::from_be_bytes)
    }

    fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }

    fn string(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.i16()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    /// The partitions by topic; `Some(None)` for the null of Kafka's.
    fn partitions(&mut self) -> Option<Option<Vec<(TopicName, Vec<i32>)>>> {
        let count = self.i32()?;
        if count < 0 {
            return Some(None);
        }
        let mut topics = Vec::new();
        for _ in 0..count {
            let topic = self.string()?.into();
            let count = self.i32()?;
            let partitions = (0..count).map(|_| self.i32());
            topics.push((topic, partitions.collect::<Option<_>>()?));
        }
        Some(Some(topics))
    }
}
