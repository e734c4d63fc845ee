//! What stands in the middle: brokers and topics, or racks.

use std::rc::Rc;

use engine::client::Client;
use engine::command::ClientNumber;
use engine::sim::NodeId;

use super::super::topics::{self, Cards};
use super::super::{
    AdminMark, Arrangement, BrokerPill, By, GroupBox, Sign, TopicCard, brokers, legend,
};
use super::Layout;
use super::around::{HEADING_HEIGHT, PILL_GAP};
use super::columns::{Column, GAP};
use crate::stage::geometry::Rect;

/// The most topics that are drawn; further ones are counted.
const TOPICS_MAX: usize = 40;
const PILL_WIDTH: f32 = 11.5;
const ADMIN_WIDTH: f32 = 6.6;

/// What stands in the middle.
pub(super) enum Middle {
    Topics(AdminMark, Vec<BrokerPill>, Vec<Rc<TopicCard>>),
    Racks(Box<brokers::Built>),
}

impl Middle {
    /// The marks to explain.
    pub fn signs(&self, groups: &[Rc<GroupBox>]) -> Vec<Sign> {
        match self {
            Middle::Topics(_, _, topics) => legend::signs(topics, groups),
            Middle::Racks(built) => legend::signs_by_broker(&built.cluster),
        }
    }
}

impl Layout<'_> {
    /// Brokers and topics, or racks: as the view has it.
    pub(super) fn middle(&mut self, column: &mut Column, arrangement: Arrangement) -> Middle {
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

    /// The admin clients that have something under way, at the place from which
    /// they call: the others only wait to be asked.
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
}
