//! `cargo xtask bundle`: the page for those who have no Rust, as a folder and as one file.

use std::fs;
use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::packer::{self, Files};
use crate::page;
use crate::problem::Problem;
use crate::project::{Project, cannot};
use crate::setup;
use crate::sizes;
use crate::steps::{Steps, say};

/// The page that Trunk writes.
const INDEX: &str = "index.html";

/// `cargo xtask bundle`.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Problem> {
    arguments.end("bundle")?;
    let mut steps = Steps::default();
    let tools = setup::for_page(project, &mut steps, true)?;
    steps.run("page", "building it for release into dist/", || {
        page::build(project, &tools)
    })?;
    steps.run("bundle", "packing the page into one file", || pack(project))?;
    say("\n    dist/ is a folder for any path of any web server");
    say("    dist/kafka-lanes.html is the same in one file, which opens by double-click");
    say(&format!("\n{}", sizes::table(&project.dist())?));
    Ok(())
}

/// Packs the page in `dist/` into one file beside it.
pub fn pack(project: &Project) -> Result<(), Problem> {
    let folder = Dist(project.dist());
    let index = folder.0.join(INDEX);
    let html = fs::read_to_string(&index).map_err(|_| {
        Problem::new("there is no page in dist/ to pack: `cargo xtask bundle` builds it first")
    })?;
    let page = packer::pack(&html, &folder)?;
    let file = project.single_file();
    fs::write(&file, &page.html).map_err(|error| cannot("write", &file, &error))?;
    for name in folder.names()? {
        // A file that nothing in index.html leads to may be one that the page asks for later.
        let is_page = name == INDEX || file.ends_with(&name);
        if !is_page && !page.packed.contains(&name) {
            say(&format!(
                "    not in the one file, since index.html does not refer to it: {name}"
            ));
        }
    }
    Ok(())
}

/// The folder of the built page.
struct Dist(PathBuf);

impl Dist {
    /// The names of all its files, with `/` between folders.
    fn names(&self) -> Result<Vec<String>, Problem> {
        let name = |file: PathBuf| {
            let parts = file.strip_prefix(&self.0).unwrap_or(&file).iter();
            parts
                .map(|part| part.to_string_lossy())
                .collect::<Vec<_>>()
                .join("/")
        };
        Ok(sizes::files(&self.0)?.into_iter().map(name).collect())
    }
}

impl Files for Dist {
    fn content(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.0.join(name)).ok()
    }
}
