//! Where everything stands.

use engine::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use engine::World;
use engine::client::Client;
use engine::client::connect::is_bookkeeping;
use engine::command::ClientNumber;
use engine::sim::NodeId;

use super::super::geometry::Rect;
use super::super::recent::{Recent, What};
use super::super::workloads::last_workloads;
use super::notices::News;
use super::roster::{self, GroupInfo};
use super::topics::Cards;
use super::{
    AdminMark, Arrangement, BrokerPill, By, ConnectorBox, GroupBox, InternalSwitch, Note, NoteKind,
    ProducerBox, Scene, Sign, TopicCard, View, brokers, connectors, groups, legend, producers,
    ribbons, streams, text_length, topics,
};

/// The narrowest board that is drawn, in rem.
const WIDTH_MIN: f32 = 20.0;
/// From this width on, in rem, the columns stand side by side.
pub const COLUMNS_FROM: f32 = 64.0;
/// The most producers that are drawn; further ones are counted.
const PRODUCERS_MAX: usize = 40;
/// The most groups that are drawn; further ones are counted.
const GROUPS_MAX: usize = 40;
/// The most sources and the most sinks that are drawn; further ones are counted.
const CONNECTORS_MAX: usize = 20;
/// The most topics that are drawn; further ones are counted.
const TOPICS_MAX: usize = 40;

/// The width at which a board keeps its columns is found in such steps, in rem.
const KEPT_STEP: f32 = 0.25;

const EDGE: f32 = 0.75;
const GAP: f32 = 0.9;
const HEADING_HEIGHT: f32 = 1.9;
const REMARK_HEIGHT: f32 = 3.0;
const PILL_WIDTH: f32 = 11.5;
const ADMIN_WIDTH: f32 = 6.6;
const PILL_GAP: f32 = 0.5;
/// Partitions in an accumulator on a stacked board, where height is dear.
const SLOTS_STACKED: usize = 1;
/// The buttons that zoom and fold.
const TOOLS_WIDTH: f32 = 8.4;
/// Of what has gone wrong with producers that are gone, the latest.
const TROUBLES_MAX: usize = 2;
const LEGEND_LINE: f32 = 1.5;
/// The width of a character of the legend, and of a mark with the gaps around
/// it.
const LEGEND_CHARACTER: f32 = 0.46;
const LEGEND_SIGN: f32 = 2.3;
/// Margins of a stacked board, in which packets and ribbons run: with what is
/// left at the edge, as wide as a flying cell.
const MARGIN: f32 = 1.8;
const PRODUCER_WIDTH_MIN: f32 = 14.2;
/// Where one chooses how the board is arranged.
const SWITCH_WIDTH: f32 = 10.8;
const SWITCH_HEIGHT: f32 = 1.8;
/// The button that opens internal topics.
const INTERNAL_WIDTH: f32 = 6.5;

/// How the width of a board is shared out; the middle gets what is left.
struct Widths {
    gap: f32,
    left: f32,
    right: f32,
}

impl Widths {
    /// Racks need more room than lanes, and less between the columns.
    fn of(by: By, width: f32) -> Widths {
        match by {
            By::Topic => Widths {
                gap: (width * 0.045).clamp(3.5, 7.0),
                left: (width * 0.18).clamp(PRODUCER_WIDTH_MIN, 18.0),
                right: (width * 0.27).clamp(17.0, 25.0),
            },
            By::Broker => Widths {
                gap: (width * 0.045).clamp(3.2, 6.0),
                left: (width * 0.16).clamp(PRODUCER_WIDTH_MIN, 17.0),
                right: (width * 0.21).clamp(17.0, 23.0),
            },
        }
    }
}

impl Widths {
    fn middle(&self, width: f32) -> f32 {
        width - 2.0 * EDGE - 2.0 * self.gap - self.left - self.right
    }
}

/// The narrowest board, in rem, that keeps its columns beside a panel: brokers
/// stand side by side in the middle as they do without it.
fn kept_width(world: &World, by: By) -> f32 {
    let middle = match by {
        By::Topic => 0.0,
        By::Broker => brokers::width_of_a_row(world),
    };
    let is_enough = |width: &f32| Widths::of(by, *width).middle(*width) >= middle;
    let mut widths = (0_u8..).map(|step| COLUMNS_FROM + f32::from(step) * KEPT_STEP);
    widths.find(is_enough).unwrap_or(COLUMNS_FROM)
}

/// What stands in the middle.
enum Middle {
    Topics(AdminMark, Vec<BrokerPill>, Vec<Rc<TopicCard>>),
    Racks(Box<brokers::Built>),
}

impl Middle {
    /// The marks to explain.
    fn signs(&self, groups: &[Rc<GroupBox>]) -> Vec<Sign> {
        match self {
            Middle::Topics(_, _, topics) => legend::signs(topics, groups),
            Middle::Racks(built) => legend::signs_by_broker(&built.cluster),
        }
    }
}

/// What the last touches need to know of the board.
struct Edges {
    signs: Vec<Sign>,
    legend: Rect,
    tools: Rect,
    switch: Rect,
    internal: Option<InternalSwitch>,
    racks: brokers::Place,
    /// The right edge of all that stands on the board.
    right: f32,
    /// Its width and height.
    board: (f32, f32),
}

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

    fn place(&self, arrangement: Arrangement) -> brokers::Place {
        brokers::Place {
            x: self.x,
            y: self.y,
            width: self.width,
            arrangement,
        }
    }
}

/// What is filled in piece by piece.
struct Layout<'a> {
    world: &'a World,
    view: &'a View,
    names: BTreeMap<ClientNumber, String>,
    groups: Vec<GroupInfo<'a>>,
    news: News<'a>,
    /// As [`Scene::kept_width`].
    kept: f32,
    notes: Vec<Note>,
    connectors: Vec<Rc<ConnectorBox>>,
}

/// The picture of a world.
pub(super) fn arrange(world: &World, view: &View, recent: &Recent) -> Scene {
    let names = roster::names(world);
    let groups = roster::groups(world, &names);
    let layout = Layout {
        world,
        view,
        names,
        groups,
        news: News::of(recent, world.now()),
        kept: kept_width(world, view.by),
        notes: Vec::new(),
        connectors: Vec::new(),
    };
    let least = match view.room.keeps_columns {
        true => layout.kept,
        false => WIDTH_MIN,
    };
    let width = view.room.width_rem / view.zoom.factor();
    let width = if width.is_finite() {
        width.max(least)
    } else {
        least
    };
    if width >= COLUMNS_FROM {
        layout.side_by_side(width)
    } else {
        layout.stacked(width)
    }
}

impl Layout<'_> {
    fn side_by_side(mut self, width: f32) -> Scene {
        let widths = Widths::of(self.view.by, width);
        let middle = widths.middle(width);
        let Widths { gap, left, right } = widths;
        let column = |x, width| Column { x, y: EDGE, width };
        let mut first = column(EDGE, left);
        let mut second = column(EDGE + left + gap, middle);
        let mut third = column(width - EDGE - right, right);
        let (switch, internal) = self.switches(&mut first);
        let racks = second.place(Arrangement::Columns);
        let middle = self.middle(&mut second, Arrangement::Columns);
        let producers = self.producers(&mut first, producers::SLOTS_MAX);
        let tools = tools(&third);
        let groups = self.group_boxes(&mut third);
        let mut whole = Column {
            x: EDGE,
            y: first.y.max(second.y).max(third.y),
            width: width - 2.0 * EDGE,
        };
        let signs = middle.signs(&groups);
        let legend = legend(&mut whole, &signs);
        let edges = Edges {
            signs,
            legend,
            tools,
            switch,
            internal,
            racks,
            right: third.x + third.width,
            board: (width, whole.y - GAP + EDGE),
        };
        self.finish(middle, producers, groups, edges)
    }

    fn stacked(mut self, width: f32) -> Scene {
        let mut column = Column {
            x: EDGE / 2.0 + MARGIN,
            y: EDGE,
            width: width - EDGE - 2.0 * MARGIN,
        };
        let (switch, internal) = self.switches(&mut column);
        let tools = tools(&column);
        let producers = self.producers(&mut column, SLOTS_STACKED);
        let racks = column.place(Arrangement::Stacked);
        let middle = self.middle(&mut column, Arrangement::Stacked);
        let groups = self.group_boxes(&mut column);
        let signs = middle.signs(&groups);
        let legend = legend(&mut column, &signs);
        let edges = Edges {
            signs,
            legend,
            tools,
            switch,
            internal,
            racks,
            right: column.x + column.width,
            board: (width, column.y - GAP + EDGE),
        };
        self.finish(middle, producers, groups, edges)
    }

    /// Brokers and topics, or racks: as the view has it.
    fn middle(&mut self, column: &mut Column, arrangement: Arrangement) -> Middle {
        match self.view.by {
            By::Topic => {
                let (admin, pills) = self.cluster(column);
                let topics = self.topics(column);
                Middle::Topics(admin, pills, topics)
            }
            By::Broker => {
                let place = column.place(arrangement);
                let admin = self.admin(column);
                let opens_internal = self.view.shows_internal;
                let built = brokers::build(self.world, &self.names, admin, place, opens_internal);
                column.y = built.bottom + GAP;
                Middle::Racks(Box::new(built))
            }
        }
    }

    /// Joins what stands by ribbons and links.
    fn finish(
        self,
        middle: Middle,
        producers: Vec<Rc<ProducerBox>>,
        groups: Vec<Rc<GroupBox>>,
        edges: Edges,
    ) -> Scene {
        let arrangement = edges.racks.arrangement;
        let mut scene = Scene {
            width: edges.board.0,
            height: edges.board.1,
            kept_width: self.kept,
            by: self.view.by,
            arrangement,
            switch: edges.switch,
            internal: edges.internal,
            zoom: self.view.zoom.factor(),
            tools: edges.tools,
            signs: edges.signs,
            legend: edges.legend,
            notes: self.notes,
            admin: AdminMark {
                client_ids: Vec::new(),
                rect: Rect::default(),
            },
            brokers: Vec::new(),
            topics: Vec::new(),
            cluster: None,
            streams: Vec::new(),
            ribbons: Rc::default(),
            producers,
            groups,
            connectors: self.connectors,
        };
        match middle {
            Middle::Topics(admin, brokers, topics) => {
                let (groups, edge) = (&scene.groups, edges.right);
                let ribbons = ribbons::ribbons(&topics, groups, arrangement, edge);
                scene.ribbons = Rc::new(ribbons);
                scene.streams = streams::streams(&scene.producers, &topics, arrangement);
                scene.admin = admin;
                scene.brokers = brokers;
                scene.topics = topics;
            }
            Middle::Racks(built) => {
                scene.admin = built.admin.clone();
                let clients = (scene.producers.as_slice(), scene.groups.as_slice());
                let cluster = built.join(clients, edges.racks, scene.width);
                let edge = edges.racks.x + edges.racks.width;
                let (world, groups) = (self.world, &scene.groups);
                let ribbons = brokers::ribbons(world, &cluster, groups, arrangement, edge);
                scene.ribbons = Rc::new(ribbons);
                scene.cluster = Some(cluster);
            }
        }
        scene
    }

    /// Where one chooses how the board is arranged, and beside or below it
    /// whether internal topics are opened.
    fn switches(&self, column: &mut Column) -> (Rect, Option<InternalSwitch>) {
        let mut switch = column.take(SWITCH_HEIGHT);
        switch.width = switch.width.min(SWITCH_WIDTH);
        column.y += PILL_GAP - GAP;
        let has_internal = self.world.topics().keys().any(|name| is_bookkeeping(name));
        if self.view.by != By::Broker || !has_internal {
            return (switch, None);
        }
        let x = switch.right() + PILL_GAP;
        let rect = match x + INTERNAL_WIDTH <= column.x + column.width {
            true => Rect::new(x, switch.y, INTERNAL_WIDTH, SWITCH_HEIGHT),
            false => {
                let rect = column.take(SWITCH_HEIGHT);
                column.y += PILL_GAP - GAP;
                rect
            }
        };
        let is_open = self.view.shows_internal;
        (switch, Some(InternalSwitch { is_open, rect }))
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

    /// The place from which admin clients call.
    /// The admin clients that have something under way: the others only wait to
    /// be asked.
    fn admin(&self, column: &Column) -> AdminMark {
        let is_busy = |number: ClientNumber| {
            let node = NodeId::Client(number);
            let mut packets = self.world.network().in_flight();
            packets.any(|packet| packet.from == node || packet.to == node)
        };
        AdminMark {
            client_ids: self
                .world
                .clients()
                .iter()
                .filter(|(number, client)| matches!(client, Client::Admin(_)) && is_busy(**number))
                .map(|(_, client)| client.client_id().to_owned())
                .collect(),
            rect: Rect::new(column.x, column.y, ADMIN_WIDTH, HEADING_HEIGHT),
        }
    }

    /// The brokers, beside the place from which admin clients call.
    fn cluster(&mut self, column: &mut Column) -> (AdminMark, Vec<BrokerPill>) {
        let admin = self.admin(column);
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
        // Those of processors are shown with what they read.
        let processors: BTreeSet<ClientNumber> = self
            .world
            .processors()
            .values()
            .map(|processor| processor.producer())
            .collect();
        let workloads = last_workloads(self.world);
        let mut all: Vec<ProducerBox> = Vec::new();
        for (number, client) in self.world.clients() {
            let is_processor = processors.contains(number);
            if let (Client::Producer(producer), false) = (client, is_processor) {
                all.push(producers::describe(
                    self.world,
                    producer,
                    &self.names[number],
                    slots_max,
                    workloads.get(number).copied(),
                    self.news.recent(),
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
        self.never_sent(column);
        self.connectors(column, true);
        all.into_iter().map(Rc::new).collect()
    }

    fn topics(&mut self, column: &mut Column) -> Vec<Rc<TopicCard>> {
        let count = self.world.user_topics().count();
        let mut cards = Vec::new();
        let folded = topics::folded(self.view, self.world.user_topics().take(TOPICS_MAX));
        let all = Cards {
            world: self.world,
            view: self.view,
            groups: &self.groups,
            news: &self.news,
        };
        for (name, topic) in self.world.user_topics().take(TOPICS_MAX) {
            let place = (column.x, column.y, column.width);
            let card = all.card(name, topic, folded[name], place);
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
        self.heading(column, "Groups");
        let mut boxes = Vec::new();
        for group in self.groups.iter().take(GROUPS_MAX) {
            let place = (column.x, column.y, column.width);
            let group = groups::group_box(self.world, group, &self.news, place);
            column.take(group.rect.height);
            boxes.push(Rc::new(group));
        }
        if self.groups.is_empty() {
            self.remark(column, "No consumer runs.".to_owned());
        }
        let hidden = self.groups.len().saturating_sub(GROUPS_MAX);
        self.count_hidden(column, hidden, "groups");
        self.connectors(column, false);
        boxes
    }

    /// The sources or the sinks, under a heading of their own where there are
    /// any.
    fn connectors(&mut self, column: &mut Column, sources: bool) {
        let all = self.world.connectors().values();
        let wanted = all.filter(|it| it.config.class.is_source() == sources);
        let wanted: Vec<_> = wanted.collect();
        if wanted.is_empty() {
            return;
        }
        let heading = if sources { "Sources" } else { "Sinks" };
        self.heading(column, heading);
        for connector in wanted.iter().take(CONNECTORS_MAX) {
            let mut connector = connectors::describe(self.world, connector);
            let rect = column.take(connectors::height(&connector));
            connectors::place(&mut connector, rect.x, rect.y, rect.width);
            self.connectors.push(Rc::new(connector));
        }
        let hidden = wanted.len().saturating_sub(CONNECTORS_MAX);
        let what = if sources { "sources" } else { "sinks" };
        self.count_hidden(column, hidden, what);
    }

    /// What was lost with producers that are gone.
    fn never_sent(&mut self, column: &mut Column) {
        let news: Vec<String> = self
            .news
            .recent()
            .happenings(self.world.now())
            .filter_map(|(what, _)| match what {
                What::NeverSent {
                    producer, records, ..
                } => Some(format!(
                    "✗ {producer} is gone: {records} records never sent."
                )),
                _ => None,
            })
            .collect();
        for text in news.into_iter().rev().take(TROUBLES_MAX) {
            self.note(column, text, NoteKind::Trouble, REMARK_HEIGHT);
        }
    }

    fn count_hidden(&mut self, column: &mut Column, hidden: usize, what: &str) {
        if hidden > 0 {
            self.remark(column, format!("… and {hidden} more {what}, not drawn."));
        }
    }
}

/// At the right end of the heading that this column begins with.
fn tools(column: &Column) -> Rect {
    let width = TOOLS_WIDTH.min(column.width / 2.0);
    let right = column.x + column.width;
    Rect::new(right - width, column.y, width, HEADING_HEIGHT)
}

/// Room for the legend, in as many lines as it takes.
fn legend(column: &mut Column, signs: &[Sign]) -> Rect {
    let mut lines = 1.0;
    let mut x = 0.0;
    for sign in signs {
        let width = text_length(sign.text()) as f32 * LEGEND_CHARACTER + LEGEND_SIGN;
        if x > 0.0 && x + width > column.width {
            lines += 1.0;
            x = 0.0;
        }
        x += width;
    }
    column.take(lines * LEGEND_LINE)
}
