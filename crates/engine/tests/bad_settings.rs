//! What Kafka's clients refuse in their settings: the exception, its words, and
//! nothing has changed. What takes effect all the same does what Kafka does.

mod support;

use engine::client::{AdminConfig, ConsumerConfig, ProducerConfig, ShareConsumerConfig};
use engine::command::{ClientNumber, Refusal};
use engine::protocol::{CreateTopicsRequest, Request};
use engine::{Command, Event, EventKind, World};
use serde_json::Value;
use support::cluster::*;
use support::{create_topic, run_ms, world_with_topic};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Producer,
    Consumer,
    ShareConsumer,
    Admin,
}

use Kind::{Admin, Consumer, Producer, ShareConsumer};

type Settings<'a> = &'a [(&'a str, &'a str)];

/// What starts a client with these settings; a consumer subscribes to `t` when
/// it has a group. A share consumer's is `web`.
fn command(kind: Kind, settings: Settings) -> Result<Command, Refusal> {
    let (mut producer, mut admin) = (ProducerConfig::default(), AdminConfig::default());
    let mut consumer = ConsumerConfig::of_group("");
    let mut share = ShareConsumerConfig::of_group("web");
    for (name, value) in settings {
        match kind {
            Producer => producer.set(name, value)?,
            Consumer => consumer.set(name, value)?,
            ShareConsumer => share.set(name, value)?,
            Admin => admin.set(name, value)?,
        };
    }
    let topics = consumer.has_group().then(|| "t".into());
    Ok(match kind {
        Producer => Command::AddProducer {
            config: producer,
            workload: None,
        },
        Consumer => Command::AddConsumer {
            config: consumer,
            topics: topics.into_iter().collect(),
        },
        ShareConsumer => Command::AddShareConsumer {
            config: share,
            topics: vec!["t".into()],
        },
        Admin => Command::AddAdmin { config: admin },
    })
}

fn add(world: &mut World, kind: Kind, settings: Settings) -> Result<Vec<Event>, Refusal> {
    Ok(world.execute(command(kind, settings)?)?.events)
}

/// How a client with these settings is refused; nothing has changed.
fn refusal(kind: Kind, settings: Settings) -> (&'static str, String) {
    let mut world = world_with_topic(61, "t", 1);
    let before = world.digest();
    let refusal = add(&mut world, kind, settings).expect_err("a refusal");
    assert_eq!(world.digest(), before, "something has changed");
    let exception = refusal.exception().expect("Kafka's client throws");
    (exception, refusal.to_string())
}

fn refused(kind: Kind, settings: Settings, exception: &str, message: &str) {
    let (thrown, said) = refusal(kind, settings);
    assert_eq!(
        (thrown, said.as_str()),
        (exception, message),
        "{settings:?}"
    );
}

/// A client that starts with these settings; it is the first.
fn started(kind: Kind, settings: Settings) -> (World, ClientNumber, Vec<String>) {
    let mut world = cluster(62);
    create_topic(&mut world, "t", 1);
    let outcome = world.execute(command(kind, settings).expect("settings"));
    let outcome = outcome.expect("they go together");
    let logged = outcome.events.iter().filter_map(|event| match &event.kind {
        EventKind::ClientLog { level, text, .. } => Some(format!("{} {text}", level.name())),
        _ => None,
    });
    let logged = logged.collect();
    (world, outcome.client.expect("a client"), logged)
}

/// A value that a setting does not take, the part of it that Kafka shows, and
/// why not.
type Wrong = (String, String, String);

fn wrong(value: impl ToString, why: impl ToString) -> Wrong {
    (value.to_string(), value.to_string(), why.to_string())
}

/// What a setting of this type does not take, whatever its range.
fn of_another_type(value_type: &str) -> Vec<Wrong> {
    let not_a_number = format!("Not a number of type {value_type}");
    let too_large = match value_type {
        "INT" => "2147483648",
        "LONG" => "9223372036854775808",
        "SHORT" => "32768",
        "DOUBLE" => return vec![wrong("abc", not_a_number)],
        "BOOLEAN" => return vec![wrong("abc", "Expected value to be either true or false")],
        "CLASS" => return vec![wrong("abc", "Class abc could not be found.")],
        _ => return Vec::new(),
    };
    ["abc", "", "1.5", too_large]
        .map(|value| wrong(value, &not_a_number))
        .to_vec()
}

/// What a setting does not take of which Kafka prints these valid values.
fn out_of_range(value_type: &str, valid: &str) -> Vec<Wrong> {
    let strings = |allowed: &str, how: &str| {
        wrong("nonsense", format!("String must be one of{how}: {allowed}"))
    };
    if valid == "non-empty string" {
        return vec![wrong("", "String must be non-empty")];
    }
    if let Some(allowed) = valid.strip_prefix("(case insensitive) ") {
        return vec![strings(
            allowed.trim_matches(['[', ']']),
            " (case insensitive)",
        )];
    }
    let Some((range, or)) = valid
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    else {
        return Vec::new();
    };
    let Some((min, max)) = range.split_once(",...") else {
        return vec![strings(range, "")];
    };
    let max = max.trim_start_matches(',');
    if value_type == "DOUBLE" {
        return vec![
            wrong("-0.5", format!("Value must be at least {min}")),
            wrong("1.5", format!("Value must be no more than {max}")),
        ];
    }
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let (below, above) = (
        number(min) - 1,
        max.parse().map_or(i64::MAX, |max: i64| max + 1),
    );
    if let Some(or) = or.strip_prefix(" or ") {
        let why = format!("Value must be between {min} and {max} or equal to {or}");
        return vec![wrong(below, &why), wrong(above, &why)];
    }
    let mut wrongs = vec![wrong(below, format!("Value must be at least {min}"))];
    if above <= i64::from(i32::MAX) {
        wrongs.push(wrong(above, format!("Value must be no more than {max}")));
    }
    wrongs
}

/// The settings of a consumer that a share consumer does not have.
const NOT_OF_SHARE_CONSUMERS: [&str; 10] = [
    "auto.offset.reset",
    "enable.auto.commit",
    "group.instance.id",
    "isolation.level",
    "partition.assignment.strategy",
    "interceptor.classes",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "group.protocol",
    "group.remote.assignor",
];

/// Goes through all settings of a kind of client as Kafka itself describes
/// them; returns how many values were refused.
fn every_setting_refuses(kind: Kind, section: &str) -> usize {
    let recorded: Value =
        serde_json::from_str(include_str!("vectors/config_defaults.json")).expect("JSON");
    let settings = recorded[section].as_object().expect("settings by name");
    let mut world = world_with_topic(63, "t", 1);
    let before = world.digest();
    let mut count = 0;
    for (name, setting) in settings {
        let value_type = setting["type"].as_str().expect("a type");
        let valid = setting["valid"].as_str().unwrap_or_default();
        let wrongs = [of_another_type(value_type), out_of_range(value_type, valid)].concat();
        let has_not = kind == ShareConsumer && NOT_OF_SHARE_CONSUMERS.contains(&name.as_str());
        for (value, shown, why) in wrongs {
            let refusal = add(&mut world, kind, &[(name, &value)]).expect_err(name);
            let message = match has_not {
                true => format!("{name} cannot be set when using a share group."),
                false => format!("Invalid value {shown} for configuration {name}: {why}"),
            };
            assert_eq!(refusal.to_string(), message);
            assert_eq!(refusal.exception(), Some("ConfigException"));
            count += 1;
        }
    }
    assert_eq!(world.digest(), before, "something has changed");
    count
}

#[test]
fn every_setting_of_a_producer_refuses_what_it_does_not_take() {
    assert!(every_setting_refuses(Producer, "producer") > 150);
}

#[test]
fn every_setting_of_a_consumer_refuses_what_it_does_not_take() {
    assert!(every_setting_refuses(Consumer, "consumer") > 150);
}

#[test]
fn every_setting_of_a_share_consumer_refuses_what_it_does_not_take() {
    assert!(every_setting_refuses(ShareConsumer, "consumer") > 150);
}

#[test]
fn every_setting_of_an_admin_client_refuses_what_it_does_not_take() {
    assert!(every_setting_refuses(Admin, "admin") > 100);
}

/// Kafka's client says so in a line of its log that its tools do not show.
#[test]
fn a_setting_that_there_is_not_is_let_through() {
    for kind in [Producer, Consumer, ShareConsumer, Admin] {
        let (_, _, logged) = started(kind, &[("no.such.setting", "1")]);
        assert_eq!(logged, <[String; 0]>::default());
    }
}

const IDEMPOTENT: (&str, &str) = ("enable.idempotence", "true");

#[test]
fn settings_of_an_idempotent_producer_that_contradict_each_other() {
    let in_flight = "To use the idempotent producer, max.in.flight.requests.per.connection must \
                     be set to at most 5. Current value is 6.";
    let six = ("max.in.flight.requests.per.connection", "6");
    let transactional = "Cannot set a transactional.id without also enabling idempotence.";
    for (settings, message) in [
        (
            &[IDEMPOTENT, ("acks", "1")][..],
            "Must set acks to all in order to use the idempotent producer. Otherwise we cannot \
             guarantee idempotence.",
        ),
        (
            &[IDEMPOTENT, ("retries", "0")],
            "Must set retries to non-zero when using the idempotent producer.",
        ),
        (&[six], in_flight),
        // Though acks=1 switches idempotence off, where nobody asked for it.
        (&[("acks", "1"), six], in_flight),
        (
            &[
                ("transactional.id", "shop"),
                ("enable.idempotence", "false"),
            ],
            transactional,
        ),
        (
            &[("transactional.id", "shop"), ("acks", "1")],
            transactional,
        ),
        (
            &[("delivery.timeout.ms", "120000"), ("linger.ms", "100000")],
            "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms",
        ),
    ] {
        refused(Producer, settings, "ConfigException", message);
    }
    started(Producer, &[("enable.idempotence", "false"), six]);
}

/// What was not asked for gives way to what was.
#[test]
fn idempotence_and_the_delivery_timeout_give_way_when_they_were_not_set() {
    let with = |settings: Settings| {
        let mut config = ProducerConfig::default();
        for (name, value) in settings {
            config.set(name, value).expect("a setting");
        }
        config.check().expect("they go together");
        config
    };
    assert!(with(&[]).is_idempotent());
    assert!(!with(&[("acks", "1")]).is_idempotent());
    assert!(!with(&[("retries", "0")]).is_idempotent());
    let slow = with(&[("linger.ms", "100000")]);
    assert_eq!(slow.delivery_timeout_ms(), 130_000);
    let (_, _, logged) = started(Producer, &[("linger.ms", "100000")]);
    let warning = "WARN delivery.timeout.ms should be equal to or larger than linger.ms + \
                   request.timeout.ms. Setting it to 130000.";
    assert_eq!(logged, [warning]);
}

#[test]
fn a_partitioner_that_there_is_not_or_that_makes_no_sense() {
    refused(
        Producer,
        &[("partitioner.class", "my.Own")],
        "ConfigException",
        "Invalid value my.Own for configuration partitioner.class: Class my.Own could not be found.",
    );
    refused(
        Producer,
        &[("partitioner.expression", "hash(key) %")],
        "ConfigException",
        "Invalid value hash(key) % for configuration partitioner.expression: At character 12, a \
         value is missing.",
    );
    refused(
        Producer,
        &[(
            "partitioner.class",
            "org.apache.kafka.common.serialization.StringSerializer",
        )],
        "KafkaException",
        "class org.apache.kafka.common.serialization.StringSerializer is not an instance of \
         org.apache.kafka.clients.producer.Partitioner",
    );
}

/// The settings that all clients have.
#[test]
fn addresses_security_and_classes_that_no_client_can_use() {
    let sasl = "Invalid value null for configuration sasl.mechanism: When the security.protocol \
                configuration enables SASL, mechanism must be non-null and non-empty string.";
    for kind in [Producer, Consumer, ShareConsumer, Admin] {
        for (settings, message) in [
            (
                &[("bootstrap.servers", "localhost")][..],
                "Invalid url in bootstrap.servers: localhost",
            ),
            (
                &[("bootstrap.servers", "a:9092, b c:9092")],
                "Invalid url in bootstrap.servers: b c:9092",
            ),
            (
                &[("bootstrap.servers", "localhost:70000")],
                "Invalid port in bootstrap.servers: localhost:70000",
            ),
            (
                &[("security.protocol", "sasl_ssl"), ("sasl.mechanism", "")],
                sasl,
            ),
        ] {
            refused(kind, settings, "ConfigException", message);
        }
        refused(
            kind,
            &[("metric.reporters", "my.Reporter")],
            "KafkaException",
            "Class my.Reporter cannot be found",
        );
        started(
            kind,
            &[(
                "bootstrap.servers",
                "PLAINTEXT://[::1]:9092,b-1.example:9093",
            )],
        );
    }
    for kind in [Producer, Consumer, ShareConsumer] {
        let message = "No resolvable bootstrap urls given in bootstrap.servers";
        refused(
            kind,
            &[("bootstrap.servers", "")],
            "ConfigException",
            message,
        );
    }
}

#[test]
fn settings_of_a_consumer_that_contradict_each_other() {
    refused(
        Consumer,
        &[("enable.auto.commit", "true")],
        "InvalidConfigurationException",
        "enable.auto.commit cannot be set to true when default group id (null) is used.",
    );
    refused(
        Consumer,
        &[("group.id", "web"), ("session.timeout.ms", "3000")],
        "IllegalArgumentException",
        "Heartbeat must be set lower than the session timeout",
    );
    // Nobody's heartbeat, and nobody's commits.
    started(Consumer, &[("session.timeout.ms", "3000")]);
    started(Consumer, &[("enable.auto.commit", "false")]);
}

/// Neither what comes of members being given partitions, nor of positions and
/// commits: the coordinator and the group's own settings decide that.
#[test]
fn a_share_consumer_does_not_have_what_belongs_to_other_groups() {
    let given = NOT_OF_SHARE_CONSUMERS.map(|name| (name, "x"));
    let all = NOT_OF_SHARE_CONSUMERS.join(", ");
    let message = format!("{all} cannot be set when using a share group.");
    refused(ShareConsumer, &given, "ConfigException", &message);
    refused(
        ShareConsumer,
        &[("group.id", " ")],
        "InvalidGroupIdException",
        "You must provide a valid group.id in the consumer configuration.",
    );
}

#[test]
fn groups_and_members_whose_names_cannot_be() {
    refused(
        Consumer,
        &[("group.id", " ")],
        "InvalidGroupIdException",
        "The configured group.id should not be an empty string or whitespace.",
    );
    for (name, why) in [
        (".", "'.' is not allowed"),
        (
            "shop 1",
            "'shop 1' contains one or more characters other than ASCII alphanumerics, '.', '_' \
             and '-'",
        ),
    ] {
        refused(
            Consumer,
            &[("group.id", "web"), ("group.instance.id", name)],
            "InvalidConfigurationException",
            &format!("Group instance id is invalid: {why}"),
        );
    }
}

#[test]
fn assignors_that_there_are_not_or_twice_or_not_at_all() {
    let strategy = "partition.assignment.strategy";
    let range = "org.apache.kafka.clients.consumer.RangeAssignor";
    let twice = format!("{range},{range}");
    let and_nothing = format!("{range},");
    let used_twice =
        format!("The assignor name: 'range' is used in more than one assignor: {range}, {range}");
    for (value, exception, message) in [
        (
            "com.example.Mine",
            "KafkaException",
            "com.example.Mine ClassNotFoundException exception occurred",
        ),
        (
            &and_nothing,
            "KafkaException",
            " ClassNotFoundException exception occurred",
        ),
        (&twice, "KafkaException", &used_twice),
        (
            "",
            "IllegalStateException",
            "Must configure at least one partition assigner class name to \
             partition.assignment.strategy configuration property",
        ),
    ] {
        let settings = [("group.id", "web"), (strategy, value)];
        refused(Consumer, &settings, exception, message);
    }
}

#[test]
fn settings_of_an_admin_client_that_contradict_each_other() {
    for (settings, message) in [
        (
            &[("default.api.timeout.ms", "20000")][..],
            "The specified value of default.api.timeout.ms must be no smaller than the value of \
             request.timeout.ms.",
        ),
        (
            &[
                ("bootstrap.servers", "localhost:9092"),
                ("bootstrap.controllers", "localhost:9093"),
            ],
            "You cannot set both bootstrap.servers and bootstrap.controllers",
        ),
        (
            &[("bootstrap.servers", "")],
            "You must set either bootstrap.servers or bootstrap.controllers",
        ),
    ] {
        refused(Admin, settings, "ConfigException", message);
    }
    let mut patient = AdminConfig::default();
    patient
        .set("request.timeout.ms", "90000")
        .expect("it is one");
    assert_eq!(patient.default_api_timeout_ms(), 90_000);
}

#[test]
fn what_is_odd_about_waiting_times_is_logged() {
    let (_, _, logged) = started(
        Consumer,
        &[
            ("retry.backoff.ms", "5000"),
            ("socket.connection.setup.timeout.ms", "60000"),
            ("reconnect.backoff.ms", "3000"),
        ],
    );
    assert_eq!(
        logged,
        [
            "WARN Configuration 'retry.backoff.ms' with value '5000' is greater than \
             configuration 'retry.backoff.max.ms' with value '1000'. A static backoff with value \
             '1000' will be applied.",
            "WARN Configuration 'socket.connection.setup.timeout.ms' with value '60000' is \
             greater than configuration 'socket.connection.setup.timeout.max.ms' with value \
             '30000'. A static connection setup timeout with value '30000' will be applied.",
            "WARN Disabling exponential reconnect backoff because reconnect.backoff.ms is set, \
             but reconnect.backoff.max.ms is not.",
        ]
    );
}

/// Given alone, `reconnect.backoff.ms` neither grows nor varies, in any client.
#[test]
fn a_client_waits_as_long_as_it_was_told_before_it_connects_again() {
    for kind in [Producer, Consumer, ShareConsumer, Admin] {
        let (mut world, client, _) = started(kind, &[("reconnect.backoff.ms", "7000")]);
        if kind == Admin {
            let topics = vec![new_topic("u", 1, 1)];
            let request = Request::CreateTopics(CreateTopicsRequest { topics });
            let admin = client;
            world
                .execute(Command::AdminCall { admin, request })
                .expect("a call");
        }
        run_ms(&mut world, 1_000);
        for broker in [1, 2, 3] {
            kill(&mut world, broker);
        }
        let mut waits = Vec::new();
        for _ in 0..200 {
            run_ms(&mut world, 100);
            let connection = world.clients()[&client].connection();
            for broker in [1, 2, 3] {
                let until = connection.backoff_until(world.now(), broker);
                waits.extend(until.map(|until| until.us_since(world.now())));
            }
        }
        let longest = waits.iter().max().copied();
        assert!(longest <= Some(7_000_000), "{kind:?} {longest:?}");
        assert!(longest >= Some(6_890_000), "{kind:?} {longest:?}");
    }
}

fn failures(events: &[Event]) -> Vec<(&str, &str)> {
    let failed = events.iter().filter_map(|event| match &event.kind {
        EventKind::ConsumerFailed {
            exception, message, ..
        } => Some((exception.as_str(), message.as_str())),
        _ => None,
    });
    failed.collect()
}

/// What the client takes, the broker may refuse.
#[test]
fn a_session_timeout_out_of_the_brokers_range_ends_the_consumer() {
    let range = [
        ("group.min.session.timeout.ms", "6000"),
        ("group.max.session.timeout.ms", "60000"),
    ];
    let message = "The session timeout is not within the range allowed by the broker (as \
                   configured by group.min.session.timeout.ms and group.max.session.timeout.ms).";
    for (timeout_ms, fails) in [
        ("5999", true),
        ("6000", false),
        ("60000", false),
        ("60001", true),
    ] {
        let mut world = cluster_with(64, &range);
        create_topic(&mut world, "t", 1);
        let settings = [("group.id", "web"), ("session.timeout.ms", timeout_ms)];
        add(&mut world, Consumer, &settings).expect("the client takes it");
        let events = run_ms(&mut world, 8_000);
        let expected = [("InvalidSessionTimeoutException", message)];
        assert_eq!(
            failures(&events),
            &expected[..usize::from(fails)],
            "{timeout_ms}"
        );
        let members = world
            .groups()
            .get("web")
            .map_or(0, |(_, group)| group.members().len());
        assert_eq!(members, usize::from(!fails));
    }
}

#[test]
fn a_group_that_is_full_takes_no_more_members() {
    let mut world = cluster_with(65, &[("group.max.size", "1")]);
    create_topic(&mut world, "t", 2);
    add(&mut world, Consumer, &[("group.id", "web")]).expect("the first");
    run_ms(&mut world, 8_000);
    add(&mut world, Consumer, &[("group.id", "web")]).expect("the client takes it");
    let events = run_ms(&mut world, 8_000);
    let message = "Consumer group web already has the configured maximum number of members.";
    assert_eq!(
        failures(&events),
        [("GroupMaxSizeReachedException", message)]
    );
    assert_eq!(world.groups()["web"].1.members().len(), 1);
}
