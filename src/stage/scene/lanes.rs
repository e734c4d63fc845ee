//! Lanes: cells, what else stands among them, and markers.

use std::rc::Rc;

use engine::broker::Partition;
use engine::client::murmur2::partition_for_key;
use engine::log::partition_log::PartitionLog;
use engine::log::producer_state::AbortedTransaction;
use engine::log::record_batch::{RecordBatch, RecordView};
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::super::recent::What;
use super::notices::News;
use super::roster::GroupInfo;
use super::window::{Content, Window, window};
use super::words::{beginning, short_number, short_text};
use super::{
    Cell, ControlMark, Deleted, Earlier, Fate, Hole, Lane, Marker, MarkerKind, OffsetScale,
    Scrolling, SegmentMark, notices, rows,
};

const PAD: f32 = 0.3;
const TRACK_HEIGHT: f32 = 2.3;
const MARKS_HEIGHT: f32 = 1.1;
const ROW_HEIGHT: f32 = 1.25;
/// Room before the first cell: the partition's number, letters of groups, and
/// what is written to the left of a marker.
const GUTTER: f32 = 3.9;
const GUTTER_SMALL: f32 = 3.4;
/// Room after the last cell for the next one, and on a narrow lane for what is
/// written to the right of a marker; else that reaches under the notices.
const TAIL: f32 = 2.9;
const TAIL_SMALL: f32 = 3.2;
/// Room for notices beside a lane that is not narrow.
const SIDE: f32 = 5.7;
const CELL: f32 = 3.05;
const CELL_SMALL: f32 = 2.4;
/// Lanes narrower than this have less room for everything.
const NARROW: f32 = 25.0;
/// Lanes narrower than this have no notices beside them.
const NO_SIDE: f32 = 28.0;
/// How many earlier records are worth a picture of their density.
const DENSITY_FROM: i64 = 24;
/// Stretches of time in that picture.
const STRETCHES: usize = 12;
/// Places for what was deleted a moment ago.
const DELETED_PLACES: usize = 1;
/// Bytes of a key or a value that are looked at.
const BYTES_MAX: usize = 512;
/// Characters of a key or a value that are kept.
const CHARS_MAX: usize = 120;
/// The width of a character of a key on a cell, when it is written smallest.
const CHARACTER: f32 = 0.365;

/// How high a lane is with rows for this many groups.
pub(super) fn height(groups: usize) -> f32 {
    PAD + TRACK_HEIGHT + MARKS_HEIGHT + groups as f32 * ROW_HEIGHT + PAD
}

/// The lane of a partition in a rectangle of [`height`], from the offset
/// `wanted` on when somebody has moved it there. Of each record it is said to
/// which partition its key would go with `grown` of them.
pub(super) fn lane(
    world: &World,
    topic_partition: TopicPartition,
    (wanted, grown): (Option<i64>, Option<i32>),
    groups: &[&GroupInfo],
    news: &News,
    rect: Rect,
) -> Lane {
    let log = world.partition(&topic_partition);
    let gutter = if rect.width < NARROW {
        GUTTER_SMALL
    } else {
        GUTTER
    };
    let side = if rect.width < NO_SIDE { 0.0 } else { SIDE };
    let (x, width) = (rect.x + gutter, rect.width - gutter - side);
    let track = Rect::new(x, rect.y + PAD, width, TRACK_HEIGHT);
    let side = Rect::new(track.right(), rect.y, side, rect.height);
    let (log_start, log_end) = log.map_or((0, 0), |partition| {
        (partition.log.start_offset(), partition.log.end_offset())
    });
    let high_watermark = log.map_or(0, Partition::high_watermark);
    let last_stable = log.map_or(0, |it| it.log.last_stable_offset().min(high_watermark));
    let deleted = deleted(&topic_partition, news);
    let mut room = Room::of(rect.width, &track, deleted.is_some());
    let shown = log.map(|it| window(&it.log, room.places, room.reserved(), wanted));
    let scale = room.scale(&track, (log_start, log_end), shown.as_ref());
    let mut lane = Lane {
        leader: leader(world, &topic_partition),
        topic_partition,
        log_start,
        last_stable,
        high_watermark,
        log_end,
        cells: Vec::new(),
        controls: Vec::new(),
        holes: Vec::new(),
        segments: Vec::new(),
        earlier: None,
        later: None,
        deleted: deleted.map(|it| Deleted {
            rect: inset(room.deleted(&track)),
            ..it
        }),
        scrolling: None,
        is_dark: false,
        markers: log_markers(
            &scale,
            log_start,
            (last_stable, high_watermark),
            log_end,
            side.width > 0.0,
        ),
        notice: None,
        bands: Vec::new(),
        rows: Vec::new(),
        scale,
        track,
        side,
        rect,
    };
    if let (Some(partition), Some(shown)) = (log, shown) {
        fill(&mut lane, &partition.log, &shown, &room, grown);
    }
    let first = track.bottom() + MARKS_HEIGHT;
    lane.rows = groups
        .iter()
        .zip(0_u8..)
        .map(|(group, number)| {
            let y = first + f32::from(number) * ROW_HEIGHT;
            let rect = Rect::new(rect.x, y, rect.width, ROW_HEIGHT);
            rows::row(world, group, &lane, news, rect)
        })
        .collect();
    lane.is_dark = !lane.rows.is_empty() && lane.rows.iter().all(|row| row.is_dark);
    notices::of_lane(&mut lane, news);
    lane
}

fn leader(world: &World, partition: &TopicPartition) -> Option<i32> {
    let topic = world.topics().get(&partition.topic)?;
    let index = usize::try_from(partition.partition).ok()?;
    topic.partitions.get(index)?.leader
}

/// How much room a track has.
struct Room {
    cell: f32,
    tail: f32,
    /// How many places there are before the tail, without those of `deleted`.
    places: usize,
    /// How many places are taken by what was deleted.
    deleted: usize,
    /// Whether what comes before the first place takes room too.
    has_earlier: bool,
}

impl Room {
    fn of(lane_width: f32, track: &Rect, has_deleted: bool) -> Room {
        let (cell, tail) = if lane_width < NARROW {
            (CELL_SMALL, TAIL_SMALL)
        } else {
            (CELL, TAIL)
        };
        let places = (((track.width - tail) / cell).floor() as usize).max(3);
        let deleted = if has_deleted { DELETED_PLACES } else { 0 };
        Room {
            cell,
            tail,
            places: places - deleted,
            deleted,
            has_earlier: false,
        }
    }

    /// Places for what comes before, when not all fits.
    fn reserved(&self) -> usize {
        if self.places >= 8 { 2 } else { 1 }
    }

    fn deleted(&self, track: &Rect) -> Rect {
        let width = self.deleted as f32 * self.cell;
        Rect::new(track.x, track.y, width, track.height)
    }

    fn earlier(&self, track: &Rect) -> Rect {
        let x = track.x + self.deleted as f32 * self.cell;
        let width = self.reserved() as f32 * self.cell;
        Rect::new(x, track.y, width, track.height)
    }

    /// How offsets lie.
    fn scale(
        &mut self,
        track: &Rect,
        (log_start, log_end): (i64, i64),
        shown: Option<&Window>,
    ) -> OffsetScale {
        let start_x = track.x + self.deleted as f32 * self.cell;
        let places = shown.map_or(&[][..], |it| &it.places[..]);
        self.has_earlier = shown.is_some_and(|it| it.newest_first.is_some());
        let x = match self.has_earlier {
            true => self.earlier(track).right(),
            false => start_x,
        };
        OffsetScale {
            start: log_start,
            start_x,
            first: shown.map_or(log_start, |it| it.first(log_end)),
            end: shown.map_or(log_end, |it| it.end(log_end)),
            x,
            pin_x: if self.has_earlier { x - 0.2 } else { x },
            cell: self.cell,
            places: places.iter().map(|place| place.from).collect::<Rc<[i64]>>(),
        }
    }
}

/// Space between neighbours.
fn inset(rect: Rect) -> Rect {
    Rect::new(rect.x + 0.06, rect.y, rect.width - 0.12, rect.height)
}

/// Puts in what the log holds.
fn fill(lane: &mut Lane, log: &PartitionLog, shown: &Window, room: &Room, grown: Option<i32>) {
    let here = lane.topic_partition.partition;
    let moves_to = |key: Option<&[u8]>| {
        let there = partition_for_key(key?, grown?);
        (there != here).then_some(there)
    };
    let (first, end) = (lane.scale.first, lane.scale.end);
    let fates = Fates::between(log, first, end);
    for place in &shown.places {
        let (x, _) = lane.scale.place(place.from);
        let rect = Rect::new(x, lane.track.y, lane.scale.cell, lane.track.height);
        match &place.content {
            Content::Record(record, batch) => {
                let fate = fates.of(record.offset, batch);
                lane.cells.push(Cell {
                    moves_to: moves_to(record.key),
                    ..cell(record, fate, inset(rect))
                });
            }
            Content::Control { commits } => lane.controls.push(ControlMark {
                offset: place.from,
                commits: *commits,
                rect: inset(rect),
            }),
            Content::Hole => lane.holes.push(Hole {
                from: place.from,
                to: place.to,
                rect: inset(rect),
            }),
        }
    }
    lane.segments = segments(log, &lane.scale);
    if let Some(most) = shown.newest_first {
        lane.scrolling = Some(Scrolling {
            first,
            least: lane.log_start,
            most,
        });
        let rect = inset(room.earlier(&lane.track));
        let earlier = earlier_records(log, first, rect);
        if earlier.records > 0 {
            lane.earlier = Some(earlier);
        } else if first > lane.log_start {
            let from = lane.log_start;
            lane.holes.insert(
                0,
                Hole {
                    from,
                    to: first,
                    rect,
                },
            );
        }
    }
    if end < lane.log_end {
        let x = lane.scale.at(end);
        let width = (lane.track.right() - x).min(room.tail);
        lane.later = Some(Earlier {
            records: log.data_records(end, lane.log_end),
            density: Vec::new(),
            rect: inset(Rect::new(x, lane.track.y, width, lane.track.height)),
        });
    }
}

/// Where segments begin, of those that begin among the places.
fn segments(log: &PartitionLog, scale: &OffsetScale) -> Vec<SegmentMark> {
    let bases = log.segments().rev().map(|segment| segment.base_offset());
    let mut marks: Vec<SegmentMark> = bases
        .take_while(|base| *base > scale.first)
        .filter(|base| *base <= scale.end)
        .map(|base_offset| SegmentMark {
            base_offset,
            x: scale.at(base_offset),
        })
        .collect();
    marks.reverse();
    marks
}

/// The transactions that have records among the places.
struct Fates<'a> {
    log: &'a PartitionLog,
    aborted: Vec<AbortedTransaction>,
}

impl<'a> Fates<'a> {
    fn between(log: &'a PartitionLog, first: i64, end: i64) -> Fates<'a> {
        let aborted = log.producer_state().aborted().between(first, end);
        Fates { log, aborted }
    }

    fn of(&self, offset: i64, batch: &RecordBatch) -> Option<Fate> {
        if !batch.is_transactional() {
            return None;
        }
        let producer = batch.producer_id();
        let entry = self.log.producer_state().producer(producer);
        let open_from = entry.and_then(|entry| entry.transaction_first_offset());
        if open_from.is_some_and(|first| first <= offset) {
            return Some(Fate::Open);
        }
        let is_aborted = self.aborted.iter().any(|it| {
            it.producer_id == producer && (it.first_offset..=it.last_offset).contains(&offset)
        });
        Some(if is_aborted {
            Fate::Aborted
        } else {
            Fate::Committed
        })
    }
}

/// What was deleted of a log a moment ago.
fn deleted(of: &TopicPartition, news: &News) -> Option<Deleted> {
    let happenings = news.of_partition(of).iter().rev();
    happenings.into_iter().find_map(|(what, fresh)| match what {
        What::Deleted {
            from, to, reason, ..
        } => Some(Deleted {
            from: *from,
            to: *to,
            reason: *reason,
            fresh: *fresh,
            rect: Rect::default(),
        }),
        _ => None,
    })
}

fn cell(record: &RecordView, fate: Option<Fate>, rect: Rect) -> Cell {
    let key = record.key.map(readable);
    Cell {
        offset: record.offset,
        letters: match &key {
            Some(key) => short_text(key, (rect.width / CHARACTER) as usize),
            None => "–".to_owned(),
        },
        key,
        value: record.value.map(readable),
        timestamp_ms: record.timestamp_ms,
        moves_to: None,
        ink: Ink::of_key(record.key),
        fate,
        rect,
    }
}

/// Bytes as text: what is long is cut, what is no text becomes U+FFFD, and
/// control characters become spaces.
pub fn readable(bytes: &[u8]) -> String {
    let seen = &bytes[..bytes.len().min(BYTES_MAX)];
    let text = String::from_utf8_lossy(seen);
    let kept = beginning(&text, CHARS_MAX);
    let is_cut = seen.len() < bytes.len() || kept.len() < text.len();
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut readable: String = kept.chars().map(plain).collect();
    if is_cut {
        readable.push('…');
    }
    readable
}

fn earlier_records(log: &PartitionLog, first_shown: i64, rect: Rect) -> Earlier {
    let records = log.data_records(log.start_offset(), first_shown);
    let density = if records < DENSITY_FROM {
        Vec::new()
    } else {
        density(log, first_shown, records)
    };
    Earlier {
        records,
        density,
        rect,
    }
}

/// How the `records` before `limit` are spread over the time in which they came.
fn density(log: &PartitionLog, limit: i64, records: i64) -> Vec<u8> {
    let batch_at = |offset| log.batches_from(offset).next();
    let (Some(first), Some(last)) = (batch_at(log.start_offset()), batch_at(limit - 1)) else {
        return Vec::new();
    };
    let begin = first.max_timestamp();
    let span = (last.max_timestamp() - begin).max(1);
    let offset_at = |stretch: usize| {
        let until = begin + span * stretch as i64 / STRETCHES as i64;
        match (stretch, log.first_batch_after(until)) {
            (0, _) => log.start_offset(),
            (STRETCHES, _) | (_, None) => limit,
            (_, Some(batch)) => batch.base_offset().clamp(log.start_offset(), limit),
        }
    };
    let bounds: Vec<i64> = (0..=STRETCHES).map(offset_at).collect();
    // Where no offset is without a record, they need not be counted.
    let is_dense = records == limit - bounds[0];
    let counts: Vec<i64> = bounds
        .windows(2)
        .map(|bounds| match is_dense {
            true => bounds[1] - bounds[0],
            false => log.data_records(bounds[0], bounds[1]),
        })
        .collect();
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    counts
        .iter()
        .map(|count| u8::try_from(count * 100 / most).unwrap_or(100))
        .collect()
}

/// With room beside the lane one text is enough for two marks at one offset.
fn log_markers(
    scale: &OffsetScale,
    start: i64,
    (stable, watermark): (i64, i64),
    end: i64,
    has_room: bool,
) -> Vec<Marker> {
    let number = short_number;
    let mut labels = Labels::default();
    if start == end {
        labels.end = format!("start = HW = LEO {}", number(end));
    } else if watermark <= start {
        labels.start = format!("start = HW {}", number(start));
        labels.end = format!("LEO {}", number(end));
    } else if stable < watermark {
        // The stable offset's text stands to its left, and there is no room
        // for another between it and the end.
        let is_at_start = stable <= start;
        labels.start = match is_at_start {
            true => format!("start = LSO {}", number(start)),
            false => format!("start {}", number(start)),
        };
        if !is_at_start {
            labels.stable = format!("LSO {}", number(stable));
        }
        labels.end = match watermark == end {
            true => format!("HW = LEO {}", number(end)),
            false => format!("HW {} LEO {}", number(watermark), number(end)),
        };
    } else if watermark == end && has_room {
        labels.start = format!("start {}", number(start));
        labels.end = format!("HW = LEO {}", number(end));
    } else {
        labels.start = format!("start {}", number(start));
        labels.watermark = format!("HW {}", number(watermark));
        labels.end = format!("LEO {}", number(end));
    }
    let mut markers = vec![marker(
        scale,
        MarkerKind::LogStart,
        start,
        labels.start,
        true,
    )];
    if stable < watermark {
        let kind = MarkerKind::LastStable;
        markers.push(marker(scale, kind, stable, labels.stable, true));
    }
    let kind = MarkerKind::HighWatermark;
    markers.push(marker(scale, kind, watermark, labels.watermark, true));
    markers.push(marker(scale, MarkerKind::LogEnd, end, labels.end, false));
    markers
}

/// What is written beside the marks of a log.
#[derive(Default)]
struct Labels {
    start: String,
    stable: String,
    watermark: String,
    end: String,
}

/// A mark at the place of an offset.
pub(super) fn marker(
    scale: &OffsetScale,
    kind: MarkerKind,
    offset: i64,
    label: String,
    label_left: bool,
) -> Marker {
    let (x, pin) = scale.place(offset);
    Marker {
        kind,
        offset,
        pin,
        label,
        label_left,
        x,
    }
}
