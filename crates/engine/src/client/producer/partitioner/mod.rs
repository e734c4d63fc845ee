//! Which partition a record goes to.

mod built_in;
pub(super) mod expression;
mod round_robin;

pub use built_in::BuiltInPartitioner;
pub(in crate::client::producer) use built_in::PartitionLoad;
pub use expression::{EvaluationError, Expression};
pub use round_robin::RoundRobinPartitioner;

use super::accumulator::ClusterView;
use crate::client::murmur2;
use crate::protocol::TopicName;

/// What chooses partitions (`partitioner.class`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Partitioner {
    /// None: keys are hashed, and records without a key stick to a partition
    /// until it has had its share. With `partitioner.ignore.keys` those with
    /// a key do so too.
    BuiltIn {
        /// `partitioner.ignore.keys`.
        ignores_keys: bool,
    },
    /// `org.apache.kafka.clients.producer.RoundRobinPartitioner`.
    RoundRobin(RoundRobinPartitioner),
    /// A rule of one's own (`partitioner.expression`).
    Expression(Expression),
}

impl Partitioner {
    /// The partition of a record; `None` leaves it to the accumulator
    /// (`KafkaProducer.partition`).
    ///
    /// # Errors
    ///
    /// [`EvaluationError`] when a rule of one's own has no answer.
    pub fn partition(
        &mut self,
        cluster: &impl ClusterView,
        topic: &TopicName,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<Option<i32>, EvaluationError> {
        let count = || i32::try_from(cluster.partition_count(topic)).unwrap_or(i32::MAX);
        match self {
            Partitioner::BuiltIn { ignores_keys: true } => Ok(None),
            Partitioner::BuiltIn { .. } => {
                Ok(key.map(|key| murmur2::partition_for_key(key, count())))
            }
            Partitioner::RoundRobin(round_robin) => {
                let available = cluster.available(topic);
                Ok(Some(round_robin.partition(topic, &available, count())))
            }
            Partitioner::Expression(expression) => {
                expression.partition(key, value, count()).map(Some)
            }
        }
    }
}
