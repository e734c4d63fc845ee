//! Names beside packets, where there is room.

use super::super::geometry::Rect;
use super::super::packets::{PacketMark, Shape};
use super::super::scene::{FLAG, Lane, Scene};
use super::brush::Brush;

/// The most names that are written.
const LABELS_MAX: usize = 60;
const HEIGHT: f32 = 1.05;
const CHARACTER: f32 = 0.44;
/// The width of a short notice beside a lane.
const BESIDE_WIDTH: f32 = 3.4;

/// Writes the names of the packets that are worth it: while time stands still,
/// of all; else of those that are not many of a kind. One for which there is no
/// room has none.
pub(super) fn write(brush: &Brush, marks: &[&PacketMark], scene: &Scene) {
    let mut taken: Vec<Rect> = marks.iter().map(|mark| outline(mark)).collect();
    let mut written = 0;
    for mark in marks.iter().filter(|mark| is_named(brush, mark)) {
        let texts = obstacles(scene, mark);
        let is_free = |place: &Rect| {
            let is_taken = |other: &Rect| other.overlaps(place);
            scene.bounds().encloses(place) && !taken.iter().chain(&texts).any(is_taken)
        };
        let Some(place) = places(mark).into_iter().find(is_free) else {
            continue;
        };
        paint(brush, mark, &place);
        taken.push(place);
        written += 1;
        if written == LABELS_MAX {
            return;
        }
    }
}

fn is_named(brush: &Brush, mark: &PacketMark) -> bool {
    match mark.shape {
        Shape::Group | Shape::Cluster => brush.has_arrows || !mark.is_faint,
        // There are many, and they look like nothing else.
        Shape::Fetch => false,
        _ => brush.has_arrows,
    }
}

/// What a mark's name must not hide, as far as it might: all that is written
/// on the board.
fn obstacles(scene: &Scene, mark: &PacketMark) -> Vec<Rect> {
    let near = |rect: &Rect| places(mark).iter().any(|place| place.overlaps(rect));
    let producers = scene.producers.iter().map(|it| it.rect);
    let groups = scene.groups.iter().map(|it| it.rect);
    let brokers = scene.brokers.iter().map(|it| it.rect);
    let notes = scene.notes.iter().map(|it| it.rect);
    let boxes = producers
        .chain(groups)
        .chain(brokers)
        .chain(notes)
        .chain(of_cluster(scene))
        .chain(scene.internal.map(|it| it.rect))
        .chain([scene.admin.rect, scene.legend, scene.switch]);
    let mut found: Vec<Rect> = boxes.filter(near).collect();
    let cards = scene.topics.iter().filter(|card| near(&card.rect));
    for card in cards {
        match mark.shape {
            // The gaps between the columns may be too narrow for long names.
            Shape::Group | Shape::Cluster => {
                found.extend([card.header, card.controls]);
                let lanes = card.lanes.iter().filter(|lane| near(&lane.rect));
                found.extend(lanes.flat_map(|lane| written_on(lane)));
            }
            _ => found.push(card.rect),
        }
    }
    found
}

/// Where something is written in the racks.
fn of_cluster(scene: &Scene) -> impl Iterator<Item = Rect> + '_ {
    let clusters = scene.cluster.iter();
    clusters.flat_map(|cluster| {
        let brokers = cluster.brokers.iter().map(|it| it.rect);
        let controllers = cluster.controllers.iter().map(|it| it.rect);
        let racks = cluster.racks.iter().map(|it| it.header);
        let links = cluster.links.iter().map(|it| it.label);
        let election = cluster.election.iter().map(|it| it.rect);
        let over_racks = controllers.chain(election);
        brokers.chain(racks).chain(links).chain(over_racks)
    })
}

/// Where on a lane something is written or marked: its cells, what stands to
/// their left, and the texts under them.
fn written_on(lane: &Lane) -> Vec<Rect> {
    let first = lane.rect.x;
    let last = lane.cells.last().map(|cell| cell.rect.right());
    let cells = Rect::new(
        first,
        lane.track.y,
        last.unwrap_or(lane.track.x) - first,
        lane.track.height,
    );
    let rows = lane.rows.iter().map(|row| {
        let last = row.markers.iter().map(|it| it.x + FLAG);
        let last = last.fold(lane.track.x, f32::max);
        Rect::new(first, row.rect.y, last - first, row.rect.height)
    });
    // How far a group lags stands at the end of what is beside the lane.
    let beside = lane.rows.iter().filter(|row| row.notice.is_some());
    let beside = beside.map(|row| Rect {
        x: lane.side.right() - BESIDE_WIDTH.min(lane.side.width),
        width: BESIDE_WIDTH.min(lane.side.width),
        ..row.rect
    });
    let labels = lane.labels().into_iter().map(|label| label.rect);
    rows.chain(beside).chain(labels).chain([cells]).collect()
}

fn outline(mark: &PacketMark) -> Rect {
    let (half_width, half_height) = mark.half_size();
    Rect::new(
        mark.at.x - half_width,
        mark.at.y - half_height,
        2.0 * half_width,
        2.0 * half_height,
    )
}

/// Under or over the mark, or shifted to the left there; beside it.
fn places(mark: &PacketMark) -> [Rect; 6] {
    let own = outline(mark);
    let (w, h) = (mark.api.len() as f32 * CHARACTER + 0.5, HEIGHT);
    let gap = 0.15;
    let center = own.center();
    let (under, over) = (own.bottom() + gap, own.y - gap - h);
    [
        Rect::new(center.x - w / 2.0, under, w, h),
        Rect::new(center.x - w / 2.0, over, w, h),
        Rect::new(own.x + gap - w, under, w, h),
        Rect::new(own.x + gap - w, over, w, h),
        Rect::new(own.right() + gap, center.y - h / 2.0, w, h),
        Rect::new(own.x - gap - w, center.y - h / 2.0, w, h),
    ]
}

fn paint(brush: &Brush, mark: &PacketMark, place: &Rect) {
    let rem = brush.rem;
    let context = brush.context;
    let (x, y) = (f64::from(place.x) * rem, f64::from(place.y) * rem);
    let (width, height) = (f64::from(place.width) * rem, f64::from(place.height) * rem);
    context.set_global_alpha(0.85);
    context.set_fill_style_str(&brush.theme.surface);
    context.fill_rect(x, y, width, height);
    context.set_global_alpha(1.0);
    context.set_fill_style_str(&brush.theme.text);
    context.set_font(&format!("{}px {}", 0.75 * rem, brush.theme.sans));
    context.set_text_align("center");
    context.set_text_baseline("middle");
    // Fails only where there is no canvas any more.
    let _ = context.fill_text(mark.api, x + width / 2.0, y + height / 2.0);
}

#[cfg(test)]
mod tests {
    use engine::client::{AdminConfig, ConsumerConfig};
    use engine::protocol::{CreatableTopic, CreateTopicsRequest, Request};
    use engine::{Command, World, WorldConfig};

    use super::super::super::packets::packet_marks;
    use super::super::super::scene::View;
    use super::*;

    fn world() -> World {
        let mut world = World::new(3, WorldConfig::playground());
        let mut run = |command| world.execute(command).expect("it runs").client;
        let config = AdminConfig::named("admin");
        let admin = run(Command::AddAdmin { config }).expect("it has a number");
        let topic = CreatableTopic {
            name: "orders".into(),
            num_partitions: 3,
            replication_factor: -1,
            assignments: Default::default(),
            configs: Default::default(),
        };
        let topics = vec![topic];
        let request = Request::CreateTopics(CreateTopicsRequest { topics });
        run(Command::AdminCall { admin, request });
        for _ in 0..3 {
            let config = ConsumerConfig::of_group("billing");
            let topics = vec!["orders".into()];
            run(Command::AddConsumer { config, topics });
        }
        world
    }

    #[test]
    fn names_hide_nothing_that_is_written() {
        let mut world = world();
        let (mut free, mut named) = (0, 0);
        for _ in 0..400 {
            let until = world.now().plus_ms(37);
            world.advance_to(until);
            for width in [22.4, 40.0, 75.0, 100.0] {
                let scene = Scene::of(&world, &View::new(width));
                for mark in packet_marks(&world, &scene) {
                    let texts = obstacles(&scene, &mark);
                    let Some(place) = places(&mark).into_iter().find(|place| {
                        named += 1;
                        !texts.iter().any(|text| text.overlaps(place))
                    }) else {
                        continue;
                    };
                    free += 1;
                    let headers = scene.groups.iter().map(|it| it.header);
                    let cards = scene.topics.iter().flat_map(|card| {
                        let labels = card.lanes.iter().flat_map(|lane| lane.labels());
                        let labels = labels.map(|label| label.rect);
                        labels.chain([card.header]).collect::<Vec<_>>()
                    });
                    let notes = scene.notes.iter().map(|note| note.rect);
                    for text in headers.chain(cards).chain(notes) {
                        assert!(!text.overlaps(&place), "{} over {text:?}", mark.api);
                    }
                }
            }
        }
        assert!(free > 100, "only {free} of {named} places were free");
    }
}
