//! Finds programs.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The file of the program `name` in the first of `folders` that has it.
pub fn first_in(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    folders.iter().find_map(|folder| in_folder(folder, name))
}

/// The file of the program `name` in `folder`, with the ending that programs have here.
pub fn in_folder(folder: &Path, name: &str) -> Option<PathBuf> {
    let endings: &[&str] = if cfg!(windows) {
        &[".exe", ".cmd"]
    } else {
        &[""]
    };
    endings
        .iter()
        .map(|ending| folder.join(format!("{name}{ending}")))
        .find(|file| file.is_file())
}

/// The folders of PATH, and the one in which Cargo installs programs.
pub fn usual_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let cargo_home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    folders.extend(cargo_home.map(|home| home.join("bin")));
    folders
}

/// The program `name` as it would be found from a terminal.
pub fn on_path(name: &str) -> Option<PathBuf> {
    first_in(&usual_folders(), name)
}

/// PATH with `folders` before what it has.
pub fn path_with(folders: &[PathBuf]) -> OsString {
    let all = folders.iter().cloned().chain(usual_folders());
    // A folder with PATH's separator in its name cannot be on it; it is left to what PATH has.
    env::join_paths(all).unwrap_or_else(|_| env::var_os("PATH").unwrap_or_default())
}
