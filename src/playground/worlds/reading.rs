//! Who reads what: groups, members, and consumers without a group.

use engine::client::SubscriptionType;
use engine::{Command, TopicPartition, WorldConfig};

use super::ReadyMade;
use super::building::{named, of_group, random_keys, records};
use crate::playground::Playground;
use crate::stage::By;

/// One topic, three groups that know nothing of each other.
pub(super) const SHOP: ReadyMade = ReadyMade {
    id: "shop",
    title: "One order, three readers",
    sentence: "Inventory, payment and notification each read every order at their own pace: \
               payment is slow and falls behind, notification stops and comes back where it was.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: shop,
};

/// More consumers than partitions.
pub(super) const IDLE_CONSUMERS: ReadyMade = ReadyMade {
    id: "idle-consumers",
    title: "More consumers than partitions",
    sentence: "Five consumers share three partitions, so that two are idle; when one that reads \
               leaves, an idle one takes over.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: idle_consumers,
};

/// Queue and broadcast at once.
pub(super) const TWO_GROUPS_AND_NONE: ReadyMade = ReadyMade {
    id: "two-groups-and-none",
    title: "Two groups and no group",
    sentence: "Two groups share the partitions among their members, each for itself, and a \
               consumer without a group reads all of them and commits nothing.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: two_groups_and_none,
};

/// The members of a group that was stopped come back after this, in seconds
/// since the world is first seen.
const COMES_BACK_S: u64 = 20;

fn shop(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("orders", 3)])?;
    let workload = records("orders", 500, random_keys("order-", 12), "placed ");
    playground.set_producer("checkout", workload)?;
    playground.set_group("inventory", "orders", 2)?;
    playground.set_consumer(of_group("payment"), "orders", 700)?;
    let notification = playground.set_consumer(named("mailer", "notification"), "orders", 20)?;
    playground.advance_us(10_000_000);
    playground.execute(Command::Close {
        client: notification,
    })?;
    playground.advance_us(6_000_000);
    playground.later(
        COMES_BACK_S,
        Command::AddConsumer {
            config: named("mailer", "notification"),
            topics: vec!["orders".into()],
        },
    );
    Ok(())
}

fn idle_consumers(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("tickets", 3)])?;
    let workload = records("tickets", 700, random_keys("guest-", 9), "help ");
    playground.set_producer("website", workload)?;
    let first = playground.set_consumer(of_group("support"), "tickets", 100)?;
    playground.set_group("support", "tickets", 4)?;
    playground.advance_us(14_000_000);
    playground.later(15, Command::Close { client: first });
    Ok(())
}

fn two_groups_and_none(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("events", 3)])?;
    let workload = records("events", 800, random_keys("device-", 7), "event ");
    playground.set_producer("devices", workload)?;
    playground.set_group("alerts", "events", 3)?;
    playground.set_group("archive", "events", 1)?;
    let config = named("looker-on", "");
    let topics = Vec::new();
    let alone = playground.execute(Command::AddConsumer { config, topics })?;
    let partitions = (0..3).map(|number| TopicPartition::new("events", number));
    playground.execute(Command::Subscribe {
        consumer: alone.ok_or("The consumer did not start.")?,
        to: SubscriptionType::Partitions(partitions.collect()),
    })?;
    playground.advance_us(14_000_000);
    Ok(())
}
