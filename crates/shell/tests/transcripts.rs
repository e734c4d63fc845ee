//! Plays recordings of a real Kafka on a world like the one they were made on,
//! and compares what the tools print, where, and with which exit status.
//!
//! Masked are: times, topic ids, the numbers of generated groups, warnings of
//! clients (their number depends on timing), the table of options after a
//! usage message, and which brokers an automatic placement chose.

mod support;

use serde_json::Value;

use engine::{World, WorldConfig};
use support::session::{Ran, Session};

/// A recording, and its steps that differ, by number, with the reason.
struct Recording {
    name: &'static str,
    differs: &'static [(&'static [usize], &'static str)],
}

const fn recording(
    name: &'static str,
    differs: &'static [(&'static [usize], &'static str)],
) -> Recording {
    Recording { name, differs }
}

const NO_PLACEMENT: &str = "the engine does not take --replica-assignment yet";
const NO_ASSIGNED_PARTITIONS: &str = "a consumer cannot read without a group yet";
const NO_SUCH_TOOL: &str = "the tool does not run here yet";

const RECORDINGS: &[Recording] = &[
    recording("topics-create-errors", &[]),
    recording("topics-create-describe", &[]),
    recording("topics-alter", &[]),
    recording("topics-list-filters", &[]),
    recording(
        "topics-replica-assignment",
        &[(&[0, 1, 2, 3, 6, 10, 11, 12, 14], NO_PLACEMENT)],
    ),
    recording(
        "console-producer-errors",
        &[
            (
                &[6],
                "the real producer splits the batch until its stack overflows",
            ),
            (&[12], NO_ASSIGNED_PARTITIONS),
        ],
    ),
    recording(
        "console-group-resume",
        &[(&[3, 5, 8, 11, 12], NO_SUCH_TOOL)],
    ),
    recording(
        "console-partition-offset",
        &[
            (&[3, 4, 6, 7, 8, 9, 10, 11, 12, 20], NO_ASSIGNED_PARTITIONS),
            (&[23], "--include does not run here yet"),
        ],
    ),
    recording(
        "console-keys",
        &[
            (&[2, 3, 4, 5, 6, 7, 8, 10, 11], NO_ASSIGNED_PARTITIONS),
            (&[9], NO_SUCH_TOOL),
        ],
    ),
];

/// What is run instead, so that the steps after it can be compared.
const INSTEAD: &[(&str, &str)] = &[(
    "--replica-assignment 1:2:3,2:3:1,3:1:2",
    "--partitions 3 --replication-factor 3",
)];

fn session() -> Session {
    let settings = [
        ("num.partitions", "3"),
        ("offsets.topic.num.partitions", "5"),
    ];
    let config = WorldConfig::cluster(&[1, 2, 3], &[100], &settings);
    Session {
        world: World::new(1, config),
        ..Session::new(1)
    }
}

fn steps(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let recording: Value = serde_json::from_str(&text).expect("a recording is JSON");
    recording["steps"].as_array().expect("it has steps").clone()
}

/// The command line, with what it was fed, and with the id that the recorded
/// topic has in this world.
fn command_line(step: &Value, world: &World) -> String {
    let mut run = step["run"].as_str().unwrap_or_default().to_owned();
    for (real, ours) in INSTEAD {
        run = run.replace(real, ours);
    }
    if let Some(orders) = world.topics().get("orders") {
        run = run.replace("tWEff2cITFKYSUWna_8qmA", &orders.id.to_string());
    }
    let stdin = step["stdin"].as_str().unwrap_or_default();
    if !run.starts_with("kafka-console-producer") {
        return run;
    }
    let quoted = stdin.replace('\'', r#"'"'"'"#);
    format!("echo -n '{quoted}' | {run}")
}

fn mask(text: &str) -> String {
    let lines = text.lines().filter(|line| !is_warning(line));
    let mut masked = Vec::new();
    for line in lines {
        if line.starts_with("Option ") && line.ends_with("What it does") {
            masked.push("<usage>".to_owned());
            break;
        }
        masked.push(mask_line(line));
    }
    masked.join("\n")
}

fn is_warning(line: &str) -> bool {
    line.contains("] WARN ") || line.starts_with("... (")
}

fn mask_line(line: &str) -> String {
    let cells = line.split('\t').map(|cell| match cell.split_once(": ") {
        Some((name @ ("TopicId" | "Leader" | "Replicas" | "Isr"), value)) if value != "none" => {
            format!("{name}: <{}>", value.split(',').count())
        }
        _ if cell.starts_with("CreateTime:") => "CreateTime:<ms>".to_owned(),
        _ => cell.to_owned(),
    });
    let line = cells.collect::<Vec<_>>().join("\t");
    match line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((time, rest)) if time.len() == 23 => format!("[<time>] {rest}"),
        _ => line,
    }
}

/// What differs, or nothing.
fn differences(step: &Value, ran: &Ran) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, real: String, ours: String| {
        if real != ours {
            differences.push(format!("  {what}\n    real: {real:?}\n    ours: {ours:?}"));
        }
    };
    let real = |name: &str| mask(step[name].as_str().unwrap_or_default());
    compare("stdout", real("stdout"), mask(&ran.stdout));
    compare("stderr", real("stderr"), mask(&ran.stderr));
    compare("status", step["status"].to_string(), ran.status.to_string());
    differences
}

#[test]
fn tools_print_what_the_real_ones_print() {
    let mut compared = 0;
    let mut excused = 0;
    let mut failures = Vec::new();
    for Recording { name, differs } in RECORDINGS {
        let mut session = session();
        for (number, step) in steps(name).iter().enumerate() {
            let line = command_line(step, &session.world);
            let ran = session.run(&line);
            compared += 1;
            let found = differences(step, &ran);
            let excuse = differs
                .iter()
                .find(|(numbers, _)| numbers.contains(&number));
            let what = format!("{name}, step {number}: {line}");
            match (found.is_empty(), excuse) {
                (true, None) => {}
                (false, Some(_)) => excused += 1,
                (true, Some((_, why))) => {
                    failures.push(format!("{what}\n  no longer differs; strike out: {why}"));
                }
                (false, None) => {
                    failures.push(format!(
                        "{what}\n{}\n  notes: {}",
                        found.join("\n"),
                        ran.notes
                    ));
                }
            }
        }
    }
    println!("{compared} steps, of which {excused} differ for a reason that is given");
    assert!(
        failures.is_empty(),
        "{} of {compared} steps differ:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}
