use super::super::scene::{short_number, short_text, text_length};
use super::super::{Scene, Twin, View, last_workload};
use super::*;

fn twin(world: &World) -> String {
    Twin::of(&Scene::of(world, &View::new(80.0))).to_text()
}

pub(super) fn assert_has(text: &str, line: &str) {
    let found = text.lines().any(|it| it.trim_start() == line);
    assert!(found, "no line {line:?} in\n{text}");
}

#[test]
fn an_empty_world_says_so() {
    let world = World::new(1, WorldConfig::playground());
    assert_eq!(
        twin(&world),
        "Brokers\n  Broker 1: controller, leads 0 partitions\nProducers\n  No producer runs.\n\
         Topics\n  No topic yet.\nGroups\n  No consumer runs.\n"
    );
}

#[test]
fn records_are_told_with_offset_key_and_value() {
    let mut world = world_with_topic("post.office", 1);
    let producer = by_hand(&mut world);
    run_ms(&mut world, 1_000);
    send(&mut world, producer, "post.office", None, "one");
    run_ms(&mut world, 2_000);
    send(&mut world, producer, "post.office", Some("alan"), "two");
    run_ms(&mut world, 2_000);
    let text = twin(&world);
    assert_has(
        &text,
        "Topic post.office: 1 partition, replication factor 1",
    );
    assert_has(
        &text,
        "Partition post.office-0: led by broker 1, log start 0, high watermark 2, log end 2; \
         last records: offset 1 key alan value \"two\", offset 0 no key value \"one\"",
    );
    assert!(
        text.contains("Producer producer-2: sends by hand; accumulator empty"),
        "{text}"
    );
}

#[test]
fn a_group_is_told_with_its_members_and_how_far_each_partition_is_read() {
    let mut world = world_with_topic("orders", 2);
    for _ in 0..3 {
        consumer(&mut world, "billing", "orders");
        run_ms(&mut world, 10_000);
    }
    let text = twin(&world);
    assert_has(
        &text,
        "Group billing: Stable, generation 3, assignor range, coordinator broker 1, 3 members",
    );
    let idle = text
        .lines()
        .filter(|line| line.contains(": idle: owns no partition"));
    assert_eq!(idle.count(), 1, "{text}");
    assert_eq!(text.matches("; leader").count(), 1, "{text}");
    for partition in 0..2 {
        let owned = text.lines().find(|line| {
            line.trim_start().starts_with("Member")
                && line.contains(&format!("owns orders-{partition}"))
        });
        let owner = owned.and_then(|line| line.trim_start().strip_prefix("Member "));
        let owner = owner.and_then(|line| line.split(':').next()).expect(&text);
        assert_has(
            &text,
            &format!(
                "Group billing on orders-{partition}: committed 0, position 0, lag 0, read by {owner}"
            ),
        );
    }
}

#[test]
fn while_a_group_rebalances_partitions_have_no_owner() {
    let mut world = world_with_topic("orders", 1);
    consumer(&mut world, "billing", "orders");
    run_ms(&mut world, 10_000);
    consumer(&mut world, "billing", "orders");
    let (mut rebalancing, mut ownerless) = (false, false);
    for _ in 0..10_000 {
        run_ms(&mut world, 1);
        let text = twin(&world);
        rebalancing |= text.contains("Group billing: PreparingRebalance");
        ownerless |= text.contains("Group billing on orders-0:") && text.contains("no owner");
    }
    assert!(rebalancing && ownerless);
    assert!(twin(&world).contains("Group billing: Stable, generation 2"));
}

#[test]
fn a_crashed_member_is_told_with_the_time_left() {
    let mut world = world_with_topic("orders", 1);
    let member = consumer(&mut world, "billing", "orders");
    run_ms(&mut world, 10_000);
    world
        .execute(Command::Crash { client: member })
        .expect("it runs");
    let text = twin(&world);
    assert!(text.contains(": crashed, session times out in 4"), "{text}");
    assert!(text.contains("which has crashed"), "{text}");
}

#[test]
fn clients_of_one_name_are_told_apart() {
    let mut world = world_with_topic("orders", 1);
    for _ in 0..2 {
        shop(&mut world, "orders");
    }
    let text = twin(&world);
    assert!(
        text.contains("Producer shop #2: 2.5 records/s to orders"),
        "{text}"
    );
    assert!(text.contains("Producer shop #3: "), "{text}");
}

#[test]
fn a_stopped_workload_is_remembered() {
    let mut world = world_with_topic("orders", 1);
    let producer = shop(&mut world, "orders");
    world
        .execute(Command::SetWorkload {
            producer,
            workload: None,
        })
        .expect("it runs");
    assert!(last_workload(&world, producer).is_some());
    let text = twin(&world);
    let told = "Producer shop: stopped, 2.5 records/s to orders, keys user-0 to user-4 in turn";
    assert!(text.contains(told), "{text}");
    let other = by_hand(&mut world);
    assert_eq!(last_workload(&world, other), None);
}

#[test]
fn text_from_records_is_cut_and_has_no_control_characters() {
    let mut world = world_with_topic("orders", 1);
    let producer = by_hand(&mut world);
    run_ms(&mut world, 1_000);
    let long = "x".repeat(200_000);
    send(
        &mut world,
        producer,
        "orders",
        Some("a\nb\u{1b}[31m"),
        &long,
    );
    run_ms(&mut world, 3_000);
    let text = twin(&world);
    assert!(text.contains("key a b [31m value \"xxx"), "{text}");
    assert!(text.len() < 2_000, "{}", text.len());
}

#[test]
fn long_texts_keep_their_first_and_their_last_characters() {
    assert_eq!(short_text("user-1", 6), "user-1");
    assert_eq!(short_text("customer-12", 6), "cu…-12");
    assert_eq!(short_text("äöüßäöüß", 3), "ä…ß");
}

#[test]
fn short_texts_do_not_cut_what_is_one_character_to_a_person() {
    let family = "👨\u{200d}👩\u{200d}👧";
    assert_eq!(text_length(family), 1);
    assert_eq!(short_text(family, 1), family);
    assert_eq!(
        short_text(&format!("{family}bcdef{family}"), 3),
        format!("{family}…{family}")
    );
    let accented = "e\u{301}".repeat(4);
    assert_eq!(short_text(&accented, 3), "e\u{301}…e\u{301}");
    assert_eq!(short_text("❤\u{fe0f}abc👍🏽", 3), "❤\u{fe0f}…👍🏽");
    assert_eq!(short_text("abc", 1), "…");
    assert_eq!(text_length(""), 0);
}

#[test]
fn a_long_key_is_not_cut_inside_a_character() {
    let mut world = world_with_topic("orders", 1);
    let producer = by_hand(&mut world);
    run_ms(&mut world, 1_000);
    let key = format!("{}👨\u{200d}👩\u{200d}👧 and more", "x".repeat(118));
    send(&mut world, producer, "orders", Some(&key), "v");
    run_ms(&mut world, 3_000);
    let told = format!("key {}… value", "x".repeat(118));
    assert!(twin(&world).contains(&told), "{}", twin(&world));
}

#[test]
fn numbers_stay_short() {
    let texts: Vec<String> = [0, 99_999, 123_456, 1_000_000, 12_345_678, 5_000_000_000]
        .map(short_number)
        .to_vec();
    assert_eq!(texts, ["0", "99999", "123k", "1.0M", "12.3M", "5.0G"]);
    assert_eq!(short_number(i64::MAX), "9e18");
}
