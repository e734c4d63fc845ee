//! Topics as cards of lanes.

use engine::collections::BTreeMap;
use std::rc::Rc;

use engine::controller::Topic;
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::super::ink::Ink;
use super::super::keys::forecast;
use super::notices::News;
use super::roster::GroupInfo;
use super::{TopicCard, Totals, View, lanes};

/// The most lanes a card has; further partitions are counted.
const LANES_MAX: usize = 48;
/// The most groups for which a lane has a row; further ones are counted.
const ROWS_MAX: usize = 6;
/// When there are more lanes than this on the board, the topics after them are
/// folded, as long as nobody unfolds them.
const LANES_UNFOLDED: usize = 64;

const PAD: f32 = 0.5;
const HEADER_HEIGHT: f32 = 2.3;
const MORE_HEIGHT: f32 = 1.4;
const LINE_HEIGHT: f32 = 1.7;
/// With so much room beside its buttons a folded topic is one line, in which
/// its name takes this share.
const LINE_FROM: f32 = 22.0;
const NAME_SHARE: f32 = 0.45;
const FOLD_WIDTH: f32 = 1.5;
const CONTROLS_WIDTH: f32 = 9.6;

/// What all cards are made from.
pub(super) struct Cards<'a> {
    pub world: &'a World,
    pub view: &'a View,
    pub groups: &'a [GroupInfo<'a>],
    pub news: &'a News<'a>,
}

/// Which of these topics are shown in one line: those that somebody has folded,
/// and when there are very many lanes all after the first ones.
pub(super) fn folded<'a>(
    view: &View,
    topics: impl Iterator<Item = (&'a TopicName, &'a Topic)>,
) -> BTreeMap<&'a TopicName, bool> {
    let mut lanes = 0;
    topics
        .map(|(name, topic)| {
            let more = topic.partitions.len().min(LANES_MAX);
            let is_too_many = lanes > 0 && lanes + more > LANES_UNFOLDED;
            let is_folded = view.folded.get(name).copied().unwrap_or(is_too_many);
            if !is_folded {
                lanes += more;
            }
            (name, is_folded)
        })
        .collect()
}

/// The upper end of a card.
struct Head {
    header: Rect,
    line: Rect,
    controls: Rect,
}

impl Head {
    /// A folded topic's totals stand beside its name where there is room, and
    /// under it where there is none.
    fn of(is_folded: bool, (x, y, width): (f32, f32, f32)) -> Head {
        let left = x + PAD / 2.0 + FOLD_WIDTH;
        let controls = x + width - PAD - CONTROLS_WIDTH;
        let room = controls - PAD - left;
        let name_width = match is_folded && room >= LINE_FROM {
            true => room * NAME_SHARE,
            false => room,
        };
        let line = match (is_folded, name_width < room) {
            (true, true) => Rect::new(
                left + name_width + PAD,
                y,
                room - name_width - PAD,
                HEADER_HEIGHT,
            ),
            (true, false) => {
                let width = width - FOLD_WIDTH - 2.0 * PAD;
                Rect::new(left, y + HEADER_HEIGHT, width, LINE_HEIGHT)
            }
            (false, _) => Rect::default(),
        };
        Head {
            header: Rect::new(left, y, name_width, HEADER_HEIGHT),
            line,
            controls: Rect::new(controls, y, CONTROLS_WIDTH, HEADER_HEIGHT),
        }
    }
}

impl Cards<'_> {
    /// The card of a topic, with its top left corner at this place.
    pub fn card(
        &self,
        name: &TopicName,
        topic: &Topic,
        is_folded: bool,
        (x, y, width): (f32, f32, f32),
    ) -> TopicCard {
        let groups = self.groups.iter();
        let readers: Vec<&GroupInfo> = groups.filter(|group| group.topics.contains(name)).collect();
        let (rows, more) = readers.split_at(readers.len().min(ROWS_MAX));
        let top = y + HEADER_HEIGHT;
        let shown = match is_folded {
            true => 0,
            false => topic.partitions.len().min(LANES_MAX),
        };
        let is_growing = self.view.growing.as_ref() == Some(name);
        let forecast = is_growing.then(|| forecast(self.world, name)).flatten();
        let grown = forecast.as_ref().map(|forecast| forecast.partitions);
        let place = Rect::new(x + PAD, top, width - 2.0 * PAD, lanes::height(rows.len()));
        let lanes = (0..shown).map(|number| {
            let y = top + number as f32 * place.height;
            let partition = TopicPartition::new(name.clone(), number as i32);
            let wanted = self.view.moved.get(&partition).copied();
            let rect = Rect { y, ..place };
            let looked_at = (wanted, grown);
            let lane = lanes::lane(self.world, partition, looked_at, rows, self.news, rect);
            Rc::new(lane)
        });
        let more_lanes = if is_folded {
            0
        } else {
            topic.partitions.len() - shown
        };
        let more_height = if more_lanes > 0 { MORE_HEIGHT } else { 0.0 };
        let head = Head::of(is_folded, (x, y, width));
        let lanes_height = shown as f32 * place.height + more_height;
        let height = match is_folded {
            true => head.line.bottom().max(head.header.bottom()) - y,
            false => HEADER_HEIGHT + lanes_height + PAD,
        };
        TopicCard {
            name: name.clone(),
            partitions: topic.partitions.len(),
            replication_factor: topic.partitions.first().map_or(0, |it| it.replicas.len()),
            is_folded,
            totals: self.totals(name, topic, &readers),
            lanes: lanes.collect(),
            forecast,
            more_lanes,
            more_groups: more.len(),
            rect: Rect::new(x, y, width, height),
            header: head.header,
            line: head.line,
            fold: Rect::new(x + PAD / 2.0, y, FOLD_WIDTH, HEADER_HEIGHT),
            controls: head.controls,
        }
    }

    fn totals(&self, name: &TopicName, topic: &Topic, readers: &[&GroupInfo]) -> Totals {
        let partitions = (0..topic.partitions.len() as i32)
            .map(|number| TopicPartition::new(name.clone(), number));
        let mut totals = Totals {
            records: 0,
            groups: Vec::new(),
            leaderless: topic
                .partitions
                .iter()
                .filter(|it| it.leader.is_none())
                .count(),
        };
        let mut lags: Vec<Option<i64>> = vec![None; readers.len()];
        for partition in partitions {
            let Some(log) = self.world.partition(&partition).map(|it| &it.log) else {
                continue;
            };
            totals.records += log.data_records(log.start_offset(), log.end_offset());
            for (lag, group) in lags.iter_mut().zip(readers) {
                let done = match group.shares.get(&partition) {
                    Some(share) => Some(share.start_offset()),
                    None => group.committed(&partition),
                };
                if let Some(done) = done {
                    *lag = Some(lag.unwrap_or(0) + (log.end_offset() - done).max(0));
                }
            }
        }
        totals.groups = readers
            .iter()
            .zip(lags)
            .map(|(group, lag)| {
                let ink = Ink::of_group(group.place);
                (group.letter(), ink, group.id.clone(), lag)
            })
            .collect();
        totals
    }
}
