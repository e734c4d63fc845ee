//! The sheets of brokers and controllers.

use engine::broker::{Broker, BrokerState};
use engine::client::connect::is_bookkeeping;
use engine::config::dynamic::is_dynamic;
use engine::controller::Consensus;
use engine::controller::ControllerNode;
use engine::controller::quorum::Role;
use engine::protocol::ConfigResource;
use engine::sim::Host;
use engine::{Command, TopicPartition, World};

use super::act::{Act, Field, THAW, Verb};
use super::links::{link_acts, links, network_acts};
use super::sheet::{Section, Sheet, TABLE_MAX, Text};
use super::words;
use crate::playground::Victim;
use crate::stage::Subject;

/// All about a broker.
pub(super) fn broker(world: &World, subject: &Subject, id: i32) -> Sheet {
    let title = format!("Broker {id}");
    let Some(broker) = world.brokers().get(&id) else {
        return Sheet::gone(
            subject,
            title,
            format!("There is no broker {id} in this cluster."),
        );
    };
    let sentence = match broker.state() {
        BrokerState::NotRunning => {
            "A server of the cluster. Its process does not run: what it holds is on its \
                 disk, and others lead in its place where they can."
        }
        BrokerState::PendingControlledShutdown => {
            "A server of the cluster that is about to stop: it gives up what it leads first."
        }
        _ => {
            "A server of the cluster: it leads some partitions, copies others, and \
                 coordinates groups."
        }
    };
    let mut sheet = Sheet::new(subject, title, sentence)
        .with(what_it_is(world, broker))
        .with(what_it_has(broker))
        .with(coordinates(broker))
        .with(settings(broker));
    if let Some(node) = world.controllers().get(&id) {
        sheet = sheet.with(quorum(world, node));
    }
    let sheet = sheet.with(links(world, Host::Server(id)));
    broker_acts(sheet, world, broker)
}

fn what_it_is(world: &World, broker: &Broker) -> Section {
    let registered = world.image().brokers.get(broker.id);
    let is_active = world
        .active_controller()
        .is_some_and(|it| it.id() == broker.id);
    let fenced = match registered {
        Some(it) if it.fenced => "yes: the controller counts it as gone",
        Some(it) if it.in_controlled_shutdown => "no; in controlled shutdown",
        Some(_) => "no",
        None => "not registered",
    };
    Section::new("What it is")
        .row("State", broker.state().name(), "")
        .row("node.id", broker.id, "")
        .row(
            "broker.rack",
            words::maybe(broker.rack.clone(), "none"),
            "replicas are spread over racks",
        )
        .row(
            "Broker epoch",
            broker.broker_epoch(),
            "stands for this run of it",
        )
        .row("Fenced", fenced, "")
        .row("Active controller", is_active, "")
}

fn what_it_has(broker: &Broker) -> Section {
    let led = broker.led().count();
    let all = broker.partitions().len();
    // Those of people first: there are 50 partitions of __consumer_offsets.
    let is_of_cluster = |of: &TopicPartition| is_bookkeeping(&of.topic);
    let held = broker.partitions().iter();
    let of_people = held.clone().filter(|(of, _)| !is_of_cluster(of));
    let of_cluster = held.filter(|(of, _)| is_of_cluster(of));
    let shown = of_people.chain(of_cluster).take(TABLE_MAX);
    let rows = shown.map(|(of, held)| {
        let role = if held.is_leader() {
            "leader"
        } else {
            "follower"
        };
        vec![
            Text::link(of.to_string(), Subject::Replica(of.clone(), broker.id)),
            Text::from(role),
            Text::from(held.log.end_offset()),
            Text::from(held.log.size_bytes()),
        ]
    });
    let bytes: usize = broker
        .partitions()
        .values()
        .map(|it| it.log.size_bytes())
        .sum();
    let fetchers = broker.fetchers().iter().map(|(leader, fetcher)| {
        words::broker(*leader).then(format!(
            " ({})",
            words::counted(fetcher.partitions().len(), "partition")
        ))
    });
    Section::new("What it has")
        .row("Leads", led, "partitions")
        .row("Follows", all - led, "partitions")
        .row("Fetches from", Text::list(fetchers, "nobody"), "")
        .row("Size", bytes, "bytes in its logs")
        .table(&["replica", "role", "log end", "bytes"], rows.collect())
        .and_more(all.saturating_sub(TABLE_MAX))
}

fn coordinates(broker: &Broker) -> Section {
    let mut groups: Vec<Text> = Vec::new();
    for (_, _, shard) in broker.groups().active() {
        groups.extend(shard.groups().map(|it| words::group(it.name())));
        groups.extend(
            shard
                .consumer_groups()
                .groups()
                .map(|it| words::group(it.id())),
        );
        groups.extend(shard.share_groups().map(|it| words::group(it.id())));
    }
    let transactions = broker.transaction_coordinator().states();
    let rows = transactions.transactions().map(|(_, it)| {
        vec![
            Text::from(it.transactional_id.as_str()),
            Text::from(it.state.name()),
            Text::from(it.producer_id),
            Text::from(it.producer_epoch),
            words::partitions(&it.topic_partitions),
        ]
    });
    Section::new("What it coordinates")
        .row("Groups", Text::list(groups, "none"), "")
        .table(
            &[
                "transactional.id",
                "state",
                "producer id",
                "epoch",
                "partitions",
            ],
            rows.collect(),
        )
}

fn settings(broker: &Broker) -> Section {
    let set = broker.config.overrides();
    let section = Section::new("Settings").folded();
    let section = set.iter().fold(section, |section, (name, value)| {
        section.row(name.as_str(), value.as_str(), "set in server.properties")
    });
    let others = engine::config::broker::CONFIG
        .keys()
        .filter(|key| !set.contains_key(key.name));
    others.fold(section, |section, key| match key.default_value() {
        Some(value) => section.row(key.name, value, "default"),
        None => section,
    })
}

fn broker_acts(sheet: Sheet, world: &World, it: &Broker) -> Sheet {
    let broker = it.id;
    let mut sheet = sheet;
    if it.state().is_up() {
        let slow = vec![
            Field::typed("request", "For each request (ms)", "100"),
            Field::typed("disk", "For each write to disk (ms)", "0"),
        ];
        let stop = "SIGTERM: others take over what it leads before it goes";
        let kill =
            "kill -9: nobody is told; the controller notices when its heartbeats are missing";
        let lose = "All that is on it is gone, and the broker stops";
        let slower = "How long it takes over requests; 0 is as fast as it was";
        let restart = "SIGTERM, and started again when it has stopped, with the log on its disk";
        let settings = || {
            let all = engine::config::broker::CONFIG.keys();
            all.filter(|key| is_dynamic(key.name))
        };
        sheet = sheet
            .can(Act::command("Stop", stop, Command::StopBroker { broker }))
            .can(Act::command("Kill", kill, Command::KillBroker { broker }).grave())
            .can(Act::restart(restart, Victim::Broker(broker)))
            .can(freeze_act(world, broker))
            .can(Act::command("Lose its disk", lose, Command::LoseDisk { broker }).grave())
            .can(Act::alter(
                "Change a setting",
                ConfigResource::broker(broker),
                settings(),
            ))
            .can(Act::alter(
                "Change a setting of all brokers",
                ConfigResource::all_brokers(),
                settings(),
            ))
            .can(Act::ask("Slow down", slower, slow, Verb::Slow(broker)));
    } else {
        sheet = sheet.can(Act::command(
            "Start",
            "With the log that is on its disk",
            Command::StartBroker { broker },
        ));
    }
    let servers = world.brokers().keys().chain(world.controllers().keys());
    let next = servers.max().map_or(1, |id| id + 1);
    let sheet = sheet.can(Act::ask(
        "Add a broker",
        "One more of the cluster, with an empty disk. It is given new topics, and what is \
         reassigned to it",
        vec![
            Field::typed("id", "node.id", next.to_string()),
            Field::typed("rack", "broker.rack (may be empty)", ""),
        ],
        Verb::AddBroker,
    ));
    network_acts(link_acts(sheet, world, Host::Server(broker)), world)
}

/// To have a broker or a controller that runs stand still, or go on.
fn freeze_act(world: &World, server: i32) -> Act {
    let about =
        "SIGSTOP, or a long pause of its JVM: its connections stay open, and it does nothing";
    Act::freeze(
        world.is_server_frozen(server),
        (about, Command::FreezeServer { server }),
        (THAW, Command::ThawServer { server }),
    )
}

/// All about a controller.
pub(super) fn controller(world: &World, subject: &Subject, id: i32) -> Sheet {
    let title = format!("Controller {id}");
    let Some(node) = world.controllers().get(&id) else {
        return Sheet::gone(
            subject,
            title,
            format!("There is no controller {id} in this cluster."),
        );
    };
    let sentence = "A node of the quorum that keeps the cluster's metadata log (KRaft). The active \
        one decides: topics, replicas, leaders.";
    let sheet = Sheet::new(subject, title, sentence)
        .with(quorum(world, node))
        .with(links(world, Host::Server(id)));
    let sheet = match (world.zookeeper(), node.is_up()) {
        (Some(_), _) => sheet,
        (None, true) => sheet
            .can(
                Act::command(
                    "Kill",
                    "kill -9; the others elect another when it was active",
                    Command::KillController { controller: id },
                )
                .grave(),
            )
            .can(Act::restart(
                "kill -9, and started again at once, with the log on its disk",
                Victim::Controller(id),
            ))
            .can(freeze_act(world, id)),
        (None, false) => sheet.can(Act::command(
            "Start",
            "With the log that is on its disk",
            Command::StartController { controller: id },
        )),
    };
    link_acts(sheet, world, Host::Server(id))
}

fn quorum(world: &World, node: &ControllerNode) -> Section {
    let consensus = node.quorum();
    let (name, voters, role) = match consensus {
        Consensus::Quorum(quorum) => {
            let voters: Vec<String> = quorum.voters().iter().map(i32::to_string).collect();
            let role = match quorum.role() {
                Role::Unattached { .. } => "Unattached: it knows of no leader",
                Role::Candidate { .. } => "Candidate: it asks for votes",
                Role::Follower { .. } => "Follower: it copies the leader's log",
                Role::Leader { .. } => "Leader: the active controller",
            };
            ("Controller (KRaft)", voters.join(", "), role)
        }
        _ => (
            "Controller (ZooKeeper)",
            "none".to_owned(),
            "by an election in ZooKeeper",
        ),
    };
    let leader = consensus.leader().map(|id| words::controller(world, id));
    Section::new(name)
        .row(
            "Process",
            if node.is_up() { "runs" } else { "does not run" },
            "",
        )
        .row("Role", role, "")
        .row("Active", node.is_active(), "")
        .row(
            "Leader",
            leader.unwrap_or(Text::from("none known")),
            "as far as it knows",
        )
        .row("Epoch", consensus.epoch(), "one more with each election")
        .row("Voters", voters, "controller.quorum.voters")
        .row(
            "Log end offset",
            consensus.end_offset(),
            "of its copy of the metadata log",
        )
        .row(
            "High watermark",
            consensus.high_watermark(),
            "what a majority has: decided",
        )
}
