//! A broker's life: it registers, is unfenced, serves, stops
//! (`kafka.server.BrokerLifecycleManager`, KIP-631).

use super::controller_channel::Purpose;
use super::transactions::Transactions;
use super::{Broker, Role};
use crate::controller::MetadataImage;
use crate::event::EventKind;
use crate::protocol::{
    BrokerHeartbeatRequest, BrokerHeartbeatResponse, BrokerRegistrationRequest, Request, Response,
};
use crate::sim::{Fabric, NodeId, Time};

/// Where a broker is in its life (`org.apache.kafka.metadata.BrokerState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BrokerState {
    /// The process does not run.
    NotRunning,
    /// It registers with the controller.
    Starting,
    /// It is registered and reads the metadata log up to its registration.
    Recovery,
    /// It serves.
    Running,
    /// It has asked to stop and gives up what it leads.
    PendingControlledShutdown,
}

impl BrokerState {
    /// Whether the process runs.
    pub fn is_up(self) -> bool {
        self != BrokerState::NotRunning
    }

    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            BrokerState::NotRunning => "NOT_RUNNING",
            BrokerState::Starting => "STARTING",
            BrokerState::Recovery => "RECOVERY",
            BrokerState::Running => "RUNNING",
            BrokerState::PendingControlledShutdown => "PENDING_CONTROLLED_SHUTDOWN",
        }
    }
}

/// How long a broker waits before it registers, or says that it lives, again
/// after a failure, in milliseconds; after each twice as long, up to
/// `broker.session.timeout.ms`.
const RETRY_MS: i64 = 100;

impl Broker {
    /// Where it is in its life.
    pub fn state(&self) -> BrokerState {
        self.state
    }

    /// When the process was started.
    pub(crate) fn started_at(&self) -> Time {
        self.started_at
    }

    /// Stands for this run of it, as the controller gave it.
    pub fn broker_epoch(&self) -> i64 {
        self.broker_epoch
    }

    /// It runs since before the world began.
    pub(crate) fn begin_running(
        &mut self,
        fabric: &mut Fabric,
        broker_epoch: i64,
        controller: i32,
        image: MetadataImage,
        offset: i64,
    ) {
        self.state = BrokerState::Running;
        self.has_taken_up = true;
        self.broker_epoch = broker_epoch;
        self.image = image;
        self.rebuild_topics_image();
        self.metadata_reader.begin(controller, offset);
        let interval_ms = self.config.lease.heartbeat_interval_ms;
        self.heartbeat_at = Some(fabric.now.plus_ms(interval_ms));
        self.read_metadata(fabric);
        self.set_alarm(fabric);
    }

    /// The process starts, with what is on its disk.
    pub(crate) fn start(&mut self, fabric: &mut Fabric) {
        self.state = BrokerState::Starting;
        self.started_at = fabric.now;
        self.incarnation_id += 1;
        self.has_taken_up = false;
        self.wish_is_known = false;
        self.failed_communications = 0;
        self.communicates_at_once = false;
        self.broker_epoch = -1;
        self.image = MetadataImage::default();
        self.rebuild_topics_image();
        self.metadata_reader.offset = 0;
        for partition in self.partitions.values_mut() {
            let checkpointed = partition.checkpointed_high_watermark;
            partition.log.reopen(fabric.timestamp_ms());
            partition.log.set_high_watermark(checkpointed);
        }
        self.register(fabric);
        self.read_metadata(fabric);
        self.set_alarm(fabric);
        fabric.emit(EventKind::BrokerStarted { broker: self.id });
    }

    /// The process ends. What lies on its disk stays; what it had in memory
    /// does not.
    pub(crate) fn stop(&mut self, fabric: &mut Fabric) {
        self.state = BrokerState::NotRunning;
        self.heartbeat_at = None;
        self.isr_check_at = None;
        self.checkpoint_at = None;
        self.retention_check = None;
        self.cleaning_at = None;
        self.producer_ids.stop();
        self.producer_check_at = None;
        self.metadata_reader.stop();
        self.close_channels();
        self.isr_changes = Default::default();
        self.fetchers.clear();
        self.fetch_soon_at = None;
        self.delayed_fetches.clear();
        self.fetch_sessions
            .clear(self.config.max_incremental_fetch_session_cache_slots);
        self.delayed_produces.clear();
        self.unread_produces.clear();
        self.delayed_deletions.clear();
        self.stop_coordinators();
        self.stop_shares();
        self.transactions = Transactions::new(&self.config);
        self.empty_inbox();
        for partition in self.partitions.values_mut() {
            partition.role = Role::Offline;
        }
        self.set_alarm(fabric);
        fabric.end_process(NodeId::Broker(self.id));
    }

    /// Its disk is gone with all that was on it.
    pub(crate) fn lose_disk(&mut self) {
        self.partitions.clear();
    }

    /// Asks to stop: others lead first (`controlled.shutdown.enable`). One that
    /// does not serve yet has nothing to give up, and just ends
    /// (`BrokerLifecycleManager.BeginControlledShutdownEvent`).
    pub(crate) fn begin_shutdown(&mut self, fabric: &mut Fabric) {
        match self.state {
            BrokerState::PendingControlledShutdown => {}
            BrokerState::Running => {
                self.state = BrokerState::PendingControlledShutdown;
                self.heartbeat_at = Some(fabric.now);
                self.send_heartbeat(fabric);
                self.set_alarm(fabric);
            }
            _ => self.shut_down(fabric),
        }
    }

    fn register(&mut self, fabric: &mut Fabric) {
        let request = Request::BrokerRegistration(BrokerRegistrationRequest {
            broker_id: self.id,
            incarnation_id: self.incarnation_id,
            rack: self.rack.clone(),
        });
        self.lifecycle_channel
            .push(fabric.now, Purpose::Own, request);
        self.run_channels(fabric);
    }

    /// Says that it lives, when it is time to: one thing at a time
    /// (`BrokerLifecycleManager.CommunicationEvent`, KAFKA-15950).
    pub(super) fn send_heartbeat(&mut self, fabric: &mut Fabric) {
        if self.heartbeat_at.is_none_or(|at| at > fabric.now) {
            return;
        }
        self.heartbeat_at = None;
        if !self.lifecycle_channel.is_idle() {
            self.communicates_at_once = true;
            return;
        }
        if self.state == BrokerState::Starting {
            return self.register(fabric);
        }
        let request = Request::BrokerHeartbeat(BrokerHeartbeatRequest {
            broker_id: self.id,
            broker_epoch: self.broker_epoch,
            current_metadata_offset: self.metadata_reader.offset,
            want_fence: !self.has_taken_up,
            want_shut_down: self.state == BrokerState::PendingControlledShutdown,
        });
        self.lifecycle_channel
            .push(fabric.now, Purpose::Own, request);
        self.run_channels(fabric);
    }

    /// When it next speaks with the controller.
    fn plan_communication(&mut self, now: Time, delay_ms: i64) {
        let is_urgent = std::mem::take(&mut self.communicates_at_once);
        self.heartbeat_at = Some(now.plus_ms(if is_urgent { 0 } else { delay_ms }));
    }

    /// The controller has refused, or has not answered in time.
    pub(super) fn communication_failed(&mut self, now: Time) {
        let wait_ms = RETRY_MS << self.failed_communications.min(20);
        let longest_ms = self.config.lease.session_timeout_ms;
        self.failed_communications += 1;
        self.communicates_at_once = false;
        self.plan_communication(now, wait_ms.min(longest_ms));
    }

    /// Whether it has read the metadata log up to its own registration.
    pub(super) fn has_caught_up(&self) -> bool {
        self.broker_epoch >= 0 && self.metadata_reader.offset > self.broker_epoch
    }

    pub(super) fn on_lifecycle_answer(&mut self, fabric: &mut Fabric, response: Response) {
        let now = fabric.now;
        match response {
            Response::BrokerRegistration(response) if response.error_code.is_none() => {
                self.failed_communications = 0;
                self.broker_epoch = response.broker_epoch;
                self.state = BrokerState::Recovery;
                self.plan_communication(now, 0);
                // The registration may have been read before it was answered.
                self.on_image_advanced(fabric);
                self.send_heartbeat(fabric);
            }
            Response::BrokerRegistration(_) => self.communication_failed(now),
            Response::BrokerHeartbeat(response) => self.on_heartbeat_answer(fabric, &response),
            _ => {}
        }
    }

    fn on_heartbeat_answer(&mut self, fabric: &mut Fabric, response: &BrokerHeartbeatResponse) {
        if !response.error_code.is_none() {
            return self.communication_failed(fabric.now);
        }
        self.failed_communications = 0;
        let mut next_ms = self.config.lease.heartbeat_interval_ms;
        match self.state {
            BrokerState::Recovery if !response.is_fenced => self.state = BrokerState::Running,
            BrokerState::PendingControlledShutdown if response.should_shut_down => {
                return self.shut_down(fabric);
            }
            BrokerState::PendingControlledShutdown if !self.wish_is_known => {
                self.wish_is_known = true;
                next_ms = SECOND_WISH_MS;
            }
            _ => {}
        }
        self.plan_communication(fabric.now, next_ms);
    }

    /// A clean end: all is on the disk.
    fn shut_down(&mut self, fabric: &mut Fabric) {
        for partition in self.partitions.unnoticed().values_mut() {
            partition.checkpointed_high_watermark = partition.log.high_watermark();
        }
        self.stop(fabric);
        fabric.emit(EventKind::BrokerStopped { broker: self.id });
    }

    /// Every so often the high watermarks go to the disk.
    pub(super) fn plan_checkpoint(&mut self, now: Time) -> Option<Time> {
        if self.partitions.is_empty() {
            self.checkpoint_at = None;
        } else if self.checkpoint_at.is_none() {
            let interval_ms = self
                .config
                .replication
                .high_watermark_checkpoint_interval_ms;
            self.checkpoint_at = Some(now.plus_ms(interval_ms.max(1)));
        }
        self.checkpoint_at
    }

    pub(super) fn checkpoint_high_watermarks(&mut self, fabric: &Fabric) {
        if self.checkpoint_at.is_none_or(|at| at > fabric.now) {
            return;
        }
        self.checkpoint_at = None;
        for partition in self.partitions.unnoticed().values_mut() {
            partition.checkpointed_high_watermark = partition.log.high_watermark();
        }
    }
}

/// When a broker asks again after the controller's first answer to its wish to
/// stop, in milliseconds: it may have given up all that it led by then.
const SECOND_WISH_MS: i64 = 50;
