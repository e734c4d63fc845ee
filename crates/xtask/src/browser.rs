//! The browser that the tests run in, and the driver that wasm-bindgen's test runner speaks to.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::Problem;
use crate::process;
use crate::programs;
use crate::project::{Project, cannot};
use crate::steps::{Steps, say};

/// The names under which Chromium and its relatives are installed.
const BROWSERS: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

/// Where else a browser is that is not on PATH.
const BROWSER_FILES: [&str; 3] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/// A Chromium and its driver.
pub struct Browser {
    /// The browser.
    pub chrome: PathBuf,
    /// Its driver.
    pub driver: PathBuf,
}

impl Browser {
    /// Finds the browser and its driver, and installs them where that can be done unasked.
    pub fn put_in_place(steps: &mut Steps) -> Result<Self, Problem> {
        let chrome = chrome()?;
        let driver = driver()?;
        if let (Some(chrome), Some(driver)) = (&chrome, &driver) {
            say(&format!("    the browser is {}", chrome.display()));
            return Ok(Self {
                chrome: chrome.clone(),
                driver: driver.clone(),
            });
        }
        // A driver serves its own browser only: with another one already there, ours would fail
        // in a way that is hard to read.
        let missing = || not_there(chrome.as_deref());
        if chrome.is_some() || !can_use_apt() {
            return Err(missing());
        }
        steps.run(
            "chromium",
            "installing Chromium and its driver with apt",
            install_with_apt,
        )?;
        match (self::chrome()?, self::driver()?) {
            (Some(chrome), Some(driver)) => Ok(Self { chrome, driver }),
            _ => Err(missing()),
        }
    }

    /// Writes, into the tools folder, the project's `webdriver.json` with this browser in it.
    pub fn webdriver_json(&self, project: &Project) -> Result<PathBuf, Problem> {
        let text = with_binary(
            &project.read("webdriver.json")?,
            &self.chrome.to_string_lossy(),
        );
        let folder = project.tools();
        let file = folder.join("webdriver.json");
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| cannot("write", &file, &error))?;
        Ok(file)
    }
}

/// The browser that CHROME names, or else one that is installed.
fn chrome() -> Result<Option<PathBuf>, Problem> {
    if let Some(named) = named_by("CHROME")? {
        return Ok(Some(named));
    }
    let on_path = BROWSERS.iter().find_map(|name| programs::on_path(name));
    let elsewhere = || {
        BROWSER_FILES
            .iter()
            .map(PathBuf::from)
            .find(|file| file.is_file())
    };
    Ok(on_path.or_else(elsewhere))
}

/// The driver that CHROMEDRIVER names, or else the one that is installed.
fn driver() -> Result<Option<PathBuf>, Problem> {
    Ok(named_by("CHROMEDRIVER")?.or_else(|| programs::on_path("chromedriver")))
}

/// The program that an environment variable names by its path or its name.
fn named_by(variable: &str) -> Result<Option<PathBuf>, Problem> {
    let Some(value) = env::var_os(variable).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let file = PathBuf::from(&value);
    let found = if file.is_file() {
        Some(file)
    } else {
        programs::on_path(&value.to_string_lossy())
    };
    found.map(Some).ok_or_else(|| {
        let value = value.to_string_lossy();
        Problem::new(format!(
            "{variable} names `{value}`, which is not there: correct it or unset it"
        ))
    })
}

/// What to say to a person who has to install the browser or its driver.
fn not_there(chrome: Option<&Path>) -> Problem {
    Problem::new(match chrome {
        Some(chrome) => format!(
            "the browser is {}, but chromedriver is not on PATH: install the driver of the same \
             version (on Debian, as root, `apt-get install chromium-driver`) or name it in CHROMEDRIVER",
            chrome.display()
        ),
        None => "the tests need Chromium and its driver: install them (on Debian or Ubuntu, as \
                 root, `apt-get install chromium chromium-driver`), or name yours in CHROME and \
                 CHROMEDRIVER"
            .to_owned(),
    })
}

/// Whether packages can be installed without asking anyone.
fn can_use_apt() -> bool {
    let root = process::output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    root && programs::on_path("apt-get").is_some()
}

fn install_with_apt() -> Result<(), Problem> {
    let apt = |arguments: &[&str]| {
        process::run(
            Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    apt(&["update", "--quiet"])?;
    apt(&[
        "install",
        "--quiet",
        "--yes",
        "--no-install-recommends",
        "chromium",
        "chromium-driver",
    ])
}

/// The text of a `webdriver.json` with the browser's file in it, lest the driver choose another.
fn with_binary(json: &str, chrome: &str) -> String {
    let options = "\"goog:chromeOptions\": {";
    let escaped = chrome.replace('\\', "\\\\").replace('"', "\\\"");
    json.replacen(
        options,
        &format!("{options}\n    \"binary\": \"{escaped}\","),
        1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_stands_among_the_options() {
        let json = "{\n  \"goog:chromeOptions\": {\n    \"args\": []\n  }\n}\n";
        let expected = "{\n  \"goog:chromeOptions\": {\n    \"binary\": \"C:\\\\b.exe\",\n    \"args\": []\n  }\n}\n";
        assert_eq!(with_binary(json, "C:\\b.exe"), expected);
    }

    #[test]
    fn the_projects_webdriver_json_has_room_for_it() {
        let json = Project::find().read("webdriver.json").unwrap();
        assert_ne!(with_binary(&json, "chromium"), json);
    }
}
