//! Where things are in the checkout, and which versions it asks for.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// The checkout that the tasks work on.
pub struct Project {
    /// The folder that holds the workspace's `Cargo.toml`.
    pub root: PathBuf,
}

impl Project {
    /// The checkout this program was started from.
    pub fn find() -> Self {
        // `cargo run` says where the package is. What was true when this was compiled is second
        // best: two checkouts may share a target folder, and so this very program.
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.ancestors().nth(2).unwrap_or(&package).to_owned();
        Self { root }
    }

    /// Where the built page is.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The page as one file.
    pub fn single_file(&self) -> PathBuf {
        self.dist().join("kafka-lanes.html")
    }

    /// The page's tests, which have npm packages of their own.
    pub fn page_tests(&self) -> PathBuf {
        self.root.join("tests")
    }

    /// The folder that holds the tools this program has installed. It is not under `target/`, so
    /// that `cargo clean` does not cost minutes.
    pub fn tools(&self) -> PathBuf {
        match env::var_os("KAFKA_LANES_CACHE") {
            Some(cache) if !cache.is_empty() => PathBuf::from(cache).join("tools"),
            _ => self.root.join(".tools"),
        }
    }

    /// The Python packages of the tests, installed for this project alone.
    pub fn python_packages(&self) -> PathBuf {
        self.tools().join("python")
    }

    /// The text of a file of the checkout, named from its root.
    pub fn read(&self, name: &str) -> Result<String, Problem> {
        let path = self.root.join(name);
        fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))
    }

    /// The version of wasm-bindgen that the page is compiled with. Its command must be of the very
    /// same version.
    pub fn wasm_bindgen_version(&self) -> Result<String, Problem> {
        locked_version(&self.read("Cargo.lock")?, "wasm-bindgen").ok_or_else(|| {
            Problem::new(
                "Cargo.lock names no wasm-bindgen: `cargo generate-lockfile` writes it anew",
            )
        })
    }

    /// The version of wasm-opt that `Trunk.toml` asks for, as `wasm-opt --version` prints it.
    pub fn wasm_opt_version(&self) -> Result<String, Problem> {
        pinned_wasm_opt(&self.read("Trunk.toml")?).ok_or_else(|| {
            Problem::new(
                "Trunk.toml does not say which wasm-opt to use: put `wasm_opt = \"version_N\"` under [tools]",
            )
        })
    }
}

/// The problem of a file that could not be read or written.
pub fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(format!("cannot {verb} {}: {error}", path.display()))
}

/// The version of `package` in the text of a `Cargo.lock`.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = ").map(unquoted)
}

/// The number in `wasm_opt = "version_N"`, in the text of a `Trunk.toml`.
fn pinned_wasm_opt(trunk: &str) -> Option<String> {
    let value = trunk
        .lines()
        .find_map(|line| line.strip_prefix("wasm_opt = "))?;
    unquoted(value).strip_prefix("version_").map(str::to_owned)
}

fn unquoted(value: &str) -> String {
    value.trim().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
[[package]]
name = "wasm-bindgen-macro"
version = "0.2.7"
dependencies = ["wasm-bindgen"]

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry"
"#;

    #[test]
    fn a_locked_version_is_that_of_the_package_with_exactly_this_name() {
        assert_eq!(
            locked_version(LOCK, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(locked_version(LOCK, "wasm"), None);
    }

    #[test]
    fn the_pinned_wasm_opt_is_a_number() {
        let trunk = "[tools]\n# why\nwasm_opt = \"version_132\"\n";
        assert_eq!(pinned_wasm_opt(trunk).as_deref(), Some("132"));
        assert_eq!(pinned_wasm_opt("[tools]\n"), None);
    }

    #[test]
    fn this_checkout_says_which_versions_it_wants() {
        let project = Project::find();
        assert!(project.wasm_bindgen_version().is_ok());
        assert!(project.wasm_opt_version().is_ok());
    }
}
