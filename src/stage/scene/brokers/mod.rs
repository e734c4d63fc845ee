//! The board arranged by broker: racks of brokers, and in each its replicas.
//!
//! ```text
//! world ──Holdings, servers──> what each box says ──Grid, place──> where it stands
//!                                                 └─links, ribbons─> what joins them
//! ```
//!
//! Few replicas are shown in full, in rows that line up from broker to broker,
//! so that an election is seen as a change along a row. More of them become
//! small boxes by topic, and very many are counted; those that are out of sync
//! are shown in full then too.

mod content;
mod find;
mod grid;
mod head;
mod links;
mod parts;
mod place;
mod recent;
mod replicas;
mod ribbons;
mod servers;
mod words;

pub(super) use grid::width_of_a_row;
pub use parts::*;
pub(super) use ribbons::ribbons;
pub(in crate::stage) use ribbons::way_to_reader;
pub use words::BadgeKind;

use engine::collections::BTreeMap;
use std::rc::Rc;

use engine::World;
use engine::command::ClientNumber;

use super::{AdminMark, Arrangement, GroupBox, ProducerBox};
use content::Content;
use grid::Grid;
use links::Fault;

/// Where the middle of the board begins, and how wide it is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub arrangement: Arrangement,
}

/// The middle of the board without its links, which come when all stands.
pub(super) struct Built {
    pub cluster: Cluster,
    pub admin: AdminMark,
    pub bottom: f32,
    tracks: Vec<links::Track>,
    more_links: usize,
}

/// Racks, brokers, replicas and controllers.
pub(super) fn build(
    world: &World,
    names: &BTreeMap<ClientNumber, String>,
    admin: AdminMark,
    place: Place,
    opens_internal: bool,
) -> Built {
    let mut head = head::head(world, admin, place);
    let faults = links::faults(world, names);
    let grid = Grid::of(world, place.width);
    let content = Content::of(world, &grid, &faults, opens_internal);
    let (tracks, more_links) = links::tracks(&grid, &faults);
    let placed = place::place(content, &grid, tracks, place.x, head.bottom);
    head.cluster.racks = placed.racks;
    head.cluster.brokers = placed.brokers.into_iter().map(Rc::new).collect();
    Built {
        cluster: head.cluster,
        admin: head.admin,
        bottom: placed.bottom,
        tracks: placed.tracks,
        more_links,
    }
}

impl Built {
    /// Draws the links with which something is wrong, between all that stands.
    pub fn join(
        mut self,
        (producers, groups): (&[Rc<ProducerBox>], &[Rc<GroupBox>]),
        place: Place,
        board_width: f32,
    ) -> Cluster {
        let tracks = std::mem::take(&mut self.tracks);
        let ends = links::Ends {
            cluster: &self.cluster,
            producers,
            groups,
            place,
            board_width,
        };
        let links = links::links(&ends, &tracks);
        self.cluster.more_links = self.more_links + tracks.len() - links.len();
        self.cluster.links = links;
        self.cluster
    }
}

/// How many characters fit in so many rem.
fn characters(rem: f32) -> usize {
    const CHARACTER: f32 = 0.42;
    (rem / CHARACTER).max(0.0) as usize
}

/// Room for a text of small letters, in rem.
fn text_width(text: &str) -> f32 {
    super::text_length(text) as f32 * 0.42 + 0.6
}

type Faults = [Fault];
