//! Ordered maps and sets that take little code.
//!
//! They do what the standard library's do, whose trees are compiled once for
//! every pair of a key's and a value's type: in a page that was a quarter of
//! all the code that is loaded. Here keys and values lie in lists of their own,
//! so that what moves keys is compiled once for every type of key, what moves
//! values once for every type of value, and both are little more than what
//! `Vec` has anyway.
//!
//! An entry is found by halving, and put in or taken out by moving at most a
//! chunk of some dozen others. Of tens of thousands of entries that takes as
//! long as it does in a tree; of millions the list of the chunks would itself
//! become long.

mod column;
mod entry;
mod map;
mod set;
#[cfg(test)]
mod tests;
mod walk;

pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use map::{BTreeMap, IntoIter, Range, RangeMut};
pub use set::BTreeSet;
pub use walk::{Elements, ElementsMut, IntoElements, Pairs, Walk};
