//! The search as HTML.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::Hit;

/// What [`Search`] shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// What is looked for.
    pub text: String,
    /// What was found.
    pub hits: Rc<[Hit]>,
    /// Something else is looked for.
    pub on_search: Callback<String>,
}

/// A field and what it finds. A hit leads to its panel.
#[component]
pub fn Search(props: &Props) -> Html {
    let oninput = props.on_search.reform(|event: InputEvent| {
        let field: HtmlInputElement = event.target_unchecked_into();
        field.value()
    });
    let status = match (props.text.trim(), props.hits.len()) {
        ("", _) => {
            "Topics, partitions, groups, clients, brokers; records by their whole key.".to_owned()
        }
        (_, 0) => "Nothing has this name.".to_owned(),
        (_, 1) => "1 found".to_owned(),
        (_, count) => format!("{count} found"),
    };
    html! {
        <div class="sheet search">
            <h2>{ "Search" }</h2>
            <div class="field">
                <label for="search-text">{ "Name or key" }</label>
                <input id="search-text" type="search" autocomplete="off" value={props.text.clone()} {oninput} />
            </div>
            <p class="note" role="status">{ status }</p>
            <ul class="hits">{ for props.hits.iter().map(hit) }</ul>
        </div>
    }
}

fn hit(hit: &Hit) -> Html {
    let to = hit.subject.to_string();
    html! {
        <li key={to.clone()}>
            <span class="kind">{ hit.kind }</span>
            <button type="button" class="link" data-open={to}>{ &hit.name }</button>
            <span class="note">{ &hit.about }</span>
        </li>
    }
}
