//! The world: all nodes, the network between them, and virtual time.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use crate::broker::{Broker, RetentionSchedule, describe_change};
use crate::client::{Admin, Client, Connection, Consumer, ConsumerConfig, Producer};
use crate::client::{ProducerConfig, Workload};
use crate::command::{ClientNumber, Command, Refusal};
use crate::controller::{Controller, Topic, TopicDefaults};
use crate::coordinator::{ClassicGroup, GroupCoordinatorConfig};
use crate::event::{Cause, ClientNames, Event, EventKind};
use crate::journal::{Entry, Journal};
use crate::protocol::{Payload, TopicName, TopicPartition};
use crate::sim::{Digest, Fabric, Latency, NodeId, Packet, PacketId, Scheduled, Time};

/// The most clients that may run at a time.
pub const CLIENTS_MAX: usize = 1_000;

/// How many instants [`World::step`] looks ahead for one at which something
/// happens that an onlooker is told of.
const STEP_INSTANTS_MAX: usize = 10_000;

/// How much may happen at one instant. More than this is a node that wakes
/// itself over and over, which would hang whoever waits for the world.
const INSTANT_MAX: u32 = 1_000_000;

/// What a world is made of at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorldConfig {
    /// The brokers' `node.id`s; each is a controller too.
    pub brokers: Vec<i32>,
    /// `num.partitions`.
    pub num_partitions: i32,
    /// `default.replication.factor`.
    pub default_replication_factor: i16,
    /// `group.initial.rebalance.delay.ms`.
    pub group_initial_rebalance_delay_ms: i32,
    /// When brokers look for old segments (`log.retention.check.interval.ms`,
    /// `log.initial.task.delay.ms`).
    pub retention: RetentionSchedule,
    /// How long packets take.
    pub latency: Latency,
    /// Epoch milliseconds at the beginning of virtual time.
    pub epoch_ms: i64,
}

impl WorldConfig {
    /// The playground: one broker, three partitions, a network slow enough to
    /// watch, and 1 January 2026 as the first day.
    /// `group.initial.rebalance.delay.ms` is 0, as in the `server.properties`
    /// that Kafka ships.
    pub fn playground() -> WorldConfig {
        WorldConfig {
            brokers: vec![1],
            num_partitions: 3,
            default_replication_factor: 1,
            group_initial_rebalance_delay_ms: 0,
            retention: RetentionSchedule::default(),
            latency: Latency {
                base_us: 120_000,
                jitter_us: 30_000,
            },
            epoch_ms: 1_767_225_600_000,
        }
    }
}

/// What a command that was carried out has brought about at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The client it started, if it started one.
    pub client: Option<ClientNumber>,
    /// What happened at this very instant.
    pub events: Vec<Event>,
}

/// A cluster and its clients at one instant of virtual time.
///
/// All that is due at or before that instant has happened; commands are given
/// between instants.
#[derive(Clone, Debug)]
pub struct World {
    fabric: Fabric,
    brokers: BTreeMap<i32, Broker>,
    controller: Controller,
    clients: BTreeMap<ClientNumber, Client>,
    names: BTreeMap<ClientNumber, String>,
    next_client: ClientNumber,
    journal: Journal,
}

impl World {
    /// A world at its beginning.
    ///
    /// # Panics
    ///
    /// When the configuration names no broker.
    pub fn new(seed: u64, config: WorldConfig) -> World {
        assert!(
            !config.brokers.is_empty(),
            "a world has at least one broker"
        );
        let groups = GroupCoordinatorConfig {
            initial_rebalance_delay_ms: config.group_initial_rebalance_delay_ms,
            ..GroupCoordinatorConfig::default()
        };
        let broker = |id: &i32| {
            let brokers = config.brokers.clone();
            let broker = Broker::new(*id, brokers, groups.clone(), config.retention, seed);
            (*id, broker)
        };
        let defaults = TopicDefaults {
            num_partitions: config.num_partitions,
            replication_factor: config.default_replication_factor,
        };
        World {
            fabric: Fabric::new(seed, config.epoch_ms, config.latency),
            brokers: config.brokers.iter().map(broker).collect(),
            controller: Controller::new(&config.brokers, defaults, seed),
            clients: BTreeMap::new(),
            names: BTreeMap::new(),
            next_client: 1,
            journal: Journal::new(seed, config),
        }
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

    /// All topics, by name.
    pub fn topics(&self) -> &BTreeMap<TopicName, Topic> {
        self.controller.topics()
    }

    /// The clients that run, by number.
    pub fn clients(&self) -> &BTreeMap<ClientNumber, Client> {
        &self.clients
    }

    /// The packets under way, oldest first.
    pub fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.fabric.network.in_flight()
    }

    /// How long packets take.
    pub fn latency(&self) -> Latency {
        self.fabric.network.latency()
    }

    /// The partition on the broker that leads it.
    pub fn partition(&self, partition: &TopicPartition) -> Option<&crate::broker::Partition> {
        let index = usize::try_from(partition.partition).ok()?;
        let topic = self.topics().get(&partition.topic)?;
        let leader = topic.partitions.get(index)?.leader?;
        self.brokers.get(&leader)?.partitions().get(partition)
    }

    /// All groups with the broker that coordinates each, by name.
    pub fn groups(&self) -> BTreeMap<&str, (&Broker, &ClassicGroup)> {
        self.brokers
            .values()
            .flat_map(|broker| {
                let groups = broker.coordinator().groups();
                groups.map(move |group| (group.name(), (broker, group)))
            })
            .collect()
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
        self.controller.hash(&mut digest);
        self.clients.hash(&mut digest);
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
        for _ in 0..STEP_INSTANTS_MAX {
            let Some(next) = self.next_time() else {
                break;
            };
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
            match scheduled {
                Scheduled::Arrival(packet) => self.arrive(packet),
                Scheduled::BrokerTimer(broker) => {
                    self.fabric.cause = Cause::Timer(NodeId::Broker(broker));
                    if let Some(broker) = self.brokers.get_mut(&broker) {
                        broker.on_timer(&mut self.fabric);
                    }
                }
                Scheduled::ClientTimer(number, timer) => {
                    self.fabric.cause = Cause::Timer(NodeId::Client(number));
                    if let Some(client) = self.clients.get_mut(&number) {
                        client.on_timer(&mut self.fabric, timer);
                        self.take_off_if_closed(number);
                    }
                }
            }
        }
    }

    fn arrive(&mut self, id: PacketId) {
        let Some(packet) = self.fabric.network.deliver(id) else {
            return;
        };
        self.fabric.cause = Cause::Packet(id);
        match packet.to {
            NodeId::Broker(broker) => {
                let Some(broker) = self.brokers.get_mut(&broker) else {
                    return;
                };
                let changes = broker.on_request(&mut self.fabric, &mut self.controller, packet);
                for change in changes {
                    self.fabric.emit(describe_change(&change));
                    for broker in self.brokers.values_mut() {
                        broker.apply(&mut self.fabric, &change);
                    }
                }
            }
            NodeId::Client(number) => {
                let (Some(client), Payload::Response(response)) =
                    (self.clients.get_mut(&number), packet.payload)
                else {
                    return;
                };
                let correlation_id = packet.header.correlation_id;
                client.on_response(&mut self.fabric, correlation_id, response);
                self.take_off_if_closed(number);
            }
        }
    }

    /// Takes a client that has acted off the board, if with that it has closed.
    /// A client closes by what it does itself, so that no other need be asked.
    fn take_off_if_closed(&mut self, number: ClientNumber) {
        if !self.clients.get(&number).is_some_and(Client::is_closed) {
            return;
        }
        if let Some(client) = self.remove_client(number) {
            self.fabric.emit(EventKind::ClientClosed {
                client: number,
                kind: client.kind(),
                client_id: client.client_id().to_owned(),
            });
        }
    }

    fn remove_client(&mut self, number: ClientNumber) -> Option<Client> {
        let node = NodeId::Client(number);
        self.fabric.network.forget(node);
        for broker in self.brokers.values_mut() {
            broker.forget_client(node);
        }
        self.clients.remove(&number)
    }

    fn check(&self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::AddProducer { config, .. } => self.check_room().and(config.check()),
            Command::AddConsumer { config, .. } => self.check_room().and(config.check()),
            Command::AddAdmin { .. } => self.check_room(),
            Command::SetWorkload { producer, .. } => self.producer(*producer).map(|_| ()),
            Command::Send { producer, record } => self.producer(*producer)?.check(record),
            Command::AdminCall { admin, request } => match self.client(*admin)? {
                Client::Admin(_) => Admin::check(request),
                _ => Err(wrong_kind(*admin, "admin client")),
            },
            Command::Close { client } | Command::Crash { client } => {
                self.client(*client).map(|_| ())
            }
            Command::SetLatency { .. } => Ok(()),
        }
    }

    fn check_room(&self) -> Result<(), Refusal> {
        match self.clients.len() < CLIENTS_MAX {
            true => Ok(()),
            false => Err(Refusal::TooManyClients(CLIENTS_MAX)),
        }
    }

    fn client(&self, number: ClientNumber) -> Result<&Client, Refusal> {
        self.clients
            .get(&number)
            .ok_or(Refusal::NoSuchClient(number))
    }

    fn producer(&self, number: ClientNumber) -> Result<&Producer, Refusal> {
        match self.client(number)? {
            Client::Producer(producer) if !producer.is_closing() => Ok(producer),
            Client::Producer(_) => Err(Refusal::NoSuchClient(number)),
            _ => Err(wrong_kind(number, "producer")),
        }
    }

    fn carry_out(&mut self, command: Command) -> Option<ClientNumber> {
        match command {
            Command::AddProducer { config, workload } => {
                return Some(self.add_producer(config, workload));
            }
            Command::AddConsumer { config, topics } => {
                return Some(self.add_consumer(config, topics));
            }
            Command::AddAdmin { client_id } => {
                let connection = self.connect(client_id, 300_000);
                return Some(self.start(Client::Admin(Admin::new(connection))));
            }
            Command::SetWorkload { producer, workload } => {
                if let Some(Client::Producer(producer)) = self.clients.get_mut(&producer) {
                    producer.set_workload(&mut self.fabric, workload);
                }
            }
            Command::Send { producer, record } => {
                if let Some(Client::Producer(producer)) = self.clients.get_mut(&producer) {
                    producer.send(&mut self.fabric, record);
                }
            }
            Command::AdminCall { admin, request } => {
                if let Some(Client::Admin(admin)) = self.clients.get_mut(&admin) {
                    admin.call(&mut self.fabric, request);
                }
            }
            Command::Close { client: number } => {
                if let Some(client) = self.clients.get_mut(&number) {
                    client.close(&mut self.fabric);
                    self.take_off_if_closed(number);
                }
            }
            Command::Crash { client } => self.crash(client),
            Command::SetLatency { latency } => self.fabric.network.set_latency(latency),
        }
        None
    }

    fn add_producer(
        &mut self,
        mut config: ProducerConfig,
        workload: Option<Workload>,
    ) -> ClientNumber {
        if config.client_id.is_empty() {
            config.client_id = format!("producer-{}", self.next_client);
        }
        let connection = self.connect(config.client_id.clone(), config.metadata_max_age_ms);
        let producer = Producer::new(connection, config, workload, self.fabric.seed);
        self.start(Client::Producer(producer))
    }

    fn add_consumer(&mut self, mut config: ConsumerConfig, topics: Vec<TopicName>) -> ClientNumber {
        if config.client_id.is_empty() {
            config.client_id = format!("consumer-{}-{}", config.group_id, self.next_client);
        }
        let connection = self.connect(config.client_id.clone(), config.metadata_max_age_ms);
        self.start(Client::Consumer(Consumer::new(connection, config, topics)))
    }

    fn connect(&self, client_id: String, metadata_max_age_ms: i64) -> Connection {
        let bootstrap = self.journal.config.brokers[0];
        let number = self.next_client;
        let seed = self.fabric.seed;
        Connection::new(
            number,
            client_id.into(),
            bootstrap,
            metadata_max_age_ms,
            seed,
        )
    }

    fn start(&mut self, mut client: Client) -> ClientNumber {
        let number = self.next_client;
        self.next_client += 1;
        let client_id = client.client_id().to_owned();
        self.names.insert(number, client_id.clone());
        self.fabric.emit(EventKind::ClientStarted {
            client: number,
            kind: client.kind(),
            client_id,
        });
        client.start(&mut self.fabric);
        self.clients.insert(number, client);
        number
    }

    fn crash(&mut self, number: ClientNumber) {
        if let Some(client) = self.remove_client(number) {
            let records_lost = match &client {
                Client::Producer(producer) => producer.undelivered_records(),
                _ => 0,
            };
            self.fabric.emit(EventKind::ClientCrashed {
                client: number,
                client_id: client.client_id().to_owned(),
                records_lost,
            });
        }
    }
}

fn wrong_kind(client: ClientNumber, wanted: &'static str) -> Refusal {
    Refusal::WrongKind { client, wanted }
}

/// Every client that ever ran keeps its `client.id` as its name.
impl ClientNames for World {
    fn name(&self, client: ClientNumber) -> String {
        match self.names.get(&client) {
            Some(name) => name.clone(),
            None => format!("client {client}"),
        }
    }
}
