//! What groups have processed, as an onlooker counts it: which records are
//! processed again, and which are never.

use crate::collections::BTreeMap;

use super::World;
use super::rebalances::consumers;
use crate::client::{Client, ConsumerEvent, OffsetCounts};
use crate::event::EventKind;
use crate::protocol::TopicPartition;
use crate::sim::ClientNumber;

/// How often each group has processed each record.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Ledger {
    groups: BTreeMap<String, BTreeMap<TopicPartition, OffsetCounts>>,
}

impl World {
    /// What the members of a group, also those that are gone, have processed
    /// in each partition, and how often.
    pub fn processed_by(&self, group: &str) -> Option<&BTreeMap<TopicPartition, OffsetCounts>> {
        self.observer.ledger.groups.get(group)
    }

    /// Counts what was processed since the event of this number, and tells
    /// what was processed again and what is passed over.
    pub(super) fn count_processed(&mut self, first_event: usize) {
        for index in first_event..self.fabric.events.len() {
            match &self.fabric.events[index].kind {
                EventKind::Consumer {
                    consumer,
                    event:
                        ConsumerEvent::RecordsProcessed {
                            topic_partition,
                            from,
                            to,
                            ..
                        },
                } => {
                    let (of, range) = (topic_partition.clone(), (*from, *to));
                    self.note_processed(*consumer, of, range);
                }
                EventKind::TopicDeleted { topic } => {
                    let topic = topic.clone();
                    for processed in self.observer.ledger.groups.values_mut() {
                        processed.retain(|of, _| of.topic != topic);
                    }
                }
                _ => {}
            }
        }
    }

    fn note_processed(
        &mut self,
        consumer: ClientNumber,
        topic_partition: TopicPartition,
        (from, to): (i64, i64),
    ) {
        let Some(Client::Consumer(client)) = self.clients.get(&consumer) else {
            return;
        };
        if !client.config.has_group() {
            return;
        }
        let group = client.config.group_id.clone();
        let processed = self
            .observer
            .ledger
            .groups
            .entry(group.clone())
            .or_default();
        let counts = processed.entry(topic_partition.clone()).or_default();
        let again = counts.processed_within(from, to);
        let gap = counts
            .end()
            .filter(|end| *end < from)
            .map(|end| (end, from));
        counts.add(from, to);
        for (from, to) in again {
            self.fabric.emit(EventKind::RecordsProcessedAgain {
                group: group.clone(),
                consumer,
                topic_partition: topic_partition.clone(),
                from,
                to,
            });
        }
        let gap = gap.and_then(|gap| self.without_in_hand(&group, &topic_partition, gap));
        if let Some((from, to)) = gap {
            self.fabric.emit(EventKind::RecordsSkipped {
                group,
                consumer,
                topic_partition,
                from,
                to,
            });
        }
    }

    /// A gap without what another member of the group is still busy with at
    /// its end or at its beginning.
    fn without_in_hand(
        &self,
        group: &str,
        of: &TopicPartition,
        (mut from, mut to): (i64, i64),
    ) -> Option<(i64, i64)> {
        let members = consumers(&self.clients).filter(|it| it.config.group_id == group);
        let in_hand = members.flat_map(|member| member.in_hand());
        for (_, first, end) in in_hand.filter(|(partition, ..)| *partition == of) {
            if first <= from {
                from = from.max(end);
            } else if end >= to {
                to = to.min(first);
            }
        }
        (from < to).then_some((from, to))
    }
}
