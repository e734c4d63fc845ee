//! How far groups have come: what their members have processed, and what is
//! committed for them.

use engine::collections::{BTreeMap, BTreeSet};

use engine::client::{Client, ConsumerEvent, GroupProtocol};
use engine::command::ClientNumber;
use engine::{EventKind, TopicPartition, World};

use super::consumers::{Style, style_of};
use super::ranges::Ranges;

/// A partition as a group reads it.
type Read = (String, TopicPartition);

/// What the members of each group have processed.
#[derive(Debug, Default)]
pub struct Progress {
    /// What a member has processed, or passed over for a reason: it was told to
    /// begin behind it.
    done: BTreeMap<Read, Ranges>,
    /// What a member has processed since one was last told to begin before it.
    once: BTreeMap<Read, Ranges>,
    /// Where records were lost or cut off, so that what comes there now was not
    /// read; or where they were taken away from a member that had them in hand.
    excused: BTreeSet<Read>,
    /// Members of whose hands nothing is known: the last commit has failed, and
    /// their applications process all the same what they have; or they were
    /// sent elsewhere, and may come to it once more.
    loose_hands: BTreeSet<ClientNumber>,
    /// The group of each consumer, also of those that are gone.
    groups: BTreeMap<ClientNumber, String>,
    pub records: u64,
}

impl Progress {
    /// Takes in what a consumer did; `is_excused` tells of which partitions and
    /// of which groups' commits Kafka, too, has lost some.
    pub fn take_in(
        &mut self,
        world: &World,
        kind: &EventKind,
        is_excused: &dyn Fn(&str, &TopicPartition) -> bool,
    ) {
        match kind {
            EventKind::ClientStarted { client, .. } => {
                if let Some(Client::Consumer(consumer)) = world.clients().get(client) {
                    self.groups
                        .insert(*client, consumer.config.group_id.clone());
                }
            }
            EventKind::PositionReset {
                consumer,
                topic_partition,
                offset,
                ..
            }
            | EventKind::Consumer {
                consumer,
                event:
                    ConsumerEvent::PositionSought {
                        topic_partition,
                        offset,
                    },
            } => {
                self.loose_hands.insert(*consumer);
                self.begins_at(*consumer, topic_partition, *offset);
            }
            EventKind::PartitionsRevoked {
                consumer,
                partitions,
            } => self.given_up(world, *consumer, partitions),
            EventKind::RecordsRead { consumer, .. } => {
                self.loose_hands.remove(consumer);
            }
            EventKind::Consumer { consumer, event } => match event {
                ConsumerEvent::CommitFailed { .. } => {
                    self.loose_hands.insert(*consumer);
                }
                ConsumerEvent::TruncationDetected {
                    topic_partition, ..
                } => {
                    if let Some(group) = self.group_of(*consumer) {
                        self.excused.insert((group, topic_partition.clone()));
                    }
                }
                ConsumerEvent::RecordsProcessed {
                    topic_partition,
                    from,
                    to,
                    records,
                } => {
                    self.records += records;
                    if let Some(group) = self.group_of(*consumer) {
                        let read = (group, topic_partition.clone());
                        self.processed(*consumer, read, (*from, *to), is_excused);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// With KIP-848 a member that commits by hand may have to give up partitions
    /// at any time, also while it has records of them in hand
    /// (`ConsumerMembershipManager.maybeReconcile`). What it commits of them after
    /// that counts, since it is at the epoch of its group: others process the same
    /// records, and what is committed may go back.
    fn given_up(&mut self, world: &World, consumer: ClientNumber, partitions: &[TopicPartition]) {
        let Some(Client::Consumer(it)) = world.clients().get(&consumer) else {
            return;
        };
        if it.config.group_protocol == GroupProtocol::Consumer {
            let in_hand = it.in_hand().map(|(of, ..)| of);
            let taken_away = in_hand.filter(|of| partitions.contains(of));
            let group = &it.config.group_id;
            let taken_away = taken_away.map(|of| (group.clone(), of.clone()));
            self.excused.extend(taken_away);
        }
    }

    /// A member begins here, since it was told to or nothing is known of where
    /// its group was.
    fn begins_at(&mut self, consumer: ClientNumber, of: &TopicPartition, offset: i64) {
        let Some(group) = self.group_of(consumer) else {
            return;
        };
        let read = (group, of.clone());
        self.once.entry(read.clone()).or_default().cut_off(offset);
        self.done.entry(read).or_default().add(0, offset);
    }

    fn processed(
        &mut self,
        consumer: ClientNumber,
        read: Read,
        (from, to): (i64, i64),
        is_excused: &dyn Fn(&str, &TopicPartition) -> bool,
    ) {
        self.done.entry(read.clone()).or_default().add(from, to);
        let (group, of) = &read;
        let is_once = style_of(group) == Some(Style::AtMostOnce);
        if !is_once || self.loose_hands.contains(&consumer) {
            return;
        }
        if is_excused(group, of) {
            self.excused.insert(read.clone());
        }
        let once = self.once.entry(read.clone()).or_default();
        let again = once
            .overlap(from, to)
            .filter(|_| !self.excused.contains(&read));
        assert_eq!(
            again, None,
            "{}: client {consumer} of the group {} processes {from}..{to}, though the group has \
             processed some of it, and commits before it does",
            read.1, read.0
        );
        once.add(from, to);
    }

    /// An offset was committed for a group: where its members commit after they
    /// have processed, all before it is done.
    pub fn committed(&self, group: &str, of: &TopicPartition, offset: i64) {
        let holds = matches!(style_of(group), Some(Style::AtLeastOnce | Style::Automatic));
        let done = self.done.get(&(group.to_owned(), of.clone()));
        let done_to = done.map_or(0, Ranges::end_from_zero);
        assert!(
            !holds || offset <= done_to,
            "{of}: {offset} is committed for the group {group}, though it has processed only what \
             is before {done_to}"
        );
    }

    fn group_of(&self, consumer: ClientNumber) -> Option<String> {
        self.groups.get(&consumer).cloned()
    }
}
