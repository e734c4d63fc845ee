//! The world: all nodes, the network between them, and virtual time.

#[cfg(test)]
mod asking;
mod commands;
mod config;
mod connectors;
mod consumers;
mod frozen;
mod memory;
mod observer;
mod processed;
mod processors;
mod rebalances;
mod servers;

pub use rebalances::Rebalance;

pub use config::{BrokerSpec, ControllerMode, SERVERS_MAX, WorldConfig};

use crate::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use self::connectors::Connect;
use self::frozen::{Due, Frozen};
use self::memory::Memory;
use self::observer::Observer;
use crate::broker::share::SharePartition;
use crate::broker::{Broker, NewBroker, Partition};
use crate::client::connect::is_bookkeeping;
use crate::client::{Client, ClientTimer, Processor};
use crate::command::{ClientNumber, Command, Refusal};
use crate::controller::zookeeper::ZooKeeper;
use crate::controller::{ControllerNode, MetadataImage, Topic};
use crate::coordinator::consumer_group::ConsumerGroup;
use crate::coordinator::share_group::ShareGroup;
use crate::coordinator::{ClassicGroup, GroupCoordinator};
use crate::event::{Cause, ClientNames, Event, EventKind};
use crate::journal::{Entry, Journal};
use crate::protocol::{TopicName, TopicPartition};
use crate::sim::{Digest, Fabric, Latency, Network, NodeId, Packet, PacketId, Scheduled, Time};

/// The most clients that may run at a time.
pub const CLIENTS_MAX: usize = 1_000;

/// How far [`World::step`] goes on, in milliseconds, when nothing happens that
/// an onlooker is told of.
const STEP_MAX_MS: i64 = 10_000;

/// How much may happen at one instant. More than this is a node that wakes
/// itself over and over, which would hang whoever waits for the world.
const INSTANT_MAX: u32 = 1_000_000;

/// What a command that was carried out has brought about at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The client it started, if it started one.
    pub client: Option<ClientNumber>,
    /// What happened at this very instant.
    pub events: Vec<Event>,
}

/// What is remembered of every client that ever ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownClient {
    /// Its `client.id`.
    pub client_id: String,
    /// The `group.id` of a consumer of any kind, empty when it has none. `None`
    /// for other clients, and for what reads for Kafka Connect itself.
    pub group_id: Option<String>,
    /// The command that started it, by its place in the journal; `None` for one
    /// that was started by itself.
    pub command: Option<usize>,
}

/// A cluster and its clients at one instant of virtual time.
///
/// All that is due at or before that instant has happened; commands are given
/// between instants.
#[derive(Clone, Debug)]
pub struct World {
    fabric: Fabric,
    brokers: BTreeMap<i32, Broker>,
    controllers: BTreeMap<i32, ControllerNode>,
    zookeeper: Option<ZooKeeper>,
    observer: Observer,
    memory: Memory,
    clients: BTreeMap<ClientNumber, Client>,
    /// By their consumers' numbers.
    processors: BTreeMap<ClientNumber, Processor>,
    connect: Connect,
    /// The clients whose process stands still.
    frozen: BTreeMap<NodeId, Frozen>,
    known: BTreeMap<ClientNumber, KnownClient>,
    next_client: ClientNumber,
    journal: Journal,
}

impl World {
    /// A world at its beginning: all brokers are up and registered.
    ///
    /// # Panics
    ///
    /// When the configuration describes no cluster: without brokers, with more
    /// than [`SERVERS_MAX`], or with neither one nor three controllers.
    pub fn new(seed: u64, config: WorldConfig) -> World {
        config.assert_sound();
        let settings = &config.settings;
        let broker = |spec: &BrokerSpec| {
            let broker = Broker::new(NewBroker {
                id: spec.id,
                rack: spec.rack.clone(),
                config: settings.clone(),
                voters: config.controllers_of(spec.id),
                seed,
            });
            (spec.id, broker)
        };
        let controllers = config.controller_ids().into_iter();
        let controllers = controllers.map(|id| (id, config.new_controller(id, seed)));
        let has_zookeeper = config.controllers == ControllerMode::ZooKeeper;
        let mut world = World {
            fabric: Fabric::new(seed, config.epoch_ms, config.latency),
            brokers: config.brokers.iter().map(broker).collect(),
            controllers: controllers.collect(),
            zookeeper: has_zookeeper.then(ZooKeeper::default),
            observer: Observer::default(),
            memory: Memory::default(),
            clients: BTreeMap::new(),
            processors: BTreeMap::new(),
            connect: Connect::default(),
            frozen: BTreeMap::new(),
            known: BTreeMap::new(),
            next_client: 1,
            journal: Journal::new(seed, config),
        };
        world.begin();
        world
    }

    /// The instant it is.
    pub fn now(&self) -> Time {
        self.fabric.now
    }

    /// The present instant as records' timestamps have it, in epoch
    /// milliseconds.
    pub fn timestamp_ms(&self) -> i64 {
        self.fabric.timestamp_ms()
    }

    /// The history so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The brokers, by `node.id`.
    pub fn brokers(&self) -> &BTreeMap<i32, Broker> {
        &self.brokers
    }

    /// ZooKeeper, where the world has it.
    pub fn zookeeper(&self) -> Option<&ZooKeeper> {
        self.zookeeper.as_ref()
    }

    /// The controllers, by `node.id`.
    pub fn controllers(&self) -> &BTreeMap<i32, ControllerNode> {
        &self.controllers
    }

    /// The active controller, if there is one.
    pub fn active_controller(&self) -> Option<&ControllerNode> {
        // One that was cut off may believe for a while that it still is.
        let active = self.controllers.values().filter(|node| node.is_active());
        active.max_by_key(|node| node.quorum().epoch())
    }

    /// The cluster as the committed metadata log tells it.
    pub fn image(&self) -> &MetadataImage {
        &self.observer.image
    }

    /// All topics, by name.
    pub fn topics(&self) -> &BTreeMap<TopicName, Topic> {
        &self.observer.image.topics
    }

    /// The topics that neither the cluster nor Kafka Connect keeps for itself, by
    /// name.
    pub fn user_topics(&self) -> impl Iterator<Item = (&TopicName, &Topic)> {
        self.topics()
            .iter()
            .filter(|(name, _)| !is_bookkeeping(name))
    }

    /// The network: what is under way, and what is wrong with it.
    pub fn network(&self) -> &Network {
        &self.fabric.network
    }

    /// The clients that run, by number.
    pub fn clients(&self) -> &BTreeMap<ClientNumber, Client> {
        &self.clients
    }

    /// All clients that ever ran, by number.
    pub fn known_clients(&self) -> &BTreeMap<ClientNumber, KnownClient> {
        &self.known
    }

    /// The packets under way, oldest first.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.fabric.network.in_flight()
    }

    /// How long packets take.
    pub fn latency(&self) -> Latency {
        self.fabric.network.latency()
    }

    /// The partition on the broker that leads it; on the one that led it last
    /// when that is not running.
    pub fn partition(&self, of: &TopicPartition) -> Option<&Partition> {
        let leader = self.observer.leader(of)?;
        self.brokers.get(&leader)?.partitions().get(of)
    }

    /// All groups with the broker that coordinates each, by name. Of two that
    /// believe to coordinate a group the one elected later does.
    pub fn groups(&self) -> BTreeMap<&str, (&Broker, &ClassicGroup)> {
        self.coordinated(|shard| shard.groups().map(|group| (group.name(), group)))
    }

    /// The same of the groups of KIP-848.
    pub fn consumer_groups(&self) -> BTreeMap<&str, (&Broker, &ConsumerGroup)> {
        self.coordinated(|shard| {
            let groups = shard.consumer_groups().groups();
            groups.map(|group| (group.id(), group))
        })
    }

    /// The same of the share groups.
    pub fn share_groups(&self) -> BTreeMap<&str, (&Broker, &ShareGroup)> {
        self.coordinated(|shard| shard.share_groups().map(|group| (group.id(), group)))
    }

    fn coordinated<'a, G, Groups>(
        &'a self,
        of_shard: impl Fn(&'a GroupCoordinator) -> Groups,
    ) -> BTreeMap<&'a str, (&'a Broker, &'a G)>
    where
        Groups: Iterator<Item = (&'a str, &'a G)>,
    {
        let mut groups = BTreeMap::new();
        let mut epochs: BTreeMap<i32, i32> = BTreeMap::new();
        for broker in self.brokers.values() {
            for (partition, leader_epoch, shard) in broker.groups().active() {
                let latest = epochs.entry(partition).or_insert(leader_epoch);
                if *latest > leader_epoch {
                    continue;
                }
                *latest = leader_epoch;
                groups.extend(of_shard(shard).map(|(name, group)| (name, (broker, group))));
            }
        }
        groups
    }

    /// A partition as a share group reads it, on the broker that leads it.
    pub fn share_partition(&self, group: &str, of: &TopicPartition) -> Option<&SharePartition> {
        let leader = self.observer.leader(of)?;
        let mut held = self.brokers.get(&leader)?.share_partitions();
        let found = held.find(|(key, name, _)| key.group_id == group && *name == of);
        found.map(|(_, _, partition)| partition)
    }

    /// When something is due next.
    pub fn next_time(&self) -> Option<Time> {
        self.fabric.queue.next_time()
    }

    /// A digest of everything the world holds. Two worlds with the same digest
    /// are taken to be the same, wherever they were reckoned.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        self.fabric.hash(&mut digest);
        self.brokers.hash(&mut digest);
        self.controllers.hash(&mut digest);
        self.zookeeper.hash(&mut digest);
        self.observer.hash(&mut digest);
        self.clients.hash(&mut digest);
        self.processors.hash(&mut digest);
        self.connect.hash(&mut digest);
        // Nothing, as long as nobody stands still.
        self.frozen
            .iter()
            .for_each(|frozen| frozen.hash(&mut digest));
        self.next_client.hash(&mut digest);
        self.journal.hash(&mut digest);
        digest.finish()
    }

    /// Carries out a command and notes it in the journal.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] says why not; the world is then as it was.
    pub fn execute(&mut self, command: Command) -> Result<Outcome, Refusal> {
        self.check(&command)?;
        self.fabric.cause = Cause::Command(self.journal.entries.len());
        self.journal.entries.push(Entry {
            at: self.fabric.now,
            command: command.clone(),
        });
        let client = self.carry_out(command);
        self.run_applications(0);
        self.watch_groups(0);
        self.remember(0);
        self.run_until(self.fabric.now);
        Ok(Outcome {
            client,
            events: std::mem::take(&mut self.fabric.events),
        })
    }

    /// Lets everything happen that is due at or before `until`, which then is
    /// the present instant. An instant that has passed changes nothing.
    pub fn advance_to(&mut self, until: Time) -> Vec<Event> {
        self.run_until(until);
        self.fabric.now = self.fabric.now.max(until);
        std::mem::take(&mut self.fabric.events)
    }

    /// Goes on to the next instant at which something happens that an onlooker
    /// is told of, and lets it happen.
    pub fn step(&mut self) -> Vec<Event> {
        let end = self.fabric.now.plus_ms(STEP_MAX_MS);
        while let Some(next) = self.next_time().filter(|next| *next <= end) {
            self.run_until(next);
            if self.fabric.events.iter().any(|event| event.kind.is_news()) {
                break;
            }
        }
        std::mem::take(&mut self.fabric.events)
    }

    fn run_until(&mut self, until: Time) {
        let mut at_this_instant = 0;
        while let Some((at, scheduled)) = self.fabric.queue.pop_until(until) {
            at_this_instant = if at > self.fabric.now {
                1
            } else {
                at_this_instant + 1
            };
            assert!(
                at_this_instant < INSTANT_MAX,
                "time does not get beyond {at}: {scheduled:?} happens over and over"
            );
            self.fabric.now = at;
            let first_event = self.fabric.events.len();
            self.happen(scheduled);
            self.run_applications(first_event);
            self.watch_groups(first_event);
            self.remember(first_event);
        }
    }

    /// Measures what groups do, from the event of this number on.
    fn watch_groups(&mut self, first_event: usize) {
        if first_event < self.fabric.events.len() {
            self.count_processed(first_event);
            self.measure_rebalances(first_event);
        }
    }

    fn happen(&mut self, scheduled: Scheduled) {
        match scheduled {
            Scheduled::Arrival(packet) => self.arrive(packet),
            Scheduled::BrokerTimer(broker) => {
                self.timer_goes_off(NodeId::Broker(broker), Due::Server);
            }
            Scheduled::ControllerTimer(controller) => {
                self.timer_goes_off(NodeId::Controller(controller), Due::Server);
            }
            Scheduled::ZooKeeperTimer => self.timer_goes_off(NodeId::ZooKeeper, Due::Server),
            Scheduled::ClientTimer(number, timer) => {
                self.timer_goes_off(NodeId::Client(number), Due::Client(timer));
            }
        }
    }

    fn timer_goes_off(&mut self, node: NodeId, due: Due) {
        self.fabric.cause = Cause::Timer(node);
        if !self.hold_timer(node, due) {
            self.timer_is_due(node, due);
        }
    }

    fn timer_is_due(&mut self, node: NodeId, due: Due) {
        match (node, due) {
            (NodeId::Broker(id), _) => {
                self.let_broker_act(id, |broker, fabric| broker.on_timer(fabric));
            }
            (NodeId::Controller(id), _) => {
                self.let_controller_act(id, |node, fabric| node.on_timer(fabric));
            }
            (NodeId::ZooKeeper, _) => self.let_zookeeper_act(ZooKeeper::on_timer),
            (NodeId::Client(number), Due::Client(timer)) => {
                self.client_timer_is_due(number, timer);
            }
            (NodeId::Client(_), Due::Server) => unreachable!("a client's timers have names"),
        }
    }

    fn arrive(&mut self, id: PacketId) {
        let Some(packet) = self.fabric.network.deliver(id) else {
            return;
        };
        self.fabric.cause = Cause::Packet(id);
        if let Some(packet) = self.hold_packet(packet) {
            self.arrive_at(packet);
        }
    }

    fn arrive_at(&mut self, packet: Packet) {
        match packet.to {
            NodeId::Broker(broker) => self.arrive_at_broker(broker, packet),
            NodeId::Controller(controller) => self.arrive_at_controller(controller, packet),
            NodeId::ZooKeeper => {
                self.let_zookeeper_act(|node, fabric| node.on_packet(fabric, packet));
            }
            NodeId::Client(number) => self.arrive_at_client(number, packet),
        }
    }

    fn arrive_at_client(&mut self, number: ClientNumber, packet: Packet) {
        if let Some(client) = self.clients.get_mut(&number) {
            client.on_packet(&mut self.fabric, packet);
            self.take_off_if_closed(number);
        }
    }

    fn client_timer_is_due(&mut self, number: ClientNumber, timer: ClientTimer) {
        if let Some(client) = self.clients.get_mut(&number) {
            client.on_timer(&mut self.fabric, timer);
            self.take_off_if_closed(number);
        }
    }

    /// `close()`; the worker of a connector is told to end its task.
    fn close(&mut self, number: ClientNumber) {
        if let Some(name) = self.connector_of(number).map(|it| it.config.name.clone()) {
            return self.end_worker(&name);
        }
        if let Some(client) = self.clients.get_mut(&number) {
            client.close(&mut self.fabric);
            self.take_off_if_closed(number);
        }
    }

    /// Takes a client that has acted off the board, if with that it has closed.
    /// A client closes by what it does itself, so that no other need be asked.
    fn take_off_if_closed(&mut self, number: ClientNumber) {
        if !self.clients.get(&number).is_some_and(Client::is_closed) {
            return;
        }
        if let Some(client) = self.remove_client(number) {
            self.tell_closed(number, &client);
        }
    }

    fn tell_closed(&mut self, number: ClientNumber, client: &Client) {
        self.fabric.emit(EventKind::ClientClosed {
            client: number,
            kind: client.kind(),
            client_id: client.client_id().to_owned(),
        });
    }

    fn remove_client(&mut self, number: ClientNumber) -> Option<Client> {
        let client = self.clients.remove(&number)?;
        self.frozen.remove(&NodeId::Client(number));
        self.fabric.end_process(NodeId::Client(number));
        Some(client)
    }
}

/// Every client that ever ran keeps its `client.id` as its name.
impl ClientNames for World {
    fn name(&self, client: ClientNumber) -> String {
        match self.known.get(&client) {
            Some(known) => known.client_id.clone(),
            None => format!("client {client}"),
        }
    }
}
