//! The benchmark as wasm, for `cargo xtask bench`: the page around it holds the
//! clock.

#![cfg(target_arch = "wasm32")]

#[path = "support/mod.rs"]
mod support;

use engine::client::Acks;
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes, replicates and reads records, with `acks=1`; returns how many.
#[wasm_bindgen(js_name = produceReplicateConsume)]
pub fn produce_replicate_consume() -> f64 {
    support::produce_replicate_consume(support::RECORDS, Acks::Leader) as f64
}
