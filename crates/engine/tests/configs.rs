//! Lessons about settings that are changed while the cluster runs: where a value
//! comes from, what it comes to, and what is refused. Lines are as the tool
//! `kafka-configs` prints them in the recordings `configs-topic`,
//! `configs-topic-all` and `configs-brokers`.

mod support;

use engine::client::{Acks, ConsumerConfig, GroupProtocol, ShareConsumerConfig};
use engine::protocol::{AlterConfigsResource, AlterableConfig, ConfigOperation, ConfigResource};
use engine::{Command, ErrorCode, Event, EventKind, World};
use support::cluster::*;
use support::configs::*;
use support::{run_ms, start, try_admin_call};

fn orders() -> ConfigResource {
    ConfigResource::topic("orders")
}

fn group() -> ConfigResource {
    ConfigResource::group("g1")
}

fn cluster_with_orders(seed: u64) -> World {
    let mut world = cluster(seed);
    create(&mut world, "orders", "1:2:3", &[]);
    world
}

fn refused(code: ErrorCode, message: &str) -> (ErrorCode, String) {
    (code, message.to_owned())
}

#[test]
fn a_topics_settings_come_and_go() {
    let mut world = cluster_with_orders(1);
    assert_eq!(describe_dynamic(&mut world, &orders()), [""; 0]);
    alter(&mut world, &orders(), &["retention.ms=3600000"]);
    alter(
        &mut world,
        &orders(),
        &["cleanup.policy=compact,delete", "segment.bytes=1048576"],
    );
    assert_eq!(
        describe_dynamic(&mut world, &orders()),
        [
            "cleanup.policy=compact,delete sensitive=false \
             synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, \
             DEFAULT_CONFIG:log.cleanup.policy=delete}",
            "retention.ms=3600000 sensitive=false \
             synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=3600000}",
            "segment.bytes=1048576 sensitive=false \
             synonyms={DYNAMIC_TOPIC_CONFIG:segment.bytes=1048576, \
             DEFAULT_CONFIG:log.segment.bytes=1073741824}",
        ]
    );
    alter(
        &mut world,
        &orders(),
        &["retention.ms=5", "cleanup.policy", "segment.bytes"],
    );
    assert_eq!(
        describe_dynamic(&mut world, &orders()),
        ["retention.ms=5 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=5}"]
    );
}

/// What nobody has set comes from the brokers, under other names: a value that
/// was given to all of them while they ran, one of `server.properties`, or
/// Kafka's default.
#[test]
fn what_a_topic_does_not_say_itself_comes_from_the_brokers() {
    let mut world = cluster_with_orders(2);
    alter(&mut world, &orders(), &["retention.ms=3600000"]);
    let all = describe_all(&mut world, &orders());
    for line in [
        "compression.zstd.level=3 sensitive=false synonyms={DEFAULT_CONFIG:compression.zstd.level=3}",
        "flush.ms=9223372036854775807 sensitive=false synonyms={}",
        "follower.replication.throttled.replicas= sensitive=false synonyms={}",
        "max.message.bytes=1048588 sensitive=false synonyms={DEFAULT_CONFIG:message.max.bytes=1048588}",
        "message.downconversion.enable=true sensitive=false \
         synonyms={DEFAULT_CONFIG:log.message.downconversion.enable=true}",
        "remote.storage.enable=false sensitive=false synonyms={}",
        "retention.ms=3600000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=3600000}",
        "segment.ms=604800000 sensitive=false synonyms={}",
    ] {
        assert!(all.contains(&line.to_owned()), "{line}: {all:#?}");
    }
    assert_eq!(all.len(), 36);
    let brokers = ConfigResource::all_brokers();
    alter(
        &mut world,
        &brokers,
        &["log.retention.ms=7200000", "min.insync.replicas=2"],
    );
    let after = describe_all(&mut world, &orders());
    let changed: Vec<&String> = after.iter().filter(|line| !all.contains(line)).collect();
    assert_eq!(
        changed,
        [
            "min.insync.replicas=2 sensitive=false \
             synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:min.insync.replicas=2, \
             DEFAULT_CONFIG:min.insync.replicas=1}",
            "retention.ms=3600000 sensitive=false \
             synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=3600000, \
             DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=7200000, \
             DEFAULT_CONFIG:log.retention.hours=168}",
        ]
    );
}

#[test]
fn a_brokers_settings_are_its_own() {
    let mut world = cluster(3);
    let (one, two) = (ConfigResource::broker(1), ConfigResource::broker(2));
    alter(&mut world, &one, &["log.cleaner.threads=2"]);
    assert_eq!(
        describe_dynamic(&mut world, &one),
        ["log.cleaner.threads=2 sensitive=false \
          synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=2, \
          DEFAULT_CONFIG:log.cleaner.threads=1}"]
    );
    assert_eq!(describe_dynamic(&mut world, &two), [""; 0]);
    assert_eq!(world.brokers()[&1].config.cleaner.threads, 2);
    assert_eq!(world.brokers()[&2].config.cleaner.threads, 1);
    let of_file = "num.partitions=3 sensitive=false synonyms={STATIC_BROKER_CONFIG:\
                   num.partitions=3, DEFAULT_CONFIG:num.partitions=1}";
    let all = describe_all(&mut world, &two);
    assert!(all.contains(&of_file.to_owned()), "{all:#?}");
    // A restart changes nothing: it reads them from the metadata log.
    kill(&mut world, 1);
    start_broker(&mut world, 1);
    wait_brokers(&mut world, 3);
    assert_eq!(world.brokers()[&1].config.cleaner.threads, 2);
    alter(&mut world, &one, &["log.cleaner.threads"]);
    assert_eq!(describe_dynamic(&mut world, &one), [""; 0]);
    assert_eq!(world.brokers()[&1].config.cleaner.threads, 1);
}

#[test]
fn what_brokers_do_not_take_while_they_run() {
    let mut world = cluster(4);
    let (one, all) = (ConfigResource::broker(1), ConfigResource::all_brokers());
    let mut is_refused = |of: &ConfigResource, change: &str, message: &str| {
        let expected = refused(ErrorCode::InvalidRequest, message);
        assert_eq!(try_alter(&mut world, of, &[change]), expected, "{change}");
    };
    is_refused(
        &one,
        "num.partitions=9",
        "Cannot update these configs dynamically: Set(num.partitions)",
    );
    is_refused(
        &one,
        "log.cleaner.threads=-1",
        "Invalid value -1 for configuration log.cleaner.threads: Value must be at least 0",
    );
    is_refused(
        &all,
        "log.cleaner.threads=3",
        "Invalid value org.apache.kafka.common.config.ConfigException: Log cleaner threads cannot \
         be increased to more than double the current value 1 for configuration Invalid dynamic \
         configuration",
    );
    is_refused(
        &one,
        "num.io.threads=17",
        "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update \
         validation failed for num.io.threads=17, value should not be greater than double the \
         current value 8 for configuration Invalid dynamic configuration",
    );
    is_refused(
        &one,
        "ssl.keystore.type=PKCS12",
        "These security configs can be dynamically updated only per-listener using the listener \
         prefix: Set(ssl.keystore.type)",
    );
    is_refused(
        &all,
        "listeners=PLAINTEXT://:1",
        "Cannot update these configs at default cluster level, broker id must be specified: \
         Set(listeners)",
    );
    assert_eq!(describe_dynamic(&mut world, &one), [""; 0]);
    assert_eq!(describe_dynamic(&mut world, &all), [""; 0]);
    // Of the settings of all brokers those are told that somebody has set.
    alter(&mut world, &all, &["message.max.bytes=2000000"]);
    assert_eq!(
        describe_dynamic(&mut world, &all),
        ["message.max.bytes=2000000 sensitive=false \
          synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=2000000}"]
    );
}

/// The client waits for the broker to appear, until its time is over.
#[test]
fn the_settings_of_a_broker_that_there_is_not_are_waited_for() {
    use engine::protocol::{DescribeConfigsRequest, DescribeConfigsResource, Request};
    let mut world = cluster(5);
    let request = Request::DescribeConfigs(DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource: ConfigResource::broker(9),
            configuration_keys: None,
        }],
        include_synonyms: true,
    });
    assert_eq!(try_admin_call(&mut world, request), None);
}

#[test]
fn what_is_refused_of_topics() {
    let mut world = cluster_with_orders(6);
    let invalid = ErrorCode::InvalidConfig;
    for (changes, message) in [
        (vec!["nope=1"], "Unknown topic config name: nope"),
        (
            vec!["retention.ms=x"],
            "Invalid value x for configuration retention.ms: Not a number of type LONG",
        ),
        (
            vec!["min.compaction.lag.ms=2", "max.compaction.lag.ms=1"],
            "conflict topic config setting min.compaction.lag.ms (2) > max.compaction.lag.ms (1)",
        ),
    ] {
        let answer = try_alter(&mut world, &orders(), &changes);
        assert_eq!(answer, refused(invalid, message));
    }
    // All changes of a topic are made, or none.
    try_alter(&mut world, &orders(), &["retention.ms=1000", "nope=1"]);
    assert_eq!(describe_dynamic(&mut world, &orders()), [""; 0]);
    assert_eq!(
        try_alter(
            &mut world,
            &ConfigResource::topic("ghost"),
            &["retention.ms=1"]
        ),
        refused(
            ErrorCode::UnknownTopicOrPartition,
            "The topic 'ghost' does not exist."
        )
    );
    assert_eq!(
        try_alter(&mut world, &ConfigResource::topic(""), &[]),
        refused(
            ErrorCode::InvalidRequest,
            "Default topic resources are not allowed."
        )
    );
    assert_eq!(
        described(&mut world, &ConfigResource::topic("ghost")).map(|configs| configs.len()),
        Err((ErrorCode::UnknownTopicOrPartition, None))
    );
}

#[test]
fn what_is_refused_of_a_request() {
    let mut world = cluster_with_orders(7);
    let change = |configs: Vec<AlterableConfig>| AlterConfigsResource {
        resource: orders(),
        configs,
    };
    let retention = || AlterableConfig::set("retention.ms", "1000");
    let users = AlterConfigsResource {
        resource: group(),
        configs: vec![AlterableConfig::set("consumer.session.timeout.ms", "50000")],
    };
    // What is named twice is refused, the rest is done.
    let twice = vec![users, change(vec![retention()]), change(vec![])];
    let message = "Each resource must appear at most once.";
    assert_eq!(
        alter_all(&mut world, twice, false),
        [
            refused(ErrorCode::None, ""),
            refused(ErrorCode::InvalidRequest, message),
            refused(ErrorCode::InvalidRequest, message),
        ]
    );
    let mut answer = |config: Vec<AlterableConfig>| alter_with(&mut world, &orders(), config);
    assert_eq!(
        answer(vec![retention(), retention()]),
        refused(
            ErrorCode::InvalidRequest,
            "Error due to duplicate config keys"
        )
    );
    let null = AlterableConfig {
        value: None,
        ..retention()
    };
    assert_eq!(
        answer(vec![null]),
        refused(
            ErrorCode::InvalidRequest,
            "Null value not supported for : retention.ms"
        )
    );
    assert_eq!(
        answer(vec![list_change(
            "retention.ms",
            ConfigOperation::Append,
            "1"
        )]),
        refused(
            ErrorCode::InvalidConfig,
            "Can't APPEND to key retention.ms because its type is not LIST."
        )
    );
    // Whether it could be done may be asked without doing it.
    let only = alter_all(&mut world, vec![change(vec![retention()])], true);
    assert_eq!(only, [refused(ErrorCode::None, "")]);
    assert_eq!(describe_dynamic(&mut world, &orders()), [""; 0]);
}

#[test]
fn lists_are_added_to_and_taken_from_their_default_too() {
    let mut world = cluster_with_orders(8);
    let policy = |operation, value| vec![list_change("cleanup.policy", operation, value)];
    let value = |world: &mut World| {
        let configs = described(world, &orders()).expect("they are told");
        let found = configs.into_iter().find(|it| it.name == "cleanup.policy");
        found.and_then(|it| it.value).unwrap_or_default()
    };
    alter_with(
        &mut world,
        &orders(),
        policy(ConfigOperation::Append, "compact,delete"),
    );
    assert_eq!(value(&mut world), "delete,compact");
    alter_with(
        &mut world,
        &orders(),
        policy(ConfigOperation::Subtract, "delete"),
    );
    assert_eq!(value(&mut world), "compact");
}

/// As the recording `retention` has it: nothing is deleted until somebody says
/// that records are to be kept for a second only.
#[test]
fn a_shorter_retention_deletes_what_is_older() {
    let mut world = cluster_with_orders(9);
    send(&mut world, Acks::All, "orders-0", &["a"]);
    run_ms(&mut world, 10_000);
    assert_eq!(held(&world, 1, "orders-0").log.start_offset(), 0);
    alter(&mut world, &orders(), &["retention.ms=1000"]);
    run_ms(&mut world, 5_000);
    assert_eq!(held(&world, 1, "orders-0").log.start_offset(), 1);
}

#[test]
fn with_more_replicas_asked_of_all_topics_writes_are_refused() {
    let mut world = cluster_with_orders(10);
    kill(&mut world, 3);
    kill(&mut world, 2);
    wait_isr(&mut world, "orders-0", &[1]);
    assert_eq!(
        send(&mut world, Acks::All, "orders-0", &["a"]),
        ["orders-0@0"]
    );
    alter(
        &mut world,
        &ConfigResource::all_brokers(),
        &["min.insync.replicas=2"],
    );
    let refused = send(&mut world, Acks::All, "orders-0", &["b"]);
    assert!(refused[0].contains("Exception"), "{refused:?}");
    // A topic's own value comes before that of the brokers.
    alter(&mut world, &orders(), &["min.insync.replicas=1"]);
    assert_eq!(
        send(&mut world, Acks::All, "orders-0", &["c"]),
        ["orders-0@1"]
    );
}

/// The controller goes by what all brokers were given, too.
#[test]
fn unclean_elections_can_be_allowed_for_all_topics() {
    let mut world = cluster(11);
    create(&mut world, "orders", "1:2", &[]);
    alter(
        &mut world,
        &ConfigResource::all_brokers(),
        &["unclean.leader.election.enable=true"],
    );
    kill(&mut world, 2);
    wait_isr(&mut world, "orders-0", &[1]);
    kill(&mut world, 1);
    wait_leader(&mut world, "orders-0", None);
    start_broker(&mut world, 2);
    wait_leader(&mut world, "orders-0", Some(2));
}

/// Where nobody in sync is left, the controller looks every five minutes whether
/// it may elect another by now.
#[test]
fn a_partition_without_a_leader_gets_one_when_its_topic_allows_it_later() {
    let mut world = cluster(17);
    create(&mut world, "orders", "1:2", &[]);
    kill(&mut world, 2);
    wait_isr(&mut world, "orders-0", &[1]);
    kill(&mut world, 1);
    wait_leader(&mut world, "orders-0", None);
    start_broker(&mut world, 2);
    run_ms(&mut world, 310_000);
    assert_eq!(leader(&world, "orders"), None, "it is not allowed");
    let setting = "unclean.leader.election.enable=true";
    alter(&mut world, &orders(), &[setting]);
    assert_eq!(leader(&world, "orders"), None, "not at once");
    run_ms(&mut world, 300_000);
    assert_eq!(leader(&world, "orders"), Some(2));
}

#[test]
fn a_group_may_have_settings_before_there_is_such_a_group() {
    let mut world = cluster(12);
    assert_eq!(describe_dynamic(&mut world, &group()), [""; 0]);
    alter(&mut world, &group(), &["consumer.session.timeout.ms=50000"]);
    assert_eq!(
        describe_dynamic(&mut world, &group()),
        ["consumer.session.timeout.ms=50000 sensitive=false \
          synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000}"]
    );
    assert_eq!(
        describe_all(&mut world, &ConfigResource::group("other")),
        [
            "consumer.heartbeat.interval.ms=5000 sensitive=false synonyms={}",
            "consumer.session.timeout.ms=45000 sensitive=false synonyms={}",
            "share.auto.offset.reset=latest sensitive=false synonyms={}",
            "share.heartbeat.interval.ms=5000 sensitive=false synonyms={}",
            "share.record.lock.duration.ms=30000 sensitive=false synonyms={}",
            "share.session.timeout.ms=45000 sensitive=false synonyms={}",
        ]
    );
}

/// A group's settings lie within the broker's bounds.
#[test]
fn what_is_refused_of_groups() {
    let mut world = cluster_with(13, &[("group.consumer.min.heartbeat.interval.ms", "1000")]);
    for (changes, message) in [
        (&["nope=1"][..], "Unknown group config name: nope"),
        (
            &["consumer.session.timeout.ms=44999"],
            "consumer.session.timeout.ms must be greater than or equal to \
             group.consumer.min.session.timeout.ms",
        ),
        (
            &["consumer.session.timeout.ms=60001"],
            "consumer.session.timeout.ms must be less than or equal to \
             group.consumer.max.session.timeout.ms",
        ),
        (
            &["consumer.heartbeat.interval.ms=999"],
            "consumer.heartbeat.interval.ms must be greater than or equal to \
             group.consumer.min.heartbeat.interval.ms",
        ),
        (
            &["share.record.lock.duration.ms=61000"],
            "share.record.lock.duration.ms must be less than or equal to \
             group.share.max.record.lock.duration.ms",
        ),
        (
            &["share.heartbeat.interval.ms=0"],
            "Invalid value 0 for configuration share.heartbeat.interval.ms: Value must be at least 1",
        ),
        (
            &["share.auto.offset.reset=none"],
            "Invalid value none for configuration share.auto.offset.reset: String must be one of: \
             latest, earliest",
        ),
    ] {
        let answer = try_alter(&mut world, &group(), changes);
        assert_eq!(answer, refused(ErrorCode::InvalidConfig, message));
    }
    assert_eq!(
        try_alter(&mut world, &ConfigResource::group(""), &[]),
        refused(
            ErrorCode::InvalidRequest,
            "Default group resources are not allowed."
        )
    );
    let message = Some("Group name must not be empty".to_owned());
    assert_eq!(
        described(&mut world, &ConfigResource::group("")).map(|configs| configs.len()),
        Err((ErrorCode::InvalidRequest, message))
    );
}

/// Bounds that allow what the lessons want to show.
const WIDE: &[(&str, &str)] = &[
    ("group.consumer.min.session.timeout.ms", "6000"),
    ("group.consumer.min.heartbeat.interval.ms", "1000"),
    ("group.share.min.session.timeout.ms", "6000"),
    ("group.share.min.record.lock.duration.ms", "1000"),
];

/// The sooner a member counts as dead, the sooner others have its partitions.
/// Its session is as long as it was when it last called.
#[test]
fn a_groups_session_timeout_says_when_a_silent_member_is_taken_out() {
    let mut world = cluster_with(14, WIDE);
    create(&mut world, "orders", "1,2", &[]);
    let add = |world: &mut World, group: &str| {
        let config = ConsumerConfig {
            group_protocol: GroupProtocol::Consumer,
            ..ConsumerConfig::of_group(group)
        };
        let topics = vec!["orders".into()];
        start(world, Command::AddConsumer { config, topics })
    };
    alter(
        &mut world,
        &group(),
        &[
            "consumer.session.timeout.ms=10000",
            "consumer.heartbeat.interval.ms=3000",
        ],
    );
    let mut lasting_ms = Vec::new();
    for name in ["g1", "other"] {
        let (_, victim) = (add(&mut world, name), add(&mut world, name));
        run_ms(&mut world, 15_000);
        world.execute(Command::Crash { client: victim }).unwrap();
        let members = |world: &World| world.consumer_groups()[name].1.members().len();
        assert_eq!(members(&world), 2);
        let before = world.now();
        while members(&world) == 2 {
            run_ms(&mut world, 100);
        }
        lasting_ms.push(world.now().us_since(before) / 1_000);
    }
    assert!((7_000..=10_100).contains(&lasting_ms[0]), "{lasting_ms:?}");
    assert!((40_000..=45_100).contains(&lasting_ms[1]), "{lasting_ms:?}");
}

fn share_events(events: &[Event], name: &str) -> usize {
    let is_such = |event: &&Event| match &event.kind {
        EventKind::Share(event) => format!("{event:?}").starts_with(name),
        _ => false,
    };
    events.iter().filter(is_such).count()
}

fn share_worker(world: &mut World, processing_ms: u64) -> u32 {
    let config = ShareConsumerConfig {
        processing_us: processing_ms * 1_000,
        ..ShareConsumerConfig::of_group("g1")
    };
    let topics = vec!["orders".into()];
    start(world, Command::AddShareConsumer { config, topics })
}

#[test]
fn a_share_group_can_begin_with_the_first_record() {
    for (reset, expected) in [("earliest", 3), ("latest", 0)] {
        let mut world = cluster_with_orders(15);
        let setting = format!("share.auto.offset.reset={reset}");
        alter(&mut world, &group(), &[&setting]);
        send(&mut world, Acks::All, "orders-0", &["a", "b", "c"]);
        share_worker(&mut world, 0);
        run_ms(&mut world, 10_000);
        let key = partition("orders-0");
        let shared = world.share_partition("g1", &key).expect("it is shared");
        assert_eq!(
            shared.start_offset(),
            3,
            "all are done with, or passed over"
        );
        let consumer = &world.clients().values().next_back().expect("it runs");
        let processed = match consumer {
            engine::client::Client::ShareConsumer(it) => it.records_processed(),
            other => panic!("{other:?}"),
        };
        assert_eq!(processed, expected, "{reset}");
    }
}

/// Whoever has a record already keeps it as long as was said when it got it.
#[test]
fn a_groups_lock_duration_holds_for_records_that_are_handed_out_from_then_on() {
    let mut world = cluster_with(16, WIDE);
    create(&mut world, "orders", "1", &[]);
    share_worker(&mut world, 1_000_000);
    run_ms(&mut world, 8_000);
    send(&mut world, Acks::All, "orders-0", &["a"]);
    run_ms(&mut world, 1_000);
    alter(
        &mut world,
        &group(),
        &["share.record.lock.duration.ms=2000"],
    );
    let events = run_ms(&mut world, 15_000);
    assert_eq!(share_events(&events, "AcquisitionLockExpired"), 0);
    share_worker(&mut world, 1_000_000);
    let events = run_ms(&mut world, 20_000);
    let expired = share_events(&events, "AcquisitionLockExpired");
    assert!(expired >= 2, "{expired}: that of 30 s and then one of 2 s");
}
