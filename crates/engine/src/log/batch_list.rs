//! Batches in a row, most of them shared between clones.

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use super::record_batch::RecordBatch;

/// How many batches lie in one shared piece.
const CHUNK: usize = 256;

/// A growing list of batches. A clone shares all but the last few, so that a
/// checkpoint of the world costs little however long a log is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BatchList {
    full: Vec<Arc<Chunk>>,
    /// The rest: fewer than [`CHUNK`].
    tail: Vec<RecordBatch>,
    /// How many data records are in all of them.
    data_records: i64,
}

/// [`CHUNK`] batches.
#[derive(Debug, PartialEq, Eq)]
struct Chunk {
    batches: Box<[RecordBatch]>,
    /// How many data records are in them.
    data_records: i64,
}

impl Chunk {
    fn new(batches: Vec<RecordBatch>) -> Chunk {
        Chunk {
            data_records: batches.iter().map(RecordBatch::data_record_count).sum(),
            batches: batches.into(),
        }
    }
}

/// The counts follow from the batches.
impl Hash for BatchList {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.full.hash(state);
        self.tail.hash(state);
    }
}

impl Hash for Chunk {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.batches.hash(state);
    }
}

impl BatchList {
    pub fn len(&self) -> usize {
        self.full.len() * CHUNK + self.tail.len()
    }

    pub fn get(&self, index: usize) -> Option<&RecordBatch> {
        match self.full.get(index / CHUNK) {
            Some(chunk) => chunk.batches.get(index % CHUNK),
            None => self.tail.get(index - self.full.len() * CHUNK),
        }
    }

    pub fn first(&self) -> Option<&RecordBatch> {
        self.get(0)
    }

    pub fn push(&mut self, batch: RecordBatch) {
        self.data_records += batch.data_record_count();
        self.tail.push(batch);
        if self.tail.len() == CHUNK {
            let chunk = Chunk::new(std::mem::take(&mut self.tail));
            self.full.push(Arc::new(chunk));
        }
    }

    /// Keeps the first `len` batches.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.data_records -= self.data_records(len..self.len());
        }
        if len >= self.full.len() * CHUNK {
            return self.tail.truncate(len - self.full.len() * CHUNK);
        }
        let cut = &self.full[len / CHUNK];
        self.tail = cut.batches[..len % CHUNK].to_vec();
        self.full.truncate(len / CHUNK);
    }

    /// The batches from this place on.
    pub fn iter_from(&self, index: usize) -> impl DoubleEndedIterator<Item = &RecordBatch> + Clone {
        (index..self.len()).filter_map(|index| self.get(index))
    }

    /// How many data records are in the batches at these places.
    pub fn data_records(&self, mut places: Range<usize>) -> i64 {
        if places == (0..self.len()) {
            return self.data_records;
        }
        let mut count = 0;
        while places.start < places.end {
            let (chunk, within) = (places.start / CHUNK, places.start % CHUNK);
            let is_whole = within == 0 && places.len() >= CHUNK;
            let step = match self.full.get(chunk).filter(|_| is_whole) {
                Some(chunk) => {
                    count += chunk.data_records;
                    CHUNK
                }
                None => {
                    let batch = self.get(places.start);
                    count += batch.map_or(0, RecordBatch::data_record_count);
                    1
                }
            };
            places.start += step;
        }
        count
    }

    /// How many batches from the first on `belong`, which those after them do
    /// not.
    pub fn partition_point(&self, belong: impl Fn(&RecordBatch) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle).is_some_and(&belong) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::record_batch::{BatchOptions, Record, RecordBatchBuilder};

    fn batch(base_offset: i64) -> RecordBatch {
        let mut builder = RecordBatchBuilder::new(BatchOptions {
            base_offset,
            ..BatchOptions::default()
        });
        let record = Record {
            timestamp_ms: 0,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        builder.append(&record).unwrap();
        builder.build().unwrap()
    }

    fn offsets(list: &BatchList, from: usize) -> Vec<i64> {
        list.iter_from(from).map(RecordBatch::base_offset).collect()
    }

    #[test]
    fn it_is_one_list_across_its_pieces() {
        let count = 2 * CHUNK + 3;
        let mut list = BatchList::default();
        for offset in 0..count {
            assert_eq!(list.len(), offset);
            list.push(batch(offset as i64));
        }
        let all: Vec<i64> = (0..count as i64).collect();
        assert_eq!(offsets(&list, 0), all);
        assert_eq!(offsets(&list, CHUNK - 1), all[CHUNK - 1..]);
        for places in [0..0, 0..count, 5..count - 1, CHUNK - 1..CHUNK, 1..CHUNK] {
            let records = places.len() as i64;
            assert_eq!(list.data_records(places), records);
        }
        for wanted in [0, 1, CHUNK, CHUNK + 1, count] {
            let found = list.partition_point(|batch| batch.base_offset() < wanted as i64);
            assert_eq!(found, wanted);
        }
        for len in [count, count - 1, 2 * CHUNK, 2 * CHUNK - 1, CHUNK, 5, 0] {
            let mut cut = list.clone();
            cut.truncate(len);
            assert_eq!(offsets(&cut, 0), all[..len]);
            assert_eq!(cut.data_records(0..len), len as i64);
            cut.push(batch(len as i64));
            assert_eq!(cut.len(), len + 1);
        }
    }
}
