//! What stands over the racks: admin clients, controllers that are no brokers,
//! and who elects the controller.

use engine::World;

use super::super::super::geometry::Rect;
use super::super::AdminMark;
use super::{Cluster, Place, servers, text_width};

const HEIGHT: f32 = 2.5;
const GAP: f32 = 0.6;
const CONTROLLER_WIDTH: f32 = 8.6;
const UNDER: f32 = 0.7;

/// The part of the cluster's picture over the racks.
pub(super) struct Head {
    pub cluster: Cluster,
    pub admin: AdminMark,
    pub bottom: f32,
}

/// Boxes side by side, the next line when there is no room.
struct Flow {
    place: Place,
    x: f32,
    y: f32,
}

impl Flow {
    fn take(&mut self, width: f32) -> Rect {
        let width = width.min(self.place.width);
        let is_over = self.x + width > self.place.x + self.place.width + 0.01;
        if is_over && self.x > self.place.x {
            self.x = self.place.x;
            self.y += HEIGHT + GAP;
        }
        let rect = Rect::new(self.x, self.y, width, HEIGHT);
        self.x += width + GAP;
        rect
    }
}

pub(super) fn head(world: &World, mut admin: AdminMark, place: Place) -> Head {
    let mut flow = Flow {
        place,
        x: place.x,
        y: place.y,
    };
    admin.rect = flow.take(admin.rect.width);
    let mut controllers = servers::own_controllers(world);
    for controller in &mut controllers {
        controller.rect = flow.take(CONTROLLER_WIDTH);
    }
    let mut election = servers::election(world);
    if let Some(election) = &mut election {
        // Who elects is written in bold letters.
        let electorate = 1.2 * text_width(&election.electorate);
        let width = electorate.max(text_width(&election.elected)) + 0.5;
        election.rect = flow.take(width);
    }
    Head {
        cluster: Cluster {
            racks: Vec::new(),
            brokers: Vec::new(),
            controllers,
            election,
            links: Vec::new(),
            more_links: 0,
        },
        admin,
        bottom: flow.y + HEIGHT + UNDER,
    }
}
