use std::{slice, vec};

/// Goes through the elements of chunks, from either end.
#[derive(Clone)]
pub struct Walk<C, E> {
    /// What is left of the chunk at the front.
    front: E,
    /// The chunks of which nothing was given out.
    middle: C,
    /// What is left of the chunk at the back.
    back: E,
}

/// The elements of a [`super::column::Column`].
pub type Elements<'a, T> = Walk<slice::Iter<'a, Vec<T>>, slice::Iter<'a, T>>;

/// The elements of a [`super::column::Column`], to be changed.
pub type ElementsMut<'a, T> = Walk<slice::IterMut<'a, Vec<T>>, slice::IterMut<'a, T>>;

/// The elements of a [`super::column::Column`], taken out.
pub type IntoElements<T> = Walk<vec::IntoIter<Vec<T>>, vec::IntoIter<T>>;

/// What goes through chunks knows how long they are.
pub trait Chunks: DoubleEndedIterator {
    /// How many elements are in the chunks of which nothing was given out.
    fn elements_len(&self) -> usize;
}

fn elements_len<T>(chunks: &[Vec<T>]) -> usize {
    chunks.iter().map(Vec::len).sum()
}

impl<T> Chunks for slice::Iter<'_, Vec<T>> {
    fn elements_len(&self) -> usize {
        elements_len(self.as_slice())
    }
}

impl<T> Chunks for slice::IterMut<'_, Vec<T>> {
    fn elements_len(&self) -> usize {
        elements_len(self.as_slice())
    }
}

impl<T> Chunks for vec::IntoIter<Vec<T>> {
    fn elements_len(&self) -> usize {
        elements_len(self.as_slice())
    }
}

impl<C, E> Walk<C, E>
where
    C: Iterator<Item: IntoIterator<IntoIter = E, Item = E::Item>>,
    E: Iterator,
{
    pub(super) fn new(
        front: impl IntoIterator<IntoIter = E, Item = E::Item>,
        middle: impl IntoIterator<IntoIter = C, Item = C::Item>,
        back: impl IntoIterator<IntoIter = E, Item = E::Item>,
    ) -> Self {
        Walk {
            front: front.into_iter(),
            middle: middle.into_iter(),
            back: back.into_iter(),
        }
    }

    #[cold]
    fn next_chunk(&mut self) -> Option<E::Item> {
        match self.middle.next() {
            Some(chunk) => {
                self.front = chunk.into_iter();
                self.front.next()
            }
            None => self.back.next(),
        }
    }
}

impl<C, E> Iterator for Walk<C, E>
where
    C: Chunks<Item: IntoIterator<IntoIter = E, Item = E::Item>>,
    E: DoubleEndedIterator + ExactSizeIterator,
{
    type Item = E::Item;

    fn next(&mut self) -> Option<E::Item> {
        match self.front.next() {
            None => self.next_chunk(),
            next => next,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.front.len() + self.middle.elements_len() + self.back.len();
        (len, Some(len))
    }

    fn last(mut self) -> Option<E::Item> {
        self.next_back()
    }
}

impl<C, E> DoubleEndedIterator for Walk<C, E>
where
    C: Chunks<Item: IntoIterator<IntoIter = E, Item = E::Item>>,
    E: DoubleEndedIterator + ExactSizeIterator,
{
    fn next_back(&mut self) -> Option<E::Item> {
        if let Some(next) = self.back.next_back() {
            return Some(next);
        }
        match self.middle.next_back() {
            Some(chunk) => {
                self.back = chunk.into_iter();
                self.back.next_back()
            }
            None => self.front.next_back(),
        }
    }
}

impl<C, E> ExactSizeIterator for Walk<C, E>
where
    C: Chunks<Item: IntoIterator<IntoIter = E, Item = E::Item>>,
    E: DoubleEndedIterator + ExactSizeIterator,
{
}

/// Goes through two columns that are cut the same at once.
#[derive(Clone)]
pub struct Pairs<K, V> {
    keys: K,
    values: V,
}

impl<K, V> Pairs<K, V> {
    pub(super) fn new(keys: K, values: V) -> Self {
        Pairs { keys, values }
    }
}

impl<K: DoubleEndedIterator, V: DoubleEndedIterator> Iterator for Pairs<K, V> {
    type Item = (K::Item, V::Item);

    fn next(&mut self) -> Option<(K::Item, V::Item)> {
        Some((self.keys.next()?, self.values.next()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.keys.size_hint()
    }

    fn last(mut self) -> Option<(K::Item, V::Item)> {
        self.next_back()
    }
}

impl<K: DoubleEndedIterator, V: DoubleEndedIterator> DoubleEndedIterator for Pairs<K, V> {
    fn next_back(&mut self) -> Option<(K::Item, V::Item)> {
        Some((self.keys.next_back()?, self.values.next_back()?))
    }
}

impl<K, V> ExactSizeIterator for Pairs<K, V>
where
    K: DoubleEndedIterator + ExactSizeIterator,
    V: DoubleEndedIterator,
{
}
