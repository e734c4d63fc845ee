//! Producers.

use std::rc::Rc;

use yew::prelude::*;

use super::super::Subject;
use super::super::scene::{BatchSlot, Pace, ProducerBox, Transaction, bytes, seconds, short_text};
use super::style::{at, fitting};

/// The width of a character of its name, in rem.
const NAME_CHARACTER: f32 = 0.62;

#[derive(Properties, PartialEq)]
pub(super) struct ProducerDrawingProps {
    pub producer: Rc<ProducerBox>,
}

/// A producer: its name, its workload and its accumulator.
#[component]
pub(super) fn ProducerDrawing(props: &ProducerDrawingProps) -> Html {
    let producer = &*props.producer;
    let class = classes!(
        "box",
        "producer",
        (producer.pace == Pace::Paused).then_some("is-paused"),
        producer.is_closing.then_some("is-leaving"),
        producer.is_frozen.then_some("is-frozen"),
    );
    let open = Subject::Client(producer.client).to_string();
    html! {
        <div class="producer-whole">
            <div {class} style={at(&producer.rect)} data-open={open.clone()}>
                <div class="box-name clip">
                    { fitting(&producer.name, producer.rect.width - 1.0, NAME_CHARACTER) }
                    if producer.is_frozen {
                        <span class="crash" title="its process stands still (SIGSTOP)">{ " ❄ frozen" }</span>
                    }
                </div>
                { workload(producer) }
                { for producer.transaction.iter().map(transaction) }
            </div>
            <div class="accumulator" style={at(&producer.accumulator)} data-open={open}>
                <span>{ "accumulator" }</span>
                { memory(producer) }
            </div>
            <div>{ for producer.slots.iter().map(|it| slot(it, producer)) }</div>
            { flow(producer) }
        </div>
    }
}

fn workload(producer: &ProducerBox) -> Html {
    if producer.pace == Pace::ByHand {
        let target = producer.target.clone();
        return html! { <div class="line clip" title={target.clone()}>{ target }</div> };
    }
    let target = match producer.pace {
        Pace::Paused => producer
            .topic
            .as_ref()
            .map_or("stopped".to_owned(), |topic| format!("stopped · {topic}")),
        _ => producer.target.clone(),
    };
    html! {
        <>
            <div class="line clip" title={producer.target.clone()}>{ target }</div>
            <div class="line clip" title={producer.keys.clone()}>{ &producer.keys_line }</div>
        </>
    }
}

/// Where its transaction stands.
fn transaction(transaction: &Transaction) -> Html {
    let class = classes!(
        "line",
        "transaction",
        transaction.is_open.then_some("is-open"),
        transaction.error.is_some().then_some("is-trouble"),
    );
    let title = format!(
        "transactional.id {}: {}{}",
        transaction.id,
        transaction.state,
        transaction
            .error
            .as_ref()
            .map_or(String::new(), |error| format!(" ({error})"))
    );
    html! {
        <div {class} {title}>
            <span class="clip">{ &transaction.id }</span>
            <span class="state">{ transaction.words }</span>
        </div>
    }
}

/// How much of `buffer.memory` is taken.
fn memory(producer: &ProducerBox) -> Html {
    let (used, all) = producer.flow.memory;
    let more = match producer.more_slots {
        0 => String::new(),
        more => format!("+{more} more · "),
    };
    let text = format!("{more}{} of {}", bytes(used), bytes(all));
    let title = format!("buffer.memory: {used} of {all} bytes are taken");
    let share = used as f32 / all.max(1) as f32;
    html! {
        <span class={classes!("clip", (share > 0.9).then_some("is-trouble"))} {title}>{ text }</span>
    }
}

/// What happens to records outside of the accumulator.
fn flow(producer: &ProducerBox) -> Html {
    html! {
        <div class="flow" style={at(&producer.flow.rect)}>
            { for producer.flow.lines.iter().enumerate().map(|(place, (text, is_trouble))| html! {
                <div
                    key={place}
                    class={classes!("clip", is_trouble.then_some("is-trouble"))}
                    title={text.clone()}
                >{ text }</div>
            }) }
        </div>
    }
}

fn slot(slot: &BatchSlot, producer: &ProducerBox) -> Html {
    let partition = &slot.topic_partition;
    let name = if producer.topic.as_ref() == Some(&partition.topic) {
        format!("P{}", partition.partition)
    } else {
        short_text(&partition.to_string(), 9)
    };
    let share = slot.bytes as f32 / slot.limit.max(1) as f32;
    // A single small record must be seen too.
    let least = if slot.records > 0 { 6.0 } else { 0.0 };
    let width = (share * 100.0).clamp(least, 100.0);
    let linger = slot.linger.map_or(String::new(), |(us, _)| {
        format!("; lingers for {} more", seconds(us))
    });
    let title = format!(
        "{partition}: {} records in {} batches; the newest has {} of {} bytes{linger}; {} in \
         flight; sent in vain {} times",
        slot.records, slot.batches, slot.bytes, slot.limit, slot.in_flight, slot.attempts
    );
    let open = Subject::Client(producer.client).to_string();
    html! {
        <div key={partition.to_string()} class="slot" style={at(&slot.rect)} {title} data-open={open}>
            <span class="slot-name">{ name }</span>
            <span class={classes!("slot-bar", slot.is_sticky.then_some("is-sticky"))}>
                <span class="slot-fill" style={format!("width:{width:.0}%")} />
                if let Some((_, left)) = slot.linger {
                    <span class="slot-linger" style={format!("width:{:.0}%", left * 100.0)} />
                }
                if slot.is_sticky {
                    <span class="slot-sticky">{ "sticky" }</span>
                }
            </span>
            <span class="slot-count">{ records(slot) }</span>
        </div>
    }
}

/// What it holds and what of it is in flight, as short as there is room.
fn records(slot: &BatchSlot) -> String {
    let mut parts = Vec::new();
    if slot.attempts > 0 {
        parts.push(format!("↻{}", slot.attempts));
    }
    match (slot.batches, slot.records) {
        (_, 0) => {}
        (1, records) => parts.push(format!("{records} rec {} B", slot.bytes)),
        (batches, records) => parts.push(format!("{records} rec {batches} batches")),
    }
    if slot.in_flight > 0 {
        parts.push(format!("▸{}", slot.in_flight));
    }
    match parts.is_empty() {
        true => "–".to_owned(),
        false => parts.join(" "),
    }
}
