//! The board's HTML and SVG.

use std::rc::Rc;

use yew::prelude::*;

use super::{BoardAction, Scene};

/// What the board is given.
#[derive(Properties, PartialEq)]
pub struct BoardProps {
    /// What to show.
    pub scene: Rc<Scene>,
    /// Called when a button is pressed.
    pub on_action: Callback<BoardAction>,
    /// Where to put the canvas on which packets are painted.
    pub canvas_ref: NodeRef,
}

/// The board: `region "Board"`.
#[component]
pub fn Board(props: &BoardProps) -> Html {
    let _ = (&props.scene, &props.on_action);
    html! {
        <section class="board" aria-label="Board">
            <canvas ref={props.canvas_ref.clone()} class="board-canvas" aria-hidden="true" />
        </section>
    }
}
