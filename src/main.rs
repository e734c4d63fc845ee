//! Puts the page up.

use gloo::utils::{body, document};
use web_sys::console;

fn main() {
    yew::set_custom_panic_hook(Box::new(|panic| say_that_it_stopped(&panic.to_string())));
    yew::Renderer::<kafka_lanes::app::App>::new().render();
}

/// A mistake of ours stops the program. The person is told, and what they see
/// stays.
fn say_that_it_stopped(panic: &str) {
    console::error_1(&panic.into());
    let Ok(notice) = document().create_element("p") else {
        return;
    };
    notice.set_class_name("stopped");
    notice.set_text_content(Some(&format!(
        "Kafka Lanes has stopped because of a mistake of its own: reload the page to go on. \
         What to report: {panic}"
    )));
    // The notice is all that is left to say it with: if it cannot be put up,
    // the console has the rest.
    let _ = notice.set_attribute("role", "alert");
    let _ = body().insert_before(&notice, body().first_child().as_ref());
}
