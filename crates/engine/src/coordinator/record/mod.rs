//! The records of `__consumer_offsets`, as bytes: each type has a file of its
//! own. The first two bytes of a key say which type it is, those of a value
//! which version.
//!
//! Source: `GroupCoordinatorRecordSerde` and the message definitions of
//! `group-coordinator`.

mod consumer_group;
mod group_metadata;
mod modern;
mod offset_commit;
mod share_group;

pub use group_metadata::{GroupMetadataKey, GroupMetadataMember, GroupMetadataValue};
pub use offset_commit::{OffsetCommitKey, OffsetCommitValue};

use super::consumer_group::ConsumerGroupRecord;
use super::runtime::CoordinatorRecord;
use super::share_group::ShareGroupRecord;
use crate::protocol::wire::MalformedMessage;

/// A record of `__consumer_offsets` of a type that is known here; without a
/// value it is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupRecord {
    /// An offset was committed (types 0 and 1).
    OffsetCommit(OffsetCommitKey, Option<OffsetCommitValue>),
    /// A group of the classic protocol (type 2).
    GroupMetadata(GroupMetadataKey, Option<GroupMetadataValue>),
    /// A group of the consumer group protocol (types 3 to 8).
    ConsumerGroup(ConsumerGroupRecord),
    /// A share group (types 9 to 14).
    ShareGroup(ShareGroupRecord),
}

impl GroupRecord {
    /// Reads a record; `None` when its type is unknown.
    ///
    /// # Errors
    ///
    /// [`MalformedMessage`].
    pub fn decode(
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Option<GroupRecord>, MalformedMessage> {
        let (record_type, rest) = key.split_first_chunk::<2>().ok_or(MalformedMessage)?;
        Ok(Some(match i16::from_be_bytes(*record_type) {
            0 | 1 => GroupRecord::OffsetCommit(
                OffsetCommitKey::decode(rest)?,
                value.map(OffsetCommitValue::decode).transpose()?,
            ),
            2 => GroupRecord::GroupMetadata(
                GroupMetadataKey::decode(rest)?,
                value.map(GroupMetadataValue::decode).transpose()?,
            ),
            other @ 9..=14 => {
                let record = share_group::LAYOUT.decode(other, rest, value)?;
                return Ok(record.map(GroupRecord::ShareGroup));
            }
            other => {
                let record = consumer_group::LAYOUT.decode(other, rest, value)?;
                return Ok(record.map(GroupRecord::ConsumerGroup));
            }
        }))
    }

    /// The record as Kafka writes it.
    pub fn encode(&self) -> CoordinatorRecord {
        let (key, value) = match self {
            GroupRecord::OffsetCommit(key, value) => {
                (key.encode(), value.as_ref().map(OffsetCommitValue::encode))
            }
            GroupRecord::GroupMetadata(key, value) => {
                (key.encode(), value.as_ref().map(GroupMetadataValue::encode))
            }
            GroupRecord::ConsumerGroup(record) => consumer_group::LAYOUT.encode(record),
            GroupRecord::ShareGroup(record) => share_group::LAYOUT.encode(record),
        };
        CoordinatorRecord {
            key: key.into(),
            value: value.map(Into::into),
        }
    }
}
