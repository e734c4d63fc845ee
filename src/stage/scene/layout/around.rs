//! What stands around everything else: the switches and the buttons, headings
//! and remarks, the legend.

use engine::client::connect::is_bookkeeping;

use super::super::{By, InternalSwitch, Note, NoteKind, Sign, text_length};
use super::Layout;
use super::columns::{Column, GAP};
use crate::stage::geometry::Rect;

pub(super) const HEADING_HEIGHT: f32 = 1.9;
pub(super) const REMARK_HEIGHT: f32 = 3.0;
pub(super) const PILL_GAP: f32 = 0.5;
/// The buttons that zoom and fold.
const TOOLS_WIDTH: f32 = 8.4;
const LEGEND_LINE: f32 = 1.5;
/// The width of a character of the legend, and of a mark with the gaps around
/// it.
const LEGEND_CHARACTER: f32 = 0.46;
const LEGEND_SIGN: f32 = 2.3;
/// Where one chooses how the board is arranged.
const SWITCH_WIDTH: f32 = 10.8;
const SWITCH_HEIGHT: f32 = 1.8;
/// The button that opens internal topics.
const INTERNAL_WIDTH: f32 = 6.5;

impl Layout<'_> {
    /// Where one chooses how the board is arranged, and beside or below it
    /// whether internal topics are opened.
    pub(super) fn switches(&self, column: &mut Column) -> (Rect, Option<InternalSwitch>) {
        let mut switch = column.take(SWITCH_HEIGHT);
        switch.width = switch.width.min(SWITCH_WIDTH);
        column.y += PILL_GAP - GAP;
        let has_internal = self.world.topics().keys().any(|name| is_bookkeeping(name));
        if self.view.by != By::Broker || !has_internal {
            return (switch, None);
        }
        let x = switch.right() + PILL_GAP;
        let rect = match x + INTERNAL_WIDTH <= column.x + column.width {
            true => Rect::new(x, switch.y, INTERNAL_WIDTH, SWITCH_HEIGHT),
            false => {
                let rect = column.take(SWITCH_HEIGHT);
                column.y += PILL_GAP - GAP;
                rect
            }
        };
        let is_open = self.view.shows_internal;
        (switch, Some(InternalSwitch { is_open, rect }))
    }

    pub(super) fn heading(&mut self, column: &mut Column, text: &str) {
        self.note(column, text.to_owned(), NoteKind::Heading, HEADING_HEIGHT);
        column.y += PILL_GAP - GAP;
    }

    pub(super) fn remark(&mut self, column: &mut Column, text: String) {
        self.note(column, text, NoteKind::Remark, REMARK_HEIGHT);
    }

    pub(super) fn note(&mut self, column: &mut Column, text: String, kind: NoteKind, height: f32) {
        let rect = column.take(height);
        self.notes.push(Note { text, kind, rect });
    }

    pub(super) fn count_hidden(&mut self, column: &mut Column, hidden: usize, what: &str) {
        if hidden > 0 {
            self.remark(column, format!("… and {hidden} more {what}, not drawn."));
        }
    }
}

/// At the right end of the heading that this column begins with.
pub(super) fn tools(column: &Column) -> Rect {
    let width = TOOLS_WIDTH.min(column.width / 2.0);
    let right = column.x + column.width;
    Rect::new(right - width, column.y, width, HEADING_HEIGHT)
}

/// Room for the legend, in as many lines as it takes.
pub(super) fn legend(column: &mut Column, signs: &[Sign]) -> Rect {
    let mut lines = 1.0;
    let mut x = 0.0;
    for sign in signs {
        let width = text_length(sign.text()) as f32 * LEGEND_CHARACTER + LEGEND_SIGN;
        if x > 0.0 && x + width > column.width {
            lines += 1.0;
            x = 0.0;
        }
        x += width;
    }
    column.take(lines * LEGEND_LINE)
}
