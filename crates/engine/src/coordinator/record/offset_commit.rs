use crate::protocol::wire::{Field, MalformedMessage, Reader, Writer};

/// Whose offset of which partition (`OffsetCommitKey.json`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OffsetCommitKey {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
}

impl OffsetCommitKey {
    const TYPE: i16 = 1;

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(false);
        out.i16(OffsetCommitKey::TYPE);
        out.string(&self.group);
        out.string(&self.topic);
        out.i32(self.partition);
        out.into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Field<OffsetCommitKey> {
        let mut input = Reader::new(bytes, false);
        Ok(OffsetCommitKey {
            group: input.string()?.to_owned(),
            topic: input.string()?.to_owned(),
            partition: input.i32()?,
        })
    }
}

/// What was committed (`OffsetCommitValue.json`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetCommitValue {
    /// The offset of the next record to read.
    pub offset: i64,
    /// The leader epoch of the last record read, -1 when not known.
    pub leader_epoch: i32,
    /// The committer's note.
    pub metadata: String,
    /// When it was committed, in epoch milliseconds.
    pub commit_timestamp_ms: i64,
    /// When it expires, in epoch milliseconds: what old clients asked for; -1
    /// when it expires with its group.
    pub expire_timestamp_ms: i64,
}

impl OffsetCommitValue {
    /// The version that Kafka writes, unless the value has an expire timestamp.
    const VERSION: i16 = 3;
    /// The only version with an expire timestamp.
    const EXPIRING: i16 = 1;
    const HIGHEST: i16 = 4;

    pub(super) fn encode(&self) -> Vec<u8> {
        let version = match self.expire_timestamp_ms {
            -1 => OffsetCommitValue::VERSION,
            _ => OffsetCommitValue::EXPIRING,
        };
        let mut out = Writer::new(false);
        out.i16(version);
        out.i64(self.offset);
        if version >= 3 {
            out.i32(self.leader_epoch);
        }
        out.string(&self.metadata);
        out.i64(self.commit_timestamp_ms);
        if version == OffsetCommitValue::EXPIRING {
            out.i64(self.expire_timestamp_ms);
        }
        out.into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Field<OffsetCommitValue> {
        let mut input = Reader::new(bytes, false);
        let version = input.i16()?;
        if !(0..=OffsetCommitValue::HIGHEST).contains(&version) {
            return Err(MalformedMessage);
        }
        input.set_flexible(version >= 4);
        Ok(OffsetCommitValue {
            offset: input.i64()?,
            leader_epoch: if version >= 3 { input.i32()? } else { -1 },
            metadata: input.string()?.to_owned(),
            commit_timestamp_ms: input.i64()?,
            expire_timestamp_ms: match version {
                OffsetCommitValue::EXPIRING => input.i64()?,
                _ => -1,
            },
        })
    }
}
