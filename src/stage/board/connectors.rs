//! Connectors, and what lies at their other ends.

use std::rc::Rc;

use yew::prelude::*;

use engine::client::connect::ConnectorState;

use super::super::geometry::Rect;
use super::super::scene::{ChangeProgress, ConnectorBox, ConnectorRow};
use super::super::{BoardAction, Subject};
use super::stop;
use super::style::at;

#[derive(Properties, PartialEq)]
pub(super) struct ConnectorDrawingProps {
    pub connector: Rc<ConnectorBox>,
}

/// A connector: its state, how far it has come, and rows.
#[component]
pub(super) fn ConnectorDrawing(props: &ConnectorDrawingProps) -> Html {
    let connector = &*props.connector;
    let class = classes!(
        "box",
        "connector",
        connector.is_trouble().then_some("has-failed"),
        connector.is_frozen.then_some("is-frozen"),
    );
    let open = Subject::Connector(connector.name.clone()).to_string();
    let state = match connector.is_frozen {
        true => "❄ frozen".to_owned(),
        false => connector.state.to_string(),
    };
    html! {
        <div>
            <div {class} style={at(&connector.rect)} data-open={open.clone()}>
                <div class="connector-head">
                    <span class="box-name clip">{ &connector.name }</span>
                    <span class={state_class(connector)}>{ state }</span>
                </div>
                <div class="line clip" title={connector.about.clone()}>{ &connector.about }</div>
                <div class="line clip" title={connector.progress.clone()}>{ &connector.progress }</div>
                if let Some(trace) = &connector.trace {
                    <div class="connector-trace" title={trace.clone()}>{ trace }</div>
                }
            </div>
            <div class="connector-table" style={at(&connector.table)} data-open={open}>
                { for connector.rows.iter().map(row) }
                if !connector.more.is_empty() {
                    <div key="more" class="quiet">{ &connector.more }</div>
                }
            </div>
        </div>
    }
}

fn state_class(connector: &ConnectorBox) -> Classes {
    classes!(
        "state",
        (connector.state == ConnectorState::Running).then_some("is-stable"),
        connector.is_trouble().then_some("is-trouble"),
    )
}

fn row(row: &ConnectorRow) -> Html {
    let class = classes!(
        "connector-row",
        (row.progress == Some(ChangeProgress::Next)).then_some("is-next"),
    );
    html! {
        <div key={row.name.clone()} {class}>
            <span class="slot-name">{ &row.name }</span>
            <span class="clip stretch" title={row.text.clone()}>{ &row.text }</span>
            if let Some(progress) = row.progress {
                <span class="quiet">{ progress.word() }</span>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ConnectorControlsProps {
    pub connector: Rc<ConnectorBox>,
    pub on_action: Callback<BoardAction>,
}

/// Rows; pause or resume, or restart when it is in trouble; crash.
#[component]
pub(super) fn ConnectorControls(props: &ConnectorControlsProps) -> Html {
    let connector = &props.connector;
    let name = &connector.name;
    let press = |action: BoardAction| props.on_action.reform(move |_: MouseEvent| action.clone());
    let open = Subject::Connector(name.clone());
    let width = connector.rect.width - 0.6;
    let place = Rect::new(connector.rect.x + 0.3, connector.rect.y + 0.15, width, 1.4);
    let label = format!("Connector {name}");
    let resumes = matches!(
        connector.state,
        ConnectorState::Paused | ConnectorState::Stopped
    );
    let toggle = if resumes { "Resume" } else { "Pause" };
    html! {
        <div role="group" aria-label={label.clone()}>
            { stop(&place, &open, &label) }
            <div class="controls" style={at(&connector.controls)}>
                if connector.is_source {
                    <button
                        type="button"
                        aria-label={format!("Rows of {name}")}
                        onclick={press(BoardAction::Inspect(open))}
                    >{ "Rows" }</button>
                }
                if !connector.is_trouble() {
                    <button
                        type="button"
                        aria-label={format!("{toggle} connector {name}")}
                        onclick={press(BoardAction::ToggleConnector {
                            connector: name.clone(),
                            resumes,
                        })}
                    >{ toggle }</button>
                } else {
                    <button
                        type="button"
                        aria-label={format!("Restart connector {name}")}
                        onclick={press(BoardAction::RestartConnector { connector: name.clone() })}
                    >{ "Restart" }</button>
                }
                <span class="stretch" />
                if let Some(client) = connector.client {
                    <button
                        type="button"
                        class="grave"
                        aria-label={format!("Crash connector {name}")}
                        title="kill -9: nobody is told"
                        onclick={press(BoardAction::Crash { client })}
                    >{ "Crash" }</button>
                }
            </div>
        </div>
    }
}
