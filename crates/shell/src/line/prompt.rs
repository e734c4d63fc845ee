//! Prompts that course material prints before a command, and that are pasted
//! with it.

/// The command after the prompt that was pasted before it, if one was, and
/// whether that was a prompt of Windows.
pub(crate) fn strip_prompt(line: &str) -> (&str, bool) {
    let line = line.trim_start();
    if let Some(command) = after_windows_prompt(line) {
        return (command, true);
    }
    let command = after_sign(line)
        .or_else(|| after_unix_prompt(line))
        .unwrap_or(line);
    (command, false)
}

/// `C:\kafka>`, `PS C:\kafka> `.
fn after_windows_prompt(line: &str) -> Option<&str> {
    let path = line.strip_prefix("PS ").unwrap_or(line);
    let mut start = path.chars();
    let is_drive = start.next()?.is_ascii_alphabetic() && start.next()? == ':';
    let rest = start.as_str();
    if !is_drive || !rest.starts_with(['\\', '/']) {
        return None;
    }
    let (folder, command) = rest.split_once('>')?;
    let is_folder = !folder.contains(['"', '\'', '|', '<', '*', '?']);
    is_folder.then(|| command.trim_start())
}

/// `$ `, `% `. A root shell's `# ` is a comment unless a command follows that
/// is plainly one: the caller sees to that.
fn after_sign(line: &str) -> Option<&str> {
    let command = line
        .strip_prefix("$ ")
        .or_else(|| line.strip_prefix("% "))
        .or_else(|| line.strip_prefix("# ").filter(|rest| is_command(rest)))?;
    Some(command.trim_start())
}

/// Whether a line that begins with `# ` is a root shell's prompt and not a
/// comment in words.
fn is_command(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    let is_tool = first.ends_with(".sh") || first.starts_with("kafka-") || first.starts_with("./");
    is_tool || matches!(first, "docker" | "cd" | "echo" | "docker-compose")
}

/// `root@kafka:/opt/kafka# `, `[me@host bin]$ `, `kafka:/$ `, `bash-5.1$ `,
/// `~/kafka$ `.
fn after_unix_prompt(line: &str) -> Option<&str> {
    let end = line
        .char_indices()
        .find(|(at, c)| matches!(c, '$' | '#' | '%') && line[at + 1..].starts_with(' '))?
        .0;
    let before = &line[..end];
    let legal = |c: char| c.is_ascii_alphanumeric() || "@:/~._-+[]() ".contains(c);
    if !before.chars().all(legal) {
        return None;
    }
    let words = before.split_whitespace().count();
    let bracketed = before.starts_with('[') && before.trim_end().ends_with(']');
    let is_place = words == 1 && (before.contains(':') || before.starts_with(['~', '/']));
    let is_bare_shell = ["bash-", "sh-"].iter().any(|s| before.starts_with(s)) && words == 1;
    (bracketed || is_place || is_bare_shell).then(|| line[end + 1..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::strip_prompt;

    #[test]
    fn prompts_are_taken_off() {
        for (line, command) in [
            ("$ kafka-topics.sh --list", "kafka-topics.sh --list"),
            ("  $   ls", "ls"),
            ("% ls", "ls"),
            ("# kafka-topics.sh --list", "kafka-topics.sh --list"),
            ("root@kafka:/# cd /opt/kafka/bin", "cd /opt/kafka/bin"),
            ("root@1f2e3d:/opt/kafka/bin# ls", "ls"),
            ("[appuser@broker bin]$ ls", "ls"),
            ("kafka:/opt/kafka/bin$ ls", "ls"),
            ("~/kafka$ ls", "ls"),
            ("bash-5.1$ ls", "ls"),
        ] {
            assert_eq!(strip_prompt(line), (command, false), "{line}");
        }
    }

    #[test]
    fn prompts_of_windows_are_taken_off() {
        for (line, command) in [
            (
                r"C:\kafka_2.12-3.9.0>zookeeper-server-start.bat .config/zookeeper.properties",
                "zookeeper-server-start.bat .config/zookeeper.properties",
            ),
            (
                r"PS C:\kafka> .\bin\windows\kafka-topics.bat --list",
                r".\bin\windows\kafka-topics.bat --list",
            ),
        ] {
            assert_eq!(strip_prompt(line), (command, true), "{line}");
        }
    }

    #[test]
    fn what_only_looks_like_a_prompt_stays() {
        for line in [
            "# a comment about $ and more",
            "echo 'costs 5 $ each' | kafka-console-producer.sh --topic t",
            r"cd C:\kafka\",
            "echo a $ b",
            "echo $? # status",
            "",
        ] {
            assert_eq!(strip_prompt(line), (line, false), "{line}");
        }
    }
}
