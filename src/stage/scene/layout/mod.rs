//! Where everything stands.

mod around;
mod clients;
mod columns;
mod middle;

pub use columns::COLUMNS_FROM;

use engine::collections::BTreeMap;
use std::rc::Rc;

use engine::World;
use engine::command::ClientNumber;

use self::around::{legend, tools};
use self::columns::{Column, EDGE, GAP, Widths, kept_width};
use self::middle::Middle;
use super::notices::News;
use super::roster::{self, GroupInfo};
use super::{
    AdminMark, Arrangement, ConnectorBox, GroupBox, InternalSwitch, Note, ProducerBox, Scene, Sign,
    View, brokers, producers, ribbons, streams,
};
use crate::stage::geometry::Rect;
use crate::stage::recent::Recent;

/// The narrowest board that is drawn, in rem.
const WIDTH_MIN: f32 = 20.0;
/// Partitions in an accumulator on a stacked board, where height is dear.
const SLOTS_STACKED: usize = 1;
/// Margins of a stacked board, in which packets and ribbons run: with what is
/// left at the edge, as wide as a flying cell.
const MARGIN: f32 = 1.8;

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
        kept: kept_width(world, view),
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
}
