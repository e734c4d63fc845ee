//! Going back, without a browser: whatever was is there again, the same in all
//! that the page shows of it.

use engine::{Command, Time};
use shell::TerminalId;

use super::{HELD_BYTES_MAX, History, MOMENTS_MAX, MarkPaths, Marks, Position};
use crate::playground::{Playground, ReadyMade, WORLDS, Weight};

const FRAME_US: u64 = 16_667;

/// All that the page shows of a world, but for what the caption has taken: the
/// world itself, the terminals, the event log, the marks, the measurements, and
/// what is still to come.
#[derive(Debug, PartialEq)]
struct Shown {
    position: Position,
    digest: u64,
    terminals: Vec<String>,
    all: String,
}

fn shown(history: &History) -> Shown {
    let mut playground = history.present().clone();
    playground.recall();
    Shown {
        position: history.position(),
        digest: playground.world().digest(),
        terminals: printed(&playground),
        all: format!("{playground:?}"),
    }
}

fn printed(playground: &Playground) -> Vec<String> {
    let terminals = playground.shell().terminals();
    let lines = terminals.flat_map(|terminal| terminal.lines());
    lines.map(|line| line.text.clone()).collect()
}

fn world(id: &str) -> &'static ReadyMade {
    ReadyMade::of_id(id).expect("it is there")
}

fn opened(id: &str, seed: u64) -> History {
    History::of(world(id).open(seed))
}

fn play(history: &mut History, frames: usize) {
    for _ in 0..frames {
        frame(history, FRAME_US);
    }
}

/// A frame of the page in which so much virtual time passes.
fn frame(history: &mut History, us: u64) {
    history.advance_us(us);
    history.keep_now_and_then(true);
}

fn terminal(history: &History) -> TerminalId {
    let mut terminals = history.present().shell().terminals();
    terminals.next().expect("one is open").id()
}

fn enter(history: &mut History, line: &str) {
    let id = terminal(history);
    let entered = history.act(|playground| Ok(playground.enter(id, line)));
    entered.expect("a line can always be entered");
}

fn execute(history: &mut History, command: Command) -> Result<(), String> {
    let done = history.act(|playground| playground.execute(command));
    done.map(|_| ())
}

fn kill(history: &mut History) -> Result<(), String> {
    let broker = *history
        .present()
        .world()
        .brokers()
        .keys()
        .next()
        .expect("one is there");
    execute(history, Command::KillBroker { broker })
}

#[test]
fn step_step_back_back_leaves_the_world_as_it_was() {
    for world in &WORLDS {
        let mut history = History::of(world.open(1));
        // Nothing happens at this very instant: a person has paused.
        play(&mut history, 40);
        let mut before = Vec::new();
        for _ in 0..12 {
            before.push(shown(&history));
            history.step();
        }
        let latest = shown(&history);
        while let Some(expected) = before.pop() {
            history.step_back();
            assert_eq!(shown(&history), expected, "{}", world.id);
        }
        assert!(history.is_in_past());
        for _ in 0..12 {
            history.step();
        }
        assert_eq!(shown(&history), latest, "{}", world.id);
        assert!(!history.is_in_past());
    }
}

#[test]
fn after_playing_step_back_goes_to_the_last_thing_worth_telling() {
    let mut history = opened("orders", 3);
    play(&mut history, 200);
    let here = history.position();
    let told = history.present().news().told();
    let last = history
        .present()
        .news()
        .lines()
        .next_back()
        .expect("there are news")
        .at;
    assert!(last < here.at, "the test wants an instant without news");
    history.step_back();
    assert_eq!(history.position().at, last);
    assert_eq!(history.present().news().told(), told, "it is still told");
    history.step_back();
    let earlier = history.position().at;
    assert!(earlier < last);
    let lines = history.present().news().lines();
    assert_eq!(lines.last().expect("there are news").at, earlier);
    history.step();
    assert_eq!(
        history.position().at,
        last,
        "a step goes where back came from"
    );
}

#[test]
fn back_comes_to_just_before_what_a_person_did() {
    let mut history = opened("orders", 1);
    play(&mut history, 30);
    let before = shown(&history);
    kill(&mut history).expect("it runs");
    assert!(!history.present().world().brokers()[&1].state().is_up());
    let after = shown(&history);
    history.step_back();
    assert_eq!(shown(&history), before, "at the same instant");
    assert!(history.present().world().brokers()[&1].state().is_up());
    // Going on shows what was done.
    history.step();
    assert_eq!(shown(&history), after);
}

#[test]
fn what_a_tool_printed_goes_back_too() {
    let mut history = opened("orders", 1);
    let list = "kafka-topics.sh --bootstrap-server localhost:9092 --list";
    let before = shown(&history);
    enter(&mut history, list);
    history.let_calls_finish();
    let after = shown(&history);
    assert!(
        after.terminals.iter().any(|line| line == "orders"),
        "{:?}",
        after.terminals
    );
    let mut backs = 0;
    while shown(&history) != before {
        history.step_back();
        backs += 1;
        assert!(backs < 50, "it never came to where the line was entered");
    }
    assert_eq!(printed(history.present()), before.terminals);
    history.scrub_to(after.position.at);
    assert_eq!(shown(&history), after);
}

/// A small generator for scripts; the worlds have their own.
struct Draw(u64);

impl Draw {
    fn of(&mut self, choices: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % choices
    }
}

/// Something a person does, which may be refused.
fn something(history: &mut History, draw: &mut Draw, number: usize) {
    match draw.of(9) {
        0 => history.step(),
        1 => play(history, 20 + draw.of(200) as usize),
        2 => history.advance_us(draw.of(4_000_000)),
        3 => enter(
            history,
            &format!(
                "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic made-{number}"
            ),
        ),
        4 => enter(
            history,
            "kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic orders --timeout-ms 3000",
        ),
        5 => {
            let id = terminal(history);
            let _ = history.act(|playground| {
                playground.interrupt(id);
                Ok(())
            });
        }
        6 => {
            let _ = history.act(|playground| playground.add_partition("orders"));
            history.let_calls_finish();
        }
        7 => {
            let clients = history.present().world().clients();
            let place = draw.of(clients.len().max(1) as u64) as usize;
            let client = clients.keys().nth(place).copied();
            if let Some(client) = client {
                let _ = execute(history, Command::Crash { client });
            }
        }
        _ => {
            let _ = kill(history);
        }
    }
}

/// Whatever was done in whatever order: each moment is there again, come to by
/// any way.
#[test]
fn every_moment_of_a_random_script_is_there_again() {
    for seed in 1..=12 {
        let mut draw = Draw(seed);
        let world = &WORLDS[draw.of(WORLDS.len() as u64) as usize];
        let mut history = History::of(world.open(seed));
        let mut was = vec![shown(&history)];
        for number in 0..25 {
            something(&mut history, &mut draw, number);
            was.push(shown(&history));
        }
        // Some of what was tried was refused, and changed nothing.
        was.dedup();
        let latest = was[was.len() - 1].position;
        for _ in 0..40 {
            let place = draw.of(was.len() as u64) as usize;
            let expected = &was[place];
            match draw.of(3) {
                0 => history.scrub_to(expected.position.at),
                1 => {
                    history.scrub_to(expected.position.at.max(Time::from_us(1)));
                    history.step_back();
                    history.step_back();
                }
                _ => {
                    let earlier = history.earliest().at;
                    history.scrub_to(earlier);
                }
            }
            // By letting time pass in pieces, as when it is played.
            while history.position() < expected.position {
                let us = expected.position.at.us_since(history.position().at);
                match us {
                    0 => history.step(),
                    us => history.advance_us((us / 3).max(1)),
                }
            }
            // What was done at this very instant is taken back.
            while history.position() > expected.position {
                history.step_back();
            }
            let now = shown(&history);
            if now.position == expected.position {
                assert_eq!(now, *expected, "world {} seed {seed}", world.id);
            }
            assert_eq!(history.latest(), latest, "nothing new was done");
        }
    }
}

/// How time is cut makes no difference to anything that is shown.
#[test]
fn stepping_and_playing_come_to_the_same() {
    for world in &WORLDS {
        let mut stepped = History::of(world.open(2));
        for _ in 0..60 {
            stepped.step();
        }
        let until = stepped.position().at;
        let mut played = History::of(world.open(2));
        while played.position().at < until {
            let left = until.us_since(played.position().at);
            played.advance_us(left.min(FRAME_US));
        }
        assert_eq!(shown(&played), shown(&stepped), "{}", world.id);
    }
}

#[test]
fn what_came_after_is_kept_until_something_new_is_done() {
    let mut history = opened("orders", 1);
    play(&mut history, 100);
    kill(&mut history).expect("it runs");
    play(&mut history, 200);
    let latest = shown(&history);
    let middle = history.earliest().at.plus_us(1_000_000);
    history.scrub_to(middle);
    assert!(history.is_in_past());
    assert!(history.present().world().brokers()[&1].state().is_up());
    // Played on, the broker is killed again at its instant, and the world goes
    // on beyond what was reached.
    while history.is_in_past() {
        history.advance_us(7_001);
    }
    let over = history.position().at.us_since(latest.position.at);
    assert!(over < 7_001);
    assert!(!history.present().world().brokers()[&1].state().is_up());
    assert_eq!(history.take_parted(), None);

    // What is refused is nothing new.
    history.scrub_to(middle);
    let refused = history.act(|playground| playground.add_partition("nowhere"));
    assert!(refused.is_err() && history.is_in_past());
    assert_eq!(history.take_parted(), None);

    // Something new: the kill is forgotten.
    let until = history.latest().at;
    let added = history.act(|playground| playground.add_partition("orders"));
    added.expect("there is room");
    let parted = history.take_parted().expect("something was forgotten");
    assert_eq!((parted.at, parted.until), (middle, until));
    assert!(parted.sentence().contains("is forgotten"));
    assert_eq!(history.marks().deeds, "M500 0v1", "the kill is not marked");
    assert_eq!(history.marks().changes, "");
    assert!(!history.is_in_past());
    play(&mut history, 600);
    assert!(history.present().world().brokers()[&1].state().is_up());
    assert_eq!(
        history.present().world().topics()["orders"]
            .partitions
            .len(),
        4
    );
    assert_eq!(history.take_parted(), None, "it is said once");
}

#[test]
fn the_caption_says_again_what_was_said_then() {
    let mut history = opened("orders", 1);
    let mut said = Vec::new();
    history.take_headline();
    for _ in 0..15 {
        history.step();
        let line = history.take_headline().expect("a step stops at news");
        said.push(line.text);
    }
    said.pop();
    while let Some(expected) = said.pop() {
        history.step_back();
        let line = history.take_headline().expect("it was said");
        assert_eq!(line.text, expected);
    }
}

/// The opening is always there to go back to, however long an ordinary world
/// is played.
#[test]
fn ten_minutes_are_kept_in_few_moments_that_lie_evenly() {
    let mut history = opened("orders", 1);
    let opening = shown(&history);
    // More seconds than moments.
    play_at(&mut history, 10, MOMENTS_MAX as u64 + 200);
    assert!(history.moments() <= MOMENTS_MAX);
    assert!(history.held_bytes() <= HELD_BYTES_MAX);
    assert_eq!(history.earliest(), opening.position);
    let latest = shown(&history);
    history.scrub_to(Time::from_us(123_456_789));
    assert_eq!(history.position().at, Time::from_us(123_456_789));
    history.scrub_to(latest.position.at);
    assert_eq!(shown(&history), latest);
    history.scrub_to(Time::from_us(0));
    assert_eq!(shown(&history), opening);
}

fn play_at(history: &mut History, speed: u64, seconds: u64) {
    let until = history.position().at.plus_us(seconds * 1_000_000);
    while history.position().at < until {
        frame(history, FRAME_US * speed);
    }
}

/// Deeds lie where time alone does not lead, so that the earliest of them go
/// when there are too many, and with them what was before.
#[test]
fn of_very_many_deeds_the_earliest_are_forgotten() {
    let mut history = opened("orders", 1);
    let opening = history.earliest();
    for _ in 0..MOMENTS_MAX + 20 {
        enter(&mut history, "help");
        history.advance_us(FRAME_US);
    }
    assert!(history.moments() <= MOMENTS_MAX);
    assert!(history.earliest() > opening);
    history.scrub_to(opening.at);
    assert_eq!(history.position().at, history.earliest().at);
    let latest = history.latest();
    while history.is_in_past() {
        history.step();
    }
    assert_eq!(history.position().deeds, latest.deeds);
}

#[test]
fn marks_are_drawn_once_for_each_place() {
    let mut history = opened("failing-broker", 1);
    assert_eq!(history.marks(), MarkPaths::default());
    play_at(&mut history, 1, 30);
    kill(&mut history).expect("it runs");
    play_at(&mut history, 1, 30);
    let marks = history.marks();
    assert_eq!(marks.deeds, "M250 0v1", "half the time ago");
    assert!(!marks.changes.is_empty());
    // What is played again is marked once.
    history.scrub_to(history.earliest().at);
    assert_eq!(history.marks(), marks);
    while history.is_in_past() {
        history.step();
    }
    assert_eq!(history.latest().at, history.position().at);
    let weighty = |line: &&crate::playground::LogLine| line.weight >= Weight::Change;
    assert!(history.present().news().lines().filter(weighty).count() > 0);
}

#[test]
fn there_is_nothing_to_mark_where_no_time_has_passed() {
    let marks = Marks::default();
    let now = Time::from_us(5);
    assert_eq!(marks.paths(&[now], now, now), MarkPaths::default());
}
