//! Topics and their lanes.

mod among;
mod marks;
mod moving;

use std::cell::RefCell;
use std::rc::Rc;

use engine::TopicPartition;
use yew::prelude::*;

use super::super::geometry::Rect;
use super::super::scene::{
    Cell, Earlier, Fate, GroupRow, Lane, Owner, TopicCard, short_number, text_length,
};
use super::super::{BoardAction, Subject};
use super::style::{at, color};
use among::{among, band, handed, notice};
use marks::{LaneMarks, labels};
pub(super) use moving::LaneSlider;
use moving::{Drag, on_drag, on_wheel};

/// Up to so many records are seen to land at once; of more, none.
const LAND_MAX: i64 = 3;
/// The width of a character of a key for each rem of its size.
const LETTER: f32 = 0.6;

#[derive(Properties, PartialEq)]
pub(super) struct TopicDrawingProps {
    pub card: Rc<TopicCard>,
    /// Of a crowded board, the part that is seen and what is near it.
    pub near: Option<Rect>,
    pub on_action: Callback<BoardAction>,
}

/// A topic: a card of lanes.
#[component]
pub(super) fn TopicDrawing(props: &TopicDrawingProps) -> Html {
    let card = &*props.card;
    let drag = use_mut_ref(|| Drag::None);
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
            if card.is_folded {
                { totals(card) }
            }
            <div>
                { for card.lanes.iter().map(|it| html! {
                    <LaneDrawing
                        key={it.topic_partition.partition}
                        lane={it.clone()}
                        is_near={props.near.is_none_or(|near| near.overlaps(&it.rect))}
                        drag={drag.clone()}
                        on_action={props.on_action.clone()}
                    />
                }) }
            </div>
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

/// A folded topic in one line.
fn totals(card: &TopicCard) -> Html {
    let records = short_number(card.totals.records);
    html! {
        <div class="totals" style={at(&card.line)}>
            <span>{ format!("{records} records") }</span>
            if card.totals.leaderless > 0 {
                <span class="crash">{ format!("{} without leader", card.totals.leaderless) }</span>
            }
            { for card.totals.groups.iter().map(|(letter, ink, name, lag)| html! {
                <span key={name.clone()} class="total" style={color(*ink)} title={name.clone()}>
                    <span class="badge">{ letter }</span>
                    { match lag {
                        Some(lag) => format!("lag {}", short_number(*lag)),
                        None => "nothing committed".to_owned(),
                    } }
                </span>
            }) }
        </div>
    }
}

/// Which of a lane's records have come one by one.
struct Landing {
    log_end: i64,
    still_before: i64,
}

impl Landing {
    fn new(lane: &Lane) -> Landing {
        Landing {
            log_end: lane.log_end,
            still_before: i64::MIN,
        }
    }

    /// The offset before which records are not seen to land, since many came
    /// at once, or since time went back and they had landed by then. Otherwise
    /// it never goes back: a record that lies there does not land.
    fn still_before(&mut self, lane: &Lane) -> i64 {
        let comes_back = lane.log_end < self.log_end;
        if comes_back || lane.log_end - self.log_end > LAND_MAX {
            self.still_before = lane.log_end;
        }
        self.log_end = lane.log_end;
        self.still_before
    }
}

#[derive(Properties)]
struct LaneDrawingProps {
    lane: Rc<Lane>,
    is_near: bool,
    drag: Rc<RefCell<Drag>>,
    on_action: Callback<BoardAction>,
}

impl PartialEq for LaneDrawingProps {
    fn eq(&self, other: &LaneDrawingProps) -> bool {
        Rc::ptr_eq(&self.lane, &other.lane)
            && self.is_near == other.is_near
            && self.on_action == other.on_action
    }
}

/// A lane, drawn again when it is another one than before.
#[component]
fn LaneDrawing(props: &LaneDrawingProps) -> Html {
    let lane = &*props.lane;
    let landing = use_mut_ref(|| Landing::new(lane));
    let still_before = landing.borrow_mut().still_before(lane);
    let onwheel = on_wheel(lane, &props.on_action);
    let drag = on_drag(lane, &props.drag, &props.on_action);
    let partition = &lane.topic_partition;
    let number = Rect::new(lane.rect.x, lane.track.y, 3.4, lane.track.height);
    let leader = match lane.leader {
        Some(broker) => format!("led by broker {broker}"),
        None => "no leader".to_owned(),
    };
    let open = Subject::Partition(partition.clone()).to_string();
    html! {
        <div
            class={classes!(
                "lane-whole",
                lane.is_dark.then_some("is-dark"),
                lane.scrolling.map(|_| "can-move"),
            )}
            data-lane={partition.to_string()}
            {onwheel}
            onpointerdown={drag.clone()}
            onpointermove={drag.clone()}
            onpointerup={drag}
        >
            <div class="lane" data-open={open.clone()} style={at(&lane.rect)} />
            <div class="lane-number" style={at(&number)} title={format!("{partition}: {leader}")}>
                { format!("P{}", partition.partition) }
            </div>
            <div class="track" data-open={open.clone()} style={at(&lane.track)} />
            if props.is_near {
                { contents(lane, &open, still_before) }
            }
        </div>
    }
}

/// All that changes in a lane as records come and go.
fn contents(lane: &Lane, open: &str, still_before: i64) -> Html {
    let partition = &lane.topic_partition;
    html! {
        <>
            <div>{ for lane.earlier.iter().map(|it| earlier(it, open)) }</div>
            <div class="cells">{ for lane.cells.iter().map(|it| {
                cell(it, partition, it.offset < still_before)
            }) }</div>
            { among(lane) }
            <div>{ for lane.later.iter().map(later) }</div>
            { for lane.notice.iter().map(|it| notice(it, &lane.side, lane.track.center().y)) }
            <LaneMarks
                rect={lane.rect}
                track={lane.track}
                markers={lane.markers.clone()}
                segments={lane.segments.clone()}
                rows={lane.rows.clone()}
            />
            <div>{ for lane.rows.iter().map(|it| row(it, lane)) }</div>
            { labels(lane) }
        </>
    }
}

fn cell(cell: &Cell, partition: &TopicPartition, is_still: bool) -> Html {
    let open = Subject::Record(partition.clone(), cell.offset).to_string();
    let title = format!(
        "offset {}\nkey {}\nvalue {}\ntimestamp {}{}",
        cell.offset,
        cell.key.as_deref().unwrap_or("null"),
        cell.value.as_deref().unwrap_or("null"),
        cell.timestamp_ms,
        cell.fate
            .map_or(String::new(), |fate| format!("\n{}", fate.words()))
    );
    let class = classes!(
        "cell",
        is_still.then_some("is-still"),
        cell.moves_to.map(|_| "moves"),
        match cell.fate {
            Some(Fate::Open) => Some("is-open"),
            Some(Fate::Aborted) => Some("is-aborted"),
            _ => None,
        }
    );
    let style = format!("{};{}", at(&cell.rect), color(cell.ink));
    let letters = classes!("cell-key", size_of(&cell.letters, cell.rect.width));
    html! {
        <div key={cell.offset} {class} {style} {title} data-open={open}>
            <span class={letters}>{ &cell.letters }</span>
            <span class="cell-offset">
                { short_number(cell.offset) }
                if let Some(partition) = cell.moves_to {
                    <b class="moves-to">{ format!("→P{partition}") }</b>
                }
                if let Some(fate) = cell.fate {
                    <b class="fate">{ fate.sign() }</b>
                }
            </span>
        </div>
    }
}

/// How large a key is written on a cell of this width, in rem: as large as the
/// whole of it fits.
fn size_of(letters: &str, width: f32) -> Option<&'static str> {
    let length = text_length(letters) as f32;
    match width / (length * LETTER) {
        size if size >= 1.0 => None,
        size if size >= 0.75 => Some("is-long"),
        _ => Some("is-longer"),
    }
}

/// The records without cells: how many, and when they came.
fn earlier(earlier: &Earlier, open: &str) -> Html {
    let count = short_number(earlier.records);
    let is_wide = earlier.rect.width > 4.0;
    let lines = match is_wide {
        true => vec![format!("{count} earlier")],
        false => vec![count, "earlier".to_owned()],
    };
    let title = format!("{} earlier records", earlier.records);
    html! {
        <div key="earlier" class="earlier" style={at(&earlier.rect)} {title} data-open={open.to_owned()}>
            { for lines.into_iter().map(|line| html! { <span>{ line }</span> }) }
            if is_wide && !earlier.density.is_empty() {
                <div class="density">
                    { for earlier.density.iter().map(|share| html! {
                        <span style={format!("height:{}%", share.max(&4))} />
                    }) }
                </div>
            }
        </div>
    }
}

/// The records after those that are shown.
fn later(later: &Earlier) -> Html {
    let count = short_number(later.records);
    let title = format!("{} later records", later.records);
    html! {
        <div key="later" class="earlier" style={at(&later.rect)} {title}>
            <span>{ count }</span>
            <span>{ "later" }</span>
        </div>
    }
}

/// A group's row: its letter before it, what is told of it after it.
fn row(row: &GroupRow, lane: &Lane) -> Html {
    let number = |value: Option<i64>| value.map_or("none".to_owned(), |it| it.to_string());
    let owner = match &row.owner {
        Some(Owner {
            name, is_running, ..
        }) if *is_running => format!("read by {name}"),
        Some(Owner { name, .. }) => format!("owned by {name}, which has crashed"),
        None if row.shared.is_some() => format!("{} members may read it", row.readers),
        None => "no owner".to_owned(),
    };
    let title = format!(
        "Group {}: committed {}, position {}, lag {}, {owner}",
        row.group,
        number(row.committed),
        number(row.position),
        number(row.lag)
    );
    let style = format!("{};{}", at(&row.rect), color(row.ink));
    let badge = row.owner.as_ref().map_or(&row.letter, |owner| &owner.badge);
    let signs = row.shared.iter().flat_map(|shared| &shared.handed);
    html! {
        <div key={row.group.clone()} style={color(row.ink)}>
            <div
                class={classes!("row", row.is_dark.then_some("is-dark"))}
                data-open={Subject::Group(row.group.clone()).to_string()}
                {style}
                {title}
            >
                <span class="badge">{ badge }</span>
            </div>
            <div>{ for signs.map(handed) }</div>
            <div>{ for row.bands.iter().enumerate().map(band) }</div>
            { for row.notice.iter().map(|it| notice(it, &lane.side, row.rect.center().y)) }
        </div>
    }
}
