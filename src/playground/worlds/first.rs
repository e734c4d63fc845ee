//! What the page opens with.

use engine::WorldConfig;

use super::ReadyMade;
use super::building::{random_keys, records};
use crate::playground::Playground;
use crate::stage::By;

/// A topic, a producer with keys, and a group of two that reads.
pub(super) const ORDERS: ReadyMade = ReadyMade {
    id: "orders",
    title: "Orders by cart",
    sentence: "A shop sends orders keyed by cart to a topic of three partitions, and a group of \
               two consumers reads them.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: orders,
};

/// How long the first world has run when it is first seen, in microseconds:
/// its group is stable and its lanes hold some records.
const AGE_US: u64 = 14_000_000;

fn orders(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("orders", 3)])?;
    let workload = records("orders", 1_000, random_keys("cart-", 5), "order ");
    playground.set_producer("shop", workload)?;
    playground.set_group("billing", "orders", 2)?;
    playground.advance_us(AGE_US);
    Ok(())
}
