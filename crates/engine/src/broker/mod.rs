//! A broker: partitions as their leader and as a follower, with their logs,
//! the groups it coordinates, and its life in the cluster.

mod alter_partition;
mod cleaner;
mod configs;
mod consumer_groups;
mod controller_channel;
mod coordinators;
mod fetch;
mod follower;
mod groups;
mod held;
mod in_order;
mod inbox;
mod internal_topics;
pub mod leader;
mod lifecycle;
mod list_offsets;
mod metadata;
mod metadata_log;
mod partition;
mod periodic;
mod produce;
mod producer_ids;
mod read_replica;
mod replicas;
mod retention;
pub mod share;
mod transactions;

pub use follower::{FetchState, Fetcher};
pub use inbox::Slowness;
pub use lifecycle::BrokerState;
pub use partition::{Partition, Role};

use crate::collections::{BTreeMap, BTreeSet};
use std::collections::VecDeque;
use std::sync::Arc;

use self::alter_partition::IsrChanges;
use self::controller_channel::ControllerChannel;
use self::coordinators::WaitingRequest;
use self::fetch::{DelayedFetch, FetchSessionCache};
use self::held::HeldPartitions;
use self::inbox::Inbox;
use self::metadata_log::MetadataReader;
use self::produce::DelayedProduce;
use self::producer_ids::ProducerIdManager;
use self::retention::DelayedDeletion;
use self::share::Shares;
use self::transactions::Transactions;
use crate::config::{BrokerConfig, GroupConfigs};
use crate::controller::MetadataImage;
use crate::coordinator::GroupCoordinator;
use crate::coordinator::consumer_group::TopicsImage;
use crate::coordinator::runtime::CoordinatorRuntime;
use crate::coordinator::share_state::ShareCoordinator;
use crate::protocol::{
    Header, Payload, ProduceRequest, Request, Response, TopicName, TopicPartition,
};
use crate::sim::{
    Alarm, Channel, Connection, Fabric, NodeId, Packet, Random, Scheduled, Stream, Time,
};

/// What a broker is given when it is made.
#[derive(Clone, Debug)]
pub(crate) struct NewBroker {
    pub id: i32,
    pub rack: Option<String>,
    pub config: Arc<BrokerConfig>,
    /// The controllers' `node.id`s.
    pub voters: Vec<i32>,
    /// That of the world.
    pub seed: u64,
}

/// A broker (`kafka.server.BrokerServer`). One that is not running keeps what
/// lies on its disk.
#[derive(Clone, Debug, Hash)]
pub struct Broker {
    /// `node.id`.
    pub id: i32,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// Its settings: what stands in its `server.properties`, with what it was
    /// given while it ran.
    pub config: Arc<BrokerConfig>,
    /// What stands in its `server.properties`.
    static_config: Arc<BrokerConfig>,
    client_id: Arc<str>,
    state: BrokerState,
    started_at: Time,
    broker_epoch: i64,
    incarnation_id: u64,
    heartbeat_at: Option<Time>,
    /// How many communications with the controller have failed in a row.
    failed_communications: u32,
    /// Something is to be told at once, when the answer that is out is there.
    communicates_at_once: bool,
    /// Whether the controller has answered that it wants to stop.
    wish_is_known: bool,
    /// Whether it holds, since it has started, what the metadata says.
    has_taken_up: bool,
    image: MetadataImage,
    metadata_reader: MetadataReader,
    lifecycle_channel: ControllerChannel,
    forwarding_channel: ControllerChannel,
    isr_channel: ControllerChannel,
    isr_changes: IsrChanges,
    producer_ids: ProducerIdManager,
    partitions: HeldPartitions,
    fetchers: BTreeMap<i32, Fetcher>,
    /// When it asks for what it has just begun to follow.
    fetch_soon_at: Option<Time>,
    fetch_sessions: FetchSessionCache,
    delayed_fetches: Vec<DelayedFetch>,
    delayed_produces: Vec<DelayedProduce>,
    /// What lies in the buffers of connections on which an answer is out.
    unread_produces: VecDeque<(NodeId, Header, ProduceRequest)>,
    delayed_deletions: Vec<DelayedDeletion>,
    isr_check_at: Option<Time>,
    checkpoint_at: Option<Time>,
    retention_check: Option<Time>,
    cleaning_at: Option<Time>,
    producer_check_at: Option<Time>,
    inbox: Inbox,
    groups: CoordinatorRuntime<GroupCoordinator>,
    topics_image: TopicsImage,
    group_configs: GroupConfigs,
    share_states: CoordinatorRuntime<ShareCoordinator>,
    shares: Shares,
    /// The internal topics that the controller was asked to make.
    topics_in_creation: BTreeSet<TopicName>,
    waiting: BTreeMap<u64, WaitingRequest>,
    transactions: Transactions,
    next_token: u64,
    next_correlation_id: i32,
    alarm: Alarm,
}

impl Broker {
    pub(crate) fn new(new: NewBroker) -> Broker {
        let NewBroker {
            id,
            rack,
            config,
            voters,
            seed,
        } = new;
        let transactions = Transactions::new(&config);
        let random = Random::new(seed, Stream::FetchSession(id));
        let slots = config.max_incremental_fetch_session_cache_slots;
        let fetch_sessions = FetchSessionCache::new(random, slots);
        let lifecycle_channel = ControllerChannel::heartbeat(&config);
        let forwarding_channel = ControllerChannel::forwarding(&config);
        let isr_channel = ControllerChannel::alter_partition(&config);
        Broker {
            id,
            rack,
            static_config: config.clone(),
            config,
            client_id: format!("broker-{id}").into(),
            state: BrokerState::NotRunning,
            started_at: Time::ZERO,
            broker_epoch: -1,
            incarnation_id: 0,
            heartbeat_at: None,
            failed_communications: 0,
            communicates_at_once: false,
            wish_is_known: false,
            has_taken_up: false,
            image: MetadataImage::default(),
            metadata_reader: MetadataReader::new(voters),
            lifecycle_channel,
            forwarding_channel,
            isr_channel,
            isr_changes: IsrChanges::default(),
            producer_ids: ProducerIdManager::default(),
            partitions: HeldPartitions::default(),
            fetchers: BTreeMap::new(),
            fetch_soon_at: None,
            fetch_sessions,
            delayed_fetches: Vec::new(),
            delayed_produces: Vec::new(),
            unread_produces: VecDeque::new(),
            delayed_deletions: Vec::new(),
            isr_check_at: None,
            checkpoint_at: None,
            retention_check: None,
            cleaning_at: None,
            producer_check_at: None,
            inbox: Inbox::default(),
            groups: CoordinatorRuntime::default(),
            topics_image: TopicsImage::default(),
            group_configs: GroupConfigs::default(),
            share_states: CoordinatorRuntime::default(),
            shares: Shares::default(),
            topics_in_creation: BTreeSet::new(),
            waiting: BTreeMap::new(),
            transactions,
            next_token: 0,
            next_correlation_id: 0,
            alarm: Alarm::default(),
        }
    }

    /// The replicas it holds.
    pub fn partitions(&self) -> &BTreeMap<TopicPartition, Partition> {
        &self.partitions
    }

    /// The partitions it leads.
    pub fn led(&self) -> impl Iterator<Item = (&TopicPartition, &Partition)> {
        self.partitions.iter().filter(|(_, held)| held.is_leader())
    }

    /// What it has heard of the cluster.
    pub fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// The groups it coordinates, by partition of `__consumer_offsets`.
    pub fn groups(&self) -> &CoordinatorRuntime<GroupCoordinator> {
        &self.groups
    }

    /// The state of share-partitions that it coordinates, by partition of
    /// `__share_group_state`.
    pub fn share_states(&self) -> &CoordinatorRuntime<ShareCoordinator> {
        &self.share_states
    }

    /// How it copies from other brokers, by their `node.id`.
    pub fn fetchers(&self) -> &BTreeMap<i32, Fetcher> {
        &self.fetchers
    }

    /// How many incremental fetch sessions it has (KIP-227, the metric
    /// `NumIncrementalFetchSessions`).
    pub fn incremental_fetch_sessions(&self) -> usize {
        self.fetch_sessions.sessions().count()
    }

    pub(crate) fn on_packet(&mut self, fabric: &mut Fabric, packet: Packet) {
        let is_from_controller = matches!(packet.from, NodeId::Controller(_));
        let is_work = matches!(packet.payload, Payload::Request(_) | Payload::Response(_));
        if is_work && !is_from_controller && self.inbox.is_needed() {
            self.inbox.take_on(fabric.now, packet);
        } else {
            self.handle(fabric, packet);
        }
        self.set_alarm(fabric);
    }

    fn handle(&mut self, fabric: &mut Fabric, packet: Packet) {
        let connection = packet.connection();
        let Packet {
            from,
            header,
            payload,
            ..
        } = packet;
        match payload {
            Payload::Request(request) => self.on_request(fabric, from, header, request),
            Payload::Response(response) => match from {
                NodeId::Controller(controller) => {
                    self.on_controller_response(fabric, controller, &header, response);
                }
                NodeId::Broker(server)
                    if self.on_share_state_answer(
                        fabric,
                        server,
                        header.correlation_id,
                        &response,
                    ) => {}
                NodeId::Broker(broker) => {
                    self.on_broker_response(fabric, broker, &header, response);
                }
                NodeId::Client(_) | NodeId::ZooKeeper => {}
            },
            Payload::ClientClosed => self.forget(from),
            Payload::ServerClosed => self.on_server_closed(fabric, connection),
        }
    }

    fn on_request(&mut self, fabric: &mut Fabric, from: NodeId, header: Header, request: Request) {
        match request {
            Request::Metadata(request) => {
                let response = Response::Metadata(self.metadata(&request));
                self.answer(fabric, from, header, response);
            }
            Request::Produce(request) => self.produce(fabric, from, header, request),
            Request::Fetch(request) => self.fetch(fabric, from, header, request),
            Request::ListOffsets(request) => {
                let response = Response::ListOffsets(self.list_offsets(&request));
                self.answer(fabric, from, header, response);
            }
            Request::OffsetForLeaderEpoch(request) => {
                let response = self.offsets_for_leader_epochs(&request);
                let response = Response::OffsetForLeaderEpoch(response);
                self.answer(fabric, from, header, response);
            }
            Request::DeleteRecords(request) => {
                self.delete_records(fabric, from, header, request);
            }
            Request::ShareFetch(request) => self.share_fetch(fabric, from, header, request),
            Request::ShareAcknowledge(request) => {
                self.share_acknowledge(fabric, from, header, request);
            }
            Request::ShareGroupHeartbeat(request) => {
                self.share_group_heartbeat(fabric, from, header, request);
            }
            Request::ShareGroupDescribe(request) => {
                let response = Response::ShareGroupDescribe(self.describe_share_groups(&request));
                self.answer(fabric, from, header, response);
            }
            request if is_for_share_coordinator(&request) => {
                self.coordinate_share_state(fabric, from, header, request);
            }
            Request::InitProducerId(request) if request.transactional_id.is_none() => {
                let response = Response::InitProducerId(self.init_producer_id(fabric));
                self.answer(fabric, from, header, response);
            }
            Request::WriteTxnMarkers(request) => {
                self.write_txn_markers(fabric, from, header, request);
            }
            Request::TxnOffsetCommit(request) => {
                self.txn_offset_commit(fabric, from, header, request);
            }
            Request::DescribeProducers(request) => {
                let response = Response::DescribeProducers(self.describe_producers(&request));
                self.answer(fabric, from, header, response);
            }
            request @ (Request::DescribeTransactions(_) | Request::ListTransactions(_)) => {
                let response = self.tell_transactions(fabric, &request);
                self.answer(fabric, from, header, response);
            }
            request @ (Request::InitProducerId(_)
            | Request::AddPartitionsToTxn(_)
            | Request::AddOffsetsToTxn(_)
            | Request::EndTxn(_)) => {
                self.coordinate_transaction(fabric, from, header, request);
            }
            Request::IncrementalAlterConfigs(request) => {
                self.alter_configs(fabric, from, header, request);
            }
            Request::DescribeConfigs(request) => {
                let response = Response::DescribeConfigs(self.describe_configs(&request));
                self.answer(fabric, from, header, response);
            }
            request if is_for_controller(&request) => {
                self.forward(fabric, from, header, request);
            }
            request => self.coordinate(fabric, from, header, request),
        }
    }

    fn on_broker_response(
        &mut self,
        fabric: &mut Fabric,
        broker: i32,
        header: &Header,
        response: Response,
    ) {
        match response {
            Response::WriteTxnMarkers(response) => {
                self.on_markers_written(fabric, broker, header, &response);
            }
            Response::AddPartitionsToTxn(response) => {
                self.on_verified(fabric, broker, header, &response);
            }
            response => self.on_leader_response(fabric, broker, header, response),
        }
    }

    fn on_controller_response(
        &mut self,
        fabric: &mut Fabric,
        controller: i32,
        header: &Header,
        response: Response,
    ) {
        match response {
            Response::FetchMetadata(response) => {
                self.on_metadata_fetched(fabric, controller, header, response);
            }
            response => self.on_controller_answer(fabric, header, response),
        }
    }

    /// Something of the broker's is due.
    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric) {
        self.alarm.went_off();
        if !self.state.is_up() {
            return;
        }
        self.work_off_inbox(fabric);
        self.expire_fetches(fabric);
        self.expire_produces(fabric);
        self.expire_deletions(fabric);
        self.run_coordinators(fabric);
        self.run_shares(fabric);
        self.run_transactions(fabric);
        self.check_retention(fabric);
        self.clean_logs(fabric);
        self.expire_producers(fabric);
        self.check_isr(fabric);
        self.send_isr_changes(fabric);
        self.checkpoint_high_watermarks(fabric);
        self.run_fetchers(fabric);
        self.read_metadata(fabric);
        self.send_heartbeat(fabric);
        self.run_channels(fabric);
        self.set_alarm(fabric);
    }

    /// Another process has closed its connection: nobody waits for answers.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.forget_fetches_of(node);
        self.delayed_produces.retain(|produce| produce.from != node);
        self.unread_produces.retain(|(from, ..)| *from != node);
        self.delayed_deletions
            .retain(|deletion| deletion.from != node);
        self.forwarding_channel.forget(node);
        self.forget_shares_of(node);
        self.transactions.forget(node);
    }

    /// A server that it is connected to has closed the connection, or is not
    /// there.
    fn on_server_closed(&mut self, fabric: &mut Fabric, connection: Connection) {
        match connection.server {
            NodeId::Broker(broker) => {
                self.fetcher_failed(fabric, broker);
                self.transaction_channel_failed(fabric, broker);
                self.share_coordinator_gone(fabric, broker);
            }
            NodeId::Controller(controller) if connection.channel == Channel::Quorum => {
                self.metadata_reader.failed(fabric.now, controller);
            }
            NodeId::Controller(controller) => {
                self.channel_failed(fabric.now, connection.channel, controller);
            }
            NodeId::Client(_) | NodeId::ZooKeeper => {}
        }
    }

    fn ask(&mut self, fabric: &mut Fabric, server: NodeId, request: Request) -> i32 {
        let header = Header::next(&mut self.next_correlation_id, &self.client_id);
        let correlation_id = header.correlation_id;
        fabric.request(NodeId::Broker(self.id), server, header, request);
        correlation_id
    }

    fn answer(&self, fabric: &mut Fabric, to: NodeId, header: Header, response: Response) {
        fabric.respond(NodeId::Broker(self.id), to, header, response);
    }

    /// One timer stands for the first of all that wait.
    fn set_alarm(&mut self, fabric: &mut Fabric) {
        if !self.state.is_up() {
            return self.alarm.cancel(fabric);
        }
        let checkpoint = self.plan_checkpoint(fabric.now);
        let fetches = self.delayed_fetches.iter().map(|fetch| fetch.deadline);
        let produces = self.delayed_produces.iter().map(|produce| produce.deadline);
        let deletions = self
            .delayed_deletions
            .iter()
            .map(|deletion| deletion.deadline);
        let fetchers = self.fetchers.values().filter_map(Fetcher::next_deadline);
        let others = [
            self.coordinators_deadline(),
            self.shares_deadline(),
            self.transactions.next_deadline(),
            self.retention_check,
            self.cleaning_at,
            self.producer_check_at,
            self.isr_check_at,
            checkpoint,
            self.metadata_reader.next_deadline(),
            self.heartbeat_at,
            self.fetch_soon_at,
            self.lifecycle_channel.next_deadline(),
            self.forwarding_channel.next_deadline(),
            self.isr_channel.next_deadline(),
            self.isr_changes.next_deadline(),
            self.inbox.next_deadline(),
        ];
        let waiting = fetches.chain(produces).chain(deletions).chain(fetchers);
        let next = waiting.chain(others.into_iter().flatten()).min();
        self.alarm
            .set(fabric, next, Scheduled::BrokerTimer(self.id));
    }
}

/// The state of share-partitions, for brokers (KIP-932).
fn is_for_share_coordinator(request: &Request) -> bool {
    matches!(
        request,
        Request::InitializeShareGroupState(_)
            | Request::ReadShareGroupState(_)
            | Request::WriteShareGroupState(_)
            | Request::DeleteShareGroupState(_)
            | Request::ReadShareGroupStateSummary(_)
    )
}

/// What only the controller can decide (KIP-590).
fn is_for_controller(request: &Request) -> bool {
    matches!(
        request,
        Request::CreateTopics(_)
            | Request::DeleteTopics(_)
            | Request::CreatePartitions(_)
            | Request::ElectLeaders(_)
            | Request::AlterPartitionReassignments(_)
            | Request::ListPartitionReassignments(_)
    )
}
