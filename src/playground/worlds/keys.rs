//! Keys and partitions.

use engine::WorldConfig;
use engine::client::KeyPattern;

use super::ReadyMade;
use super::building::{of_group, random_keys, records};
use crate::playground::Playground;
use crate::stage::By;

/// The same user, the same lane.
pub(super) const ACTIVITY: ReadyMade = ReadyMade {
    id: "activity",
    title: "Keyed activity tracking",
    sentence: "A website and an app send what users do, keyed by user: whichever sends it, all of \
               one user is in one lane, in order.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: activity,
};

/// One key that most records have.
pub(super) const HOT_KEY: ReadyMade = ReadyMade {
    id: "hot-key",
    title: "A hot key",
    sentence: "One celebrity gets most of the likes, so that one lane fills and its consumer falls \
               behind while the others have nothing to do.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: hot_key,
};

fn activity(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("activity", 4)])?;
    let seen = records("activity", 700, random_keys("user-", 8), "views ");
    let tapped = records("activity", 1_100, random_keys("user-", 8), "taps ");
    playground.set_producer("website", seen)?;
    playground.set_producer("app", tapped)?;
    playground.set_group("recommendations", "activity", 2)?;
    playground.set_group("dashboard", "activity", 1)?;
    playground.advance_us(14_000_000);
    Ok(())
}

fn hot_key(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("likes", 3)])?;
    let celebrity = KeyPattern::Fixed("star".to_owned());
    let most = records("likes", 250, celebrity, "like ");
    let others = records("likes", 1_500, random_keys("user-", 6), "like ");
    playground.set_producer("fans", most)?;
    playground.set_producer("everyone", others)?;
    for _ in 0..3 {
        playground.set_consumer(of_group("counter"), "likes", 400)?;
    }
    playground.advance_us(16_000_000);
    Ok(())
}
