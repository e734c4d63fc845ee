//! How far a source has come: what of it is acknowledged, and how that is
//! stored in a compacted topic (`OffsetBackingStore`, `SubmittedRecords`).

use std::collections::VecDeque;

use super::config::{ConnectorClass, ConnectorConfig};
use super::rows::{Row, quoted};
use crate::client::OutgoingRecord;
use crate::collections::BTreeMap;
use crate::protocol::{
    CreatableTopic, CreateTopicsRequest, MetadataRequest, Request, TopicPartition,
};

/// The topic with the offsets of all source connectors
/// (`offset.storage.topic`).
pub const OFFSETS_TOPIC: &str = "connect-offsets";

/// How many partitions it has (`offset.storage.partitions`).
const PARTITIONS: i32 = 25;

/// How many replicas it has where there are as many brokers
/// (`offset.storage.replication.factor`).
pub(crate) const REPLICAS: usize = 3;

/// Asks for the topic, as `TopicAdmin` does.
pub(super) fn create_topic(replication_factor: i16) -> Request {
    let compact = ("cleanup.policy".to_owned(), "compact".to_owned());
    Request::CreateTopics(CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: OFFSETS_TOPIC.into(),
            num_partitions: PARTITIONS,
            replication_factor,
            assignments: BTreeMap::new(),
            configs: [compact].into(),
        }],
    })
}

/// Asks for the topic's partitions.
pub(super) fn describe_topic() -> Request {
    let topics = Some(vec![OFFSETS_TOPIC.into()]);
    Request::Metadata(MetadataRequest { topics })
}

/// The connector and its source partition, as the offset's key names them.
fn key(config: &ConnectorConfig) -> String {
    let name = quoted(&config.name);
    let field = match config.class {
        ConnectorClass::RowsSource => "filename",
        _ => "table",
    };
    format!("[{name},{{\"{field}\":{name}}}]")
}

/// The record that stores an offset.
pub(super) fn offset_record(config: &ConnectorConfig, position: u64) -> OutgoingRecord {
    OutgoingRecord {
        topic: OFFSETS_TOPIC.into(),
        key: Some(key(config).into_bytes()),
        value: Some(format!("{{\"position\":{position}}}").into_bytes()),
        ..OutgoingRecord::default()
    }
}

/// The offset that a record of the topic stores for this connector. `None` when
/// it is about another; a tombstone puts it back to the beginning.
pub(super) fn stored_offset(config: &ConnectorConfig, record: &OutgoingRecord) -> Option<u64> {
    if record.key.as_deref() != Some(key(config).as_bytes()) {
        return None;
    }
    let value = record
        .value
        .as_deref()
        .and_then(|it| str::from_utf8(it).ok());
    let row = value.and_then(|it| Row::from_json(it).ok());
    let position = row.and_then(|it| it.shown("position"));
    Some(position.and_then(|it| it.parse().ok()).unwrap_or(0))
}

/// The records that a source's task has sent and not been told of, by the
/// numbers of their changes. Only up to the first of them an offset may be
/// committed.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct SubmittedRecords {
    /// Those for which `send()` has not chosen a partition, oldest first.
    unplaced: VecDeque<u64>,
    /// The others, oldest first; `None` is a record that somebody else sent
    /// with this producer.
    placed: BTreeMap<TopicPartition, VecDeque<Option<u64>>>,
}

impl SubmittedRecords {
    pub fn submit(&mut self, change: u64) {
        self.unplaced.push_back(change);
    }

    /// `send()` has put so many records into the accumulator.
    pub fn place(&mut self, of: &TopicPartition, records: usize) {
        let placed = self.placed.entry(of.clone()).or_default();
        for _ in 0..records {
            placed.push_back(self.unplaced.pop_front());
        }
    }

    /// So many records of a partition are stored or given up; returns the first
    /// change among them.
    pub fn settle(&mut self, of: &TopicPartition, records: usize) -> Option<u64> {
        let placed = self.placed.get_mut(of)?;
        let settled = placed.drain(..records.min(placed.len()));
        settled.flatten().min()
    }

    /// `send()` has given up on so many records; returns the first change among
    /// them. It goes through them in order.
    pub fn drop_unplaced(&mut self, records: usize) -> Option<u64> {
        let dropped = records.min(self.unplaced.len());
        self.unplaced.drain(..dropped).min()
    }

    /// The first change that is not acknowledged.
    pub fn first(&self) -> Option<u64> {
        let placed = self.placed.values().flatten().flatten();
        placed.chain(&self.unplaced).min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is acknowledged behind a record that is not does not count yet.
    #[test]
    fn an_offset_is_not_committed_beyond_what_is_outstanding() {
        let mut submitted = SubmittedRecords::default();
        let [one, other] = [0, 1].map(|partition| TopicPartition::new("t", partition));
        for change in 0..3 {
            submitted.submit(change);
        }
        submitted.place(&one, 1);
        submitted.place(&other, 2);
        assert_eq!(submitted.first(), Some(0));
        submitted.settle(&other, 2);
        assert_eq!(submitted.first(), Some(0));
        submitted.settle(&one, 1);
        assert_eq!(submitted.first(), None);
    }

    #[test]
    fn an_offset_is_stored_under_its_connector_as_connect_does() {
        let config = ConnectorConfig::new("people", ConnectorClass::TableSource);
        let mut record = offset_record(&config, 12);
        let key = record.key.clone().unwrap();
        assert_eq!(key, br#"["people",{"table":"people"}]"#);
        assert_eq!(record.value.as_deref(), Some(&br#"{"position":12}"#[..]));
        assert_eq!(stored_offset(&config, &record), Some(12));
        record.value = None;
        assert_eq!(stored_offset(&config, &record), Some(0));
        let other = ConnectorConfig::new("others", ConnectorClass::TableSource);
        assert_eq!(stored_offset(&other, &record), None);
    }
}
