//! What a frame of the page costs without a browser: the world of
//! `#world=busy-cluster`, its time passing in frames of a sixtieth of a second,
//! and the picture made of it; and what it costs to go back, in that world and
//! in an ordinary one.

use std::hint::black_box;
use std::time::{Duration, Instant};

use engine::Time;
use engine::sorting::sort;
use kafka_lanes::playground::{BUSY_CLUSTER, Playground, ReadyMade, WORLDS};
use kafka_lanes::stage::{Scene, Twin, View, packet_marks};
use kafka_lanes::timeline::History;

const FRAME_US: u64 = 16_667;
const FRAMES: usize = 600;
const PICTURES: usize = 50;
const BACKS: u64 = 20;
const WIDTH_REM: f32 = 80.0;

fn main() {
    let start = Instant::now();
    let mut playground = BUSY_CLUSTER.open(1);
    println!("busy-cluster opened in {} ms", start.elapsed().as_millis());
    describe(&playground);
    let mut frames: Vec<Duration> = (0..FRAMES)
        .map(|_| timed(|| playground.advance_us(FRAME_US)))
        .collect();
    report("frame of virtual time", &mut frames);
    describe(&playground);
    let view = View::new(WIDTH_REM);
    let scene = playground.scene(&view);
    report("scene", &mut repeated(|| playground.scene(&view)));
    report("text twin", &mut repeated(|| Twin::of(&scene)));
    let marks = || packet_marks(playground.world(), &scene);
    report("packet marks", &mut repeated(marks));
    report("scene dropped", &mut dropped(&playground, &view));
    drop(playground);
    for world in [&WORLDS[0], &BUSY_CLUSTER] {
        go_back(world);
    }
}

/// What a history costs: ten seconds are played, and gone back through.
fn go_back(world: &ReadyMade) {
    let mut history = History::of(world.open(1));
    let mut frames: Vec<Duration> = (0..FRAMES)
        .map(|_| {
            timed(|| {
                history.advance_us(FRAME_US);
                history.keep_now_and_then(true);
            })
        })
        .collect();
    let named = |what: &str| format!("{}: {what}", world.id);
    report(&named("frame with its moments"), &mut frames);
    let copy = || history.present().clone();
    report(&named("moment"), &mut repeated(copy));
    println!(
        "{}: {} moments that hold {} kB",
        world.id,
        history.moments(),
        history.held_bytes() / 1_000
    );
    let (earliest, latest) = (history.earliest().at, history.latest().at);
    let apart_us = latest.us_since(earliest) / BACKS;
    let mut backs: Vec<Duration> = (0..BACKS).map(|_| timed(|| history.step_back())).collect();
    report(&named("step back"), &mut backs);
    // As the slider is dragged from its end to its beginning.
    let mut scrubs: Vec<Duration> = (1..=BACKS)
        .map(|place| {
            let at = latest.as_us() - place * apart_us;
            timed(|| history.scrub_to(Time::from_us(at)))
        })
        .collect();
    report(&named("instant on the timeline"), &mut scrubs);
}

fn describe(playground: &Playground) {
    let world = playground.world();
    let partitions = world.user_topics().flat_map(|(name, topic)| {
        let numbers = 0..topic.partitions.len() as i32;
        numbers.map(|number| engine::TopicPartition::new(name.clone(), number))
    });
    let logs = partitions.filter_map(|of| world.partition(&of));
    let retained: i64 = logs
        .map(|it| it.log.end_offset() - it.log.start_offset())
        .sum();
    println!(
        "busy-cluster at {} s: {retained} records retained, {} packets in flight",
        world.now().as_ms() / 1_000,
        world.packets().count(),
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let made = black_box(work());
    let took = start.elapsed();
    drop(made);
    took
}

fn repeated<T>(mut work: impl FnMut() -> T) -> Vec<Duration> {
    (0..PICTURES).map(|_| timed(&mut work)).collect()
}

fn dropped(playground: &Playground, view: &View) -> Vec<Duration> {
    let mut scenes: Vec<Option<Scene>> = (0..PICTURES)
        .map(|_| Some(playground.scene(view)))
        .collect();
    scenes
        .iter_mut()
        .map(|it| timed(|| drop(it.take())))
        .collect()
}

fn report(what: &str, times: &mut [Duration]) {
    sort(times);
    let ms = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    println!(
        "{what}: p50 {:.2} ms, p95 {:.2} ms, max {:.2} ms",
        ms(50),
        ms(95),
        ms(100)
    );
}
