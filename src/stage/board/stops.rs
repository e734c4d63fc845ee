//! Where the keyboard stops on the board: a button over the name of each thing,
//! which opens its panel. A lane is one stop, however many records it has; the
//! arrow keys go along its records.

use std::rc::Rc;

use web_sys::HtmlElement;
use yew::prelude::*;

use super::super::geometry::Rect;
use super::super::scene::{Cell, Lane};
use super::super::{Scene, Subject};
use super::style::at;

/// A button over the drawing that opens a thing: the board hears its clicks.
pub(super) fn stop(place: &Rect, subject: &Subject, name: &str) -> Html {
    html! {
        <button
            key="stop"
            type="button"
            class="stop"
            style={at(place)}
            data-open={subject.to_string()}
            aria-label={format!("Open {}", lower(name))}
            title={name.to_owned()}
        />
    }
}

/// `Topic orders` in the middle of a sentence.
fn lower(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[derive(Properties, PartialEq)]
pub(super) struct BrokerStopsProps {
    pub scene: Rc<Scene>,
}

/// The brokers' buttons.
#[component]
pub(super) fn BrokerStops(props: &BrokerStopsProps) -> Html {
    html! {
        <div role="group" aria-label="Brokers">
            { for props.scene.brokers.iter().map(|broker| html! {
                <div key={broker.id}>
                    { stop(&broker.rect, &Subject::Broker(broker.id), &format!("Broker {}", broker.id)) }
                </div>
            }) }
        </div>
    }
}

#[derive(Properties)]
pub(super) struct LaneStopProps {
    pub lane: Rc<Lane>,
}

impl PartialEq for LaneStopProps {
    fn eq(&self, other: &LaneStopProps) -> bool {
        Rc::ptr_eq(&self.lane, &other.lane)
    }
}

/// The button of a lane, and of the record that the arrow keys have come to.
#[component]
pub(super) fn LaneStop(props: &LaneStopProps) -> Html {
    let offset = use_state(|| None::<i64>);
    let place = use_node_ref();
    let lane = &*props.lane;
    {
        let place = place.clone();
        use_effect_with(*offset, move |offset| {
            let record = offset.and_then(|_| place.cast::<HtmlElement>());
            if let Some(record) = record {
                // Where the browser will not move it, it stays where it was.
                let _ = record.focus();
            }
        });
    }
    let cells = lane.cells.clone();
    let onkeydown = {
        let offset = offset.clone();
        Callback::from(move |event: KeyboardEvent| {
            let next = next_record(&cells, *offset, &event.key());
            if let Some(next) = next {
                event.prevent_default();
                offset.set(Some(next));
            }
        })
    };
    let of = &lane.topic_partition;
    let number = Rect::new(lane.rect.x, lane.track.y, 2.6, lane.track.height);
    let cell = offset.and_then(|offset| nearest(&lane.cells, offset));
    html! {
        <div {onkeydown}>
            { stop(&number, &Subject::Partition(of.clone()), &format!("Partition {of}")) }
            { for cell.map(|cell| record_stop(lane, cell, &place)) }
        </div>
    }
}

/// The button of a record, which is no stop of its own.
fn record_stop(lane: &Lane, cell: &Cell, place: &NodeRef) -> Html {
    let of = &lane.topic_partition;
    let key = match &cell.key {
        Some(key) => format!("key {key}"),
        None => "no key".to_owned(),
    };
    let name = format!("Open record {} of {of}, {key}", cell.offset);
    html! {
        <button
            key={cell.offset}
            ref={place.clone()}
            type="button"
            class="stop"
            tabindex="-1"
            style={at(&cell.rect)}
            data-open={Subject::Record(of.clone(), cell.offset).to_string()}
            aria-label={name}
        />
    }
}

/// The cell of an offset; the first one when it has left the lane to the left.
fn nearest(cells: &[Cell], offset: i64) -> Option<&Cell> {
    let at = cells.partition_point(|cell| cell.offset < offset);
    cells.get(at).or(cells.last())
}

/// Where a key leads from a record, or from the lane itself.
fn next_record(cells: &[Cell], offset: Option<i64>, key: &str) -> Option<i64> {
    let last = cells.len().checked_sub(1)?;
    let here = offset.map(|offset| cells.partition_point(|cell| cell.offset < offset).min(last));
    let to = match (key, here) {
        ("Home", _) => 0,
        ("End", _) | ("ArrowLeft" | "ArrowRight", None) => last,
        ("ArrowLeft", Some(here)) => here.saturating_sub(1),
        ("ArrowRight", Some(here)) => (here + 1).min(last),
        _ => return None,
    };
    Some(cells[to].offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::ink::Ink;

    fn cell(offset: i64) -> Cell {
        Cell {
            moves_to: None,
            offset,
            key: None,
            value: None,
            timestamp_ms: 0,
            letters: String::new(),
            ink: Ink::NoKey,
            fate: None,
            rect: Rect::default(),
        }
    }

    #[test]
    fn arrow_keys_go_along_a_lane_and_no_further() {
        let cells: Vec<Cell> = [4, 5, 9].map(cell).to_vec();
        let next = |offset, key| next_record(&cells, offset, key);
        assert_eq!(next(None, "ArrowLeft"), Some(9), "one begins at the newest");
        assert_eq!(next(Some(9), "ArrowLeft"), Some(5));
        assert_eq!(next(Some(4), "ArrowLeft"), Some(4));
        assert_eq!(next(Some(5), "ArrowRight"), Some(9));
        assert_eq!(next(Some(9), "ArrowRight"), Some(9));
        assert_eq!(next(Some(9), "Home"), Some(4));
        // What has left the lane while time went on is passed over.
        assert_eq!(next(Some(1), "ArrowRight"), Some(5));
        assert_eq!(next(Some(5), "Enter"), None);
        assert_eq!(next_record(&[], None, "ArrowLeft"), None);
    }
}
