//! All that the board shows of a world at one instant, as plain data: what
//! stands where, and what it says. The drawing and the text twin are both made
//! from it, so that they say the same.

pub mod brokers;
mod connectors;
mod flow;
mod groups;
mod labels;
mod lanes;
mod layout;
mod legend;
mod members;
mod notices;
mod parts;
mod producers;
mod ribbons;
mod roster;
mod rows;
pub(crate) mod shares;
mod streams;
mod topics;
mod view;
mod window;
mod words;

pub use connectors::{ChangeProgress, ConnectorBox, ConnectorRow};
pub use flow::{bytes, seconds};
pub use groups::offsets_partition;
pub use labels::{FLAG, LaneLabel};
pub use lanes::readable;
pub use layout::COLUMNS_FROM;
pub use legend::Sign;
pub use parts::*;
pub use roster::names as client_names;
pub use streams::Stream;
pub use view::{Room, ViewChange, Zoom};
pub use words::{short_number, short_text, text_length};

use engine::collections::BTreeMap;
use std::rc::Rc;

use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::geometry::Rect;
use super::recent::Recent;
use brokers::Cluster;

/// How the board is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The room it has, which [`measure`](super::measure) tells.
    pub room: Room,
    /// What the middle of the board is arranged by.
    pub by: By,
    /// Whether, by broker, the partitions of internal topics are shown too.
    pub shows_internal: bool,
    /// How much larger everything is drawn.
    pub zoom: Zoom,
    /// The topic that somebody is about to give another partition: what that
    /// would do to its keys is shown.
    pub growing: Option<TopicName>,
    /// The topics that somebody has folded (`true`) or unfolded (`false`). The
    /// others are folded when there are very many lanes.
    pub folded: BTreeMap<TopicName, bool>,
    /// The lanes that somebody has moved, each with the first offset to be
    /// shown. The others follow their newest records.
    pub moved: BTreeMap<TopicPartition, i64>,
}

impl View {
    /// A board of this inner width, by topic. Below 20 rem it is drawn as one
    /// of 20.
    pub fn new(width_rem: f32) -> View {
        View {
            room: Room {
                width_rem,
                height_rem: None,
                keeps_columns: false,
            },
            by: By::Topic,
            shows_internal: false,
            zoom: Zoom::Fitted(1.0),
            growing: None,
            folded: BTreeMap::new(),
            moved: BTreeMap::new(),
        }
    }
}

/// What the middle of the board is arranged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Topics as cards of lanes: what is in the logs, and who reads it.
    Topic,
    /// Racks of brokers with their replicas: where the logs are, and who leads.
    Broker,
}

/// How the columns stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// Producers, topics and groups side by side.
    Columns,
    /// One below the other, for narrow boards.
    Stacked,
}

/// The button that opens and folds internal topics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InternalSwitch {
    /// Whether they are open.
    pub is_open: bool,
    /// Where.
    pub rect: Rect,
}

/// All that is drawn, and where. All rectangles are in rem.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The board's width.
    pub width: f32,
    /// The narrowest width at which its columns stand side by side with all that
    /// is to stand side by side in them.
    pub kept_width: f32,
    /// The board's height: it scrolls when there is less room.
    pub height: f32,
    /// What the middle is arranged by.
    pub by: By,
    /// How much larger all of it is drawn.
    pub zoom: f32,
    /// Where the buttons are that zoom and fold.
    pub tools: Rect,
    /// How the columns stand.
    pub arrangement: Arrangement,
    /// Where one chooses what it is arranged by.
    pub switch: Rect,
    /// The button that opens internal topics, on a board by broker and where
    /// there are any.
    pub internal: Option<InternalSwitch>,
    /// Column headings and what is said where nothing stands.
    pub notes: Vec<Note>,
    /// The brokers, by id; on a board by broker they are in
    /// [`cluster`](Self::cluster).
    pub brokers: Vec<BrokerPill>,
    /// Where packets of admin clients start.
    pub admin: AdminMark,
    /// The producers, by number.
    pub producers: Vec<Rc<ProducerBox>>,
    /// The topics, by name; none on a board by broker.
    pub topics: Vec<Rc<TopicCard>>,
    /// The groups, in the order in which they first came.
    pub groups: Vec<Rc<GroupBox>>,
    /// The connectors, by name, the sources first.
    pub connectors: Vec<Rc<ConnectorBox>>,
    /// The racks, on a board by broker.
    pub cluster: Option<Cluster>,
    /// Each joins a producer to the topic that it writes to.
    pub streams: Vec<Stream>,
    /// Each joins a lane to the member that owns it, or the replica that is
    /// read to the member that reads it.
    pub ribbons: Rc<Vec<Ribbon>>,
    /// The marks that are explained.
    pub signs: Vec<Sign>,
    /// Where it is said what the marks mean.
    pub legend: Rect,
}

impl Scene {
    /// The picture of a world that nobody has watched up to now.
    pub fn of(world: &World, view: &View) -> Scene {
        Scene::remembering(world, view, &Recent::default())
    }

    /// The picture of a world, with what has happened in it a moment ago.
    pub fn remembering(world: &World, view: &View, recent: &Recent) -> Scene {
        layout::arrange(world, view, recent)
    }

    /// The board as a rectangle.
    pub fn bounds(&self) -> Rect {
        Rect::new(0.0, 0.0, self.width, self.height)
    }

    /// The lane of a partition, when it is drawn.
    pub fn lane(&self, partition: &TopicPartition) -> Option<&Lane> {
        let card = self.topic(&partition.topic)?;
        let index = usize::try_from(partition.partition).ok()?;
        card.lanes.get(index).map(Rc::as_ref)
    }

    /// The card of a topic, when it is drawn.
    pub fn topic(&self, name: &str) -> Option<&TopicCard> {
        let found = self.topics.iter().find(|card| *card.name == *name);
        found.map(Rc::as_ref)
    }

    /// The box of a producer, when it is drawn.
    pub fn producer(&self, client: u32) -> Option<&ProducerBox> {
        let found = self.producers.iter().find(|it| it.client == client);
        found.map(Rc::as_ref)
    }

    /// The box of a consumer and its group's, when they are drawn.
    pub fn consumer(&self, client: u32) -> Option<(&GroupBox, &MemberBox)> {
        self.groups.iter().find_map(|group| {
            let member = group.members.iter().find(|it| it.client == Some(client))?;
            Some((group.as_ref(), member.as_ref()))
        })
    }

    /// The box of the member whose producer this is, and its group's: that of
    /// a processor.
    pub fn processor(&self, producer: u32) -> Option<(&GroupBox, &MemberBox)> {
        self.groups.iter().find_map(|group| {
            let writes = |it: &&Rc<MemberBox>| match &it.role {
                Role::Processor(writer) => writer.client == producer,
                _ => false,
            };
            let member = group.members.iter().find(writes)?;
            Some((group.as_ref(), member.as_ref()))
        })
    }

    /// The box of a group, when it is drawn.
    pub fn group(&self, id: &str) -> Option<&GroupBox> {
        let found = self.groups.iter().find(|group| group.id == id);
        found.map(Rc::as_ref)
    }
}
