//! Sorting that takes little code.
//!
//! The standard library's sorts are compiled once for every type and every
//! order that they are used with, some kilobytes each time. Here the places of
//! the elements are sorted, which is the same code for all, and the elements
//! then put there.

use std::cmp::Ordering;

/// Sorts; what is equal stays in the order in which it is.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let places = sorted_places(items.len(), &|a, b| compare(&items[a], &items[b]));
    arrange(places, &mut |a, b| items.swap(a, b));
}

/// Sorts by what `key` says of each; what has equal keys stays in the order in
/// which it is.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts; what is equal stays in the order in which it is.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// Which element comes at each place.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the one sort that all others stand on"
)]
fn sorted_places(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..len).collect();
    places.sort_by(|a, b| compare(*a, *b));
    places
}

/// Puts at each place the element that `places` names, by exchanging elements.
fn arrange(mut places: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for first in 0..places.len() {
        // Elements change places in circles: each goes where the one before it
        // in its circle has left.
        let mut at = first;
        while places[at] != first {
            let next = std::mem::replace(&mut places[at], at);
            swap(at, next);
            at = next;
        }
        places[at] = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Random, Stream};

    #[test]
    fn what_is_equal_stays_in_its_order() {
        let mut random = Random::new(1, Stream::Tool);
        for len in [0, 1, 2, 3, 10, 30, 300] {
            let mut items: Vec<(u32, usize)> = (0..len).map(|at| (random.below(10), at)).collect();
            sort_by_key(&mut items, |(key, _)| *key);
            assert!(items.is_sorted(), "{items:?}");
            let mut all: Vec<usize> = items.iter().map(|(_, at)| *at).collect();
            sort(&mut all);
            assert!(all.into_iter().eq(0..len));
        }
    }
}
