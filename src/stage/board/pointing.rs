//! What a click or a tap means: the thing that carries `data-open` under it.

use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use super::super::Subject;
use super::super::geometry::Point;

/// Somebody pointed at the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointed {
    /// Where, in rem of the board; `None` for what was pressed with a key.
    pub at: Option<Point>,
    /// What stands there.
    pub under: Option<Subject>,
}

impl Pointed {
    /// What a click on the board points at; `None` for one on a button that
    /// does something else.
    pub(super) fn of(event: &MouseEvent) -> Option<Pointed> {
        let under = opened(event);
        let target = event.target()?.dyn_into::<Element>().ok()?;
        let button = target.closest("button").ok().flatten();
        if button.is_some_and(|button| !button.has_attribute("data-open")) {
            return None;
        }
        Some(Pointed {
            // A key presses a button without a click before it.
            at: (event.detail() > 0)
                .then(|| place(event, &target))
                .flatten(),
            under,
        })
    }
}

/// The thing that what was clicked leads to.
pub fn opened(event: &MouseEvent) -> Option<Subject> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let element = target.closest("[data-open]").ok().flatten()?;
    element.get_attribute("data-open")?.parse().ok()
}

fn place(event: &MouseEvent, target: &Element) -> Option<Point> {
    let world = target.closest(".board-world").ok().flatten()?;
    let corner = world.get_bounding_client_rect();
    let rem = super::super::painter::rem_px()?;
    let x = f64::from(event.client_x()) - corner.left();
    let y = f64::from(event.client_y()) - corner.top();
    Some(Point::new((x / rem) as f32, (y / rem) as f32))
}
