//! Whole clusters under random work and random faults. A seed decides all of
//! it; after every event the invariants are checked, and at the end everything
//! is healed and must come to rest with nothing lost.

#![allow(dead_code, reason = "a test and a program each use some of it")]

mod cluster;
mod consumers;
mod faults;
mod groups;
mod heal;
mod invariants;
mod ownership;
mod progress;
mod ranges;
mod record;
mod rest;
mod sessions;
mod transactions;
mod workload;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Once;

use engine::assignor::ClientAssignor;
use engine::command::ClientNumber;
use engine::event::ClientNames;
use engine::sim::{Random, Stream};
use engine::{Command, Event, Time, World};

use self::invariants::Model;

/// How many of the last events are told when something fails.
const LAST_EVENTS: usize = 60;
/// How much may happen within a second of virtual time. More is a cluster that
/// is busy with itself.
const INSTANTS_PER_SECOND_MAX: u32 = 200_000;

/// What became of a run, so that whoever reads it sees that something did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// Instants at which something happened.
    pub instants: u64,
    /// Faults that were carried out.
    pub faults: u64,
    /// Leaders that were elected.
    pub elections: u64,
    /// Of them, those who were not in sync.
    pub unclean_elections: u64,
    /// Controllers that became active.
    pub controllers: u64,
    /// Of them, those that had made `/controller`.
    pub by_zookeeper: u64,
    /// Records that a producer was told are stored with `acks=all`.
    pub acknowledged: u64,
    /// Of them, those lost for a reason for which Kafka loses them too.
    pub excused: u64,
    /// Records that the reader at the end has read.
    pub read: u64,
    /// Generations that groups have begun.
    pub generations: u64,
    /// Of them, those with the cooperative assignor.
    pub cooperative: u64,
    /// How often a member of a current generation was looked at.
    pub looked_at: u64,
    /// Commits that coordinators have taken.
    pub commits: u64,
    /// Commits of which an application was told that they have failed.
    pub refused_commits: u64,
    /// Members that coordinators have thrown out.
    pub expired_members: u64,
    /// Static members that came back under another id.
    pub replaced_members: u64,
    /// Static members that failed since another has their place.
    pub fenced_members: u64,
    /// Members that left since their application did not poll.
    pub poll_timeouts: u64,
    /// How often a member was told that its partitions are lost.
    pub lost_partitions: u64,
    /// Records that applications have processed.
    pub processed: u64,
    /// How often a group has processed something again.
    pub processed_again: u64,
    /// Offsets that groups had committed at the end.
    pub kept_offsets: u64,
    /// Batches of committed transactions that were read with `read_committed`.
    pub isolated: u64,
    /// Groups that came to rest at the end, with members.
    pub settled_groups: u64,
}

impl Summary {
    /// Adds another run's.
    pub fn add(&mut self, other: Summary) {
        self.instants += other.instants;
        self.faults += other.faults;
        self.elections += other.elections;
        self.unclean_elections += other.unclean_elections;
        self.controllers += other.controllers;
        self.by_zookeeper += other.by_zookeeper;
        self.acknowledged += other.acknowledged;
        self.excused += other.excused;
        self.read += other.read;
        self.generations += other.generations;
        self.cooperative += other.cooperative;
        self.looked_at += other.looked_at;
        self.commits += other.commits;
        self.refused_commits += other.refused_commits;
        self.expired_members += other.expired_members;
        self.replaced_members += other.replaced_members;
        self.fenced_members += other.fenced_members;
        self.poll_timeouts += other.poll_timeouts;
        self.lost_partitions += other.lost_partitions;
        self.processed += other.processed;
        self.processed_again += other.processed_again;
        self.kept_offsets += other.kept_offsets;
        self.isolated += other.isolated;
        self.settled_groups += other.settled_groups;
    }
}

/// Runs one seed with so many commands.
///
/// # Panics
///
/// When an invariant does not hold; the seed and the last events are printed
/// first.
pub fn run(seed: u64, commands: usize) -> Summary {
    tell_history_on_panic();
    HISTORY.with_borrow_mut(|history| *history = History::of(seed));
    let mut run = Run::new(seed);
    for _ in 0..commands {
        run.act();
    }
    run.heal();
    HISTORY.with_borrow_mut(|history| *history = History::default());
    run.model.summary
}

/// One seed's world, what must be true of it, and what is still to come.
struct Run {
    world: World,
    random: Random,
    model: Model,
    /// What has been started, for commands to name.
    clients: Vec<(ClientNumber, workload::Kind)>,
    /// The assignor that most members of each group know.
    base_assignors: [ClientAssignor; consumers::GROUPS.len()],
    /// Makes values that never come twice.
    next_value: u32,
    /// The second it is, and what has happened in it.
    second: (u64, u32),
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut random = Random::new(seed, Stream::Tool);
        let world = World::new(seed, cluster::config(&mut random));
        let base_assignors = consumers::base_assignors(&mut random);
        let mut run = Run {
            model: Model::default(),
            world,
            random,
            clients: Vec::new(),
            base_assignors,
            next_value: 0,
            second: (0, 0),
        };
        run.begin();
        run
    }

    /// One random command, and the time until the next.
    fn act(&mut self) {
        if self.random.below(3) == 0 {
            self.fault();
        } else {
            self.work();
        }
        let magnitude = 8 + self.random.below(14);
        let pause_us = u64::from(self.random.below(1 << magnitude));
        self.advance_to(self.world.now().plus_us(pause_us));
    }

    /// Carries a command out, if it may be; whatever is refused leaves no
    /// trace.
    fn execute(&mut self, command: Command) -> Option<Option<ClientNumber>> {
        HISTORY.with_borrow_mut(|history| {
            history.note(Line::Command(self.world.now(), command.clone()));
        });
        let outcome = self.world.execute(command).ok()?;
        self.observe(&outcome.events);
        Some(outcome.client)
    }

    /// Goes on event by event.
    fn advance_to(&mut self, until: Time) {
        while let Some(next) = self.world.next_time().filter(|next| *next <= until) {
            self.check_pace(next);
            let events = self.world.advance_to(next);
            self.observe(&events);
        }
        let events = self.world.advance_to(until);
        self.observe(&events);
    }

    fn observe(&mut self, events: &[Event]) {
        HISTORY.with_borrow_mut(|history| {
            for event in events {
                history.note(Line::Event(event.clone()));
            }
        });
        self.model.observe(&self.world, events);
    }

    fn check_pace(&mut self, next: Time) {
        let second = next.as_ms() / 1_000;
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        assert!(
            self.second.1 < INSTANTS_PER_SECOND_MAX,
            "the cluster is busy with itself at {next}"
        );
    }

    /// One of these.
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        pick(&mut self.random, of)
    }
}

/// One of these.
fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u32) as usize]
}

/// What has happened lately in the run of this thread.
#[derive(Default)]
struct History {
    seed: Option<u64>,
    lines: VecDeque<Line>,
}

#[expect(clippy::large_enum_variant, reason = "the last lines only are kept")]
enum Line {
    Command(Time, Command),
    Event(Event),
}

thread_local! {
    static HISTORY: RefCell<History> = RefCell::default();
}

impl History {
    fn of(seed: u64) -> History {
        History {
            seed: Some(seed),
            lines: VecDeque::new(),
        }
    }

    fn note(&mut self, line: Line) {
        if self.lines.len() == LAST_EVENTS {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    fn tell(&self) {
        let Some(seed) = self.seed else {
            return;
        };
        eprintln!("seed {seed} fails; what happened last:");
        for line in &self.lines {
            match line {
                Line::Command(at, command) => eprintln!("  {at} command {command:?}"),
                Line::Event(event) => eprintln!("  {} {}", event.at, event.describe(&Numbers)),
            }
        }
        eprintln!("again: cargo xtask simulate --seeds {seed}..{}", seed + 1);
    }
}

/// Clients without names.
struct Numbers;

impl ClientNames for Numbers {
    fn name(&self, client: ClientNumber) -> String {
        format!("client {client}")
    }
}

/// Whatever fails, a check of ours or an assertion of the engine, the seed and
/// what led to it are told.
fn tell_history_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            HISTORY.with_borrow(History::tell);
            before(panic);
        }));
    });
}
