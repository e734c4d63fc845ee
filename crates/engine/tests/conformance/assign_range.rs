//! The range assignor of the classic consumer.

use engine::assignor::range;
use serde_json::Value;

use super::case::Outcome;
use super::{Kind, assignment};

pub const KIND: Kind = Kind {
    name: "assign_range",
    // The server's assignor of that name has a type of subscription as well.
    recognises: |file, case| {
        (case["assignor"] == "range" || file["assignor"] == "range")
            && case.get("subscription_type").is_none()
    },
    run,
};

fn run(case: &Value) -> Outcome {
    let assigned = range::assign(&assignment::topics(case)?, &assignment::members(case)?);
    assignment::check(case, &assigned)
}
