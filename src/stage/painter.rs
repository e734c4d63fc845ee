//! Paints what flies on the canvas.

use engine::World;
use web_sys::HtmlCanvasElement;

use super::scene::{Scene, View};

/// Paints the packets of a world over its scene. To be called every frame, and
/// once after anything has changed while time stands still.
pub fn paint(_canvas: &HtmlCanvasElement, _scene: &Scene, _world: &World, _playing: bool) {}

/// How wide the board is that this canvas lies over; `None` before it has been
/// laid out.
pub fn measure(_canvas: &HtmlCanvasElement) -> Option<View> {
    None
}
