//! What a person can ask of the world.

use std::fmt;

use crate::broker::Slowness;
use crate::client::connect::{ConnectorConfig, RowsError};
use crate::client::{
    Acknowledging, AdminConfig, ConsumerConfig, OutgoingRecord, Processing, ProducerConfig, SeekTo,
    ShareConsumerConfig, SubscriptionType, TransactionCall, Workload,
};
use crate::protocol::{AcknowledgeType, Request, TopicName, TopicPartition};
pub use crate::sim::ClientNumber;
use crate::sim::{Host, LOSS_PER_MILLE_MAX, Latency, Link, PacketId};

/// Everything that can be asked of a world. A command that is carried out goes
/// into the [`Journal`](crate::Journal); whatever else happens follows from it.
#[allow(
    clippy::large_enum_variant,
    reason = "a person gives few commands, and the journal keeps them as they are"
)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Starts a producer, which makes up records when it is given a workload.
    AddProducer {
        /// Its settings.
        config: ProducerConfig,
        /// What it makes up; `None` sends only what [`Command::Send`] gives it.
        workload: Option<Workload>,
    },
    /// Changes what a producer makes up.
    SetWorkload {
        /// The producer.
        producer: ClientNumber,
        /// What it makes up from now on; `None` stops it.
        workload: Option<Workload>,
    },
    /// Has a producer send one record.
    Send {
        /// The producer.
        producer: ClientNumber,
        /// The record.
        record: OutgoingRecord,
    },
    /// Has a producer's application call `poll()`: callbacks that have queued
    /// up run (`delivery.callbacks.on.poll`).
    Poll {
        /// The producer.
        producer: ClientNumber,
    },
    /// Has a producer's application call `flush()`. It returns with
    /// [`EventKind::Flushed`](crate::EventKind::Flushed).
    Flush {
        /// The producer.
        producer: ClientNumber,
    },
    /// Has a producer's application make a call about transactions. It returns
    /// with [`EventKind::TransactionCallReturned`](crate::EventKind::TransactionCallReturned).
    Transaction {
        /// The producer.
        producer: ClientNumber,
        /// The call.
        call: TransactionCall,
    },
    /// Ends a producer's program without `flush()` and without `close()`: what
    /// is in its accumulator is never sent.
    CloseWithoutFlush {
        /// The producer.
        producer: ClientNumber,
    },
    /// Starts a consumer of a group.
    AddConsumer {
        /// Its settings.
        config: ConsumerConfig,
        /// The topics it subscribes to; none for one that is told later what
        /// to read.
        topics: Vec<TopicName>,
    },
    /// Starts a consumer of a share group (KIP-932).
    AddShareConsumer {
        /// Its settings, and what its application does.
        config: ShareConsumerConfig,
        /// The topics it subscribes to.
        topics: Vec<TopicName>,
    },
    /// Changes what a share consumer's application says of the records it is
    /// handed from now on.
    SetAcknowledging {
        /// The share consumer.
        consumer: ClientNumber,
        /// What it says.
        acknowledging: Acknowledging,
    },
    /// Changes how long a share consumer's application takes for a record that
    /// it is handed from now on.
    SetShareProcessing {
        /// The share consumer.
        consumer: ClientNumber,
        /// The time for one record, in microseconds.
        per_record_us: u64,
    },
    /// Has a share consumer's application call `acknowledge()` for a record
    /// that it has.
    Acknowledge {
        /// The share consumer.
        consumer: ClientNumber,
        /// The record's partition.
        topic_partition: TopicPartition,
        /// Its offset.
        offset: i64,
        /// What has become of it.
        acknowledge_type: AcknowledgeType,
    },
    /// Starts an application that reads, transforms and writes with
    /// transactions ([`crate::client::Processor`]): a consumer, whose number is
    /// told, and a producer, which has the next one. Each `poll()` is a
    /// transaction, so that `max.poll.records` tells its size. They live and
    /// die together.
    AddProcessor {
        /// The consumer's settings; it never commits by itself.
        consumer: ConsumerConfig,
        /// The producer's settings, with a `transactional.id`.
        producer: ProducerConfig,
        /// The topics it reads.
        input: Vec<TopicName>,
        /// The topic it writes to.
        output: TopicName,
    },
    /// Makes a connector and starts its task ([`crate::client::connect`]). The
    /// client whose number is told is a source's producer or a sink's consumer.
    /// What lies outside Kafka under its name is as it was.
    AddConnector {
        /// Its settings.
        config: ConnectorConfig,
        /// Rows for a source, as with [`Command::WriteRows`]; may be empty.
        rows: String,
    },
    /// Puts rows into what a source reads; in a table they take the place of
    /// those with their keys.
    WriteRows {
        /// The connector.
        connector: String,
        /// CSV or JSON lines ([`crate::client::connect::parse_rows`]).
        rows: String,
    },
    /// Takes a row out of the table that a source reads.
    DeleteRow {
        /// The connector.
        connector: String,
        /// The row's key.
        key: String,
    },
    /// Has a connector's task read and write nothing until it is resumed
    /// (`PUT /connectors/NAME/pause`).
    PauseConnector {
        /// The connector.
        connector: String,
    },
    /// Has a connector go on that was paused or stopped
    /// (`PUT /connectors/NAME/resume`).
    ResumeConnector {
        /// The connector.
        connector: String,
    },
    /// Ends a connector's task until the connector is resumed
    /// (`PUT /connectors/NAME/stop`, KIP-875).
    StopConnector {
        /// The connector.
        connector: String,
    },
    /// Starts a connector's task anew; one that runs is ended first
    /// (`POST /connectors/NAME/restart?includeTasks=true`, KIP-745).
    RestartConnector {
        /// The connector.
        connector: String,
    },
    /// Changes a connector's settings and starts its task anew, unless it is
    /// stopped (`PUT /connectors/NAME/config`).
    SetConnectorConfig {
        /// The settings, with the connector's name and its class.
        config: ConnectorConfig,
    },
    /// Deletes a connector (`DELETE /connectors/NAME`). Its offsets and what
    /// lies outside Kafka stay: another of its name goes on there.
    RemoveConnector {
        /// The connector.
        connector: String,
    },
    /// Has a consumer read other topics or partitions, or nothing
    /// (`subscribe()`, `assign()`, `unsubscribe()`).
    Subscribe {
        /// The consumer.
        consumer: ClientNumber,
        /// What it reads from now on.
        to: SubscriptionType,
    },
    /// Changes what a consumer's application does with records.
    SetProcessing {
        /// The consumer.
        consumer: ClientNumber,
        /// What it does from now on.
        processing: Processing,
    },
    /// Has a consumer go on elsewhere in partitions that it reads.
    Seek {
        /// The consumer.
        consumer: ClientNumber,
        /// The partitions.
        partitions: Vec<TopicPartition>,
        /// Where to.
        to: SeekTo,
    },
    /// Has a consumer read nothing of some of its partitions (`pause()`).
    Pause {
        /// The consumer.
        consumer: ClientNumber,
        /// The partitions.
        partitions: Vec<TopicPartition>,
    },
    /// Has a consumer read partitions again that were paused (`resume()`).
    Resume {
        /// The consumer.
        consumer: ClientNumber,
        /// The partitions.
        partitions: Vec<TopicPartition>,
    },
    /// Has a consumer commit how far it has come.
    Commit {
        /// The consumer.
        consumer: ClientNumber,
        /// Whether it waits for the answer (`commitSync()`) or goes on
        /// (`commitAsync()`).
        is_sync: bool,
    },
    /// Has a consumer find the first records that are not older than a
    /// timestamp (`offsetsForTimes()`).
    OffsetsForTimes {
        /// The consumer.
        consumer: ClientNumber,
        /// The partitions, which it need not read.
        partitions: Vec<TopicPartition>,
        /// Epoch milliseconds.
        timestamp: i64,
    },
    /// Starts an admin client.
    AddAdmin {
        /// Its settings.
        config: AdminConfig,
    },
    /// Has an admin client make one call. Its answer is
    /// [`EventKind::AdminAnswered`](crate::EventKind::AdminAnswered), or
    /// [`EventKind::AdminFailed`](crate::EventKind::AdminFailed) when it has
    /// not come by `default.api.timeout.ms`.
    AdminCall {
        /// The admin client.
        admin: ClientNumber,
        /// The request; one that administers, not one of a producer's or a
        /// consumer's own.
        request: Request,
    },
    /// Closes a client as its `close()` does: a producer delivers what it
    /// holds, a consumer commits (when `enable.auto.commit` is set) and leaves
    /// its group.
    Close {
        /// The client.
        client: ClientNumber,
    },
    /// Ends a client as `kill -9` does: nothing is sent, nobody is told.
    Crash {
        /// The client.
        client: ClientNumber,
    },
    /// Adds a broker to the cluster and starts it.
    AddBroker {
        /// Its `node.id`, which no other broker or controller has.
        id: i32,
        /// Its `broker.rack`.
        rack: Option<String>,
    },
    /// Starts a broker that does not run, with the log it has on its disk; with
    /// it the controller on the same machine.
    StartBroker {
        /// The broker.
        broker: i32,
    },
    /// Stops a broker cleanly, as SIGTERM does: others take over what it leads
    /// before it goes (`controlled.shutdown.enable`).
    StopBroker {
        /// The broker.
        broker: i32,
    },
    /// Ends a broker as `kill -9` does, with the controller that shares its
    /// process.
    KillBroker {
        /// The broker.
        broker: i32,
    },
    /// Takes a broker's only disk away, with all that is on it; the broker
    /// stops. It can be started again with an empty disk.
    LoseDisk {
        /// The broker.
        broker: i32,
    },
    /// Makes a broker slow, or as fast as it was.
    SlowBroker {
        /// The broker.
        broker: i32,
        /// How slow.
        slowness: Slowness,
    },
    /// Starts a controller that does not run.
    StartController {
        /// Its `node.id`.
        controller: i32,
    },
    /// Ends a controller as `kill -9` does.
    KillController {
        /// Its `node.id`.
        controller: i32,
    },
    /// Changes the links between two sets of hosts, in both directions.
    SetLink {
        /// Some hosts.
        one: Vec<Host>,
        /// Some others.
        other: Vec<Host>,
        /// What is wrong with each link from now on.
        link: Link,
    },
    /// Cuts the links between two sets of hosts, in both directions: what is
    /// sent waits until the link is whole or the connection closed.
    Cut {
        /// Some hosts.
        one: Vec<Host>,
        /// Some others.
        other: Vec<Host>,
    },
    /// Mends the links between two sets of hosts that were cut.
    Join {
        /// Some hosts.
        one: Vec<Host>,
        /// Some others.
        other: Vec<Host>,
    },
    /// Mends all that is wrong with any link.
    HealNetwork,
    /// Changes how long packets take on the network.
    SetLatency {
        /// The time from now on.
        latency: Latency,
    },
    /// Has a client's process stand still, as SIGSTOP does: it does nothing
    /// and answers nobody, its connections stay open, and what arrives waits
    /// in their buffers. With it the other client of its process.
    Freeze {
        /// The client.
        client: ClientNumber,
    },
    /// Lets a process go on that stands still (SIGCONT): it reads what has
    /// arrived, and then does what is due.
    Thaw {
        /// The client.
        client: ClientNumber,
    },
    /// Has a broker or a controller stand still, as SIGSTOP or a long pause of
    /// its JVM does; with it the controller of a broker's process.
    FreezeServer {
        /// Its `node.id`.
        server: i32,
    },
    /// Lets a broker or a controller go on that stands still.
    ThawServer {
        /// Its `node.id`.
        server: i32,
    },
    /// Loses a packet that is under way, once: TCP sends it again after 200 ms,
    /// and all behind it on its connection waits for it.
    LosePacket {
        /// The packet.
        packet: PacketId,
    },
}

/// Why a command was not carried out. The world is as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No client has this number, or it has ended.
    NoSuchClient(ClientNumber),
    /// The client is of another kind than the command is for.
    WrongKind {
        /// The client.
        client: ClientNumber,
        /// What the command is for, such as `producer`.
        wanted: &'static str,
    },
    /// A setting's value is not allowed; the text is Kafka's own message
    /// (`ConfigException`).
    InvalidConfig(String),
    /// The client cannot be made, or not be used so, for another reason that
    /// lies in its settings.
    CannotConstruct {
        /// The Java class that is thrown at the root of it, without its
        /// package.
        exception: &'static str,
        /// Its message, which is Kafka's own.
        message: String,
    },
    /// A record is larger than the producer's `max.request.size`
    /// (`RecordTooLargeException`).
    RecordTooLarge {
        /// Its size when serialized, in bytes.
        size: usize,
        /// The producer's `max.request.size`, in bytes.
        max_request_size: usize,
    },
    /// A record is larger than the producer's `buffer.memory`
    /// (`RecordTooLargeException`).
    RecordExceedsMemory {
        /// Its size when serialized, in bytes.
        size: usize,
    },
    /// A record that no producer can have (`IllegalArgumentException`); the
    /// text is Kafka's own message.
    IllegalRecord(String),
    /// The producer's `send()` still blocks on so many earlier records.
    TooManyWaiting(usize),
    /// The producer has no partition of this number to send to.
    NoSuchPartition(String),
    /// The consumer is not assigned this partition (`IllegalStateException`).
    NotAssigned(TopicPartition),
    /// An offset below 0 is no place to go (`IllegalArgumentException`).
    NegativeOffset,
    /// The consumer's application waits for something, and can do nothing else.
    ConsumerIsBusy(ClientNumber),
    /// The request is not one that an admin client makes.
    NotAnAdminCall(&'static str),
    /// A share consumer's application cannot acknowledge a record; the text is
    /// Kafka's own message (`IllegalStateException`).
    CannotAcknowledge(String),
    /// The world is full.
    TooManyClients(usize),
    /// No broker or controller has this `node.id`.
    NoSuchServer(i32),
    /// A broker or controller has this `node.id`, or it is below 0.
    ServerIdTaken(i32),
    /// With ZooKeeper the controller is part of this broker's process.
    ControllerIsBroker(i32),
    /// The world has no ZooKeeper.
    NoZooKeeper,
    /// The broker or controller runs already.
    ServerRuns(i32),
    /// The broker or controller does not run.
    ServerIsDown(i32),
    /// The world has all the brokers it can.
    TooManyBrokers(usize),
    /// So much of 1,000 packets cannot be lost.
    TooMuchLoss(u16),
    /// The client's process stands still, and can do nothing.
    ClientIsFrozen(ClientNumber),
    /// The client's process does not stand still.
    ClientRuns(ClientNumber),
    /// The broker or controller stands still, and can do nothing.
    ServerIsFrozen(i32),
    /// The broker or controller does not stand still.
    ServerIsNotFrozen(i32),
    /// No packet of this number is on its way from one machine to another.
    CannotLosePacket(u64),
    /// There is no connector of this name (`NotFoundException`).
    NoSuchConnector(String),
    /// There is a connector of this name (`AlreadyExistsException`).
    ConnectorExists(String),
    /// The connector is of another class than the command or the settings are
    /// for.
    WrongConnectorClass {
        /// The connector.
        connector: String,
        /// Its class.
        class: &'static str,
    },
    /// The connector is stopped, and has no task.
    ConnectorIsStopped(String),
    /// Pasted text is no rows, or no rows for the connector.
    InvalidRows(RowsError),
    /// The table has no row with this key.
    NoSuchRow(String),
}

impl Refusal {
    /// The Java class a Kafka client would throw, without its package; `None`
    /// where Kafka has nothing like it.
    pub fn exception(&self) -> Option<&'static str> {
        match self {
            Refusal::InvalidConfig(_) => Some("ConfigException"),
            Refusal::CannotConstruct { exception, .. } => Some(exception),
            Refusal::CannotAcknowledge(_) => Some("IllegalStateException"),
            Refusal::NotAssigned(_) => Some("IllegalStateException"),
            Refusal::NegativeOffset => Some("IllegalArgumentException"),
            Refusal::RecordTooLarge { .. } | Refusal::RecordExceedsMemory { .. } => {
                Some("RecordTooLargeException")
            }
            Refusal::IllegalRecord(_) => Some("IllegalArgumentException"),
            _ => None,
        }
    }

    /// Why, and what to do, in one sentence. Where Kafka has words for it, these
    /// are in it as they are; they alone are what is displayed, as a tool of
    /// Kafka's prints them.
    pub fn sentence(&self) -> String {
        let advice = match self {
            // What Kafka says does not lie in Kafka's clients alone.
            Refusal::InvalidConfig(_) | Refusal::CannotConstruct { .. } => "Mend the settings",
            Refusal::RecordTooLarge { .. } => "Make the record smaller, or max.request.size larger",
            Refusal::RecordExceedsMemory { .. } => {
                "Make the record smaller, or buffer.memory larger"
            }
            Refusal::IllegalRecord(_) => "Mend the record",
            Refusal::NoSuchPartition(_) => "Choose another partition",
            Refusal::NotAssigned(_) => "Choose a partition that the consumer has",
            Refusal::NegativeOffset => "Choose an offset from 0 on",
            Refusal::CannotAcknowledge(_) => "Choose a record that the consumer has in hand",
            Refusal::NoZooKeeper => "Choose something else",
            Refusal::TooManyBrokers(_) => "Do with those that there are",
            _ => return self.to_string(),
        };
        format!("{advice}: {self}")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoSuchClient(client) => {
                write!(
                    f,
                    "There is no running client number {client}: choose one that is on the board."
                )
            }
            Refusal::WrongKind { client, wanted } => {
                write!(
                    f,
                    "Client number {client} is not a {wanted}: choose a {wanted}."
                )
            }
            Refusal::InvalidConfig(message)
            | Refusal::CannotConstruct { message, .. }
            | Refusal::NoSuchPartition(message)
            | Refusal::CannotAcknowledge(message)
            | Refusal::IllegalRecord(message) => f.write_str(message),
            Refusal::RecordExceedsMemory { size } => write!(
                f,
                "The message is {size} bytes when serialized which is larger than the total memory \
                 buffer you have configured with the buffer.memory configuration."
            ),
            Refusal::RecordTooLarge {
                size,
                max_request_size,
            } => write!(
                f,
                "The message is {size} bytes when serialized which is larger than \
                 {max_request_size}, which is the value of the max.request.size configuration."
            ),
            Refusal::TooManyWaiting(waiting) => write!(
                f,
                "This producer's send() still blocks on {waiting} records: let time go on first."
            ),
            Refusal::NotAssigned(partition) => {
                write!(f, "No current assignment for partition {partition}")
            }
            Refusal::NegativeOffset => f.write_str("seek offset must not be a negative number"),
            Refusal::ConsumerIsBusy(client) => write!(
                f,
                "Consumer number {client} waits for a commit: let time go on first."
            ),
            Refusal::NotAnAdminCall(api) => {
                write!(
                    f,
                    "{api} is not a request of an admin client: use a producer or a consumer."
                )
            }
            Refusal::NoSuchServer(id) => write!(
                f,
                "There is no broker or controller with node.id {id}: choose one of the cluster."
            ),
            Refusal::ControllerIsBroker(id) => write!(
                f,
                "With ZooKeeper, controller {id} is part of broker {id}: start or kill the broker."
            ),
            Refusal::NoZooKeeper => {
                f.write_str("This cluster has no ZooKeeper: its controllers are a quorum (KRaft).")
            }
            Refusal::ServerIdTaken(id) => write!(
                f,
                "node.id {id} is taken or below 0: choose another number."
            ),
            Refusal::ServerRuns(id) => {
                write!(f, "Server {id} runs already: stop or kill it first.")
            }
            Refusal::ServerIsDown(id) => write!(f, "Server {id} does not run: start it first."),
            Refusal::TooManyBrokers(limit) => write!(
                f,
                "There are {limit} brokers already, which is the most a world holds."
            ),
            Refusal::TooMuchLoss(loss) => write!(
                f,
                "{loss} of 1000 packets lost is too much: choose at most {LOSS_PER_MILLE_MAX}."
            ),
            Refusal::ClientIsFrozen(client) => write!(
                f,
                "The process of client number {client} stands still (SIGSTOP): let it go on first."
            ),
            Refusal::ClientRuns(client) => write!(
                f,
                "The process of client number {client} does not stand still: stop it first."
            ),
            Refusal::ServerIsFrozen(id) => {
                write!(f, "Server {id} stands still (SIGSTOP): let it go on first.")
            }
            Refusal::ServerIsNotFrozen(id) => {
                write!(f, "Server {id} does not stand still: freeze it first.")
            }
            Refusal::NoSuchConnector(name) => write!(
                f,
                "Connector {name} not found: choose one that is on the board."
            ),
            Refusal::ConnectorExists(name) => {
                write!(f, "Connector {name} already exists: choose another name.")
            }
            Refusal::WrongConnectorClass { connector, class } => write!(
                f,
                "Connector {connector} is a {class}, which this cannot be done with: choose another."
            ),
            Refusal::ConnectorIsStopped(name) => {
                write!(f, "Connector {name} is stopped: resume it first.")
            }
            Refusal::InvalidRows(error) => error.fmt(f),
            Refusal::NoSuchRow(key) => {
                write!(
                    f,
                    "There is no row with the key {key}: choose one of the table."
                )
            }
            Refusal::CannotLosePacket(packet) => write!(
                f,
                "Packet {packet} is not on its way from one machine to another: choose one that is."
            ),
            Refusal::TooManyClients(limit) => {
                write!(
                    f,
                    "{limit} clients run already, which is the most a world holds: close one first."
                )
            }
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_what_to_do_and_keeps_kafkas_words() {
        let kafkas = "Heartbeat must be set lower than the session timeout";
        let refusal = Refusal::CannotConstruct {
            exception: "IllegalArgumentException",
            message: kafkas.to_owned(),
        };
        assert_eq!(
            refusal.to_string(),
            kafkas,
            "as a tool of Kafka's prints it"
        );
        assert_eq!(refusal.sentence(), format!("Mend the settings: {kafkas}"));
        let refusal = Refusal::NotAssigned(TopicPartition::new("orders", 1));
        assert_eq!(
            refusal.sentence(),
            "Choose a partition that the consumer has: No current assignment for partition orders-1"
        );
        // What is not Kafka's says it already.
        let refusal = Refusal::ServerIsDown(3);
        assert_eq!(refusal.sentence(), refusal.to_string());
    }
}
