//! The options of `kafka-topics` and the rules they are held to
//! (`TopicCommand.TopicCommandOptions`).

use crate::options::{OptionError, OptionSpec, Options, flag, usage, value};
use crate::tools::{Host, VERSION};

/// The options.
pub(super) const SPECS: &[OptionSpec] = &[
    value(
        "bootstrap-server",
        "host:port",
        "A broker to ask; always needed.",
    ),
    flag("create", "Make the topic."),
    flag("delete", "Remove the topic."),
    flag("alter", "Give the topic more partitions."),
    flag("describe", "Tell all about topics."),
    flag("list", "Tell the names of topics."),
    value(
        "topic",
        "name",
        "Which topic; a regular expression, except with --create.",
    ),
    value("topic-id", "id", "Which topic to describe, by its id."),
    value("partitions", "count", "How many partitions it is to have."),
    value(
        "replication-factor",
        "count",
        "How many replicas each partition is to have.",
    ),
    value(
        "replica-assignment",
        "ids",
        "Which brokers hold which partition: 1:2,2:3.",
    ),
    value(
        "config",
        "name=value",
        "A setting of the new topic; may be repeated.",
    ),
    value(
        "delete-config",
        "name",
        "Without effect; kafka-configs does this.",
    ),
    flag("if-exists", "Do nothing when there is no such topic."),
    flag("if-not-exists", "Do nothing when there is such a topic."),
    flag("exclude-internal", "Leave out the cluster's own topics."),
    flag(
        "topics-with-overrides",
        "Describe only topics with settings of their own.",
    ),
    flag(
        "under-replicated-partitions",
        "Describe only partitions that lack replicas in sync.",
    ),
    flag(
        "unavailable-partitions",
        "Describe only partitions without a leader.",
    ),
    flag(
        "under-min-isr-partitions",
        "Describe only partitions below min.insync.replicas.",
    ),
    flag(
        "at-min-isr-partitions",
        "Describe only partitions just at min.insync.replicas.",
    ),
    value(
        "partition-size-limit-per-response",
        "count",
        "Partitions told in one answer.",
    ),
    value(
        "command-config",
        "file",
        "A file of settings for the admin client.",
    ),
    flag("version", "Tell the version."),
    flag("help", "Tell the options."),
];

/// What the tool is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    List,
    Describe,
    Create,
    Alter,
    Delete,
}

const ACTIONS: [(&str, Action); 5] = [
    ("alter", Action::Alter),
    ("create", Action::Create),
    ("describe", Action::Describe),
    ("list", Action::List),
    ("delete", Action::Delete),
];

/// Kinds of partitions that a description can be limited to.
const REPORTS: [&str; 4] = [
    "under-replicated-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
    "unavailable-partitions",
];

/// Why the tool does not begin.
pub(super) enum Misuse {
    /// The message, and then the options.
    Usage(String),
    /// An exception: its class and its message.
    Thrown(String, String),
    /// Nothing is wrong: the version was asked for.
    Version,
}

impl From<OptionError> for Misuse {
    fn from(error: OptionError) -> Misuse {
        Misuse::Thrown(error.class.to_owned(), error.message)
    }
}

impl Misuse {
    /// Prints it; returns the exit status.
    pub fn report(self, host: &mut Host) -> i32 {
        match self {
            Misuse::Usage(message) => host.err(&format!("{message}\n{}", usage(SPECS))),
            Misuse::Thrown(class, message) => {
                host.err(&format!("{message}\n{class}: {message}\n\n"));
            }
            Misuse::Version => {
                host.out(&format!("{VERSION}\n"));
                return 0;
            }
        }
        1
    }
}

/// Reads the arguments and says what to do.
pub(super) fn read(arguments: &[String], host: &mut Host) -> Result<(Options, Action), Misuse> {
    let options = Options::parse(SPECS, arguments)?;
    let misuse = |message: &str| Err(Misuse::Usage(message.to_owned()));
    if arguments.is_empty() {
        return misuse("Create, delete, describe, or change a topic.");
    }
    if options.has("help") {
        return misuse("This tool helps to create, delete, describe, or change a topic.");
    }
    if options.has("version") {
        return Err(Misuse::Version);
    }
    let actions: Vec<Action> = ACTIONS
        .iter()
        .filter(|(name, _)| options.has(name))
        .map(|(_, action)| *action)
        .collect();
    let [action] = actions[..] else {
        return misuse(
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete",
        );
    };
    if options.has("delete-config") {
        host.err(
            "delete-config option is no longer supported and deprecated since version 4.0. \
             The config will be fully removed in future releases.\n",
        );
    }
    check_required(&options, action, host)?;
    check_combinations(&options)?;
    Ok((options, action))
}

fn check_required(options: &Options, action: Action, host: &mut Host) -> Result<(), Misuse> {
    if !options.has("bootstrap-server") {
        return Err(Misuse::Thrown(
            "java.lang.IllegalArgumentException".to_owned(),
            "--bootstrap-server must be specified".to_owned(),
        ));
    }
    if action == Action::Describe && options.has("if-exists") {
        match (options.has("topic"), options.has("topic-id")) {
            (false, false) => {
                return Err(Misuse::Usage(
                    "--topic or --topic-id is required to describe a topic".to_owned(),
                ));
            }
            (true, true) => host.out(
                "Only topic id will be used when both --topic and --topic-id are specified and \
                 topicId is not Uuid.ZERO_UUID\n",
            ),
            _ => {}
        }
    }
    let required = |name: &str| match options.has(name) {
        true => Ok(()),
        false => Err(Misuse::Usage(format!(
            "Missing required argument \"[{name}]\""
        ))),
    };
    if !matches!(action, Action::List | Action::Describe) {
        required("topic")?;
    }
    if action == Action::Alter {
        if options.has("config") {
            return Err(Misuse::Usage(
                "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \
                 \"[alter]\" (To alter topic configurations, the kafka-configs tool can be used.)"
                    .to_owned(),
            ));
        }
        required("partitions")?;
    }
    Ok(())
}

/// Options that go with some actions only.
fn check_combinations(options: &Options) -> Result<(), Misuse> {
    for (option, goes_with) in [
        ("config", &["alter", "create"][..]),
        ("partitions", &["alter", "create"]),
        ("replication-factor", &["create"]),
        ("replica-assignment", &["alter", "create"]),
    ] {
        only_with(options, option, goes_with)?;
    }
    if options.has("create") {
        conflict(
            options,
            "replica-assignment",
            &["partitions", "replication-factor"],
        )?;
    }
    for report in REPORTS {
        only_with(options, report, &["describe"])?;
        conflict(options, report, &["topics-with-overrides"])?;
    }
    only_with(options, "topics-with-overrides", &["describe"])?;
    for (option, goes_with) in [
        ("if-exists", &["alter", "delete", "describe"][..]),
        ("if-not-exists", &["create"]),
        ("exclude-internal", &["list", "describe"]),
    ] {
        only_with(options, option, goes_with)?;
    }
    Ok(())
}

fn only_with(options: &Options, option: &str, actions: &[&str]) -> Result<(), Misuse> {
    let others = ACTIONS.iter().map(|(name, _)| *name);
    let others: Vec<&str> = others.filter(|name| !actions.contains(name)).collect();
    conflict(options, option, &others)
}

fn conflict(options: &Options, option: &str, others: &[&str]) -> Result<(), Misuse> {
    let other = others.iter().find(|other| options.has(other));
    match other.filter(|_| options.has(option)) {
        Some(other) => Err(Misuse::Usage(format!(
            "Option \"[{option}]\" can't be used with option \"[{other}]\""
        ))),
        None => Ok(()),
    }
}
