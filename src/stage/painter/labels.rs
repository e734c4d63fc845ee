//! Names beside packets, where there is room.

use super::super::geometry::Rect;
use super::super::packets::{PacketMark, Shape};
use super::super::scene::Scene;
use super::brush::Brush;

/// The most names that are written.
const LABELS_MAX: usize = 60;
const HEIGHT: f64 = 1.05;
const CHARACTER: f64 = 0.44;

/// Writes the names of the packets that are worth it: while time stands still,
/// of all; else of those that are not many of a kind.
pub(super) fn write(brush: &Brush, marks: &[&PacketMark], scene: &Scene) {
    let mut taken: Vec<Rect> = marks.iter().map(|mark| outline(brush, mark)).collect();
    taken.extend(boxes(scene));
    let cards: Vec<Rect> = scene.topics.iter().map(|card| card.rect).collect();
    let headers: Vec<Rect> = scene.topics.iter().map(|card| card.controls).collect();
    let mut written = 0;
    for mark in marks.iter().filter(|mark| is_named(brush, mark)) {
        // The gaps between the columns may be too narrow for long names.
        let cards = match mark.shape {
            Shape::Group | Shape::Cluster => headers.as_slice(),
            _ => cards.as_slice(),
        };
        let is_free = |place: &Rect| {
            let is_inside = place.x >= 0.0 && place.right() <= scene.width && place.y >= 0.0;
            let is_taken = |other: &Rect| other.overlaps(place);
            is_inside && !taken.iter().chain(cards).any(is_taken)
        };
        let Some(place) = places(brush, mark).into_iter().find(is_free) else {
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
        _ => brush.has_arrows,
    }
}

/// What no name must hide.
fn boxes(scene: &Scene) -> impl Iterator<Item = Rect> {
    let producers = scene.producers.iter().map(|it| it.rect);
    let groups = scene.groups.iter().map(|it| it.rect);
    let brokers = scene.brokers.iter().map(|it| it.rect);
    producers.chain(groups).chain(brokers)
}

fn outline(brush: &Brush, mark: &PacketMark) -> Rect {
    let (half_height, half_width) = brush.extent(mark);
    let (half_height, half_width) = (half_height as f32, half_width as f32);
    Rect::new(
        mark.at.x - half_width,
        mark.at.y - half_height,
        2.0 * half_width,
        2.0 * half_height,
    )
}

/// Under or over the mark, or shifted to the left there; beside it.
fn places(brush: &Brush, mark: &PacketMark) -> [Rect; 6] {
    let own = outline(brush, mark);
    let (w, h) = (
        (mark.api.len() as f64 * CHARACTER + 0.5) as f32,
        HEIGHT as f32,
    );
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
