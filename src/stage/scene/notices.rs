//! What is told beside lanes and rows: how far a group lags, and what has
//! happened a moment ago.

use engine::collections::BTreeMap;

use engine::{Time, TopicPartition};

use super::super::geometry::Rect;
use super::super::recent::{Change, GroupRebalances, Recent, What};
use super::words::short_number;
use super::{Band, GroupRow, Lane, Notice, NoticeKind, OffsetScale, Pin};

/// How high a band is, in rem.
const BAND: f32 = 0.3;

/// What has happened a moment ago, by where it is marked.
pub(super) struct News<'a> {
    recent: &'a Recent,
    partitions: BTreeMap<&'a TopicPartition, Vec<(&'a What, u8)>>,
}

impl<'a> News<'a> {
    pub fn of(recent: &'a Recent, now: Time) -> News<'a> {
        let mut news = News {
            recent,
            partitions: BTreeMap::new(),
        };
        for (what, fresh) in recent.happenings(now) {
            if let Some(partition) = partition(what) {
                let of = news.partitions.entry(partition).or_default();
                of.push((what, fresh));
            }
        }
        news
    }

    /// What happened in a partition, the oldest first.
    pub fn of_partition(&self, of: &TopicPartition) -> &[(&'a What, u8)] {
        self.partitions.get(of).map_or(&[], Vec::as_slice)
    }

    pub fn rebalances_of(&self, group: &str) -> Option<&'a GroupRebalances> {
        self.recent.rebalances_of(group)
    }

    pub fn recent(&self) -> &'a Recent {
        self.recent
    }
}

fn partition(what: &What) -> Option<&TopicPartition> {
    match what {
        What::ProcessedAgain {
            topic_partition, ..
        }
        | What::Skipped {
            topic_partition, ..
        }
        | What::OutOfOrder {
            topic_partition, ..
        }
        | What::Lost {
            topic_partition, ..
        }
        | What::DuplicateRecognized {
            topic_partition, ..
        }
        | What::Deleted {
            topic_partition, ..
        }
        | What::Compacted {
            topic_partition, ..
        } => Some(topic_partition),
        What::NeverSent { to, .. } => to.as_ref(),
    }
}

/// Marks a row, and says what is to be said beside it: the gravest first, of
/// what is as grave the latest.
pub(super) fn of_row(row: &mut GroupRow, lane: &Lane, news: &News, change_fresh: u8) {
    let mut notice = standing(row, lane, change_fresh);
    for (what, fresh) in news.of_partition(&lane.topic_partition) {
        let Some((kind, group, from, to)) = in_group(what) else {
            continue;
        };
        if *group != row.group {
            continue;
        }
        let (text, sentence) = words(what, lane, from, to);
        row.bands
            .extend(band(&lane.scale, kind, (from, to), *fresh, &row.rect));
        let fresh = *fresh;
        let is_graver = notice.as_ref().is_none_or(|it| it.kind <= kind);
        if is_graver {
            notice = Some(Notice {
                kind,
                text,
                sentence,
                fresh,
            });
        }
    }
    row.notice = notice;
}

/// What is said of a row at all times.
fn standing(row: &GroupRow, lane: &Lane, change_fresh: u8) -> Option<Notice> {
    let on = &lane.topic_partition;
    let notice = |kind, text: String, sentence: String, fresh| {
        Some(Notice {
            kind,
            text,
            sentence,
            fresh,
        })
    };
    if row.is_dark {
        let text = match (row.change, row.lag) {
            (Some(Change::Revoked), _) => "revoked".to_owned(),
            (_, Some(lag)) => format!("unread {}", short_number(lag)),
            (_, None) => "no reader".to_owned(),
        };
        let sentence = format!("nobody of group {} reads {on}", row.group);
        return notice(NoticeKind::Unread, text, sentence, 100);
    }
    if let Some(change) = row.change.filter(|change| *change != Change::Revoked) {
        let name = change.name();
        let sentence = format!("{name} in the last rebalance of group {}", row.group);
        let fresh = change_fresh;
        return notice(NoticeKind::Rebalance, name.to_owned(), sentence, fresh);
    }
    let lag = row.lag?;
    let (text, what) = match row.shared {
        Some(_) => (format!("{} to do", short_number(lag)), "records to do"),
        None => (format!("lag {}", short_number(lag)), "lag"),
    };
    notice(NoticeKind::Plain, text, format!("{what}: {lag}"), 100)
}

/// What happened to a group, and where.
fn in_group(what: &What) -> Option<(NoticeKind, &String, i64, i64)> {
    Some(match what {
        What::ProcessedAgain {
            group, from, to, ..
        } => (NoticeKind::Again, group, *from, *to),
        What::Skipped {
            group, from, to, ..
        } => (NoticeKind::Skipped, group, *from, *to),
        What::OutOfOrder { group, offset, .. } => {
            (NoticeKind::OutOfOrder, group, *offset, *offset + 1)
        }
        _ => return None,
    })
}

/// Marks a lane, and says what is to be said beside it.
pub(super) fn of_lane(lane: &mut Lane, news: &News) {
    let of = lane.topic_partition.clone();
    for (what, fresh) in news.of_partition(&of) {
        let (kind, from, to) = match what {
            What::Lost { from, to, .. } => (NoticeKind::Lost, *from, *to),
            What::DuplicateRecognized { from, to, .. } => (NoticeKind::Duplicate, *from, *to),
            What::NeverSent { .. } => (NoticeKind::NeverSent, 0, 0),
            What::Compacted { records, .. } if *records > 0 => (NoticeKind::Compacted, 0, 0),
            _ => continue,
        };
        let (text, sentence) = words(what, lane, from, to);
        let band = band(&lane.scale, kind, (from, to), *fresh, &lane.track);
        lane.bands.extend(band);
        if lane.notice.as_ref().is_none_or(|it| it.kind <= kind) {
            lane.notice = Some(Notice {
                kind,
                text,
                sentence,
                fresh: *fresh,
            });
        }
    }
    if lane.notice.is_none() && lane.leader.is_none() {
        lane.notice = Some(Notice {
            kind: NoticeKind::Lost,
            text: "no leader".to_owned(),
            sentence: "no leader: nobody can write or read".to_owned(),
            fresh: 100,
        });
    }
}

/// A few words for beside the lane, and a sentence.
fn words(what: &What, lane: &Lane, from: i64, to: i64) -> (String, String) {
    let on = &lane.topic_partition;
    let count = to - from;
    let offsets = match count {
        1 => format!("offset {from}"),
        _ => format!("offsets {from} to {}", to - 1),
    };
    let few = short_number(count);
    match what {
        What::ProcessedAgain { group, .. } => (
            format!("↻ {few} again"),
            format!("group {group} processed {offsets} of {on} again"),
        ),
        What::Skipped { group, .. } => (
            format!("» {few} skipped"),
            format!("group {group} passed over {offsets} of {on}"),
        ),
        What::OutOfOrder {
            group, key, after, ..
        } => (
            "⇅ disorder".to_owned(),
            format!(
                "group {group} processed key {key} out of order: {offsets} of {on} after the \
                 later offset {} of {}",
                after.1, after.0
            ),
        ),
        What::Lost { .. } => (
            format!("✗ {few} lost"),
            format!("committed records were lost: {offsets} of {on}"),
        ),
        What::DuplicateRecognized { .. } => (
            "= sent again".to_owned(),
            format!("{offsets} of {on} came again and were stored once"),
        ),
        What::NeverSent {
            producer, records, ..
        } => (
            format!("∅ {records} unsent"),
            format!("{records} records of {producer} were never sent"),
        ),
        What::Compacted { records, .. } => (
            format!("{} cleaned", short_number(*records as i64)),
            format!("compaction has removed {records} records of {on}"),
        ),
        What::Deleted { .. } => (String::new(), String::new()),
    }
}

/// Over the cells of these offsets, as far as they are shown.
fn band(
    scale: &OffsetScale,
    kind: NoticeKind,
    (from, to): (i64, i64),
    fresh: u8,
    within: &Rect,
) -> Option<Band> {
    let ((x, pin), (end, _)) = (scale.place(from), scale.place(to));
    (to > from && end > x && pin != Pin::After).then(|| Band {
        kind,
        from,
        to,
        fresh,
        rect: Rect::new(x, within.bottom() - BAND, end - x, BAND),
    })
}
