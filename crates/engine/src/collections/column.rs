use std::borrow::Borrow;
use std::ops::Bound;

use super::walk::{Elements, ElementsMut, IntoElements};

/// The most elements that a chunk holds: what putting one in may have to move.
const CHUNK_LEN_MAX: usize = 32;

/// A chunk with fewer elements than this is put together with one beside it,
/// if both fit into one.
const CHUNK_LEN_MIN: usize = CHUNK_LEN_MAX / 4;

/// A list that is cut into chunks, so that an element in the middle of a long
/// one is put in or taken out by moving few others.
///
/// How it is cut depends on what was put in and taken out where, and not on
/// the elements: two columns that are always changed at the same places are cut
/// the same, and a place in one is the place of the same element in the other.
#[derive(Clone)]
pub(super) enum Column<T> {
    /// A short list has a single chunk, which alone may be empty.
    One(Vec<T>),
    /// At least two chunks.
    Many(Vec<Vec<T>>),
}

/// Where in a [`Column`] an element is, or would be put: behind the last of a
/// chunk too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    chunk: usize,
    index: usize,
}

impl Place {
    /// Where the first element is.
    pub const FIRST: Place = Place { chunk: 0, index: 0 };

    /// The place behind this one.
    fn next(self) -> Place {
        Place {
            index: self.index + 1,
            ..self
        }
    }
}

impl<T> Column<T> {
    pub const fn new() -> Self {
        Column::One(Vec::new())
    }

    /// The chunks, of which there is always one.
    pub fn chunks(&self) -> &[Vec<T>] {
        match self {
            Column::One(chunk) => std::slice::from_ref(chunk),
            Column::Many(chunks) => chunks,
        }
    }

    fn chunks_mut(&mut self) -> &mut [Vec<T>] {
        match self {
            Column::One(chunk) => std::slice::from_mut(chunk),
            Column::Many(chunks) => chunks,
        }
    }

    fn into_chunks(self) -> Vec<Vec<T>> {
        match self {
            Column::One(chunk) => vec![chunk],
            Column::Many(chunks) => chunks,
        }
    }

    pub fn len(&self) -> usize {
        self.chunks().iter().map(Vec::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Column::One(chunk) if chunk.is_empty())
    }

    pub fn first(&self) -> Option<&T> {
        self.chunks()[0].first()
    }

    /// Where the last element is, if there is any.
    pub fn last(&self) -> Option<Place> {
        let end = self.end();
        let index = end.index.checked_sub(1)?;
        Some(Place { index, ..end })
    }

    /// The place behind the last element.
    pub fn end(&self) -> Place {
        let chunks = self.chunks();
        let chunk = chunks.len() - 1;
        Place {
            chunk,
            index: chunks[chunk].len(),
        }
    }

    pub fn get(&self, at: Place) -> &T {
        &self.chunks()[at.chunk][at.index]
    }

    pub fn get_mut(&mut self, at: Place) -> &mut T {
        &mut self.chunks_mut()[at.chunk][at.index]
    }

    /// Puts an element in at a place, before the one that is there.
    pub fn insert(&mut self, at: Place, element: T) -> &mut T {
        let at = self.make_room(at);
        let chunk = &mut self.chunks_mut()[at.chunk];
        chunk.insert(at.index, element);
        &mut chunk[at.index]
    }

    /// Puts an element behind all others.
    fn push(&mut self, element: T) {
        self.insert(self.end(), element);
    }

    /// Cuts the chunk of this place if it is full, in the middle unless
    /// elements are being put behind all others; what the place is then.
    fn make_room(&mut self, at: Place) -> Place {
        let chunks = self.chunks();
        if chunks[at.chunk].len() < CHUNK_LEN_MAX {
            return at;
        }
        let is_behind_all = at == self.end();
        let stays = if is_behind_all {
            CHUNK_LEN_MAX
        } else {
            CHUNK_LEN_MAX / 2
        };
        let mut chunks = std::mem::replace(self, Column::new()).into_chunks();
        let goes = chunks[at.chunk].split_off(stays);
        chunks.insert(at.chunk + 1, goes);
        *self = Column::Many(chunks);
        match at.index.checked_sub(stays) {
            Some(index) => Place {
                chunk: at.chunk + 1,
                index,
            },
            None => at,
        }
    }

    pub fn remove(&mut self, at: Place) -> T {
        match self {
            Column::One(chunk) => chunk.remove(at.index),
            Column::Many(chunks) => {
                let removed = chunks[at.chunk].remove(at.index);
                if chunks[at.chunk].len() < CHUNK_LEN_MIN {
                    self.put_together(at.chunk);
                }
                removed
            }
        }
    }

    /// Puts a short chunk and the one beside it into one, if they fit.
    fn put_together(&mut self, chunk: usize) {
        let Column::Many(chunks) = self else {
            return;
        };
        let left = chunk.min(chunks.len() - 2);
        if chunks[left].len() + chunks[left + 1].len() > CHUNK_LEN_MAX {
            return;
        }
        let mut right = chunks.remove(left + 1);
        chunks[left].append(&mut right);
        if let [only] = &mut chunks[..] {
            *self = Column::One(std::mem::take(only));
        }
    }

    /// Takes out the elements of which `is_taken`, one for each, is true.
    pub fn extract(&mut self, is_taken: &[bool]) -> Self {
        let mut taken = Column::new();
        let all = std::mem::replace(self, Column::new());
        for (element, is_taken) in all.into_elements().zip(is_taken) {
            if *is_taken {
                taken.push(element);
            } else {
                self.push(element);
            }
        }
        taken
    }

    pub fn elements(&self) -> Elements<'_, T> {
        match self {
            Column::One(chunk) => Elements::new(chunk, &[], &[]),
            Column::Many(chunks) => Elements::new(&[], chunks, &[]),
        }
    }

    pub fn elements_mut(&mut self) -> ElementsMut<'_, T> {
        match self {
            Column::One(chunk) => ElementsMut::new(chunk, &mut [], &mut []),
            Column::Many(chunks) => ElementsMut::new(&mut [], chunks, &mut []),
        }
    }

    pub fn into_elements(self) -> IntoElements<T> {
        match self {
            Column::One(chunk) => IntoElements::new(chunk, Vec::new(), Vec::new()),
            Column::Many(chunks) => IntoElements::new(Vec::new(), chunks, Vec::new()),
        }
    }

    /// The elements from one place to before another.
    pub fn part(&self, from: Place, to: Place) -> Elements<'_, T> {
        match &self.chunks()[from.chunk..=to.chunk] {
            [] => Elements::new(&[], &[], &[]),
            [only] => Elements::new(&only[from.index..to.index], &[], &[]),
            [first, middle @ .., last] => {
                Elements::new(&first[from.index..], middle, &last[..to.index])
            }
        }
    }

    /// The elements from one place to before another, to be changed.
    pub fn part_mut(&mut self, from: Place, to: Place) -> ElementsMut<'_, T> {
        match &mut self.chunks_mut()[from.chunk..=to.chunk] {
            [] => ElementsMut::new(&mut [], &mut [], &mut []),
            [only] => ElementsMut::new(&mut only[from.index..to.index], &mut [], &mut []),
            [first, middle @ .., last] => {
                ElementsMut::new(&mut first[from.index..], middle, &mut last[..to.index])
            }
        }
    }

    /// Where an element is in a column that is in order, or where it would be.
    pub fn find<Q: Ord + ?Sized>(&self, wanted: &Q) -> Result<Place, Place>
    where
        T: Borrow<Q>,
    {
        let (chunk, elements) = match self {
            Column::One(elements) => (0, elements),
            Column::Many(chunks) => {
                let before_last = &chunks[..chunks.len() - 1];
                let chunk =
                    before_last.partition_point(|chunk| chunk[chunk.len() - 1].borrow() < wanted);
                (chunk, &chunks[chunk])
            }
        };
        match elements.binary_search_by(|it| it.borrow().cmp(wanted)) {
            Ok(index) => Ok(Place { chunk, index }),
            Err(index) => Err(Place { chunk, index }),
        }
    }

    /// From where to where the elements of a column that is in order lie
    /// between two bounds; nothing lies between bounds that are the wrong way
    /// round.
    pub fn between<Q: Ord + ?Sized>(&self, from: Bound<&Q>, to: Bound<&Q>) -> (Place, Place)
    where
        T: Borrow<Q>,
    {
        let before = |wanted: &Q| self.find(wanted).unwrap_or_else(|at| at);
        let behind = |wanted: &Q| match self.find(wanted) {
            Ok(at) => at.next(),
            Err(at) => at,
        };
        let from = match from {
            Bound::Unbounded => Place::FIRST,
            Bound::Included(wanted) => before(wanted),
            Bound::Excluded(wanted) => behind(wanted),
        };
        let to = match to {
            Bound::Unbounded => self.end(),
            Bound::Included(wanted) => behind(wanted),
            Bound::Excluded(wanted) => before(wanted),
        };
        (from, to.max(from))
    }
}
