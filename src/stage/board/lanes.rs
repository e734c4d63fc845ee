//! Topics and their lanes.

mod marks;

use std::rc::Rc;

use engine::TopicPartition;
use yew::prelude::*;

use super::super::Subject;
use super::super::geometry::Rect;
use super::super::scene::{
    Cell, Earlier, GroupRow, Lane, Owner, TopicCard, short_number, text_length,
};
use super::style::{at, color};
use marks::{LaneMarks, labels};

#[derive(Properties, PartialEq)]
pub(super) struct TopicDrawingProps {
    pub card: Rc<TopicCard>,
}

/// A topic: a card of lanes.
#[component]
pub(super) fn TopicDrawing(props: &TopicDrawingProps) -> Html {
    let card = &*props.card;
    let mut about = match card.partitions {
        1 => "1 partition".to_owned(),
        count => format!("{count} partitions"),
    };
    if card.more_groups > 0 {
        about = format!("{about} · +{} groups", card.more_groups);
    }
    let topic = Subject::Topic(card.name.clone()).to_string();
    html! {
        <div>
            <div class="box topic" data-topic={card.name.to_string()} data-open={topic.clone()} style={at(&card.rect)} />
            <div class="topic-header" data-open={topic} style={at(&card.header)}>
                <span class="box-name clip">{ &*card.name }</span>
                <span
                    class="quiet clip"
                    title={format!("replication factor {}", card.replication_factor)}
                >{ about }</span>
            </div>
            <div>{ for card.lanes.iter().map(lane) }</div>
            if card.more_lanes > 0 {
                <div class="note" style={at(&under_lanes(card))}>
                    { format!("… and {} more partitions, not drawn", card.more_lanes) }
                </div>
            }
        </div>
    }
}

fn under_lanes(card: &TopicCard) -> Rect {
    let top = card
        .lanes
        .last()
        .map_or(card.rect.y, |lane| lane.rect.bottom());
    let height = card.rect.bottom() - top;
    Rect::new(card.header.x, top, card.rect.width - 1.0, height)
}

fn lane(lane: &Lane) -> Html {
    let partition = &lane.topic_partition;
    let number = Rect::new(lane.rect.x, lane.track.y, 3.4, lane.track.height);
    let leader = match lane.leader {
        Some(broker) => format!("led by broker {broker}"),
        None => "no leader".to_owned(),
    };
    let open = Subject::Partition(partition.clone()).to_string();
    html! {
        <div key={partition.partition}>
            <div class="lane" data-open={open.clone()} style={at(&lane.rect)} />
            <div class="lane-number" style={at(&number)} title={format!("{partition}: {leader}")}>
                { format!("P{}", partition.partition) }
            </div>
            <div class="track" data-open={open.clone()} style={at(&lane.track)} />
            <div>{ for lane.earlier.iter().map(|it| earlier(it, &open)) }</div>
            <div>{ for lane.cells.iter().map(|it| cell(it, partition)) }</div>
            <LaneMarks
                rect={lane.rect}
                track={lane.track}
                markers={lane.markers.clone()}
                rows={lane.rows.clone()}
            />
            <div>{ for lane.rows.iter().map(row) }</div>
            { labels(lane) }
        </div>
    }
}

fn cell(cell: &Cell, partition: &TopicPartition) -> Html {
    let open = Subject::Record(partition.clone(), cell.offset).to_string();
    let title = format!(
        "offset {}\nkey {}\nvalue {}\ntimestamp {}",
        cell.offset,
        cell.key.as_deref().unwrap_or("null"),
        cell.value.as_deref().unwrap_or("null"),
        cell.timestamp_ms
    );
    let style = format!("{};{}", at(&cell.rect), color(cell.ink));
    let letters = classes!(
        "cell-key",
        (text_length(&cell.letters) > 4).then_some("is-long")
    );
    html! {
        <div key={cell.offset} class="cell" {style} {title} data-open={open}>
            <span class={letters}>{ &cell.letters }</span>
            <span class="cell-offset">{ short_number(cell.offset) }</span>
        </div>
    }
}

/// The records without cells: how many, and when they came.
fn earlier(earlier: &Earlier, open: &str) -> Html {
    let count = short_number(earlier.records);
    let is_wide = earlier.rect.width > 4.0;
    let text = if is_wide {
        format!("… {count} earlier")
    } else {
        format!("…{count}")
    };
    let title = format!("{} earlier records", earlier.records);
    html! {
        <div key="earlier" class="earlier" style={at(&earlier.rect)} {title} data-open={open.to_owned()}>
            <span>{ text }</span>
            if !earlier.density.is_empty() {
                <div class="density">
                    { for earlier.density.iter().map(|share| html! {
                        <span style={format!("height:{}%", share.max(&4))} />
                    }) }
                </div>
            }
        </div>
    }
}

/// The letter of a group before its row.
fn row(row: &GroupRow) -> Html {
    let number = |value: Option<i64>| value.map_or("none".to_owned(), |it| it.to_string());
    let owner = match &row.owner {
        Some(Owner { name, is_running }) if *is_running => format!("read by {name}"),
        Some(Owner { name, .. }) => format!("owned by {name}, which has crashed"),
        None => "no owner".to_owned(),
    };
    let title = format!(
        "Group {}: committed {}, position {}, lag {}, {owner}",
        row.group,
        number(row.committed),
        number(row.position),
        number(row.lag)
    );
    html! {
        <div
            key={row.group.clone()}
            class="row"
            style={format!("{};{}", at(&row.rect), color(row.ink))}
            data-open={Subject::Group(row.group.clone()).to_string()}
            {title}
        >
            <span class="badge">{ &row.letter }</span>
        </div>
    }
}
