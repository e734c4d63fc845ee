//! What a person asks of consumers: whether it may be, and doing it.

use super::World;
use super::commands::wrong_kind;
use crate::client::{Client, Consumer, SeekTo, SubscriptionType};
use crate::command::{ClientNumber, Command, Refusal};
use crate::protocol::TopicPartition;

impl World {
    /// Whether a command about a consumer can be carried out.
    pub(super) fn check_on_consumer(&self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::Subscribe { consumer, to } => {
                let config = &self.consumer(*consumer)?.config;
                to.check()?;
                match to.is_managed_by_group() {
                    true => config.check_group_management(),
                    false => Ok(()),
                }
            }
            Command::SetProcessing {
                consumer,
                processing,
            } => {
                let config = &self.consumer(*consumer)?.config;
                match processing.commit {
                    Some(_) => config.check_group_management(),
                    None => Ok(()),
                }
            }
            Command::Commit { consumer, .. } => {
                let consumer_now = self.consumer(*consumer)?;
                consumer_now.config.check_group_management()?;
                match consumer_now.waits_for_commit() {
                    true => Err(Refusal::ConsumerIsBusy(*consumer)),
                    false => Ok(()),
                }
            }
            Command::Seek {
                consumer,
                partitions,
                to,
            } => {
                let is_negative = matches!(to, SeekTo::Offset(offset) if *offset < 0);
                let consumer = self.consumer(*consumer)?;
                match is_negative {
                    true => Err(Refusal::NegativeOffset),
                    false => check_assigned(consumer, partitions),
                }
            }
            Command::Pause {
                consumer,
                partitions,
            }
            | Command::Resume {
                consumer,
                partitions,
            } => check_assigned(self.consumer(*consumer)?, partitions),
            Command::OffsetsForTimes { consumer, .. } => self.consumer(*consumer).map(|_| ()),
            _ => unreachable!("the command is not about a consumer"),
        }
    }

    /// Carries out a command about a consumer, which has been checked.
    pub(super) fn carry_out_on_consumer(&mut self, command: Command) {
        let number = match &command {
            Command::Subscribe { consumer, .. }
            | Command::SetProcessing { consumer, .. }
            | Command::Seek { consumer, .. }
            | Command::Pause { consumer, .. }
            | Command::Resume { consumer, .. }
            | Command::Commit { consumer, .. }
            | Command::OffsetsForTimes { consumer, .. } => *consumer,
            _ => unreachable!("the command is not about a consumer"),
        };
        let Some(Client::Consumer(consumer)) = self.clients.get_mut(&number) else {
            return;
        };
        let fabric = &mut self.fabric;
        match command {
            Command::Subscribe { to, .. } => consumer.subscribe(fabric, to),
            Command::SetProcessing { processing, .. } => {
                consumer.set_processing(fabric, processing);
            }
            Command::Seek { partitions, to, .. } => consumer.seek(fabric, &partitions, to),
            Command::Pause { partitions, .. } => consumer.pause(fabric, partitions, true),
            Command::Resume { partitions, .. } => consumer.pause(fabric, partitions, false),
            Command::Commit { is_sync, .. } => consumer.commit(fabric, is_sync),
            Command::OffsetsForTimes {
                partitions,
                timestamp,
                ..
            } => consumer.offsets_for_times(fabric, &partitions, timestamp),
            _ => {}
        }
        self.take_off_if_closed(number);
    }

    fn consumer(&self, number: ClientNumber) -> Result<&Consumer, Refusal> {
        match self.clients.get(&number) {
            Some(Client::Consumer(consumer)) if !consumer.is_closing() => Ok(consumer),
            Some(Client::Consumer(_)) | None => Err(Refusal::NoSuchClient(number)),
            Some(_) => Err(wrong_kind(number, "consumer")),
        }
    }
}

fn check_assigned(consumer: &Consumer, partitions: &[TopicPartition]) -> Result<(), Refusal> {
    let assigned = consumer.assignment();
    let missing = partitions.iter().find(|of| !assigned.contains_key(*of));
    missing.map_or(Ok(()), |of| Err(Refusal::NotAssigned(of.clone())))
}

/// Whether a consumer can begin with these settings and this subscription.
pub(super) fn check_new(
    config: &crate::client::ConsumerConfig,
    topics: &[crate::protocol::TopicName],
) -> Result<(), Refusal> {
    if !topics.is_empty() {
        config.check_group_management()?;
        SubscriptionType::Topics(topics.to_vec()).check()?;
    }
    config.check()
}
