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
        if self.has_arrows {
            self.arrow(mark, x, y);
        }
        match mark.shape {
            Shape::Records | Shape::FetchedRecords => self.records(mark, x, y),
            Shape::Acknowledgement => self.acknowledgement(mark, x, y),
            Shape::Fetch => self.chevron(mark, x, y),
            Shape::Group => self.polygon(mark, x, y, 4),
            Shape::Cluster => self.polygon(mark, x, y, 6),
        }
        context.set_global_alpha(1.0);
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

    fn records(&self, mark: &PacketMark, x: f64, y: f64) {
        let (half_width, half_height) = self.extent(mark);
        let corner = CELL_CORNER * self.rem;
        let (left, top) = (x - half_width, y - half_height);
        let (right, bottom) = (x + half_width, y + half_height);
        let context = self.context;
        context.begin_path();
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

    fn acknowledgement(&self, mark: &PacketMark, x: f64, y: f64) {
        let (radius, _) = self.extent(mark);
        let context = self.context;
        context.begin_path();
        let _ = context.arc(x, y, radius, 0.0, TAU);
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
    fn chevron(&self, mark: &PacketMark, x: f64, y: f64) {
        let (radius, _) = self.extent(mark);
        let heading = f64::from(mark.heading);
        let context = self.context;
        context.begin_path();
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
        self.fill_by_kind(mark);
    }

    fn polygon(&self, mark: &PacketMark, x: f64, y: f64, corners: u32) {
        let (radius, _) = self.extent(mark);
        let context = self.context;
        context.begin_path();
        for corner in 0..corners {
            let angle = TAU * f64::from(corner) / f64::from(corners) - FRAC_PI_2;
            let (to_x, to_y) = (x + radius * angle.cos(), y + radius * angle.sin());
            match corner {
                0 => context.move_to(to_x, to_y),
                _ => context.line_to(to_x, to_y),
            }
        }
        context.close_path();
        self.fill_by_kind(mark);
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
