//! The benchmark as wasm, for `cargo xtask bench`: the page around it holds the
//! clock.

#![cfg(target_arch = "wasm32")]

#[path = "support/mod.rs"]
mod support;

use support::MEASURED;
use wasm_bindgen::prelude::wasm_bindgen;

/// What is measured, by name.
#[wasm_bindgen]
pub fn names() -> Vec<String> {
    MEASURED.map(|(_, name)| name.to_owned()).to_vec()
}

/// Makes, replicates and reads records, as the name of this index says; returns
/// how many.
#[wasm_bindgen(js_name = produceReplicateConsume)]
pub fn produce_replicate_consume(index: usize) -> f64 {
    let (acks, _) = MEASURED[index];
    support::produce_replicate_consume(support::RECORDS, acks) as f64
}
