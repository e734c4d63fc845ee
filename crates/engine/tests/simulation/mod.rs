//! Whole clusters under random work and random faults. A seed decides all of
//! it; after every event the invariants are checked, and at the end everything
//! is healed and must come to rest with nothing lost.

#![allow(dead_code, reason = "a test and a program each use some of it")]

mod cluster;
mod connectors;
mod consumer_groups;
mod consumers;
mod faults;
mod groups;
mod heal;
mod invariants;
mod ownership;
mod processors;
mod progress;
mod ranges;
mod record;
mod rest;
mod sessions;
mod share_state;
mod shares;
mod sharing;
mod transactions;
mod workload;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Once;

use engine::client::GroupProtocol;
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

/// A summary of these counts.
macro_rules! summary {
    ($($(#[$doc:meta])* $count:ident,)*) => {
        /// What became of a run, so that whoever reads it sees that something
        /// did.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Summary {
            $($(#[$doc])* pub $count: u64,)*
        }

        impl Summary {
            /// Adds another run's.
            pub fn add(&mut self, other: Summary) {
                $(self.$count += other.$count;)*
            }
        }
    };
}

summary! {
    /// Instants at which something happened.
    instants,
    /// Faults that were carried out.
    faults,
    /// Leaders that were elected.
    elections,
    /// Of them, those who were not in sync.
    unclean_elections,
    /// Controllers that became active.
    controllers,
    /// Of them, those that had made `/controller`.
    by_zookeeper,
    /// Records that a producer was told are stored with `acks=all`.
    acknowledged,
    /// Of them, those lost for a reason for which Kafka loses them too.
    excused,
    /// Records that the reader at the end has read.
    read,
    /// Generations that groups have begun.
    generations,
    /// Of them, those with the cooperative assignor.
    cooperative,
    /// Epochs that groups of KIP-848 have reached.
    epochs,
    /// How often a member of such a group came nearer to its target assignment.
    reconciled,
    /// How often a member of a current generation was looked at.
    looked_at,
    /// Of them, those at an epoch of a group of KIP-848.
    looked_at_epochs,
    /// Commits that coordinators have taken.
    commits,
    /// Commits of which an application was told that they have failed.
    refused_commits,
    /// Members that coordinators have thrown out.
    expired_members,
    /// Static members that came back under another id.
    replaced_members,
    /// Static members that failed since another has their place.
    fenced_members,
    /// Members that left since their application did not poll.
    poll_timeouts,
    /// How often a member was told that its partitions are lost.
    lost_partitions,
    /// Records that applications have processed.
    processed,
    /// How often a group has processed something again.
    processed_again,
    /// Offsets that groups had committed at the end.
    kept_offsets,
    /// Batches of committed transactions that were read with `read_committed`.
    isolated,
    /// Transactions that were committed.
    committed_transactions,
    /// Transactions that were aborted.
    aborted_transactions,
    /// Records that processors have read and whose effect is committed.
    effects,
    /// Records that members of share groups were given.
    share_deliveries,
    /// Of them, those that were delivered before.
    share_redeliveries,
    /// How often records were archived since they were given back too often.
    share_archived,
    /// Share groups that were done with everything at the end.
    finished_share_groups,
    /// Groups that came to rest at the end, with members.
    settled_groups,
    /// Rows that the tables of sinks had at the end.
    rows,
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
    /// How the members of each group find together.
    plans: [consumers::Plan; consumers::GROUPS.len()],
    /// The protocol of the processors' group.
    processor_plan: GroupProtocol,
    /// Makes values that never come twice.
    next_value: u32,
    /// The second it is, and what has happened in it.
    second: (u64, u32),
    /// Whether it has connectors.
    connects: bool,
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut random = Random::new(seed, Stream::Tool);
        let config = cluster::config(&mut random);
        let mut model = Model::default();
        model.shares.deliveries_max = config.settings.coordinator.share.delivery_count_limit;
        let world = World::new(seed, config);
        let plans = consumers::plans(&mut random);
        let processor_plan = pick(
            &mut random,
            &[GroupProtocol::Classic, GroupProtocol::Consumer],
        );
        let mut run = Run {
            model,
            world,
            random,
            clients: Vec::new(),
            plans,
            processor_plan,
            next_value: 0,
            second: (0, 0),
            connects: Run::connects(seed),
        };
        run.begin();
        if run.connects {
            run.begin_connecting();
        }
        run
    }

    /// One random command, and the time until the next.
    fn act(&mut self) {
        if self.connects && self.random.below(4) == 0 {
            self.connect();
        } else if self.random.below(3) == 0 {
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
