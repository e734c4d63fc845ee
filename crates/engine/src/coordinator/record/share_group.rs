//! The six types of share groups (KIP-932), key types 9 to 14. Keys are of no
//! flexible version, values of version 0, which is.
//!
//! Source: `ShareGroupMetadataKey.json` and the like.

use super::consumer_group::{
    key, read, read_partitions, read_strings, read_topics, value, write_partitions, write_topics,
};
use crate::coordinator::share_group::{
    ShareGroupRecord, ShareMemberAssignment, ShareMemberMetadata,
};
use crate::protocol::wire::{Field, Reader, Writer};

const PARTITION_METADATA: i16 = 9;
const MEMBER_METADATA: i16 = 10;
const METADATA: i16 = 11;
const TARGET_ASSIGNMENT_METADATA: i16 = 12;
const TARGET_ASSIGNMENT_MEMBER: i16 = 13;
const CURRENT_MEMBER_ASSIGNMENT: i16 = 14;

/// `STABLE`, the only state that a member of a share group has.
const STABLE: i8 = 0;

/// The key, and the value; `None` for a tombstone.
pub(super) fn encode(record: &ShareGroupRecord) -> (Vec<u8>, Option<Vec<u8>>) {
    let (record_type, member_id, value) = match record {
        ShareGroupRecord::PartitionMetadata { topics, .. } => {
            let topics = topics.as_ref();
            let value = topics.map(|topics| value(|out| write_topics(out, topics)));
            (PARTITION_METADATA, None, value)
        }
        ShareGroupRecord::MemberMetadata {
            member_id,
            metadata,
            ..
        } => {
            let metadata = metadata.as_ref();
            let value = metadata.map(|metadata| value(|out| write_metadata(out, metadata)));
            (MEMBER_METADATA, Some(member_id), value)
        }
        ShareGroupRecord::Metadata { epoch, .. } => {
            let value = epoch.map(|epoch| value(|out| out.i32(epoch)));
            (METADATA, None, value)
        }
        ShareGroupRecord::TargetAssignmentMetadata {
            assignment_epoch, ..
        } => {
            let value = assignment_epoch.map(|epoch| value(|out| out.i32(epoch)));
            (TARGET_ASSIGNMENT_METADATA, None, value)
        }
        ShareGroupRecord::TargetAssignmentMember {
            member_id,
            partitions,
            ..
        } => {
            let partitions = partitions.as_ref();
            let value = partitions.map(|it| value(|out| write_partitions(out, it)));
            (TARGET_ASSIGNMENT_MEMBER, Some(member_id), value)
        }
        ShareGroupRecord::CurrentMemberAssignment {
            member_id,
            assignment,
            ..
        } => {
            let assignment = assignment.as_ref();
            let value = assignment.map(|it| value(|out| write_assignment(out, it)));
            (CURRENT_MEMBER_ASSIGNMENT, Some(member_id), value)
        }
    };
    (key(record_type, record.group_id(), member_id), value)
}

/// Reads a record by the type in its key and what follows there; `None` when
/// its type is none of these.
pub(super) fn decode(
    record_type: i16,
    key: &[u8],
    value: Option<&[u8]>,
) -> Field<Option<ShareGroupRecord>> {
    let mut key = Reader::new(key, false);
    let mut id = || key.string().map(str::to_owned);
    Ok(Some(match record_type {
        PARTITION_METADATA => ShareGroupRecord::PartitionMetadata {
            group_id: id()?,
            topics: read(value, read_topics)?,
        },
        MEMBER_METADATA => ShareGroupRecord::MemberMetadata {
            group_id: id()?,
            member_id: id()?,
            metadata: read(value, read_metadata)?,
        },
        METADATA => ShareGroupRecord::Metadata {
            group_id: id()?,
            epoch: read(value, Reader::i32)?,
        },
        TARGET_ASSIGNMENT_METADATA => ShareGroupRecord::TargetAssignmentMetadata {
            group_id: id()?,
            assignment_epoch: read(value, Reader::i32)?,
        },
        TARGET_ASSIGNMENT_MEMBER => ShareGroupRecord::TargetAssignmentMember {
            group_id: id()?,
            member_id: id()?,
            partitions: read(value, read_partitions)?,
        },
        CURRENT_MEMBER_ASSIGNMENT => ShareGroupRecord::CurrentMemberAssignment {
            group_id: id()?,
            member_id: id()?,
            assignment: read(value, read_assignment)?,
        },
        _ => return Ok(None),
    }))
}

fn write_metadata(out: &mut Writer, metadata: &ShareMemberMetadata) {
    out.nullable_string(metadata.rack_id.as_deref());
    out.string(&metadata.client_id);
    out.string(&metadata.client_host);
    out.array_length(metadata.subscribed_topic_names.len());
    for topic in &metadata.subscribed_topic_names {
        out.string(topic);
    }
}

fn read_metadata(input: &mut Reader) -> Field<ShareMemberMetadata> {
    Ok(ShareMemberMetadata {
        rack_id: input.nullable_string()?.map(str::to_owned),
        client_id: input.string()?.to_owned(),
        client_host: input.string()?.to_owned(),
        subscribed_topic_names: read_strings(input)?,
    })
}

fn write_assignment(out: &mut Writer, assignment: &ShareMemberAssignment) {
    out.i32(assignment.member_epoch);
    out.i32(assignment.previous_member_epoch);
    out.i8(STABLE);
    write_partitions(out, &assignment.partitions);
}

fn read_assignment(input: &mut Reader) -> Field<ShareMemberAssignment> {
    let (member_epoch, previous_member_epoch) = (input.i32()?, input.i32()?);
    let _state = input.i8()?;
    Ok(ShareMemberAssignment {
        member_epoch,
        previous_member_epoch,
        partitions: read_partitions(input)?,
    })
}
