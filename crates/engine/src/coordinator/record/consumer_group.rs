//! The six types of the consumer group protocol (KIP-848), key types 3 to 8.
//! Keys are of no flexible version, values of version 0, which is.
//!
//! Source: `ConsumerGroupMetadataKey.json` and the like.

use std::collections::{BTreeMap, BTreeSet};

use crate::assignor::server::PartitionsByTopic;
use crate::coordinator::consumer_group::{
    ConsumerGroupRecord, CurrentMemberAssignment, MemberMetadata, MemberState, TopicMetadata,
};
use crate::protocol::wire::{Field, MalformedMessage, Reader, Writer};
use crate::protocol::{TopicId, TopicName};

const METADATA: i16 = 3;
const PARTITION_METADATA: i16 = 4;
const MEMBER_METADATA: i16 = 5;
const TARGET_ASSIGNMENT_METADATA: i16 = 6;
const TARGET_ASSIGNMENT_MEMBER: i16 = 7;
const CURRENT_MEMBER_ASSIGNMENT: i16 = 8;

/// The version of all the values.
const VERSION: i16 = 0;

/// The key, and the value; `None` for a tombstone.
pub(super) fn encode(record: &ConsumerGroupRecord) -> (Vec<u8>, Option<Vec<u8>>) {
    let (record_type, member_id, value) = match record {
        ConsumerGroupRecord::Metadata { epoch, .. } => {
            let value = epoch.map(|epoch| value(|out| out.i32(epoch)));
            (METADATA, None, value)
        }
        ConsumerGroupRecord::PartitionMetadata { topics, .. } => {
            let topics = topics.as_ref();
            let value = topics.map(|topics| value(|out| write_topics(out, topics)));
            (PARTITION_METADATA, None, value)
        }
        ConsumerGroupRecord::MemberMetadata {
            member_id,
            metadata,
            ..
        } => {
            let metadata = metadata.as_ref();
            let value = metadata.map(|metadata| value(|out| write_metadata(out, metadata)));
            (MEMBER_METADATA, Some(member_id), value)
        }
        ConsumerGroupRecord::TargetAssignmentMetadata {
            assignment_epoch, ..
        } => {
            let value = assignment_epoch.map(|epoch| value(|out| out.i32(epoch)));
            (TARGET_ASSIGNMENT_METADATA, None, value)
        }
        ConsumerGroupRecord::TargetAssignmentMember {
            member_id,
            partitions,
            ..
        } => {
            let partitions = partitions.as_ref();
            let value = partitions.map(|it| value(|out| write_partitions(out, it)));
            (TARGET_ASSIGNMENT_MEMBER, Some(member_id), value)
        }
        ConsumerGroupRecord::CurrentMemberAssignment {
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

pub(super) fn key(record_type: i16, group_id: &str, member_id: Option<&String>) -> Vec<u8> {
    let mut out = Writer::new(false);
    out.i16(record_type);
    out.string(group_id);
    if let Some(member_id) = member_id {
        out.string(member_id);
    }
    out.into_bytes()
}

pub(super) fn value(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut out = Writer::new(true);
    out.i16(VERSION);
    write(&mut out);
    out.no_tagged_fields();
    out.into_bytes()
}

/// Reads a record by the type in its key and what follows there; `None` when
/// its type is none of these.
pub(super) fn decode(
    record_type: i16,
    key: &[u8],
    value: Option<&[u8]>,
) -> Field<Option<ConsumerGroupRecord>> {
    let mut key = Reader::new(key, false);
    let mut id = || key.string().map(str::to_owned);
    Ok(Some(match record_type {
        METADATA => ConsumerGroupRecord::Metadata {
            group_id: id()?,
            epoch: read(value, Reader::i32)?,
        },
        PARTITION_METADATA => ConsumerGroupRecord::PartitionMetadata {
            group_id: id()?,
            topics: read(value, read_topics)?,
        },
        MEMBER_METADATA => ConsumerGroupRecord::MemberMetadata {
            group_id: id()?,
            member_id: id()?,
            metadata: read(value, read_metadata)?,
        },
        TARGET_ASSIGNMENT_METADATA => ConsumerGroupRecord::TargetAssignmentMetadata {
            group_id: id()?,
            assignment_epoch: read(value, Reader::i32)?,
        },
        TARGET_ASSIGNMENT_MEMBER => ConsumerGroupRecord::TargetAssignmentMember {
            group_id: id()?,
            member_id: id()?,
            partitions: read(value, read_partitions)?,
        },
        CURRENT_MEMBER_ASSIGNMENT => ConsumerGroupRecord::CurrentMemberAssignment {
            group_id: id()?,
            member_id: id()?,
            assignment: read(value, read_assignment)?,
        },
        _ => return Ok(None),
    }))
}

pub(super) fn read<'a, T>(
    value: Option<&'a [u8]>,
    fields: impl FnOnce(&mut Reader<'a>) -> Field<T>,
) -> Field<Option<T>> {
    let Some(bytes) = value else {
        return Ok(None);
    };
    let mut input = Reader::new(bytes, true);
    if input.i16()? != VERSION {
        return Err(MalformedMessage);
    }
    let value = fields(&mut input)?;
    input.tagged_fields()?;
    Ok(Some(value))
}

pub(super) fn write_topics(out: &mut Writer, topics: &BTreeMap<TopicName, TopicMetadata>) {
    out.array_length(topics.len());
    for (name, topic) in topics {
        out.uuid(topic.id.0);
        out.string(name);
        out.i32(topic.num_partitions);
        out.array_length(topic.partition_racks.len());
        for (partition, racks) in &topic.partition_racks {
            out.i32(*partition);
            out.array_length(racks.len());
            for rack in racks {
                out.string(rack);
            }
            out.no_tagged_fields();
        }
        out.no_tagged_fields();
    }
}

pub(super) fn read_topics(input: &mut Reader) -> Field<BTreeMap<TopicName, TopicMetadata>> {
    let mut topics = BTreeMap::new();
    for _ in 0..input.array_length()? {
        let id = TopicId(input.uuid()?);
        let name = TopicName::from(input.string()?);
        let num_partitions = input.i32()?;
        let mut partition_racks = BTreeMap::new();
        for _ in 0..input.array_length()? {
            let partition = input.i32()?;
            let racks = read_strings(input)?;
            input.tagged_fields()?;
            partition_racks.insert(partition, racks);
        }
        input.tagged_fields()?;
        let topic = TopicMetadata {
            id,
            num_partitions,
            partition_racks,
        };
        topics.insert(name, topic);
    }
    Ok(topics)
}

pub(super) fn read_strings<T: Ord + for<'a> From<&'a str>>(
    input: &mut Reader,
) -> Field<BTreeSet<T>> {
    let mut strings = BTreeSet::new();
    for _ in 0..input.array_length()? {
        strings.insert(T::from(input.string()?));
    }
    Ok(strings)
}

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

pub(super) fn write_partitions(out: &mut Writer, topics: &PartitionsByTopic) {
    out.array_length(topics.len());
    for (topic_id, partitions) in topics {
        out.uuid(topic_id.0);
        out.array_length(partitions.len());
        for partition in partitions {
            out.i32(*partition);
        }
        out.no_tagged_fields();
    }
}

pub(super) fn read_partitions(input: &mut Reader) -> Field<PartitionsByTopic> {
    let mut topics = PartitionsByTopic::new();
    for _ in 0..input.array_length()? {
        let topic_id = TopicId(input.uuid()?);
        let mut partitions = BTreeSet::new();
        for _ in 0..input.array_length()? {
            partitions.insert(input.i32()?);
        }
        input.tagged_fields()?;
        topics.insert(topic_id, partitions);
    }
    Ok(topics)
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
    use super::super::GroupRecord;
    use super::*;

    const TOPIC: TopicId = TopicId([7; 16]);

    /// The bytes as hexadecimal digits.
    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn written(record: &ConsumerGroupRecord) -> (String, Option<String>) {
        let (key, value) = encode(record);
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
