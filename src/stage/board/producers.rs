//! Producers.

use std::rc::Rc;

use yew::prelude::*;

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
    );
    html! {
        <div>
            <div {class} style={at(&producer.rect)}>
                <div class="box-name clip">{ &producer.name }</div>
                { workload(producer) }
            </div>
            <div class="accumulator" style={at(&producer.accumulator)}>
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
        Pace::Paused => "paused".to_owned(),
        _ => producer.target.clone(),
    };
    html! {
        <>
            <div class="line clip" title={producer.target.clone()}>{ target }</div>
            <div class="line clip" title={producer.keys.clone()}>{ &producer.keys }</div>
        </>
    }
}

/// Records before and after the accumulator.
fn outside(producer: &ProducerBox) -> Html {
    let mut parts = Vec::new();
    if producer.slots.is_empty() {
        parts.push("empty".to_owned());
    }
    if producer.waiting > 0 {
        parts.push(format!("{} in send()", producer.waiting));
    }
    if producer.in_flight > 0 {
        parts.push(format!("{} unacked", producer.in_flight));
    }
    if producer.more_slots > 0 {
        parts.push(format!("+{} partitions", producer.more_slots));
    }
    html! {
        <span
            class="clip"
            title="records that wait in send() for metadata, and records sent that are not yet acknowledged"
        >{ parts.join(" · ") }</span>
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
    let title = format!(
        "{partition}: {} records in {} batches; the newest has {} of {} bytes",
        slot.records, slot.batches, slot.bytes, slot.limit
    );
    html! {
        <div key={partition.to_string()} class="slot" style={at(&slot.rect)} {title}>
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
