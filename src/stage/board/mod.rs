//! The board's HTML and SVG.
//!
//! What is drawn is hidden from screen readers, who have the text twin instead;
//! the buttons lie over the drawing and are there for all. Each list of
//! changing length has an element of its own, and its items are keyed by what
//! they show: a list that shares its parent with others is rebuilt from the end
//! when something in it goes.

mod brokers;
mod connectors;
mod controls;
mod groups;
mod lanes;
mod legend;
mod miniature;
mod pointing;
mod producers;
mod stops;
mod style;
mod switch;
mod tools;
mod twin;

use std::rc::Rc;

use yew::prelude::*;

use super::geometry::Rect;
use super::recent::Change;
use super::scene::{AdminMark, BrokerPill, Note, NoteKind, Ribbon, RibbonKind, Stream};
use super::{BoardAction, Scene, Subject};
use connectors::{ConnectorControls, ConnectorDrawing};
use controls::{GroupControls, ProducerControls, TopicControls};
use groups::GroupDrawing;
use lanes::TopicDrawing;
use legend::Legend;
pub use miniature::Miniature;
pub use pointing::{Pointed, opened};
use producers::ProducerDrawing;
use stops::{BrokerStops, stop};
use style::{at, scaled, size};
use switch::ArrangementSwitch;
use tools::Tools;
use twin::TwinText;

/// What the board is given.
#[derive(Properties, PartialEq)]
pub struct BoardProps {
    /// What to draw.
    pub scene: Rc<Scene>,
    /// What to say in the text twin.
    pub told: Rc<Scene>,
    /// Of a crowded board, the part that is seen and what is near it.
    pub near: Option<Rect>,
    /// Called when a button is pressed.
    pub on_action: Callback<BoardAction>,
    /// Called when somebody points at something.
    pub on_point: Callback<Pointed>,
    /// Where to put the canvas on which packets are painted.
    pub canvas_ref: NodeRef,
}

/// The board: `region "Board"`. It scrolls when its box is lower than the
/// scene.
#[component]
pub fn Board(props: &BoardProps) -> Html {
    let scene = &props.scene;
    let onclick = {
        let on_point = props.on_point.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(pointed) = Pointed::of(&event) {
                on_point.emit(pointed);
            }
        })
    };
    html! {
        <section class="board" aria-label="Board">
            <div
                class="board-world"
                style={size(scene.width * scene.zoom, scene.height * scene.zoom)}
                {onclick}
            >
                <TwinText scene={props.told.clone()} />
                <div class="board-drawing" aria-hidden="true" style={scaled(scene.zoom)}>
                    { drawing(scene, props) }
                </div>
                <div class="board-controls" style={scaled(scene.zoom)}>
                    { controls(scene, &props.on_action) }
                </div>
                <div class="board-air" aria-hidden="true">
                    <canvas ref={props.canvas_ref.clone()} class="board-canvas" />
                </div>
            </div>
        </section>
    }
}

fn drawing(scene: &Rc<Scene>, props: &BoardProps) -> Html {
    html! {
        <>
            <div key="notes">{ for scene.notes.iter().map(note) }</div>
            <div key="brokers">
                { admin(&scene.admin) }
                { for scene.brokers.iter().map(broker) }
            </div>
            <div key="producers">
                { for scene.producers.iter().map(|it| html! {
                    <ProducerDrawing key={it.client} producer={it.clone()} />
                }) }
            </div>
            <div key="topics">
                { for scene.topics.iter().map(|it| html! {
                    <TopicDrawing
                        key={&*it.name}
                        card={it.clone()}
                        near={props.near}
                        on_action={props.on_action.clone()}
                    />
                }) }
            </div>
            <div key="groups">
                { for scene.groups.iter().map(|it| html! {
                    <GroupDrawing key={it.id.clone()} group={it.clone()} />
                }) }
            </div>
            <div key="connectors">
                { for scene.connectors.iter().map(|it| html! {
                    <ConnectorDrawing key={it.name.clone()} connector={it.clone()} />
                }) }
            </div>
            <div key="cluster">{ for scene.cluster.iter().map(brokers::cluster) }</div>
            <Streams
                key="streams"
                streams={scene.streams.clone()}
                board={(scene.width, scene.height)}
            />
            <Ribbons
                key="ribbons"
                ribbons={scene.ribbons.clone()}
                board={(scene.width, scene.height)}
            />
            <div key="links">
                { for scene.cluster.iter().map(|it| {
                    brokers::links(it, (scene.width, scene.height))
                }) }
            </div>
            <Legend key="legend" rect={scene.legend} signs={scene.signs.clone()} />
        </>
    }
}

fn controls(scene: &Rc<Scene>, on_action: &Callback<BoardAction>) -> Html {
    html! {
        <>
            <ArrangementSwitch
                key="arrangement"
                by={scene.by}
                rect={scene.switch}
                internal={scene.internal}
                on_action={on_action.clone()}
            />
            <Tools key="tools" scene={scene.clone()} on_action={on_action.clone()} />
            <BrokerStops key="brokers" scene={scene.clone()} />
            <div key="producers">
                { for scene.producers.iter().map(|it| html! {
                    <ProducerControls
                        key={it.client}
                        producer={it.clone()}
                        on_action={on_action.clone()}
                    />
                }) }
            </div>
            <div key="topics">
                { for scene.topics.iter().map(|it| html! {
                    <TopicControls
                        key={&*it.name}
                        card={it.clone()}
                        on_action={on_action.clone()}
                    />
                }) }
            </div>
            <div key="cluster">
                { for scene.cluster.iter().map(|it| brokers::cluster_controls(it, on_action)) }
            </div>
            <div key="groups">
                { for scene.groups.iter().map(|it| html! {
                    <GroupControls
                        key={it.id.clone()}
                        group={it.clone()}
                        on_action={on_action.clone()}
                    />
                }) }
            </div>
            <div key="connectors">
                { for scene.connectors.iter().map(|it| html! {
                    <ConnectorControls
                        key={it.name.clone()}
                        connector={it.clone()}
                        on_action={on_action.clone()}
                    />
                }) }
            </div>
        </>
    }
}

fn note(note: &Note) -> Html {
    let class = match note.kind {
        NoteKind::Heading => "note note-heading",
        NoteKind::Remark => "note",
        NoteKind::Trouble => "note note-trouble",
    };
    html! { <div key={note.text.clone()} {class} style={at(&note.rect)}>{ &note.text }</div> }
}

fn broker(broker: &BrokerPill) -> Html {
    let title = format!(
        "Broker {}: leads {} partitions{}",
        broker.id,
        broker.leads,
        if broker.is_controller {
            "; it is the active controller"
        } else {
            ""
        }
    );
    html! {
        <div key={broker.id} class="pill broker" style={at(&broker.rect)} {title} data-open={Subject::Broker(broker.id).to_string()}>
            <b>{ format!("Broker {}", broker.id) }</b>
            if broker.is_controller {
                <span class="quiet">{ "controller" }</span>
            }
        </div>
    }
}

fn admin(admin: &AdminMark) -> Html {
    let (Some(first), count) = (admin.client_ids.first(), admin.client_ids.len()) else {
        return html! { <span key="admin" hidden=true /> };
    };
    let text = match count {
        1 => format!("admin: {first}"),
        _ => format!("admin: {count} tools"),
    };
    let title = format!(
        "Admin clients, which ask brokers for changes and for news: {}",
        admin.client_ids.join(", ")
    );
    html! {
        <div key="admin" class="pill admin" style={at(&admin.rect)} {title}>
            <span class="clip">{ text }</span>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct StreamsProps {
    streams: Vec<Stream>,
    /// The board's width and height.
    board: (f32, f32),
}

/// What producers write to, as faint arrows.
#[component]
fn Streams(props: &StreamsProps) -> Html {
    let streams = html! { { for props.streams.iter().map(stream) } };
    over(props.board, streams)
}

fn stream(stream: &Stream) -> Html {
    let class = classes!("stream", (!stream.is_running).then_some("is-paused"));
    let end = stream.route.end();
    let (x, y) = (end.x, end.y);
    let (back, left, right) = (x - 0.6, y - 0.32, y + 0.32);
    let head = format!("M{back:.2} {left:.2}L{x:.2} {y:.2}L{back:.2} {right:.2}Z");
    html! {
        <g key={stream.client} {class}>
            <path d={stream.route.to_svg()} />
            <path class="stream-head" d={head} />
        </g>
    }
}

#[derive(Properties, PartialEq)]
struct RibbonsProps {
    ribbons: Rc<Vec<Ribbon>>,
    /// The board's width and height.
    board: (f32, f32),
}

/// The ribbons, which lie over all else that is drawn.
#[component]
fn Ribbons(props: &RibbonsProps) -> Html {
    let ribbons = html! { { for props.ribbons.iter().map(ribbon) } };
    over(props.board, ribbons)
}

/// Lines that lie over the whole board.
fn over((width, height): (f32, f32), lines: Html) -> Html {
    html! {
        <svg
            class="ribbons"
            viewBox={format!("0 0 {width} {height}")}
            style={size(width, height)}
        >
            { lines }
        </svg>
    }
}

fn ribbon(ribbon: &Ribbon) -> Html {
    let class = classes!(
        "ribbon",
        (!ribbon.is_running).then_some("ribbon-lost"),
        (ribbon.kind == RibbonKind::Shared).then_some("ribbon-shared"),
        match ribbon.change {
            Some(Change::Moved) => Some("ribbon-moved"),
            Some(Change::Kept) => Some("ribbon-kept"),
            _ => None,
        },
    );
    let end = ribbon.route.end();
    let color = style::color(ribbon.ink);
    html! {
        <g key={format!("{} {}", ribbon.group, ribbon.topic_partition)} {class} style={color}>
            <path d={ribbon.route.to_svg()} />
            <circle cx={end.x.to_string()} cy={end.y.to_string()} r="0.28" />
        </g>
    }
}
