//! The six types of share groups (KIP-932), key types 9 to 14.
//!
//! Source: `ShareGroupMetadataKey.json` and the like.

use super::modern::{Layout, read_partitions, read_strings, write_partitions};
use crate::coordinator::share_group::{ShareMemberAssignment, ShareMemberMetadata};
use crate::protocol::wire::{Field, Reader, Writer};

pub(super) const LAYOUT: Layout<ShareMemberMetadata, ShareMemberAssignment> = Layout {
    partition_metadata: 9,
    member_metadata: 10,
    metadata: 11,
    target_assignment_metadata: 12,
    target_assignment_member: 13,
    current_member_assignment: 14,
    write_metadata,
    read_metadata,
    write_assignment,
    read_assignment,
};

/// `STABLE`, the only state that a member of a share group has.
const STABLE: i8 = 0;

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
