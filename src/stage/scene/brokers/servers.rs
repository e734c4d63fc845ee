//! What state brokers and controllers are in.

use engine::broker::{Broker, BrokerState, Slowness};
use engine::controller::quorum;
use engine::controller::{Consensus, ControllerNode};
use engine::{EventKind, World};

use super::super::super::geometry::Rect;
use super::{BrokerLife, ControllerBox, ControllerRole, ElectionBox, HeaderLine, LineKind};

/// Where a broker is in its life.
pub(super) fn life(world: &World, broker: &Broker) -> BrokerLife {
    match broker.state() {
        BrokerState::NotRunning => match world.last_end(broker.id).map(|end| &end.kind) {
            Some(EventKind::BrokerKilled { .. }) => BrokerLife::Killed,
            Some(EventKind::DiskLost { .. }) => BrokerLife::DiskLost,
            _ => BrokerLife::Stopped,
        },
        _ if world.is_server_frozen(broker.id) => BrokerLife::Frozen,
        BrokerState::Starting | BrokerState::Recovery => BrokerLife::Starting,
        BrokerState::PendingControlledShutdown => BrokerLife::Stopping,
        BrokerState::Running if world.image().brokers.is_fenced(broker.id) => BrokerLife::Fenced,
        BrokerState::Running => BrokerLife::Running,
    }
}

/// What is said under a broker's name; `leads` and `replicas` are those of
/// user topics.
pub(super) fn lines(
    world: &World,
    broker: &Broker,
    (leads, replicas): (usize, usize),
    troubles: Vec<String>,
) -> Vec<HeaderLine> {
    let line = |kind, text: String| HeaderLine { text, kind };
    let role = role(world, broker.id);
    // With ZooKeeper any broker may be elected: that need not be said of each.
    let role = role.filter(|role| world.zookeeper().is_none() || *role == ControllerRole::Active);
    let role = role.map(|role| line(LineKind::Role, role.words().to_owned()));
    let is_up = broker.state().is_up();
    let is_fenced = world.image().brokers.is_fenced(broker.id);
    let held = match (is_up, is_fenced) {
        (false, false) => line(LineKind::Trouble, not_yet_fenced(world, broker.id, leads)),
        (false, true) => line(LineKind::Replicas, format!("{replicas} replicas offline")),
        _ => line(
            LineKind::Replicas,
            format!("leads {leads} of {replicas} replicas"),
        ),
    };
    let slow = slowness(broker.slowness());
    let troubles = troubles.into_iter().chain(slow.filter(|_| is_up));
    let troubles = troubles.map(|text| line(LineKind::Trouble, text));
    role.into_iter().chain([held]).chain(troubles).collect()
}

/// It is dead, and nobody knows: what it leads has no leader that answers.
fn not_yet_fenced(world: &World, broker: i32, leads: usize) -> String {
    let Some(controller) = world.active_controller() else {
        return format!("leads {leads}, no controller");
    };
    match controller.session_expiry(broker) {
        Some(expiry) => {
            let seconds = expiry.us_since(world.now()).div_ceil(1_000_000);
            format!("leads {leads}, fenced in {seconds} s")
        }
        None => format!("leads {leads}, not fenced yet"),
    }
}

/// What is added to each request, and to each write.
fn slowness(slowness: Slowness) -> Option<String> {
    let ms = |us: u64| match us % 1_000 {
        0 => format!("{} ms", us / 1_000),
        _ => format!("{:.1} ms", us as f32 / 1_000.0),
    };
    match (slowness.request_us, slowness.disk_write_us) {
        (0, 0) => None,
        (request, 0) => Some(format!("slow by {}", ms(request))),
        (0, write) => Some(format!("disk slow by {}", ms(write))),
        (request, write) => Some(format!("slow by {}, disk {}", ms(request), ms(write))),
    }
}

/// What the controller of this id is at present; `None` when there is none.
pub(super) fn role(world: &World, id: i32) -> Option<ControllerRole> {
    let node = world.controllers().get(&id)?;
    let is_the_one = world.active_controller().is_some_and(|it| it.id() == id);
    Some(match node.quorum() {
        _ if !node.is_up() => ControllerRole::Down,
        _ if is_the_one => ControllerRole::Active,
        Consensus::Quorum(quorum) => match quorum.role() {
            quorum::Role::Follower { .. } | quorum::Role::Leader { .. } => ControllerRole::Standby,
            quorum::Role::Candidate { .. } | quorum::Role::Unattached { .. } => {
                ControllerRole::Candidate
            }
        },
        Consensus::ZooKeeper(_) => ControllerRole::Standby,
    })
}

/// The controllers that are no brokers.
pub(super) fn own_controllers(world: &World) -> Vec<ControllerBox> {
    let nodes = world.controllers().values();
    let own = nodes.filter(|node| !world.brokers().contains_key(&node.id()));
    let described = own.map(|node| ControllerBox {
        id: node.id(),
        role: role(world, node.id()).unwrap_or(ControllerRole::Down),
        epoch: node.quorum().epoch(),
        rect: Rect::default(),
    });
    described.collect()
}

/// Who elects the controller and whom, where that is not seen from boxes of
/// their own.
pub(super) fn election(world: &World) -> Option<ElectionBox> {
    let elected = |epoch: Option<i32>, id: Option<i32>| match (id, epoch) {
        (Some(id), Some(epoch)) => format!("controller: broker {id}, epoch {epoch}"),
        _ => "no controller".to_owned(),
    };
    let describe = |electorate: String, elected: String, is_zookeeper| ElectionBox {
        electorate,
        elected,
        is_zookeeper,
        rect: Rect::default(),
    };
    if let Some(zookeeper) = world.zookeeper() {
        let whom = elected(Some(zookeeper.controller_epoch()), zookeeper.controller());
        return Some(describe("ZooKeeper".to_owned(), whom, true));
    }
    let are_brokers = |id: &i32| world.brokers().contains_key(id);
    let voters: Vec<i32> = world.controllers().keys().copied().collect();
    if voters.len() < 2 || !voters.iter().all(are_brokers) {
        return None;
    }
    let active = world.active_controller();
    let epoch = active.map(|node| node.quorum().epoch());
    let voters: Vec<String> = voters.iter().map(i32::to_string).collect();
    Some(describe(
        format!("Controller quorum {}", voters.join(", ")),
        elected(epoch, active.map(ControllerNode::id)),
        false,
    ))
}
