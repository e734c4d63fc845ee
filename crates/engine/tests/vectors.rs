//! Every case that Kafka's own classes wrote down, run against the engine.
//! The files in `vectors/` are copies, so that a clone can test itself.

use std::fs;
use std::path::Path;

mod conformance;

use conformance::{DIFFERENCES, KINDS, Report, run_file};
use engine::sorting::sort;

fn reports() -> Vec<(String, Report)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    sort(&mut files);
    files
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let report = run_file(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, report)
        })
        .collect()
}

#[test]
fn the_engine_computes_what_kafka_computes() {
    for (name, report) in reports() {
        let failed: Vec<String> = report
            .failures
            .iter()
            .filter(|failure| failure.expected.is_none())
            .map(|failure| format!("{}: {}", failure.id, failure.difference))
            .collect();
        assert!(failed.is_empty(), "{name}:\n{}", failed.join("\n"));

        let cases = report.passed + report.failures.len() as u64;
        assert!(cases > 0, "{name} is empty");
        assert!(
            report.count.is_none_or(|count| count == cases),
            "{name} is not whole"
        );
    }
}

#[test]
fn what_differs_on_purpose_still_differs() {
    let reports = reports();
    for difference in DIFFERENCES {
        let differs = reports.iter().any(|(_, report)| {
            report.kind == difference.kind
                && report
                    .failures
                    .iter()
                    .any(|failure| failure.id == difference.id)
        });
        assert!(
            differs,
            "{} passes now: take it off the list",
            difference.id
        );
    }
}

#[test]
fn every_kind_has_its_vectors() {
    let reports = reports();
    for kind in KINDS {
        let known = reports.iter().any(|(_, report)| report.kind == kind.name);
        assert!(known, "there is no vector file of {}", kind.name);
    }
}

#[test]
fn a_wrong_case_is_named_with_what_differs() {
    let text = r#"{"count": 2, "cases": [
        {"hex": "3231", "murmur2": -973932308, "positive": 1173551340, "partition": {"7": 3}},
        {"hex": "3231", "murmur2": -973932308, "positive": 1173551340, "partition": {"7": 4}}
    ]}"#;
    let report = run_file("renamed.json", text).unwrap();
    assert_eq!((report.kind, report.passed), ("murmur2", 1));
    assert_eq!(report.failures[0].id, "murmur2#1 (3231)");
    assert_eq!(
        report.failures[0].difference,
        "partition of 7: expected 4, got 3"
    );
}

#[test]
fn what_is_no_vector_file_is_refused_in_words() {
    for text in [
        "",
        "[]",
        r#"{"cases": 1}"#,
        r#"{"cases": [{"id": "new-1"}]}"#,
        r#"{"a": {"b": {}}}"#,
    ] {
        assert!(run_file("unheard-of.json", text).is_err(), "{text}");
    }
    let by_name = run_file("murmur2.json", r#"{"count": 0, "cases": []}"#).unwrap();
    assert_eq!((by_name.kind, by_name.passed), ("murmur2", 0));
}
