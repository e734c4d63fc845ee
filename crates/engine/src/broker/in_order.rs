//! Looking up thousands of partitions one after the other: a follower fetches
//! all that it copies in each request, in their order.

use crate::collections::{BTreeMap, Range};
use std::cmp::Ordering;

/// How many entries are passed over, looking for the next one, before it is
/// looked up as any other: of three brokers each leads every third partition.
const STEPS_MAX: usize = 8;

/// Finds keys of an ordered map. Keys may come in any order; those that come in
/// the map's are found in passing, a few steps from the one before.
pub(super) struct InOrder<'m, K, V> {
    map: &'m BTreeMap<K, V>,
    /// What is left of the map behind the entry last found.
    ahead: Range<'m, K, V>,
}

impl<'m, K: Ord, V> InOrder<'m, K, V> {
    pub fn new(map: &'m BTreeMap<K, V>) -> InOrder<'m, K, V> {
        let ahead = map.range(..);
        InOrder { map, ahead }
    }

    /// The same as [`BTreeMap::get`].
    pub fn get(&mut self, wanted: &K) -> Option<&'m V> {
        for (key, value) in self.ahead.by_ref().take(STEPS_MAX) {
            match key.cmp(wanted) {
                Ordering::Less => {}
                Ordering::Equal => return Some(value),
                Ordering::Greater => break,
            }
        }
        self.ahead = self.map.range(wanted..);
        let (key, value) = self.ahead.next()?;
        if key == wanted {
            return Some(value);
        }
        // It may be what is wanted next.
        self.ahead = self.map.range(wanted..);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_in_whatever_order_it_is_asked_for() {
        let map: BTreeMap<i32, i32> = (0..100).map(|it| (it * 3, it)).collect();
        let in_order = 0..300;
        let far_apart = (0..300).step_by(40);
        let back = (0..300).rev();
        let to_and_fro = (0..300).map(|it| (it * 7) % 300);
        let wanted = in_order.chain(far_apart).chain(back).chain(to_and_fro);
        let mut found = InOrder::new(&map);
        for key in wanted.chain([-1, 300, 0]) {
            assert_eq!(found.get(&key), map.get(&key), "{key}");
        }
    }
}
