//! Links with which something is wrong: broken lines between the machines, in
//! tracks over the rows of brokers.

use engine::collections::BTreeMap;
use std::rc::Rc;

use engine::World;
use engine::command::ClientNumber;
use engine::sim::{Host, Link};

use super::super::super::geometry::{Point, Rect, Route};
use super::super::{Arrangement, GroupBox, ProducerBox, short_text};
use super::grid::{GAP, Grid};
use super::{BrokenLink, Cluster, LinkFault, Place, characters, text_width};

/// The most links that are drawn over a row of brokers.
const TRACKS_MAX: usize = 5;
/// The height of a track, in rem.
pub(super) const TRACK_HEIGHT: f32 = 1.35;
const LABEL_HEIGHT: f32 = 1.15;

/// Something wrong between two machines, in one direction or both.
#[derive(Clone)]
pub(super) struct Fault {
    hosts: (Host, Host),
    names: (String, String),
    fault: LinkFault,
    words: String,
}

/// Where the line of a broken link runs.
pub(super) struct Track {
    fault: Fault,
    /// The row of brokers over which it runs.
    pub row: usize,
    /// Which of that row's tracks it is.
    pub number: usize,
    /// Its height on the board, in rem.
    pub y: f32,
}

/// All that is wrong with the network.
pub(super) fn faults(world: &World, names: &BTreeMap<ClientNumber, String>) -> Vec<Fault> {
    let mut links: BTreeMap<(Host, Host), [Option<Link>; 2]> = BTreeMap::new();
    for ((from, to), link) in world.network().faulty_links() {
        let (hosts, direction) = match from < to {
            true => ((from, to), 0),
            false => ((to, from), 1),
        };
        links.entry(hosts).or_default()[direction] = Some(link);
    }
    let name = |host: Host| match host {
        Host::Server(id) if world.brokers().contains_key(&id) => format!("broker {id}"),
        Host::Server(id) => format!("controller {id}"),
        Host::Client(number) => match names.get(&number) {
            Some(name) => name.clone(),
            None => format!("client {number}"),
        },
        Host::ZooKeeper => "ZooKeeper".to_owned(),
    };
    let described = links.into_iter().map(|(hosts, links)| {
        let names = (name(hosts.0), name(hosts.1));
        let (fault, words) = describe(&names, links);
        Fault {
            hosts,
            names,
            fault,
            words,
        }
    });
    described.collect()
}

fn describe(names: &(String, String), links: [Option<Link>; 2]) -> (LinkFault, String) {
    let (one, way_back) = (links[0].map(of_link), links[1].map(of_link));
    match (one, way_back) {
        (Some(one), Some(other)) if one == other => one,
        (Some(one), Some(other)) => {
            let words = format!("to {}: {}; back: {}", names.1, one.1, other.1);
            (one.0.min(other.0), words)
        }
        (Some((fault, words)), None) => (fault, format!("{words}, only to {}", names.1)),
        (None, Some((fault, words))) => (fault, format!("{words}, only to {}", names.0)),
        (None, None) => (LinkFault::Slow, String::new()),
    }
}

fn of_link(link: Link) -> (LinkFault, String) {
    let mut words = Vec::new();
    let mut fault = LinkFault::Slow;
    if let Some(latency) = link.latency {
        let (least, most) = (
            latency.base_us / 1_000,
            (latency.base_us + u64::from(latency.jitter_us)) / 1_000,
        );
        words.push(match least == most {
            true => format!("takes {least} ms"),
            false => format!("takes {least} to {most} ms"),
        });
    }
    if link.loss_per_mille > 0 {
        fault = LinkFault::Lossy;
        let loss = link.loss_per_mille;
        words.push(match loss % 10 {
            0 => format!("loses {} %", loss / 10),
            tenths => format!("loses {}.{tenths} %", loss / 10),
        });
    }
    if link.is_cut {
        return (LinkFault::Cut, "cut".to_owned());
    }
    (fault, words.join(", "))
}

/// What a broker's box says of its links, in at most so many characters each.
pub(super) fn troubles(faults: &[Fault], broker: i32, most: usize) -> Vec<String> {
    let mut partners: BTreeMap<LinkFault, Vec<&str>> = BTreeMap::new();
    let here = Host::Server(broker);
    for fault in faults {
        let partner = match fault.hosts {
            (one, _) if one == here => &fault.names.1,
            (_, other) if other == here => &fault.names.0,
            _ => continue,
        };
        partners.entry(fault.fault).or_default().push(partner);
    }
    let tell = |(fault, partners): (LinkFault, Vec<&str>)| {
        let what = match fault {
            LinkFault::Cut => "cut off from",
            LinkFault::Lossy => "lossy link to",
            LinkFault::Slow => "slow link to",
        };
        let full = format!("{what} {}", partners.join(", "));
        match full.chars().count() <= most || partners.len() == 1 {
            true => full,
            false => format!("{what} {} others", partners.len()),
        }
    };
    partners.into_iter().map(tell).collect()
}

/// A track for each broken link that leads to a broker, as far as there is
/// room; and how many have none.
pub(super) fn tracks(grid: &Grid, faults: &[Fault]) -> (Vec<Track>, usize) {
    let rows = grid.rows();
    let row_of = |host: Host| {
        let Host::Server(id) = host else {
            return None;
        };
        let is_in = |row: &super::grid::Row| row.brokers.iter().any(|(it, ..)| *it == id);
        rows.iter().position(is_in)
    };
    let mut used = vec![0; rows.len()];
    let mut tracks = Vec::new();
    let mut more = 0;
    for fault in faults {
        let row = row_of(fault.hosts.0).max(row_of(fault.hosts.1));
        match row.filter(|row| used[*row] < TRACKS_MAX) {
            Some(row) => {
                tracks.push(Track {
                    fault: fault.clone(),
                    row,
                    number: used[row],
                    y: 0.0,
                });
                used[row] += 1;
            }
            None => more += 1,
        }
    }
    (tracks, more)
}

/// All that a link may lead to.
pub(super) struct Ends<'a> {
    pub cluster: &'a Cluster,
    pub producers: &'a [Rc<ProducerBox>],
    pub groups: &'a [Rc<GroupBox>],
    pub place: Place,
    pub board_width: f32,
}

/// The links between what is drawn.
pub(super) fn links(ends: &Ends, tracks: &[Track]) -> Vec<BrokenLink> {
    let links = tracks.iter().filter_map(|track| ends.link(track));
    links.collect()
}

impl Ends<'_> {
    fn link(&self, track: &Track) -> Option<BrokenLink> {
        let Fault {
            hosts,
            names,
            fault,
            words,
        } = &track.fault;
        let mut points = self.to_track(hosts.0, track)?;
        let mut back = self.to_track(hosts.1, track)?;
        let (from, to) = (points.last()?.x, back.last()?.x);
        back.reverse();
        points.extend(back);
        points.dedup();
        let text = match fault {
            LinkFault::Cut => format!("✕ {words}"),
            LinkFault::Lossy | LinkFault::Slow => words.clone(),
        };
        let width = (1.15 * text_width(&text) + 0.2).min(self.board_width - 0.4);
        let text = short_text(&text, characters(width));
        let middle = (from + to) / 2.0 - width / 2.0;
        let x = middle.clamp(0.2, (self.board_width - 0.2 - width).max(0.2));
        Some(BrokenLink {
            ends: names.clone(),
            fault: *fault,
            words: words.clone(),
            text,
            route: Route::Bent(points),
            label: Rect::new(x, track.y - LABEL_HEIGHT / 2.0, width, LABEL_HEIGHT),
        })
    }

    /// From a machine to a track.
    fn to_track(&self, host: Host, track: &Track) -> Option<Vec<Point>> {
        match host {
            Host::Server(id) => match self.cluster.broker(id) {
                Some(broker) => Some(self.broker_to_track(broker.rect, track)),
                None => Some(self.head_to_track(self.cluster.server(id)?, track)),
            },
            Host::ZooKeeper => {
                let zookeeper = self.cluster.election.as_ref().filter(|it| it.is_zookeeper);
                Some(self.head_to_track(zookeeper?.rect, track))
            }
            Host::Client(client) => self.client_to_track(client, track),
        }
    }

    /// Upwards from its top; from its bottom when the track runs below it.
    fn broker_to_track(&self, rect: Rect, track: &Track) -> Vec<Point> {
        let x = rect.x + rect.width * (0.3 + 0.1 * (track.number % 5) as f32);
        if track.y < rect.y {
            return vec![Point::new(x, rect.y), Point::new(x, track.y)];
        }
        let under = rect.bottom() + GAP / 3.0;
        let is_between = self
            .cluster
            .brokers
            .iter()
            .any(|it| it.rect.y > under && it.rect.bottom() < track.y);
        let aside = if is_between {
            rect.right() + GAP / 2.0
        } else {
            x
        };
        vec![
            Point::new(x, rect.bottom()),
            Point::new(x, under),
            Point::new(aside, under),
            Point::new(aside, track.y),
        ]
    }

    /// Downwards from what stands over the racks.
    fn head_to_track(&self, rect: Rect, track: &Track) -> Vec<Point> {
        let x = rect.center().x + (track.number % 5) as f32 * 0.4 - 0.8;
        let under = rect.bottom() + GAP / 3.0;
        let is_between = self
            .cluster
            .brokers
            .iter()
            .any(|it| it.rect.bottom() < track.y);
        let aside = if is_between {
            self.place.x - GAP / 2.0
        } else {
            x
        };
        vec![
            Point::new(x, rect.bottom()),
            Point::new(x, under),
            Point::new(aside, under),
            Point::new(aside, track.y),
        ]
    }

    /// Through the gap beside the racks.
    fn client_to_track(&self, client: ClientNumber, track: &Track) -> Option<Vec<Point>> {
        let is_stacked = self.place.arrangement == Arrangement::Stacked;
        let aside = if is_stacked { 0.8 } else { 1.2 };
        let producer = self.producers.iter().find(|it| it.client == client);
        let (from, x) = match producer {
            Some(producer) if is_stacked => (producer.rect.left_middle(), self.place.x - aside),
            Some(producer) => (producer.rect.right_middle(), self.place.x - aside),
            None => {
                let mut members = self.groups.iter().flat_map(|group| &group.members);
                let member = members.find(|it| it.client == Some(client))?;
                let x = self.place.x + self.place.width + aside;
                match is_stacked {
                    true => (member.rect.right_middle(), x),
                    false => (member.rect.left_middle(), x),
                }
            }
        };
        Some(vec![from, Point::new(x, from.y), Point::new(x, track.y)])
    }
}
