//! What settings are for, in a few words; for those on which something in the
//! simulation depends.

/// What a setting is for; empty for one that nothing depends on.
pub(super) fn of(name: &str) -> &'static str {
    let found = WORDS.iter().find(|(it, _)| *it == name);
    found.map_or("", |(_, words)| words)
}

/// The values of a setting that has few; none for others.
pub(super) fn choices(name: &str) -> &'static [&'static str] {
    match name {
        "acks" => &["all", "1", "0"],
        "share.auto.offset.reset" => &["latest", "earliest"],
        "cleanup.policy" => &["delete", "compact", "compact,delete"],
        "group.protocol" => &["classic", "consumer"],
        "isolation.level" => &["read_uncommitted", "read_committed"],
        "message.timestamp.type" => &["CreateTime", "LogAppendTime"],
        "partition.assignment.strategy" => &[
            "org.apache.kafka.clients.consumer.RangeAssignor",
            "org.apache.kafka.clients.consumer.RoundRobinAssignor",
            "org.apache.kafka.clients.consumer.StickyAssignor",
            "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
        ],
        "partitioner.class" => &["org.apache.kafka.clients.producer.RoundRobinPartitioner"],
        _ => &[],
    }
}

const WORDS: &[(&str, &str)] = &[
    // Clients.
    (
        "client.rack",
        "where it is, so that it may read from a replica near it",
    ),
    (
        "default.api.timeout.ms",
        "how long a call waits that names no other time",
    ),
    (
        "metadata.max.age.ms",
        "how old its view of the cluster may grow",
    ),
    (
        "metadata.recovery.strategy",
        "what it does when it knows no broker that answers",
    ),
    (
        "reconnect.backoff.max.ms",
        "the longest wait before a lost broker is tried again",
    ),
    (
        "reconnect.backoff.ms",
        "the first wait before a lost broker is tried again",
    ),
    ("request.timeout.ms", "how long it waits for an answer"),
    (
        "retry.backoff.max.ms",
        "the longest wait before something is tried again",
    ),
    (
        "retry.backoff.ms",
        "the first wait before something is tried again",
    ),
    // Producers.
    (
        "acks",
        "whose acknowledgement it waits for: nobody's, the leader's, all in sync",
    ),
    ("batch.size", "how large a batch may grow, in bytes"),
    (
        "buffer.memory",
        "how much its accumulator holds, in bytes; then send() blocks",
    ),
    ("compression.type", "how batches are compressed"),
    (
        "delivery.timeout.ms",
        "how long a record may take from send() to its acknowledgement",
    ),
    (
        "enable.idempotence",
        "whether batches are numbered, so that none is stored twice",
    ),
    ("linger.ms", "how long a batch waits for more records"),
    ("max.block.ms", "how long send() may block"),
    (
        "max.in.flight.requests.per.connection",
        "how many requests may be out without an answer",
    ),
    ("max.request.size", "how large a request may be, in bytes"),
    (
        "partitioner.adaptive.partitioning.enable",
        "whether records without a key avoid slow brokers",
    ),
    (
        "partitioner.availability.timeout.ms",
        "after what time a broker counts as not available",
    ),
    (
        "partitioner.class",
        "another partitioner than the built-in one",
    ),
    (
        "partitioner.ignore.keys",
        "whether keys have no say in the partition",
    ),
    ("retries", "how often a batch is sent again"),
    (
        "transaction.timeout.ms",
        "how long a transaction may be open",
    ),
    (
        "transactional.id",
        "its name for transactions; who has it later fences who had it",
    ),
    // Consumers.
    ("auto.commit.interval.ms", "how often it commits by itself"),
    ("check.crcs", "whether it looks for damaged batches"),
    ("enable.auto.commit", "whether it commits by itself"),
    (
        "exclude.internal.topics",
        "whether a pattern leaves internal topics out",
    ),
    (
        "fetch.max.bytes",
        "how much an answer holds at most, in bytes",
    ),
    (
        "fetch.max.wait.ms",
        "how long a broker waits for fetch.min.bytes",
    ),
    ("fetch.min.bytes", "how much is worth an answer, in bytes"),
    (
        "group.instance.id",
        "its name as a static member, which may go and come back",
    ),
    (
        "group.protocol",
        "who computes the assignment: a member, or the coordinator (KIP-848)",
    ),
    (
        "group.remote.assignor",
        "the coordinator's assignor, with group.protocol=consumer",
    ),
    ("heartbeat.interval.ms", "how often it says that it lives"),
    (
        "internal.leave.group.on.close",
        "whether it leaves its group when it is closed",
    ),
    (
        "isolation.level",
        "whether it sees records of open and aborted transactions",
    ),
    (
        "max.partition.fetch.bytes",
        "how much of a partition an answer holds, in bytes",
    ),
    (
        "max.poll.interval.ms",
        "how long its application may take between two poll()s",
    ),
    (
        "max.poll.records",
        "how many records poll() returns at most",
    ),
    (
        "partition.assignment.strategy",
        "the assignors that it can do, the best first",
    ),
    (
        "session.timeout.ms",
        "after what silence its coordinator takes it for dead",
    ),
    // Groups.
    (
        "consumer.heartbeat.interval.ms",
        "how often members by KIP-848 are to say that they live",
    ),
    (
        "consumer.session.timeout.ms",
        "after what silence a member by KIP-848 is taken for dead",
    ),
    (
        "share.auto.offset.reset",
        "where a share group begins in a partition that is new to it",
    ),
    (
        "share.heartbeat.interval.ms",
        "how often members of a share group are to say that they live",
    ),
    (
        "share.record.lock.duration.ms",
        "how long a member of a share group has a record before others may have it",
    ),
    (
        "share.session.timeout.ms",
        "after what silence a member of a share group is taken for dead",
    ),
    // Topics.
    (
        "cleanup.policy",
        "whether old records are deleted, or only the last of each key kept",
    ),
    (
        "compression.type",
        "how batches are compressed; producer: as they come",
    ),
    (
        "delete.retention.ms",
        "how long a compacted log keeps tombstones",
    ),
    (
        "max.compaction.lag.ms",
        "after what time a record may be compacted away at the latest",
    ),
    ("max.message.bytes", "how large a batch may be, in bytes"),
    (
        "message.timestamp.after.max.ms",
        "how far ahead of the broker's clock a timestamp may be",
    ),
    (
        "message.timestamp.before.max.ms",
        "how far behind the broker's clock a timestamp may be",
    ),
    (
        "message.timestamp.type",
        "whose clock gives the timestamp: the producer's or the broker's",
    ),
    (
        "min.cleanable.dirty.ratio",
        "how much of a log is new before it is compacted",
    ),
    (
        "min.compaction.lag.ms",
        "how long a record is safe from compaction",
    ),
    (
        "min.insync.replicas",
        "how many replicas must be in sync for acks=all",
    ),
    (
        "retention.bytes",
        "how large a partition may grow, in bytes; -1 for any size",
    ),
    ("retention.ms", "how long records stay; -1 for ever"),
    (
        "segment.bytes",
        "how large a file of the log grows, in bytes",
    ),
    (
        "segment.jitter.ms",
        "how much segment.ms is shortened at random",
    ),
    ("segment.ms", "after what time a new file is begun"),
    (
        "unclean.leader.election.enable",
        "whether a replica that lacks records may lead",
    ),
];
