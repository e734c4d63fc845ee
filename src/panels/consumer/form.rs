use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::request::OF_PRODUCER;
use super::{ConsumerRequest, ReaderKind};
use crate::panels::fields::{checks, choice, field, on_submit, topics_as_options, use_clearing};
use crate::panels::inspector::act::says;
use crate::panels::settings::{SettingsFields, SettingsOf};

/// What [`AddConsumer`] knows of the board, and whom it tells what was filled
/// in.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The topics there are.
    pub topics: Vec<String>,
    /// The groups there are.
    pub groups: Vec<String>,
    /// The group filled in beforehand; `None` for the first one there is.
    pub group: Option<String>,
    /// The kind chosen beforehand.
    pub kind: ReaderKind,
    /// How many forms were carried out.
    pub sent: u32,
    /// The form was sent off: what it says, or what is to be mended.
    pub on_done: Callback<Result<ConsumerRequest, String>>,
}

/// The form that starts a client that reads. The fields fit the kind that is
/// chosen.
#[component]
pub fn AddConsumer(props: &Props) -> Html {
    let kind = use_state(|| props.kind);
    let form = use_clearing(props.sent);
    let onchange = {
        let kind = kind.setter();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            kind.set(ReaderKind::of_name(&select.value()));
        })
    };
    let kind = *kind;
    html! {
        <form ref={form} class="panel-form" aria-label="Add a consumer" onsubmit={on_submit(props.on_done.clone(), ConsumerRequest::read)}>
            <div class="field kind" {onchange}>
                <label for="consumer-kind">{ "Kind" }</label>
                { choice("consumer-kind".into(), "kind".into(), &kinds(), Some(kind.name())) }
                <span class="note" role="status">{ kind.about() }</span>
            </div>
            { checks("consumer-topics", "Topics", "topics", &props.topics) }
            { for kind.has_group().then(|| group(props)) }
            { for of_kind(kind, props) }
            { field("consumer-name", "client.id (may be empty)", |id| html! { <input {id} name="name" data-once="" autocomplete="off" maxlength="100" /> }) }
            { field("consumer-per-record", "Time for a record (ms)", |id| html! { <input {id} name="per-record" type="number" ~defaultValue="0" min="0" /> }) }
            <button type="submit" class="primary">{ if kind == ReaderKind::Processor { "Start processor" } else { "Start consumer" } }</button>
            <SettingsFields key={format!("settings-{}", kind.name())} of={kind.settings()} />
            if kind == ReaderKind::Processor {
                <SettingsFields key="settings-producer" of={SettingsOf::Producer} prefix={OF_PRODUCER} title="Settings of its producer" />
            }
        </form>
    }
}

fn kinds() -> Vec<(String, String)> {
    let all = ReaderKind::ALL.into_iter();
    all.map(|kind| (kind.name().to_owned(), kind.label().to_owned()))
        .collect()
}

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> [(String, String); N] {
    pairs.map(|(value, text)| (value.to_owned(), text.to_owned()))
}

fn group(props: &Props) -> Html {
    let group = props.group.clone();
    let group = group.or_else(|| props.groups.first().cloned());
    let group = group.unwrap_or_else(|| "my-group".to_owned());
    field("consumer-group", "group.id", |id| {
        html! {
            <>
                <input {id} name="group" list="groups" ~defaultValue={group} autocomplete="off" maxlength="200" />
                <datalist id="groups">{ for props.groups.iter().map(|group| html! { <option value={group.clone()} /> }) }</datalist>
            </>
        }
    })
}

/// The fields that are not those of every kind.
fn of_kind(kind: ReaderKind, props: &Props) -> Vec<Html> {
    let from = owned([
        ("earliest", "earliest: the first record"),
        ("latest", "latest: what comes from now on"),
        ("none", "none: fail when nothing is committed"),
    ]);
    let from = || {
        field("consumer-from", "auto.offset.reset", |id| {
            choice(id, "from".into(), &from, None)
        })
    };
    match kind {
        ReaderKind::Classic | ReaderKind::Consumer => vec![from()],
        ReaderKind::Alone => vec![
            field("consumer-partitions", "Partitions (empty: all)", |id| {
                html! { <input {id} name="partitions" placeholder="0, 2" autocomplete="off" /> }
            }),
            from(),
        ],
        ReaderKind::Share => acknowledging(),
        ReaderKind::Processor => vec![
            field("consumer-output", "Topic it writes to", |id| {
                choice(
                    id,
                    "output".into(),
                    &topics_as_options(&props.topics),
                    props.topics.last().map(String::as_str),
                )
            }),
            field(
                "consumer-transactional-id",
                "transactional.id of its producer",
                |id| {
                    html! { <input {id} name="transactional-id" ~defaultValue="my-processor" autocomplete="off" maxlength="100" /> }
                },
            ),
            from(),
        ],
    }
}

fn acknowledging() -> Vec<Html> {
    vec![
        field("consumer-says", "What it says of records", |id| {
            choice(id, "says".into(), &says(), None)
        }),
        field("consumer-every", "RELEASE or REJECT one record in", |id| {
            html! { <input {id} name="every" type="number" ~defaultValue="5" min="1" /> }
        }),
    ]
}
