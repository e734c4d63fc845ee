//! Producers.

use std::rc::Rc;

use yew::prelude::*;

use super::super::Subject;
use super::super::scene::{BatchSlot, Pace, ProducerBox, short_text};
use super::style::at;

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
        <div>
            <div {class} style={at(&producer.rect)} data-open={open.clone()}>
                <div class="box-name clip">
                    { &producer.name }
                    if producer.is_frozen {
                        <span class="crash" title="its process stands still (SIGSTOP)">{ " ❄ frozen" }</span>
                    }
                </div>
                { workload(producer) }
            </div>
            <div class="accumulator" style={at(&producer.accumulator)} data-open={open}>
                <span>{ "accumulator" }</span>
                { outside(producer) }
            </div>
            <div>{ for producer.slots.iter().map(|it| slot(it, producer)) }</div>
        </div>
    }
}

fn workload(producer: &ProducerBox) -> Html {
    if producer.pace == Pace::ByHand {
        return html! { <div class="line clip">{ "sends by hand" }</div> };
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

/// Records before and after the accumulator, as short as there is room.
fn outside(producer: &ProducerBox) -> Html {
    let (waiting, in_flight) = (producer.waiting, producer.in_flight);
    let mut parts = Vec::new();
    match (waiting, in_flight) {
        (0, 0) => {}
        (_, 0) => parts.push(format!("{waiting} in send()")),
        (0, _) => parts.push(format!("{in_flight} unacked")),
        _ => parts.push(format!("{waiting} wait · {in_flight} unacked")),
    }
    if producer.more_slots > 0 {
        parts.push(format!("+{} more", producer.more_slots));
    }
    if producer.slots.is_empty() && parts.is_empty() {
        parts.push("empty".to_owned());
    }
    let title = format!(
        "{waiting} records wait in send() for metadata; \
         {in_flight} were sent and are not yet acknowledged; \
         batches of {} more partitions",
        producer.more_slots
    );
    html! { <span class="clip" {title}>{ parts.join(" · ") }</span> }
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
    let title = format!(
        "{partition}: {} records in {} batches; the newest has {} of {} bytes",
        slot.records, slot.batches, slot.bytes, slot.limit
    );
    let open = Subject::Client(producer.client).to_string();
    html! {
        <div key={partition.to_string()} class="slot" style={at(&slot.rect)} {title} data-open={open}>
            <span class="slot-name">{ name }</span>
            <span class={classes!("slot-bar", slot.is_sticky.then_some("is-sticky"))}>
                <span class="slot-fill" style={format!("width:{width:.0}%")} />
                if slot.is_sticky {
                    <span class="slot-sticky">{ "sticky" }</span>
                }
            </span>
            <span class="slot-count">{ records(slot) }</span>
        </div>
    }
}

fn records(slot: &BatchSlot) -> String {
    match slot.records {
        0 => "–".to_owned(),
        records => format!("{records} rec {} B", slot.bytes),
    }
}
