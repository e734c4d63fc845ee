//! Paints what flies on the canvas.
//!
//! The canvas covers what is seen of the board, not the whole of it, so that a
//! tall board costs no more than a small one.

mod brush;
mod labels;
mod theme;

use std::cell::RefCell;

use engine::World;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

use super::geometry::Rect;
use super::packets::{PacketMark, packet_marks};
use super::scene::{COLUMNS_FROM, Room, Scene};
use brush::Brush;
use theme::Theme;
pub(super) use theme::rem_px;

/// The longest side of a canvas, in device pixels.
const CANVAS_MAX: f64 = 4_096.0;
/// How often packets move when the system asks for less motion, in
/// milliseconds.
const REDUCED_MOTION_MS: f64 = 500.0;
/// From this many marks on nothing is written on them.
const TEXT_MAX: usize = 300;

thread_local! {
    static STUDIO: RefCell<Option<Studio>> = const { RefCell::new(None) };
}

/// What is kept from one frame to the next.
struct Studio {
    theme: Theme,
    painted_at_ms: f64,
}

/// What of the board is seen, and how it lies on the canvas.
struct Window {
    /// CSS pixels for a rem.
    rem: f64,
    /// Where of the board its left upper corner is, in CSS pixels.
    scrolled: (f64, f64),
    /// Its size, in CSS pixels.
    size: (f64, f64),
    /// From where to where the board is seen, downwards, in CSS pixels.
    seen: (f64, f64),
    /// Device pixels for a CSS pixel.
    ratio: f64,
}

/// Paints the packets of a world over its scene. To be called every frame, and
/// once after anything has changed while time stands still. Tells which part of
/// the board is seen, in rem of the scene; `None` where nothing was painted.
///
/// Where the system asks for less motion, packets move twice a second.
pub fn paint(
    canvas: &HtmlCanvasElement,
    scene: &Scene,
    world: &World,
    playing: bool,
) -> Option<Rect> {
    STUDIO.with_borrow_mut(|studio| {
        if studio.is_none() {
            *studio = Theme::read().map(|theme| Studio {
                theme,
                painted_at_ms: f64::NEG_INFINITY,
            });
        }
        let studio = studio.as_mut()?;
        studio.theme.refresh();
        studio.paint(canvas, scene, world, playing)
    })
}

/// How much room the board has that this canvas lies over, where what is always
/// seen above and below it takes so many CSS pixels; `None` before it has been
/// laid out.
pub fn measure(canvas: &HtmlCanvasElement, around_px: f64) -> Option<Room> {
    let board = board(canvas)?;
    let width = f64::from(board.client_width());
    let rem = theme::rem_px()?;
    if width <= 0.0 || rem <= 0.0 {
        return None;
    }
    let in_rem = |px: f64| (px / rem) as f32;
    let window = web_sys::window()?.inner_height().ok()?.as_f64()?;
    let beside = board.closest(".has-panel-beside").ok().flatten();
    let all = beside.map(|both| f64::from(both.client_width()));
    Some(Room {
        width_rem: in_rem(width),
        height_rem: Some(in_rem((window - around_px).max(0.0))),
        keeps_columns: all.is_some_and(|all| in_rem(all) >= COLUMNS_FROM),
    })
}

fn board(canvas: &HtmlCanvasElement) -> Option<Element> {
    canvas.closest(".board").ok().flatten()
}

impl Studio {
    fn paint(
        &mut self,
        canvas: &HtmlCanvasElement,
        scene: &Scene,
        world: &World,
        playing: bool,
    ) -> Option<Rect> {
        let is_calm = playing && self.theme.wants_less_motion();
        let now_ms = js_sys::Date::now();
        if is_calm && (now_ms - self.painted_at_ms).abs() < REDUCED_MOTION_MS {
            return None;
        }
        self.painted_at_ms = now_ms;
        let (window, context) = (fit(canvas, scene)?, context(canvas)?);
        let marks = packet_marks(world, scene);
        let seen: Vec<&PacketMark> = marks.iter().filter(|mark| window.shows(mark)).collect();
        let brush = Brush {
            context: &context,
            theme: &self.theme,
            rem: window.rem,
            has_text: seen.len() <= TEXT_MAX,
            has_arrows: !playing || is_calm,
        };
        window.begin(&context);
        match brush.has_text || brush.has_arrows {
            true => seen.iter().for_each(|mark| brush.mark(mark)),
            false => brush.swarm(&seen),
        }
        if brush.has_text {
            labels::write(&brush, &seen, scene);
        }
        Some(window.seen())
    }
}

impl Window {
    /// What of the scene is seen, in rem.
    fn seen(&self) -> Rect {
        let rem = |px: f64| (px / self.rem) as f32;
        let (top, bottom) = self.seen;
        let height = (bottom - top).max(0.0);
        Rect::new(
            rem(self.scrolled.0),
            rem(top),
            rem(self.size.0),
            rem(height),
        )
    }

    fn shows(&self, mark: &PacketMark) -> bool {
        let slack = 6.0 * self.rem;
        let x = f64::from(mark.at.x) * self.rem - self.scrolled.0;
        let y = f64::from(mark.at.y) * self.rem - self.scrolled.1;
        (-slack..self.size.0 + slack).contains(&x) && (-slack..self.size.1 + slack).contains(&y)
    }

    /// Wipes the canvas and lets one CSS pixel of the board be one unit of it.
    fn begin(&self, context: &CanvasRenderingContext2d) {
        let (width, height) = self.size;
        let ratio = self.ratio;
        // Setting a transform fails only for numbers that are not finite.
        let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, width, height);
        let _ = context.translate(-self.scrolled.0, -self.scrolled.1);
    }
}

/// Gives the canvas the size of what is seen of the board.
fn fit(canvas: &HtmlCanvasElement, scene: &Scene) -> Option<Window> {
    let board = board(canvas)?;
    let world = canvas.closest(".board-world").ok().flatten()?;
    // A board that is higher than the window moves with the page.
    let browser = web_sys::window()?;
    let height_seen = browser.inner_height().ok()?.as_f64()?;
    let all = f64::from(board.client_height());
    let above = -board.get_bounding_client_rect().top();
    let size = (f64::from(board.client_width()), all.min(height_seen));
    let down = above.clamp(0.0, all - size.1).floor();
    let inner = f64::from(board.scroll_top());
    let device = browser.device_pixel_ratio().max(0.25);
    let longest = size.0.max(size.1).max(1.0);
    let ratio = device.min(CANVAS_MAX / longest);
    let (width, height) = ((size.0 * ratio) as u32, (size.1 * ratio) as u32);
    if width == 0 || height == 0 {
        return None;
    }
    if (canvas.width(), canvas.height()) != (width, height) {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let style = format!("width:{}px;height:{}px;top:{down}px", size.0, size.1);
    if canvas.get_attribute("style").as_deref() != Some(style.as_str()) {
        canvas.set_attribute("style", &style).ok()?;
    }
    Some(Window {
        rem: f64::from(world.client_width()) / f64::from(scene.width),
        scrolled: (f64::from(board.scroll_left()), inner + down),
        size,
        seen: (inner + above.max(0.0), inner + all.min(above + height_seen)),
        ratio,
    })
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    let context = canvas.get_context("2d").ok().flatten()?;
    context.dyn_into().ok()
}
