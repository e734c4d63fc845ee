//! Producers, consumers and admin clients: what an application embeds to talk
//! to the cluster.

mod addresses;
mod admin;
mod classes;
mod config;
pub mod connect;
mod connection;
mod consumer;
pub mod consumer_protocol;
mod fetch_session_handler;
mod metadata;
pub mod murmur2;
mod processor;
mod producer;
mod share_consumer;
mod workload;

pub use admin::{Admin, AdminConfig};
pub use config::{Backoffs, Originals};
pub use consumer::{AssignedPartition, Consumer, ConsumerEvent, Membership, OffsetCounts};
pub use consumer::{
    AutoOffsetReset, ConsumerConfig, ConsumerMemberState, GroupProtocol, SeekTo, SubscriptionType,
};
pub use consumer::{CommitEach, CommitWhen, ManualCommit, Processing};
pub use fetch_session_handler::{FetchRequestData, FetchSessionHandler};
pub use metadata::{ClientMetadata, PartitionInfo};
pub use processor::{Processor, ProcessorEvent, SOURCE_HEADER};
pub use producer::{
    AccumulatorConfig, Acks, Appended, BatchSequence, BufferExhausted, BuiltInPartitioner,
    Callback, ClusterView, ConsumerGroupMetadata, EvaluationError, Expression, OutgoingRecord,
    Partitioner, PartitionerChoice, Producer, ProducerBatch, ProducerConfig, ProducerIdAndEpoch,
    ReadyCheck, RecordAccumulator, RoundRobinPartitioner, TransactionCall, TransactionManager,
    TransactionState,
};
pub use share_consumer::{
    AcknowledgementRule, Acknowledging, RecordInHand, SHARE_GROUP_UNSUPPORTED, ShareConsumer,
    ShareConsumerConfig,
};
pub use workload::{KeyPattern, Workload};

pub(crate) use connection::Connection;
pub(crate) use processor::Polled;

use crate::protocol::{Payload, Response};
use crate::sim::{Fabric, NodeId, Packet};

/// A client of one of the four kinds.
#[derive(Clone, Debug, Hash)]
pub enum Client {
    /// Sends records.
    Producer(Box<Producer>),
    /// Reads records as a member of a group.
    Consumer(Box<Consumer>),
    /// Reads records as a member of a share group.
    ShareConsumer(Box<ShareConsumer>),
    /// Administers the cluster.
    Admin(Box<Admin>),
}

/// The timers of all kinds of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientTimer {
    /// An answer is overdue (`request.timeout.ms`), a broker may be tried
    /// again (`reconnect.backoff.ms`), or the metadata is to be asked for.
    Connection,
    /// A batch may have lingered long enough, or its retry is due.
    Sender,
    /// A blocked `send()` may have waited `max.block.ms`.
    MaxBlock,
    /// A producer makes up its next record.
    Workload,
    /// Something of a consumer is due: a heartbeat, a commit, the end of
    /// processing, or another try.
    Consumer,
    /// Something of a share consumer is due: a heartbeat, the end of what its
    /// application does, another try.
    ShareConsumer,
    /// A call is tried again (`retry.backoff.ms`), or takes too long
    /// (`default.api.timeout.ms`).
    AdminRetry,
    /// Something is due of the application that the client is part of.
    Application,
}

impl Client {
    /// The number and the `client.id`.
    pub fn connection(&self) -> &Connection {
        match self {
            Client::Producer(producer) => &producer.connection,
            Client::Consumer(consumer) => &consumer.connection,
            Client::ShareConsumer(consumer) => &consumer.connection,
            Client::Admin(admin) => &admin.connection,
        }
    }

    /// Its `client.id`.
    pub fn client_id(&self) -> &str {
        &self.connection().client_id
    }

    /// `producer`, `consumer`, `share consumer` or `admin client`.
    pub fn kind(&self) -> &'static str {
        match self {
            Client::Producer(_) => "producer",
            Client::Consumer(_) => "consumer",
            Client::ShareConsumer(_) => "share consumer",
            Client::Admin(_) => "admin client",
        }
    }

    pub(crate) fn start(&mut self, fabric: &mut Fabric) {
        match self {
            Client::Producer(producer) => producer.start(fabric),
            Client::Consumer(consumer) => consumer.start(fabric),
            Client::ShareConsumer(consumer) => consumer.start(fabric),
            Client::Admin(admin) => admin.start(fabric),
        }
    }

    fn connection_mut(&mut self) -> &mut Connection {
        match self {
            Client::Producer(producer) => &mut producer.connection,
            Client::Consumer(consumer) => &mut consumer.connection,
            Client::ShareConsumer(consumer) => &mut consumer.connection,
            Client::Admin(admin) => &mut admin.connection,
        }
    }

    pub(crate) fn on_packet(&mut self, fabric: &mut Fabric, packet: Packet) {
        match (packet.payload, packet.from) {
            (Payload::Response(response), _) => {
                let correlation_id = packet.header.correlation_id;
                // What comes on a connection that was given up is not read.
                if self.connection_mut().arrived(correlation_id) {
                    self.on_response(fabric, correlation_id, response);
                }
            }
            (Payload::ServerClosed, NodeId::Broker(broker)) => {
                let lost = self.connection_mut().server_closed(fabric, broker);
                self.on_disconnect(fabric, &lost);
            }
            _ => {}
        }
    }

    /// These requests, oldest first, will not be answered
    /// (`DisconnectException`).
    fn on_disconnect(&mut self, fabric: &mut Fabric, lost: &[i32]) {
        match self {
            Client::Producer(producer) => producer.on_disconnect(fabric, lost),
            Client::Consumer(consumer) => consumer.on_disconnect(fabric, lost),
            Client::ShareConsumer(consumer) => consumer.on_disconnect(fabric, lost),
            Client::Admin(admin) => admin.on_disconnect(fabric, lost),
        }
    }

    fn on_response(&mut self, fabric: &mut Fabric, correlation_id: i32, response: Response) {
        match self {
            Client::Producer(producer) => producer.on_response(fabric, correlation_id, response),
            Client::Consumer(consumer) => consumer.on_response(fabric, correlation_id, response),
            Client::ShareConsumer(consumer) => {
                consumer.on_response(fabric, correlation_id, response)
            }
            Client::Admin(admin) => admin.on_response(fabric, correlation_id, response),
        }
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        if timer == ClientTimer::Connection {
            let lost = self.connection_mut().on_timer(fabric);
            return self.on_disconnect(fabric, &lost);
        }
        match self {
            Client::Producer(producer) => producer.on_timer(fabric, timer),
            Client::Consumer(consumer) => consumer.on_timer(fabric, timer),
            Client::ShareConsumer(consumer) => consumer.on_timer(fabric, timer),
            Client::Admin(admin) => admin.on_timer(fabric, timer),
        }
    }

    pub(crate) fn close(&mut self, fabric: &mut Fabric) {
        match self {
            Client::Producer(producer) => producer.close(fabric),
            Client::Consumer(consumer) => consumer.close(fabric),
            Client::ShareConsumer(consumer) => consumer.close(fabric),
            Client::Admin(admin) => admin.close(),
        }
    }

    /// Whether it has closed and can be taken off the board.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Client::Producer(producer) => producer.is_closed(),
            Client::Consumer(consumer) => consumer.is_closed(),
            Client::ShareConsumer(consumer) => consumer.is_closed(),
            Client::Admin(admin) => admin.is_closed(),
        }
    }
}
