//! The text twin as headings and lists that are read but not seen.

use std::rc::Rc;

use yew::prelude::*;

use super::super::Scene;
use super::super::twin::{Twin, TwinItem};

#[derive(Properties, PartialEq)]
pub(super) struct TwinTextProps {
    pub scene: Rc<Scene>,
}

/// The board in words.
#[component]
pub(super) fn TwinText(props: &TwinTextProps) -> Html {
    let twin = Twin::of(&props.scene);
    html! {
        <div class="board-twin">
            { for twin.sections.iter().map(|section| html! {
                <div key={section.heading}>
                    <h2>{ section.heading }</h2>
                    { list(&section.items) }
                </div>
            }) }
        </div>
    }
}

fn list(items: &[TwinItem]) -> Html {
    if items.is_empty() {
        return Html::default();
    }
    html! {
        <ul>
            { for items.iter().enumerate().map(|(place, item)| html! {
                <li key={place}>{ &item.text }{ list(&item.items) }</li>
            }) }
        </ul>
    }
}
