//! Wall-clock time, which the engine itself never reads.

#![allow(clippy::disallowed_types, reason = "a benchmark reads the clock")]
#![allow(dead_code, reason = "each benchmark uses some of it")]

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How often each thing is measured.
const RUNS: usize = 5;
/// The same of what takes long.
const CPU_RUNS: usize = 3;

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

/// The shortest CPU time that `work` took, given something new each time: where
/// Linux counts it, which it does to some milliseconds, else wall-clock time.
/// For work of a second or so, which nothing can be waited for to leave alone.
pub fn fastest_cpu<I, T>(mut prepare: impl FnMut() -> I, mut work: impl FnMut(I) -> T) -> Duration {
    let measure = |_| {
        let prepared = prepare();
        let (start, cpu_start) = (Instant::now(), cpu());
        let done = black_box(work(prepared));
        let time = match (cpu_start, cpu()) {
            (Some(start), Some(end)) => end.saturating_sub(start),
            _ => start.elapsed(),
        };
        drop(done);
        time
    };
    (0..CPU_RUNS).map(measure).min().unwrap_or_default()
}

/// How long this thread, the only one, has run on a processor.
fn cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
