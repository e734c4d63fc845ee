use std::rc::Rc;

use yew::prelude::*;

use crate::playground::LogLine;

/// What [`EventLog`] shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// What has happened, oldest first.
    pub lines: Rc<[LogLine]>,
}

/// What has happened, the latest on top.
#[component]
pub fn EventLog(props: &Props) -> Html {
    html! {
        <ol class="event-log" aria-label="Event log" tabindex="0">
            { for props.lines.iter().rev().map(|line| html! {
                <li key={line.number}><span class="at">{ line.at.to_string() }</span>{ " " }{ &line.text }</li>
            }) }
        </ol>
    }
}
