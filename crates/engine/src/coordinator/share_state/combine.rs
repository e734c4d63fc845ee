use crate::collections::BTreeMap;

use crate::protocol::PersisterStateBatch;

/// What is known of records, and what is told of them anew, as one: of two
/// that tell of the same record the one with more deliveries counts, then the
/// one with the higher state. What lies before the start is left out, and
/// neighbours that are alike become one (`PersisterStateBatchCombiner`).
pub(super) fn combine(
    so_far: &[PersisterStateBatch],
    new: &[PersisterStateBatch],
    start_offset: i64,
) -> Vec<PersisterStateBatch> {
    let mut parts: BTreeMap<i64, PersisterStateBatch> = BTreeMap::new();
    for batch in so_far.iter().chain(new) {
        let mut batch = *batch;
        batch.first_offset = batch.first_offset.max(start_offset);
        if batch.first_offset <= batch.last_offset {
            insert(&mut parts, batch);
        }
    }
    let mut combined: Vec<PersisterStateBatch> = Vec::new();
    for part in parts.into_values() {
        match combined.last_mut() {
            Some(last) if last.last_offset + 1 == part.first_offset && is_alike(last, &part) => {
                last.last_offset = part.last_offset;
            }
            _ => combined.push(part),
        }
    }
    combined
}

fn insert(parts: &mut BTreeMap<i64, PersisterStateBatch>, batch: PersisterStateBatch) {
    let (first, last) = (batch.first_offset, batch.last_offset);
    let floor = parts.range(..=first).next_back();
    let from = floor.map_or(first, |(at, _)| *at);
    let overlapping: Vec<PersisterStateBatch> = parts
        .range(from..=last)
        .map(|(_, part)| *part)
        .filter(|part| part.last_offset >= first)
        .collect();
    let mut put = |first_offset, last_offset, like: &PersisterStateBatch| {
        if first_offset <= last_offset {
            let part = PersisterStateBatch {
                first_offset,
                last_offset,
                ..*like
            };
            parts.insert(first_offset, part);
        }
    };
    let mut next = first;
    for part in &overlapping {
        let (begin, end) = (part.first_offset.max(first), part.last_offset.min(last));
        put(part.first_offset, begin - 1, part);
        put(next, begin - 1, &batch);
        let winner = match rank(part) > rank(&batch) {
            true => part,
            false => &batch,
        };
        put(begin, end, winner);
        put(end + 1, part.last_offset, part);
        next = end + 1;
    }
    put(next, last, &batch);
}

fn rank(batch: &PersisterStateBatch) -> (i16, i8) {
    (batch.delivery_count, batch.delivery_state)
}

fn is_alike(one: &PersisterStateBatch, other: &PersisterStateBatch) -> bool {
    rank(one) == rank(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(first: i64, last: i64, state: i8, count: i16) -> PersisterStateBatch {
        PersisterStateBatch {
            first_offset: first,
            last_offset: last,
            delivery_state: state,
            delivery_count: count,
        }
    }

    #[test]
    fn news_of_some_records_split_what_was_known() {
        let known = [batch(0, 9, 0, 1)];
        let news = [batch(3, 4, 2, 2)];
        let expected = [batch(0, 2, 0, 1), batch(3, 4, 2, 2), batch(5, 9, 0, 1)];
        assert_eq!(combine(&known, &news, 0), expected);
    }

    #[test]
    fn more_deliveries_count_and_then_the_higher_state() {
        let known = [batch(0, 4, 0, 3), batch(5, 9, 2, 1)];
        let news = [batch(0, 9, 0, 1)];
        assert_eq!(combine(&known, &news, 0), known);
    }

    #[test]
    fn neighbours_that_are_alike_become_one_and_the_past_is_left_out() {
        let known = [batch(0, 4, 2, 1)];
        let news = [batch(5, 9, 2, 1), batch(11, 11, 2, 1)];
        let expected = [batch(3, 9, 2, 1), batch(11, 11, 2, 1)];
        assert_eq!(combine(&known, &news, 3), expected);
        assert_eq!(combine(&known, &[], 5), []);
    }
}
