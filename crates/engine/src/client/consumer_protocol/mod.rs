//! What consumers tell each other through the coordinator, which only passes
//! the bytes on: their subscriptions and the partitions assigned to them, in
//! version 3 of Kafka's own encoding
//! (`ConsumerProtocolSubscription.json`, `ConsumerProtocolAssignment.json`).

use crate::collections::BTreeMap;
use std::fmt;

use crate::protocol::{Opaque, TopicName, TopicPartition};

mod user_data;

pub use user_data::{LastAssignment, user_data};

const VERSION: i16 = 3;

/// What a member wants to read, and what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subscription {
    /// The topics, by name.
    pub topics: Vec<TopicName>,
    /// What the assignor adds: see [`user_data`].
    pub user_data: Option<Opaque>,
    /// The partitions it still owns; empty with an eager assignor.
    pub owned_partitions: Vec<TopicPartition>,
    /// The generation in which it came to own them, -1 for none (KIP-792).
    pub generation_id: i32,
    /// `client.rack` (KIP-881).
    pub rack_id: Option<String>,
}

/// Bytes that are not what their place in the protocol wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are not those of Kafka's consumer protocol")
    }
}

impl std::error::Error for Malformed {}

impl Subscription {
    /// The bytes that travel.
    pub fn encode(&self) -> Opaque {
        let mut out = Vec::new();
        put_i16(&mut out, VERSION);
        put_i32(&mut out, length(self.topics.len()));
        for topic in &self.topics {
            put_string(&mut out, topic);
        }
        put_user_data(&mut out, self.user_data.as_deref());
        put_partitions(&mut out, &self.owned_partitions);
        put_i32(&mut out, self.generation_id);
        match &self.rack_id {
            Some(rack) => put_string(&mut out, rack),
            None => put_i16(&mut out, -1),
        }
        out.into()
    }

    /// Reads what [`Subscription::encode`] wrote, or an earlier version.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when the bytes end early or make no sense.
    pub fn decode(bytes: &[u8]) -> Result<Subscription, Malformed> {
        let mut input = Input(bytes);
        let version = input.i16()?;
        let mut subscription = Subscription {
            generation_id: -1,
            ..Subscription::default()
        };
        for _ in 0..input.count()? {
            let topic = input.string()?.ok_or(Malformed)?;
            subscription.topics.push(topic.into());
        }
        subscription.user_data = input.user_data()?.map(Into::into);
        if version >= 1 {
            subscription.owned_partitions = input.partitions()?;
        }
        if version >= 2 {
            subscription.generation_id = input.i32()?;
        }
        if version >= 3 {
            subscription.rack_id = input.string()?.map(str::to_owned);
        }
        Ok(subscription)
    }
}

/// A member's part of the assignment, as bytes.
pub fn encode_assignment(partitions: &[TopicPartition]) -> Opaque {
    let mut out = Vec::new();
    put_i16(&mut out, VERSION);
    put_partitions(&mut out, partitions);
    put_user_data(&mut out, None);
    out.into()
}

/// Reads what [`encode_assignment`] wrote; no bytes at all mean no partition.
///
/// # Errors
///
/// [`Malformed`] when the bytes end early or make no sense.
pub fn decode_assignment(bytes: &[u8]) -> Result<Vec<TopicPartition>, Malformed> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut input = Input(bytes);
    input.i16()?;
    let partitions = input.partitions()?;
    input.user_data()?;
    Ok(partitions)
}

fn length(n: usize) -> i32 {
    i32::try_from(n).expect("a list in the protocol has fewer than 2^31 entries")
}

fn put_i16(out: &mut Vec<u8>, n: i16) {
    out.extend_from_slice(&n.to_be_bytes());
}

fn put_i32(out: &mut Vec<u8>, n: i32) {
    out.extend_from_slice(&n.to_be_bytes());
}

fn put_string(out: &mut Vec<u8>, text: &str) {
    let length =
        i16::try_from(text.len()).expect("a name in the protocol has fewer than 2^15 bytes");
    put_i16(out, length);
    out.extend_from_slice(text.as_bytes());
}

fn put_user_data(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_i32(out, bytes.map_or(-1, |bytes| length(bytes.len())));
    out.extend_from_slice(bytes.unwrap_or_default());
}

fn put_partitions(out: &mut Vec<u8>, partitions: &[TopicPartition]) {
    let mut topics: BTreeMap<&TopicName, Vec<i32>> = BTreeMap::new();
    for partition in partitions {
        topics
            .entry(&partition.topic)
            .or_default()
            .push(partition.partition);
    }
    put_i32(out, length(topics.len()));
    for (topic, numbers) in topics {
        put_string(out, topic);
        put_i32(out, length(numbers.len()));
        for number in numbers {
            put_i32(out, number);
        }
    }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn i16(&mut self) -> Result<i16, Malformed> {
        let bytes = self.take(2)?.try_into().map_err(|_| Malformed)?;
        Ok(i16::from_be_bytes(bytes))
    }

    fn i32(&mut self) -> Result<i32, Malformed> {
        let bytes = self.take(4)?.try_into().map_err(|_| Malformed)?;
        Ok(i32::from_be_bytes(bytes))
    }

    /// The length of a list; never more than there are bytes left.
    fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(self.i32()?.max(0)).map_err(|_| Malformed)?;
        if count > self.0.len() {
            return Err(Malformed);
        }
        Ok(count)
    }

    fn string(&mut self) -> Result<Option<&'a str>, Malformed> {
        let Ok(length) = usize::try_from(self.i16()?) else {
            return Ok(None);
        };
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| Malformed)
    }

    fn user_data(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        let length = usize::try_from(self.i32()?).ok();
        length.map(|length| self.take(length)).transpose()
    }

    fn partitions(&mut self) -> Result<Vec<TopicPartition>, Malformed> {
        let mut partitions = Vec::new();
        for _ in 0..self.count()? {
            let topic: TopicName = self.string()?.ok_or(Malformed)?.into();
            for _ in 0..self.count()? {
                partitions.push(TopicPartition::new(topic.clone(), self.i32()?));
            }
        }
        Ok(partitions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_reads_back_as_it_was_written() {
        let subscription = Subscription {
            topics: vec!["clicks".into(), "orders".into()],
            user_data: Some([1, 2].into()),
            owned_partitions: vec![TopicPartition::new("orders", 2)],
            generation_id: 7,
            rack_id: Some("rack-a".to_owned()),
        };
        assert_eq!(
            Subscription::decode(&subscription.encode()),
            Ok(subscription)
        );
    }

    #[test]
    fn bytes_that_end_early_are_refused_not_a_panic() {
        let subscription = Subscription {
            topics: vec!["orders".into()],
            ..Subscription::default()
        };
        let bytes = subscription.encode();
        for end in 0..bytes.len() {
            assert_eq!(Subscription::decode(&bytes[..end]), Err(Malformed), "{end}");
        }
        assert_eq!(
            decode_assignment(&[0, 3, 0x7f, 0xff, 0xff, 0xff]),
            Err(Malformed)
        );
    }
}
