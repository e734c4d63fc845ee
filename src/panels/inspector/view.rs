//! A sheet as HTML.

use std::rc::Rc;

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::act::{Act, Deed, Field, Verb};
use super::sheet::{Row, Section, Sheet, Table, Text};
use crate::panels::fields::{choice, field, on_submit, use_clearing};

/// What [`Inspector`] shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The thing.
    pub sheet: Rc<Sheet>,
    /// How many deeds and forms were carried out.
    pub sent: u32,
    /// Something is to be done; or, in a sentence, what to mend first.
    pub on_deed: Callback<Result<Deed, String>>,
}

/// What a thing is, and what can be done to it. Parts that lead to other things
/// carry them in `data-open`, for whoever hears the clicks of the panel.
#[component]
pub fn Inspector(props: &Props) -> Html {
    let sheet = &props.sheet;
    let place = use_clearing(props.sent);
    html! {
        <div class="sheet" ref={place}>
            <h2 tabindex="-1">{ &sheet.title }</h2>
            <p class={classes!("sheet-sentence", sheet.is_gone.then_some("is-gone"))}>{ &sheet.sentence }</p>
            if !sheet.acts.is_empty() {
                <div class="acts" role="group" aria-label={format!("What can be done to {}", sheet.title)}>
                    { for sheet.acts.iter().map(|it| act(it, &props.on_deed)) }
                </div>
            }
            <div class="sections">{ for sheet.sections.iter().map(section) }</div>
        </div>
    }
}

fn act(act: &Act, on_deed: &Callback<Result<Deed, String>>) -> Html {
    let class = act.is_grave.then_some("grave");
    if let Verb::Do(deed) = &act.verb {
        let deed = deed.clone();
        let onclick = on_deed.reform(move |_: MouseEvent| Ok(deed.clone()));
        return html! {
            <button key={act.name} type="button" class={classes!(class)} title={act.about} {onclick}>{ act.name }</button>
        };
    }
    let verb = act.verb.clone();
    let submit = on_submit(on_deed.clone(), move |fields| verb.fill(fields));
    html! {
        <details key={act.name} class={classes!("act", class)}>
            <summary title={act.about}>{ format!("{} …", act.name) }</summary>
            <form class="panel-form" aria-label={act.name} onsubmit={submit}>
                <p class="about">{ act.about }</p>
                { for act.fields.iter().map(|it| input(act.name, it)) }
                <button type="submit" class={classes!("primary", class)}>{ act.name }</button>
            </form>
        </details>
    }
}

fn input(act: &str, it: &Field) -> Html {
    let id = format!("act-{}-{}", act.replace(' ', "-"), it.name);
    if !it.notes.is_empty() {
        return html! { <NotedChoice id={id.clone()} field={it.clone()} key={id} /> };
    }
    field(id, it.label, |id| match it.choices.is_empty() {
        true if it.is_long => html! {
            <textarea {id} name={it.name} data-once="" rows="5" spellcheck="false" placeholder={it.initial.clone()} />
        },
        true => {
            html! { <input {id} name={it.name} ~defaultValue={it.initial.clone()} autocomplete="off" /> }
        }
        false => choice(id, it.name.into(), &it.choices, Some(&it.initial)),
    })
}

/// What [`NotedChoice`] shows.
#[derive(Properties, PartialEq)]
struct NotedProps {
    id: String,
    field: Field,
}

/// A choice with a note on what is chosen.
#[component]
fn NotedChoice(props: &NotedProps) -> Html {
    let it = &props.field;
    let chosen = use_state(|| it.initial.clone());
    let onchange = {
        let chosen = chosen.setter();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            chosen.set(select.value());
        })
    };
    let place = it.choices.iter().position(|(value, _)| *value == *chosen);
    let note = place.and_then(|place| it.notes.get(place));
    html! {
        <div class="noted" {onchange}>
            { field(props.id.clone(), it.label, |id| choice(id, it.name.into(), &it.choices, Some(&it.initial))) }
            <span class="note" role="status">{ for note }</span>
        </div>
    }
}

fn section(section: &Section) -> Html {
    let heading = section.heading.clone();
    let content = html! {
        <>
            if !section.rows.is_empty() {
                <dl class="rows">{ for section.rows.iter().map(row) }</dl>
            }
            { for section.text.iter().map(|text| html! {
                <pre key="text" class="record-text" tabindex="0" aria-label={format!("{heading}, text")}>{ text }</pre>
            }) }
            { for section.table.iter().map(|it| table(&heading, it)) }
        </>
    };
    if section.is_folded {
        return html! {
            <details key={heading.clone()} class="sheet-section">
                <summary><h3>{ heading }</h3></summary>
                { content }
            </details>
        };
    }
    html! {
        <section key={heading.clone()} class="sheet-section" aria-label={heading.clone()}>
            <h3>{ heading }</h3>
            { content }
        </section>
    }
}

fn row(row: &Row) -> Html {
    html! {
        <div key={row.name.clone()} class="row">
            <dt>{ &row.name }</dt>
            <dd>
                <span class="value">{ text(&row.value) }</span>
                if !row.note.is_empty() {
                    <span class={if is_unit(&row.note) { "note unit" } else { "note" }}>{ &row.note }</span>
                }
            </dd>
        </div>
    }
}

/// A word beside the number; what is longer stands under it.
fn is_unit(note: &str) -> bool {
    !note.contains(' ')
}

fn table(heading: &str, table: &Table) -> Html {
    if table.rows.is_empty() {
        return html! { <p key="table" class="note">{ "None." }</p> };
    }
    html! {
        <div key="table" class="table" tabindex="0" role="group" aria-label={format!("{heading}, table")}>
            <table>
                <thead><tr>
                    { for table.heads.iter().map(|head| html! { <th scope="col">{ *head }</th> }) }
                </tr></thead>
                <tbody>
                    { for table.rows.iter().map(|cells| html! {
                        <tr>{ for cells.iter().map(|cell| html! { <td>{ text(cell) }</td> }) }</tr>
                    }) }
                </tbody>
            </table>
            if table.more > 0 {
                <p class="note">{ format!("… and {} more", table.more) }</p>
            }
        </div>
    }
}

fn text(text: &Text) -> Html {
    text.0
        .iter()
        .map(|piece| match &piece.to {
            None => html! { <>{ &piece.text }</> },
            Some(to) => html! {
                <button type="button" class="link" data-open={to.to_string()}>{ &piece.text }</button>
            },
        })
        .collect()
}
