use crate::collections::{BTreeMap, BTreeSet};
use std::collections::VecDeque;

use super::ShareConsumer;
use crate::command::Refusal;
use crate::event::{EventKind, ShareEvent};
use crate::log::record_batch::RecordBatch;
use crate::protocol::{AcknowledgeType, AcquiredRecords, TopicIdPartition, TopicPartition};
use crate::sim::Fabric;

/// The number that tells of an offset at which there is no record.
const GAP: i8 = 0;

/// What was acquired of a partition and not handed out yet
/// (`ShareCompletedFetch`).
#[derive(Clone, Debug, Hash)]
pub(super) struct Fetched {
    pub of: TopicIdPartition,
    pub batches: Vec<RecordBatch>,
    pub acquired: VecDeque<AcquiredRecords>,
}

/// A record that the application has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordInHand {
    /// Its partition.
    pub topic_partition: TopicPartition,
    /// Its offset.
    pub offset: i64,
    /// How often it was delivered, this time included.
    pub delivery_count: i16,
    /// What the application has said of it.
    pub acknowledged: Option<AcknowledgeType>,
    of: TopicIdPartition,
}

/// The application's loop
/// (`org.apache.kafka.clients.consumer.internals.ShareConsumerImpl.poll`).
impl ShareConsumer {
    /// Processes what it has, as far as time has passed; then takes what was
    /// acquired, or acquires more.
    pub(super) fn poll(&mut self, fabric: &mut Fabric) {
        loop {
            if !self.in_hand.is_empty() && !self.finish(fabric) {
                break;
            }
            if !self.take(fabric) {
                return self.fetch(fabric);
            }
        }
        self.send_said(fabric);
    }

    /// The application is done with what it has, when it is.
    fn finish(&mut self, fabric: &Fabric) -> bool {
        if self.processing_until > fabric.now {
            return false;
        }
        for record in &mut self.in_hand {
            let decided = self.config.decide(record.offset);
            record.acknowledged = record.acknowledged.or(decided);
        }
        if self
            .in_hand
            .iter()
            .any(|record| record.acknowledged.is_none())
        {
            return false;
        }
        for record in std::mem::take(&mut self.in_hand) {
            if let Some(acknowledged) = record.acknowledged {
                let said = self.said.entry(record.of).or_default();
                said.insert(record.offset, acknowledged.id());
            }
            self.records_processed += 1;
        }
        true
    }

    /// Hands the application up to `max.poll.records` of what was acquired;
    /// `false` when there is nothing. Offsets at which there is no record are
    /// passed over, and told as such.
    fn take(&mut self, fabric: &mut Fabric) -> bool {
        let mut left = i64::from(self.config.max_poll_records);
        while left > 0
            && let Some(mut fetched) = self.fetched.pop_front()
        {
            let mut taken = Vec::new();
            while left > 0
                && let Some(mut acquired) = fetched.acquired.pop_front()
            {
                if acquired.last_offset - acquired.first_offset >= left {
                    let rest = AcquiredRecords {
                        first_offset: acquired.first_offset + left,
                        ..acquired
                    };
                    acquired.last_offset = acquired.first_offset + left - 1;
                    fetched.acquired.push_front(rest);
                }
                left -= acquired.last_offset - acquired.first_offset + 1;
                taken.push(acquired);
            }
            self.hand_out(fabric, fetched.of, &fetched.batches, taken);
            if !fetched.acquired.is_empty() {
                self.fetched.push_front(fetched);
            }
        }
        let count = self.in_hand.len() as u64;
        let processing_us = self.config.processing_us.saturating_mul(count);
        self.processing_until = fabric.now.plus_us(processing_us);
        count > 0
    }

    fn hand_out(
        &mut self,
        fabric: &mut Fabric,
        of: TopicIdPartition,
        batches: &[RecordBatch],
        taken: Vec<AcquiredRecords>,
    ) {
        let Some(topic_partition) = self.named(of) else {
            return;
        };
        let present = offsets_in(batches, &taken);
        for acquired in &taken {
            for offset in acquired.first_offset..=acquired.last_offset {
                if !present.contains(&offset) {
                    self.said.entry(of).or_default().insert(offset, GAP);
                    continue;
                }
                self.in_hand.push(RecordInHand {
                    topic_partition: topic_partition.clone(),
                    offset,
                    delivery_count: acquired.delivery_count,
                    acknowledged: None,
                    of,
                });
            }
        }
        let holds = |batch: &&RecordBatch| {
            let (first, last) = (batch.base_offset(), batch.last_offset());
            let mut taken = taken.iter();
            taken.any(|it| it.first_offset <= last && first <= it.last_offset)
        };
        fabric.emit(EventKind::Share(ShareEvent::RecordsDelivered {
            consumer: self.connection.number,
            topic_partition,
            batches: batches.iter().filter(holds).cloned().collect(),
            acquired: taken,
        }));
    }

    /// Whether the application may acknowledge a record: it has it, and does
    /// so by `acknowledge()` (`ShareConsumerImpl.acknowledge`).
    ///
    /// # Errors
    ///
    /// [`Refusal::CannotAcknowledge`].
    pub(crate) fn check_acknowledge(
        &self,
        topic_partition: &TopicPartition,
        offset: i64,
    ) -> Result<(), Refusal> {
        let refuse = |message: &str| Err(Refusal::CannotAcknowledge(message.to_owned()));
        if self.config.acknowledging == super::Acknowledging::Implicit {
            return refuse("Implicit acknowledgement of delivery is being used.");
        }
        let mut in_hand = self.in_hand.iter();
        match in_hand.any(|it| it.topic_partition == *topic_partition && it.offset == offset) {
            true => Ok(()),
            false => refuse("The record cannot be acknowledged."),
        }
    }

    /// The application says what has become of a record.
    pub(crate) fn acknowledge(
        &mut self,
        fabric: &mut Fabric,
        topic_partition: &TopicPartition,
        offset: i64,
        acknowledge_type: AcknowledgeType,
    ) {
        let mut in_hand = self.in_hand.iter_mut();
        let found =
            in_hand.find(|it| it.topic_partition == *topic_partition && it.offset == offset);
        if let Some(record) = found {
            record.acknowledged = Some(acknowledge_type);
        }
        self.go_on(fabric);
    }
}

/// The offsets of the records in these batches that lie in what was acquired;
/// markers of transactions are no records.
fn offsets_in(batches: &[RecordBatch], acquired: &[AcquiredRecords]) -> BTreeSet<i64> {
    let batches = batches.iter().filter(|batch| !batch.is_control());
    let records = batches.flat_map(|batch| batch.records().map_while(Result::ok));
    let offsets = records.map(|record| record.offset);
    let is_acquired = |offset: &i64| {
        let mut acquired = acquired.iter();
        acquired.any(|it| (it.first_offset..=it.last_offset).contains(offset))
    };
    offsets.filter(is_acquired).collect()
}

/// Offsets in a row with what is said of each.
pub(super) fn runs(said: BTreeMap<i64, i8>) -> Vec<(i64, Vec<i8>)> {
    let mut runs: Vec<(i64, Vec<i8>)> = Vec::new();
    for (offset, id) in said {
        match runs.last_mut() {
            Some((first, ids)) if *first + ids.len() as i64 == offset => ids.push(id),
            _ => runs.push((offset, vec![id])),
        }
    }
    runs
}
