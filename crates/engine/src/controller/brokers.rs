//! The brokers as the controller has them registered
//! (`org.apache.kafka.controller.ClusterControlManager`).

use std::collections::BTreeMap;

use super::placement::UsableBroker;

/// A broker's registration (`BrokerRegistration`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerRegistration {
    /// Its `broker.rack`.
    pub rack: Option<String>,
    /// Whether the controller counts it as gone, because it has not heard from
    /// it or the broker has said so.
    pub fenced: bool,
    /// Whether it has asked to stop, and is giving up what it leads (KIP-841).
    pub in_controlled_shutdown: bool,
}

/// All brokers that ever registered, by `node.id`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Brokers {
    registrations: BTreeMap<i32, BrokerRegistration>,
}

impl Brokers {
    /// These brokers, all of them up and without racks.
    pub fn up(ids: &[i32]) -> Brokers {
        let mut brokers = Brokers::default();
        for id in ids {
            brokers.register(*id, None);
            brokers.unfence(*id);
        }
        brokers
    }

    /// Registers a broker that has started, in place of the registration it
    /// may have had. It is fenced until it has caught up.
    pub fn register(&mut self, id: i32, rack: Option<String>) {
        let registration = BrokerRegistration {
            rack,
            fenced: true,
            in_controlled_shutdown: false,
        };
        self.registrations.insert(id, registration);
    }

    /// The broker, if it is registered.
    pub fn get(&self, id: i32) -> Option<&BrokerRegistration> {
        self.registrations.get(&id)
    }

    /// Whether it may lead and be in sync: it is registered, unfenced and not
    /// about to stop.
    pub fn is_active(&self, id: i32) -> bool {
        let registration = self.get(id);
        registration.is_some_and(|broker| !broker.fenced && !broker.in_controlled_shutdown)
    }

    /// Notes that it is gone.
    pub fn fence(&mut self, id: i32) {
        if let Some(broker) = self.registrations.get_mut(&id) {
            broker.fenced = true;
        }
    }

    /// Notes that it is there (again). One that had stopped has started anew,
    /// and a broker that registers anew is no longer about to stop.
    pub fn unfence(&mut self, id: i32) {
        if let Some(broker) = self.registrations.get_mut(&id) {
            broker.fenced = false;
            broker.in_controlled_shutdown = false;
        }
    }

    /// Notes that it has asked to stop.
    pub fn begin_controlled_shutdown(&mut self, id: i32) {
        if let Some(broker) = self.registrations.get_mut(&id) {
            broker.in_controlled_shutdown = true;
        }
    }

    /// What placement has to choose from.
    pub fn usable(&self) -> Vec<UsableBroker> {
        let brokers = self.registrations.iter();
        brokers
            .map(|(id, broker)| UsableBroker {
                id: *id,
                rack: broker.rack.clone(),
                fenced: broker.fenced,
            })
            .collect()
    }
}
