//! Inline styles: places in rem and colours of the theme.

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::super::scene::short_text;

/// A box of its own at a place on the board.
pub(super) fn at(rect: &Rect) -> String {
    format!(
        "left:{:.2}rem;top:{:.2}rem;width:{:.2}rem;height:{:.2}rem",
        rect.x, rect.y, rect.width, rect.height
    )
}

/// A size.
pub(super) fn size(width: f32, height: f32) -> String {
    format!("width:{width:.2}rem;height:{height:.2}rem")
}

/// Larger or smaller, from the top left corner.
pub(super) fn scaled(zoom: f32) -> String {
    if zoom == 1.0 {
        return String::new();
    }
    format!("transform:scale({zoom:.3});transform-origin:0 0")
}

/// The `viewBox` of an SVG in which one unit is a rem of the board.
pub(super) fn view_box(rect: &Rect) -> String {
    format!(
        "{:.2} {:.2} {:.2} {:.2}",
        rect.x, rect.y, rect.width, rect.height
    )
}

/// `--ink`, from which what is inside takes its colour.
pub(super) fn color(ink: Ink) -> String {
    format!("--ink:var({})", ink.variable())
}

/// A name as far as a line of this width has room for it, in rem, with what is
/// at its end, where names of clients differ.
pub(super) fn fitting(name: &str, width: f32, character: f32) -> String {
    short_text(name, (width / character).max(1.0) as usize)
}
