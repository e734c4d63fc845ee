use std::rc::Rc;

use yew::prelude::*;

use super::super::Scene;
use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::super::scene::Lane;
use super::super::scene::brokers::BrokerBox;
use super::style;

/// How high a miniature is at most, in parts of its width: of a long board the
/// upper part is shown.
const HEIGHT_MAX: f32 = 0.56;
/// What is left free around it, in rem.
const MARGIN: f32 = 1.0;

#[derive(Properties, PartialEq)]
pub struct MiniatureProps {
    /// What to show.
    pub scene: Rc<Scene>,
}

/// The board from far away: boxes, lanes and records, without words.
#[component]
pub fn Miniature(props: &MiniatureProps) -> Html {
    let scene = &props.scene;
    let boxes = scene.producers.iter().map(|it| &it.rect);
    let boxes = boxes.chain(scene.topics.iter().map(|it| &it.rect));
    let boxes = boxes.chain(scene.groups.iter().map(|it| &it.rect));
    let brokers = scene.cluster.iter().flat_map(|it| &it.brokers);
    let boxes = boxes.chain(brokers.clone().map(|it| &it.rect));
    let bottom = boxes.map(Rect::bottom).fold(0.0, f32::max) + MARGIN;
    let height = bottom.min(scene.width * HEIGHT_MAX);
    html! {
        <svg
            class="miniature"
            viewBox={style::view_box(&Rect::new(0.0, 0.0, scene.width, height))}
            aria-hidden="true"
        >
            { for scene.ribbons.iter().map(|ribbon| html! {
                <path class="miniature-ribbon" d={ribbon.route.to_svg()} style={style::color(ribbon.ink)} />
            }) }
            { for scene.brokers.iter().map(|broker| block(&broker.rect, "miniature-broker", Ink::Plain)) }
            { for scene.producers.iter().map(|it| block(&it.rect, "miniature-box", Ink::Plain)) }
            { for scene.topics.iter().map(|it| block(&it.rect, "miniature-box", Ink::Plain)) }
            { for scene.topics.iter().flat_map(|it| &it.lanes).map(|it| lane(it)) }
            { for brokers.map(|it| broker(it)) }
            { for scene.groups.iter().map(|it| block(&it.rect, "miniature-box", it.ink)) }
            { for scene.groups.iter().flat_map(|it| {
                it.members.iter().map(|member| block(&member.rect, "miniature-member", it.ink))
            }) }
        </svg>
    }
}

fn broker(broker: &BrokerBox) -> Html {
    html! {
        <>
            { block(&broker.rect, "miniature-box", Ink::Plain) }
            { for broker.tiles.iter().map(|it| block(&it.rect, "miniature-lane", Ink::Plain)) }
        </>
    }
}

fn lane(lane: &Lane) -> Html {
    html! {
        <>
            { block(&lane.track, "miniature-lane", Ink::Plain) }
            { for lane.cells.iter().map(|cell| block(&cell.rect, "miniature-record", cell.ink)) }
        </>
    }
}

fn block(rect: &Rect, class: &'static str, ink: Ink) -> Html {
    html! {
        <rect
            {class}
            x={format!("{:.1}", rect.x)}
            y={format!("{:.1}", rect.y)}
            width={format!("{:.1}", rect.width)}
            height={format!("{:.1}", rect.height)}
            rx="0.4"
            style={style::color(ink)}
        />
    }
}
