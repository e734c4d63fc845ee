//! Plays every script in `tests/scripts/`: sessions at the terminals, each with
//! what must be seen. See `support/script.rs` for the language.

mod support;

use std::path::Path;

use engine::sorting::sort;
use support::script::play;

#[test]
fn every_script_shows_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let entries = std::fs::read_dir(&folder).expect("the folder of scripts is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    sort(&mut paths);
    assert!(
        !paths.is_empty(),
        "there are scripts in {}",
        folder.display()
    );
    let mut failures = Vec::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).expect("a script is text");
        if let Err(why) = play(&text) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            failures.push(format!("{name}, {why}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} scripts fail:\n\n{}",
        failures.len(),
        paths.len(),
        failures.join("\n\n")
    );
}
