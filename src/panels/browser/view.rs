//! The message browser as HTML.

use std::rc::Rc;

use yew::prelude::*;

use super::page::{Browsed, PAGE, Page};
use super::{Cursor, Filter};
use crate::panels::fields::{choice, field, on_submit};
use crate::panels::inspector::date;
use crate::stage::Subject;

/// What [`Browser`] shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The topic.
    pub topic: String,
    /// The page; `None` when the topic is gone.
    pub page: Option<Rc<Page>>,
    /// Which page it is, from 0.
    pub number: usize,
    /// What is filtered.
    pub filter: Filter,
    /// Another filter; or, in a sentence, what to mend.
    pub on_filter: Callback<Result<Filter, String>>,
    /// The page that begins there.
    pub on_older: Callback<Cursor>,
    /// The page before.
    pub on_newer: Callback<()>,
}

/// The records of a topic, newest first. A record leads to its panel.
#[component]
pub fn Browser(props: &Props) -> Html {
    let title = format!("Messages of {}", props.topic);
    let Some(page) = &props.page else {
        let gone = format!("There is no topic {} any more.", props.topic);
        return html! { <div class="sheet"><h2 tabindex="-1">{ title }</h2><p>{ gone }</p></div> };
    };
    html! {
        <div class="sheet browser">
            <h2 tabindex="-1">{ title }</h2>
            { filter_form(props, page) }
            { pager(props, page) }
            if page.records.is_empty() {
                <p class="note">{ nothing(page) }</p>
            } else {
                <div class="table" tabindex="0" role="group" aria-label="Records, table">
                    <table>
                        <thead><tr>
                            { for ["offset", "key", "value", "headers", "timestamp (UTC)"].iter().map(|head| html! {
                                <th scope="col">{ *head }</th>
                            }) }
                        </tr></thead>
                        <tbody>{ for page.records.iter().map(record) }</tbody>
                    </table>
                </div>
            }
        </div>
    }
}

fn filter_form(props: &Props, page: &Page) -> Html {
    let mut partitions = vec![(String::new(), "all".to_owned())];
    partitions.extend((0..page.partitions).map(|it| (it.to_string(), it.to_string())));
    let chosen = props.filter.partition.map(|it| it.to_string());
    let submit = on_submit(props.on_filter.clone(), |fields| Filter::read(fields));
    let typed = |name: &'static str, kind: &'static str| move |id: AttrValue| html! { <input {id} {name} type={kind} min="0" autocomplete="off" /> };
    html! {
        <form class="panel-form filter" aria-label="Filter" onsubmit={submit}>
            { field("filter-partition", "Partition", |id| choice(id, "partition".into(), &partitions, Some(chosen.as_deref().unwrap_or("")))) }
            { field("filter-key", "Key is", typed("key", "text")) }
            { field("filter-text", "Text has", typed("text", "text")) }
            { field("filter-from", "From offset", typed("from", "number")) }
            { field("filter-to", "To offset", typed("to", "number")) }
            <button type="submit" class="primary">{ "Filter" }</button>
        </form>
    }
}

fn pager(props: &Props, page: &Page) -> Html {
    let first = props.number * PAGE;
    let range = match page.records.len() {
        0 => "no records".to_owned(),
        count => format!("{} to {}", first + 1, first + count),
    };
    let status = format!(
        "{range} of what is found, newest first; the topic has {} offsets",
        page.total
    );
    let newer = props.on_newer.reform(|_: MouseEvent| ());
    let older = page
        .next
        .clone()
        .map(|next| props.on_older.reform(move |_: MouseEvent| next.clone()));
    html! {
        <div class="pager">
            <button type="button" disabled={props.number == 0} onclick={newer}>{ "Newer" }</button>
            <button type="button" disabled={older.is_none()} onclick={older}>{ "Older" }</button>
            <span class="note" role="status">{ status }</span>
        </div>
    }
}

fn nothing(page: &Page) -> String {
    match page.is_cut_short {
        true => format!(
            "Nothing in the {} records that were looked at: go on with Older.",
            page.looked_at
        ),
        false => "No record is let through.".to_owned(),
    }
}

fn record(record: &Browsed) -> Html {
    let of = &record.topic_partition;
    let to = Subject::Record(of.clone(), record.offset).to_string();
    let key = record.key.as_deref().unwrap_or("null");
    let style = format!("--ink:var({})", record.ink.variable());
    let value = match (&record.value, record.is_control) {
        (_, true) => "the end of a transaction",
        (Some(value), _) => value,
        (None, _) => "null",
    };
    html! {
        <tr key={to.clone()}>
            <td>
                <button type="button" class="link" data-open={to} aria-label={format!("P{} · {}, record {} of {of}", of.partition, record.offset, record.offset)}>
                    { format!("P{} · {}", of.partition, record.offset) }
                </button>
            </td>
            <td><span class="key" {style}>{ key }</span></td>
            <td class="browsed-value">
                if let Some(json) = &record.json {
                    <details><summary>{ value }</summary><pre class="record-text">{ json }</pre></details>
                } else {
                    { value }
                }
            </td>
            <td>{ record.headers }</td>
            <td class="browsed-time">{ date(record.timestamp_ms) }</td>
        </tr>
    }
}
