//! What the board is arranged by.

use yew::prelude::*;

use super::super::geometry::Rect;
use super::super::{BoardAction, By};
use super::style::at;

#[derive(Properties, PartialEq)]
pub(super) struct ArrangementSwitchProps {
    pub by: By,
    pub rect: Rect,
    pub on_action: Callback<BoardAction>,
}

/// Two buttons, one of which is pressed.
#[component]
pub(super) fn ArrangementSwitch(props: &ArrangementSwitchProps) -> Html {
    let button = |by: By, name: &'static str| {
        let is_pressed = props.by == by;
        let onclick = props
            .on_action
            .reform(move |_: MouseEvent| BoardAction::Arrange(by));
        html! {
            <button type="button" aria-pressed={is_pressed.to_string()} {onclick}>{ name }</button>
        }
    };
    html! {
        <div
            class="controls arrangement"
            role="group"
            aria-label="Arrangement of the board"
            style={at(&props.rect)}
        >
            { button(By::Topic, "By topic") }
            { button(By::Broker, "By broker") }
        </div>
    }
}
