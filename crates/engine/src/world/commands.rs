//! What a person asks of the world: whether it may be, and doing it.

use super::consumers::check_new;
use super::{CLIENTS_MAX, KnownClient, SERVERS_MAX, World};
use crate::broker::Slowness;
use crate::client::{
    Admin, AdminConfig, Client, Connection, Consumer, ConsumerConfig, Producer, ProducerConfig,
    ShareConsumer, ShareConsumerConfig, Workload,
};
use crate::command::{ClientNumber, Command, Refusal};
use crate::event::{Cause, EventKind};
use crate::protocol::TopicName;
use crate::sim::{Host, LOSS_PER_MILLE_MAX, Link, NodeId, PacketId};

impl World {
    pub(super) fn check(&self, command: &Command) -> Result<(), Refusal> {
        self.check_frozen(command)?;
        match command {
            Command::AddProducer { config, .. } => self.check_room().and(config.check()),
            Command::AddConsumer { config, topics } => {
                self.check_room().and_then(|()| check_new(config, topics))
            }
            Command::AddProcessor { .. } => self.check_processor(command),
            Command::AddConnector { .. }
            | Command::WriteRows { .. }
            | Command::DeleteRow { .. }
            | Command::PauseConnector { .. }
            | Command::ResumeConnector { .. }
            | Command::StopConnector { .. }
            | Command::RestartConnector { .. }
            | Command::SetConnectorConfig { .. }
            | Command::RemoveConnector { .. } => self.check_on_connector(command),
            Command::Subscribe { .. }
            | Command::SetProcessing { .. }
            | Command::Seek { .. }
            | Command::Pause { .. }
            | Command::Resume { .. }
            | Command::Commit { .. }
            | Command::OffsetsForTimes { .. } => self.check_on_consumer(command),
            Command::AddShareConsumer { config, .. } => self.check_room().and(config.check()),
            Command::SetAcknowledging { consumer, .. }
            | Command::SetShareProcessing { consumer, .. } => {
                self.share_consumer(*consumer).map(|_| ())
            }
            Command::Acknowledge {
                consumer,
                topic_partition,
                offset,
                ..
            } => {
                let consumer = self.share_consumer(*consumer)?;
                consumer.check_acknowledge(topic_partition, *offset)
            }
            Command::AddAdmin { config } => self.check_room().and(config.check()),
            Command::SetWorkload { producer, .. } => self.producer(*producer).map(|_| ()),
            Command::Send { producer, record } => self.producer(*producer)?.check(record),
            Command::Poll { producer }
            | Command::Flush { producer }
            | Command::Transaction { producer, .. }
            | Command::CloseWithoutFlush { producer } => self.producer(*producer).map(|_| ()),
            Command::AdminCall { admin, request } => match self.client(*admin)? {
                Client::Admin(_) => Admin::check(request),
                _ => Err(wrong_kind(*admin, "admin client")),
            },
            Command::Close { client } | Command::Crash { client } | Command::Freeze { client } => {
                self.client(*client).map(|_| ())
            }
            Command::Thaw { client } => self.client(*client).and(self.check_thaw(*client)),
            Command::LosePacket { packet } => match self.fabric.network.can_lose(*packet) {
                true => Ok(()),
                false => Err(Refusal::CannotLosePacket(packet.0)),
            },
            Command::AddBroker { id, .. } => self.check_new_broker(*id),
            Command::StartBroker { broker } => match self.broker_is_up(*broker)? {
                true => Err(Refusal::ServerRuns(*broker)),
                false => Ok(()),
            },
            Command::StopBroker { broker } | Command::KillBroker { broker } => {
                match self.broker_is_up(*broker)? {
                    true => Ok(()),
                    false => Err(Refusal::ServerIsDown(*broker)),
                }
            }
            Command::LoseDisk { broker } | Command::SlowBroker { broker, .. } => {
                self.broker_is_up(*broker).map(|_| ())
            }
            Command::StartController { controller } => match self.controller_is_up(*controller)? {
                true => Err(Refusal::ServerRuns(*controller)),
                false => Ok(()),
            },
            Command::KillController { controller } => match self.controller_is_up(*controller)? {
                true => Ok(()),
                false => Err(Refusal::ServerIsDown(*controller)),
            },
            Command::FreezeServer { server } => match self.server_is_up(*server)? {
                true => Ok(()),
                false => Err(Refusal::ServerIsDown(*server)),
            },
            Command::ThawServer { server } => match self.is_server_frozen(*server) {
                true => Ok(()),
                false => self
                    .server_is_up(*server)
                    .and(Err(Refusal::ServerIsNotFrozen(*server))),
            },
            Command::SetLink { one, other, link } => {
                let hosts = one.iter().chain(other);
                hosts.copied().try_for_each(|host| self.check_host(host))?;
                match link.loss_per_mille <= LOSS_PER_MILLE_MAX {
                    true => Ok(()),
                    false => Err(Refusal::TooMuchLoss(link.loss_per_mille)),
                }
            }
            Command::Cut { one, other } | Command::Join { one, other } => {
                let hosts = one.iter().chain(other);
                hosts.copied().try_for_each(|host| self.check_host(host))
            }
            Command::HealNetwork | Command::SetLatency { .. } => Ok(()),
        }
    }

    fn check_new_broker(&self, id: i32) -> Result<(), Refusal> {
        if self.brokers.len() >= SERVERS_MAX {
            return Err(Refusal::TooManyBrokers(SERVERS_MAX));
        }
        let is_taken = self.brokers.contains_key(&id) || self.controllers.contains_key(&id);
        match id >= 0 && !is_taken {
            true => Ok(()),
            false => Err(Refusal::ServerIdTaken(id)),
        }
    }

    fn broker_is_up(&self, id: i32) -> Result<bool, Refusal> {
        let broker = self.brokers.get(&id).ok_or(Refusal::NoSuchServer(id))?;
        Ok(broker.state().is_up())
    }

    /// Whether a broker runs, or a controller that is no broker.
    fn server_is_up(&self, id: i32) -> Result<bool, Refusal> {
        match self.brokers.contains_key(&id) {
            true => self.broker_is_up(id),
            false => self.controller_is_up(id),
        }
    }

    fn controller_is_up(&self, id: i32) -> Result<bool, Refusal> {
        let controller = self.controllers.get(&id).ok_or(Refusal::NoSuchServer(id))?;
        match self.zookeeper {
            Some(_) => Err(Refusal::ControllerIsBroker(id)),
            None => Ok(controller.is_up()),
        }
    }

    fn check_host(&self, host: Host) -> Result<(), Refusal> {
        match host {
            Host::Client(number) => self.client(number).map(|_| ()),
            Host::ZooKeeper => match self.zookeeper {
                Some(_) => Ok(()),
                None => Err(Refusal::NoZooKeeper),
            },
            Host::Server(id) => {
                let is_known = self.brokers.contains_key(&id) || self.controllers.contains_key(&id);
                is_known.then_some(()).ok_or(Refusal::NoSuchServer(id))
            }
        }
    }

    fn check_room(&self) -> Result<(), Refusal> {
        self.check_room_for(1)
    }

    pub(super) fn check_room_for(&self, clients: usize) -> Result<(), Refusal> {
        match self.clients.len() + clients <= CLIENTS_MAX {
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

    fn share_consumer(&self, number: ClientNumber) -> Result<&ShareConsumer, Refusal> {
        match self.client(number)? {
            Client::ShareConsumer(consumer) if !consumer.is_closing() => Ok(consumer),
            Client::ShareConsumer(_) => Err(Refusal::NoSuchClient(number)),
            _ => Err(wrong_kind(number, "share consumer")),
        }
    }

    pub(super) fn carry_out(&mut self, command: Command) -> Option<ClientNumber> {
        match command {
            Command::AddProducer { config, workload } => {
                return Some(self.add_producer(config, workload));
            }
            Command::AddConsumer { config, topics } => {
                return Some(self.add_consumer(config, topics));
            }
            Command::AddShareConsumer { config, topics } => {
                return Some(self.add_share_consumer(config, topics));
            }
            Command::SetAcknowledging {
                consumer,
                acknowledging,
            } => {
                if let Some(Client::ShareConsumer(consumer)) = self.clients.get_mut(&consumer) {
                    consumer.config.acknowledging = acknowledging;
                }
            }
            Command::SetShareProcessing {
                consumer,
                per_record_us,
            } => {
                if let Some(Client::ShareConsumer(consumer)) = self.clients.get_mut(&consumer) {
                    consumer.config.processing_us = per_record_us;
                }
            }
            Command::Acknowledge {
                consumer,
                topic_partition,
                offset,
                acknowledge_type,
            } => {
                if let Some(Client::ShareConsumer(consumer)) = self.clients.get_mut(&consumer) {
                    consumer.acknowledge(
                        &mut self.fabric,
                        &topic_partition,
                        offset,
                        acknowledge_type,
                    );
                }
            }
            Command::AddProcessor {
                consumer,
                producer,
                input,
                output,
            } => return Some(self.add_processor(consumer, producer, input, output)),
            Command::AddConnector { config, rows } => return self.add_connector(config, &rows),
            command @ (Command::WriteRows { .. }
            | Command::DeleteRow { .. }
            | Command::PauseConnector { .. }
            | Command::ResumeConnector { .. }
            | Command::StopConnector { .. }
            | Command::RestartConnector { .. }
            | Command::SetConnectorConfig { .. }
            | Command::RemoveConnector { .. }) => self.carry_out_on_connector(command),
            Command::AddAdmin { config } => return Some(self.add_admin(config)),
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
            Command::Poll { producer } => {
                if let Some(Client::Producer(producer)) = self.clients.get_mut(&producer) {
                    producer.poll(&mut self.fabric);
                }
            }
            Command::Flush { producer } => {
                if let Some(Client::Producer(producer)) = self.clients.get_mut(&producer) {
                    producer.flush(&mut self.fabric);
                }
            }
            Command::Transaction { producer, call } => {
                if let Some(Client::Producer(producer)) = self.clients.get_mut(&producer) {
                    producer.call_transaction(&mut self.fabric, call);
                }
            }
            Command::CloseWithoutFlush { producer } => self.close_without_flush(producer),
            Command::AdminCall { admin, request } => {
                if let Some(Client::Admin(admin)) = self.clients.get_mut(&admin) {
                    admin.call(&mut self.fabric, request);
                }
            }
            Command::Close { client } => {
                if !self.hold_close(NodeId::Client(client)) {
                    self.close(client);
                }
            }
            Command::Crash { client } => self.crash(client),
            Command::Freeze { client } => self.freeze(client),
            Command::Thaw { client } => self.thaw(client),
            Command::LosePacket { packet } => self.lose_packet(packet),
            command @ (Command::Subscribe { .. }
            | Command::SetProcessing { .. }
            | Command::Seek { .. }
            | Command::Pause { .. }
            | Command::Resume { .. }
            | Command::Commit { .. }
            | Command::OffsetsForTimes { .. }) => self.carry_out_on_consumer(command),
            Command::SetLatency { latency } => self.fabric.network.set_latency(latency),
            command => self.carry_out_on_servers(command),
        }
        None
    }

    fn carry_out_on_servers(&mut self, command: Command) {
        match command {
            Command::AddBroker { id, rack } => self.add_broker(id, rack),
            Command::StartBroker { broker } => self.start_broker(broker),
            Command::StopBroker { broker } => {
                if !self.hold_close(NodeId::Broker(broker)) {
                    self.shut_down_broker(broker);
                }
            }
            Command::FreezeServer { server } => self.freeze_server(server),
            Command::ThawServer { server } => self.thaw_server(server),
            Command::KillBroker { broker } => self.kill_broker(broker),
            Command::LoseDisk { broker } => self.lose_disk(broker),
            Command::StartController { controller } => self.start_controller(controller),
            Command::KillController { controller } => self.kill_controller(controller),
            Command::SlowBroker { broker, slowness } => self.slow_broker(broker, slowness),
            Command::SetLink { one, other, link } => {
                self.change_links(&one, &other, |_| link);
                self.tell_network(format!(
                    "The network between {} and {} changes",
                    names(&one),
                    names(&other)
                ));
            }
            Command::Cut { one, other } => {
                self.change_links(&one, &other, |link| Link {
                    is_cut: true,
                    ..link
                });
                self.tell_network(format!(
                    "The network between {} and {} is cut",
                    names(&one),
                    names(&other)
                ));
            }
            Command::Join { one, other } => {
                self.change_links(&one, &other, |link| Link {
                    is_cut: false,
                    ..link
                });
                self.tell_network(format!(
                    "The network between {} and {} is whole again",
                    names(&one),
                    names(&other)
                ));
            }
            Command::HealNetwork => {
                self.heal_network();
                self.tell_network("The network is whole again".to_owned());
            }
            _ => unreachable!("the command is not about servers"),
        }
    }

    fn slow_broker(&mut self, id: i32, slowness: Slowness) {
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.set_slowness(slowness);
        }
        self.fabric.emit(EventKind::BrokerSlowed {
            broker: id,
            request_us: slowness.request_us,
            disk_write_us: slowness.disk_write_us,
        });
    }

    fn lose_packet(&mut self, id: PacketId) {
        let packet = self.fabric.network.in_flight().find(|it| it.id == id);
        let lost = packet.map(|it| {
            let (api, from, to) = (it.payload.api(), it.from.host(), it.to.host());
            format!("A packet ({api}) from {from} to {to} is lost, and TCP sends it again")
        });
        self.fabric.lose_packet(id);
        self.tell_network(lost.unwrap_or_default());
    }

    fn tell_network(&mut self, description: String) {
        self.fabric.emit(EventKind::NetworkChanged { description });
    }

    pub(super) fn add_producer(
        &mut self,
        mut config: ProducerConfig,
        workload: Option<Workload>,
    ) -> ClientNumber {
        if config.client_id.is_empty() {
            // (`ProducerConfig.maybeOverrideClientId`).
            let number = self.next_client.to_string();
            let id = config.transactional_id.as_ref().unwrap_or(&number);
            config.client_id = format!("producer-{id}");
        }
        let connection = self.connect(
            config.client_id.clone(),
            i64::from(config.request_timeout_ms),
            config.metadata_max_age_ms,
        );
        let producer = Producer::new(connection, config, workload, self.fabric.seed);
        self.start(Client::Producer(Box::new(producer)))
    }

    pub(super) fn add_consumer(
        &mut self,
        mut config: ConsumerConfig,
        topics: Vec<TopicName>,
    ) -> ClientNumber {
        if config.client_id.is_empty() {
            // (`ConsumerConfig.maybeOverrideClientId`).
            let group = match config.has_group() {
                true => &config.group_id,
                false => "null",
            };
            let number = self.next_client.to_string();
            let instance = config.group_instance_id.as_ref().unwrap_or(&number);
            config.client_id = format!("consumer-{group}-{instance}");
        }
        let connection = self.connect(
            config.client_id.clone(),
            i64::from(config.request_timeout_ms),
            config.metadata_max_age_ms,
        );
        self.start(Client::Consumer(Box::new(Consumer::new(
            connection, config, topics,
        ))))
    }

    pub(super) fn add_admin(&mut self, mut config: AdminConfig) -> ClientNumber {
        if config.client_id.is_empty() {
            config.client_id = format!("adminclient-{}", self.next_client);
        }
        let connection = self.connect(
            config.client_id.clone(),
            i64::from(config.request_timeout_ms),
            config.metadata_max_age_ms,
        );
        self.start(Client::Admin(Box::new(Admin::new(connection, config))))
    }

    fn add_share_consumer(
        &mut self,
        mut config: ShareConsumerConfig,
        topics: Vec<TopicName>,
    ) -> ClientNumber {
        if config.client_id.is_empty() {
            config.client_id = format!("consumer-{}-{}", config.group_id, self.next_client);
        }
        let connection = self.connect(
            config.client_id.clone(),
            i64::from(config.request_timeout_ms),
            config.metadata_max_age_ms,
        );
        let consumer = ShareConsumer::new(connection, config, topics);
        self.start(Client::ShareConsumer(Box::new(consumer)))
    }

    fn connect(
        &self,
        client_id: String,
        request_timeout_ms: i64,
        metadata_max_age_ms: i64,
    ) -> Connection {
        let brokers = self.brokers.keys().copied().collect();
        let number = self.next_client;
        let seed = self.fabric.seed;
        Connection::new(
            number,
            client_id.into(),
            brokers,
            request_timeout_ms,
            metadata_max_age_ms,
            seed,
        )
    }

    fn start(&mut self, mut client: Client) -> ClientNumber {
        let number = self.next_client;
        self.next_client += 1;
        let client_id = client.client_id().to_owned();
        let known = self.known_client(&client);
        self.known.insert(number, known);
        self.fabric.emit(EventKind::ClientStarted {
            client: number,
            kind: client.kind(),
            client_id,
        });
        client.start(&mut self.fabric);
        self.clients.insert(number, client);
        number
    }

    fn known_client(&self, client: &Client) -> KnownClient {
        KnownClient {
            client_id: client.client_id().to_owned(),
            group_id: match client {
                Client::Consumer(consumer) => Some(consumer.config.group_id.clone()),
                Client::ShareConsumer(consumer) => Some(consumer.config.group_id.clone()),
                Client::Producer(_) | Client::Admin(_) => None,
            },
            command: match self.fabric.cause {
                Cause::Command(place) => Some(place),
                _ => None,
            },
        }
    }

    /// The program ends: what was on its way may still arrive.
    pub(super) fn close_without_flush(&mut self, number: ClientNumber) {
        let Some(client) = self.remove_client(number) else {
            return;
        };
        let unsent = match &client {
            Client::Producer(producer) => producer.unsent(),
            _ => Vec::new(),
        };
        for (topic, partition, records) in unsent {
            self.fabric.emit(EventKind::RecordsNeverSent {
                producer: number,
                topic,
                partition,
                records,
            });
        }
        self.tell_closed(number, &client);
    }

    /// With a client the others of its process end.
    fn crash(&mut self, number: ClientNumber) {
        for number in self.process_of(number) {
            self.crash_client(number);
        }
    }

    fn crash_client(&mut self, number: ClientNumber) {
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

pub(super) fn wrong_kind(client: ClientNumber, wanted: &'static str) -> Refusal {
    Refusal::WrongKind { client, wanted }
}

fn names(hosts: &[Host]) -> String {
    let names: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    names.join(", ")
}
