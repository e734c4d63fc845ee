//! The programs that build the page: Trunk, wasm-bindgen and wasm-opt, each in the one version
//! that fits. What is on PATH already in that version is used as it is; what is not is installed
//! into the project's own tools folder, so that nobody's other projects notice.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::problem::Problem;
use crate::process;
use crate::programs;
use crate::project::{Project, cannot};
use crate::steps::{Steps, say};

/// The Trunk that the project is built with. Later ones want a newer Rust than the project does.
const TRUNK_VERSION: &str = "0.21.14";

/// Cargo's settings for compiling a tool: these programs spend their lives waiting, so that
/// optimising them costs minutes and gains nothing.
const QUICK_PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Where the programs are that build the page.
pub struct Tools {
    /// Trunk itself.
    pub trunk: PathBuf,
    /// The folders of the programs that Trunk looks for on PATH.
    folders: Vec<PathBuf>,
}

impl Tools {
    /// A PATH on which the right versions come first.
    pub fn path(&self) -> OsString {
        programs::path_with(&self.folders)
    }

    /// One of the programs that Trunk looks for, to be used by itself.
    pub fn command(&self, name: &str) -> Command {
        let file = programs::first_in(&self.folders, name);
        Command::new(file.unwrap_or_else(|| name.into()))
    }
}

/// A program of one version, and how it is installed.
struct Tool {
    /// The package that holds it.
    package: &'static str,
    /// The programs it brings; the first one is asked for its version.
    programs: &'static [&'static str],
    version: String,
    from: Registry,
}

#[derive(Clone, Copy, PartialEq)]
enum Registry {
    /// A crate, compiled with the versions of its own lock file.
    CargoLocked,
    /// A crate, compiled with the newest versions of what it depends on.
    CargoNewest,
    /// An npm package.
    Npm,
}

/// Puts in place the programs that build the page. Only a release page needs `wasm_opt`.
pub fn put_in_place(
    project: &Project,
    steps: &mut Steps,
    wasm_opt: bool,
) -> Result<Tools, Problem> {
    let trunk = Tool {
        package: "trunk",
        programs: &["trunk"],
        version: TRUNK_VERSION.to_owned(),
        from: Registry::CargoLocked,
    };
    let wasm_bindgen = Tool {
        package: "wasm-bindgen-cli",
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        version: project.wasm_bindgen_version()?,
        // The lock file it was published with names a version of a crate that is gone.
        from: Registry::CargoNewest,
    };
    let mut folders = vec![wasm_bindgen.folder(project, steps)?];
    if wasm_opt {
        folders.push(wasm_opt_tool(project)?.folder(project, steps)?);
    }
    let trunk_folder = trunk.folder(project, steps)?;
    let trunk = programs::in_folder(&trunk_folder, "trunk").unwrap_or_else(|| "trunk".into());
    // What compiling has left behind is large and of no more use. If it cannot be removed, that
    // costs room and nothing else.
    let _ = fs::remove_dir_all(build_folder(project));
    Ok(Tools { trunk, folders })
}

/// Where tools are compiled: one folder for all, so that what two of them share is compiled once.
fn build_folder(project: &Project) -> PathBuf {
    project.tools().join("build")
}

fn wasm_opt_tool(project: &Project) -> Result<Tool, Problem> {
    Ok(Tool {
        package: "binaryen",
        programs: &["wasm-opt"],
        version: project.wasm_opt_version()?,
        from: Registry::Npm,
    })
}

impl Tool {
    /// The folder that has this tool, installed now if none has it yet.
    fn folder(&self, project: &Project, steps: &mut Steps) -> Result<PathBuf, Problem> {
        if let Some(folder) = self.find(project) {
            say(&format!("    {} is in {}", self.title(), folder.display()));
            return Ok(folder);
        }
        let doing = match self.from {
            Registry::Npm => "installing it",
            _ => "installing it, which takes some minutes the first time",
        };
        steps.run(&self.title(), doing, || self.install(project))?;
        self.find(project).ok_or_else(|| self.not_installed())
    }

    /// The tool's name and version, as a person would say it.
    fn title(&self) -> String {
        format!("{} {}", self.programs[0], self.version)
    }

    /// The first folder that has all of the tool's programs in the right version.
    fn find(&self, project: &Project) -> Option<PathBuf> {
        let tools = project.tools();
        let own = [tools.join("bin"), tools.join("node_modules").join(".bin")];
        own.into_iter()
            .chain(programs::usual_folders())
            .find(|folder| {
                let files: Option<Vec<_>> = self
                    .programs
                    .iter()
                    .map(|name| programs::in_folder(folder, name))
                    .collect();
                files.is_some_and(|files| self.is_version_of(&files[0]))
            })
    }

    /// Whether the program in `file` says that it is of this version.
    fn is_version_of(&self, file: &PathBuf) -> bool {
        process::output(Command::new(file).arg("--version"))
            .is_some_and(|text| text.split_whitespace().any(|word| word == self.version))
    }

    fn install(&self, project: &Project) -> Result<(), Problem> {
        let tools = project.tools();
        fs::create_dir_all(&tools).map_err(|error| cannot("make", &tools, &error))?;
        let mut install = match self.from {
            Registry::Npm => self.with_npm(project)?,
            _ if self.install_with_binstall(project) => return Ok(()),
            _ => self.with_cargo(project),
        };
        process::run(&mut install).map_err(|_| self.not_installed())
    }

    /// The command that installs this tool with npm.
    fn with_npm(&self, project: &Project) -> Result<Command, Problem> {
        let mut npm = npm()?;
        npm.args([
            "install",
            "--no-audit",
            "--no-fund",
            "--loglevel",
            "error",
            "--prefix",
        ])
        .arg(project.tools())
        .arg(self.npm_package());
        Ok(npm)
    }

    /// Fetches a program that somebody else has compiled, where `cargo binstall` is there to do
    /// so and finds one.
    fn install_with_binstall(&self, project: &Project) -> bool {
        let here = process::output(process::cargo().args(["binstall", "-V"])).is_some();
        here && process::run(
            process::cargo()
                .args(["binstall", "--no-confirm", "--root"])
                .arg(project.tools())
                .arg(format!("{}@{}", self.package, self.version)),
        )
        .is_ok()
            && self.find(project).is_some()
    }

    /// The command that compiles this tool.
    fn with_cargo(&self, project: &Project) -> Command {
        // With its destination on PATH, Cargo does not advise to put it there.
        let path = programs::path_with(&[project.tools().join("bin")]);
        let mut cargo = process::cargo();
        cargo
            .args(["install", self.package, "--version", &self.version])
            .args((self.from == Registry::CargoLocked).then_some("--locked"))
            .arg("--root")
            .arg(project.tools())
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", build_folder(project))
            .envs(QUICK_PROFILE);
        cargo
    }

    /// The command that installs this tool by hand.
    fn by_hand(&self) -> String {
        let (package, version) = (self.package, &self.version);
        match self.from {
            Registry::CargoLocked => {
                format!("cargo install --locked {package} --version {version}")
            }
            Registry::CargoNewest => format!("cargo install {package} --version {version}"),
            Registry::Npm => format!("npm install --global {}", self.npm_package()),
        }
    }

    fn npm_package(&self) -> String {
        format!("{}@{}.0.0", self.package, self.version)
    }

    fn not_installed(&self) -> Problem {
        let (title, by_hand) = (self.title(), self.by_hand());
        Problem::new(format!(
            "{title} could not be installed: `{by_hand}` puts it in place, then start again"
        ))
    }
}

/// The npm of the Node that is installed.
pub fn npm() -> Result<Command, Problem> {
    programs::on_path("npm").map(Command::new).ok_or_else(|| {
        let advice =
            "install it from https://nodejs.org or with the system's packages, then start again";
        Problem::new(format!(
            "Node (version 20 or later, with npm) is not installed: {advice}"
        ))
    })
}
