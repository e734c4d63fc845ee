//! The records of `__share_group_state`, as bytes (`ShareCoordinatorRecordSerde`
//! and the message definitions of `share-coordinator`).

use super::SharePartitionKey;
use crate::coordinator::runtime::CoordinatorRecord;
use crate::protocol::wire::{Field, MalformedMessage, Reader, Writer};
use crate::protocol::{PersisterStateBatch, TopicId};

/// A record of `__share_group_state`; without a value it is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShareStateRecord {
    /// All that is known of a share-partition (`ShareSnapshotKey`, `-Value`).
    Snapshot(SharePartitionKey, Option<ShareSnapshotValue>),
    /// What has changed since (`ShareUpdateKey`, `-Value`).
    Update(SharePartitionKey, ShareUpdateValue),
}

/// All that is known of a share-partition (`ShareSnapshotValue.json`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareSnapshotValue {
    /// Counts the snapshots of this share-partition, from 0.
    pub snapshot_epoch: u16,
    /// How often the state was set anew.
    pub state_epoch: i32,
    /// The epoch of the partition's leader.
    pub leader_epoch: i32,
    /// Where the share-partition begins.
    pub start_offset: i64,
    /// What is known of the records from there on.
    pub state_batches: Vec<PersisterStateBatch>,
}

/// What has changed since the last snapshot (`ShareUpdateValue.json`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareUpdateValue {
    /// The snapshot that it adds to.
    pub snapshot_epoch: u16,
    /// The epoch of the partition's leader.
    pub leader_epoch: i32,
    /// Where the share-partition begins; -1 when that has not changed.
    pub start_offset: i64,
    /// What has changed of the records.
    pub state_batches: Vec<PersisterStateBatch>,
}

const SNAPSHOT: i16 = 0;
const UPDATE: i16 = 1;
const VALUE_VERSION: i16 = 0;

impl ShareStateRecord {
    /// Reads a record; `None` when its type is unknown, or its key means
    /// nothing without a value.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn decode(
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Option<ShareStateRecord>, MalformedMessage> {
        let mut input = Reader::new(key, false);
        let record_type = input.i16()?;
        if !matches!(record_type, SNAPSHOT | UPDATE) {
            return Ok(None);
        }
        let key = SharePartitionKey {
            group_id: input.string()?.to_owned(),
            topic_id: TopicId(input.uuid()?),
            partition: input.i32()?,
        };
        Ok(match (record_type, value) {
            (SNAPSHOT, value) => {
                let value = value.map(ShareSnapshotValue::decode).transpose()?;
                Some(ShareStateRecord::Snapshot(key, value))
            }
            (_, Some(value)) => {
                let value = ShareUpdateValue::decode(value)?;
                Some(ShareStateRecord::Update(key, value))
            }
            (_, None) => None,
        })
    }

    /// The record as Kafka writes it.
    pub fn encode(&self) -> CoordinatorRecord {
        let (record_type, key, value) = match self {
            ShareStateRecord::Snapshot(key, value) => (
                SNAPSHOT,
                key,
                value.as_ref().map(ShareSnapshotValue::encode),
            ),
            ShareStateRecord::Update(key, value) => (UPDATE, key, Some(value.encode())),
        };
        let mut out = Writer::new(false);
        out.i16(record_type);
        out.string(&key.group_id);
        out.uuid(key.topic_id.0);
        out.i32(key.partition);
        CoordinatorRecord {
            key: out.into_bytes().into(),
            value: value.map(Into::into),
        }
    }
}

impl ShareSnapshotValue {
    fn encode(&self) -> Vec<u8> {
        let mut out = value_writer();
        out.i16(self.snapshot_epoch.cast_signed());
        out.i32(self.state_epoch);
        out.i32(self.leader_epoch);
        out.i64(self.start_offset);
        write_batches(&mut out, &self.state_batches);
        out.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Field<ShareSnapshotValue> {
        let mut input = value_reader(bytes)?;
        Ok(ShareSnapshotValue {
            snapshot_epoch: input.i16()?.cast_unsigned(),
            state_epoch: input.i32()?,
            leader_epoch: input.i32()?,
            start_offset: input.i64()?,
            state_batches: read_batches(&mut input)?,
        })
    }
}

impl ShareUpdateValue {
    fn encode(&self) -> Vec<u8> {
        let mut out = value_writer();
        out.i16(self.snapshot_epoch.cast_signed());
        out.i32(self.leader_epoch);
        out.i64(self.start_offset);
        write_batches(&mut out, &self.state_batches);
        out.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Field<ShareUpdateValue> {
        let mut input = value_reader(bytes)?;
        Ok(ShareUpdateValue {
            snapshot_epoch: input.i16()?.cast_unsigned(),
            leader_epoch: input.i32()?,
            start_offset: input.i64()?,
            state_batches: read_batches(&mut input)?,
        })
    }
}

/// The version precedes the value, and is as long in every version.
fn value_writer() -> Writer {
    let mut out = Writer::new(true);
    out.i16(VALUE_VERSION);
    out
}

fn value_reader(bytes: &[u8]) -> Field<Reader<'_>> {
    let mut input = Reader::new(bytes, true);
    match input.i16()? {
        VALUE_VERSION => Ok(input),
        _ => Err(MalformedMessage),
    }
}

fn write_batches(out: &mut Writer, batches: &[PersisterStateBatch]) {
    out.array_length(batches.len());
    for batch in batches {
        out.i64(batch.first_offset);
        out.i64(batch.last_offset);
        out.i8(batch.delivery_state);
        out.i16(batch.delivery_count);
        out.no_tagged_fields();
    }
    out.no_tagged_fields();
}

fn read_batches(input: &mut Reader<'_>) -> Field<Vec<PersisterStateBatch>> {
    let count = input.array_length()?;
    let mut batches = Vec::new();
    for _ in 0..count {
        batches.push(PersisterStateBatch {
            first_offset: input.i64()?,
            last_offset: input.i64()?,
            delivery_state: input.i8()?,
            delivery_count: input.i16()?,
        });
        input.tagged_fields()?;
    }
    input.tagged_fields()?;
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let key = SharePartitionKey {
            group_id: "g".to_owned(),
            topic_id: TopicId([7; 16]),
            partition: 3,
        };
        let batch = PersisterStateBatch {
            first_offset: 5,
            last_offset: 9,
            delivery_state: 2,
            delivery_count: 4,
        };
        let snapshot = ShareSnapshotValue {
            snapshot_epoch: 40_000,
            state_epoch: 1,
            leader_epoch: 2,
            start_offset: 5,
            state_batches: vec![batch],
        };
        let update = ShareUpdateValue {
            snapshot_epoch: 40_000,
            leader_epoch: 3,
            start_offset: -1,
            state_batches: vec![batch, batch],
        };
        for record in [
            ShareStateRecord::Snapshot(key.clone(), Some(snapshot)),
            ShareStateRecord::Snapshot(key.clone(), None),
            ShareStateRecord::Update(key, update),
        ] {
            let bytes = record.encode();
            let read = ShareStateRecord::decode(&bytes.key, bytes.value.as_deref());
            assert_eq!(read, Ok(Some(record)));
        }
    }
}
