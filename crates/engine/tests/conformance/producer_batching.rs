//! The producer's accumulator: batches, lingering, sticky and adaptive
//! partitioning, and what goes into a request.

use engine::collections::BTreeMap;
use std::collections::VecDeque;

use engine::TopicPartition;
use engine::client::{AccumulatorConfig, ClusterView, RecordAccumulator};
use engine::log::record_batch::{CompressionType, Record};
use engine::protocol::TopicName;
use engine::sim::Time;
use serde_json::Value;

use super::Kind;
use super::case::{Outcome, as_number, entries, expect_eq, field, flag, list, number, text};
use engine::sorting::sort;

pub const KIND: Kind = Kind {
    name: "producer_batching",
    recognises: |_, case| case.get("available_order").is_some(),
    run,
};

const TOPIC: &str = "t";

/// The topic, as the recorder's producer saw it.
struct Cluster {
    topic: TopicName,
    leaders: Vec<i32>,
    order: Vec<i32>,
}

impl Cluster {
    fn of(case: &Value) -> Result<Cluster, String> {
        let numbers = |name| -> Result<Vec<i32>, String> {
            list(case, name)?.iter().map(as_number).collect()
        };
        Ok(Cluster {
            topic: TOPIC.into(),
            leaders: numbers("leaders")?,
            order: numbers("available_order")?,
        })
    }
}

impl ClusterView for Cluster {
    fn partition_count(&self, _: &str) -> usize {
        self.leaders.len()
    }

    fn leader(&self, of: &TopicPartition) -> Option<(i32, i32)> {
        let leader = self.leaders.get(of.partition as usize)?;
        Some((*leader, 0))
    }

    fn available(&self, _: &str) -> Vec<i32> {
        self.order.clone()
    }

    fn led_by(&self, broker: i32) -> Vec<TopicPartition> {
        let all = self.order.iter();
        let led = all.filter(|number| self.leaders[**number as usize] == broker);
        led.map(|number| TopicPartition::new(self.topic.clone(), *number))
            .collect()
    }
}

struct Bench {
    cluster: Cluster,
    accumulator: RecordAccumulator,
    max_request_size: usize,
    now: Time,
}

fn run(case: &Value) -> Outcome {
    let config = field(case, "config")?;
    let mut bench = Bench {
        cluster: Cluster::of(case)?,
        accumulator: RecordAccumulator::new(AccumulatorConfig {
            batch_size: number(config, "batch.size")?,
            linger_ms: number(config, "linger.ms")?,
            compression_type: CompressionType::None,
            buffer_memory: 1 << 30,
            delivery_timeout_ms: 1_000_000_000,
            adaptive_partitioning: flag(config, "partitioner.adaptive.partitioning.enable"),
            availability_timeout_ms: 0,
        }),
        max_request_size: number(config, "max.request.size")?,
        now: Time::ZERO,
    };
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        let done = match text(step, "op")? {
            "append" => bench.append(step),
            "advance" => bench.advance(step),
            "ready_and_drain" => bench.ready_and_drain(step),
            other => Err(format!("`{other}` is no operation")),
        };
        done.map_err(|difference| format!("step {index}: {difference}"))?;
    }
    Ok(())
}

impl Bench {
    fn advance(&mut self, step: &Value) -> Outcome {
        self.now = self.now.plus_ms(number(step, "ms")?);
        expect_eq("now", &number(step, "now")?, &(self.now.as_ms() as i64))
    }

    fn append(&mut self, step: &Value) -> Outcome {
        let bytes = |name| -> Result<Option<Vec<u8>>, String> {
            match step.get(name) {
                Some(_) => Ok(Some(vec![b'x'; number(step, name)?])),
                None => Ok(None),
            }
        };
        let record = Record {
            timestamp_ms: self.now.as_ms() as i64,
            key: bytes("key_len")?,
            value: bytes("value_len")?,
            headers: Vec::new(),
        };
        let partition: i32 = number(step, "partition")?;
        let partition = (partition >= 0).then_some(partition);
        let recorded = match step.get("random_used") {
            Some(_) => list(step, "random_used")?,
            None => &[],
        };
        let recorded: Result<VecDeque<u32>, _> = recorded.iter().map(as_number).collect();
        let mut recorded = recorded?;
        let mut missing = 0;
        let mut random = || {
            recorded.pop_front().unwrap_or_else(|| {
                missing += 1;
                0
            })
        };
        let topic = self.cluster.topic.clone();
        let appended = self
            .accumulator
            .append(
                self.now,
                &self.cluster,
                &mut random,
                (&topic, partition),
                &record,
            )
            .map_err(|exhausted| format!("{exhausted:?}"))?;
        expect_eq("random numbers drawn in vain", &0, &missing)?;
        expect_eq("random numbers not drawn", &VecDeque::new(), &recorded)?;
        let chosen = number(step, "chosen_partition")?;
        expect_eq("chosen_partition", &chosen, &appended.partition)?;
        let is_full = flag(step, "batch_is_full");
        expect_eq("batch_is_full", &is_full, &appended.batch_is_full)?;
        let is_new = flag(step, "new_batch_created");
        expect_eq("new_batch_created", &is_new, &appended.new_batch_created)
    }

    fn ready_and_drain(&mut self, step: &Value) -> Outcome {
        let check = self.accumulator.ready(self.now, &self.cluster);
        let expected: Result<Vec<i32>, _> =
            list(step, "ready_nodes")?.iter().map(as_number).collect();
        let mut expected = expected?;
        sort(&mut expected);
        let nodes: Vec<i32> = check.nodes.iter().copied().collect();
        expect_eq("ready_nodes", &expected, &nodes)?;
        let delay = |at: Time| (at.us_since(self.now) / 1_000) as i64;
        let delay_ms = check.next_check.map_or(-1, delay);
        let expected = number(step, "next_ready_check_delay_ms")?;
        expect_eq("next_ready_check_delay_ms", &expected, &delay_ms)?;
        let mut drained = BTreeMap::new();
        for node in nodes {
            drained.insert(node.to_string(), self.drain(node));
        }
        let mut expected = BTreeMap::new();
        for (node, batches) in entries(step, "drained")? {
            let batches = batches.as_array().map(Vec::as_slice).unwrap_or_default();
            let batches: Result<Vec<Drained>, _> = batches.iter().map(Drained::of).collect();
            expected.insert(node.clone(), batches?);
        }
        expect_eq("drained", &expected, &drained)
    }

    fn drain(&mut self, node: i32) -> Vec<Drained> {
        let batches =
            self.accumulator
                .drain(self.now, &self.cluster, node, self.max_request_size, None);
        let batches = batches.into_iter();
        batches
            .map(|mut batch| {
                self.accumulator.deallocate(&batch);
                Drained {
                    partition: batch.topic_partition.partition,
                    records: batch.record_count(),
                    bytes: batch.records().size_in_bytes(),
                    waited_ms: self.now.us_since(batch.created) / 1_000,
                }
            })
            .collect()
    }
}

/// A batch that was drained.
#[derive(Debug, PartialEq, Eq)]
struct Drained {
    partition: i32,
    records: i32,
    bytes: usize,
    waited_ms: u64,
}

impl Drained {
    fn of(batch: &Value) -> Result<Drained, String> {
        let waited_ms: i64 = number(batch, "waited_ms")?;
        Ok(Drained {
            partition: number(batch, "partition")?,
            records: number(batch, "records")?,
            bytes: number(batch, "bytes")?,
            waited_ms: waited_ms.unsigned_abs(),
        })
    }
}
