//! Where a terminal is: on the person's machine or inside the broker's
//! container, and in which folder.

use crate::line::is_windows_path;

/// Where a terminal is. There are no files, so that any folder will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The container, when inside one.
    container: Option<String>,
    folder: String,
    /// Where `exit` leads.
    outside: Option<Box<Place>>,
}

/// The home folder on the person's machine.
const HOME: &str = "~";

impl Place {
    pub fn home() -> Place {
        Place {
            container: None,
            folder: HOME.to_owned(),
            outside: None,
        }
    }

    /// Goes into a container, to its root folder.
    pub fn enter_container(&mut self, name: &str) {
        let outside = self.clone();
        *self = Place {
            container: Some(name.to_owned()),
            folder: "/".to_owned(),
            outside: Some(Box::new(outside)),
        };
    }

    /// Leaves the container; says whether it was in one.
    pub fn leave(&mut self) -> bool {
        match self.outside.take() {
            Some(outside) => {
                *self = *outside;
                true
            }
            None => false,
        }
    }

    pub fn is_in_container(&self) -> bool {
        self.container.is_some()
    }

    /// Whether paths are those of Windows here.
    pub fn is_windows(&self) -> bool {
        is_windows_path(&self.folder)
    }

    /// What stands before a command.
    pub fn prompt(&self) -> String {
        match &self.container {
            Some(container) => format!("root@{container}:{}# ", self.folder),
            None if self.is_windows() => format!("{}>", self.folder),
            None if self.folder == HOME => "$ ".to_owned(),
            None => format!("{}$ ", self.folder),
        }
    }

    pub fn folder(&self) -> &str {
        match (self.folder.as_str(), &self.container) {
            (HOME, None) => "/home/you",
            (HOME, Some(_)) => "/root",
            (folder, _) => folder,
        }
    }

    /// `cd`: any folder is taken to be there.
    pub fn change_folder(&mut self, to: &str) {
        if is_windows_path(to) && to.contains(":\\") {
            self.folder = tidy(to, '\\');
        } else if self.is_windows() {
            let joined = format!("{}\\{}", self.folder, to.replace('/', "\\"));
            self.folder = tidy(&joined, '\\');
        } else if to.is_empty() || to == "~" {
            self.folder = HOME.to_owned();
        } else if to.starts_with(['/', '~']) {
            self.folder = tidy(to, '/');
        } else {
            let joined = format!("{}/{}", self.folder, to.replace('\\', "/"));
            self.folder = tidy(&joined, '/');
        }
    }

    /// Whether Kafka's tools lie here.
    pub fn is_tools_folder(&self) -> bool {
        let parts: Vec<&str> = self.folder.split(['/', '\\']).collect();
        match parts.as_slice() {
            [.., kafka, "bin"] | [.., kafka, "bin", "windows"] => kafka.contains("kafka"),
            _ => false,
        }
    }
}

/// A path without `.`, `..` and doubled separators.
fn tidy(path: &str, separator: char) -> String {
    let root = match separator {
        '/' if path.starts_with('/') => "/",
        _ => "",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(separator) {
        match part {
            "" | "." => {}
            ".." => {
                let is_anchor = |part: &&str| *part == HOME || part.ends_with(':');
                if parts.last().is_some_and(|last| !is_anchor(last)) {
                    parts.pop();
                }
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join(&separator.to_string());
    match (root, joined.as_str()) {
        ("", "") => HOME.to_owned(),
        // A drive alone is not a path of Windows without its backslash.
        ("", drive) if separator == '\\' && parts.len() == 1 => format!("{drive}\\"),
        _ => format!("{root}{joined}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_lab() {
        let mut place = Place::home();
        assert_eq!(place.prompt(), "$ ");
        place.enter_container("kafka");
        assert_eq!(place.prompt(), "root@kafka:/# ");
        place.change_folder("/opt/kafka/bin");
        assert_eq!(place.prompt(), "root@kafka:/opt/kafka/bin# ");
        assert!(place.is_tools_folder());
        place.change_folder("..");
        place.change_folder("./config/");
        assert_eq!(place.folder(), "/opt/kafka/config");
        place.change_folder("../../../../..");
        assert_eq!(place.folder(), "/");
        assert!(place.leave());
        assert!(!place.leave());
        assert_eq!(place, Place::home());
    }

    #[test]
    fn folders_of_windows() {
        let mut place = Place::home();
        place.change_folder(r"C:\kafka\");
        assert_eq!(place.prompt(), r"C:\kafka>");
        place.change_folder(r"bin\windows");
        assert_eq!(place.folder(), r"C:\kafka\bin\windows");
        assert!(place.is_tools_folder());
        place.change_folder(r"..\..\..\..");
        assert_eq!(place.prompt(), r"C:\>");
    }

    #[test]
    fn home_is_the_outermost_of_relative_folders() {
        let mut place = Place::home();
        place.change_folder("kafka/bin");
        assert_eq!(place.prompt(), "~/kafka/bin$ ");
        place.change_folder("../../..");
        assert_eq!(place.prompt(), "$ ");
    }
}
