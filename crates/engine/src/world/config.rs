use crate::collections::BTreeMap;
use std::sync::Arc;

use crate::config::BrokerConfig;
use crate::controller::quorum::Quorum;
use crate::controller::zookeeper::Candidate;
use crate::controller::{Consensus, ControllerNode};
use crate::sim::{Latency, Random, Stream};
use crate::sorting::sort;

/// What a world is made of at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorldConfig {
    /// The brokers, at least one and at most [`SERVERS_MAX`].
    pub brokers: Vec<BrokerSpec>,
    /// What controllers there are.
    pub controllers: ControllerMode,
    /// The settings of all brokers and controllers.
    pub settings: Arc<BrokerConfig>,
    /// How long packets take.
    pub latency: Latency,
    /// Epoch milliseconds at the beginning of virtual time.
    pub epoch_ms: i64,
}

/// What controllers a world has, and what they agree by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ControllerMode {
    /// A quorum of controllers (KRaft).
    KRaft {
        /// Their `node.id`s, one or three (`controller.quorum.voters`). One
        /// that is a broker's too shares its machine
        /// (`process.roles=broker,controller`).
        voters: Vec<i32>,
    },
    /// Every broker can be the controller, and ZooKeeper says which one is, as
    /// up to Kafka 3.9. Begins with the first broker as the controller.
    ZooKeeper,
}

/// A broker to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerSpec {
    /// Its `node.id`.
    pub id: i32,
    /// Its `broker.rack`.
    pub rack: Option<String>,
}

/// From here on the streams of random numbers of controllers that were added.
const ADDED_LATER: u32 = 1 << 31;

/// The most brokers a world may have.
pub const SERVERS_MAX: usize = 100;

/// How many replicas internal topics have by default.
const INTERNAL_TOPIC_REPLICAS: usize = 3;

/// The settings that say how many replicas an internal topic has, and how many
/// of them must be in sync.
const OF_INTERNAL_TOPICS: [&str; 5] = [
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "transaction.state.log.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "share.coordinator.state.topic.min.isr",
];

impl WorldConfig {
    /// The playground: one broker that is the controller too, three
    /// partitions, a network slow enough to watch, and 1 January 2026 as the
    /// first day. `group.initial.rebalance.delay.ms` is 0 and internal topics
    /// have one replica, as in the `server.properties` that Kafka ships, and
    /// topics are not made by being asked for.
    pub fn playground() -> WorldConfig {
        WorldConfig::cluster(&[1], &[1], &[("num.partitions", "3")])
    }

    /// Brokers without racks and controllers, with these broker settings
    /// besides those of the [`playground`](Self::playground). With fewer than
    /// three brokers internal topics have as many replicas as there are
    /// brokers.
    ///
    /// # Panics
    ///
    /// When a setting is not one of Kafka's, or does not take its value:
    /// settings that people give are to be checked by [`BrokerConfig::new`].
    pub fn cluster(brokers: &[i32], controllers: &[i32], settings: &[(&str, &str)]) -> WorldConfig {
        let voters = controllers.to_vec();
        WorldConfig::with(brokers, ControllerMode::KRaft { voters }, settings)
    }

    /// The same with ZooKeeper instead of controllers of their own.
    ///
    /// # Panics
    ///
    /// As [`cluster`](Self::cluster).
    pub fn with_zookeeper(brokers: &[i32], settings: &[(&str, &str)]) -> WorldConfig {
        WorldConfig::with(brokers, ControllerMode::ZooKeeper, settings)
    }

    fn with(
        brokers: &[i32],
        controllers: ControllerMode,
        settings: &[(&str, &str)],
    ) -> WorldConfig {
        let mut own = vec![
            ("group.initial.rebalance.delay.ms", "0"),
            ("auto.create.topics.enable", "false"),
        ];
        // Internal topics are made only where there are brokers enough.
        let replicas = brokers.len().to_string();
        if brokers.len() < INTERNAL_TOPIC_REPLICAS {
            own.extend(OF_INTERNAL_TOPICS.map(|name| (name, replicas.as_str())));
        }
        let settings: BTreeMap<String, String> = own
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let settings = BrokerConfig::new(settings);
        let brokers = brokers.iter().map(|id| BrokerSpec {
            id: *id,
            rack: None,
        });
        WorldConfig {
            brokers: brokers.collect(),
            controllers,
            settings: Arc::new(settings.unwrap_or_else(|error| panic!("{error}"))),
            latency: Latency {
                base_us: 120_000,
                jitter_us: 30_000,
            },
            epoch_ms: 1_767_225_600_000,
        }
    }

    /// The controllers that the world begins with, the active one first.
    pub(super) fn controller_ids(&self) -> Vec<i32> {
        match &self.controllers {
            ControllerMode::KRaft { voters } => voters.clone(),
            ControllerMode::ZooKeeper => self.brokers.iter().map(|broker| broker.id).collect(),
        }
    }

    /// Whom a broker asks for the active controller: the voters; with
    /// ZooKeeper the controller in its own process, which is told by ZooKeeper.
    pub(super) fn controllers_of(&self, broker: i32) -> Vec<i32> {
        match &self.controllers {
            ControllerMode::KRaft { voters } => voters.clone(),
            ControllerMode::ZooKeeper => vec![broker],
        }
    }

    /// A controller that is not started yet.
    pub(super) fn new_controller(&self, id: i32, seed: u64) -> ControllerNode {
        let settings = self.settings.clone();
        let consensus = match &self.controllers {
            ControllerMode::KRaft { voters } => {
                let config = settings.quorum.clone();
                Consensus::Quorum(Quorum::new(id, voters.clone(), config, seed))
            }
            ControllerMode::ZooKeeper => Consensus::ZooKeeper(Candidate::new(id)),
        };
        // Each draws numbers of its own, or topics would get the same ids
        // twice when another takes over.
        let ids = self.controller_ids();
        let place = ids.iter().position(|known| *known == id);
        let place = match place.and_then(|place| u32::try_from(place).ok()) {
            Some(place) => place,
            // One that was added later; nobody else has its id.
            None => ADDED_LATER + id.cast_unsigned(),
        };
        let random = Random::new(seed, Stream::Controller(place));
        ControllerNode::new(id, consensus, settings, random)
    }

    /// # Panics
    ///
    /// When there could be no such cluster.
    pub(super) fn assert_sound(&self) {
        let count = self.brokers.len();
        assert!(
            (1..=SERVERS_MAX).contains(&count),
            "a world has 1 to {SERVERS_MAX} brokers, not {count}"
        );
        if let ControllerMode::KRaft { voters } = &self.controllers {
            assert!(
                matches!(voters.len(), 1 | 3),
                "a quorum of this world has 1 or 3 controllers"
            );
        }
        let mut ids: Vec<i32> = self.brokers.iter().map(|broker| broker.id).collect();
        sort(&mut ids);
        assert!(ids[0] >= 0 && ids.is_sorted_by(|a, b| a < b), "ids differ");
    }
}
