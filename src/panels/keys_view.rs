//! Key to partition as HTML: a key that is typed is followed as one types.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::inspector::{Deed, Verb};
use crate::stage::{KeyMove, KeyToPartition, TopicKeys};
use engine::sorting::sort_by_key;

/// The most keys in the preview.
const MOVES_MAX: usize = 200;
/// What the field says at first.
const FIRST_KEY: &str = "user-1";

/// What [`Keys`] shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The keys of the topic; `None` when it is gone.
    pub keys: Option<Rc<TopicKeys>>,
    /// The topic is to have more partitions.
    pub on_deed: Callback<Result<Deed, String>>,
}

/// Which partition a key goes to and why; and which of the keys there are would
/// go elsewhere with more partitions.
#[component]
pub fn Keys(props: &Props) -> Html {
    let key = use_state(|| FIRST_KEY.to_owned());
    let planned = use_state(|| None::<i32>);
    let Some(keys) = &props.keys else {
        return html! { <div class="sheet"><h2 tabindex="-1">{ "Key to partition" }</h2><p>{ "The topic is gone." }</p></div> };
    };
    let value = |event: InputEvent| -> String {
        let field: HtmlInputElement = event.target_unchecked_into();
        field.value()
    };
    let on_key = {
        let key = key.setter();
        Callback::from(move |event| key.set(value(event)))
    };
    let on_planned = {
        let planned = planned.setter();
        Callback::from(move |event| planned.set(value(event).trim().parse().ok()))
    };
    let partitions = planned.unwrap_or(keys.partitions + 1);
    let most = engine::controller::PARTITIONS_MAX;
    let add = {
        let topic = keys.topic.as_str().into();
        let count = partitions.to_string();
        let verb = Verb::AddPartitions(topic);
        props
            .on_deed
            .reform(move |_: MouseEvent| verb.fill(&|_| count.clone()))
    };
    html! {
        <div class="sheet keys">
            <h2 tabindex="-1">{ format!("Key to partition of {}", keys.topic) }</h2>
            <p class="sheet-sentence">{ "The producer hashes the bytes of the key, so that records with one key go to one partition and stay in order." }</p>
            <div class="field">
                <label for="key-typed">{ "Key" }</label>
                <input id="key-typed" autocomplete="off" value={(*key).clone()} oninput={on_key} />
            </div>
            <section class="sheet-section" aria-label="Key explained">{ steps(&key, keys.partitions) }</section>
            <section class="sheet-section" aria-label="With more partitions">
                <h3>{ "With more partitions" }</h3>
                <div class="field">
                    <label for="key-planned">{ "Partitions in all" }</label>
                    <input id="key-planned" type="number" min={keys.partitions.to_string()} max={most.to_string()} value={partitions.to_string()} oninput={on_planned} />
                </div>
                <button type="button" disabled={partitions <= keys.partitions} onclick={add}>{ "Add partitions" }</button>
                { preview(keys, partitions.clamp(keys.partitions, most)) }
            </section>
        </div>
    }
}

fn steps(key: &str, partitions: i32) -> Html {
    // A key of no bytes is a key: only null is none.
    let Some(way) = KeyToPartition::of(key.as_bytes(), partitions) else {
        return html! { <p class="note">{ "There is no partition." }</p> };
    };
    html! {
        <>
            <dl class="rows">
                { for way.steps().into_iter().map(|(step, result)| html! {
                    <div key={step} class="row"><dt>{ step }</dt><dd><span class="value mono">{ result }</span></dd></div>
                }) }
            </dl>
            <p class="verdict" role="status" aria-label="Key to partition">
                { format!("The key {key:?} goes to partition {} of {}.", way.partition, partitions) }
            </p>
        </>
    }
}

fn preview(keys: &TopicKeys, partitions: i32) -> Html {
    let mut moves = keys.moves(partitions);
    let all = moves.len();
    sort_by_key(&mut moves, |it| (!it.moves(), !it.is_split()));
    let summary = keys.forecast(partitions).sentence();
    html! {
        <>
            <p role="status">{ summary }</p>
            if all > 0 {
                <div class="table" tabindex="0" role="group" aria-label="Keys, table">
                    <table>
                        <thead><tr>
                            { for ["key", "records", "now", "then", "lies in", "verdict"].iter().map(|head| html! { <th scope="col">{ *head }</th> }) }
                        </tr></thead>
                        <tbody>{ for moves.iter().take(MOVES_MAX).map(key_move) }</tbody>
                    </table>
                </div>
            }
            if all > MOVES_MAX {
                <p class="note">{ format!("… and {} more", all - MOVES_MAX) }</p>
            }
        </>
    }
}

fn key_move(it: &KeyMove) -> Html {
    let places: Vec<String> = it.lies_in.iter().map(i32::to_string).collect();
    let verdict = match (it.moves(), it.is_split()) {
        (true, _) => "moves, history split",
        (false, true) => "split already",
        (false, false) => "stays",
    };
    html! {
        <tr key={it.key.clone()} class={it.moves().then_some("moves")}>
            <td>{ &it.key }</td>
            <td>{ it.records }</td>
            <td>{ it.before }</td>
            <td>{ it.after }</td>
            <td>{ places.join(", ") }</td>
            <td>{ verdict }</td>
        </tr>
    }
}
