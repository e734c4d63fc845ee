//! Connectors: what a person asks of them, and how their tasks go on. They live
//! in the processes of their clients, and so are told of these by calls and not
//! by packets.

use std::ops::Range;

use super::World;
use crate::client::Client;
use crate::client::connect::{
    Clients, Connector, ConnectorConfig, ConnectorEvent, ConnectorState, Progress, REPLICAS,
    RowOfLine, SinkTables, SinkTask, SourceTable, SourceTask, Target, Task, parse_rows, tell,
};
use crate::client::{Consumer, SubscriptionType};
use crate::collections::BTreeMap;
use crate::command::{ClientNumber, Command, Refusal};
use crate::sim::NodeId;

/// The connectors, and what lies at their other ends. All of it is by the
/// connector's name.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Connect {
    connectors: BTreeMap<String, Connector>,
    sources: BTreeMap<String, SourceTable>,
    sinks: BTreeMap<String, SinkTables>,
}

impl World {
    /// The connectors, by name.
    pub fn connectors(&self) -> &BTreeMap<String, Connector> {
        &self.connect.connectors
    }

    /// What a source connector of this name reads.
    pub fn source_table(&self, connector: &str) -> Option<&SourceTable> {
        self.connect.sources.get(connector)
    }

    /// The tables that a sink connector of this name keeps.
    pub fn sink_tables(&self, connector: &str) -> Option<&SinkTables> {
        self.connect.sinks.get(connector)
    }

    /// The connector whose process this client is part of.
    pub fn connector_of(&self, client: ClientNumber) -> Option<&Connector> {
        let mut connectors = self.connect.connectors.values();
        connectors.find(|it| it.clients().contains(&client))
    }
}

/// Whether it may be.
impl World {
    /// Whether a command about a connector can be carried out.
    pub(super) fn check_on_connector(&self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::AddConnector { config, rows } => self.check_new_connector(config, rows),
            Command::WriteRows { connector, rows } => {
                let config = &self.connector(connector)?.config;
                self.check_rows(config, rows).map(|_| ())
            }
            Command::DeleteRow { connector, key } => {
                let config = &self.connector(connector)?.config;
                check_class(config, config.class.is_source())?;
                let table = self.source_table(connector);
                match table.is_some_and(|table| table.rows().contains_key(key)) {
                    true => Ok(()),
                    false => Err(Refusal::NoSuchRow(key.clone())),
                }
            }
            Command::RestartConnector { connector } => {
                let connector = self.running_process(connector)?;
                match connector.target {
                    Target::Stopped => {
                        Err(Refusal::ConnectorIsStopped(connector.config.name.clone()))
                    }
                    _ => self.check_room_for(CLIENTS_PER_TASK),
                }
            }
            Command::SetConnectorConfig { config } => {
                let known = &self.running_process(&config.name)?.config;
                check_class(known, known.class == config.class)?;
                self.check_settings(config)
            }
            Command::ResumeConnector { connector } | Command::PauseConnector { connector } => {
                self.running_process(connector)?;
                self.check_room_for(CLIENTS_PER_TASK)
            }
            Command::StopConnector { connector } | Command::RemoveConnector { connector } => {
                self.running_process(connector).map(|_| ())
            }
            _ => unreachable!("the command is not about a connector"),
        }
    }

    fn check_new_connector(&self, config: &ConnectorConfig, rows: &str) -> Result<(), Refusal> {
        let name = &config.name;
        if self.connect.connectors.contains_key(name) {
            return Err(Refusal::ConnectorExists(name.clone()));
        }
        self.check_room_for(CLIENTS_PER_TASK)?;
        self.check_settings(config)?;
        match rows.trim().is_empty() {
            true => Ok(()),
            false => self.check_rows(config, rows).map(|_| ()),
        }
    }

    fn check_settings(&self, config: &ConnectorConfig) -> Result<(), Refusal> {
        config.check()?;
        match config.class.is_source() {
            true => Ok(()),
            false => SubscriptionType::Topics(config.topics.clone()).check(),
        }
    }

    fn check_rows(&self, config: &ConnectorConfig, rows: &str) -> Result<Vec<RowOfLine>, Refusal> {
        check_class(config, config.class.is_source())?;
        let rows = parse_rows(rows).map_err(Refusal::InvalidRows)?;
        let none = SourceTable::default();
        let table = self.source_table(&config.name).unwrap_or(&none);
        let checked = table.check(config, &rows);
        checked.map_err(Refusal::InvalidRows)?;
        Ok(rows)
    }

    fn connector(&self, name: &str) -> Result<&Connector, Refusal> {
        let connector = self.connect.connectors.get(name);
        let connector = connector.filter(|it| it.target != Target::Removed);
        connector.ok_or_else(|| Refusal::NoSuchConnector(name.to_owned()))
    }

    /// A connector whose worker does not stand still.
    fn running_process(&self, name: &str) -> Result<&Connector, Refusal> {
        let connector = self.connector(name)?;
        match connector.client().filter(|client| self.is_frozen(*client)) {
            Some(client) => Err(Refusal::ClientIsFrozen(client)),
            None => Ok(connector),
        }
    }
}

/// The most clients that a task has.
const CLIENTS_PER_TASK: usize = 3;

fn check_class(config: &ConnectorConfig, is_right: bool) -> Result<(), Refusal> {
    match is_right {
        true => Ok(()),
        false => Err(Refusal::WrongConnectorClass {
            connector: config.name.clone(),
            class: config.class.name(),
        }),
    }
}

/// Doing it.
impl World {
    pub(super) fn add_connector(
        &mut self,
        config: ConnectorConfig,
        rows: &str,
    ) -> Option<ClientNumber> {
        let name = config.name.clone();
        let class = config.class.name();
        tell(&mut self.fabric, &name, ConnectorEvent::Added { class });
        match config.class.is_source() {
            true => drop(self.connect.sources.entry(name.clone()).or_default()),
            false => drop(self.connect.sinks.entry(name.clone()).or_default()),
        }
        let connector = Connector::new(config);
        self.connect.connectors.insert(name.clone(), connector);
        if !rows.trim().is_empty() {
            self.write_rows(&name, rows);
        }
        self.start_task(&name);
        self.connect.connectors[&name].client()
    }

    /// Carries out a command about a connector, which has been checked.
    pub(super) fn carry_out_on_connector(&mut self, command: Command) {
        match command {
            Command::WriteRows { connector, rows } => self.write_rows(&connector, &rows),
            Command::DeleteRow { connector, key } => {
                if let Some(table) = self.connect.sources.get_mut(&connector) {
                    table.delete(&key);
                }
                self.tell_source_changed(&connector, 1);
            }
            Command::PauseConnector { connector } => self.set_target(&connector, Target::Paused),
            Command::ResumeConnector { connector } => self.set_target(&connector, Target::Started),
            Command::StopConnector { connector } => self.set_target(&connector, Target::Stopped),
            Command::RemoveConnector { connector } => self.set_target(&connector, Target::Removed),
            Command::RestartConnector { connector } => self.restart(&connector),
            Command::SetConnectorConfig { config } => {
                let name = config.name.clone();
                let Some(connector) = self.connect.connectors.get_mut(&name) else {
                    return;
                };
                connector.config = config;
                if connector.target != Target::Stopped {
                    self.restart(&name);
                }
            }
            _ => unreachable!("the command is not about a connector"),
        }
    }

    fn write_rows(&mut self, name: &str, rows: &str) {
        let Some(connector) = self.connect.connectors.get(name) else {
            return;
        };
        let rows = parse_rows(rows).unwrap_or_default();
        let changes = rows.len() as u64;
        if let Some(table) = self.connect.sources.get_mut(name) {
            table.write(&connector.config, rows);
        }
        self.tell_source_changed(name, changes);
    }

    fn tell_source_changed(&mut self, name: &str, changes: u64) {
        let event = ConnectorEvent::SourceChanged { changes };
        tell(&mut self.fabric, name, event);
    }

    fn set_target(&mut self, name: &str, target: Target) {
        let Some(connector) = self.connect.connectors.get_mut(name) else {
            return;
        };
        let was_stopped = connector.target == Target::Stopped;
        connector.target = target;
        match target {
            // It has a task again, if only one that is paused.
            Target::Started | Target::Paused if was_stopped => return self.restart(name),
            Target::Started | Target::Paused => {
                if connector.state() != ConnectorState::Failed && connector.task().is_some() {
                    let state = connector.state_of_running();
                    connector.change_state(&mut self.fabric, state);
                }
            }
            Target::Stopped | Target::Removed => {
                connector.is_to_restart = false;
                connector.change_state(&mut self.fabric, ConnectorState::Stopped);
                self.end_task(name);
            }
        }
        self.settle(name);
    }

    /// Another task is started, at once or as soon as this one has ended.
    fn restart(&mut self, name: &str) {
        let Some(connector) = self.connect.connectors.get_mut(name) else {
            return;
        };
        connector.is_to_restart = true;
        if connector.task().is_some() {
            connector.change_state(&mut self.fabric, ConnectorState::Restarting);
            self.end_task(name);
        }
        self.settle(name);
    }

    /// The worker of a connector is told to end (SIGTERM).
    pub(super) fn end_worker(&mut self, name: &str) {
        if let Some(connector) = self.connect.connectors.get_mut(name) {
            connector.is_to_restart = false;
            connector.change_state(&mut self.fabric, ConnectorState::Unassigned);
            self.end_task(name);
        }
    }

    fn end_task(&mut self, name: &str) {
        let Some(connector) = self.connect.connectors.get_mut(name) else {
            return;
        };
        let (config, _, task) = connector.task_mut();
        match task {
            Some(Task::Source(task)) => task.end(self.fabric.now, config),
            Some(Task::Sink(task)) => {
                let number = task.consumer();
                let consumer = consumer(self.clients.get_mut(&number));
                task.end(&mut self.fabric, consumer);
                self.take_off_if_closed(number);
            }
            None => {}
        }
    }

    /// What is to become of a connector that has no task.
    fn settle(&mut self, name: &str) {
        let connector = self.connect.connectors.get(name);
        let Some(connector) = connector.filter(|it| it.task().is_none()) else {
            return;
        };
        if connector.target == Target::Removed {
            self.connect.connectors.remove(name);
            tell(&mut self.fabric, name, ConnectorEvent::Removed);
        } else if connector.is_to_restart {
            self.start_task(name);
        }
    }

    fn start_task(&mut self, name: &str) {
        let Some(connector) = self.connect.connectors.get(name) else {
            return;
        };
        let config = connector.config.clone();
        let task = match config.class.is_source() {
            true => {
                let producer = self.add_producer(config.producer.clone(), None);
                let admin = self.add_admin(config.admin());
                let reader = self.add_consumer(config.offsets_reader(), Vec::new());
                if let Some(known) = self.known.get_mut(&reader) {
                    known.group_id = None;
                }
                let numbers = [producer, admin, reader];
                let clients = clients_of(&mut self.clients, numbers);
                let replicas = self.journal.config.brokers.len().min(REPLICAS) as i16;
                Task::Source(Box::new(SourceTask::new(
                    &mut self.fabric,
                    numbers,
                    clients,
                    replicas,
                )))
            }
            false => {
                let number = self.add_consumer(config.consumer.clone(), config.topics.clone());
                let consumer = consumer(self.clients.get_mut(&number));
                Task::Sink(SinkTask::new(self.fabric.now, &config, number, consumer))
            }
        };
        if let Some(connector) = self.connect.connectors.get_mut(name) {
            connector.start(&mut self.fabric, task);
        }
    }
}

/// Going on.
impl World {
    /// Shows the connectors the events from this number on, and lets them go on,
    /// until none has anything to do.
    pub(super) fn run_connectors(&mut self, mut first_event: usize) {
        if self.connect.connectors.is_empty() {
            return;
        }
        let names: Vec<String> = self.connect.connectors.keys().cloned().collect();
        loop {
            let end = self.fabric.events.len();
            for name in &names {
                self.run_connector(name, first_event..end);
            }
            if self.fabric.events.len() == end {
                return;
            }
            first_event = end;
        }
    }

    fn run_connector(&mut self, name: &str, events: Range<usize>) {
        let Some(connector) = self.connect.connectors.get_mut(name) else {
            return;
        };
        let Some(client) = connector.client() else {
            return;
        };
        if self.frozen.contains_key(&NodeId::Client(client)) {
            return;
        }
        let all = connector.clients();
        let (config, is_paused, task) = connector.task_mut();
        let settings = (config, is_paused);
        let fabric = &mut self.fabric;
        let progress = match task {
            Some(Task::Source(task)) => {
                let clients = clients_of(&mut self.clients, task.clients());
                let table = self.connect.sources.entry(name.to_owned()).or_default();
                task.go_on(fabric, clients, settings, table, events)
            }
            Some(Task::Sink(task)) => {
                let consumer = consumer(self.clients.get_mut(&client));
                let tables = self.connect.sinks.entry(name.to_owned()).or_default();
                task.go_on(fabric, consumer, settings, tables, events)
            }
            None => return,
        };
        for number in all {
            self.take_off_if_closed(number);
        }
        self.take_progress(name, progress);
    }

    fn take_progress(&mut self, name: &str, progress: Progress) {
        let Some(connector) = self.connect.connectors.get_mut(name) else {
            return;
        };
        match progress {
            Progress::Runs => {}
            Progress::Fails(trace) => connector.fail(&mut self.fabric, trace),
            Progress::Overdue => {
                if let Some(producer) = connector.client() {
                    self.close_without_flush(producer);
                }
            }
            Progress::Ended => {
                connector.forget_task();
                self.settle(name);
            }
            Progress::Gone => {
                let clients = connector.clients();
                connector.forget_task();
                let is_wanted = !connector.is_to_restart
                    && !matches!(connector.target, Target::Stopped | Target::Removed)
                    && connector.state() != ConnectorState::Failed;
                if is_wanted {
                    connector.change_state(&mut self.fabric, ConnectorState::Unassigned);
                }
                // What is left of the process ends too.
                for number in clients {
                    self.close(number);
                }
                self.settle(name);
            }
        }
    }
}

fn clients_of(
    clients: &mut BTreeMap<ClientNumber, Client>,
    [producer, admin, reader]: [ClientNumber; 3],
) -> Clients<'_> {
    let mut found = Clients {
        producer: None,
        admin: None,
        reader: None,
    };
    let first = producer.min(admin).min(reader);
    let last = producer.max(admin).max(reader);
    for (number, client) in clients.range_mut(first..=last) {
        match client {
            Client::Producer(it) if *number == producer => found.producer = Some(&mut **it),
            Client::Admin(it) if *number == admin => found.admin = Some(&mut **it),
            Client::Consumer(it) if *number == reader => found.reader = Some(&mut **it),
            _ => {}
        }
    }
    found
}

fn consumer(client: Option<&mut Client>) -> Option<&mut Consumer> {
    match client {
        Some(Client::Consumer(consumer)) => Some(consumer),
        _ => None,
    }
}
