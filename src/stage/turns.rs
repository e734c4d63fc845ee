//! Which things of a crowded board are drawn anew, and which stay as they are
//! for a moment: what is seen is always drawn as it is, and what lies outside
//! of the window in turns, so that a board of hundreds of things costs little
//! more than what is seen of it.

use std::rc::Rc;

use super::geometry::Rect;
use super::scene::{GroupBox, ProducerBox, Scene, TopicCard};

/// Up to so many lanes, members and producers all are drawn every time.
const FEW: usize = 40;
/// What is not seen is drawn once in so many times: once a second.
const ROUND: usize = 10;
/// The text twin of a crowded board says what is new once in so many times:
/// twice a second.
const TOLD_EVERY: usize = 5;

/// What is drawn and said of the latest scenes.
#[derive(Clone, Debug)]
pub struct Turns {
    /// What is drawn.
    pub drawn: Rc<Scene>,
    /// What the text twin says.
    pub told: Rc<Scene>,
    /// Of a crowded board, the part that is seen and what is near it: what lies
    /// beyond is drawn without its contents. `None` where all is drawn.
    pub near: Option<Rect>,
    count: usize,
}

impl Turns {
    /// Begins with this scene.
    pub fn new(scene: Rc<Scene>) -> Turns {
        Turns {
            drawn: scene.clone(),
            told: scene,
            near: None,
            count: 0,
        }
    }

    /// Takes the next scene, of which this part is seen; `None` has everything
    /// drawn and said as it is, as when time stands still.
    pub fn take(&mut self, scene: &Rc<Scene>, seen: Option<Rect>) {
        self.count = self.count.wrapping_add(1);
        let seen = seen.filter(|_| is_crowded(scene));
        if seen.is_none() || self.count.is_multiple_of(TOLD_EVERY) {
            self.told = scene.clone();
        }
        self.near = seen.map(near);
        let turn = Turn {
            seen,
            count: self.count,
        };
        self.drawn = Rc::new(turn.scene(&self.drawn, scene));
    }
}

/// The part of the board that is seen, and half as much above and below. It
/// moves in steps, so that not all is drawn with every pixel that is scrolled.
fn near(seen: Rect) -> Rect {
    let step = (seen.height / 4.0).max(1.0);
    let top = ((seen.y / step).floor() - 2.0) * step;
    let bottom = ((seen.bottom() / step).ceil() + 2.0) * step;
    Rect::new(seen.x, top, seen.width, bottom - top)
}

fn is_crowded(scene: &Scene) -> bool {
    let lanes = scene.topics.iter().map(|card| card.lanes.len());
    let members = scene.groups.iter().map(|group| group.members.len());
    lanes.chain(members).sum::<usize>() + scene.producers.len() > FEW
}

/// One time.
struct Turn {
    seen: Option<Rect>,
    count: usize,
}

impl Turn {
    fn scene(&self, last: &Scene, next: &Scene) -> Scene {
        Scene {
            producers: self.all(&last.producers, &next.producers),
            topics: next
                .topics
                .iter()
                .map(|card| match last.topic(&card.name) {
                    Some(before) => Rc::new(self.card(before, card)),
                    None => card.clone(),
                })
                .collect(),
            groups: next
                .groups
                .iter()
                .map(|group| match last.group(&group.id) {
                    Some(before) => Rc::new(self.group(before, group)),
                    None => group.clone(),
                })
                .collect(),
            ribbons: match last.ribbons == next.ribbons {
                true => last.ribbons.clone(),
                false => next.ribbons.clone(),
            },
            ..next.clone()
        }
    }

    fn card(&self, last: &TopicCard, next: &TopicCard) -> TopicCard {
        TopicCard {
            lanes: self.all(&last.lanes, &next.lanes),
            ..next.clone()
        }
    }

    fn group(&self, last: &GroupBox, next: &GroupBox) -> GroupBox {
        GroupBox {
            members: self.all(&last.members, &next.members),
            ..next.clone()
        }
    }

    /// Of two lists of the same things the one to be drawn: of each the last
    /// one where it is as it was, or is not seen and not due. Lists of other
    /// things are drawn as they are.
    fn all<T: Thing>(&self, last: &[Rc<T>], next: &[Rc<T>]) -> Vec<Rc<T>> {
        let drawn = next.iter().enumerate().map(|(place, thing)| {
            let before = last.get(place).filter(|before| before.is_same(thing));
            match before {
                Some(before) if !self.is_due(place, thing.rect()) || before == thing => {
                    before.clone()
                }
                _ => thing.clone(),
            }
        });
        drawn.collect()
    }

    fn is_due(&self, place: usize, rect: &Rect) -> bool {
        let is_seen = |seen: Rect| seen.overlaps(rect);
        self.seen.is_none_or(is_seen) || (place + self.count).is_multiple_of(ROUND)
    }
}

/// One of many things on the board.
trait Thing: PartialEq {
    fn rect(&self) -> &Rect;

    /// Whether it stands for the same as another, and at the same place.
    fn is_same(&self, other: &Self) -> bool;
}

impl Thing for super::scene::Lane {
    fn rect(&self) -> &Rect {
        &self.rect
    }

    fn is_same(&self, other: &Self) -> bool {
        self.topic_partition == other.topic_partition && self.rect == other.rect
    }
}

impl Thing for super::scene::MemberBox {
    fn rect(&self) -> &Rect {
        &self.rect
    }

    fn is_same(&self, other: &Self) -> bool {
        self.key == other.key && self.rect == other.rect
    }
}

impl Thing for ProducerBox {
    fn rect(&self) -> &Rect {
        &self.rect
    }

    fn is_same(&self, other: &Self) -> bool {
        self.client == other.client && self.rect == other.rect
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playground::{Playground, WORLDS};
    use crate::stage::View;

    const PARTITIONS: i32 = 48;

    fn crowded() -> Playground {
        let mut playground = WORLDS[0].open(1);
        let name = "orders";
        for _ in 3..PARTITIONS {
            playground.add_partition(name).expect("there is room");
        }
        playground.advance_us(15_000_000);
        playground
    }

    fn scene(playground: &Playground) -> Rc<Scene> {
        Rc::new(playground.scene(&View::new(80.0)))
    }

    fn ends(scene: &Scene) -> Vec<i64> {
        scene.topics[0].lanes.iter().map(|it| it.log_end).collect()
    }

    #[test]
    fn what_is_seen_is_drawn_at_once_and_the_rest_within_a_round() {
        let mut playground = crowded();
        let first = scene(&playground);
        let mut turns = Turns::new(first.clone());
        playground.advance_us(60_000_000);
        let later = scene(&playground);
        let lane = &later.topics[0].lanes[1];
        assert_ne!(ends(&first), ends(&later));
        turns.take(&later, Some(lane.rect));
        assert_eq!(turns.drawn.topics[0].lanes[1], *lane);
        assert_ne!(turns.drawn, later, "what is not seen can wait");
        for _ in 1..ROUND {
            turns.take(&later, Some(lane.rect));
        }
        assert_eq!(turns.drawn, later);
        assert_eq!(turns.told, later);
    }

    #[test]
    fn what_is_near_is_ready_before_it_is_scrolled_to() {
        let seen = Rect::new(0.0, 101.0, 80.0, 40.0);
        let around = near(seen);
        assert_eq!((around.y, around.bottom()), (80.0, 170.0));
        let a_little_later = Rect { y: 102.0, ..seen };
        assert_eq!(near(a_little_later), around);
    }

    #[test]
    fn all_is_drawn_at_once_while_time_stands_still() {
        let mut playground = crowded();
        let mut turns = Turns::new(scene(&playground));
        playground.advance_us(60_000_000);
        let later = scene(&playground);
        turns.take(&later, None);
        assert_eq!((&turns.drawn, &turns.told), (&later, &later));
    }

    #[test]
    fn a_board_on_which_little_stands_is_drawn_as_it_is() {
        let mut playground = WORLDS[0].open(1);
        let mut turns = Turns::new(scene(&playground));
        playground.advance_us(5_000_000);
        let later = scene(&playground);
        turns.take(&later, Some(Rect::default()));
        assert_eq!((&turns.drawn, &turns.told), (&later, &later));
    }

    #[test]
    fn what_is_as_it_was_is_not_drawn_again() {
        let playground = WORLDS[0].open(1);
        let mut turns = Turns::new(scene(&playground));
        let before = turns.drawn.topics[0].lanes[0].clone();
        turns.take(&scene(&playground), None);
        assert!(Rc::ptr_eq(&before, &turns.drawn.topics[0].lanes[0]));
    }
}
