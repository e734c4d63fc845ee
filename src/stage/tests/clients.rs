//! Share groups, groups of KIP-848 and processors on the board.

use engine::client::{Acknowledging, GroupProtocol, ShareConsumerConfig};
use engine::protocol::{AcknowledgeType, IsolationLevel};
use engine::{Command, TopicPartition};

use super::super::scene::{GroupKind, HandedState, Phase, RibbonKind, Role, Step};
use super::super::{Scene, View, last_workload, packet_marks};
use super::watched::{Watched, lane, member, row};
use super::*;

fn worker(watched: &mut Watched, acknowledging: Acknowledging) -> u32 {
    let config = ShareConsumerConfig {
        acknowledging,
        max_poll_records: 2,
        ..ShareConsumerConfig::of_group("workers")
    };
    let topics = vec!["jobs".into()];
    watched.start(Command::AddShareConsumer { config, topics })
}

#[test]
fn members_of_a_share_group_share_a_lane_and_each_record_says_who_has_it() {
    let mut watched = Watched::of("jobs", 1);
    let workers = [
        worker(&mut watched, Acknowledging::ByCommand),
        worker(&mut watched, Acknowledging::ByCommand),
    ];
    watched.pass_ms(8_000);
    let producer = watched.producer(ProducerConfig::default());
    for key in ["a", "b", "c", "d", "e"] {
        watched.send(producer, "jobs", 0, key);
        watched.pass_ms(300);
    }
    watched.pass_ms(2_000);
    let scene = watched.scene();
    let group = scene.group("workers").expect("it is drawn");
    assert_eq!(
        (group.kind, group.state),
        (GroupKind::Share, Some("Stable"))
    );
    assert_eq!(group.rebalances, None);
    let shared = row(&scene, "jobs", 0, "workers")
        .shared
        .as_ref()
        .expect("it shares");
    assert!(shared.acquired >= 2, "{shared:?}");
    let handed = &shared.handed[0];
    assert_eq!((handed.offset, handed.state), (0, HandedState::Acquired));
    assert_eq!(handed.delivery_count, 1);
    let cell = &lane(&scene, "jobs", 0).cells[0];
    assert!(cell.rect.x <= handed.rect.x && handed.rect.right() <= cell.rect.right() + 0.1);
    let ribbons: Vec<RibbonKind> = scene.ribbons.iter().map(|it| it.kind).collect();
    assert_eq!(ribbons, [RibbonKind::Shared], "one for both members");
    let holders = workers.iter().filter(|worker| {
        matches!(&member(&scene, **worker).role, Role::ShareConsumer(ranges) if !ranges.is_empty())
    });
    assert!(holders.count() >= 1);
    watched.tells("Group workers: Stable, epoch");
    watched.tells("protocol share, coordinator broker 1, 2 members");
    watched.tells("2 members may read it; offset 0 acquired by consumer-workers-");
}

#[test]
fn what_becomes_of_a_record_of_a_share_group_is_told() {
    let mut watched = Watched::of("jobs", 1);
    let worker = worker(&mut watched, Acknowledging::ByCommand);
    watched.pass_ms(8_000);
    let producer = watched.producer(ProducerConfig::default());
    for key in ["a", "b", "c"] {
        watched.send(producer, "jobs", 0, key);
    }
    watched.pass_ms(1_500);
    let acknowledge = |watched: &mut Watched, offset, acknowledge_type| {
        watched.run(Command::Acknowledge {
            consumer: worker,
            topic_partition: TopicPartition::new("jobs", 0),
            offset,
            acknowledge_type,
        });
    };
    acknowledge(&mut watched, 0, AcknowledgeType::Release);
    acknowledge(&mut watched, 1, AcknowledgeType::Reject);
    watched.pass_ms(500);
    watched.tells("1 given back, 0 done and 1 archived");
    acknowledge(&mut watched, 2, AcknowledgeType::Accept);
    watched.pass_ms(1_500);
    let scene = watched.scene();
    let shared = row(&scene, "jobs", 0, "workers")
        .shared
        .clone()
        .expect("it shares");
    let states: Vec<(i64, HandedState, i16)> = shared
        .handed
        .iter()
        .map(|it| (it.offset, it.state, it.delivery_count))
        .collect();
    assert!(
        states.contains(&(0, HandedState::Acquired, 2)),
        "{states:?}"
    );
    assert!(
        states.contains(&(1, HandedState::Archived, 1)),
        "{states:?}"
    );
    watched.tells("1 acquired, delivery 2");
}

#[test]
fn a_group_of_the_new_protocol_tells_its_epoch_and_how_far_members_are() {
    let mut watched = Watched::of("orders", 2);
    let config = || ConsumerConfig {
        group_protocol: GroupProtocol::Consumer,
        ..ConsumerConfig::of_group("billing")
    };
    let first = watched.consumer(config(), "orders");
    watched.pass_ms(15_000);
    let scene = watched.scene();
    let group = scene.group("billing").expect("it is drawn");
    assert_eq!(group.kind, GroupKind::Consumer);
    assert_eq!(group.assignor.as_deref(), Some("uniform"));
    assert_eq!(member(&scene, first).epoch, group.generation);
    watched.tells("protocol consumer, assignor uniform, coordinator broker 1, 1 member");
    let second = watched.consumer(config(), "orders");
    let scene = watched.until(15_000, |scene| {
        let phase = |client| scene.consumer(client).map(|(_, member)| member.phase);
        phase(first) == Some(Phase::Reconciling) || phase(second) == Some(Phase::Reconciling)
    });
    let group = scene.group("billing").expect("it is drawn");
    assert!(group.is_rebalancing, "{:?}", group.state);
    watched.tells("at epoch");
    let steps = |scene: &Scene| -> Vec<Option<Step>> {
        [first, second]
            .map(|client| member(scene, client).step)
            .to_vec()
    };
    let scene = watched.until(15_000, |scene| steps(scene)[0] == Some(Step::Unrevoked));
    assert_eq!(steps(&scene)[1], Some(Step::Unreleased));
    watched.tells("waits for others");
    watched.pass_ms(15_000);
    watched.tells("Group billing: Stable, epoch");
}

#[test]
fn a_lost_member_of_any_protocol_stays_until_its_session_ends() {
    let mut watched = Watched::of("jobs", 1);
    let modern = ConsumerConfig {
        group_protocol: GroupProtocol::Consumer,
        ..ConsumerConfig::of_group("billing")
    };
    let clients = [
        watched.consumer(modern, "jobs"),
        worker(&mut watched, Acknowledging::Implicit),
    ];
    watched.pass_ms(10_000);
    for client in clients {
        watched.run(Command::Crash { client });
    }
    watched.pass_ms(100);
    let text = watched.twin();
    let crashed = text.matches(": crashed, session times out in 4").count();
    assert_eq!(crashed, 2, "{text}");
    let scene = watched.scene();
    for group in &scene.groups {
        assert_eq!(group.members[0].partitions.len(), 1, "{}", group.id);
    }
}

fn processor(watched: &mut Watched) -> u32 {
    watched.create("out", 1, &[]);
    watched.start(Command::AddProcessor {
        consumer: ConsumerConfig {
            auto_offset_reset: AutoOffsetReset::Earliest,
            isolation_level: IsolationLevel::ReadCommitted,
            ..ConsumerConfig::of_group("copiers")
        },
        producer: ProducerConfig {
            transactional_id: Some("copy-1".to_owned()),
            ..ProducerConfig::default()
        },
        input: vec!["in".into()],
        output: "out".into(),
    })
}

#[test]
fn a_processor_is_a_member_that_writes() {
    let mut watched = Watched::of("in", 1);
    let copier = processor(&mut watched);
    watched.pass_ms(8_000);
    let producer = watched.producer(ProducerConfig::default());
    watched.pass_ms(500);
    watched.send(producer, "in", 0, "a");
    let scene = watched.until(3_000, |scene| {
        matches!(&member(scene, copier).role, Role::Processor(it) if it.transaction.is_open)
    });
    let Role::Processor(writer) = &member(&scene, copier).role else {
        panic!("it writes");
    };
    assert_eq!(
        (&*writer.output, writer.transaction.id.as_str()),
        ("out", "copy-1")
    );
    assert!(scene.producer(writer.client).is_none(), "drawn once");
    assert_eq!(scene.producers.len(), 1);
    watched.tells("writes with copy-1: → out: in a transaction");
    // What it writes flies from its box to the lane.
    let mut flew = engine::collections::BTreeSet::new();
    for _ in 0..700 {
        watched.pass_ms(3);
        let scene = watched.scene();
        for mark in packet_marks(&watched.world, &scene) {
            flew.insert((mark.api, mark.is_response));
            assert!(scene.bounds().contains(mark.at), "{mark:?}");
        }
    }
    assert!(flew.contains(&("Produce", false)), "{flew:?}");
    watched.pass_ms(3_000);
    watched.tells("writes with copy-1: → out: ready");
    watched.tells("markers: commit at 1");
}

#[test]
fn names_and_workloads_are_told_behind_clients_that_are_two() {
    let mut watched = Watched::of("in", 1);
    processor(&mut watched);
    worker_of_nobody(&mut watched);
    let shop = shop(&mut watched.world, "in");
    assert!(last_workload(&watched.world, shop).is_some());
    let scene = watched.scene_for(&View::new(80.0));
    assert_eq!(
        scene.producer(shop).expect("it is drawn").topic.as_deref(),
        Some("in")
    );
}

fn worker_of_nobody(watched: &mut Watched) {
    let config = ShareConsumerConfig::of_group("idle");
    let topics = vec!["in".into()];
    watched.start(Command::AddShareConsumer { config, topics });
}
