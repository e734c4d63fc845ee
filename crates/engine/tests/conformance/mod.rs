//! Runs the cases of a vector file, in which Kafka's own classes wrote down
//! what they compute, against the engine.
//!
//! A file is `{"oracle": text, "count": n, "cases": [...]}`, or an object of
//! sections of named objects, each of which is then a case. What its cases
//! are about is recognised by their content, or by the file's name when that
//! says nothing. A new kind is a module here and a line in [`KINDS`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;

mod assign_kip848;
mod assign_range;
mod assign_round_robin;
mod assign_sticky;
mod assignment;
mod case;
mod classic_group_protocol;
mod compaction;
mod config_defaults;
mod kip848_group_protocol;
mod leader_election;
mod leader_epoch_cache;
mod log_segments_retention;
mod murmur2;
mod partition_hw_isr;
mod producer_batching;
mod producer_state;
mod record_batch_size;
mod replica_placement;
mod roundrobin_partitioner;

use case::Outcome;

/// The kinds of cases there are, the more particular before the more general.
pub const KINDS: &[Kind] = &[
    murmur2::KIND,
    assign_range::KIND,
    assign_kip848::RANGE,
    assign_kip848::UNIFORM,
    assign_round_robin::KIND,
    assign_sticky::EAGER,
    assign_sticky::COOPERATIVE,
    record_batch_size::KIND,
    classic_group_protocol::KIND,
    kip848_group_protocol::KIND,
    log_segments_retention::KIND,
    compaction::KIND,
    leader_epoch_cache::KIND,
    producer_state::KIND,
    producer_batching::KIND,
    roundrobin_partitioner::KIND,
    partition_hw_isr::KIND,
    replica_placement::KIND,
    leader_election::KIND,
    config_defaults::KIND,
];

/// The cases on which the engine differs from Kafka on purpose. Each is
/// explained in `docs/fidelity.md`.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        kind: "config_defaults",
        id: "producer/linger.ms",
        reason: "4.0 as released waits 5 ms (KIP-1030)",
    },
    Difference {
        kind: "config_defaults",
        id: "topic/message.timestamp.after.max.ms",
        reason: "4.0 as released allows one hour (KIP-1030)",
    },
    Difference {
        kind: "config_defaults",
        id: "broker/log.message.timestamp.after.max.ms",
        reason: "4.0 as released allows one hour (KIP-1030)",
    },
    Difference {
        kind: "config_defaults",
        id: "broker/num.recovery.threads.per.data.dir",
        reason: "4.0 as released has two (KIP-1030)",
    },
];

/// How to recognise and run one kind of cases.
pub struct Kind {
    /// Its name, which is also that of its file.
    pub name: &'static str,
    /// Whether a file with this first case holds such cases. What the file
    /// says besides its cases comes along.
    recognises: fn(file: &Value, first_case: &Value) -> bool,
    /// Runs a case: `Err` says what differed first.
    run: fn(case: &Value) -> Outcome,
}

/// A case that fails because the engine differs on purpose.
pub struct Difference {
    /// The name of its kind.
    pub kind: &'static str,
    /// Its id.
    pub id: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// What came of a file.
pub struct Report {
    /// The kind of its cases.
    pub kind: &'static str,
    /// How many cases the file says it has.
    pub count: Option<u64>,
    /// How many cases passed.
    pub passed: u64,
    /// Those that did not.
    pub failures: Vec<Failure>,
}

/// A case that failed.
pub struct Failure {
    /// The case's id, or the kind and its number.
    pub id: String,
    /// The first difference.
    pub difference: String,
    /// The reason, when it is expected to fail.
    pub expected: Option<&'static str>,
}

/// Runs every case of the file called `name` whose content is `text`.
///
/// # Errors
///
/// A sentence when it is not a vector file, or of no known kind.
pub fn run_file(name: &str, text: &str) -> Result<Report, String> {
    let mut file: Value =
        serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let cases = take_cases(&mut file).ok_or("there are no `cases` in it")?;
    let kind = recognise(name, &file, &cases).ok_or("the kind of its cases is not known")?;

    let mut report = Report {
        kind: kind.name,
        count: file["count"].as_u64(),
        passed: 0,
        failures: Vec::new(),
    };
    for (index, case) in cases.iter().enumerate() {
        match run_case(kind, case) {
            Ok(()) => report.passed += 1,
            Err(difference) => {
                let id = id_of(kind, case, index);
                let expected = expected_difference(kind, &id);
                report.failures.push(Failure {
                    id,
                    difference,
                    expected,
                });
            }
        }
    }
    Ok(report)
}

/// The cases. One that is a named object in a section gets both names as its
/// fields `section` and `name`, and `section/name` as its `id`.
fn take_cases(file: &mut Value) -> Option<Vec<Value>> {
    if let Some(Value::Array(cases)) = file.get_mut("cases").map(Value::take) {
        return Some(cases);
    }
    let mut cases = Vec::new();
    for (section, entries) in file.as_object()? {
        for (name, entry) in entries.as_object().into_iter().flatten() {
            let mut case = entry.as_object()?.clone();
            case.insert("id".into(), format!("{section}/{name}").into());
            case.insert("section".into(), section.as_str().into());
            case.insert("name".into(), name.as_str().into());
            cases.push(Value::Object(case));
        }
    }
    (!cases.is_empty()).then_some(cases)
}

fn recognise(name: &str, file: &Value, cases: &[Value]) -> Option<&'static Kind> {
    let by_content = || {
        let first = cases.first()?;
        KINDS.iter().find(|kind| (kind.recognises)(file, first))
    };
    // The longest name: one kind's may begin with another's.
    let by_name = || {
        let named = KINDS.iter().filter(|kind| name.contains(kind.name));
        named.max_by_key(|kind| kind.name.len())
    };
    by_content().or_else(by_name)
}

/// A case that makes the engine panic has failed; the others still count.
fn run_case(kind: &Kind, case: &Value) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| (kind.run)(case))).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!(
            "the engine panicked: {}",
            message.unwrap_or("no message")
        ))
    })
}

fn id_of(kind: &Kind, case: &Value, index: usize) -> String {
    match (case["id"].as_str(), case["hex"].as_str()) {
        (Some(id), _) => id.to_owned(),
        (None, Some(hex)) => format!("{}#{index} ({hex})", kind.name),
        (None, None) => format!("{}#{index}", kind.name),
    }
}

fn expected_difference(kind: &Kind, id: &str) -> Option<&'static str> {
    let mut all = DIFFERENCES.iter();
    all.find(|known| known.kind == kind.name && known.id == id)
        .map(|known| known.reason)
}
