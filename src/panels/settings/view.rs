//! Settings as the fields of a form.

use yew::prelude::*;

use super::{PREFIX, Setting, SettingsOf};
use crate::panels::fields::choice;

/// What [`SettingsFields`] shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Whose settings.
    pub of: SettingsOf,
    /// What the names of the fields begin with, where a form has the settings
    /// of two clients.
    #[prop_or_default]
    pub prefix: &'static str,
    /// What they are called.
    #[prop_or("Settings")]
    pub title: &'static str,
}

/// The settings of a form, folded away.
#[component]
pub fn SettingsFields(props: &Props) -> Html {
    let filter = use_state(String::new);
    let oninput = {
        let filter = filter.setter();
        Callback::from(move |event: InputEvent| {
            let field: web_sys::HtmlInputElement = event.target_unchecked_into();
            filter.set(field.value().trim().to_lowercase());
        })
    };
    let all = props.of.all();
    let filter_id = format!("{}settings-filter", props.prefix);
    html! {
        <details class="settings">
            <summary>{ format!("{} ({})", props.title, all.len()) }</summary>
            <div class="field">
                <label for={filter_id.clone()}>{ "Show settings with" }</label>
                <input id={filter_id} type="search" autocomplete="off" placeholder="such as timeout" {oninput} />
            </div>
            <div class="settings-grid">
                { for all.iter().map(|it| {
                    let is_hidden = !it.name.contains(filter.as_str()) && !it.words.contains(filter.as_str());
                    one(it, props.prefix, is_hidden)
                }) }
            </div>
        </details>
    }
}

fn options(it: &Setting, default: String) -> Vec<(String, String)> {
    let values = it
        .choices
        .iter()
        .map(|it| ((*it).to_owned(), (*it).to_owned()));
    let keeps_default = (String::new(), default);
    std::iter::once(keeps_default).chain(values).collect()
}

/// What is hidden keeps what was filled in.
fn one(it: &Setting, prefix: &str, is_hidden: bool) -> Html {
    let id = format!("{prefix}{PREFIX}{}", it.name);
    let default = match it.default {
        "" => "default: none".to_owned(),
        default => format!("default: {default}"),
    };
    let note = format!("{id}-note");
    html! {
        <div key={it.name} class="field setting" hidden={is_hidden}>
            <label for={id.clone()}>{ it.name }</label>
            if it.choices.is_empty() {
                <input id={id.clone()} name={id} placeholder={it.default} autocomplete="off" aria-describedby={note.clone()} />
            } else {
                { choice(id.clone().into(), id.into(), &options(it, default), Some("")) }
            }
            <span id={note} class="note">{ it.note() }</span>
        </div>
    }
}
