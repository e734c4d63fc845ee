//! The moments of a history that are kept, within bounds.

use engine::World;

use super::Position;
use crate::playground::Playground;

/// How many moments are kept at most.
pub const MOMENTS_MAX: usize = 300;
/// How many bytes they may hold at most that the present world does not, by
/// estimate.
pub const HELD_BYTES_MAX: usize = 192 << 20;

/// So many of the latest moments are never thinned out: somebody who goes back
/// mostly goes back a little.
const LATEST_KEPT: usize = 16;
/// A moment around a deed or a step stays until there is one in so many times
/// the stretch of time that other moments have between them.
const DEED_COUNTS: u64 = 8;

/// What a moment takes besides the records, by estimate, in bytes: by itself,
/// and for every replica, client and packet. Measured with the ready-made
/// worlds.
const BYTES_EACH: usize = 150_000;
const BYTES_OF_REPLICA: usize = 2_500;
const BYTES_OF_CLIENT: usize = 15_000;
const BYTES_OF_PACKET: usize = 1_000;

/// Why a moment is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Time has passed since the last one.
    Passing,
    /// Somebody is about to act, or to step on.
    Before,
    /// Somebody has acted. Time alone does not lead here, so that it is kept
    /// as long as anything before it.
    Deed,
}

/// A world as it was.
#[derive(Debug)]
pub(super) struct Moment {
    pub position: Position,
    pub playground: Playground,
    kind: Kind,
    own_bytes: usize,
    /// The records that it has and the next moment has not, in bytes.
    record_bytes: usize,
}

impl Moment {
    /// What it takes besides the records, in bytes, by estimate.
    pub fn own_bytes(&self) -> usize {
        self.own_bytes
    }
}

/// Moments, the earliest first.
///
/// Bounded in two ways. Of more than [`MOMENTS_MAX`] those are dropped without
/// which the gap is the shortest, so that the rest lies evenly over all the
/// time; any instant between two of them can still be gone to. When they hold
/// more than [`HELD_BYTES_MAX`], the earliest are dropped, and the history
/// begins later.
#[derive(Debug)]
pub(super) struct Moments {
    all: Vec<Moment>,
    held_bytes: usize,
}

impl Moments {
    /// Begins with the moment at which a world is opened.
    pub fn new(position: Position, playground: &Playground) -> Moments {
        let mut moments = Moments {
            all: Vec::new(),
            held_bytes: 0,
        };
        moments.keep(position, playground.clone(), Kind::Before);
        moments
    }

    /// The earliest position that can be gone to.
    pub fn earliest(&self) -> Position {
        self.all[0].position
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How much they hold that the present world does not, in bytes, by
    /// estimate.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Whether there is one at this very position.
    pub fn has(&self, position: Position) -> bool {
        self.place_of(position).is_ok()
    }

    /// The last moment at a position or before it.
    pub fn up_to(&self, position: Position) -> Option<&Moment> {
        let after = self.all.partition_point(|it| it.position <= position);
        self.all[..after].last()
    }

    /// The last moment before a position.
    pub fn before(&self, position: Position) -> Option<&Moment> {
        let after = self.all.partition_point(|it| it.position < position);
        self.all[..after].last()
    }

    /// Keeps a moment, if there is none at its position.
    pub fn keep(&mut self, position: Position, playground: Playground, kind: Kind) {
        let Err(place) = self.place_of(position) else {
            return;
        };
        let own_bytes = own_bytes(playground.world());
        self.held_bytes += own_bytes;
        let moment = Moment {
            position,
            playground,
            kind,
            own_bytes,
            record_bytes: 0,
        };
        self.all.insert(place, moment);
        self.count_records(place);
        if let Some(before) = place.checked_sub(1) {
            self.count_records(before);
        }
        self.drop_what_is_too_much();
    }

    /// Forgets what lies after a position.
    pub fn forget_after(&mut self, position: Position) {
        let after = self.all.partition_point(|it| it.position <= position);
        self.all.truncate(after.max(1));
        self.count_records(self.all.len() - 1);
        let held = self.all.iter().map(|it| it.own_bytes + it.record_bytes);
        self.held_bytes = held.sum();
    }

    fn place_of(&self, position: Position) -> Result<usize, usize> {
        self.all.binary_search_by_key(&position, |it| it.position)
    }

    fn drop_what_is_too_much(&mut self) {
        while self.all.len() > MOMENTS_MAX {
            self.remove(self.least_missed().unwrap_or(0));
        }
        while self.held_bytes > HELD_BYTES_MAX && self.all.len() > 1 {
            self.remove(0);
        }
    }

    /// The moment without which the gap is the shortest; `None` when there are
    /// only such as have to stay.
    fn least_missed(&self) -> Option<usize> {
        let places = 1..self.all.len().saturating_sub(LATEST_KEPT);
        let may_go = places.filter(|place| self.all[*place].kind != Kind::Deed);
        may_go.min_by_key(|place| {
            let (before, after) = (&self.all[place - 1], &self.all[place + 1]);
            let gap = after.position.at.us_since(before.position.at);
            match self.all[*place].kind {
                Kind::Before => gap * DEED_COUNTS,
                Kind::Passing | Kind::Deed => gap,
            }
        })
    }

    fn remove(&mut self, place: usize) {
        let moment = self.all.remove(place);
        self.held_bytes -= moment.own_bytes + moment.record_bytes;
        if let Some(before) = place.checked_sub(1) {
            self.count_records(before);
        }
    }

    /// Records lie in buffers that worlds share, so that a moment holds only
    /// what was deleted until the next one.
    fn count_records(&mut self, place: usize) {
        let here = self.all[place].playground.world();
        let next = self.all.get(place + 1);
        let bytes = next.map_or(0, |next| deleted_bytes(here, next.playground.world()));
        let moment = &mut self.all[place];
        self.held_bytes = self.held_bytes + bytes - moment.record_bytes;
        moment.record_bytes = bytes;
    }
}

/// What a copy of a world takes besides the records, in bytes, by estimate.
fn own_bytes(world: &World) -> usize {
    let partitions = world.topics().values().flat_map(|topic| &topic.partitions);
    let replicas: usize = partitions.map(|it| it.replicas.len()).sum();
    BYTES_EACH
        + BYTES_OF_REPLICA * replicas
        + BYTES_OF_CLIENT * world.clients().len()
        + BYTES_OF_PACKET * world.packets().count()
}

/// The records that one world has and a later one has not, in bytes.
fn deleted_bytes(before: &World, after: &World) -> usize {
    let topics = before.topics().iter();
    let partitions = topics.flat_map(|(name, topic)| {
        let numbers = 0..topic.partitions.len() as i32;
        numbers.map(|number| engine::TopicPartition::new(name.clone(), number))
    });
    let deleted = partitions.filter_map(|of| {
        let log = &before.partition(&of)?.log;
        let still_from = after.partition(&of).map(|it| it.log.start_offset());
        let until = still_from.unwrap_or(i64::MAX).min(log.end_offset());
        Some(log.bytes_between(log.start_offset(), until))
    });
    deleted.sum()
}
