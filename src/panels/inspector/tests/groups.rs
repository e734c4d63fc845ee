//! The sheets of groups, and what is done from them.

use super::*;

/// Has all consumers leave, and waits until they are gone.
fn close_consumers(playground: &mut Playground) {
    let members = words::consumers(playground.world());
    let members: Vec<u32> = members.map(|it| it.connection.number).collect();
    for client in members {
        playground
            .execute(Command::Close { client })
            .expect("it runs");
    }
    playground.advance_us(5_000_000);
}

#[test]
fn groups_of_every_kind_tell_their_members_and_their_coordinator() {
    let mut world = world();
    let config = ConsumerConfig {
        group_protocol: GroupProtocol::Consumer,
        ..ConsumerConfig::of_group("new-style")
    };
    let topics = vec![TOPIC.into()];
    start(&mut world, Command::AddConsumer { config, topics });
    let config = ShareConsumerConfig::of_group("queue");
    let topics = vec![TOPIC.into()];
    start(&mut world, Command::AddShareConsumer { config, topics });
    run_ms(&mut world, 15_000);
    for (id, state) in [
        ("billing", "Stable"),
        ("new-style", "Stable"),
        ("queue", "Stable"),
    ] {
        let sheet = sheet(&world, &Subject::Group(id.to_owned()));
        assert_eq!(value(&sheet, "State"), state, "{id}");
        assert_eq!(value(&sheet, "Coordinator"), "broker 1", "{id}");
        assert!(
            value(&sheet, "Partition").starts_with("__consumer_offsets-"),
            "{id}"
        );
        assert!(
            links(&sheet)
                .iter()
                .any(|to| matches!(to, Subject::Client(_))),
            "{id}"
        );
    }
    let billing = sheet(&world, &Subject::Group("billing".to_owned()));
    assert_eq!(value(&billing, "Members"), "2");
    assert!(text(&billing).contains("orders-1 | "), "{}", text(&billing));
}

/// A playground with a topic of three partitions, and a group that reads it.
fn playground() -> Playground {
    let mut playground = WORLDS[0].open(1);
    playground.advance_us(10_000_000);
    playground
}

fn of_group(playground: &Playground, id: &str) -> Sheet {
    sheet(playground.world(), &Subject::Group(id.to_owned()))
}

#[test]
fn a_groups_setting_is_changed_and_told_with_the_brokers_bounds() {
    let mut playground = playground();
    let before = of_group(&playground, "billing");
    assert_eq!(value(&before, "consumer.session.timeout.ms"), "45000");
    assert!(
        text(&before).contains("Settings of the group"),
        "{before:#?}"
    );
    let change = |given: &'static str| {
        let fields = move |name: &str| match name {
            "name" => "consumer.session.timeout.ms".to_owned(),
            _ => given.to_owned(),
        };
        act(&before, "Change a setting").verb.fill(&fields)
    };
    let of_broker = "a number above group.consumer.max.session.timeout.ms";
    for (given, expected) in [("50000", "50000"), ("99999999", "50000"), ("", "45000")] {
        let Ok(Deed::Admin(request)) = change(given) else {
            panic!("it is a call of the admin client");
        };
        playground.administer(*request).expect("the call is made");
        playground.let_calls_finish();
        let sheet = of_group(&playground, "billing");
        assert_eq!(value(&sheet, "consumer.session.timeout.ms"), expected);
        let complaints = playground.take_complaints();
        assert_eq!(
            complaints.len(),
            usize::from(given == "99999999"),
            "{of_broker}"
        );
    }
}

#[test]
fn offsets_are_reset_only_of_a_group_that_nobody_is_in() {
    let mut playground = playground();
    let shown = of_group(&playground, "billing");
    let reset = |to: &'static str, given: &'static str| {
        let fields = move |name: &str| match name {
            "partition" => "orders-1".to_owned(),
            "to" => to.to_owned(),
            _ => given.to_owned(),
        };
        match act(&shown, "Reset offsets").verb.fill(&fields) {
            Ok(Deed::ResetOffsets {
                group,
                partitions,
                to,
            }) => (group, partitions, to),
            other => panic!("{other:?}"),
        }
    };
    let run = |playground: &mut Playground, to, given| {
        let (group, partitions, to) = reset(to, given);
        playground
            .reset_offsets(&group, &partitions, to)
            .expect("the brokers are asked");
        playground.let_calls_finish();
        playground.take_complaints()
    };
    let refused = run(&mut playground, "earliest", "");
    assert_eq!(refused.len(), 1, "it has members: {refused:?}");
    assert!(
        refused[0].contains("but the current state is Stable"),
        "{refused:?}"
    );
    close_consumers(&mut playground);
    let committed = |playground: &Playground| {
        let reading = words::Reading::of(playground.world(), "billing");
        reading.committed(&lane(1)).expect("it has committed")
    };
    let high_watermark = |playground: &Playground| {
        let leader = playground.world().partition(&lane(1)).expect("it is led");
        leader.log.high_watermark()
    };
    let end = high_watermark(&playground);
    assert!(end > 3, "{end}");
    for (to, given, expected) in [
        ("earliest", "", Some(0)),
        ("offset", "3", Some(3)),
        ("shift", "-2", Some(1)),
        ("shift", "-20", Some(0)),
        ("timestamp", "0", Some(0)),
        ("timestamp", "99999999999999", None),
        ("earliest", "", Some(0)),
        ("latest", "", None),
        ("offset", "99999999", None),
    ] {
        let before = high_watermark(&playground);
        let refused = run(&mut playground, to, given);
        assert_eq!(refused, Vec::<String>::new(), "nobody is in it");
        // Records come in while the brokers are asked.
        let ends = before..=high_watermark(&playground);
        let expected = expected.map_or(ends, |offset| offset..=offset);
        let now = committed(&playground);
        assert!(expected.contains(&now), "{to} {given}: {now}");
    }
    let admins = |playground: &Playground| {
        let clients = playground.world().clients().values();
        clients
            .filter(|it| it.client_id() == "reset-offsets")
            .count()
    };
    playground.advance_us(1_000_000);
    assert_eq!(
        admins(&playground),
        0,
        "each admin client closes at the end"
    );
}

#[test]
fn a_reset_asks_the_brokers_and_fails_as_the_network_does() {
    let mut playground = playground();
    close_consumers(&mut playground);
    let committed = |playground: &Playground| {
        let reading = words::Reading::of(playground.world(), "billing");
        reading.committed(&lane(1)).expect("it has committed")
    };
    let before = committed(&playground);
    assert!(before > 0, "{before}");
    let latency = Latency {
        base_us: 1_000_000,
        jitter_us: 0,
    };
    playground
        .execute(Command::SetLatency { latency })
        .expect("it can be");
    playground
        .reset_offsets("billing", &[lane(1)], ResetTo::Earliest)
        .expect("the brokers are asked");
    playground.advance_us(2_000_000);
    assert_eq!(committed(&playground), before, "nobody has answered yet");
    playground.let_calls_finish();
    assert_eq!(committed(&playground), 0);
    playground
        .execute(Command::KillBroker { broker: 1 })
        .expect("it is the only one");
    playground
        .reset_offsets("billing", &[lane(1)], ResetTo::Latest)
        .expect("the brokers are asked");
    playground.let_calls_finish();
    let complaints = playground.take_complaints();
    assert!(complaints[0].contains("Timed out"), "{complaints:?}");
}

#[test]
fn offsets_and_groups_are_deleted_when_nobody_needs_them() {
    let mut playground = playground();
    let run = |playground: &mut Playground, name: &str| {
        let shown = of_group(playground, "billing");
        let deed = act(&shown, name).verb.fill(&|_| "orders".to_owned());
        let Ok(Deed::Admin(request)) = deed else {
            panic!("{deed:?}");
        };
        playground.administer(*request).expect("the call is made");
        playground.let_calls_finish();
        playground.take_complaints()
    };
    let refused = run(&mut playground, "Delete offsets");
    assert!(
        refused[0].contains("GROUP_SUBSCRIBED_TO_TOPIC"),
        "{refused:?}"
    );
    let refused = run(&mut playground, "Delete group");
    assert!(refused[0].contains("NON_EMPTY_GROUP"), "{refused:?}");
    close_consumers(&mut playground);
    assert_eq!(run(&mut playground, "Delete group"), Vec::<String>::new());
    assert!(of_group(&playground, "billing").is_gone);
}

#[test]
fn a_share_group_tells_of_its_partitions_and_a_record_of_its_deliveries() {
    let mut playground = ReadyMade::of_id("work-queue").expect("it is there").open(1);
    playground.advance_us(5_000_000);
    let group = of_group(&playground, "workers");
    let table = text(&group);
    assert!(table.contains("jobs-0 | "), "{table}");
    let shared = playground
        .world()
        .share_partition("workers", &TopicPartition::new("jobs", 0));
    let start = shared.expect("it is read").start_offset();
    let record = |offset| {
        let of = TopicPartition::new("jobs", 0);
        text(&sheet(playground.world(), &Subject::Record(of, offset)))
    };
    assert!(
        record(0).contains("workers | before the start offset: done with"),
        "{}",
        record(0)
    );
    let rows = record(start);
    assert!(
        rows.contains("workers | a"),
        "acquired or available: {rows}"
    );
}
