//! Bytes of memory for each record that three replicas retain, all that the
//! world holds besides counted in.

#[path = "support/mod.rs"]
mod support;

use std::alloc::System;

use cap::Cap;
use support::{Lab, RECORDS, VALUE_BYTES};

/// Counts what is allocated; it forbids nothing.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

fn main() {
    let mut lab = Lab::new();
    let before = ALLOCATOR.allocated();
    lab.run(RECORDS);
    lab.finish();
    let used = ALLOCATOR.allocated() - before;
    let each = used as f64 / lab.records_stored() as f64;
    println!("memory-retained native {each:.1} bytes/record of {VALUE_BYTES} bytes on 3 replicas");

    let before = ALLOCATOR.allocated();
    let checkpoint = lab.world.clone();
    let used = ALLOCATOR.allocated() - before;
    println!("memory-checkpoint native {} kB", used / 1_000);
    drop(checkpoint);
}
