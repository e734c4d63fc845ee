//! Calls of admin clients.

use engine::collections::BTreeSet;

use super::support::cluster::{cluster, cluster_of_three_controllers};
use super::support::{consumer, run_ms};
use super::{BROKERS, TOPIC, admin, call, cluster_with_topic, create, execute, leader, partition};
use engine::command::ClientNumber;
use engine::protocol::{
    DeleteRecordsRequest, DescribeGroupsRequest, IsolationLevel, ListGroupsRequest,
    ListOffsetsRequest, Request, Response,
};
use engine::sim::Host;
use engine::{Command, Event, EventKind, TopicPartition, World};

/// The active controller dies while a topic is made: the call is answered when
/// there is another.
#[test]
fn a_call_outlives_the_controller() {
    for seed in 0..20 {
        let mut world = cluster_of_three_controllers(seed);
        let admin = admin(&mut world);
        let active = world.active_controller().expect("there is one").id();
        execute(&mut world, Command::KillController { controller: active });
        call(&mut world, admin, create(TOPIC, 3));
        let (answer, _) = answer(&mut world, admin, 60_000);
        let Ok(Response::CreateTopics(response)) = answer else {
            panic!("seed {seed}: {answer:?}");
        };
        assert!(
            response.topics[0].error_code.is_none(),
            "seed {seed}: {response:?}"
        );
        assert!(world.topics().contains_key(TOPIC), "seed {seed}");
    }
}

/// With no broker to ask, a call fails after `default.api.timeout.ms`.
#[test]
fn a_call_with_no_broker_alive_times_out_in_kafkas_words() {
    let mut world = cluster(1);
    for broker in BROKERS {
        execute(&mut world, Command::KillBroker { broker });
    }
    let admin = admin(&mut world);
    call(&mut world, admin, create(TOPIC, 1));
    let before = world.now();
    let (answer, events) = answer(&mut world, admin, 70_000);
    assert_eq!(
        answer,
        Err("Timed out waiting for a node assignment. Call: createTopics".to_owned())
    );
    assert!(world.now().us_since(before) >= 60_000_000);
    let logged = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::ClientLog { .. }));
    assert!(
        logged.count() <= 6,
        "two lines for each broker, not for each try"
    );
}

/// A broker that takes a call and stays silent: the call is sent to another
/// after `request.timeout.ms`.
#[test]
fn a_call_on_a_cut_link_goes_to_another_broker() {
    let mut world = cluster(1);
    let admin = admin(&mut world);
    call(&mut world, admin, create("first", 1));
    answer(&mut world, admin, 10_000).0.expect("an answer");
    // Whoever it asks next, it hears nothing of.
    call(&mut world, admin, create("second", 1));
    let asked = world.packets().find_map(|packet| match packet.to.host() {
        Host::Server(id) if packet.from.host() == Host::Client(admin) => Some(id),
        _ => None,
    });
    let one = vec![Host::Client(admin)];
    let other = vec![Host::Server(asked.expect("it asks somebody"))];
    let before = world.now();
    execute(&mut world, Command::Cut { one, other });
    answer(&mut world, admin, 60_000).0.expect("an answer");
    assert!(world.now().us_since(before) >= 30_000_000);
}

/// Calls about records go to the leaders, those about groups to the
/// coordinators, and the list of groups comes from all brokers: each is one
/// answer, in the order asked.
#[test]
fn calls_are_divided_and_put_together_again() {
    let mut world = cluster_with_topic(1, 6);
    let leaders: BTreeSet<i32> = (0..6).map(|number| leader(&world, number)).collect();
    assert!(leaders.len() > 1, "several lead");
    let groups: Vec<String> = (0..6).map(|number| format!("group-{number}")).collect();
    for group in &groups {
        consumer(&mut world, group, TOPIC);
    }
    run_ms(&mut world, 10_000);
    let coordinators: BTreeSet<i32> = world.groups().values().map(|(of, _)| of.id).collect();
    assert!(coordinators.len() > 1, "several coordinate");

    let admin = admin(&mut world);
    let partitions: Vec<_> = (0..6).rev().map(|number| (partition(number), 0)).collect();
    let wanted: Vec<TopicPartition> = partitions.iter().map(|(of, _)| of.clone()).collect();
    let delete = Request::DeleteRecords(DeleteRecordsRequest {
        partitions: partitions.clone(),
        timeout_ms: 30_000,
    });
    call(&mut world, admin, delete);
    let (deleted, _) = answer(&mut world, admin, 10_000);
    let Ok(Response::DeleteRecords(deleted)) = deleted else {
        panic!("{deleted:?}");
    };
    let asked: Vec<TopicPartition> = deleted
        .partitions
        .iter()
        .map(|(of, _)| of.clone())
        .collect();
    assert_eq!(asked, wanted);
    assert!(
        deleted
            .partitions
            .iter()
            .all(|(_, of)| of.error_code.is_none())
    );

    let latest = |of: &TopicPartition| (of.clone(), ListOffsetsRequest::LATEST);
    let list = Request::ListOffsets(ListOffsetsRequest {
        replica_id: None,
        isolation_level: IsolationLevel::ReadUncommitted,
        partitions: wanted.iter().map(latest).collect(),
    });
    call(&mut world, admin, list);
    let (listed, _) = answer(&mut world, admin, 10_000);
    let Ok(Response::ListOffsets(listed)) = listed else {
        panic!("{listed:?}");
    };
    let asked: Vec<TopicPartition> = listed.partitions.iter().map(|(of, _)| of.clone()).collect();
    assert_eq!(asked, wanted);

    call(
        &mut world,
        admin,
        Request::ListGroups(ListGroupsRequest::default()),
    );
    let (listed, _) = answer(&mut world, admin, 10_000);
    let Ok(Response::ListGroups(listed)) = listed else {
        panic!("{listed:?}");
    };
    let names: Vec<String> = listed.groups.into_iter().map(|of| of.group_id).collect();
    assert_eq!(names, groups);

    let describe = Request::DescribeGroups(DescribeGroupsRequest {
        groups: groups.clone(),
    });
    call(&mut world, admin, describe);
    let (described, _) = answer(&mut world, admin, 10_000);
    let Ok(Response::DescribeGroups(described)) = described else {
        panic!("{described:?}");
    };
    let states = described.groups.into_iter();
    let states: Vec<(String, String)> = states.map(|of| (of.group_id, of.group_state)).collect();
    let stable = groups.into_iter().map(|group| (group, "Stable".to_owned()));
    assert_eq!(states, stable.collect::<Vec<_>>());
}

/// Without a leader nobody can delete records: the client asks for metadata
/// again and again, and at last gives up.
#[test]
fn a_call_about_a_partition_without_a_leader_gives_up() {
    let mut world = cluster_with_topic(1, 1);
    let holders = BROKERS.into_iter().filter(|id| *id != 3);
    let admin = admin(&mut world);
    for broker in holders.chain([3]) {
        execute(&mut world, Command::KillBroker { broker });
        run_ms(&mut world, 15_000);
    }
    // One is back, but it was not the last in sync.
    execute(&mut world, Command::StartBroker { broker: 1 });
    run_ms(&mut world, 15_000);
    let request = Request::DeleteRecords(DeleteRecordsRequest {
        partitions: vec![(partition(0), 0)],
        timeout_ms: 30_000,
    });
    call(&mut world, admin, request);
    let (answer, _) = answer(&mut world, admin, 70_000);
    let message = answer.expect_err("nobody leads");
    assert!(
        message.starts_with("Call(callName=deleteRecords(api=METADATA), deadlineMs="),
        "{message}"
    );
    assert!(message.ends_with("attempt(s)"), "{message}");
}

/// The answer to an admin client's call, or the message with which it fails,
/// and what happened meanwhile.
fn answer(
    world: &mut World,
    admin: ClientNumber,
    within_ms: i64,
) -> (Result<Response, String>, Vec<Event>) {
    let mut events = Vec::new();
    for _ in 0..within_ms / 10 {
        events.extend(run_ms(world, 10));
        let found = events.iter().find_map(|event| match &event.kind {
            EventKind::AdminAnswered {
                admin: of,
                response,
            } if *of == admin => Some(Ok(response.clone())),
            EventKind::AdminFailed {
                admin: of, message, ..
            } if *of == admin => Some(Err(message.clone())),
            _ => None,
        });
        if let Some(found) = found {
            return (found, events);
        }
    }
    panic!("no answer within {within_ms} ms");
}
