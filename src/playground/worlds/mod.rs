//! Worlds that are ready made: what a lesson begins with, and what people come
//! back to. All in them could be done by hand; each is a seed, the settings of
//! a cluster, and commands.

mod building;
mod busy;
mod cluster;
mod connect;
mod first;
mod guarantees;
mod keys;
mod reading;
mod rebalances;

use engine::WorldConfig;

use super::Playground;
use crate::stage::By;

/// A ready-made world.
#[derive(Debug)]
pub struct ReadyMade {
    /// Its name in links and tests: letters and `-`.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What there is to see, in one sentence.
    pub sentence: &'static str,
    /// How its board is arranged when it is first seen.
    pub by: By,
    /// The cluster it begins with.
    config: fn() -> WorldConfig,
    /// What is done in it until it is first seen, and what is to come.
    set: fn(&mut Playground) -> Result<(), String>,
}

/// All of them. The first is the one that the page opens with.
pub static WORLDS: [ReadyMade; 12] = [
    first::ORDERS,
    reading::SHOP,
    keys::ACTIVITY,
    keys::HOT_KEY,
    reading::IDLE_CONSUMERS,
    reading::TWO_GROUPS_AND_NONE,
    rebalances::THREE_PROTOCOLS,
    cluster::FAILING_BROKER,
    cluster::COMPACTED_TABLE,
    connect::TABLE_IN_STEP,
    guarantees::TRANSACTIONS,
    guarantees::WORK_QUEUE,
];

/// What a tab has to hold, for whoever wants to see that. It takes seconds to
/// make, so that it is not among the others, of which pictures are shown.
pub static BUSY_CLUSTER: ReadyMade = busy::BUSY_CLUSTER;

impl ReadyMade {
    /// The world of this id.
    pub fn of_id(id: &str) -> Option<&'static ReadyMade> {
        let mut all = WORLDS.iter().chain([&BUSY_CLUSTER]);
        all.find(|world| world.id == id)
    }

    /// The world that an address asks for behind its `#`: `#world=busy-cluster`.
    pub fn asked_for(fragment: &str) -> Option<&'static ReadyMade> {
        let mut parts = fragment.trim_start_matches('#').split('&');
        let id = parts.find_map(|part| part.strip_prefix("world="))?;
        ReadyMade::of_id(id)
    }

    /// The world as it is first seen: the same at every call with a seed.
    pub fn open(&self, seed: u64) -> Playground {
        let mut playground = Playground::empty(seed, (self.config)());
        (self.set)(&mut playground).expect("nothing stands in the way of a ready-made world");
        playground
    }
}

impl PartialEq for ReadyMade {
    fn eq(&self, other: &ReadyMade) -> bool {
        self.id == other.id
    }
}
