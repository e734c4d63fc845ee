//! Records per second of wall-clock time that three producers make, three
//! brokers store and a group of three reads.

#[path = "support/clock.rs"]
mod clock;
#[path = "support/mod.rs"]
mod support;

use support::{MEASURED, RECORDS, produce_replicate_consume};

fn main() {
    for (acks, name) in MEASURED {
        let mut records = 0;
        let time = clock::fastest(|| records = produce_replicate_consume(RECORDS, acks));
        let rate = clock::per_second(records, time);
        println!("{name} native {rate:.0} records/s");
    }
}
