//! The buttons that change how the board is looked at, and nothing of the
//! world.

use std::rc::Rc;

use yew::prelude::*;

use super::super::scene::TopicCard;
use super::super::{BoardAction, Scene, ViewChange};
use super::lanes::LaneSlider;
use super::style::at;

/// What a press makes larger or smaller.
const ZOOM_STEP: f32 = 1.25;

#[derive(Properties, PartialEq)]
pub(super) struct ToolsProps {
    pub scene: Rc<Scene>,
    pub on_action: Callback<BoardAction>,
}

/// Zoom; fold and unfold topics; move lanes.
#[component]
pub(super) fn Tools(props: &ToolsProps) -> Html {
    let scene = &props.scene;
    let look = |change: ViewChange| {
        let on_action = &props.on_action;
        on_action.reform(move |_: MouseEvent| BoardAction::Look(change.clone()))
    };
    let percent = (scene.zoom * 100.0).round();
    let has_lanes = scene.topics.iter().any(|card| !card.is_folded);
    let (fold, fold_name) = match has_lanes {
        true => ("▾ all", "Fold all topics"),
        false => ("▸ all", "Unfold all topics"),
    };
    let lanes = scene.topics.iter().flat_map(|card| &card.lanes);
    html! {
        <>
            <div
                key="tools"
                class="controls controls-end"
                role="group"
                aria-label="Board view"
                style={at(&scene.tools)}
            >
                <button
                    type="button"
                    aria-label="Zoom out"
                    onclick={look(ViewChange::Zoom(scene.zoom / ZOOM_STEP))}
                >{ "−" }</button>
                <button
                    type="button"
                    aria-label={format!("Zoom {percent} %: fit to the window")}
                    onclick={look(ViewChange::Fit)}
                >{ format!("{percent}%") }</button>
                <button
                    type="button"
                    aria-label="Zoom in"
                    onclick={look(ViewChange::Zoom(scene.zoom * ZOOM_STEP))}
                >{ "+" }</button>
                <button
                    type="button"
                    aria-label={fold_name}
                    onclick={look(ViewChange::FoldAll(has_lanes))}
                >{ fold }</button>
            </div>
            <div key="folds">
                { for scene.topics.iter().map(|card| fold_button(card, &look)) }
            </div>
            <div key="lanes">
                { for lanes.filter(|lane| lane.scrolling.is_some()).map(|lane| html! {
                    <LaneSlider
                        key={lane.topic_partition.to_string()}
                        topic_partition={lane.topic_partition.clone()}
                        scrolling={lane.scrolling}
                        track={lane.track}
                        on_action={props.on_action.clone()}
                    />
                }) }
            </div>
        </>
    }
}

fn fold_button(card: &TopicCard, look: &impl Fn(ViewChange) -> Callback<MouseEvent>) -> Html {
    let (sign, verb) = match card.is_folded {
        true => ("▸", "Unfold"),
        false => ("▾", "Fold"),
    };
    let change = ViewChange::Fold(card.name.clone(), !card.is_folded);
    html! {
        <div key={&*card.name} class="controls fold" style={at(&card.fold)}>
            <button
                type="button"
                aria-label={format!("{verb} topic {}", card.name)}
                aria-expanded={(!card.is_folded).to_string()}
                onclick={look(change)}
            >{ sign }</button>
        </div>
    }
}
