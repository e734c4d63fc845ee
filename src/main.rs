//! Puts the page up.

fn main() {
    yew::Renderer::<kafka_lanes::app::App>::new().render();
}
