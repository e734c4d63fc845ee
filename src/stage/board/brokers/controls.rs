//! The boxes of brokers, replicas and controllers as buttons that open what
//! there is to know of them.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::super::super::scene::brokers::{BrokerBox, Cluster, Replica};
use super::super::super::{BoardAction, Subject};
use super::super::style::at;

/// All buttons of a cluster.
pub(in super::super) fn cluster_controls(
    cluster: &Cluster,
    on_action: &Callback<BoardAction>,
) -> Html {
    html! {
        <>
            <div key="controllers">
                { for cluster.controllers.iter().map(|it| {
                    let subject = Subject::Controller(it.id);
                    over(it.id.to_string(), it.sentence(), at(&it.rect), subject, on_action)
                }) }
            </div>
            <div key="brokers">
                { for cluster.brokers.iter().map(|it| html! {
                    <BrokerControls key={it.id} broker={it.clone()} on_action={on_action.clone()} />
                }) }
            </div>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct BrokerControlsProps {
    broker: Rc<BrokerBox>,
    on_action: Callback<BoardAction>,
}

/// A broker, and all of its replicas that are drawn.
#[component]
fn BrokerControls(props: &BrokerControlsProps) -> Html {
    let BrokerControlsProps { broker, on_action } = props;
    let subject = Subject::Broker(broker.id);
    let name = broker.sentence();
    html! {
        <div role="group" aria-label={format!("Broker {}", broker.id)}>
            { over("broker".to_owned(), name, at(&broker.header), subject, on_action) }
            <div key="tiles">
                { for broker.tiles.iter().map(|it| replica(it, on_action)) }
            </div>
            { for broker.topics.iter().map(|topic| html! {
                <div key={&*topic.topic} onkeydown={walk()}>
                    { for topic.chips.iter().enumerate().map(|(place, it)| {
                        small(place, it, on_action)
                    }) }
                </div>
            }) }
        </div>
    }
}

fn replica(replica: &Replica, on_action: &Callback<BoardAction>) -> Html {
    let subject = Subject::Replica(replica.topic_partition.clone(), replica.broker);
    let key = replica.topic_partition.to_string();
    over(key, name(replica), at(&replica.rect), subject, on_action)
}

fn name(replica: &Replica) -> String {
    format!("{}; on broker {}", replica.sentence(), replica.broker)
}

/// A button over a box of the drawing.
fn over(
    key: String,
    name: String,
    style: String,
    subject: Subject,
    on_action: &Callback<BoardAction>,
) -> Html {
    let onclick = open(subject, on_action);
    html! {
        <button
            {key}
            type="button"
            class="over"
            {style}
            title={name.clone()}
            aria-label={name}
            {onclick}
        />
    }
}

/// A small replica's button. Only the first of a topic is a stop of the Tab
/// key; the arrow keys lead to the others.
fn small(place: usize, replica: &Replica, on_action: &Callback<BoardAction>) -> Html {
    let subject = Subject::Replica(replica.topic_partition.clone(), replica.broker);
    let onclick = open(subject, on_action);
    html! {
        <button
            key={replica.topic_partition.partition}
            type="button"
            class="over"
            style={at(&replica.rect)}
            tabindex={if place == 0 { "0" } else { "-1" }}
            title={name(replica)}
            aria-label={name(replica)}
            {onclick}
        />
    }
}

fn open(subject: Subject, on_action: &Callback<BoardAction>) -> Callback<MouseEvent> {
    on_action.reform(move |_| BoardAction::Inspect(subject.clone()))
}

/// Moves the focus along the buttons of one topic.
fn walk() -> Callback<KeyboardEvent> {
    Callback::from(|event: KeyboardEvent| {
        let here = event
            .target()
            .and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let next = here.and_then(|here| match event.key().as_str() {
            "ArrowRight" | "ArrowDown" => here.next_element_sibling(),
            "ArrowLeft" | "ArrowUp" => here.previous_element_sibling(),
            _ => None,
        });
        if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
            event.prevent_default();
            // Where the browser will not move it, it stays where it was.
            let _ = next.focus();
        }
    })
}
