//! The buttons, each with a name that says all of what it does.

use std::rc::Rc;

use engine::command::ClientNumber;
use yew::prelude::*;

use super::super::geometry::Rect;
use super::super::scene::{GroupBox, MemberBox, Pace, ProducerBox, TopicCard};
use super::super::{BoardAction, Subject, ViewChange};
use super::stop;
use super::stops::LaneStop;
use super::style::at;

/// The height of what is said about another partition, in rem.
const FORECAST_HEIGHT: f32 = 3.4;

#[derive(Properties, PartialEq)]
pub(super) struct ProducerControlsProps {
    pub producer: Rc<ProducerBox>,
    pub on_action: Callback<BoardAction>,
}

/// Send, pause or resume, close, crash.
#[component]
pub(super) fn ProducerControls(props: &ProducerControlsProps) -> Html {
    let producer = &props.producer;
    let client = producer.client;
    let name = &producer.name;
    let press = |action| button_press(&props.on_action, action);
    let toggle = match producer.pace {
        Pace::ByHand => None,
        Pace::Running => Some("Stop"),
        Pace::Paused => Some("Start"),
    };
    let room = producer.rect.width - 0.6;
    let place = Rect::new(producer.rect.x + 0.3, producer.rect.y + 0.15, room, 1.4);
    html! {
        <div role="group" aria-label={format!("Producer {name}")}>
            { stop(&place, &Subject::Client(client), &format!("Producer {name}")) }
            <div class="controls" style={at(&producer.controls)}>
            <button
                type="button"
                aria-label={format!("Send a record with {name}")}
                disabled={producer.is_closing}
                onclick={press(BoardAction::SendRecord { producer: client })}
            >{ "Send" }</button>
            if let Some(toggle) = toggle {
                <button
                    type="button"
                    aria-label={format!("{toggle} {name}")}
                    disabled={producer.is_closing}
                    onclick={press(BoardAction::ToggleWorkload { producer: client })}
                >{ toggle }</button>
            }
            <span class="stretch" />
            { end_buttons(client, name, producer.is_closing, &props.on_action) }
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct TopicControlsProps {
    pub card: Rc<TopicCard>,
    pub on_action: Callback<BoardAction>,
}

/// Another partition, delete.
#[component]
pub(super) fn TopicControls(props: &TopicControlsProps) -> Html {
    let card = &props.card;
    let add = BoardAction::AddPartition {
        topic: card.name.clone(),
    };
    let grow = |begins: bool| {
        let topic = begins.then(|| card.name.clone());
        let change = ViewChange::Grow(topic);
        props
            .on_action
            .reform(move |()| BoardAction::Look(change.clone()))
    };
    let delete = BoardAction::DeleteTopic {
        topic: card.name.clone(),
    };
    html! {
        <div role="group" aria-label={format!("Topic {}", card.name)}>
            { stop(&card.header, &Subject::Topic(card.name.clone()), &format!("Topic {}", card.name)) }
            <div class="controls controls-end" style={at(&card.controls)}>
            <button
                type="button"
                aria-label={format!("Add a partition to {}", card.name)}
                onclick={button_press(&props.on_action, add)}
                onmouseenter={grow(true).reform(|_: MouseEvent| ())}
                onmouseleave={grow(false).reform(|_: MouseEvent| ())}
                onfocus={grow(true).reform(|_: FocusEvent| ())}
                onblur={grow(false).reform(|_: FocusEvent| ())}
            >{ "+ partition" }</button>
            <button
                type="button"
                class="grave"
                aria-label={format!("Delete topic {}", card.name)}
                onclick={button_press(&props.on_action, delete)}
            >{ "Delete" }</button>
            </div>
            if let Some(forecast) = &card.forecast {
                <div class="controls forecast" role="status" style={at(&forecast_rect(card))}>
                    <b>{ format!("With {} partitions", forecast.partitions) }</b>
                    <span>{ forecast.sentence() }</span>
                </div>
            }
            <div>
                { for card.lanes.iter().enumerate().map(|(index, lane)| html! {
                    <LaneStop key={index} lane={lane.clone()} />
                }) }
            </div>
        </div>
    }
}

/// Above the card, so that its keys are seen.
fn forecast_rect(card: &TopicCard) -> Rect {
    Rect::new(
        card.rect.x,
        (card.rect.y - FORECAST_HEIGHT).max(0.0),
        card.rect.width,
        FORECAST_HEIGHT,
    )
}

#[derive(Properties, PartialEq)]
pub(super) struct GroupControlsProps {
    pub group: Rc<GroupBox>,
    pub on_action: Callback<BoardAction>,
}

/// Another consumer; and for each consumer close and crash.
#[component]
pub(super) fn GroupControls(props: &GroupControlsProps) -> Html {
    let group = &props.group;
    let add = BoardAction::AddConsumer {
        group: group.id.clone(),
        topics: group.topics.clone(),
    };
    let label = format!("Group {}", group.id);
    let header = Rect {
        height: group.header.height / 2.0,
        ..group.header
    };
    html! {
        <div role="group" aria-label={label.clone()}>
            { stop(&header, &Subject::Group(group.id.clone()), &label) }
            <div class="controls controls-end" style={at(&group.controls)}>
                <button
                    type="button"
                    aria-label={format!("Add a consumer to {}", group.id)}
                    onclick={button_press(&props.on_action, add)}
                >{ "+ consumer" }</button>
            </div>
            <div>
                { for group.members.iter().map(|it| html! {
                    <MemberControls
                        key={it.key.clone()}
                        member={it.clone()}
                        on_action={props.on_action.clone()}
                    />
                }) }
            </div>
        </div>
    }
}

#[derive(Properties)]
struct MemberControlsProps {
    member: Rc<MemberBox>,
    on_action: Callback<BoardAction>,
}

impl PartialEq for MemberControlsProps {
    fn eq(&self, other: &MemberControlsProps) -> bool {
        Rc::ptr_eq(&self.member, &other.member) && self.on_action == other.on_action
    }
}

/// Close and crash; nothing for a member whose client is gone.
#[component]
fn MemberControls(props: &MemberControlsProps) -> Html {
    let member = &*props.member;
    let Some(client) = member.client else {
        return Html::default();
    };
    let is_closing = member.phase == super::super::scene::Phase::Leaving;
    let name = Rect {
        width: member.rect.width - member.controls.width - 0.3,
        height: member.rect.height / 2.0,
        ..member.rect
    };
    let label = format!("Consumer {}", member.name);
    html! {
        <div>
            { stop(&name, &Subject::Client(client), &label) }
            <div class="controls controls-end" style={at(&member.controls)}>
                { end_buttons(client, &member.name, is_closing, &props.on_action) }
            </div>
        </div>
    }
}

fn end_buttons(
    client: ClientNumber,
    name: &str,
    is_closing: bool,
    on_action: &Callback<BoardAction>,
) -> Html {
    html! {
        <>
            <button
                type="button"
                aria-label={format!("Close {name}")}
                title="close(): says goodbye first"
                disabled={is_closing}
                onclick={button_press(on_action, BoardAction::Close { client })}
            >{ "Close" }</button>
            <button
                type="button"
                class="grave"
                aria-label={format!("Crash {name}")}
                title="kill -9: nobody is told"
                onclick={button_press(on_action, BoardAction::Crash { client })}
            >{ "Crash" }</button>
        </>
    }
}

fn button_press(on_action: &Callback<BoardAction>, action: BoardAction) -> Callback<MouseEvent> {
    on_action.reform(move |_| action.clone())
}
