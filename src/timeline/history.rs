//! A world with what it was: playing, stepping, going back.

use engine::Time;

use super::moments::{Kind, Moments};
use super::{MarkPaths, Marks, Position};
use crate::playground::{LogLine, Playground};

/// After how much virtual time a moment is kept, in microseconds.
const MOMENT_EVERY_US: u64 = 1_000_000;
/// For every so many bytes of a moment it is once as much: a world of which a copy
/// takes a whole frame is copied less often.
const MOMENT_BYTES: u64 = 2_000_000;
/// At most one in so many frames is, however fast time passes: keeping one takes
/// a part of a frame.
const MOMENT_FRAMES_MIN: u32 = 6;
/// So many frames are waited for one that has time for it.
const MOMENT_FRAMES_MAX: u32 = 30;
/// How far before an instant a moment is kept for who steps back from there, in
/// microseconds.
const SHORTLY_US: u64 = 100_000;
/// Of how many steps it is remembered where they began.
const STEPS_MAX: usize = 1_000;

/// A world, and what it was since it was opened.
///
/// Whatever was can be gone back to, and from there shown again, also what a
/// person did, until the person does something new: then what came after is
/// forgotten. What is shown at a [`Position`] is always the same.
#[derive(Debug)]
pub struct History {
    present: Playground,
    /// How many deeds are done at present.
    done: usize,
    /// As far as it ever came.
    latest: Position,
    moments: Moments,
    /// When each deed was done.
    deeds: Vec<Time>,
    /// The last steps, from where to where.
    steps: Vec<(Position, Position)>,
    marks: Marks,
    frames_since_moment: u32,
    parted: Option<Parted>,
}

/// Something new was done in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parted {
    /// When.
    pub at: Time,
    /// How far what is forgotten went.
    pub until: Time,
}

impl History {
    /// Begins with a world as it is.
    pub fn of(playground: Playground) -> History {
        let here = Position {
            at: playground.world().now(),
            deeds: 0,
        };
        History {
            done: 0,
            latest: here,
            moments: Moments::new(here, &playground),
            deeds: Vec::new(),
            steps: Vec::new(),
            marks: Marks::after(playground.news()),
            frames_since_moment: 0,
            parted: None,
            present: playground,
        }
    }

    /// The world as it is shown.
    pub fn present(&self) -> &Playground {
        &self.present
    }

    /// Where in the history that is.
    pub fn position(&self) -> Position {
        Position {
            at: self.present.world().now(),
            deeds: self.done,
        }
    }

    /// The earliest that can be gone back to.
    pub fn earliest(&self) -> Position {
        self.moments.earliest()
    }

    /// As far as the history goes.
    pub fn latest(&self) -> Position {
        self.latest
    }

    /// Whether what is shown was followed by something.
    pub fn is_in_past(&self) -> bool {
        self.position() < self.latest
    }

    /// How many moments are kept.
    pub fn moments(&self) -> usize {
        self.moments.len()
    }

    /// How much they hold that the present world does not, in bytes, by
    /// estimate.
    pub fn held_bytes(&self) -> usize {
        self.moments.held_bytes()
    }

    /// What happened, as marks along the slider.
    pub fn marks(&self) -> MarkPaths {
        let (earliest, latest) = (self.earliest().at, self.latest.at);
        self.marks.paths(&self.deeds, earliest, latest)
    }

    /// Takes the news for the caption; see [`Playground::take_headline`].
    pub fn take_headline(&mut self) -> Option<LogLine> {
        self.present.take_headline()
    }

    /// What the cluster refused since this was last asked.
    pub fn take_complaints(&mut self) -> Vec<String> {
        self.present.take_complaints()
    }

    /// Whether what came after the present was forgotten since this was last
    /// asked.
    pub fn take_parted(&mut self) -> Option<Parted> {
        self.parted.take()
    }

    /// Lets `us` microseconds of virtual time pass. In the past, what happened
    /// then happens again; beyond it the world goes on.
    pub fn advance_us(&mut self, us: u64) {
        let until = self.present.world().now().plus_us(us);
        while let Some(at) = self.next_deed().filter(|at| *at <= until) {
            self.present.advance_to(at);
            self.redo();
        }
        self.present.advance_to(until);
        self.arrive();
    }

    /// Keeps the present now and then; to be called every frame. `has_time` when
    /// the frame has little else to do.
    pub fn keep_now_and_then(&mut self, has_time: bool) {
        self.frames_since_moment += 1;
        let frames = match has_time {
            true => MOMENT_FRAMES_MIN,
            false => MOMENT_FRAMES_MAX,
        };
        if self.frames_since_moment < frames || self.is_in_past() {
            return;
        }
        let here = self.position();
        let last = self.moments.up_to(here);
        let is_due = last.is_none_or(|it| {
            let every_us = MOMENT_EVERY_US * (1 + it.own_bytes() as u64 / MOMENT_BYTES);
            here.at.us_since(it.position.at) >= every_us
        });
        if is_due {
            self.frames_since_moment = 0;
            self.moments.keep(here, self.present.clone(), Kind::Passing);
        }
    }

    /// Goes on to the next thing worth telling. In the past that may be what a
    /// person did then.
    pub fn step(&mut self) {
        let from = self.position();
        self.keep();
        match self.next_deed() {
            Some(at) => {
                if !self.present.step_until(at) {
                    self.redo();
                }
            }
            None => self.present.step(),
        }
        self.steps.push((from, self.position()));
        let too_many = self.steps.len().saturating_sub(STEPS_MAX);
        self.steps.drain(..too_many);
        self.arrive();
    }

    /// Goes to before the last step: to where it began, if the present was
    /// reached by one; else to the last thing worth telling before the present,
    /// or to just before what a person did last when that is later.
    pub fn step_back(&mut self) {
        let here = self.position();
        self.keep();
        let stepped = self.steps.iter().rev().find(|(_, to)| *to == here);
        let target = match stepped {
            Some((from, _)) => *from,
            None => self.last_stop(here),
        };
        self.go_to(target);
    }

    /// Goes to an instant, as it was after all that was done then.
    pub fn scrub_to(&mut self, at: Time) {
        self.keep();
        let at = at.clamp(self.earliest().at, self.latest.at);
        let deeds = self.deeds.partition_point(|done_at| *done_at <= at);
        self.go_to(Position { at, deeds });
    }

    /// Does what a person asks for. What is refused leaves no trace. In the
    /// past, what came after is forgotten: see [`History::take_parted`].
    ///
    /// # Errors
    ///
    /// Those of the deed: a sentence for the person.
    pub fn act<T>(
        &mut self,
        deed: impl FnOnce(&mut Playground) -> Result<T, String>,
    ) -> Result<T, String> {
        let here = self.position();
        let before = self.present.clone();
        let done = deed(&mut self.present);
        if done.is_err() {
            self.present = before;
            return done;
        }
        if here < self.latest {
            self.part(here, &before);
        }
        self.moments.keep(here, before, Kind::Before);
        self.deeds.push(here.at);
        self.done += 1;
        self.moments
            .keep(self.position(), self.present.clone(), Kind::Deed);
        self.arrive();
        done
    }

    /// While time stands still, takes the world on as far as somebody who has
    /// just acted waits for an answer; see [`Playground::let_calls_finish`]. In
    /// the past nobody waits.
    pub fn let_calls_finish(&mut self) {
        if !self.is_in_past() {
            self.present.let_calls_finish();
            self.arrive();
        }
    }

    /// Forgets what came after a position. (A history that forks keeps it.)
    fn part(&mut self, here: Position, then: &Playground) {
        self.parted = Some(Parted {
            at: here.at,
            until: self.latest.at,
        });
        self.moments.forget_after(here);
        self.deeds.truncate(here.deeds);
        self.steps.retain(|(_, to)| *to <= here);
        self.marks.forget_from(then.news().told());
        self.latest = here;
    }

    /// When the next deed was done, where the present is before it.
    fn next_deed(&self) -> Option<Time> {
        self.deeds.get(self.done).copied()
    }

    /// Does again what was done at this instant.
    fn redo(&mut self) {
        self.done += 1;
        let after = self.moments.up_to(self.position());
        let after = after.filter(|it| it.position == self.position());
        let after = after.expect("what lies after a deed is kept as long as anything before it");
        self.present = after.playground.clone();
        self.present.recall();
    }

    /// Something may have been reached for the first time.
    fn arrive(&mut self) {
        self.latest = self.latest.max(self.position());
        self.marks.note(self.present.news());
    }

    /// Keeps the present, unless it is kept already. What lies in the past is
    /// come to again from what is kept of it.
    fn keep(&mut self) {
        let here = self.position();
        if !self.is_in_past() && !self.moments.has(here) {
            self.moments.keep(here, self.present.clone(), Kind::Before);
        }
    }

    /// Goes to a position, by letting time pass from the present or from the
    /// last moment before.
    fn go_to(&mut self, target: Position) {
        let target = target.max(self.earliest());
        let here = self.position();
        let start = self.moments.up_to(target);
        let start = start.expect("the earliest moment lies before every position");
        if here > target || here < start.position {
            self.present = start.playground.clone();
            self.done = start.position.deeds;
        }
        assert_eq!(self.done, target.deeds, "there is a moment after each deed");
        self.present.advance_to(target.at);
        self.present.recall();
    }

    /// The last position before this one at which a step would stop, or at
    /// which a person was about to act.
    fn last_stop(&mut self, here: Position) -> Position {
        self.keep_shortly_before(here);
        // The stops are looked for between one moment and the next, backwards.
        let mut until = here;
        while let Some(moment) = self.moments.before(until) {
            let start = moment.position;
            if start.deeds < here.deeds {
                return Position {
                    at: self.deeds[start.deeds],
                    deeds: start.deeds,
                };
            }
            let mut probe = moment.playground.clone();
            let mut last = None;
            while probe.step_until(until.at) {
                let at = probe.world().now();
                if at >= here.at {
                    break;
                }
                last = Some(Position { at, ..here });
            }
            if let Some(last) = last {
                return last;
            }
            until = start;
        }
        self.earliest()
    }

    /// Keeps a moment shortly before a position: in a busy world it is a long way
    /// from the last one, and who goes back one step mostly goes back some more.
    fn keep_shortly_before(&mut self, here: Position) {
        let Some(moment) = self.moments.before(here) else {
            return;
        };
        let start = moment.position;
        let apart_us = here.at.us_since(start.at);
        if start.deeds == here.deeds && apart_us > 2 * SHORTLY_US {
            let mut then = moment.playground.clone();
            then.advance_to(start.at.plus_us(apart_us - SHORTLY_US));
            let at = then.world().now();
            self.moments
                .keep(Position { at, ..start }, then, Kind::Passing);
        }
    }
}
