//! What each broker's box shows, and in how much detail.

use engine::collections::{BTreeMap, BTreeSet};

use engine::broker::Broker;
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::super::super::geometry::Rect;
use super::super::short_text;
use super::grid::Grid;
use super::replicas::{Describer, Holding, Holdings};
use super::{
    BrokerBox, Change, Faults, InternalLine, Replica, Standing, TopicGroup, characters, links,
    servers,
};
use engine::sorting::{sort_by, sort_by_key};

/// The narrowest replica that is shown in full, in rem.
const TILE_MIN: f32 = 8.4;
/// Between replicas that are shown in full, side by side, in rem.
pub(super) const TILE_GAP_X: f32 = 0.4;
/// Between a broker's frame and what is in it, in rem.
pub(super) const PAD: f32 = 0.4;
/// The most rows of replicas in full; where a broker has more, they are
/// folded.
const TILE_ROWS_MAX: usize = 8;
/// The most replicas of a broker that have a small box each when folded; where
/// one has more, they are counted.
const CHIPS_MAX: usize = 60;
/// The most topics of a folded broker that have a line.
const TOPICS_MAX: usize = 10;
/// The most replicas in full on a folded broker.
const FOLDED_TILES_MAX: usize = 3;

/// All boxes, not placed yet.
pub(super) struct Content {
    pub brokers: BTreeMap<i32, BrokerBox>,
    /// Where every partition has a row of its own on all brokers: which.
    pub slots: Option<Vec<TopicPartition>>,
    /// How many replicas in full stand side by side.
    pub tile_columns: usize,
}

/// In how much detail replicas are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Tiles,
    Chips,
    Counts,
}

impl Content {
    pub fn of(world: &World, grid: &Grid, faults: &Faults, opens_internal: bool) -> Content {
        let holdings = Holdings::of(world);
        let room = grid.box_width - 2.0 * PAD;
        let columns = ((room + TILE_GAP_X) / (TILE_MIN + TILE_GAP_X)).floor();
        let fullest = holdings.fullest();
        let tile_columns = (columns as usize).min(fullest).max(1);
        let detail = if fullest.div_ceil(tile_columns) <= TILE_ROWS_MAX {
            Detail::Tiles
        } else if fullest <= CHIPS_MAX {
            Detail::Chips
        } else {
            Detail::Counts
        };
        let mut filler = Filler {
            world,
            describer: Describer::new(world, &holdings.recent),
            holdings: &holdings,
            detail,
            opens_internal,
            room,
        };
        let brokers = world.brokers().values().map(|broker| {
            let troubles = links::troubles(faults, broker.id, characters(room));
            (broker.id, filler.fill(broker, troubles))
        });
        let brokers: BTreeMap<i32, BrokerBox> = brokers.collect();
        let is_one_row = grid.rows().len() == 1;
        let slots = (detail == Detail::Tiles && is_one_row).then(|| slots(&brokers, fullest));
        Content {
            slots: slots.flatten(),
            brokers,
            tile_columns,
        }
    }
}

/// The partitions of all tiles, when most brokers have a replica of each: then
/// each has its own place on all brokers.
fn slots(brokers: &BTreeMap<i32, BrokerBox>, fullest: usize) -> Option<Vec<TopicPartition>> {
    let tiles = brokers.values().flat_map(|it| &it.tiles);
    let all: BTreeSet<&TopicPartition> = tiles.map(|tile| &tile.topic_partition).collect();
    let is_dense = 2 * all.len() <= 3 * fullest;
    is_dense.then(|| all.into_iter().cloned().collect())
}

struct Filler<'a> {
    world: &'a World,
    describer: Describer<'a>,
    holdings: &'a Holdings<'a>,
    detail: Detail,
    opens_internal: bool,
    /// The width of a line of text, in rem.
    room: f32,
}

impl Filler<'_> {
    fn fill(&mut self, broker: &Broker, troubles: Vec<String>) -> BrokerBox {
        let none = BTreeMap::new();
        let users = self.holdings.users.get(&broker.id).unwrap_or(&none);
        let internal = self.holdings.internal.get(&broker.id).unwrap_or(&none);
        let count = |of: fn(&Holding) -> usize| users.values().map(of).sum::<usize>();
        let (leads, replicas) = (count(|it| it.leads), count(|it| it.replicas));
        let mut filled = BrokerBox {
            id: broker.id,
            rack: broker.rack.clone(),
            life: servers::life(self.world, broker),
            is_fenced: self.world.image().brokers.is_fenced(broker.id),
            controller: servers::role(self.world, broker.id),
            lines: servers::lines(self.world, broker, (leads, replicas), troubles),
            leads,
            replicas,
            is_folded: self.detail != Detail::Tiles,
            tiles: Vec::new(),
            topics: Vec::new(),
            more_topics: 0,
            more_tiles: 0,
            internal: Vec::new(),
            more: Rect::default(),
            rect: Rect::default(),
            header: Rect::default(),
        };
        for (topic, holding) in users {
            self.user_topic(broker, topic, holding, &mut filled);
        }
        if filled.is_folded {
            keep_most_important(&mut filled);
        }
        for (topic, holding) in internal {
            match self.opens_internal {
                true => filled.topics.push(self.group(broker, topic, holding, true)),
                false => filled.internal.push(self.folded(topic, holding)),
            }
        }
        filled
    }

    fn user_topic(
        &mut self,
        broker: &Broker,
        topic: &TopicName,
        holding: &Holding,
        filled: &mut BrokerBox,
    ) {
        match self.detail {
            Detail::Tiles => {
                let tiles = self.describer.all(broker, topic, holding);
                filled.tiles.extend(tiles);
            }
            Detail::Chips => {
                let group = self.group(broker, topic, holding, true);
                let notable = group.chips.iter().filter(|it| importance(it) > 0);
                filled.tiles.extend(notable.cloned());
                filled.topics.push(group);
            }
            Detail::Counts => {
                let notable = self.describer.notable(broker, topic, holding);
                filled.tiles.extend(notable);
                filled
                    .topics
                    .push(self.group(broker, topic, holding, false));
            }
        }
    }

    fn group(
        &mut self,
        broker: &Broker,
        topic: &TopicName,
        holding: &Holding,
        has_chips: bool,
    ) -> TopicGroup {
        let (leads, replicas) = (holding.leads, holding.replicas);
        let more = match (holding.newly_leads, holding.out_of_sync) {
            (0, out) if out > 0 && !has_chips => format!(", {out} out"),
            (0, _) => String::new(),
            (new, _) => format!(", {new} new"),
        };
        // Written in bold letters.
        let room = characters(0.85 * self.room);
        let long = format!("leads {leads} of {replicas}{more}");
        let left = room.saturating_sub(long.chars().count() + 2);
        let (text, left) = match left >= topic.chars().count() {
            true => (long, left),
            false => {
                let short = format!("{leads} of {replicas}{more}");
                let left = room.saturating_sub(short.chars().count() + 2);
                (short, left)
            }
        };
        TopicGroup {
            topic: topic.clone(),
            leads: holding.leads,
            newly_leads: holding.newly_leads,
            replicas: holding.replicas,
            out_of_sync: holding.out_of_sync,
            text: format!("{}: {text}", short_text(topic, left.max(4))),
            chips: match has_chips {
                true => self.describer.all(broker, topic, holding),
                false => Vec::new(),
            },
            label: Rect::default(),
        }
    }

    fn folded(&self, topic: &TopicName, holding: &Holding) -> InternalLine {
        let (leads, room) = (holding.leads, characters(self.room));
        let long = format!("leads {leads} of {topic}").chars().count() + 3;
        // Beside the number in its box.
        let left = room.saturating_sub(leads.to_string().len() + 2);
        InternalLine {
            topic: topic.clone(),
            leads,
            replicas: holding.replicas,
            name: short_text(topic, left.max(4)),
            is_wide: long <= room,
            rect: Rect::default(),
        }
    }
}

/// How much a replica deserves to be shown in full where most are not; 0 when
/// all is well. What is offline is seen on its broker.
pub(super) fn importance(replica: &Replica) -> u8 {
    let believes = matches!(
        replica.standing,
        Standing::Follower {
            believes_to_lead: Some(_),
            ..
        }
    );
    if replica.lost.is_some() {
        5
    } else if replica.is_offline {
        0
    } else if believes || replica.change == Some(Change::Elected { is_unclean: true }) {
        4
    } else if replica.cut.is_some() {
        3
    } else if !replica.is_in_sync {
        2
    } else {
        u8::from(replica.moving.is_some())
    }
}

fn keep_most_important(filled: &mut BrokerBox) {
    sort_by_key(&mut filled.tiles, |it| std::cmp::Reverse(importance(it)));
    filled.more_tiles = filled.tiles.len().saturating_sub(FOLDED_TILES_MAX);
    filled.tiles.truncate(FOLDED_TILES_MAX);
    sort_by(&mut filled.tiles, |one, other| {
        one.topic_partition.cmp(&other.topic_partition)
    });
    filled.more_topics = filled.topics.len().saturating_sub(TOPICS_MAX);
    filled.topics.truncate(TOPICS_MAX);
}
