//! The history of a world: what it started from and what was asked of it.

use crate::command::Command;
use crate::sim::Time;
use crate::world::{World, WorldConfig};

/// One command and the instant at which it was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// What.
    pub command: Command,
}

/// Seed, configuration and commands: all that a world follows from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Journal {
    /// The world's seed.
    pub seed: u64,
    /// The world's configuration.
    pub config: WorldConfig,
    /// The commands carried out, in order.
    pub entries: Vec<Entry>,
}

impl Journal {
    /// An empty history.
    pub fn new(seed: u64, config: WorldConfig) -> Journal {
        Journal {
            seed,
            config,
            entries: Vec::new(),
        }
    }

    /// The world as it was, or will be, at `until`: a new world to which every
    /// command up to then is given again.
    ///
    /// # Panics
    ///
    /// When a command is refused that was carried out before: then the world
    /// is not deterministic, which is a fault of this crate.
    pub fn replay(&self, until: Time) -> World {
        let mut world = World::new(self.seed, self.config.clone());
        for entry in self.entries.iter().take_while(|entry| entry.at <= until) {
            world.advance_to(entry.at);
            if let Err(refusal) = world.execute(entry.command.clone()) {
                panic!("a command of the journal was refused on replay: {refusal}");
            }
        }
        world.advance_to(until);
        world
    }
}
