//! What of a log a lane shows: found from the offsets at its edge, without
//! walking the log.

use engine::log::PartitionLog;
use engine::log::record_batch::{EndTransactionMarker, RecordBatch, RecordView, TransactionResult};

/// A place of a lane.
pub(super) struct Place<'a> {
    /// Its first offset.
    pub from: i64,
    /// The offset after its last one.
    pub to: i64,
    pub content: Content<'a>,
}

/// What stands at a place.
pub(super) enum Content<'a> {
    /// A record and its batch.
    Record(RecordView<'a>, &'a RecordBatch),
    /// The end of a transaction.
    Control { commits: bool },
    /// Nothing: what was there was compacted away.
    Hole,
}

/// The places that are shown, and how many could be.
pub(super) struct Window<'a> {
    pub places: Vec<Place<'a>>,
    /// The first offset shown when the lane follows its newest records; `None`
    /// when all fits.
    pub newest_first: Option<i64>,
}

impl Window<'_> {
    /// The first offset shown.
    pub fn first(&self, log_end: i64) -> i64 {
        self.places.first().map_or(log_end, |place| place.from)
    }

    /// The offset after the last one shown.
    pub fn end(&self, log_end: i64) -> i64 {
        self.places.last().map_or(log_end, |place| place.to)
    }
}

/// What is shown of a log in at most `most` places, or in `reserved` fewer when
/// not all fits. `wanted` is the first offset to be shown, if somebody has
/// moved the lane.
pub(super) fn window(
    log: &PartitionLog,
    most: usize,
    reserved: usize,
    wanted: Option<i64>,
) -> Window<'_> {
    let mut places = newest(log, most);
    if places.first().map_or(log.end_offset(), |it| it.from) <= log.start_offset() {
        return Window {
            places,
            newest_first: None,
        };
    }
    let kept = most - reserved;
    places.drain(..places.len().saturating_sub(kept));
    let newest_first = places.first().map_or(log.end_offset(), |it| it.from);
    if let Some(wanted) = wanted.filter(|wanted| *wanted < newest_first) {
        places = from(log, wanted.max(log.start_offset()), kept);
    }
    Window {
        places,
        newest_first: Some(newest_first),
    }
}

/// The last places of a log, in order.
fn newest(log: &PartitionLog, most: usize) -> Vec<Place<'_>> {
    let start = log.start_offset();
    let mut expected = log.end_offset();
    let mut places = Vec::new();
    for batch in log.batches().rev() {
        if places.len() >= most || batch.next_offset() <= start {
            break;
        }
        let records: Vec<RecordView> = batch.records().flatten().collect();
        for record in records.into_iter().rev() {
            let offset = record.offset;
            if places.len() >= most || offset < start {
                break;
            }
            if offset + 1 < expected {
                places.push(hole(offset + 1, expected));
            }
            expected = offset;
            if places.len() < most {
                places.push(place(record, batch));
            }
        }
    }
    if expected > start && places.len() < most {
        places.push(hole(start, expected));
    }
    places.reverse();
    places
}

/// The places from an offset on, in order.
fn from(log: &PartitionLog, first: i64, most: usize) -> Vec<Place<'_>> {
    let mut expected = first;
    let mut places = Vec::new();
    for batch in log.batches_from(first) {
        for record in batch.records().flatten() {
            let offset = record.offset;
            if offset < first {
                continue;
            }
            if offset > expected {
                places.push(hole(expected, offset));
            }
            if places.len() >= most {
                return places;
            }
            places.push(place(record, batch));
            expected = offset + 1;
            if places.len() >= most {
                return places;
            }
        }
    }
    places
}

fn hole<'a>(from: i64, to: i64) -> Place<'a> {
    Place {
        from,
        to,
        content: Content::Hole,
    }
}

fn place<'a>(record: RecordView<'a>, batch: &'a RecordBatch) -> Place<'a> {
    let from = record.offset;
    let content = match batch.is_control() {
        true => Content::Control {
            commits: EndTransactionMarker::from_record(&record)
                .is_some_and(|marker| marker.result == TransactionResult::Commit),
        },
        false => Content::Record(record, batch),
    };
    Place {
        from,
        to: from + 1,
        content,
    }
}
