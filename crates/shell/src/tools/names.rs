//! The names of Kafka's tools: those that run here, and those that do not yet.

/// A tool that runs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Topics,
    ConsoleProducer,
    ConsoleConsumer,
}

const RUNNABLE: [(&str, Known); 3] = [
    ("kafka-console-consumer", Known::ConsoleConsumer),
    ("kafka-console-producer", Known::ConsoleProducer),
    ("kafka-topics", Known::Topics),
];

/// Tools of Kafka's distribution, and of those around it, that do not run here
/// yet.
const NOT_YET: &[&str] = &[
    "connect-distributed",
    "connect-mirror-maker",
    "connect-plugin-path",
    "connect-standalone",
    "kafka-acls",
    "kafka-broker-api-versions",
    "kafka-client-metrics",
    "kafka-cluster",
    "kafka-configs",
    "kafka-console-share-consumer",
    "kafka-consumer-groups",
    "kafka-consumer-perf-test",
    "kafka-delegation-tokens",
    "kafka-delete-records",
    "kafka-dump-log",
    "kafka-e2e-latency",
    "kafka-features",
    "kafka-get-offsets",
    "kafka-groups",
    "kafka-jmx",
    "kafka-leader-election",
    "kafka-log-dirs",
    "kafka-metadata-quorum",
    "kafka-metadata-shell",
    "kafka-producer-perf-test",
    "kafka-reassign-partitions",
    "kafka-replica-verification",
    "kafka-run-class",
    "kafka-server-stop",
    "kafka-share-groups",
    "kafka-storage",
    "kafka-streams-application-reset",
    "kafka-transactions",
    "kafka-verifiable-consumer",
    "kafka-verifiable-producer",
    "confluent",
    "kcat",
    "kafkacat",
    "ksql",
];

/// The tool that a command names, without its path and ending; also those of
/// packages that leave out the ending.
pub(crate) fn tool_name(command: &str) -> &str {
    let file = command.rsplit(['/', '\\']).next().unwrap_or(command);
    [".sh", ".bat", ".cmd"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending))
        .unwrap_or(file)
}

/// A tool of Kafka's: one that runs here, or `None` for one that does not yet.
pub(crate) fn known_tool(name: &str) -> Option<Option<Known>> {
    let runs = RUNNABLE.iter().find(|(tool, _)| *tool == name);
    match runs {
        Some((_, tool)) => Some(Some(*tool)),
        None => NOT_YET.contains(&name).then_some(None),
    }
}

/// The tools that run here.
pub(crate) fn runnable() -> impl Iterator<Item = &'static str> {
    RUNNABLE.iter().map(|(name, _)| *name)
}
