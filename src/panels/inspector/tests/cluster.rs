//! The sheets of topics, partitions, servers and packets.

use super::*;
use engine::sim::Host;

#[test]
fn a_topic_tells_of_its_partitions_and_settings() {
    let world = world();
    let sheet = sheet(&world, &Subject::Topic(TOPIC.into()));
    assert_eq!(sheet.title, "Topic orders");
    assert_eq!(value(&sheet, "PartitionCount"), "3");
    assert_eq!(value(&sheet, "Read by"), "billing");
    assert_eq!(value(&sheet, "retention.ms"), "604800000");
    assert!(links(&sheet).contains(&Subject::Partition(lane(2))));
    let names: Vec<&str> = sheet.acts.iter().map(|act| act.name).collect();
    for name in [
        "Browse messages",
        "Add partitions",
        "Delete records",
        "Delete topic",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn a_setting_is_changed_by_an_admin_call() {
    let mut world = world();
    let config = AdminConfig::named("desk");
    let admin = start(&mut world, Command::AddAdmin { config });
    let of = |world: &World| sheet(world, &Subject::Topic(TOPIC.into()));
    let fill = |sheet: &Sheet, given: &str| {
        let mut acts = sheet.acts.iter();
        let act = acts.find(|act| act.name == "Change a setting");
        let fields = |name: &str| match name {
            "name" => "retention.ms".to_owned(),
            _ => given.to_owned(),
        };
        match act.expect("it can be done").verb.fill(&fields) {
            Ok(Deed::Admin(request)) => *request,
            other => panic!("{other:?}"),
        }
    };
    for (given, expected) in [("60000", "60000"), ("", "604800000")] {
        let request = fill(&of(&world), given);
        let call = Command::AdminCall { admin, request };
        world.execute(call).expect("the admin client runs");
        run_ms(&mut world, 3_000);
        assert_eq!(value(&of(&world), "retention.ms"), expected);
    }
}

#[test]
fn a_partition_has_the_numbers_of_its_log_and_of_each_group() {
    let world = world();
    for number in 0..3 {
        let sheet = sheet(&world, &Subject::Partition(lane(number)));
        let log = &world.partition(&lane(number)).expect("it is led").log;
        assert_eq!(value(&sheet, "Leader"), "broker 1");
        assert_eq!(
            value(&sheet, "Log end offset (LEO)"),
            log.end_offset().to_string()
        );
        assert_eq!(
            value(&sheet, "High watermark (HW)"),
            log.high_watermark().to_string()
        );
        assert_eq!(
            value(&sheet, "Last stable offset (LSO)"),
            log.last_stable_offset().to_string()
        );
        assert_eq!(value(&sheet, "Size"), log.size_bytes().to_string());
        let text = text(&sheet);
        assert!(text.contains("\nbilling | "), "{text}");
    }
}

#[test]
fn brokers_controllers_and_replicas_have_sheets() {
    let mut world = World::new(3, WorldConfig::cluster(&[1, 2, 3], &[101, 102, 103], &[]));
    run_ms(&mut world, 2_000);
    let broker = sheet(&world, &Subject::Broker(2));
    assert_eq!(value(&broker, "State"), "RUNNING");
    assert!(
        broker
            .acts
            .iter()
            .any(|act| act.name == "Kill" && act.is_grave)
    );
    let kill = Command::KillBroker { broker: 2 };
    world.execute(kill).expect("it runs");
    let broker = sheet(&world, &Subject::Broker(2));
    assert_eq!(value(&broker, "State"), "NOT_RUNNING");
    assert!(broker.acts.iter().any(|act| act.name == "Start"));
    let controllers: Vec<String> = [101, 102, 103]
        .iter()
        .map(|id| value(&sheet(&world, &Subject::Controller(*id)), "Active"))
        .collect();
    assert_eq!(controllers.iter().filter(|it| *it == "yes").count(), 1);
    let single = world_with_topic(TOPIC, 1);
    let replica = sheet(&single, &Subject::Replica(lane(0), 1));
    assert_eq!(value(&replica, "Role"), "leader");
    assert_eq!(value(&replica, "In sync (Isr)"), "yes");
}

#[test]
fn packets_show_their_fields_by_kafkas_names() {
    let mut world = world();
    let mut kinds = engine::collections::BTreeSet::new();
    for _ in 0..2_000 {
        run_ms(&mut world, 7);
        for packet in world.packets() {
            let sheet = sheet(&world, &Subject::Packet(packet.id));
            assert!(!sheet.is_gone);
            let carries = sheet
                .sections
                .iter()
                .find_map(|section| section.text.clone());
            let carries = carries.expect("its fields are shown");
            let rust = ["Some(", "Request {", "Response {", "topic_partition"];
            assert!(rust.iter().all(|word| !carries.contains(word)), "{carries}");
            kinds.insert(packet.payload.api());
        }
    }
    for api in ["Produce", "Fetch", "Heartbeat", "OffsetCommit"] {
        assert!(kinds.contains(api), "{kinds:?}");
    }
}

#[test]
fn a_partition_is_reassigned_and_the_move_can_be_cancelled() {
    let world = ReadyMade::of_id("failing-broker").expect("it is there");
    let mut playground = world.open(1);
    let of = lane(0);
    let shown = |playground: &Playground| sheet(playground.world(), &Subject::Partition(lane(0)));
    let replicas = |playground: &Playground| value(&shown(playground), "Replicas");
    let before = replicas(&playground);
    let reassign = |playground: &mut Playground, to: &'static str| {
        let filled = act(&shown(playground), "Reassign replicas")
            .verb
            .fill(&|name| {
                assert_eq!(name, "replicas");
                to.to_owned()
            });
        let Ok(Deed::Admin(request)) = filled else {
            panic!("{filled:?}");
        };
        playground.administer(*request).expect("the call is made");
    };
    // Broker 3 is cut off, so that a move to it takes its time.
    reassign(&mut playground, "1, 2");
    playground.let_calls_finish();
    playground.advance_us(5_000_000);
    assert_eq!(replicas(&playground), "1, 2");
    let cut = Command::Cut {
        one: vec![Host::Server(1), Host::Server(2)],
        other: vec![Host::Server(3)],
    };
    playground.execute(cut).expect("both are there");
    reassign(&mut playground, "1, 2, 3");
    playground.let_calls_finish();
    playground.advance_us(500_000);
    let moving = shown(&playground);
    assert_eq!(value(&moving, "AddingReplicas"), "3", "{before}");
    let topic = sheet(playground.world(), &Subject::Topic(of.topic.clone()));
    assert_eq!(value(&topic, "Reassigning"), "orders-0");
    let cancel = act(&moving, "Cancel reassignment")
        .verb
        .fill(&|_| String::new());
    let Ok(Deed::Admin(request)) = cancel else {
        panic!("{cancel:?}");
    };
    playground.administer(*request).expect("the call is made");
    playground.let_calls_finish();
    playground.advance_us(500_000);
    assert_eq!(replicas(&playground), "1, 2");
    assert!(shown(&playground).value("AddingReplicas").is_none());
    assert_eq!(playground.take_complaints(), Vec::<String>::new());
    reassign(&mut playground, "7");
    playground.let_calls_finish();
    let complaints = playground.take_complaints();
    assert!(
        complaints[0].starts_with("orders-0: INVALID_REPLICA_ASSIGNMENT"),
        "{complaints:?}"
    );
}

#[test]
fn every_failure_is_offered_to_its_victim() {
    let world = ReadyMade::of_id("failing-broker").expect("it is there");
    let playground = world.open(1);
    let broker = sheet(playground.world(), &Subject::Broker(1));
    for name in [
        "Kill",
        "Stop",
        "Restart",
        "Freeze",
        "Slow down",
        "Cut its links",
        "Change its links",
    ] {
        act(&broker, name);
    }
    let apart = World::new(3, WorldConfig::cluster(&[1], &[101, 102, 103], &[]));
    let controller = sheet(&apart, &Subject::Controller(101));
    for name in [
        "Kill",
        "Restart",
        "Freeze",
        "Cut its links",
        "Change its links",
    ] {
        act(&controller, name);
    }
    for number in playground.world().clients().keys() {
        let client = sheet(playground.world(), &Subject::Client(*number));
        for name in [
            "Close",
            "Crash",
            "Freeze",
            "Cut its links",
            "Change its links",
        ] {
            act(&client, name);
        }
    }
}

#[test]
fn a_brokers_panel_changes_only_what_can_be_changed_while_it_runs() {
    let broker = sheet(&world(), &Subject::Broker(1));
    for name in ["Change a setting", "Change a setting of all brokers"] {
        let choices = &act(&broker, name).fields[0].choices;
        let has = |wanted: &str| choices.iter().any(|(name, _)| name == wanted);
        assert!(has("log.retention.ms") && !has("node.id"), "{name}");
    }
}
