//! `cargo xtask bench`: how fast the engine is, natively and in the browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arguments::Arguments;
use crate::base64;
use crate::browser::Browser;
use crate::problem::Problem;
use crate::process;
use crate::project::{Project, cannot};
use crate::setup::{self, WASM_TARGET};
use crate::steps::{Steps, say};
use crate::tools::Tools;

/// The benchmark that is run in both places, and the library that it is as wasm.
const NATIVE: &str = "produce_replicate_consume";
const WASM: &str = "browser_bench";

/// What the page does with the library: each workload five times, as the native benchmark does. The
/// first run is slow, since the browser compiles as it goes; the fastest time is told, a line each.
const SCRIPT: &str = "
const output = document.querySelector('output');
window.onerror = (message) => { output.textContent = message; };
const base64 = document.querySelector('data').value;
wasm_bindgen.initSync({ module: Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)) });
const lines = wasm_bindgen.names().map((name, index) => {
  let fastest = 0;
  for (let run = 0; run < 5; run += 1) {
    const start = performance.now();
    const records = wasm_bindgen.produceReplicateConsume(index);
    fastest = Math.max(fastest, records / (performance.now() - start) * 1000);
  }
  return `${name} wasm ${Math.round(fastest)} records/s`;
});
output.textContent = lines.join('\\n');
";

/// `cargo xtask bench`.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Problem> {
    arguments.end("bench")?;
    let mut steps = Steps::default();
    let tools = setup::for_page(project, &mut steps, true)?;
    let browser = Browser::put_in_place(&mut steps)?;
    steps.run("native", "the benchmark on this machine itself", || {
        let what = ["bench", "--quiet", "--package", "engine", "--bench", NATIVE];
        process::run(process::cargo().args(what).current_dir(&project.root))
    })?;
    let page = steps.run("wasm", "compiling the benchmark as the page is", || {
        build(project, &tools)
    })?;
    steps.run("browser", "the benchmark in the browser", || {
        say(&open(project, &browser, &page)?);
        Ok(())
    })
}

/// Builds a page of one file that runs the benchmark as soon as it is opened. The engine in it is
/// optimised as the one in the real page is.
fn build(project: &Project, tools: &Tools) -> Result<PathBuf, Problem> {
    let target = project.root.join("target");
    let folder = target.join("bench");
    process::run(
        process::cargo()
            .args(["build", "--release", "--target", WASM_TARGET])
            .args(["--package", "engine", "--example", WASM])
            .arg("--target-dir")
            .arg(&target)
            .current_dir(&project.root),
    )?;
    let built = target.join(WASM_TARGET).join("release/examples");
    process::run(
        tools
            .command("wasm-bindgen")
            .args(["--target", "no-modules", "--no-typescript", "--out-dir"])
            .arg(&folder)
            .arg(built.join(WASM).with_extension("wasm")),
    )?;
    let wasm = folder.join(format!("{WASM}_bg.wasm"));
    let index = project.read("index.html")?;
    process::run(
        tools
            .command("wasm-opt")
            .arg(format!("-O{}", optimisation(&index)))
            .arg(&wasm)
            .arg("-o")
            .arg(&wasm),
    )?;
    let page = folder.join("bench.html");
    let script = read(&folder.join(WASM).with_extension("js"))?;
    let html = html(&String::from_utf8_lossy(&script), &read(&wasm)?);
    fs::write(&page, html).map_err(|error| cannot("write", &page, &error))?;
    Ok(page)
}

fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(file).map_err(|error| cannot("read", file, &error))
}

/// How hard Trunk has wasm-opt try for the page: `data-wasm-opt` in `index.html`.
fn optimisation(index: &str) -> &str {
    let value = index.split("data-wasm-opt=\"").nth(1);
    value.and_then(|rest| rest.split('"').next()).unwrap_or("")
}

fn html(glue: &str, wasm: &[u8]) -> String {
    let wasm = base64::encode(wasm);
    format!(
        "<!doctype html><meta charset=utf-8><title>Benchmark</title><output></output>\
         <data value=\"{wasm}\"></data><script>{glue}</script><script>{SCRIPT}</script>"
    )
}

/// Opens the page and gives what it tells.
fn open(project: &Project, browser: &Browser, page: &Path) -> Result<String, Problem> {
    let profile = page.with_file_name("profile");
    let webdriver = project.read("webdriver.json")?;
    let mut chrome = Command::new(&browser.chrome);
    chrome
        .args(flags(&webdriver))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("--dump-dom")
        .arg(page);
    let dom = process::output(&mut chrome);
    // It holds nothing but what the browser wrote down for itself.
    let _ = fs::remove_dir_all(&profile);
    let dom = dom.ok_or_else(|| Problem::new("the browser did not show the benchmark's page"))?;
    let told = told(&dom);
    match told.ends_with("records/s") {
        true => Ok(told.to_owned()),
        false => Err(Problem::new(format!(
            "the benchmark failed in the browser: {told}"
        ))),
    }
}

/// The flags that the tests start the browser with.
fn flags(webdriver: &str) -> impl Iterator<Item = &str> {
    webdriver.split('"').filter(|word| word.starts_with("--"))
}

fn told(dom: &str) -> &str {
    let output = dom.split("<output>").nth(1);
    output
        .and_then(|rest| rest.split("</output>").next())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchmark_is_optimised_as_the_page_is() {
        let index = Project::find().read("index.html").unwrap();
        assert!(!optimisation(&index).is_empty());
    }

    #[test]
    fn the_browser_is_started_as_for_the_tests() {
        let webdriver = Project::find().read("webdriver.json").unwrap();
        assert!(flags(&webdriver).any(|flag| flag.starts_with("--headless")));
    }

    #[test]
    fn what_the_page_tells_is_found_in_it() {
        let page = html("", &[]).replace("<output>", "<output>42");
        assert_eq!(told(&page), "42");
    }
}
