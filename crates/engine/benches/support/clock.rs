//! Wall-clock time, which the engine itself never reads.

#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]
#![allow(dead_code, reason = "each benchmark uses some of it")]

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How often each thing is measured.
const RUNS: usize = 5;

/// The shortest time that `work` took: whatever made another run longer was
/// not the engine.
pub fn fastest<T>(mut work: impl FnMut() -> T) -> Duration {
    let measure = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..RUNS).map(measure).min().unwrap_or_default()
}

/// How much a second that is, when so much takes this long.
pub fn per_second(amount: u64, time: Duration) -> f64 {
    amount as f64 / time.as_secs_f64()
}
