use crate::protocol::Opaque;
use crate::protocol::wire::{Field, MalformedMessage, Reader, Writer};

/// Which group (`GroupMetadataKey.json`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupMetadataKey {
    /// The group.
    pub group: String,
}

impl GroupMetadataKey {
    const TYPE: i16 = 2;

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(false);
        out.i16(GroupMetadataKey::TYPE);
        out.string(&self.group);
        out.into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Field<GroupMetadataKey> {
        let group = Reader::new(bytes, false).string()?.to_owned();
        Ok(GroupMetadataKey { group })
    }
}

/// A group of the classic protocol: its generation and its members
/// (`GroupMetadataValue.json`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupMetadataValue {
    /// `consumer` for consumers; empty for a group that nobody has joined.
    pub protocol_type: String,
    /// How many generations it has had.
    pub generation: i32,
    /// The assignor.
    pub protocol: Option<String>,
    /// The member that computes the assignment.
    pub leader: Option<String>,
    /// When it entered its state, in epoch milliseconds; -1 when not known.
    pub current_state_timestamp_ms: i64,
    /// The members.
    pub members: Vec<GroupMetadataMember>,
}

/// A member of a group (`GroupMetadataValue.MemberMetadata`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupMetadataMember {
    /// Its id.
    pub member_id: String,
    /// Its `group.instance.id`.
    pub group_instance_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// The host it calls from.
    pub client_host: String,
    /// How long it may take to rejoin, in milliseconds.
    pub rebalance_timeout_ms: i32,
    /// After how many milliseconds of silence it counts as dead.
    pub session_timeout_ms: i32,
    /// What the assignor knows of it.
    pub subscription: Opaque,
    /// Its part.
    pub assignment: Opaque,
}

impl GroupMetadataValue {
    /// The version that Kafka writes.
    const VERSION: i16 = 3;
    const HIGHEST: i16 = 4;

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(false);
        out.i16(GroupMetadataValue::VERSION);
        out.string(&self.protocol_type);
        out.i32(self.generation);
        out.nullable_string(self.protocol.as_deref());
        out.nullable_string(self.leader.as_deref());
        out.i64(self.current_state_timestamp_ms);
        out.array_length(self.members.len());
        for member in &self.members {
            member.write(&mut out);
        }
        out.into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Field<GroupMetadataValue> {
        let mut input = Reader::new(bytes, false);
        let version = input.i16()?;
        if !(0..=GroupMetadataValue::HIGHEST).contains(&version) {
            return Err(MalformedMessage);
        }
        input.set_flexible(version >= 4);
        let mut value = GroupMetadataValue {
            protocol_type: input.string()?.to_owned(),
            generation: input.i32()?,
            protocol: input.nullable_string()?.map(str::to_owned),
            leader: input.nullable_string()?.map(str::to_owned),
            current_state_timestamp_ms: if version >= 2 { input.i64()? } else { -1 },
            members: Vec::new(),
        };
        for _ in 0..input.array_length()? {
            value
                .members
                .push(GroupMetadataMember::read(&mut input, version)?);
        }
        Ok(value)
    }
}

impl GroupMetadataMember {
    fn write(&self, out: &mut Writer) {
        out.string(&self.member_id);
        out.nullable_string(self.group_instance_id.as_deref());
        out.string(&self.client_id);
        out.string(&self.client_host);
        out.i32(self.rebalance_timeout_ms);
        out.i32(self.session_timeout_ms);
        out.bytes(&self.subscription);
        out.bytes(&self.assignment);
    }

    fn read(input: &mut Reader, version: i16) -> Field<GroupMetadataMember> {
        let member_id = input.string()?.to_owned();
        let group_instance_id = match version {
            3.. => input.nullable_string()?.map(str::to_owned),
            _ => None,
        };
        let client_id = input.string()?.to_owned();
        let client_host = input.string()?.to_owned();
        let rebalance_timeout_ms = if version >= 1 {
            Some(input.i32()?)
        } else {
            None
        };
        let session_timeout_ms = input.i32()?;
        let member = GroupMetadataMember {
            member_id,
            group_instance_id,
            client_id,
            client_host,
            rebalance_timeout_ms: rebalance_timeout_ms.unwrap_or(session_timeout_ms),
            session_timeout_ms,
            subscription: input.bytes()?.into(),
            assignment: input.bytes()?.into(),
        };
        input.tagged_fields()?;
        Ok(member)
    }
}
