//! How each mark looks.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use web_sys::CanvasRenderingContext2d;

use super::super::ink::Ink;
use super::super::packets::{PacketMark, Shape};
use super::theme::Theme;

/// Sizes, in rem.
const CELL_CORNER: f64 = 0.3;
const LETTERS: f64 = 0.82;
/// How opaque marks are that matter little.
const FAINT: f64 = 0.62;

/// What marks have in common that are painted at once.
#[derive(PartialEq)]
struct Kind {
    shape: Shape,
    ink: Ink,
    is_response: bool,
    is_faint: bool,
}

impl Kind {
    fn of(mark: &PacketMark) -> Kind {
        Kind {
            shape: mark.shape,
            ink: mark.ink,
            is_response: mark.is_response,
            is_faint: mark.is_faint,
        }
    }
}

/// A canvas and all it takes to paint on it.
pub(super) struct Brush<'a> {
    pub context: &'a CanvasRenderingContext2d,
    pub theme: &'a Theme,
    /// CSS pixels for a rem.
    pub rem: f64,
    /// Whether marks carry text.
    pub has_text: bool,
    /// Whether marks show where they fly to.
    pub has_arrows: bool,
}

impl Brush<'_> {
    /// Paints a mark.
    pub fn mark(&self, mark: &PacketMark) {
        let (x, y) = self.place(mark);
        let context = self.context;
        context.set_global_alpha(if mark.is_faint { FAINT } else { 1.0 });
        context.set_line_width(0.11 * self.rem);
        // A fetch is an arrow itself.
        if self.has_arrows && mark.shape != Shape::Fetch {
            self.arrow(mark, x, y);
        }
        context.begin_path();
        self.trace(mark, x, y);
        match mark.shape {
            Shape::Records | Shape::FetchedRecords => self.records(mark, x, y),
            Shape::Acknowledgement => self.acknowledgement(mark, x, y),
            _ => self.fill_by_kind(mark),
        }
        context.set_global_alpha(1.0);
    }

    /// Paints marks of which there are very many: all that look alike at once,
    /// and without outlines where they are filled.
    pub fn swarm(&self, marks: &[&PacketMark]) {
        let context = self.context;
        context.set_line_width(0.11 * self.rem);
        let mut kinds: Vec<(Kind, Vec<&PacketMark>)> = Vec::new();
        for mark in marks {
            let kind = Kind::of(mark);
            match kinds.iter_mut().find(|(it, _)| *it == kind) {
                Some((_, alike)) => alike.push(mark),
                None => kinds.push((kind, vec![mark])),
            }
        }
        for (kind, alike) in kinds {
            context.set_global_alpha(if kind.is_faint { FAINT } else { 1.0 });
            context.begin_path();
            for mark in alike {
                let (x, y) = self.place(mark);
                self.trace(mark, x, y);
            }
            self.fill_swarm(&kind);
        }
        context.set_global_alpha(1.0);
    }

    fn fill_swarm(&self, kind: &Kind) {
        let ink = self.line_colour(kind.ink);
        match kind.shape {
            Shape::Records | Shape::FetchedRecords => {
                self.context.set_fill_style_str(self.theme.colour(kind.ink));
                self.context.fill();
            }
            Shape::Acknowledgement => self.fill_and_outline(&self.theme.surface, ink),
            _ if kind.is_response => self.fill_and_outline(&self.theme.surface, ink),
            _ => {
                self.context.set_fill_style_str(ink);
                self.context.fill();
            }
        }
    }

    /// Adds a mark's outline to the path.
    fn trace(&self, mark: &PacketMark, x: f64, y: f64) {
        match mark.shape {
            Shape::Records | Shape::FetchedRecords => self.trace_records(mark, x, y),
            Shape::Acknowledgement => self.trace_ring(mark, x, y),
            Shape::Fetch => self.trace_chevron(mark, x, y),
            Shape::Group => self.trace_polygon(mark, x, y, 4),
            Shape::Cluster => self.trace_polygon(mark, x, y, 6),
        }
    }

    /// Where a mark's middle is, in CSS pixels.
    pub fn place(&self, mark: &PacketMark) -> (f64, f64) {
        (
            f64::from(mark.at.x) * self.rem,
            f64::from(mark.at.y) * self.rem,
        )
    }

    /// Half a mark's width and half its height, in CSS pixels.
    fn extent(&self, mark: &PacketMark) -> (f64, f64) {
        let (width, height) = mark.half_size();
        (f64::from(width) * self.rem, f64::from(height) * self.rem)
    }

    fn trace_records(&self, mark: &PacketMark, x: f64, y: f64) {
        let (half_width, half_height) = self.extent(mark);
        let corner = CELL_CORNER * self.rem;
        let (left, top) = (x - half_width, y - half_height);
        let (right, bottom) = (x + half_width, y + half_height);
        let context = self.context;
        // The corner to the left above is cut off records that are fetched.
        match mark.shape {
            Shape::FetchedRecords => {
                context.move_to(left, top + 1.4 * corner);
                context.line_to(left + 1.4 * corner, top);
            }
            _ => context.move_to(left, top),
        }
        context.line_to(right, top);
        context.line_to(right, bottom);
        context.line_to(left, bottom);
        context.close_path();
    }

    fn records(&self, mark: &PacketMark, x: f64, y: f64) {
        let context = self.context;
        self.fill_and_outline(self.theme.colour(mark.ink), &self.theme.text);
        if self.has_text {
            context.set_fill_style_str(&self.theme.key_text);
            let size = LETTERS * f64::from(mark.scale) * self.rem;
            context.set_font(&format!("bold {size}px {}", self.theme.mono));
            context.set_text_align("center");
            context.set_text_baseline("middle");
            // Fails only where there is no canvas any more.
            let _ = context.fill_text(&mark.text, x, y + 0.05 * self.rem);
        }
    }

    fn trace_ring(&self, mark: &PacketMark, x: f64, y: f64) {
        let (radius, _) = self.extent(mark);
        self.context.move_to(x + radius, y);
        // Fails only for a radius below zero.
        let _ = self.context.arc(x, y, radius, 0.0, TAU);
    }

    fn acknowledgement(&self, mark: &PacketMark, x: f64, y: f64) {
        let (radius, _) = self.extent(mark);
        let context = self.context;
        let ink = self.line_colour(mark.ink);
        self.fill_and_outline(&self.theme.surface, ink);
        context.begin_path();
        let half = radius / 2.0;
        if mark.ink == Ink::Danger {
            context.move_to(x - half, y - half);
            context.line_to(x + half, y + half);
            context.move_to(x + half, y - half);
            context.line_to(x - half, y + half);
        } else {
            context.move_to(x - half, y);
            context.line_to(x - 0.1 * half, y + 0.8 * half);
            context.line_to(x + half, y - 0.8 * half);
        }
        context.stroke();
    }

    /// Points where it flies.
    fn trace_chevron(&self, mark: &PacketMark, x: f64, y: f64) {
        let (radius, _) = self.extent(mark);
        let heading = f64::from(mark.heading);
        let context = self.context;
        let turns = [0.0, 2.4, PI, -2.4];
        for (corner, turn) in turns.into_iter().enumerate() {
            let reach = if corner == 2 { 0.25 * radius } else { radius };
            let angle = heading + turn;
            let (to_x, to_y) = (x + reach * angle.cos(), y + reach * angle.sin());
            match corner {
                0 => context.move_to(to_x, to_y),
                _ => context.line_to(to_x, to_y),
            }
        }
        context.close_path();
    }

    fn trace_polygon(&self, mark: &PacketMark, x: f64, y: f64, corners: u32) {
        let (radius, _) = self.extent(mark);
        let context = self.context;
        for corner in 0..corners {
            let angle = TAU * f64::from(corner) / f64::from(corners) - FRAC_PI_2;
            let (to_x, to_y) = (x + radius * angle.cos(), y + radius * angle.sin());
            match corner {
                0 => context.move_to(to_x, to_y),
                _ => context.line_to(to_x, to_y),
            }
        }
        context.close_path();
    }

    /// Requests are filled, answers are hollow.
    fn fill_by_kind(&self, mark: &PacketMark) {
        let ink = self.line_colour(mark.ink);
        if mark.is_response {
            self.context.set_line_width(0.18 * self.rem);
            self.fill_and_outline(&self.theme.surface, ink);
        } else {
            self.fill_and_outline(ink, &self.theme.surface);
        }
    }

    fn line_colour(&self, ink: Ink) -> &str {
        match ink {
            Ink::Plain => &self.theme.text,
            other => self.theme.colour(other),
        }
    }

    fn fill_and_outline(&self, fill: &str, outline: &str) {
        self.context.set_fill_style_str(fill);
        self.context.fill();
        self.context.set_stroke_style_str(outline);
        self.context.stroke();
    }

    /// An arrow from the mark's edge to where it flies.
    fn arrow(&self, mark: &PacketMark, x: f64, y: f64) {
        let (half_width, half_height) = self.extent(mark);
        let heading = f64::from(mark.heading);
        let (along_x, along_y) = (heading.cos(), heading.sin());
        let edge =
            (half_width / along_x.abs().max(0.01)).min(half_height / along_y.abs().max(0.01));
        let tip = edge + 0.8 * self.rem;
        let barb = 0.36 * self.rem;
        let (tip_x, tip_y) = (x + tip * along_x, y + tip * along_y);
        let context = self.context;
        context.set_stroke_style_str(&self.theme.text);
        context.begin_path();
        context.move_to(x, y);
        context.line_to(tip_x, tip_y);
        for turn in [2.6, -2.6] {
            let angle = heading + turn;
            context.move_to(tip_x, tip_y);
            context.line_to(tip_x + barb * angle.cos(), tip_y + barb * angle.sin());
        }
        context.stroke();
    }
}
