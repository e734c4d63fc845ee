//! Racks, brokers and controllers.

mod controls;
mod replicas;

use std::rc::Rc;

use yew::prelude::*;

use super::super::scene::brokers::{
    BrokenLink, BrokerBox, BrokerLife, Cluster, ControllerBox, ControllerRole, ElectionBox,
    HeaderLine, LineKind, LinkFault, RackFrame,
};
use super::style::{at, size};
pub(super) use controls::cluster_controls;
use replicas::{chip, tile};

/// Everything in the middle but the links, which lie over it.
pub(super) fn cluster(cluster: &Cluster) -> Html {
    html! {
        <>
            <div key="racks">{ for cluster.racks.iter().map(rack) }</div>
            <div key="controllers">{ for cluster.controllers.iter().map(controller) }</div>
            <div key="election">{ for cluster.election.iter().map(election) }</div>
            <div key="brokers">
                { for cluster.brokers.iter().map(|it| html! {
                    <BrokerDrawing key={it.id} broker={it.clone()} />
                }) }
            </div>
        </>
    }
}

fn rack(rack: &RackFrame) -> Html {
    let name = match &rack.rack {
        Some(rack) => format!("rack {rack}"),
        None => "no rack".to_owned(),
    };
    if !rack.is_named {
        return Html::default();
    }
    html! {
        <div key={name.clone()}>
            <div class="rack" style={at(&rack.rect)} />
            <div class="rack-name" style={at(&rack.header)}>
                <span class="clip">{ name }</span>
            </div>
        </div>
    }
}

fn controller(controller: &ControllerBox) -> Html {
    let class = classes!(
        "box",
        "controller",
        match controller.role {
            ControllerRole::Active => Some("is-active"),
            ControllerRole::Down => Some("is-down"),
            _ => None,
        }
    );
    let role = match controller.role {
        ControllerRole::Active => format!("active · epoch {}", controller.epoch),
        ControllerRole::Standby => format!("standby · epoch {}", controller.epoch),
        ControllerRole::Candidate => "looks for a leader".to_owned(),
        ControllerRole::Down => "✕ not running".to_owned(),
    };
    html! {
        <div key={controller.id} {class} style={at(&controller.rect)}>
            <b class="clip">{ format!("Controller {}", controller.id) }</b>
            <span class="controller-role clip">{ role }</span>
        </div>
    }
}

fn election(election: &ElectionBox) -> Html {
    html! {
        <div key="election" class="box controller" style={at(&election.rect)}>
            <b class="clip">{ &election.electorate }</b>
            <span class="controller-role clip">{ &election.elected }</span>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct BrokerDrawingProps {
    broker: Rc<BrokerBox>,
}

/// A broker with its replicas.
#[component]
fn BrokerDrawing(props: &BrokerDrawingProps) -> Html {
    let broker = &*props.broker;
    let class = classes!("box", "node", state_class(broker.life));
    html! {
        <div>
            <div key="box" {class} style={at(&broker.rect)} />
            { header(broker) }
            <div key="topics">
                { for broker.topics.iter().map(|topic| html! {
                    <div key={&*topic.topic}>
                        <div class="topic-line" style={at(&topic.label)}>
                            <span class="clip">{ &topic.text }</span>
                        </div>
                        <div>{ for topic.chips.iter().map(chip) }</div>
                    </div>
                }) }
            </div>
            <div key="tiles">{ for broker.tiles.iter().map(tile) }</div>
            <div key="internal">
                { for broker.internal.iter().map(|line| html! {
                    <div key={&*line.topic} class="internal-line" style={at(&line.rect)}>
                        if line.is_wide { <span>{ "leads" }</span> }
                        <span class="lead-count">{ line.leads }</span>
                        if line.is_wide { <span>{ "of" }</span> }
                        <span class="clip">{ &line.name }</span>
                    </div>
                }) }
            </div>
            if broker.more_topics + broker.more_tiles > 0 {
                <div key="more" class="internal-line" style={at(&broker.more)}>
                    <span class="clip">{ more(broker) }</span>
                </div>
            }
        </div>
    }
}

fn state_class(life: BrokerLife) -> &'static str {
    match life {
        BrokerLife::Running => "is-running",
        BrokerLife::Starting | BrokerLife::Stopping => "is-changing",
        BrokerLife::Fenced | BrokerLife::Frozen => "is-fenced",
        BrokerLife::Stopped => "is-dead is-stopped",
        BrokerLife::Killed | BrokerLife::DiskLost => "is-dead",
    }
}

fn header(broker: &BrokerBox) -> Html {
    let words = broker.life.words();
    let state = match broker.life {
        BrokerLife::Killed | BrokerLife::DiskLost => format!("✕ {words}"),
        _ => words.to_owned(),
    };
    let class = classes!("state", "node-state", state_class(broker.life));
    html! {
        <div key="header" class="node-header" style={at(&broker.header)}>
            <div key="name" class="node-top">
                <span class="box-name clip">{ format!("Broker {}", broker.id) }</span>
                <span class={class}>{ state }</span>
            </div>
            { for broker.lines.iter().enumerate().map(header_line) }
        </div>
    }
}

fn header_line((place, line): (usize, &HeaderLine)) -> Html {
    let class = match line.kind {
        LineKind::Role => "node-line node-role clip",
        LineKind::Replicas => "node-line clip",
        LineKind::Trouble => "node-line node-trouble clip",
    };
    html! { <div key={place} {class}>{ &line.text }</div> }
}

fn more(broker: &BrokerBox) -> String {
    let mut parts = Vec::new();
    if broker.more_tiles > 0 {
        parts.push(format!("{} more replicas like these", broker.more_tiles));
    }
    if broker.more_topics > 0 {
        parts.push(format!("{} more topics", broker.more_topics));
    }
    format!("… {}", parts.join(", "))
}

/// The links with which something is wrong.
pub(super) fn links(cluster: &Cluster, (width, height): (f32, f32)) -> Html {
    html! {
        <div key="links">
            <svg
                class="links"
                viewBox={format!("0 0 {width} {height}")}
                style={size(width, height)}
            >
                { for cluster.links.iter().map(link) }
            </svg>
            <div>{ for cluster.links.iter().map(link_label) }</div>
        </div>
    }
}

fn link_class(link: &BrokenLink) -> &'static str {
    match link.fault {
        LinkFault::Cut => "link is-cut",
        LinkFault::Lossy => "link is-lossy",
        LinkFault::Slow => "link is-slow",
    }
}

fn link_key(link: &BrokenLink) -> String {
    format!("{} {}", link.ends.0, link.ends.1)
}

fn link(link: &BrokenLink) -> Html {
    html! { <path key={link_key(link)} class={link_class(link)} d={link.route.to_svg()} /> }
}

fn link_label(link: &BrokenLink) -> Html {
    let title = format!("{} – {}: {}", link.ends.0, link.ends.1, link.words);
    html! {
        <div
            key={link_key(link)}
            class={classes!("link-label", link_class(link))}
            style={at(&link.label)}
            {title}
        >{ &link.text }</div>
    }
}
