//! The maps and sets do what the standard library's do, whatever is done to
//! them.

#![allow(
    clippy::disallowed_types,
    reason = "the standard library's maps are what these are compared with"
)]

use std::collections::{BTreeMap as StdMap, BTreeSet as StdSet};
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::ops::Bound;

use super::{BTreeMap, BTreeSet, Entry};
use crate::sim::{Digest, Random, Stream};

/// How many things are done to a map of each seed.
const STEPS: u64 = 200;

/// Random numbers.
struct Draws(Random);

impl Draws {
    fn new(seed: u64) -> Draws {
        Draws(Random::new(seed, Stream::Tool))
    }

    fn below(&mut self, bound: u64) -> u64 {
        u64::from(self.0.below(bound as u32))
    }
}

fn digest(of: &impl Hash) -> u64 {
    let mut digest = Digest::default();
    of.hash(&mut digest);
    digest.finish()
}

/// All that can be asked of both is the same, and the map's parts are sound.
fn assert_same(map: &BTreeMap<String, u64>, std: &StdMap<String, u64>) {
    assert!(map.iter().eq(std));
    assert!(map.iter().rev().eq(std.iter().rev()));
    assert!(map.keys().eq(std.keys()));
    assert!(map.values().rev().eq(std.values().rev()));
    assert_eq!(map.iter().len(), std.len());
    assert_eq!((map.len(), map.is_empty()), (std.len(), std.is_empty()));
    assert_eq!(map.first_key_value(), std.first_key_value());
    assert_eq!(map.last_key_value(), std.last_key_value());
    assert_eq!(digest(map), digest(std));
    assert_eq!(format!("{map:?}"), format!("{std:?}"));
    assert_eq!(format!("{map:#?}"), format!("{std:#?}"));
    assert!(map.clone() == *map && map.clone().into_iter().eq(std.clone()));
    let chunks = map.keys.chunks();
    let is_sound = chunks.len() == 1 || chunks.iter().all(|chunk| !chunk.is_empty());
    assert!(is_sound && chunks.iter().all(|chunk| chunk.len() <= 32));
    let lens = chunks.iter().map(Vec::len);
    assert!(lens.eq(map.values.chunks().iter().map(Vec::len)));
}

/// Draws from the front and the back of both in turn until nothing is left.
fn assert_drawn_the_same<T: PartialEq + Debug>(
    random: &mut Draws,
    mut ours: impl DoubleEndedIterator<Item = T>,
    mut std: impl DoubleEndedIterator<Item = T>,
) {
    loop {
        let (ours, std) = match random.below(2) {
            0 => (ours.next(), std.next()),
            _ => (ours.next_back(), std.next_back()),
        };
        assert_eq!(ours, std);
        if ours.is_none() {
            return;
        }
    }
}

/// Two bounds of which the first is not above the second.
fn bounds(random: &mut Draws, keys: u64) -> (Bound<String>, Bound<String>) {
    let (one, other) = (random.below(keys), random.below(keys));
    let bound = |random: &mut Draws, key: u64| match random.below(3) {
        0 => Bound::Included(name(key)),
        1 => Bound::Excluded(name(key)),
        _ => Bound::Unbounded,
    };
    let to = bound(random, one.max(other) + 1);
    (bound(random, one.min(other)), to)
}

fn name(key: u64) -> String {
    format!("{key:04}")
}

fn change(
    random: &mut Draws,
    keys: u64,
    map: &mut BTreeMap<String, u64>,
    std: &mut StdMap<String, u64>,
) {
    let (key, value) = (name(random.below(keys)), random.below(1_000));
    match random.below(18) {
        0..=5 => assert_eq!(map.insert(key.clone(), value), std.insert(key, value)),
        6..=8 => assert_eq!(map.remove(key.as_str()), std.remove(key.as_str())),
        9 => {
            *map.entry(key.clone()).or_default() += value;
            *std.entry(key).or_default() += value;
        }
        10 => {
            let entry = map.entry(key.clone()).and_modify(|it| *it += 1);
            assert_eq!(
                entry.or_insert(value),
                std.entry(key).and_modify(|it| *it += 1).or_insert(value)
            );
        }
        11 => {
            if let Entry::Occupied(entry) = map.entry(key.clone()) {
                assert_eq!(Some(entry.remove()), std.remove(&key));
            }
            assert_eq!(map.get(&key), std.get(&key));
        }
        12 => assert_eq!(map.pop_first(), std.pop_first()),
        13 => assert_eq!(map.pop_last(), std.pop_last()),
        14 => {
            let part = 2 + random.below(9);
            map.retain(|_, value| *value % part > 0);
            std.retain(|_, value| *value % part > 0);
        }
        15 => {
            let part = 2 + random.below(9);
            let taken = map.extract_if(|_, value| *value % part == 0);
            assert!(
                taken
                    .into_iter()
                    .eq(std.extract_if(.., |_, value| *value % part == 0))
            );
        }
        16 => {
            let range = bounds(random, keys);
            for (_, value) in map.range_mut(range.clone()) {
                *value += 1;
            }
            for (_, value) in std.range_mut(range) {
                *value += 1;
            }
        }
        _ => {
            let more = |at: u64| (name((value + at) % keys), at);
            map.extend((0..keys / 4).map(more));
            std.extend((0..keys / 4).map(more));
        }
    }
}

#[test]
fn a_map_does_what_the_standard_librarys_does() {
    for seed in 0..24 {
        let mut random = Draws::new(seed);
        let keys = [5, 60, 400, 2_000][(seed % 4) as usize];
        let (mut map, mut std) = (BTreeMap::new(), StdMap::new());
        for _ in 0..STEPS {
            change(&mut random, keys, &mut map, &mut std);
            assert_same(&map, &std);
            let key = name(random.below(keys));
            assert_eq!(map.get(&key), std.get(&key));
            let range = bounds(&mut random, keys);
            let (ours, theirs) = (map.range(range.clone()), std.range(range));
            assert_drawn_the_same(&mut random, ours, theirs);
        }
        assert_drawn_the_same(&mut random, map.iter_mut(), std.iter_mut());
        assert_drawn_the_same(&mut random, map.into_iter(), std.into_iter());
    }
}

#[test]
fn a_set_does_what_the_standard_librarys_does() {
    for seed in 0..24 {
        let mut random = Draws::new(seed);
        let keys = [5, 60, 400][(seed % 3) as usize];
        let (mut set, mut std) = (BTreeSet::new(), StdSet::new());
        for _ in 0..STEPS {
            let key = random.below(keys);
            match random.below(5) {
                0..=2 => assert_eq!(set.insert(key), std.insert(key)),
                3 => assert_eq!(set.remove(&key), std.remove(&key)),
                _ => {
                    let part = 2 + random.below(9);
                    set.retain(|it| *it % part > 0);
                    std.retain(|it| *it % part > 0);
                }
            }
            assert!(set.iter().eq(&std));
            assert_eq!((set.first(), set.last()), (std.first(), std.last()));
            assert_eq!(digest(&set), digest(&std));
            assert_eq!(set.contains(&key), std.contains(&key));
            let other: Vec<u64> = (0..keys / 2).map(|_| random.below(keys)).collect();
            let (ours, theirs): (BTreeSet<u64>, StdSet<u64>) =
                (other.iter().copied().collect(), other.into_iter().collect());
            assert!((&set & &ours).iter().eq(&(&std & &theirs)));
            assert!((&set - &ours).iter().eq(&(&std - &theirs)));
            assert_eq!(set.is_subset(&ours), std.is_subset(&theirs));
            assert_eq!(set.cmp(&ours), std.cmp(&theirs));
            assert_drawn_the_same(&mut random, set.range(key..), std.range(key..));
        }
    }
}

#[test]
fn between_bounds_that_are_the_wrong_way_round_lies_nothing() {
    let map: BTreeMap<u64, u64> = (0..100).map(|it| (it, it)).collect();
    let (from, to) = (Bound::Included(70), Bound::Included(30));
    assert_eq!(map.range((from, to)).count(), 0);
}

/// A list that is filled in order and emptied from the front, as a queue is,
/// has full chunks, and no more of them than it takes.
#[test]
fn what_is_put_in_in_order_fills_its_chunks() {
    let mut map: BTreeMap<u64, u64> = (0..1_000).map(|it| (it, it)).collect();
    assert_eq!(map.keys.chunks().len(), 1_000_usize.div_ceil(32));
    for next in 1_000..5_000 {
        map.insert(next, next);
        map.pop_first();
        assert!(map.keys.chunks().len() <= 33);
    }
}

/// However entries are taken out, few chunks are left: each and the one behind
/// it would not fit into one, or were not touched.
#[test]
fn chunks_that_become_short_are_put_together() {
    let mut random = Draws::new(7);
    let mut map: BTreeMap<u64, u64> = (0..10_000).map(|it| (it, it)).collect();
    while map.len() > 400 {
        map.remove(&random.below(10_000));
    }
    assert!(map.keys.chunks().len() <= 60, "{}", map.keys.chunks().len());
}
