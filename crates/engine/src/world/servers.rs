//! Brokers and controllers: how they begin, act, and are acted on.

use super::World;
use crate::broker::{Broker, BrokerState, NewBroker};
use crate::controller::ControllerNode;
use crate::controller::quorum::LogEntry;
use crate::controller::zookeeper::ZooKeeper;
use crate::event::EventKind;
use crate::protocol::{Payload, SessionId, TopicPartition};
use crate::sim::{Fabric, Host, Link, NodeId, Packet};

impl World {
    /// All brokers run, and the first controller is the active one.
    pub(super) fn begin(&mut self) {
        let first = self.journal.config.controller_ids()[0];
        for controller in self.controllers.values_mut() {
            controller.begin(self.fabric.now, first);
        }
        let mut epochs = Vec::new();
        let specs = self.journal.config.brokers.clone();
        for spec in specs {
            let controller = self.controllers.get_mut(&first).expect("it is a voter");
            let epoch = controller.register_running_broker(self.fabric.now, spec.id, spec.rack);
            epochs.push((spec.id, epoch));
        }
        let log = self.controllers[&first].quorum().log().to_vec();
        for controller in self.controllers.values_mut() {
            controller.begin_with(&log);
        }
        self.begin_zookeeper(&log);
        self.observe(first);
        let image = self.observer.image.clone();
        for (id, epoch) in epochs {
            let broker = self.brokers.get_mut(&id).expect("it was made");
            let (image, offset) = (image.clone(), log.len() as i64);
            broker.begin_running(&mut self.fabric, epoch, first, image, offset);
        }
        for controller in self.controllers.values_mut() {
            controller.go_on(&mut self.fabric);
        }
        self.run_until(self.fabric.now);
        self.fabric.events.clear();
    }

    /// Every broker has a session, and the first is the controller.
    fn begin_zookeeper(&mut self, log: &[LogEntry]) {
        let sessions = self.journal.config.controller_ids().into_iter();
        let sessions: Vec<SessionId> = sessions
            .map(|broker| SessionId { broker, number: 1 })
            .collect();
        self.let_zookeeper_act(|node, fabric| node.begin(fabric, &sessions, log));
    }

    pub(super) fn arrive_at_broker(&mut self, id: i32, packet: Packet) {
        let is_up = self.brokers.get(&id).is_some_and(|broker| {
            broker.state().is_up() && packet.departure >= broker.started_at()
        });
        match is_up {
            true => self.let_broker_act(id, |broker, fabric| broker.on_packet(fabric, packet)),
            false => self.refuse(&packet),
        }
    }

    pub(super) fn arrive_at_controller(&mut self, id: i32, packet: Packet) {
        let is_up = self.controllers.get(&id).is_some_and(|controller| {
            controller.is_up() && packet.departure >= controller.started_at()
        });
        match is_up {
            true => self.let_controller_act(id, |node, fabric| node.on_packet(fabric, packet)),
            false => self.refuse(&packet),
        }
    }

    /// Nobody listens there: the operating system says so.
    fn refuse(&mut self, packet: &Packet) {
        if matches!(packet.payload, Payload::Request(_)) {
            self.fabric.refuse(packet.connection());
        }
    }

    /// Lets a broker act, and looks at what has come of it.
    pub(super) fn let_broker_act(&mut self, id: i32, act: impl FnOnce(&mut Broker, &mut Fabric)) {
        let first_event = self.fabric.events.len();
        let Some(broker) = self.brokers.get_mut(&id) else {
            return;
        };
        let was_up = broker.state().is_up();
        act(broker, &mut self.fabric);
        let has_stopped = was_up && broker.state() == BrokerState::NotRunning;
        self.look_for_losses(first_event);
        // The controller on the same machine was only waiting for it.
        if has_stopped && self.controllers.contains_key(&id) {
            let stopped = EventKind::BrokerStopped { broker: id };
            let news = &self.fabric.events[first_event..];
            let is_orderly = news.iter().any(|event| event.kind == stopped);
            if is_orderly {
                self.let_controller_act(id, ControllerNode::close);
            }
            self.end_controller(id);
        }
    }

    pub(super) fn let_controller_act(
        &mut self,
        id: i32,
        act: impl FnOnce(&mut ControllerNode, &mut Fabric),
    ) {
        if let Some(controller) = self.controllers.get_mut(&id) {
            act(controller, &mut self.fabric);
            self.observe(id);
        }
    }

    pub(super) fn let_zookeeper_act(&mut self, act: impl FnOnce(&mut ZooKeeper, &mut Fabric)) {
        if let Some(zookeeper) = &mut self.zookeeper {
            act(zookeeper, &mut self.fabric);
            self.observe_zookeeper();
        }
    }

    fn end_controller(&mut self, id: i32) {
        if let Some(controller) = self.controllers.get_mut(&id).filter(|node| node.is_up()) {
            controller.stop(&mut self.fabric);
            self.frozen.remove(&NodeId::Controller(id));
            self.fabric.end_process(NodeId::Controller(id));
        }
    }

    pub(super) fn add_broker(&mut self, id: i32, rack: Option<String>) {
        let broker = Broker::new(NewBroker {
            id,
            rack,
            config: self.journal.config.settings.clone(),
            voters: self.journal.config.controllers_of(id),
            seed: self.fabric.seed,
        });
        self.brokers.insert(id, broker);
        if self.zookeeper.is_some() {
            let config = &self.journal.config;
            let controller = config.new_controller(id, self.fabric.seed);
            self.controllers.insert(id, controller);
        }
        self.start_broker(id);
    }

    pub(super) fn start_broker(&mut self, id: i32) {
        if self.controllers.get(&id).is_some_and(|node| !node.is_up()) {
            self.start_controller(id);
        }
        self.let_broker_act(id, |broker, fabric| broker.start(fabric));
    }

    pub(super) fn start_controller(&mut self, id: i32) {
        self.fabric
            .emit(EventKind::ControllerStarted { controller: id });
        self.let_controller_act(id, |node, fabric| node.start(fabric));
    }

    /// SIGTERM.
    pub(super) fn shut_down_broker(&mut self, id: i32) {
        self.let_broker_act(id, |broker, fabric| broker.begin_shutdown(fabric));
    }

    pub(super) fn kill_broker(&mut self, id: i32) {
        self.frozen.remove(&NodeId::Broker(id));
        self.fabric.emit(EventKind::BrokerKilled { broker: id });
        self.let_broker_act(id, |broker, fabric| broker.stop(fabric));
    }

    pub(super) fn kill_controller(&mut self, id: i32) {
        self.fabric
            .emit(EventKind::ControllerKilled { controller: id });
        self.end_controller(id);
    }

    /// The only disk of a broker is gone, and the broker with it
    /// (`LogDirFailureHandler`).
    pub(super) fn lose_disk(&mut self, id: i32) {
        let led: Vec<TopicPartition> = self
            .brokers
            .get(&id)
            .map(|broker| broker.led().map(|(of, _)| of.clone()).collect())
            .unwrap_or_default();
        for of in &led {
            self.note_committed(of);
        }
        self.fabric.emit(EventKind::DiskLost { broker: id });
        self.let_broker_act(id, |broker, fabric| {
            broker.stop(fabric);
            broker.lose_disk();
        });
    }

    /// Changes both directions between two sets of hosts.
    pub(super) fn change_links(
        &mut self,
        one: &[Host],
        other: &[Host],
        change: impl Fn(Link) -> Link,
    ) {
        for a in one {
            for b in other.iter().filter(|b| *b != a) {
                for (from, to) in [(*a, *b), (*b, *a)] {
                    let link = change(self.fabric.network.link(from, to));
                    self.fabric.set_link(from, to, link);
                }
            }
        }
    }

    pub(super) fn heal_network(&mut self) {
        let faulty: Vec<(Host, Host)> = self
            .fabric
            .network
            .faulty_links()
            .map(|(hosts, _)| hosts)
            .collect();
        for (from, to) in faulty {
            self.fabric.set_link(from, to, Link::default());
        }
    }
}
