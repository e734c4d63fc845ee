//! The sheets of clients.

mod admin;
mod consumer;
mod producer;
mod settings;
mod share_consumer;

use engine::client::{Client, Processor};
use engine::command::ClientNumber;
use engine::sim::{Host, NodeId};
use engine::{Command, World};

use super::act::{Act, THAW};
use super::links::link_acts;
use super::sheet::{Section, Sheet, Text};
use super::words;
use crate::playground::Victim;
use crate::stage::Subject;

/// All about a client.
pub(super) fn sheet(world: &World, subject: &Subject, number: ClientNumber) -> Sheet {
    let Some(client) = world.clients().get(&number) else {
        use engine::event::ClientNames;
        let why = "It has ended: it was closed, or it crashed.";
        return Sheet::gone(subject, format!("Client {}", world.name(number)), why);
    };
    let name = words::client_name(world, number).unwrap_or_default();
    let title = format!("{} {name}", capital(client.kind()));
    let sheet = match client {
        Client::Producer(producer) => producer::sheet(world, subject, title, producer),
        Client::Consumer(consumer) => consumer::sheet(world, subject, title, consumer),
        Client::ShareConsumer(consumer) => share_consumer::sheet(subject, title, consumer),
        Client::Admin(admin) => admin::sheet(world, subject, title, admin),
    };
    let sheet = match world.is_frozen(number) {
        true => frozen(sheet),
        false => sheet,
    };
    let sheet = match world.processors().values().find(|it| it.has(number)) {
        Some(processor) => sheet.with(of_process(world, processor)),
        None => sheet,
    };
    let sheet = match world.connector_of(number) {
        Some(connector) => sheet.with(of_connector(&connector.config.name)),
        None => sheet,
    };
    let sheet = sheet
        .with(cluster(world, client))
        .with(flying(world, number));
    ends(sheet, world, number)
}

/// Says first that it stands still.
fn frozen(mut sheet: Sheet) -> Sheet {
    let what = Section::new("Process").row(
        "State",
        "frozen",
        "SIGSTOP: it does nothing; to the others it is silent, not gone",
    );
    sheet.sections.insert(0, what);
    sheet
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// A consumer and a producer in one process.
fn of_process(world: &World, processor: &Processor) -> Section {
    Section::new("Its process")
        .row(
            "Reads",
            words::client(world, processor.consumer()),
            "each poll() is a transaction",
        )
        .row(
            "Writes",
            words::client(world, processor.producer()),
            "with transactions; offsets are committed in them",
        )
        .row("Output", words::topic(processor.output()), "")
}

/// The connector whose task it is a client of.
fn of_connector(name: &str) -> Section {
    let link = Text::link(name, Subject::Connector(name.to_owned()));
    let about = "Close ends its task in order, Crash kills its worker";
    Section::new("Its process").row("Connector", link, about)
}

/// What it knows of the cluster.
fn cluster(world: &World, client: &Client) -> Section {
    let connection = client.connection();
    let metadata = &connection.metadata;
    let updated = metadata.updated_at().map(|at| words::due(world.now(), at));
    let rows = metadata.brokers().iter().map(|id| {
        let backs_off = connection.backoff_until(world.now(), *id);
        vec![
            words::broker(*id),
            Text::from(connection.requests_in_flight(*id)),
            Text::from(words::maybe(
                backs_off.map(|at| words::due(world.now(), at)),
                "–",
            )),
        ]
    });
    Section::new("Its view of the cluster")
        .row(
            "Number",
            connection.number,
            "given by this world; Kafka has none",
        )
        .row("client.id", &*connection.client_id, "")
        .row(
            "Metadata",
            words::maybe(updated, "none yet"),
            "when it was told last who leads what",
        )
        .row(
            "Topics it knows",
            Text::list(metadata.topics().map(words::topic), "none"),
            "",
        )
        .table(
            &["broker", "requests in flight", "tried again"],
            rows.collect(),
        )
        .folded()
}

/// The packets that it has sent or is to receive.
fn flying(world: &World, number: ClientNumber) -> Section {
    let node = NodeId::Client(number);
    let packets = world
        .packets()
        .filter(|it| it.from == node || it.to == node);
    let rows = packets.map(|packet| {
        let other = if packet.from == node {
            packet.to
        } else {
            packet.from
        };
        let direction = if packet.from == node { "to " } else { "from " };
        vec![
            Text::link(super::packet::name(packet), Subject::Packet(packet.id)),
            Text::from(direction).then(words::node(world, other)),
            Text::from(super::packet::arrival(world, packet)),
        ]
    });
    Section::new("Packets under way").table(&["packet", "other side", "arrives"], rows.collect())
}

fn ends(sheet: Sheet, world: &World, client: ClientNumber) -> Sheet {
    let is_processor = world.processors().values().any(|it| it.has(client));
    let crash = match is_processor {
        true => "As kill -9 does; with it the other client of its process",
        false => "As kill -9 does: nothing is sent, nobody is told",
    };
    let sheet = sheet.can(Act::command(
        "Close",
        "close(): a producer delivers what it holds, a consumer commits and leaves its group",
        Command::Close { client },
    ));
    let is_admin = matches!(world.clients().get(&client), Some(Client::Admin(_)));
    let sheet = match is_admin {
        true => sheet,
        false => sheet.can(Act::restart(
            "close(), and started again with the same settings when it has ended",
            Victim::Client(client),
        )),
    };
    let sheet = sheet.can(Act::command("Crash", crash, Command::Crash { client }).grave());
    let freeze = "SIGSTOP: it does nothing and answers nobody; its connections stay open, and \
        what arrives waits";
    let sheet = sheet.can(Act::freeze(
        world.is_frozen(client),
        (freeze, Command::Freeze { client }),
        (THAW, Command::Thaw { client }),
    ));
    link_acts(sheet, world, Host::Client(client))
}
