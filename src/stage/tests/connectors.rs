//! Connectors: what stands at the ends of topics, in the picture and in words.

use engine::World;
use engine::client::connect::{ConnectorClass, ConnectorConfig};

use super::super::scene::ChangeProgress;
use super::super::{Scene, Twin, View};
use super::*;

fn add(world: &mut World, name: &str, class: ConnectorClass, rows: &str) -> u32 {
    let mut config = ConnectorConfig::new(name, class);
    config.topics = vec!["people".into()];
    config.key_field = Some("id".to_owned());
    config.batch_max_rows = 1;
    config.offset_flush_interval_ms = 4_000;
    let rows = rows.to_owned();
    start(world, Command::AddConnector { config, rows })
}

/// A source that sends a row a second, and a sink.
fn world() -> World {
    let mut world = world_with_topic("people", 2);
    let rows = "id,name\n1,Ada\n2,Grace\n3,Edsger\n4,Barbara\n5,Alan\n6,Joan\n7,Don\n8,Tony\n";
    add(&mut world, "source", ConnectorClass::TableSource, rows);
    add(&mut world, "sink", ConnectorClass::TableSink, "");
    world
}

/// A source shows which changes are stored, sent and next, and a window of them
/// that follows.
#[test]
fn a_source_shows_how_far_each_change_has_come() {
    let mut world = world();
    let of = |world: &World| {
        let scene = Scene::of(world, &View::new(80.0));
        scene.connectors[0].clone()
    };
    run_ms(&mut world, 8_500);
    let source = of(&world);
    assert!(source.is_source);
    assert_eq!(source.about, "TableSource → people");
    let progress: Vec<ChangeProgress> = source.rows.iter().filter_map(|it| it.progress).collect();
    assert_eq!(progress.len(), source.rows.len());
    assert!(progress.is_sorted(), "{progress:?}");
    for wanted in [
        ChangeProgress::Stored,
        ChangeProgress::Sent,
        ChangeProgress::Next,
    ] {
        assert!(progress.contains(&wanted), "{wanted:?} of {progress:?}");
    }
    assert_eq!(source.more, "6 of 8 changes shown");
    run_ms(&mut world, 30_000);
    let source = of(&world);
    assert_eq!(source.rows.last().unwrap().text, "8 · Tony");
    assert_eq!(source.progress, "next change 8 · stored 8");
}

/// The twin tells the same, also of a connector whose worker has crashed; the
/// topic with the offsets is not among people's own.
#[test]
fn connectors_are_told_in_words() {
    let mut world = world();
    run_ms(&mut world, 30_000);
    let text = |world: &World| {
        let scene = Scene::of(world, &View::new(80.0));
        Twin::of(&scene).to_text()
    };
    let before = text(&world);
    for sentence in [
        "Producer connector-producer-source-0: sends for source; accumulator empty",
        "Source source: RUNNING; TableSource → people; next change 8 · stored 8",
        "    7: 8 · Tony (stored)",
        "Sink sink: RUNNING; TableSink ← people; group connect-sink",
        "    1: 1 · Ada",
        "    6 of 8 rows shown",
    ] {
        assert!(before.contains(sentence), "{sentence} in {before}");
    }
    assert!(!before.contains("connect-offsets"), "{before}");
    assert!(!before.contains("of consumers without a group"), "{before}");
    let client = world.connectors()["source"].client();
    let crash = Command::Crash {
        client: client.expect("its task runs"),
    };
    world.execute(crash).expect("it runs");
    let after = text(&world);
    let sentence = "Source source: UNASSIGNED; TableSource → people; no task runs";
    assert!(after.contains(sentence), "{after}");
}
