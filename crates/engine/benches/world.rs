//! What a world costs that does nothing much: a checkpoint of it, and its idle
//! time.

#[path = "support/clock.rs"]
mod clock;
#[path = "support/mod.rs"]
mod support;

use support::{Lab, RECORDS, cluster, pass_ms};

/// How much virtual time is measured, in seconds.
const IDLE_S: u32 = 10;

fn main() {
    let mut lab = Lab::new();
    lab.run(RECORDS);
    lab.finish();
    let time = clock::fastest(|| lab.world.clone());
    println!("checkpoint native {} us", time.as_micros());

    for count in [1, 3] {
        let brokers: Vec<i32> = (1..=count).collect();
        let time = clock::fastest(|| cluster(&brokers));
        println!(
            "start-of-{count} native {} us with 10 virtual seconds",
            time.as_micros()
        );
    }

    for count in [3, 100] {
        let brokers: Vec<i32> = (1..=count).collect();
        let mut world = cluster(&brokers);
        let time = clock::fastest(|| pass_ms(&mut world, i64::from(IDLE_S) * 1_000)) / IDLE_S;
        println!(
            "idle-cluster-of-{count} native {} us/virtual second",
            time.as_micros()
        );
    }
}
