//! Where on a board by broker something is.

use std::rc::Rc;

use engine::TopicPartition;

use super::super::super::geometry::{Point, Rect};
use super::{BrokerBox, Cluster, Replica, Standing};

impl Cluster {
    /// The box of a broker, when it is drawn.
    pub fn broker(&self, id: i32) -> Option<&BrokerBox> {
        let found = self.brokers.iter().find(|it| it.id == id);
        found.map(Rc::as_ref)
    }

    /// A replica, when it is drawn by itself.
    pub fn replica(&self, of: &TopicPartition, broker: i32) -> Option<&Replica> {
        self.broker(broker)?.replica(of)
    }

    /// Where a server is: the box of a controller, or the header of a broker.
    pub fn server(&self, id: i32) -> Option<Rect> {
        let own = self.controllers.iter().find(|it| it.id == id);
        let broker = || self.broker(id).map(|it| it.header);
        own.map(|it| it.rect).or_else(broker)
    }
}

impl BrokerBox {
    /// A replica that it holds, when it is drawn by itself.
    pub fn replica(&self, of: &TopicPartition) -> Option<&Replica> {
        let chips = self.topics.iter().flat_map(|topic| &topic.chips);
        let mut all = self.tiles.iter().chain(chips);
        all.find(|it| it.topic_partition == *of)
    }

    /// Where a replica that it holds is: by itself, with the others of its
    /// topic, or else with the broker.
    pub fn place_of(&self, of: &TopicPartition) -> Rect {
        let by_itself = self.replica(of).map(|it| it.rect);
        let with_topic = || {
            let topic = self.topics.iter().find(|it| it.topic == of.topic);
            let line = self.internal.iter().find(|it| it.topic == of.topic);
            topic.map(|it| it.label).or(line.map(|it| it.rect))
        };
        by_itself.or_else(with_topic).unwrap_or(self.header)
    }

    /// From where a ribbon to a reader of this replica starts, and how far
    /// down the gap is in which it leaves the racks.
    pub fn way_out(&self, of: &TopicPartition) -> (Point, f32) {
        let tile = self.tiles.iter().find(|it| it.topic_partition == *of);
        match tile.filter(|_| !self.is_folded) {
            Some(tile) => {
                let start = Point::new(tile.rect.right() - 0.6, tile.rect.bottom());
                (start, tile.rect.bottom() + 0.14)
            }
            None => {
                let start = Point::new(self.rect.right() - 0.8, self.rect.bottom());
                (start, self.rect.bottom() + 0.3)
            }
        }
    }
}

impl Replica {
    /// Whether it leads its partition.
    pub fn is_leader(&self) -> bool {
        self.standing == Standing::Leader
    }
}
