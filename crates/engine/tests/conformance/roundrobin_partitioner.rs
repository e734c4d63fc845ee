//! The round-robin partitioner, with and without partitions that nobody leads.

use engine::client::RoundRobinPartitioner;
use serde_json::Value;

use super::Kind;
use super::case::{Outcome, as_number, expect_eq, list, number};

pub const KIND: Kind = Kind {
    name: "roundrobin_partitioner",
    recognises: |_, case| case.get("unavailable").is_some() && case.get("expect").is_some(),
    run,
};

fn run(case: &Value) -> Outcome {
    let count: i32 = number(case, "partitions")?;
    let numbers =
        |name| -> Result<Vec<i32>, String> { list(case, name)?.iter().map(as_number).collect() };
    let unavailable = numbers("unavailable")?;
    let available: Vec<i32> = (0..count).filter(|of| !unavailable.contains(of)).collect();
    let expected = numbers("expect")?;
    let mut partitioner = RoundRobinPartitioner::default();
    let topic = "t".into();
    let next = |_: &i32| partitioner.partition(&topic, &available, count);
    let actual: Vec<i32> = expected.iter().map(next).collect();
    expect_eq("partitions", &expected, &actual)
}
