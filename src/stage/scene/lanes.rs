//! Lanes: cells, markers and the rows of groups.

use engine::broker::Partition;
use engine::log::partition_log::PartitionLog;
use engine::log::record_batch::RecordView;
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::roster::GroupInfo;
use super::words::{beginning, short_number, short_text};
use super::{Cell, Earlier, GroupRow, Lane, Marker, MarkerKind, OffsetScale, Owner};

const PAD: f32 = 0.3;
const TRACK_HEIGHT: f32 = 2.3;
const MARKS_HEIGHT: f32 = 1.1;
const ROW_HEIGHT: f32 = 1.25;
/// Room before the first cell: the partition's number, letters of groups, and
/// what is written to the left of a marker.
const GUTTER: f32 = 3.9;
const GUTTER_SMALL: f32 = 3.4;
/// Room after the last cell: the next one, and what is written to the right of
/// a marker.
const TAIL: f32 = 3.8;
const TAIL_SMALL: f32 = 3.2;
const CELL: f32 = 3.0;
const CELL_SMALL: f32 = 2.4;
/// Lanes narrower than this have less room for everything.
const NARROW: f32 = 22.0;
/// How many earlier records are worth a picture of their density.
const DENSITY_FROM: i64 = 24;
/// Stretches of time in that picture.
const STRETCHES: usize = 12;
/// Bytes of a key or a value that are looked at.
const BYTES_MAX: usize = 512;
/// Characters of a key or a value that are kept.
const CHARS_MAX: usize = 120;
/// The width of a character of a key on a cell, when it is written small.
const CHARACTER: f32 = 0.45;

/// How high a lane is with rows for this many groups.
pub(super) fn height(groups: usize) -> f32 {
    PAD + TRACK_HEIGHT + MARKS_HEIGHT + groups as f32 * ROW_HEIGHT + PAD
}

/// The lane of a partition in a rectangle of [`height`].
pub(super) fn lane(
    world: &World,
    topic_partition: TopicPartition,
    groups: &[&GroupInfo],
    rect: Rect,
) -> Lane {
    let log = world.partition(&topic_partition);
    let gutter = if rect.width < NARROW {
        GUTTER_SMALL
    } else {
        GUTTER
    };
    let track = Rect::new(
        rect.x + gutter,
        rect.y + PAD,
        rect.width - gutter,
        TRACK_HEIGHT,
    );
    let (log_start, log_end) = log.map_or((0, 0), |partition| {
        (partition.log.start_offset(), partition.log.end_offset())
    });
    let high_watermark = log.map_or(0, Partition::high_watermark);
    let (scale, earlier) = scale(&track, log_start, log_end);
    let mut lane = Lane {
        leader: leader(world, &topic_partition),
        topic_partition,
        log_start,
        high_watermark,
        log_end,
        cells: Vec::new(),
        earlier: None,
        markers: log_markers(&scale, log_start, high_watermark, log_end),
        rows: Vec::new(),
        scale,
        track,
        rect,
    };
    if let Some(partition) = log {
        lane.cells = cells(&partition.log, &scale, &track);
        let earlier = earlier.map(|rect| earlier_records(&partition.log, scale.first, rect));
        lane.earlier = earlier.filter(|earlier| earlier.records > 0);
    }
    let first = track.bottom() + MARKS_HEIGHT;
    lane.rows = groups
        .iter()
        .zip(0_u8..)
        .map(|(group, number)| {
            let y = first + f32::from(number) * ROW_HEIGHT;
            group_row(group, &lane, Rect::new(rect.x, y, rect.width, ROW_HEIGHT))
        })
        .collect();
    lane
}

fn leader(world: &World, partition: &TopicPartition) -> Option<i32> {
    let topic = world.topics().get(&partition.topic)?;
    let index = usize::try_from(partition.partition).ok()?;
    topic.partitions.get(index)?.leader
}

/// How offsets lie, and where the earlier records are when not all have cells.
fn scale(track: &Rect, log_start: i64, log_end: i64) -> (OffsetScale, Option<Rect>) {
    let (cell, tail) = if track.width < NARROW {
        (CELL_SMALL, TAIL_SMALL)
    } else {
        (CELL, TAIL)
    };
    let places = (((track.width - tail) / cell).floor() as i64).max(3);
    let all = OffsetScale {
        start: log_start,
        start_x: track.x,
        first: log_start,
        end: log_end,
        x: track.x,
        pin_x: track.x,
        cell,
    };
    if log_end - log_start <= places {
        return (all, None);
    }
    let reserved = if places >= 8 { 2 } else { 1 };
    let width = reserved as f32 * cell;
    let scale = OffsetScale {
        first: log_end - (places - reserved),
        x: track.x + width,
        pin_x: track.x + width - 0.2,
        ..all
    };
    let earlier = Rect::new(track.x, track.y, width, track.height);
    (scale, Some(inset(earlier)))
}

/// Space between neighbours.
fn inset(rect: Rect) -> Rect {
    Rect::new(rect.x + 0.06, rect.y, rect.width - 0.12, rect.height)
}

fn cells(log: &PartitionLog, scale: &OffsetScale, track: &Rect) -> Vec<Cell> {
    log.batches_from(scale.first)
        .filter(|batch| !batch.is_control())
        .flat_map(|batch| batch.records().flatten())
        .filter(|record| record.offset >= scale.first)
        .map(|record| cell(&record, scale, track))
        .collect()
}

fn cell(record: &RecordView, scale: &OffsetScale, track: &Rect) -> Cell {
    let key = record.key.map(readable);
    let (x, _) = scale.place(record.offset);
    Cell {
        offset: record.offset,
        letters: match &key {
            Some(key) => short_text(key, ((scale.cell - 0.12) / CHARACTER) as usize),
            None => "–".to_owned(),
        },
        key,
        value: record.value.map(readable),
        timestamp_ms: record.timestamp_ms,
        ink: Ink::of_key(record.key),
        rect: inset(Rect::new(x, track.y, scale.cell, track.height)),
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
        density(log, first_shown)
    };
    Earlier {
        records,
        density,
        rect,
    }
}

/// How the records before `limit` are spread over the time in which they came.
fn density(log: &PartitionLog, limit: i64) -> Vec<u8> {
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
    let counts: Vec<i64> = (0..STRETCHES)
        .map(|stretch| log.data_records(offset_at(stretch), offset_at(stretch + 1)))
        .collect();
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    counts
        .iter()
        .map(|count| u8::try_from(count * 100 / most).unwrap_or(100))
        .collect()
}

fn log_markers(scale: &OffsetScale, start: i64, watermark: i64, end: i64) -> Vec<Marker> {
    let number = short_number;
    let (start_label, watermark_label, end_label) = if start == end {
        (
            String::new(),
            String::new(),
            format!("start = HW = LEO {}", number(end)),
        )
    } else if watermark <= start {
        (
            format!("start = HW {}", number(start)),
            String::new(),
            format!("LEO {}", number(end)),
        )
    } else {
        (
            format!("start {}", number(start)),
            format!("HW {}", number(watermark)),
            format!("LEO {}", number(end)),
        )
    };
    vec![
        marker(scale, MarkerKind::LogStart, start, start_label, true),
        marker(
            scale,
            MarkerKind::HighWatermark,
            watermark,
            watermark_label,
            true,
        ),
        marker(scale, MarkerKind::LogEnd, end, end_label, false),
    ]
}

fn marker(
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

fn group_row(group: &GroupInfo, lane: &Lane, rect: Rect) -> GroupRow {
    let partition = &lane.topic_partition;
    let committed = group.committed(partition);
    let owner = group.owner(partition);
    let position = owner.and_then(|(_, position)| position);
    GroupRow {
        group: group.id.clone(),
        letter: group.letter(),
        ink: Ink::of_group(group.place),
        committed,
        position,
        lag: committed.map(|committed| (lane.log_end - committed).max(0)),
        owner: owner.map(|(member, _)| Owner {
            name: member.name.clone(),
            is_running: member.client.is_some(),
        }),
        markers: group_markers(&lane.scale, committed, position),
        rect,
    }
}

/// The label of the one that is behind stands to its left, that of the other
/// to its right, so that they never meet; one is enough where both are equal.
fn group_markers(
    scale: &OffsetScale,
    committed: Option<i64>,
    position: Option<i64>,
) -> Vec<Marker> {
    let is_ahead = committed > position && position.is_some();
    let mut markers = Vec::new();
    if let Some(offset) = committed {
        let label = match position {
            Some(position) if position == offset => String::new(),
            _ => short_number(offset),
        };
        markers.push(marker(
            scale,
            MarkerKind::Committed,
            offset,
            label,
            !is_ahead,
        ));
    }
    if let Some(offset) = position {
        let label = short_number(offset);
        markers.push(marker(scale, MarkerKind::Position, offset, label, is_ahead));
    }
    markers
}
