//! What is wrong with the links of a host, and what can be done to them.

use engine::sim::{Host, Link};
use engine::{Command, World};

use super::act::{Act, Field, Verb};
use super::sheet::{Section, Sheet, Text};
use super::words;

/// What is wrong with the links of a host.
pub(super) fn links(world: &World, host: Host) -> Section {
    let faulty = world
        .network()
        .faulty_links()
        .filter(|((from, to), _)| *from == host || *to == host);
    let rows = faulty.map(|((from, to), link)| {
        vec![
            Text::from(format!("{from} to {to}")),
            Text::from(fault(link)),
        ]
    });
    Section::new("Links with faults").table(&["link", "what is wrong"], rows.collect())
}

fn fault(link: Link) -> String {
    let mut parts = Vec::new();
    if link.is_cut {
        parts.push("cut: what is sent waits".to_owned());
    }
    if let Some(latency) = link.latency {
        parts.push(format!("{} ms", latency.base_us / 1_000));
    }
    if link.loss_per_mille > 0 {
        parts.push(format!(
            "{} of 1000 packets are lost, and sent again by TCP",
            link.loss_per_mille
        ));
    }
    parts.join("; ")
}

/// What can be done to the links of a host.
pub(super) fn link_acts(sheet: Sheet, world: &World, host: Host) -> Sheet {
    let others = words::other_hosts(world, host);
    if others.is_empty() {
        return sheet;
    }
    let hosts: Vec<Host> = others.iter().map(|(host, _)| *host).collect();
    let is_cut = |link: Link| link.is_cut;
    let mut faulty = world.network().faulty_links();
    let has_cut = faulty.any(|((from, to), link)| (from == host || to == host) && is_cut(link));
    let mut sheet = sheet.can(Act::ask(
        "Cut its links",
        "What is sent waits, in both directions, until the link is whole or the connection closed",
        vec![Field::hosts(&others)],
        Verb::Cut(host, hosts.clone()),
    ));
    if has_cut {
        sheet = sheet.can(Act::ask(
            "Heal its links",
            "What waited is sent",
            vec![Field::hosts(&others)],
            Verb::Join(host, hosts.clone()),
        ));
    }
    let fields = vec![
        Field::hosts(&others),
        Field::typed("latency", "Latency (ms; empty: as elsewhere)", ""),
        Field::typed("loss", "Lost of 1000 packets", "0"),
    ];
    sheet.can(Act::ask(
        "Change its links",
        "Latency and loss; what TCP loses it sends again, and all behind it waits",
        fields,
        Verb::SetLink(host, hosts),
    ))
}

/// What can be done to the network as a whole.
pub(super) fn network_acts(sheet: Sheet, world: &World) -> Sheet {
    let latency = world.latency();
    let fields = vec![
        Field::typed(
            "latency",
            "At least (ms)",
            (latency.base_us / 1_000).to_string(),
        ),
        Field::typed(
            "jitter",
            "Up to this much longer (ms)",
            (latency.jitter_us / 1_000).to_string(),
        ),
    ];
    let sheet = sheet.can(Act::ask(
        "Change the network",
        "How long packets take on every link that has no latency of its own",
        fields,
        Verb::SetLatency,
    ));
    match world.network().faulty_links().next() {
        None => sheet,
        Some(_) => sheet.can(Act::command(
            "Heal all links",
            "Nothing is wrong with any link from then on, whoever's it is",
            Command::HealNetwork,
        )),
    }
}
