use engine::command::ClientNumber;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::fields::{choice, field, on_submit, topics_as_options, use_clearing};
use super::settings::{SettingsFields, SettingsOf};
use super::{ProducerRequest, RecordRequest, TopicRequest};

/// What a form knows of the board, and whom it tells what was filled in.
#[derive(Properties, PartialEq)]
pub struct Props<T: PartialEq + 'static> {
    /// The topics there are.
    #[prop_or_default]
    pub topics: Vec<String>,
    /// The producers there are, with their numbers.
    #[prop_or_default]
    pub producers: Vec<(ClientNumber, String)>,
    /// The producer chosen beforehand.
    #[prop_or_default]
    pub producer: Option<ClientNumber>,
    /// How many forms were carried out.
    #[prop_or_default]
    pub sent: u32,
    /// The form was sent off: what it says, or what is to be mended.
    pub on_done: Callback<Result<T, String>>,
}

/// The form that starts a producer.
#[component]
pub fn AddProducer(props: &Props<ProducerRequest>) -> Html {
    let patterns = [
        ("cycle", "keys in turn"),
        ("random", "keys at random"),
        ("fixed", "always the same key"),
        ("none", "no key"),
    ];
    let patterns = patterns.map(|(value, text)| (value.to_owned(), text.to_owned()));
    let topics = topics_as_options(&props.topics);
    let form = use_clearing(props.sent);
    html! {
        <form ref={form} class="panel-form" aria-label="Add a producer" onsubmit={on_submit(props.on_done.clone(), ProducerRequest::read)}>
            { field("producer-name", "client.id (may be empty)", |id| html! { <input {id} name="name" data-once="" autocomplete="off" maxlength="100" /> }) }
            { field("producer-topic", "Topic", |id| choice(id, "topic".into(), &topics, None)) }
            { field("producer-keys", "Key pattern", |id| choice(id, "keys".into(), &patterns, None)) }
            { field("producer-key-prefix", "Key begins with", |id| html! { <input {id} name="key-prefix" ~defaultValue="user-" autocomplete="off" maxlength="100" /> }) }
            { field("producer-key-count", "How many keys", |id| html! { <input {id} name="key-count" type="number" ~defaultValue="5" min="1" /> }) }
            { field("producer-rate", "Records per second", |id| html! { <input {id} name="rate" type="number" ~defaultValue="1" min="0" step="any" /> }) }
            <button type="submit" class="primary">{ "Start producer" }</button>
            <SettingsFields of={SettingsOf::Producer} />
        </form>
    }
}

/// The form that sends one record.
#[component]
pub fn SendRecord(props: &Props<RecordRequest>) -> Html {
    let mut producers = vec![(String::new(), "a producer for this".to_owned())];
    let named = props.producers.iter();
    producers.extend(named.map(|(number, name)| (number.to_string(), name.clone())));
    let chosen = props
        .producer
        .map(|number| number.to_string())
        .unwrap_or_default();
    let topics = topics_as_options(&props.topics);
    html! {
        <form class="panel-form" aria-label="Send a record" onsubmit={on_submit(props.on_done.clone(), RecordRequest::read)}>
            { field("record-producer", "With", |id| choice(id, "producer".into(), &producers, Some(&chosen))) }
            { field("record-topic", "Topic", |id| choice(id, "topic".into(), &topics, None)) }
            { field("record-key", "Key (empty: null)", |id| html! { <input {id} name="key" autocomplete="off" /> }) }
            { field("record-value", "Value", |id| html! { <input {id} name="value" ~defaultValue="hello" autocomplete="off" /> }) }
            { field("record-partition", "Partition (empty: the partitioner)", |id| html! { <input {id} name="partition" type="number" min="0" /> }) }
            <button type="submit" class="primary">{ "Send record" }</button>
        </form>
    }
}

/// The form that makes a topic. The cluster refuses later: the name is there
/// until a topic has it.
#[component]
pub fn NewTopic(props: &Props<TopicRequest>) -> Html {
    let name = use_node_ref();
    {
        let name = name.clone();
        use_effect_with(props.topics.clone(), move |topics| {
            if let Some(name) = name.cast::<HtmlInputElement>()
                && topics.contains(&name.value())
            {
                name.set_value("");
            }
        });
    }
    html! {
        <form class="panel-form" aria-label="New topic" onsubmit={on_submit(props.on_done.clone(), TopicRequest::read)}>
            { field("topic-name", "Name", |id| html! { <input {id} ref={name.clone()} name="name" autocomplete="off" maxlength="300" /> }) }
            { field("topic-partitions", "Partitions (empty: num.partitions)", |id| html! { <input {id} name="partitions" type="number" ~defaultValue="3" min="1" /> }) }
            { field("topic-replicas", "Replication factor (empty: default.replication.factor)", |id| html! { <input {id} name="replicas" type="number" min="1" /> }) }
            <button type="submit" class="primary">{ "Create topic" }</button>
            <SettingsFields of={SettingsOf::Topic} />
        </form>
    }
}
