//! The brokers as the controller has them registered
//! (`org.apache.kafka.controller.ClusterControlManager`).

use crate::collections::BTreeMap;

use super::placement::UsableBroker;

/// A broker's registration (`BrokerRegistration`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerRegistration {
    /// Stands for this run of it: the metadata offset of its registration.
    pub broker_epoch: i64,
    /// What the broker calls this run of it.
    pub incarnation_id: u64,
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
            brokers.register(*id, (0, 0), None);
            brokers.unfence(*id);
        }
        brokers
    }

    /// Registers a broker that has started, in place of the registration it
    /// may have had. It is fenced until it has caught up. Its run is told by
    /// broker epoch and incarnation id.
    pub fn register(&mut self, id: i32, run: (i64, u64), rack: Option<String>) {
        let (broker_epoch, incarnation_id) = run;
        let registration = BrokerRegistration {
            broker_epoch,
            incarnation_id,
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

    /// The epoch of its registration, while it is not fenced
    /// (`KRaftMetadataCache.getAliveBrokerEpoch`).
    pub fn alive_epoch(&self, id: i32) -> Option<i64> {
        let alive = self.get(id).filter(|broker| !broker.fenced);
        alive.map(|broker| broker.broker_epoch)
    }

    /// Whether it may lead and be in sync: it is registered, unfenced and not
    /// about to stop.
    pub fn is_active(&self, id: i32) -> bool {
        let registration = self.get(id);
        registration.is_some_and(|broker| !broker.fenced && !broker.in_controlled_shutdown)
    }

    /// Whether it counts as gone; so does one that never registered.
    pub fn is_fenced(&self, id: i32) -> bool {
        self.get(id).is_none_or(|broker| broker.fenced)
    }

    /// Whether it has asked to stop.
    pub fn is_stopping(&self, id: i32) -> bool {
        self.get(id)
            .is_some_and(|broker| broker.in_controlled_shutdown)
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

    /// All of them, by `node.id`.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &BrokerRegistration)> {
        self.registrations.iter().map(|(id, broker)| (*id, broker))
    }

    /// Those that are not fenced: the live ones, in order.
    pub fn unfenced(&self) -> impl Iterator<Item = i32> {
        self.iter()
            .filter(|(_, broker)| !broker.fenced)
            .map(|(id, _)| id)
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
