//! What goes wrong.

use engine::Command;
use engine::broker::Slowness;
use engine::controller::zookeeper::ZooKeeper;
use engine::sim::{Host, Latency, Link};

use super::workload::Kind;
use super::{Run, cluster, pick};
use engine::sorting::sort;

const BROKERS_MAX: usize = 10;

impl Run {
    /// One thing that goes wrong, or is mended.
    pub(super) fn fault(&mut self) {
        let broker = self.any_broker();
        let command = match self.random.below(27) {
            0..=3 => Command::KillBroker { broker },
            4 | 5 => Command::StopBroker { broker },
            6..=10 => match self.any_broker_that_is_down() {
                Some(broker) => Command::StartBroker { broker },
                None => Command::HealNetwork,
            },
            11 => self.add_broker(),
            12 => match self.random.below(2) {
                0 => Command::LoseDisk { broker },
                _ => Command::KillBroker { broker },
            },
            13 => self.kill_controller(),
            14 | 15 => self.start_controller(),
            16 | 17 => {
                let (one, other) = self.sides();
                Command::Cut { one, other }
            }
            18 => {
                let (one, other) = self.sides();
                Command::Join { one, other }
            }
            19 | 20 => Command::HealNetwork,
            21 => self.bad_link(),
            22 => self.slow_broker(broker),
            23 => Command::FreezeServer {
                server: self.any_server(),
            },
            24 | 25 => match self.frozen_servers().pop() {
                Some(server) => Command::ThawServer { server },
                None => Command::HealNetwork,
            },
            _ => Command::SetLatency {
                latency: cluster::latency(&mut self.random),
            },
        };
        if self.execute(command).is_some() {
            self.model.summary.faults += 1;
        }
    }

    fn any_broker(&mut self) -> i32 {
        let all: Vec<i32> = self.world.brokers().keys().copied().collect();
        self.pick(&all)
    }

    fn any_controller(&mut self) -> i32 {
        let all: Vec<i32> = self.world.controllers().keys().copied().collect();
        self.pick(&all)
    }

    fn any_server(&mut self) -> i32 {
        match self.random.below(3) {
            0 => self.any_controller(),
            _ => self.any_broker(),
        }
    }

    /// Those whose process stands still.
    pub(super) fn frozen_servers(&self) -> Vec<i32> {
        let brokers = self.world.brokers().keys();
        let servers = brokers.chain(self.world.controllers().keys()).copied();
        servers
            .filter(|id| self.world.is_server_frozen(*id))
            .collect()
    }

    /// With ZooKeeper, one of the brokers is it.
    fn kill_controller(&mut self) -> Command {
        match self.world.zookeeper().map(ZooKeeper::controller) {
            Some(Some(broker)) => Command::KillBroker { broker },
            _ => Command::KillController {
                controller: self.any_controller(),
            },
        }
    }

    fn start_controller(&mut self) -> Command {
        let down = self.any_broker_that_is_down();
        match down.filter(|_| self.world.zookeeper().is_some()) {
            Some(broker) => Command::StartBroker { broker },
            None => Command::StartController {
                controller: self.any_controller(),
            },
        }
    }

    fn any_broker_that_is_down(&mut self) -> Option<i32> {
        let brokers = self.world.brokers().values();
        let down = brokers.filter(|broker| !broker.state().is_up());
        let down: Vec<i32> = down.map(|broker| broker.id).collect();
        (!down.is_empty()).then(|| pick(&mut self.random, &down))
    }

    fn add_broker(&mut self) -> Command {
        let brokers = self.world.brokers();
        let id = match brokers.len() < BROKERS_MAX {
            true => brokers.keys().max().unwrap_or(&0) + 1,
            // Refused.
            false => -1,
        };
        Command::AddBroker { id, rack: None }
    }

    /// One or two servers, or a client, and some of the others; ZooKeeper
    /// counts as a server.
    fn sides(&mut self) -> (Vec<Host>, Vec<Host>) {
        let client = self.any_client(Kind::Consumer);
        let client = client.filter(|_| self.random.below(4) == 0);
        let world = &self.world;
        let mut hosts: Vec<Host> = world.brokers().keys().copied().map(Host::Server).collect();
        hosts.extend(world.controllers().keys().copied().map(Host::Server));
        sort(&mut hosts);
        hosts.dedup();
        hosts.extend(world.zookeeper().map(|_| Host::ZooKeeper));
        let mut one: Vec<Host> = client.map(Host::Client).into_iter().collect();
        for _ in 0..=self.random.below(2) {
            if hosts.len() > 1 && client.is_none() {
                let index = self.random.below(hosts.len() as u32) as usize;
                one.push(hosts.swap_remove(index));
            }
        }
        if self.random.below(2) == 0 {
            hosts.truncate(1);
        }
        (one, hosts)
    }

    fn bad_link(&mut self) -> Command {
        let (one, other) = self.sides();
        let random = &mut self.random;
        let base_us = pick(random, &[1_000, 100_000, 400_000]);
        let link = Link {
            latency: (random.below(2) == 0).then_some(Latency {
                base_us,
                jitter_us: 50_000,
            }),
            loss_per_mille: pick(random, &[0, 50, 300]),
            is_cut: false,
        };
        Command::SetLink { one, other, link }
    }

    fn slow_broker(&mut self, broker: i32) -> Command {
        let random = &mut self.random;
        let slowness = Slowness {
            request_us: pick(random, &[0, 0, 1_000, 20_000]),
            disk_write_us: pick(random, &[0, 0, 5_000]),
        };
        Command::SlowBroker { broker, slowness }
    }
}
