//! Topics as cards of lanes.

use engine::controller::Topic;
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::roster::GroupInfo;
use super::{TopicCard, lanes};

/// The most lanes a card has; further partitions are counted.
const LANES_MAX: usize = 48;
/// The most groups for which a lane has a row; further ones are counted.
const ROWS_MAX: usize = 6;

const PAD: f32 = 0.5;
const HEADER_HEIGHT: f32 = 2.3;
const MORE_HEIGHT: f32 = 1.4;
const CONTROLS_WIDTH: f32 = 9.6;

/// The card of a topic, with its top left corner at this place.
pub(super) fn card(
    world: &World,
    name: &TopicName,
    topic: &Topic,
    groups: &[GroupInfo],
    (x, y, width): (f32, f32, f32),
) -> TopicCard {
    let readers: Vec<&GroupInfo> = groups
        .iter()
        .filter(|group| group.topics.contains(name))
        .collect();
    let (rows, more) = readers.split_at(readers.len().min(ROWS_MAX));
    let lane_height = lanes::height(rows.len());
    let shown = topic.partitions.len().min(LANES_MAX);
    let top = y + HEADER_HEIGHT;
    let lanes = (0..shown).map(|number| {
        let rect = Rect::new(
            x + PAD,
            top + number as f32 * lane_height,
            width - 2.0 * PAD,
            lane_height,
        );
        let partition = TopicPartition::new(name.clone(), number as i32);
        lanes::lane(world, partition, rows, rect)
    });
    let more_lanes = topic.partitions.len() - shown;
    let more_height = if more_lanes > 0 { MORE_HEIGHT } else { 0.0 };
    let height = HEADER_HEIGHT + shown as f32 * lane_height + more_height + PAD;
    TopicCard {
        name: name.clone(),
        partitions: topic.partitions.len(),
        replication_factor: topic.partitions.first().map_or(0, |it| it.replicas.len()),
        lanes: lanes.collect(),
        more_lanes,
        more_groups: more.len(),
        rect: Rect::new(x, y, width, height),
        header: Rect::new(
            x + PAD,
            y,
            width - 3.0 * PAD - CONTROLS_WIDTH,
            HEADER_HEIGHT,
        ),
        controls: Rect::new(
            x + width - PAD - CONTROLS_WIDTH,
            y,
            CONTROLS_WIDTH,
            HEADER_HEIGHT,
        ),
    }
}
