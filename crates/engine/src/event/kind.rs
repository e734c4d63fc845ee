//! Everything that can happen.

use super::share::ShareEvent;
use super::{LogLevel, RecordSizes};
use crate::client::connect::ConnectorEvent;
use crate::client::{Callback, ConsumerEvent, ProcessorEvent};
use crate::coordinator::GroupEvent;
use crate::coordinator::transaction::TransactionEvent;
use crate::log::record_batch::RecordBatch;
use crate::log::{Cleaning, DeletionReason};
use crate::protocol::{ConfigResource, Response, TopicName, TopicPartition};
use crate::sim::{ClientNumber, NodeId};
use crate::world::Rebalance;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A client started.
    ClientStarted {
        /// Its number.
        client: ClientNumber,
        /// `producer`, `consumer` or `admin client`.
        kind: &'static str,
        /// Its `client.id`.
        client_id: String,
    },
    /// A client has closed: all it had to send is sent.
    ClientClosed {
        /// Its number.
        client: ClientNumber,
        /// `producer`, `consumer` or `admin client`.
        kind: &'static str,
        /// Its `client.id`.
        client_id: String,
    },
    /// A client was killed.
    ClientCrashed {
        /// Its number.
        client: ClientNumber,
        /// Its `client.id`.
        client_id: String,
        /// Records that its `send()` took and that are lost with it, whether or
        /// not they were on their way.
        records_lost: u32,
    },
    /// A client's process stands still (SIGSTOP).
    ClientFrozen {
        /// Its number.
        client: ClientNumber,
        /// Its `client.id`.
        client_id: String,
    },
    /// A client's process goes on that stood still (SIGCONT).
    ClientThawed {
        /// Its number.
        client: ClientNumber,
        /// Its `client.id`.
        client_id: String,
    },
    /// A client logged a warning or an error.
    ClientLog {
        /// Its number.
        client: ClientNumber,
        /// How bad it is.
        level: LogLevel,
        /// The Java class that logs it.
        logger: &'static str,
        /// The line, without time and class.
        text: String,
    },
    /// A topic was made.
    TopicCreated {
        /// Its name.
        topic: TopicName,
        /// How many partitions it has.
        partitions: i32,
    },
    /// A topic is gone.
    TopicDeleted {
        /// Its name.
        topic: TopicName,
    },
    /// A setting was given a value while the cluster ran, or lost it.
    ConfigChanged {
        /// Whose setting.
        resource: ConfigResource,
        /// Its name.
        name: String,
        /// The value; `None` when the default holds again.
        value: Option<String>,
    },
    /// A topic has more partitions.
    PartitionsAdded {
        /// Its name.
        topic: TopicName,
        /// How many it had.
        from: i32,
        /// How many it has.
        to: i32,
    },
    /// A controller has become the active one.
    ControllerElected {
        /// Its `node.id`.
        controller: i32,
        /// Its epoch.
        epoch: i32,
    },
    /// With ZooKeeper: a broker was the first to create `/controller`.
    ControllerNodeCreated {
        /// Its `broker.id`.
        broker: i32,
        /// The new `/controller_epoch`.
        epoch: i32,
    },
    /// With ZooKeeper: the session that has created `/controller` has ended,
    /// and the node with it.
    ControllerNodeDeleted {
        /// The broker whose session it was.
        broker: i32,
        /// Whether the session has expired; else the broker has closed it.
        has_expired: bool,
    },
    /// With ZooKeeper: what a broker wrote as the controller is refused, since
    /// it is not the controller any more.
    ControllerWriteRefused {
        /// Who wrote.
        broker: i32,
        /// The epoch in which it believed to be the controller.
        epoch: i32,
        /// `/controller_epoch`.
        current_epoch: i32,
    },
    /// A broker's process has started.
    BrokerStarted {
        /// The broker.
        broker: i32,
    },
    /// A broker has stopped after it gave up what it led.
    BrokerStopped {
        /// The broker.
        broker: i32,
    },
    /// A broker's process was killed.
    BrokerKilled {
        /// The broker.
        broker: i32,
    },
    /// A broker or controller stands still (SIGSTOP).
    ServerFrozen {
        /// Its `node.id`.
        server: i32,
    },
    /// A broker or controller goes on that stood still (SIGCONT).
    ServerThawed {
        /// Its `node.id`.
        server: i32,
    },
    /// A broker's disk is gone with all that was on it, and the broker stops.
    DiskLost {
        /// The broker.
        broker: i32,
    },
    /// A controller's process has started.
    ControllerStarted {
        /// Its `node.id`.
        controller: i32,
    },
    /// A controller's process was killed.
    ControllerKilled {
        /// Its `node.id`.
        controller: i32,
    },
    /// The controller counts a broker as gone.
    BrokerFenced {
        /// The broker.
        broker: i32,
    },
    /// The controller lets a broker take part (again).
    BrokerUnfenced {
        /// The broker.
        broker: i32,
    },
    /// A broker has asked to stop, and gives up what it leads.
    BrokerStopping {
        /// The broker.
        broker: i32,
    },
    /// The controller has chosen a leader.
    LeaderElected {
        /// The partition.
        topic_partition: TopicPartition,
        /// The leader; `None` when there is nobody who may lead.
        leader: Option<i32>,
        /// The leader's epoch.
        leader_epoch: i32,
        /// Whether it was not in sync: what it lacks is lost.
        is_unclean: bool,
    },
    /// Other replicas are in sync than before.
    IsrChanged {
        /// The partition.
        topic_partition: TopicPartition,
        /// Who was in sync.
        from: Vec<i32>,
        /// Who is.
        to: Vec<i32>,
    },
    /// Other brokers hold a replica than before, or are on the way to.
    ReplicasChanged {
        /// The partition.
        topic_partition: TopicPartition,
        /// Who holds a replica.
        replicas: Vec<i32>,
        /// Those that come.
        adding: Vec<i32>,
        /// Those that go.
        removing: Vec<i32>,
    },
    /// A broker begins to lead a partition.
    LeaderStarted {
        /// The broker.
        broker: i32,
        /// The partition.
        topic_partition: TopicPartition,
        /// Its epoch.
        leader_epoch: i32,
        /// Where its log ends.
        log_end_offset: i64,
    },
    /// A follower has copied records.
    RecordsReplicated {
        /// The follower.
        broker: i32,
        /// The leader.
        leader: i32,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset that was new to it.
        from: i64,
        /// Where its log ends now.
        to: i64,
    },
    /// The leader's records do not fit a follower's log. It copies the
    /// partition no more until another leader epoch begins or its broker is
    /// started again.
    ReplicationFailed {
        /// The follower.
        broker: i32,
        /// The leader.
        leader: i32,
        /// The partition.
        topic_partition: TopicPartition,
    },
    /// A follower has cut off what the leader does not have.
    RecordsTruncated {
        /// The follower.
        broker: i32,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset that is gone.
        from: i64,
        /// Where its log ended.
        to: i64,
    },
    /// Records that were committed, and may have been read, are gone: the new
    /// leader does not have them.
    RecordsLost {
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset that is lost.
        from: i64,
        /// The high watermark that consumers were told of.
        to: i64,
    },
    /// Something about the network has changed.
    NetworkChanged {
        /// What, in one sentence.
        description: String,
    },
    /// A broker has become slow, or as fast as it was.
    BrokerSlowed {
        /// The broker.
        broker: i32,
        /// What it takes over each request, in microseconds.
        request_us: u64,
        /// What its disk takes over each write, in microseconds.
        disk_write_us: u64,
    },
    /// Records went into a producer's accumulator: their partition is chosen.
    RecordsAccumulated {
        /// The producer.
        producer: ClientNumber,
        /// Where they will go.
        topic_partition: TopicPartition,
        /// How large each is, in the order of their `send()`s.
        records: Vec<RecordSizes>,
    },
    /// A leader appended a batch.
    RecordsAppended {
        /// The leader.
        broker: i32,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first record's offset.
        base_offset: i64,
        /// How many records.
        records: i32,
        /// Who sent them.
        from: NodeId,
    },
    /// A log begins later than it did: the records before are gone.
    RecordsDeleted {
        /// Who keeps it.
        broker: i32,
        /// The partition.
        topic_partition: TopicPartition,
        /// The log start offset before.
        from: i64,
        /// The log start offset now.
        to: i64,
        /// Why.
        reason: DeletionReason,
    },
    /// A broker has compacted its log of a partition: of each key only the
    /// last record stays.
    LogCleaned {
        /// Who keeps the log.
        broker: i32,
        /// The partition.
        topic_partition: TopicPartition,
        /// Up to where, and what came of it.
        cleaning: Cleaning,
    },
    /// A producer was told that a batch is stored; with `acks=0` it takes that
    /// for granted, and knows no offset.
    Delivered {
        /// The producer.
        producer: ClientNumber,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first record's offset.
        base_offset: Option<i64>,
        /// How many records.
        records: i32,
    },
    /// A leader was sent a batch that it has: it stores it once, and answers
    /// with the offsets that it has (KIP-98).
    DuplicateRecognized {
        /// The leader.
        broker: i32,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first record's offset.
        base_offset: i64,
        /// How many records.
        records: i32,
        /// Who sent them.
        from: NodeId,
    },
    /// A producer's `send()` has returned: the record is in the accumulator,
    /// not delivered.
    SendReturned {
        /// The producer.
        producer: ClientNumber,
        /// Where the record will go.
        topic_partition: TopicPartition,
        /// How many records of the producer are not delivered, this one among
        /// them.
        undelivered: u32,
    },
    /// A callback has run that had waited for `poll()`, `flush()` or
    /// `close()`; once for each of its records.
    CallbackRun {
        /// The producer.
        producer: ClientNumber,
        /// What it is told.
        callback: Callback,
    },
    /// A producer's `flush()` has returned: all that was sent before is
    /// delivered, or has failed.
    Flushed {
        /// The producer.
        producer: ClientNumber,
    },
    /// A producer's call about transactions has returned.
    TransactionCallReturned {
        /// The producer.
        producer: ClientNumber,
        /// The method's name, such as `commitTransaction`.
        call: &'static str,
        /// The exception and its message, when it has failed.
        error: Option<(String, String)>,
    },
    /// An application that reads, transforms and writes has done something.
    Processor {
        /// Its producer.
        producer: ClientNumber,
        /// What.
        event: ProcessorEvent,
    },
    /// A connector, or something about it.
    Connector {
        /// Its name.
        connector: String,
        /// What.
        event: ConnectorEvent,
    },
    /// A producer has ended without `flush()` and without `close()`: these
    /// records were never sent.
    RecordsNeverSent {
        /// The producer.
        producer: ClientNumber,
        /// The topic.
        topic: TopicName,
        /// The partition, where one was chosen.
        partition: Option<i32>,
        /// How many records.
        records: i32,
    },
    /// A producer gave up on records.
    SendFailed {
        /// The producer.
        producer: ClientNumber,
        /// The topic.
        topic: TopicName,
        /// The partition, where one was chosen.
        partition: Option<i32>,
        /// How many records.
        records: i32,
        /// The exception a Java application gets, without its package.
        exception: String,
        /// Its message.
        message: String,
    },
    /// A consumer was given partitions.
    PartitionsAssigned {
        /// The consumer.
        consumer: ClientNumber,
        /// The generation.
        generation: i32,
        /// The partitions; none for an idle member.
        partitions: Vec<TopicPartition>,
    },
    /// A consumer gave up its partitions.
    PartitionsRevoked {
        /// The consumer.
        consumer: ClientNumber,
        /// The partitions.
        partitions: Vec<TopicPartition>,
    },
    /// A consumer begins where `auto.offset.reset` says.
    PositionReset {
        /// The consumer.
        consumer: ClientNumber,
        /// The partition.
        topic_partition: TopicPartition,
        /// The offset of the record it reads first.
        offset: i64,
        /// The position it had, where that lay outside the log.
        out_of_range: Option<i64>,
    },
    /// A consumer read records.
    RecordsRead {
        /// The consumer.
        consumer: ClientNumber,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset that was new to it.
        from: i64,
        /// Its position now.
        to: i64,
        /// The batches that an application is shown; the first may begin before
        /// `from`, and the last go on beyond `to`.
        batches: Vec<RecordBatch>,
    },
    /// A consumer ended with an exception.
    ConsumerFailed {
        /// The consumer.
        consumer: ClientNumber,
        /// The exception, without its package.
        exception: String,
        /// Its message.
        message: String,
    },
    /// Something else that a consumer does.
    Consumer {
        /// The consumer.
        consumer: ClientNumber,
        /// What.
        event: ConsumerEvent,
    },
    /// An admin client's call was answered.
    AdminAnswered {
        /// The admin client.
        admin: ClientNumber,
        /// The answer.
        response: Response,
    },
    /// An admin client gave up on a call.
    AdminFailed {
        /// The admin client.
        admin: ClientNumber,
        /// The exception a Java application gets, without its package.
        exception: String,
        /// Its message.
        message: String,
    },
    /// A rebalance of a group is complete.
    RebalanceMeasured(Rebalance),
    /// A member of a group has processed records that the group had processed
    /// before.
    RecordsProcessedAgain {
        /// The group.
        group: String,
        /// The member.
        consumer: ClientNumber,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset.
        from: i64,
        /// The offset after the last one.
        to: i64,
    },
    /// A member of a group goes on after records that none of its group has
    /// processed.
    RecordsSkipped {
        /// The group.
        group: String,
        /// The member.
        consumer: ClientNumber,
        /// The partition.
        topic_partition: TopicPartition,
        /// The first offset that is left out.
        from: i64,
        /// The offset after the last one.
        to: i64,
    },
    /// Something happened in a group.
    Group(GroupEvent),
    /// Something happened in a share group.
    Share(ShareEvent),
    /// Something happened to a transaction.
    Transaction(TransactionEvent),
}
