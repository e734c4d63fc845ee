//! Lines from producers to the topics that they write to.

use engine::protocol::TopicName;
use std::rc::Rc;

use engine::command::ClientNumber;

use super::super::geometry::{Point, Route};
use super::{Arrangement, Pace, ProducerBox, TopicCard};

/// With more producers than this the lines would be a tangle.
const PRODUCERS_MAX: usize = 12;
/// How far under a producer's upper edge its line begins: at its name.
const NAME: f32 = 1.0;

/// What a producer writes to, as long as it makes up records.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// The producer's number.
    pub client: ClientNumber,
    /// The topic.
    pub topic: TopicName,
    /// Whether it writes at present.
    pub is_running: bool,
    /// From the producer to the topic's card.
    pub route: Route,
}

/// One from each producer to the card of its topic, where they stand side by
/// side.
pub(super) fn streams(
    producers: &[Rc<ProducerBox>],
    topics: &[Rc<TopicCard>],
    arrangement: Arrangement,
) -> Vec<Stream> {
    if arrangement == Arrangement::Stacked || producers.len() > PRODUCERS_MAX {
        return Vec::new();
    }
    let stream = |producer: &Rc<ProducerBox>| {
        let topic = producer.topic.as_ref()?;
        let card = topics.iter().find(|card| card.name == *topic)?;
        let from = Point::new(producer.rect.right(), producer.rect.y + NAME);
        let to = Point::new(card.rect.x, card.header.center().y);
        Some(Stream {
            client: producer.client,
            topic: topic.clone(),
            is_running: producer.pace == Pace::Running,
            route: Route::sweep(from, to),
        })
    };
    producers.iter().filter_map(stream).collect()
}
