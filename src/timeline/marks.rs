//! What happened, as marks along the slider.

use std::fmt::Write;

use engine::Time;

use crate::playground::{News, Weight};

/// How many news are marked at most.
const NEWS_MAX: usize = 2_000;
/// How many places there are along the slider: marks at the same one are one.
const PLACES: u64 = 500;

/// News that are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Marked {
    /// The number of the line in the event log.
    number: u64,
    at: Time,
    is_trouble: bool,
}

/// The news that are marked along the slider: what changes, and what goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    all: Vec<Marked>,
    /// The lines before this one have been looked at.
    seen: u64,
}

impl Marks {
    /// The marks of a history that begins with these news: none.
    pub fn after(news: &News) -> Marks {
        Marks {
            all: Vec::new(),
            seen: news.told(),
        }
    }

    /// Takes in what is new.
    pub fn note(&mut self, news: &News) {
        if news.told() <= self.seen {
            return;
        }
        let lines = news.lines().rev();
        let new = lines.take_while(|line| line.number >= self.seen);
        let weighty = new.filter(|line| line.weight >= Weight::Change);
        let mut marked: Vec<Marked> = weighty
            .map(|line| Marked {
                number: line.number,
                at: line.at,
                is_trouble: line.weight == Weight::Trouble,
            })
            .collect();
        marked.reverse();
        self.all.append(&mut marked);
        self.seen = news.told();
        if self.all.len() > NEWS_MAX {
            self.thin_out();
        }
    }

    /// Forgets the lines from this number on.
    pub fn forget_from(&mut self, number: u64) {
        self.all.retain(|it| it.number < number);
        self.seen = self.seen.min(number);
    }

    /// Every other change goes, and if that is not enough the oldest.
    fn thin_out(&mut self) {
        let mut place = 0;
        self.all.retain(|it| {
            place += 1;
            it.is_trouble || place % 2 == 0
        });
        let too_many = self.all.len().saturating_sub(NEWS_MAX);
        self.all.drain(..too_many);
    }

    /// The marks and the deeds as they are drawn between two instants.
    pub fn paths(&self, deeds: &[Time], earliest: Time, latest: Time) -> MarkPaths {
        let path = |times: &mut dyn Iterator<Item = Time>| path(times, earliest, latest);
        let news = |is_trouble| {
            let all = self.all.iter();
            let of_kind = all.filter(move |it| it.is_trouble == is_trouble);
            of_kind.map(|it| it.at)
        };
        MarkPaths {
            changes: path(&mut news(false)),
            troubles: path(&mut news(true)),
            deeds: path(&mut deeds.iter().copied()),
        }
    }
}

/// Marks as paths of an SVG that is [`MarkPaths::WIDTH`] wide and 1 high: an
/// upright line at each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarkPaths {
    /// What changed.
    pub changes: String,
    /// What went wrong.
    pub troubles: String,
    /// What a person did.
    pub deeds: String,
}

impl MarkPaths {
    /// The width of the picture that they are drawn in.
    pub const WIDTH: u64 = PLACES;
}

/// `times` are in order.
fn path(times: &mut dyn Iterator<Item = Time>, earliest: Time, latest: Time) -> String {
    let all_us = latest.us_since(earliest);
    let mut path = String::new();
    let mut last = None;
    for at in times.filter(|at| (earliest..=latest).contains(at)) {
        let place = (at.us_since(earliest) * PLACES).checked_div(all_us);
        if place.is_some() && place != last {
            // A string takes all that is written.
            let _ = write!(path, "M{} 0v1", place.unwrap_or(0));
            last = place;
        }
    }
    path
}
