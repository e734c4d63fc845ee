//! Records per second of wall-clock time that three producers make, three
//! brokers store and a group of three reads: `cargo bench -p engine --bench
//! produce_replicate_consume`.

#[path = "support/mod.rs"]
mod support;

#[allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]
use std::time::Instant;

/// How often it is measured. The fastest time is told: whatever makes another
/// one longer is not the engine.
const RUNS: usize = 5;

#[allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]
fn main() {
    let measure = || {
        let start = Instant::now();
        let records = support::produce_replicate_consume(support::RECORDS);
        records as f64 / start.elapsed().as_secs_f64()
    };
    let fastest = (0..RUNS).map(|_| measure()).fold(0.0, f64::max);
    println!("produce-replicate-consume native {fastest:.0} records/s");
}
