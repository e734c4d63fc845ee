//! What the page plays with: one world, the terminals that act on it, and what
//! is said about it. Nothing here knows of a browser.

mod complaints;
mod consumers;
mod groups;
mod news;
mod restarts;
mod worlds;

pub use groups::ResetTo;
pub use news::{LogLine, News, Weight};
pub use restarts::Victim;
pub use worlds::{BUSY_CLUSTER, ReadyMade, WORLDS};

use engine::collections::{BTreeMap, BTreeSet};
use std::collections::VecDeque;

use engine::client::connect::ConnectorConfig;
use engine::client::{AdminConfig, Client, OutgoingRecord, ProducerConfig, Workload};
use engine::command::ClientNumber;
use engine::protocol::{
    CreatableTopic, CreatePartitionsRequest, CreatePartitionsTopic, CreateTopicsRequest,
    DeleteTopicsRequest, Request, TopicName,
};
use engine::{Command, Event, EventKind, Time, World, WorldConfig};
use shell::{Shell, TerminalId};

use self::groups::Reset;
use self::restarts::Restarts;
use crate::metrics::Recorder;
use crate::stage::{Recent, Scene, View, last_workload};

/// The `client.id` of the admin client that the board's own buttons use.
const BOARD_ADMIN: &str = "board";

/// How far a tool that was started while time stands still may take the world,
/// in milliseconds: as long as Kafka's tools wait (`default.api.timeout.ms`)
/// and a little more.
const TOOL_TIME_MAX_MS: i64 = 61_000;

/// How far a step goes on when nothing worth telling happens, in microseconds of
/// virtual time.
const STEP_MAX_US: u64 = 600_000_000;

/// `metadata.max.age.ms` of the clients that the board's buttons start. Kafka's
/// default is five minutes; here they are to notice new partitions while
/// somebody watches. The board says so.
pub const BOARD_METADATA_MAX_AGE_MS: i64 = 10_000;

const METADATA_MAX_AGE: &str = "metadata.max.age.ms";

/// One world and all that is around it on the page. A clone of it is a
/// checkpoint: both go on alike.
#[derive(Clone, Debug)]
pub struct Playground {
    world: World,
    shell: Shell,
    news: News,
    /// What the board marks for a moment.
    recent: Recent,
    /// What is measured of the world.
    metrics: Recorder,
    /// The admin client of the board's buttons, once one was pressed.
    admin: Option<ClientNumber>,
    /// Its calls that are not answered yet.
    calls: usize,
    /// The number of partitions that was asked for last, of each topic.
    partitions_asked: BTreeMap<TopicName, i32>,
    /// What was refused, and not shown yet.
    complaints: Vec<String>,
    /// The producers with which records were sent by hand.
    hands: BTreeSet<ClientNumber>,
    /// The producer of "send one record" when the board has none of that name.
    hand_producer: Option<ClientNumber>,
    /// What is to happen by itself, in order of time: the story of a ready-made
    /// world.
    cues: VecDeque<(Time, Command)>,
    /// What is to be started again when it has ended.
    restarts: Restarts,
    /// Groups whose offsets are being reset, by the admin client that does it.
    resets: BTreeMap<ClientNumber, Reset>,
}

impl Playground {
    /// A cluster without topics and clients.
    pub fn empty(seed: u64, config: WorldConfig) -> Playground {
        Playground {
            world: World::new(seed, config),
            shell: Shell::new(),
            news: News::default(),
            recent: Recent::default(),
            metrics: Recorder::default(),
            admin: None,
            calls: 0,
            partitions_asked: BTreeMap::new(),
            complaints: Vec::new(),
            hands: BTreeSet::new(),
            hand_producer: None,
            cues: VecDeque::new(),
            restarts: Restarts::default(),
            resets: BTreeMap::new(),
        }
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The terminals.
    pub fn shell(&self) -> &Shell {
        &self.shell
    }

    /// What has happened, in words.
    pub fn news(&self) -> &News {
        &self.news
    }

    /// What is measured of the world.
    pub fn metrics(&self) -> &Recorder {
        &self.metrics
    }

    /// The picture of the world.
    pub fn scene(&self, view: &View) -> Scene {
        Scene::remembering(&self.world, view, &self.recent)
    }

    /// Takes the news for the caption; see [`News::take_headline`].
    pub fn take_headline(&mut self) -> Option<LogLine> {
        self.news.take_headline()
    }

    /// What was told already is not told again, but for the latest news, which
    /// become the caption's: as when somebody comes to this instant from
    /// another one.
    pub fn recall(&mut self) {
        self.complaints.clear();
        self.news.recall();
    }

    /// What the cluster refused since this was last asked.
    pub fn take_complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// Lets `us` microseconds of virtual time pass.
    pub fn advance_us(&mut self, us: u64) {
        let until = self.world.now().plus_us(us);
        self.advance_to(until);
    }

    /// Lets virtual time pass up to an instant. One that has passed changes
    /// nothing.
    pub fn advance_to(&mut self, until: Time) {
        while self.world.now() < until {
            self.instant(until);
        }
    }

    /// Goes on to the next thing worth telling.
    pub fn step(&mut self) {
        self.step_until(self.world.now().plus_us(STEP_MAX_US));
    }

    /// Goes on to the next thing worth telling, at the latest to `until`. Says
    /// whether there was one: something of the news, a tool that stopped
    /// waiting, or a cue.
    pub fn step_until(&mut self, until: Time) -> bool {
        while self.world.now() < until {
            if self.instant(until) {
                return true;
            }
        }
        false
    }

    /// Goes on to the next instant at which anything happens, at the latest to
    /// `until`; says whether it is worth telling. Every instant is noted by
    /// itself, and the end of every second is one, since the world is measured
    /// then: so what is said and measured does not depend on how a caller cuts
    /// time either.
    fn instant(&mut self, until: Time) -> bool {
        let ends = [self.next_cue(), Some(self.metrics.next_sample())];
        let at = ends.into_iter().flatten().fold(until, Time::min);
        let at = at.max(self.world.now());
        let deadline = self.shell.next_deadline();
        let events = self.shell.advance_one_instant(&mut self.world, at);
        let is_due = |due: Option<Time>| due.is_some_and(|due| due <= self.world.now());
        let mut is_told = is_due(deadline) || events.iter().any(|event| event.kind.is_news());
        self.note(events);
        while self.next_cue().is_some_and(|cue| cue <= self.world.now()) {
            self.take_cue();
            is_told = true;
        }
        is_told
    }

    /// Has a command carried out by itself, so many seconds from now. Cues are
    /// given in order of time.
    fn later(&mut self, seconds: u64, command: Command) {
        let at = self.world.now().plus_us(seconds * 1_000_000);
        self.cues.push_back((at, command));
    }

    fn next_cue(&self) -> Option<Time> {
        self.cues.front().map(|(at, _)| *at)
    }

    /// Carries out the next cue. What it is about may be gone: then nothing is
    /// to be done.
    fn take_cue(&mut self) {
        if let Some((_, command)) = self.cues.pop_front() {
            let _ = self.execute(command);
        }
    }

    /// Carries out a command; a refusal is the sentence to show.
    ///
    /// # Errors
    ///
    /// Why nothing was done.
    pub fn execute(&mut self, command: Command) -> Result<Option<ClientNumber>, String> {
        let refused = |refusal: engine::Refusal| refusal.sentence();
        let outcome = self.world.execute(command).map_err(refused)?;
        let further = self.shell.on_events(&mut self.world, &outcome.events);
        self.note(outcome.events);
        self.note(further);
        Ok(outcome.client)
    }

    /// Runs a line in a terminal, or in a free one when a tool that reads no
    /// input holds it; tells which.
    pub fn enter(&mut self, terminal: TerminalId, line: &str) -> TerminalId {
        let (terminal, events) = self.shell.enter_anywhere(&mut self.world, terminal, line);
        self.note(events);
        terminal
    }

    /// Ctrl+C in a terminal.
    pub fn interrupt(&mut self, terminal: TerminalId) {
        let events = self.shell.interrupt(&mut self.world, terminal);
        self.note(events);
    }

    /// Ctrl+D in a terminal.
    pub fn end_of_input(&mut self, terminal: TerminalId) {
        let events = self.shell.end_of_input(&mut self.world, terminal);
        self.note(events);
    }

    /// Opens another terminal.
    ///
    /// # Errors
    ///
    /// What to do when there are too many.
    pub fn open_terminal(&mut self) -> Result<TerminalId, String> {
        self.shell.open()
    }

    /// Closes a terminal and ends what runs in it.
    pub fn close_terminal(&mut self, terminal: TerminalId) {
        let events = self.shell.close(&mut self.world, terminal);
        self.note(events);
    }

    /// While time stands still, takes the world on just as far as is needed
    /// for the tools that end by themselves and the board's own calls, so that
    /// who asked has an answer.
    pub fn let_calls_finish(&mut self) {
        let until = self.world.now().plus_ms(TOOL_TIME_MAX_MS);
        while self.calls > 0 || !self.resets.is_empty() || self.is_tool_running() {
            let due = [self.world.next_time(), self.shell.next_deadline()];
            match due.into_iter().flatten().min() {
                Some(next) if next <= until => {
                    self.instant(next);
                }
                _ => break,
            }
        }
    }

    fn is_tool_running(&self) -> bool {
        self.shell.terminals().any(|terminal| {
            let tool = terminal.foreground();
            tool.is_some_and(|tool| tool.ends_by_itself)
        })
    }

    fn note(&mut self, events: Vec<Event>) {
        for event in &events {
            match &event.kind {
                EventKind::AdminAnswered { admin, response } if Some(*admin) == self.admin => {
                    self.calls = self.calls.saturating_sub(1);
                    self.complaints.extend(complaints::of(response));
                    if self.calls == 0 {
                        self.partitions_asked.clear();
                    }
                }
                EventKind::AdminFailed { admin, message, .. } if Some(*admin) == self.admin => {
                    self.calls = self.calls.saturating_sub(1);
                    self.complaints.push(message.clone());
                    if self.calls == 0 {
                        self.partitions_asked.clear();
                    }
                }
                EventKind::SendFailed {
                    producer, message, ..
                } if self.hands.contains(producer) => self.complaints.push(message.clone()),
                _ => {}
            }
            self.news.tell(event, &self.world);
            self.recent.note(event, &self.world);
            self.metrics.note(event, &self.world);
        }
        self.metrics.pass(&self.world);
        self.start_again(&events);
        self.go_on_resetting(&events);
    }

    /// Starts a producer.
    ///
    /// # Errors
    ///
    /// Why none was started.
    pub fn add_producer(
        &mut self,
        mut config: ProducerConfig,
        workload: Option<Workload>,
    ) -> Result<ClientNumber, String> {
        self.check_name_is_free(&config.client_id)?;
        if let Some(workload) = &workload {
            self.known_topic(&workload.topic)?;
        }
        if !config.given.contains(METADATA_MAX_AGE) {
            config.metadata_max_age_ms = BOARD_METADATA_MAX_AGE_MS;
        }
        let client = self.execute(Command::AddProducer { config, workload })?;
        client.ok_or_else(|| "The producer did not start.".to_owned())
    }

    /// Stops a producer that makes up records, or lets it go on.
    ///
    /// # Errors
    ///
    /// Why nothing was done.
    pub fn toggle_workload(&mut self, producer: ClientNumber) -> Result<(), String> {
        let running = match self.world.clients().get(&producer) {
            Some(Client::Producer(producer)) => producer.workload().is_some(),
            _ => false,
        };
        let workload = match running {
            true => None,
            false => last_workload(&self.world, producer),
        };
        self.execute(Command::SetWorkload { producer, workload })
            .map(|_| ())
    }

    /// Makes a connector, with rows for a source.
    ///
    /// # Errors
    ///
    /// Why none was made.
    pub fn add_connector(
        &mut self,
        mut config: ConnectorConfig,
        rows: String,
    ) -> Result<(), String> {
        for topic in &config.topics {
            self.known_topic(topic)?;
        }
        // As with other clients that are started from the board.
        config.producer.metadata_max_age_ms = BOARD_METADATA_MAX_AGE_MS;
        config.consumer.metadata_max_age_ms = BOARD_METADATA_MAX_AGE_MS;
        self.execute(Command::AddConnector { config, rows })
            .map(|_| ())
    }

    /// Sends one record, with the producer named or one started for it.
    ///
    /// # Errors
    ///
    /// Why it was not sent.
    pub fn send_record(
        &mut self,
        producer: Option<ClientNumber>,
        record: OutgoingRecord,
    ) -> Result<(), String> {
        self.known_topic(&record.topic)?;
        let producer = match producer {
            Some(producer) => producer,
            None => self.hand_producer()?,
        };
        self.execute(Command::Send { producer, record })?;
        self.hands.insert(producer);
        Ok(())
    }

    /// Asks the cluster for a topic.
    ///
    /// # Errors
    ///
    /// Why the request was not sent; the cluster's own refusal comes later, as
    /// a complaint.
    pub fn create_topic(
        &mut self,
        name: &str,
        partitions: i32,
        replication_factor: i16,
        configs: BTreeMap<String, String>,
    ) -> Result<(), String> {
        self.administer(Request::CreateTopics(CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: name.into(),
                num_partitions: partitions,
                replication_factor,
                assignments: BTreeMap::new(),
                configs,
            }],
        }))
    }

    /// Asks the cluster to drop a topic.
    ///
    /// # Errors
    ///
    /// As [`Playground::create_topic`].
    pub fn delete_topic(&mut self, name: &TopicName) -> Result<(), String> {
        let topics = vec![name.clone()];
        self.administer(Request::DeleteTopics(DeleteTopicsRequest { topics }))
    }

    /// Asks the cluster for one more partition of a topic.
    ///
    /// # Errors
    ///
    /// As [`Playground::create_topic`]; also when there is no such topic.
    pub fn add_partition(&mut self, topic: &str) -> Result<(), String> {
        let name = self.known_topic(topic)?;
        let present = self.world.topics()[&name].partitions.len();
        let present = i32::try_from(present).unwrap_or(i32::MAX);
        // An earlier press may still be on its way.
        let asked = self.partitions_asked.get(&name).copied();
        let count = present.max(asked.unwrap_or(0)).saturating_add(1);
        self.partitions_asked.insert(name.clone(), count);
        self.administer(Request::CreatePartitions(CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic {
                name,
                count,
                assignments: None,
            }],
        }))
    }

    /// Makes a call with the board's own admin client. What the cluster refuses
    /// comes later, as a complaint.
    ///
    /// # Errors
    ///
    /// Why the call was not made.
    pub fn administer(&mut self, request: Request) -> Result<(), String> {
        let running = self
            .admin
            .filter(|admin| self.world.clients().contains_key(admin));
        let admin = match running {
            Some(admin) => admin,
            None => {
                let config = AdminConfig::named(BOARD_ADMIN);
                let admin = self.execute(Command::AddAdmin { config })?;
                admin.ok_or("The admin client did not start.")?
            }
        };
        self.admin = Some(admin);
        self.execute(Command::AdminCall { admin, request })?;
        self.calls += 1;
        Ok(())
    }

    fn hand_producer(&mut self) -> Result<ClientNumber, String> {
        let running = self
            .hand_producer
            .filter(|producer| self.world.clients().contains_key(producer));
        if let Some(producer) = running {
            return Ok(producer);
        }
        let name = self.free_name("by-hand");
        let config = ProducerConfig {
            client_id: name,
            ..ProducerConfig::default()
        };
        let producer = self.add_producer(config, None)?;
        self.hand_producer = Some(producer);
        Ok(producer)
    }

    fn known_topic(&self, name: &str) -> Result<TopicName, String> {
        let topics = self.world.topics();
        let known = topics.get_key_value(name).map(|(name, _)| name.clone());
        known.ok_or_else(|| match name {
            "" => "There is no topic yet: make one with New topic first.".to_owned(),
            name => format!("There is no topic {name}: choose one that is on the board."),
        })
    }

    fn check_name_is_free(&self, name: &str) -> Result<(), String> {
        let taken = |client: &Client| !name.is_empty() && client.client_id() == name;
        match self.world.clients().values().any(taken) {
            true => Err(format!(
                "{name} is on the board already: choose another name."
            )),
            false => Ok(()),
        }
    }

    /// `prefix-1`, or the first number after that which no client has.
    fn free_name(&self, prefix: &str) -> String {
        (1..)
            .map(|number| format!("{prefix}-{number}"))
            .find(|name| self.check_name_is_free(name).is_ok())
            .expect("there are more numbers than clients")
    }
}

#[cfg(test)]
mod tests;
