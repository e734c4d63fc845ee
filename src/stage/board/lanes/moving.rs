//! Moving along a lane: by wheel, by dragging, and with a slider that keys
//! move too.

use engine::TopicPartition;
use yew::prelude::*;

use super::super::super::geometry::Rect;
use super::super::super::scene::{Lane, Scrolling};
use super::super::super::{BoardAction, ViewChange};
use super::super::style::at;

/// How high the slider is, in rem.
const SLIDER: f32 = 0.55;
/// Pixels of a wheel for one place.
const WHEEL_PX: f64 = 40.0;

#[derive(Properties, PartialEq)]
pub(in super::super) struct LaneSliderProps {
    pub topic_partition: TopicPartition,
    pub scrolling: Option<Scrolling>,
    pub track: Rect,
    pub on_action: Callback<BoardAction>,
}

/// Where a lane stands in its log. Arrow keys move it by a record, Page keys by
/// many, Home and End to the ends; at the end it follows its newest records.
#[component]
pub(in super::super) fn LaneSlider(props: &LaneSliderProps) -> Html {
    let Some(scrolling) = props.scrolling else {
        return Html::default();
    };
    let of = props.topic_partition.clone();
    let oninput = props.on_action.reform(move |event: InputEvent| {
        let input: web_sys::HtmlInputElement = event.target_unchecked_into();
        let first = input.value_as_number() as i64;
        BoardAction::Look(ViewChange::MoveLane(of.clone(), first))
    });
    let track = &props.track;
    let rect = Rect::new(track.x, track.y - SLIDER / 2.0, track.width, SLIDER);
    let follows = scrolling.first >= scrolling.most;
    let told = match follows {
        true => "follows the newest records".to_owned(),
        false => format!("from offset {} on", scrolling.first),
    };
    html! {
        <input
            type="range"
            class={classes!("lane-slider", follows.then_some("is-following"))}
            style={at(&rect)}
            aria-label={format!("Move along {}", props.topic_partition)}
            aria-valuetext={told}
            min={scrolling.least.to_string()}
            max={scrolling.most.to_string()}
            step="1"
            value={scrolling.first.min(scrolling.most).to_string()}
            {oninput}
        />
    }
}

/// Where a drag began: the pointer, in CSS pixels, and the first offset then.
pub(super) type Drag = Option<(i32, i64)>;

/// A wheel over a lane: sideways, or up and down with Shift.
pub(super) fn on_wheel(lane: &Lane, on_action: &Callback<BoardAction>) -> Callback<WheelEvent> {
    let of = lane.topic_partition.clone();
    let scrolling = lane.scrolling;
    let on_action = on_action.clone();
    Callback::from(move |event: WheelEvent| {
        let Some(scrolling) = scrolling else {
            return;
        };
        let sideways = match event.shift_key() && event.delta_x() == 0.0 {
            true => event.delta_y(),
            false => event.delta_x(),
        };
        let places = (sideways / WHEEL_PX).round() as i64;
        if places != 0 {
            let first = scrolling.first + places;
            on_action.emit(BoardAction::Look(ViewChange::MoveLane(of.clone(), first)));
        }
    })
}

/// The pointer is moved over a lane while it is pressed.
pub(super) fn on_drag(
    lane: &Lane,
    drag: &std::rc::Rc<std::cell::RefCell<Drag>>,
    on_action: &Callback<BoardAction>,
) -> Callback<PointerEvent> {
    let of = lane.topic_partition.clone();
    let scrolling = lane.scrolling;
    let (width, cell) = (lane.track.width, lane.scale.cell);
    let (drag, on_action) = (drag.clone(), on_action.clone());
    Callback::from(move |event: PointerEvent| {
        let (Some(scrolling), true) = (scrolling, event.buttons() == 1) else {
            *drag.borrow_mut() = None;
            return;
        };
        let target: web_sys::Element = event.target_unchecked_into();
        let whole = target.closest("[data-lane]").ok().flatten();
        let track = whole.and_then(|it| it.query_selector(".track").ok().flatten());
        let Some(track) = track else {
            return;
        };
        let cell_px = track.get_bounding_client_rect().width() / f64::from(width / cell);
        let (x, first) = *drag
            .borrow_mut()
            .get_or_insert((event.client_x(), scrolling.first));
        let places = (f64::from(x - event.client_x()) / cell_px.max(1.0)).round() as i64;
        let wanted = first + places;
        if wanted != scrolling.first {
            on_action.emit(BoardAction::Look(ViewChange::MoveLane(of.clone(), wanted)));
        }
    })
}
