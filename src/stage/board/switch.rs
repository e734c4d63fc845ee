//! What the board is arranged by.

use yew::prelude::*;

use super::super::geometry::Rect;
use super::super::scene::InternalSwitch;
use super::super::{BoardAction, By, ViewChange};
use super::style::at;

#[derive(Properties, PartialEq)]
pub(super) struct ArrangementSwitchProps {
    pub by: By,
    pub rect: Rect,
    pub internal: Option<InternalSwitch>,
    pub on_action: Callback<BoardAction>,
}

/// Two buttons, one of which is pressed; by broker a third, for internal
/// topics.
#[component]
pub(super) fn ArrangementSwitch(props: &ArrangementSwitchProps) -> Html {
    let button = |by: By, name: &'static str| {
        let is_pressed = props.by == by;
        let onclick = props
            .on_action
            .reform(move |_: MouseEvent| BoardAction::Look(ViewChange::Arrange(by)));
        html! {
            <button type="button" aria-pressed={is_pressed.to_string()} {onclick}>{ name }</button>
        }
    };
    let internal = props.internal.map(|it| internal(&it, &props.on_action));
    html! {
        <>
        <div
            key="by"
            class="controls arrangement"
            role="group"
            aria-label="Arrangement of the board"
            style={at(&props.rect)}
        >
            { button(By::Topic, "By topic") }
            { button(By::Broker, "By broker") }
        </div>
        { for internal }
        </>
    }
}

fn internal(switch: &InternalSwitch, on_action: &Callback<BoardAction>) -> Html {
    let is_open = switch.is_open;
    let show = ViewChange::ShowInternal(!is_open);
    let onclick = on_action.reform(move |_: MouseEvent| BoardAction::Look(show.clone()));
    html! {
        <div key="internal" class="controls" style={at(&switch.rect)}>
            <button
                type="button"
                aria-pressed={is_open.to_string()}
                aria-label="Show internal topics"
                title="__consumer_offsets and other topics that the cluster keeps for itself"
                {onclick}
            >{ "internal topics" }</button>
        </div>
    }
}
