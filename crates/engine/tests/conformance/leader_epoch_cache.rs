//! The leader-epoch cache, step by step.

use engine::log::LeaderEpochCache;
use serde_json::Value;

use super::Kind;
use super::case::{Outcome, as_list, as_number, expect_eq, field, list, number, text};

pub const KIND: Kind = Kind {
    name: "leader_epoch_cache",
    recognises: |_, case| case["steps"][0].get("entries").is_some(),
    run,
};

fn run(case: &Value) -> Outcome {
    let mut cache = LeaderEpochCache::default();
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        run_step(&mut cache, step).map_err(|error| format!("step {index}: {error}"))?;
    }
    Ok(())
}

fn run_step(cache: &mut LeaderEpochCache, step: &Value) -> Outcome {
    match text(step, "op")? {
        "assign" => cache.assign(number(step, "epoch")?, number(step, "start_offset")?),
        "truncate_from_start" => cache.truncate_from_start(number(step, "offset")?),
        "truncate_from_end" => cache.truncate_from_end(number(step, "offset")?),
        "end_offset_for" => {
            let (epoch, end) = (number(step, "epoch")?, number(step, "log_end_offset")?);
            let found = cache.end_offset_for(epoch, end).unwrap_or((-1, -1));
            let expected = (number(step, "found_epoch")?, number(step, "end_offset")?);
            expect_eq("end_offset_for", &expected, &found)?;
        }
        "epoch_for_offset" => {
            let found = cache.epoch_for_offset(number(step, "offset")?);
            expect_eq("epoch_for_offset", &epoch(step)?, &found)?;
        }
        other => return Err(format!("there is no operation {other}")),
    }
    let entries: Vec<_> = cache.entries().collect();
    expect_eq("entries", &expected_entries(step)?, &entries)
}

/// null or -1 is none.
fn epoch(step: &Value) -> Result<Option<i32>, String> {
    match field(step, "epoch")? {
        Value::Null => Ok(None),
        epoch => as_number(epoch).map(|epoch: i32| (epoch >= 0).then_some(epoch)),
    }
}

fn expected_entries(step: &Value) -> Result<Vec<(i32, i64)>, String> {
    let pair = |entry: &Value| match as_list(entry)? {
        [epoch, offset] => Ok((as_number(epoch)?, as_number(offset)?)),
        _ => Err(format!("{entry} is no entry")),
    };
    list(step, "entries")?.iter().map(pair).collect()
}
