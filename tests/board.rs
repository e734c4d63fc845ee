//! The page's own tests in a real browser: what Yew puts into the document.
#![cfg(target_arch = "wasm32")]

use kafka_lanes::app::App;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The parts that tests and people rely on are there under their names.
#[wasm_bindgen_test]
async fn the_page_has_its_parts() {
    let document = gloo::utils::document();
    let root = document.create_element("div").expect("an element");
    gloo::utils::body()
        .append_child(&root)
        .expect("it is put in");
    let app = yew::Renderer::<App>::with_root(root.clone()).render();
    yew::platform::time::sleep(std::time::Duration::from_millis(300)).await;
    for part in [
        "section[aria-label='Board']",
        "[role='log'][aria-label='Terminal output']",
        "input[aria-label='Kafka command line']",
        "input[type='range'][aria-label='Speed']",
        "[role='status'][aria-label='Caption']",
    ] {
        let found = root.query_selector(part).expect("a sound selector");
        assert!(found.is_some(), "{part} is missing");
    }
    let text = root.text_content().unwrap_or_default();
    assert!(text.contains("Topic orders: 3 partitions"), "{text}");
    app.destroy();
}
