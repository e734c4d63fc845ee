//! A world and its terminals, driven as the page drives them.

use engine::{Event, Time, World, WorldConfig};
use shell::{Line, LineKind, Shell, TerminalId};

/// A world, its terminals and all that has happened.
pub struct Session {
    pub world: World,
    pub shell: Shell,
    pub events: Vec<Event>,
}

impl Session {
    /// A fresh playground of this seed.
    pub fn new(seed: u64) -> Session {
        Session {
            world: World::new(seed, WorldConfig::playground()),
            shell: Shell::new(),
            events: Vec::new(),
        }
    }

    /// The terminal of this number, counted from 1 in the order of opening.
    pub fn terminal(&self, number: u32) -> TerminalId {
        TerminalId(number)
    }

    /// Types a line and lets time go on until the tool in front has ended or
    /// reads, or `patience_ms` have passed.
    pub fn enter(&mut self, terminal: TerminalId, line: &str, patience_ms: i64) {
        let events = self.shell.enter(&mut self.world, terminal, line);
        self.events.extend(events);
        let until = self.world.now().plus_ms(patience_ms);
        while self.is_busy(terminal) && self.world.now() < until {
            self.wait_ms(100);
        }
    }

    /// Whether something runs in a terminal that does not wait for input.
    pub fn is_busy(&self, terminal: TerminalId) -> bool {
        let terminal = self.shell.terminal(terminal).expect("it is open");
        let front = terminal.foreground();
        front.is_some_and(|front| !front.reads_input || terminal.prompt().is_empty())
    }

    /// Runs a command to its end in terminal 1; returns its exit status and
    /// what it printed.
    pub fn run(&mut self, line: &str) -> Ran {
        let terminal = self.terminal(1);
        let before = self.lines(terminal).len();
        self.enter(terminal, line, 100_000);
        let printed = self.lines(terminal);
        let of = |kind| {
            let lines = printed.iter().skip(before).filter(|line| line.kind == kind);
            lines.map(|line| format!("{}\n", line.text)).collect()
        };
        Ran {
            status: self
                .shell
                .terminal(terminal)
                .expect("it is open")
                .last_status(),
            stdout: of(LineKind::Stdout),
            stderr: of(LineKind::Stderr),
            notes: of(LineKind::Note),
        }
    }

    /// Lets time go on.
    pub fn wait_ms(&mut self, ms: i64) {
        let until: Time = self.world.now().plus_ms(ms);
        let events = self.shell.advance_to(&mut self.world, until);
        self.events.extend(events);
    }

    pub fn lines(&self, terminal: TerminalId) -> Vec<Line> {
        let terminal = self.shell.terminal(terminal).expect("it is open");
        terminal.lines().cloned().collect()
    }

    /// Topics, their records and the groups' offsets in words: two worlds of
    /// which it is the same differ in nothing that a user of Kafka keeps.
    pub fn kept(&self) -> String {
        let mut kept = String::new();
        for (name, topic) in self.world.topics() {
            kept += &format!("{name} {topic:?}\n");
        }
        for broker in self.world.brokers().values() {
            for (partition, held) in broker.partitions() {
                kept += &format!("{partition} {:?}\n", held.log);
            }
        }
        for (name, (_, group)) in self.world.groups() {
            kept += &format!("{name} {group:?}\n");
        }
        kept
    }

    /// How many records each partition of a topic holds.
    pub fn record_counts(&self, topic: &str) -> Vec<i64> {
        let partitions = self
            .world
            .topics()
            .get(topic)
            .map_or(0, |t| t.partitions.len());
        let end = |partition: usize| {
            let number = i32::try_from(partition).expect("few partitions");
            let partition = engine::TopicPartition::new(topic, number);
            self.world
                .partition(&partition)
                .map_or(0, |held| held.high_watermark())
        };
        (0..partitions).map(end).collect()
    }
}

/// What a command did.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    pub notes: String,
}
