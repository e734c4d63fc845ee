//! The records of groups whose members the coordinator gives their partitions:
//! those of KIP-848, and share groups. Both kinds have the same six types, with
//! numbers and members of their own. Keys are of no flexible version, values of
//! version 0, which is.

use crate::collections::{BTreeMap, BTreeSet};

use crate::assignor::server::PartitionsByTopic;
use crate::coordinator::ModernGroupRecord;
use crate::coordinator::consumer_group::TopicMetadata;
use crate::protocol::wire::{Field, MalformedMessage, Reader, Writer};
use crate::protocol::{TopicId, TopicName};

/// The version of all the values.
const VERSION: i16 = 0;

/// How the records of one kind of group are written: the types in their keys,
/// and what is told of a member.
pub(super) struct Layout<M, A> {
    pub metadata: i16,
    pub partition_metadata: i16,
    pub member_metadata: i16,
    pub target_assignment_metadata: i16,
    pub target_assignment_member: i16,
    pub current_member_assignment: i16,
    pub write_metadata: fn(&mut Writer, &M),
    pub read_metadata: fn(&mut Reader) -> Field<M>,
    pub write_assignment: fn(&mut Writer, &A),
    pub read_assignment: fn(&mut Reader) -> Field<A>,
}

impl<M, A> Layout<M, A> {
    /// The key, and the value; `None` for a tombstone.
    pub fn encode(&self, record: &ModernGroupRecord<M, A>) -> (Vec<u8>, Option<Vec<u8>>) {
        let (record_type, member_id, value) = match record {
            ModernGroupRecord::Metadata { epoch, .. } => {
                let value = epoch.map(|epoch| value(|out| out.i32(epoch)));
                (self.metadata, None, value)
            }
            ModernGroupRecord::PartitionMetadata { topics, .. } => {
                let topics = topics.as_ref();
                let value = topics.map(|topics| value(|out| write_topics(out, topics)));
                (self.partition_metadata, None, value)
            }
            ModernGroupRecord::MemberMetadata {
                member_id,
                metadata,
                ..
            } => {
                let metadata = metadata.as_ref();
                let value =
                    metadata.map(|metadata| value(|out| (self.write_metadata)(out, metadata)));
                (self.member_metadata, Some(member_id), value)
            }
            ModernGroupRecord::TargetAssignmentMetadata {
                assignment_epoch, ..
            } => {
                let value = assignment_epoch.map(|epoch| value(|out| out.i32(epoch)));
                (self.target_assignment_metadata, None, value)
            }
            ModernGroupRecord::TargetAssignmentMember {
                member_id,
                partitions,
                ..
            } => {
                let partitions = partitions.as_ref();
                let value = partitions.map(|it| value(|out| write_partitions(out, it)));
                (self.target_assignment_member, Some(member_id), value)
            }
            ModernGroupRecord::CurrentMemberAssignment {
                member_id,
                assignment,
                ..
            } => {
                let assignment = assignment.as_ref();
                let value = assignment.map(|it| value(|out| (self.write_assignment)(out, it)));
                (self.current_member_assignment, Some(member_id), value)
            }
        };
        (key(record_type, record.group_id(), member_id), value)
    }

    /// Reads a record by the type in its key and what follows there; `None` when
    /// its type is none of these.
    pub fn decode(
        &self,
        record_type: i16,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Field<Option<ModernGroupRecord<M, A>>> {
        let mut key = Reader::new(key, false);
        let mut id = || key.string().map(str::to_owned);
        Ok(Some(match record_type {
            _ if record_type == self.metadata => ModernGroupRecord::Metadata {
                group_id: id()?,
                epoch: read(value, Reader::i32)?,
            },
            _ if record_type == self.partition_metadata => ModernGroupRecord::PartitionMetadata {
                group_id: id()?,
                topics: read(value, read_topics)?,
            },
            _ if record_type == self.member_metadata => ModernGroupRecord::MemberMetadata {
                group_id: id()?,
                member_id: id()?,
                metadata: read(value, self.read_metadata)?,
            },
            _ if record_type == self.target_assignment_metadata => {
                ModernGroupRecord::TargetAssignmentMetadata {
                    group_id: id()?,
                    assignment_epoch: read(value, Reader::i32)?,
                }
            }
            _ if record_type == self.target_assignment_member => {
                ModernGroupRecord::TargetAssignmentMember {
                    group_id: id()?,
                    member_id: id()?,
                    partitions: read(value, read_partitions)?,
                }
            }
            _ if record_type == self.current_member_assignment => {
                ModernGroupRecord::CurrentMemberAssignment {
                    group_id: id()?,
                    member_id: id()?,
                    assignment: read(value, self.read_assignment)?,
                }
            }
            _ => return Ok(None),
        }))
    }
}

fn key(record_type: i16, group_id: &str, member_id: Option<&String>) -> Vec<u8> {
    let mut out = Writer::new(false);
    out.i16(record_type);
    out.string(group_id);
    if let Some(member_id) = member_id {
        out.string(member_id);
    }
    out.into_bytes()
}

fn value(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut out = Writer::new(true);
    out.i16(VERSION);
    write(&mut out);
    out.no_tagged_fields();
    out.into_bytes()
}

fn read<'a, T>(
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

fn write_topics(out: &mut Writer, topics: &BTreeMap<TopicName, TopicMetadata>) {
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

fn read_topics(input: &mut Reader) -> Field<BTreeMap<TopicName, TopicMetadata>> {
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
