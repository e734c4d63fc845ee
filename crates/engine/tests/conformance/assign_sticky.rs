//! The sticky assignors of the classic consumer, the eager one and the
//! cooperative one.

use engine::assignor::sticky;
use serde_json::Value;

use super::case::Outcome;
use super::{Kind, assignment};

pub const EAGER: Kind = Kind {
    name: "assign_sticky",
    recognises: |file, case| case["assignor"] == "sticky" || file["assignor"] == "sticky",
    run: run_eager,
};

pub const COOPERATIVE: Kind = Kind {
    name: "assign_cooperative_sticky",
    recognises: |file, case| {
        let name = "cooperative-sticky";
        case["assignor"] == name || file["assignor"] == name
    },
    run: run_cooperative,
};

fn run_eager(case: &Value) -> Outcome {
    let mut members = assignment::members(case)?;
    for member in &mut members {
        // The cases tell it in the user data alone.
        member.generation_id = None;
    }
    let assigned = sticky::assign(&assignment::topics(case)?, &members);
    assignment::check(case, &assigned)
}

fn run_cooperative(case: &Value) -> Outcome {
    let topics = assignment::topics(case)?;
    let assigned = sticky::assign_cooperatively(&topics, &assignment::members(case)?);
    assignment::check(case, &assigned)
}
