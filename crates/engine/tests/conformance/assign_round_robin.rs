//! The round-robin assignor of the classic consumer.

use engine::assignor::round_robin;
use serde_json::Value;

use super::case::Outcome;
use super::{Kind, assignment};

pub const KIND: Kind = Kind {
    name: "assign_roundrobin",
    recognises: |file, case| case["assignor"] == "roundrobin" || file["assignor"] == "roundrobin",
    run,
};

fn run(case: &Value) -> Outcome {
    let assigned = round_robin::assign(&assignment::topics(case)?, &assignment::members(case)?);
    assignment::check(case, &assigned)
}
