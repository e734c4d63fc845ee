//! Where everything stands.

use std::collections::BTreeMap;
use std::rc::Rc;

use engine::World;
use engine::client::Client;
use engine::command::ClientNumber;

use super::super::geometry::Rect;
use super::roster::{self, GroupInfo};
use super::{
    AdminMark, Arrangement, BrokerPill, GroupBox, Note, NoteKind, ProducerBox, Scene, TopicCard,
    View, groups, producers, ribbons, topics,
};

/// The narrowest board that is drawn, in rem.
const WIDTH_MIN: f32 = 20.0;
/// From this width on, in rem, the columns stand side by side.
pub const COLUMNS_FROM: f32 = 64.0;
/// The most producers that are drawn; further ones are counted.
const PRODUCERS_MAX: usize = 40;
/// The most groups that are drawn; further ones are counted.
const GROUPS_MAX: usize = 40;
/// The most topics that are drawn; further ones are counted.
const TOPICS_MAX: usize = 40;

const EDGE: f32 = 0.75;
const GAP: f32 = 0.9;
const HEADING_HEIGHT: f32 = 1.9;
const REMARK_HEIGHT: f32 = 3.0;
const PILL_WIDTH: f32 = 11.5;
const ADMIN_WIDTH: f32 = 6.6;
const PILL_GAP: f32 = 0.5;
/// Partitions in an accumulator on a stacked board, where height is dear.
const SLOTS_STACKED: usize = 1;
const LEGEND_LINE: f32 = 1.5;
/// How wide the legend is in one line.
const LEGEND_WIDTH: f32 = 78.0;
/// Margins of a stacked board, in which packets and ribbons run: with what is
/// left at the edge, as wide as a flying cell.
const MARGIN: f32 = 1.8;
const PRODUCER_WIDTH_MIN: f32 = 14.2;

/// A column: its left edge, how far down it is filled, and its width.
#[derive(Clone, Copy)]
struct Column {
    x: f32,
    y: f32,
    width: f32,
}

impl Column {
    /// Takes room for something of this height and the gap under it.
    fn take(&mut self, height: f32) -> Rect {
        let rect = Rect::new(self.x, self.y, self.width, height);
        self.y += height + GAP;
        rect
    }
}

/// What is filled in piece by piece.
struct Layout<'a> {
    world: &'a World,
    names: BTreeMap<ClientNumber, String>,
    groups: Vec<GroupInfo<'a>>,
    notes: Vec<Note>,
}

/// The picture of a world.
pub(super) fn arrange(world: &World, view: &View) -> Scene {
    let names = roster::names(world);
    let groups = roster::groups(world, &names);
    let layout = Layout {
        world,
        names,
        groups,
        notes: Vec::new(),
    };
    let width = if view.width_rem.is_finite() {
        view.width_rem.max(WIDTH_MIN)
    } else {
        WIDTH_MIN
    };
    if width >= COLUMNS_FROM {
        layout.side_by_side(width)
    } else {
        layout.stacked(width)
    }
}

impl Layout<'_> {
    fn side_by_side(mut self, width: f32) -> Scene {
        let gap = (width * 0.06).clamp(3.5, 8.0);
        let left_width = (width * 0.18).clamp(PRODUCER_WIDTH_MIN, 18.0);
        let right_width = (width * 0.27).clamp(17.0, 25.0);
        let middle_width = width - 2.0 * EDGE - 2.0 * gap - left_width - right_width;
        let column = |x, width| Column { x, y: EDGE, width };
        let mut left = column(EDGE, left_width);
        let mut middle = column(EDGE + left_width + gap, middle_width);
        let mut right = column(width - EDGE - right_width, right_width);
        let (admin, brokers) = self.cluster(&mut middle);
        let producers = self.producers(&mut left, producers::SLOTS_MAX);
        let topics = self.topics(&mut middle);
        let groups = self.group_boxes(&mut right);
        let mut whole = Column {
            x: EDGE,
            y: left.y.max(middle.y).max(right.y),
            width: width - 2.0 * EDGE,
        };
        let legend = legend(&mut whole);
        let edge = right.x + right.width;
        let arrangement = Arrangement::Columns;
        Scene {
            width,
            height: whole.y - GAP + EDGE,
            arrangement,
            legend,
            ribbons: ribbons::ribbons(&topics, &groups, arrangement, edge),
            notes: self.notes,
            brokers,
            admin,
            producers,
            topics,
            groups,
        }
    }

    fn stacked(mut self, width: f32) -> Scene {
        let mut column = Column {
            x: EDGE / 2.0 + MARGIN,
            y: EDGE,
            width: width - EDGE - 2.0 * MARGIN,
        };
        let producers = self.producers(&mut column, SLOTS_STACKED);
        let (admin, brokers) = self.cluster(&mut column);
        let topics = self.topics(&mut column);
        let groups = self.group_boxes(&mut column);
        let legend = legend(&mut column);
        let arrangement = Arrangement::Stacked;
        let edge = column.x + column.width;
        Scene {
            width,
            height: column.y - GAP + EDGE,
            arrangement,
            legend,
            ribbons: ribbons::ribbons(&topics, &groups, arrangement, edge),
            notes: self.notes,
            brokers,
            admin,
            producers,
            topics,
            groups,
        }
    }

    fn heading(&mut self, column: &mut Column, text: &str) {
        self.note(column, text.to_owned(), NoteKind::Heading, HEADING_HEIGHT);
        column.y += PILL_GAP - GAP;
    }

    fn remark(&mut self, column: &mut Column, text: String) {
        self.note(column, text, NoteKind::Remark, REMARK_HEIGHT);
    }

    fn note(&mut self, column: &mut Column, text: String, kind: NoteKind, height: f32) {
        let rect = column.take(height);
        self.notes.push(Note { text, kind, rect });
    }

    /// The brokers, beside the place from which admin clients call.
    fn cluster(&mut self, column: &mut Column) -> (AdminMark, Vec<BrokerPill>) {
        let admin = AdminMark {
            client_ids: self
                .world
                .clients()
                .values()
                .filter(|client| matches!(client, Client::Admin(_)))
                .map(|client| client.client_id().to_owned())
                .collect(),
            rect: Rect::new(column.x, column.y, ADMIN_WIDTH, HEADING_HEIGHT),
        };
        let room = column.width - ADMIN_WIDTH - 2.0 * PILL_GAP;
        let width = PILL_WIDTH.min(room);
        let in_a_row = (((room + PILL_GAP) / (width + PILL_GAP)).floor() as usize).max(1);
        let brokers = self.world.brokers();
        let rows = brokers.len().div_ceil(in_a_row);
        let controller = self.world.active_controller().map(|node| node.id());
        let step = HEADING_HEIGHT + PILL_GAP;
        let right = column.x + column.width;
        let pills = brokers.values().enumerate().map(|(index, broker)| {
            let in_this_row = in_a_row.min(brokers.len() - index / in_a_row * in_a_row);
            let from_right = in_this_row - index % in_a_row;
            let x = right - from_right as f32 * (width + PILL_GAP) + PILL_GAP;
            let y = column.y + (index / in_a_row) as f32 * step;
            BrokerPill {
                id: broker.id,
                is_controller: Some(broker.id) == controller,
                leads: broker.led().count(),
                rect: Rect::new(x, y, width, HEADING_HEIGHT),
            }
        });
        let pills = pills.collect();
        column.y += rows as f32 * step;
        (admin, pills)
    }

    fn producers(&mut self, column: &mut Column, slots_max: usize) -> Vec<Rc<ProducerBox>> {
        self.heading(column, "Producers");
        let mut all: Vec<ProducerBox> = Vec::new();
        for (number, client) in self.world.clients() {
            if let Client::Producer(producer) = client {
                all.push(producers::describe(
                    self.world,
                    producer,
                    &self.names[number],
                    slots_max,
                ));
            }
        }
        let hidden = all.len().saturating_sub(PRODUCERS_MAX);
        all.truncate(PRODUCERS_MAX);
        let count = ((column.width + GAP) / (PRODUCER_WIDTH_MIN + GAP)).floor();
        let per_row = (count as usize).min(all.len()).max(1);
        let width = (column.width - (per_row - 1) as f32 * GAP) / per_row as f32;
        for row in all.chunks_mut(per_row) {
            let height = row.iter().map(producers::height).fold(0.0, f32::max);
            let rect = column.take(height);
            for (index, producer) in row.iter_mut().enumerate() {
                let x = rect.x + index as f32 * (width + GAP);
                producers::place(producer, x, rect.y, width);
            }
        }
        if all.is_empty() {
            self.remark(column, "No producer runs.".to_owned());
        }
        self.count_hidden(column, hidden, "producers");
        all.into_iter().map(Rc::new).collect()
    }

    fn topics(&mut self, column: &mut Column) -> Vec<Rc<TopicCard>> {
        let count = self.world.user_topics().count();
        let mut cards = Vec::new();
        for (name, topic) in self.world.user_topics().take(TOPICS_MAX) {
            let place = (column.x, column.y, column.width);
            let card = topics::card(self.world, name, topic, &self.groups, place);
            column.take(card.rect.height);
            cards.push(Rc::new(card));
        }
        if count == 0 {
            self.remark(column, "No topic yet.".to_owned());
        }
        self.count_hidden(column, count.saturating_sub(TOPICS_MAX), "topics");
        cards
    }

    fn group_boxes(&mut self, column: &mut Column) -> Vec<Rc<GroupBox>> {
        self.heading(column, "Consumer groups");
        let mut boxes = Vec::new();
        for group in self.groups.iter().take(GROUPS_MAX) {
            let place = (column.x, column.y, column.width);
            let group = groups::group_box(self.world, group, place);
            column.take(group.rect.height);
            boxes.push(Rc::new(group));
        }
        if self.groups.is_empty() {
            self.remark(column, "No consumer runs.".to_owned());
        }
        let hidden = self.groups.len().saturating_sub(GROUPS_MAX);
        self.count_hidden(column, hidden, "groups");
        boxes
    }

    fn count_hidden(&mut self, column: &mut Column, hidden: usize, what: &str) {
        if hidden > 0 {
            self.remark(column, format!("… and {hidden} more {what}, not drawn."));
        }
    }
}

/// Room for the legend, in as many lines as it takes.
fn legend(column: &mut Column) -> Rect {
    let lines = (LEGEND_WIDTH / column.width).ceil();
    let lines = if lines > 1.0 { lines + 1.0 } else { lines };
    column.take(lines * LEGEND_LINE)
}
