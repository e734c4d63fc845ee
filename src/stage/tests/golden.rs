//! Golden scenes: of each ready-made world, as it is when it is opened, what the
//! board says and what stands where, compared with what was looked at and found
//! good. When the picture is meant to change, look at the page, and then write
//! them anew with `WRITE_GOLDEN=1 cargo test --lib golden`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::super::geometry::{Point, Rect};
use super::super::scene::brokers::BrokerBox;
use super::super::scene::{GroupBox, ProducerBox, Ribbon, TopicCard};
use super::super::{Scene, Twin, View};
use crate::panels::WORLD_SEED;
use crate::playground::{ReadyMade, WORLDS};

/// A window of 1280 CSS pixels, and a phone.
const WIDTHS: [f32; 2] = [74.0, 23.0];

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stage/tests/golden");
    folder.join(name)
}

fn check(name: &str, found: &str) {
    let path = file(name);
    if std::env::var_os("WRITE_GOLDEN").is_some() {
        std::fs::write(&path, found).expect("the folder can be written to");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden
        .lines()
        .zip(found.lines())
        .enumerate()
        .find(|(_, (golden, found))| golden != found);
    if let Some((line, (golden, found))) = differs {
        panic!(
            "{name}, line {}: {golden:?} was found good, not {found:?}",
            line + 1
        );
    }
    assert_eq!(
        golden, found,
        "{name}: there is more or less than was found good"
    );
}

#[test]
fn ready_made_worlds_say_what_was_found_good() {
    for world in &WORLDS {
        let scene = opened(world, WIDTHS[0]);
        check(
            &format!("{}.twin.txt", world.id),
            &Twin::of(&scene).to_text(),
        );
    }
}

#[test]
fn ready_made_worlds_look_as_was_found_good() {
    for world in &WORLDS {
        let scenes = WIDTHS.map(|width| portrait(&opened(world, width)));
        check(&format!("{}.scene.txt", world.id), &scenes.join("\n"));
    }
}

fn opened(world: &ReadyMade, width_rem: f32) -> Scene {
    let view = View {
        by: world.by,
        ..View::new(width_rem)
    };
    world.open(WORLD_SEED).scene(&view)
}

/// Everything that stands on a board, a line each, with its left upper corner
/// and its size in rem.
fn portrait(scene: &Scene) -> String {
    let mut out = Portrait::default();
    let _ = writeln!(out.text, "{:.1} rem wide", scene.width);
    scene.producers.iter().for_each(|it| out.producer(it));
    scene
        .brokers
        .iter()
        .for_each(|broker| out.line(0, &format!("broker {}", broker.id), &broker.rect));
    scene.topics.iter().for_each(|card| out.topic(card));
    let cluster = scene.cluster.iter();
    cluster
        .flat_map(|it| &it.brokers)
        .for_each(|broker| out.broker(broker));
    scene.groups.iter().for_each(|group| out.group(group));
    scene
        .connectors
        .iter()
        .for_each(|it| out.line(0, &format!("connector {}", it.name), &it.rect));
    scene.ribbons.iter().for_each(|ribbon| out.ribbon(ribbon));
    scene
        .notes
        .iter()
        .for_each(|note| out.line(0, &format!("note {:?}", note.text), &note.rect));
    out.line(0, "legend", &scene.legend);
    out.text
}

#[derive(Default)]
struct Portrait {
    text: String,
}

impl Portrait {
    fn line(&mut self, depth: usize, what: &str, rect: &Rect) {
        let Rect {
            x,
            y,
            width,
            height,
        } = rect;
        let _ = writeln!(
            self.text,
            "{:indent$}{what}: {x:.1} {y:.1}, {width:.1} × {height:.1}",
            "",
            indent = 2 * depth
        );
    }

    fn producer(&mut self, producer: &ProducerBox) {
        self.line(0, &format!("producer {}", producer.name), &producer.rect);
        self.line(1, "accumulator", &producer.accumulator);
    }

    fn topic(&mut self, card: &TopicCard) {
        self.line(0, &format!("topic {}", card.name), &card.rect);
        for lane in &card.lanes {
            self.line(1, &format!("lane {}", lane.topic_partition), &lane.rect);
            if let Some(earlier) = &lane.earlier {
                self.line(2, &format!("{} earlier", earlier.records), &earlier.rect);
            }
            for cell in &lane.cells {
                let what = format!("{} {} {}", cell.offset, cell.letters, cell.ink.variable());
                self.line(2, &what, &cell.rect);
            }
            for label in lane.labels() {
                self.line(2, &format!("{:?}", label.text), &label.rect);
            }
            for row in &lane.rows {
                self.line(2, &format!("row of {}", row.group), &row.rect);
            }
        }
    }

    fn broker(&mut self, broker: &BrokerBox) {
        self.line(0, &format!("broker {}", broker.id), &broker.rect);
        for replica in &broker.tiles {
            let what = format!("{} {}", replica.name, replica.badge().0);
            self.line(1, &what, &replica.rect);
        }
    }

    fn group(&mut self, group: &GroupBox) {
        let what = format!(
            "group {} {}, {}",
            group.letter,
            group.id,
            group.state_words()
        );
        self.line(0, &what, &group.rect);
        for member in &group.members {
            let chips: Vec<&str> = member.chips.iter().map(|chip| chip.text.as_str()).collect();
            let what = format!("{} {} [{}]", member.badge, member.name, chips.join("; "));
            self.line(1, &what, &member.rect);
        }
    }

    fn ribbon(&mut self, ribbon: &Ribbon) {
        let point = |at: Point| format!("{:.1} {:.1}", at.x, at.y);
        let _ = writeln!(
            self.text,
            "ribbon {} to {}: {} to {}",
            ribbon.topic_partition,
            ribbon.group,
            point(ribbon.route.start()),
            point(ribbon.route.end())
        );
    }
}
