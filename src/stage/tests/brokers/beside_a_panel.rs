//! Where a panel takes some of the room, brokers stay side by side.

use super::super::super::Room;
use super::*;

/// The board in a window of 1280 CSS pixels, without a panel and beside one, in
/// rem.
const WHOLE: f32 = 75.1;
const BESIDE: f32 = 48.9;

fn fitted(world: &World, view: &mut View, width_rem: f32, keeps_columns: bool) -> Scene {
    view.take_room(Room {
        width_rem,
        height_rem: Some(32.0),
        keeps_columns,
    });
    for _ in 0..20 {
        let scene = Scene::of(world, view);
        if !view.fit(&scene) {
            return scene;
        }
    }
    panic!("the board grows and shrinks for ever");
}

/// How many brokers stand at the height of the first one.
fn in_first_row(scene: &Scene) -> usize {
    let brokers = &cluster_of(scene).brokers;
    let top = brokers[0].rect.y;
    brokers.iter().filter(|it| it.rect.y == top).count()
}

#[test]
fn three_brokers_stay_side_by_side_beside_a_panel() {
    for world in [three_brokers(), nine_brokers()] {
        let mut view = view(WHOLE);
        let before = fitted(&world, &mut view, WHOLE, false);
        assert_eq!(in_first_row(&before), 3);
        let beside = fitted(&world, &mut view, BESIDE, true);
        assert_eq!(in_first_row(&beside), 3);
        assert!(beside.width * beside.zoom <= BESIDE + 0.01, "all is seen");
        assert!(beside.zoom >= 0.65, "it can be read: {}", beside.zoom);
        for broker in &cluster_of(&beside).brokers {
            for tile in &broker.tiles {
                assert_eq!(
                    tile.name,
                    tile.topic_partition.to_string(),
                    "no name is cut"
                );
            }
        }
        let after = fitted(&world, &mut view, WHOLE, false);
        assert!(after == before, "without the panel all is as it was");
    }
}

#[test]
fn where_a_row_of_brokers_would_not_be_seen_they_stand_in_two() {
    let world = three_brokers();
    let mut view = view(WHOLE);
    let narrow = 42.0;
    let beside = fitted(&world, &mut view, narrow, true);
    assert_eq!(in_first_row(&beside), 2);
    assert!(beside.width * beside.zoom <= narrow + 0.01, "all is seen");
}

#[test]
fn one_broker_needs_no_more_room_than_lanes_do() {
    let world = one_broker();
    let mut by_broker = view(WHOLE);
    let mut by_topic = View::new(WHOLE);
    let one = fitted(&world, &mut by_broker, BESIDE, true);
    let other = fitted(&world, &mut by_topic, BESIDE, true);
    assert_eq!(one.zoom, other.zoom);
}
