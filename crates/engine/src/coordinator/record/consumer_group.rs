//! The six types of the consumer group protocol (KIP-848), key types 3 to 8.
//!
//! Source: `ConsumerGroupMetadataKey.json` and the like.

use super::modern::{Layout, read_partitions, read_strings, write_partitions};
use crate::coordinator::consumer_group::{CurrentMemberAssignment, MemberMetadata, MemberState};
use crate::protocol::wire::{Field, Reader, Writer};

pub(super) const LAYOUT: Layout<MemberMetadata, CurrentMemberAssignment> = Layout {
    metadata: 3,
    partition_metadata: 4,
    member_metadata: 5,
    target_assignment_metadata: 6,
    target_assignment_member: 7,
    current_member_assignment: 8,
    write_metadata,
    read_metadata,
    write_assignment,
    read_assignment,
};

fn write_metadata(out: &mut Writer, metadata: &MemberMetadata) {
    out.nullable_string(metadata.instance_id.as_deref());
    out.nullable_string(metadata.rack_id.as_deref());
    out.string(&metadata.client_id);
    out.string(&metadata.client_host);
    out.array_length(metadata.subscribed_topic_names.len());
    for topic in &metadata.subscribed_topic_names {
        out.string(topic);
    }
    out.nullable_string(None); // SubscribedTopicRegex
    out.i32(metadata.rebalance_timeout_ms);
    out.nullable_string(metadata.server_assignor.as_deref());
}

fn read_metadata(input: &mut Reader) -> Field<MemberMetadata> {
    let mut nullable = || Ok(input.nullable_string()?.map(str::to_owned));
    let (instance_id, rack_id) = (nullable()?, nullable()?);
    let client_id = input.string()?.to_owned();
    let client_host = input.string()?.to_owned();
    let subscribed_topic_names = read_strings(input)?;
    let _subscribed_topic_regex = input.nullable_string()?;
    Ok(MemberMetadata {
        instance_id,
        rack_id,
        client_id,
        client_host,
        subscribed_topic_names,
        rebalance_timeout_ms: input.i32()?,
        server_assignor: input.nullable_string()?.map(str::to_owned),
    })
}

fn write_assignment(out: &mut Writer, assignment: &CurrentMemberAssignment) {
    out.i32(assignment.member_epoch);
    out.i32(assignment.previous_member_epoch);
    out.i8(assignment.state.value());
    write_partitions(out, &assignment.assigned_partitions);
    write_partitions(out, &assignment.partitions_pending_revocation);
}

fn read_assignment(input: &mut Reader) -> Field<CurrentMemberAssignment> {
    Ok(CurrentMemberAssignment {
        member_epoch: input.i32()?,
        previous_member_epoch: input.i32()?,
        state: MemberState::from_value(input.i8()?),
        assigned_partitions: read_partitions(input)?,
        partitions_pending_revocation: read_partitions(input)?,
    })
}

#[cfg(test)]
mod tests {
    use crate::collections::{BTreeMap, BTreeSet};

    use super::super::GroupRecord;
    use super::*;
    use crate::assignor::server::PartitionsByTopic;
    use crate::coordinator::consumer_group::{ConsumerGroupRecord, TopicMetadata};
    use crate::protocol::TopicId;
    use crate::protocol::wire::MalformedMessage;

    const TOPIC: TopicId = TopicId([7; 16]);

    /// The bytes as hexadecimal digits.
    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn written(record: &ConsumerGroupRecord) -> (String, Option<String>) {
        let (key, value) = LAYOUT.encode(record);
        (hex(&key), value.as_deref().map(hex))
    }

    #[test]
    fn a_key_is_its_type_the_group_and_the_member() {
        let epoch = ConsumerGroupRecord::Metadata {
            group_id: "g".into(),
            epoch: Some(5),
        };
        // The value: version 0, the epoch, no tagged fields.
        let value = Some("00000000000500".to_owned());
        assert_eq!(written(&epoch), ("0003000167".into(), value));
        let gone = ConsumerGroupRecord::TargetAssignmentMember {
            group_id: "g".into(),
            member_id: "ab".into(),
            partitions: None,
        };
        assert_eq!(written(&gone), ("000700016700026162".into(), None));
    }

    #[test]
    fn a_member_tells_who_it_is() {
        let member = ConsumerGroupRecord::MemberMetadata {
            group_id: "g".into(),
            member_id: "m".into(),
            metadata: Some(MemberMetadata {
                client_id: "c".into(),
                client_host: "/h".into(),
                subscribed_topic_names: BTreeSet::from(["t".into()]),
                rebalance_timeout_ms: 10,
                ..MemberMetadata::default()
            }),
        };
        // No instance, no rack, "c", "/h", one topic "t", no regular
        // expression, 10 ms, no assignor, no tagged fields.
        let value = "0000".to_owned()
            + "00"
            + "00"
            + "0263"
            + "032f68"
            + "020274"
            + "00"
            + "0000000a"
            + "00"
            + "00";
        assert_eq!(written(&member).1, Some(value));
    }

    #[test]
    fn partitions_stand_by_topic() {
        let assignment = ConsumerGroupRecord::CurrentMemberAssignment {
            group_id: "g".into(),
            member_id: "m".into(),
            assignment: Some(CurrentMemberAssignment {
                member_epoch: 2,
                previous_member_epoch: 1,
                state: MemberState::UnrevokedPartitions,
                assigned_partitions: BTreeMap::from([(TOPIC, BTreeSet::from([0, 3]))]),
                partitions_pending_revocation: PartitionsByTopic::new(),
            }),
        };
        let value = "0000".to_owned()
            + "00000002"
            + "00000001"
            + "01"
            + "02"
            + &"07".repeat(16)
            + "03"
            + "00000000"
            + "00000003"
            + "00"
            + "01"
            + "00";
        assert_eq!(written(&assignment).1, Some(value));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (group_id, member_id) = ("g".to_owned(), "m".to_owned());
        let racks = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let topic = TopicMetadata {
            id: TOPIC,
            num_partitions: 3,
            partition_racks: BTreeMap::from([(1, racks)]),
        };
        let records = [
            ConsumerGroupRecord::PartitionMetadata {
                group_id: group_id.clone(),
                topics: Some(BTreeMap::from([("t".into(), topic)])),
            },
            ConsumerGroupRecord::TargetAssignmentMetadata {
                group_id: group_id.clone(),
                assignment_epoch: Some(4),
            },
            ConsumerGroupRecord::TargetAssignmentMember {
                group_id: group_id.clone(),
                member_id: member_id.clone(),
                partitions: Some(BTreeMap::from([(TOPIC, BTreeSet::from([2]))])),
            },
            ConsumerGroupRecord::CurrentMemberAssignment {
                group_id: group_id.clone(),
                member_id: member_id.clone(),
                assignment: None,
            },
            ConsumerGroupRecord::MemberMetadata {
                group_id: group_id.clone(),
                member_id,
                metadata: Some(MemberMetadata {
                    instance_id: Some("i".into()),
                    server_assignor: Some("range".into()),
                    ..MemberMetadata::default()
                }),
            },
            ConsumerGroupRecord::Metadata {
                group_id,
                epoch: None,
            },
        ];
        for record in records {
            let record = GroupRecord::ConsumerGroup(record);
            let bytes = record.encode();
            let read = GroupRecord::decode(&bytes.key, bytes.value.as_deref());
            assert_eq!(read, Ok(Some(record)));
        }
    }

    #[test]
    fn a_later_version_is_not_misread() {
        let read = GroupRecord::decode(&[0, 3, 0, 1, b'g'], Some(&[0, 1, 0, 0, 0, 5, 0]));
        assert_eq!(read, Err(MalformedMessage));
    }
}
