//! The geometry of charts: figures over time as the `d` of SVG paths.

use std::fmt::Write;

/// How high a chart is, in its own units; it is as wide as it spans seconds.
pub const HEIGHT: f64 = 40.0;

/// A line through points that are a second apart, the last at the right edge.
/// Where a point lacks the line is interrupted; one that stands alone is a dot.
pub fn line(points: &[Option<u64>], span: usize, top: u64) -> String {
    let mut path = String::new();
    for run in runs(points, span) {
        let mut places = run.map(|(x, figure)| (x, y(figure, top)));
        let Some((x, y)) = places.next() else {
            continue;
        };
        // Writing into a string never fails.
        let _ = write!(path, "M{x} {y}h0");
        for (x, y) in places {
            let _ = write!(path, "L{x} {y}");
        }
    }
    path
}

/// What lies under that line.
pub fn area(points: &[Option<u64>], span: usize, top: u64) -> String {
    let mut path = String::new();
    for run in runs(points, span) {
        let places: Vec<(usize, u64)> = run.collect();
        let (Some((first, _)), Some((last, _))) = (places.first(), places.last()) else {
            continue;
        };
        let _ = write!(path, "M{first} {HEIGHT}");
        for (x, figure) in &places {
            let _ = write!(path, "L{x} {}", y(*figure, top));
        }
        let _ = write!(path, "L{last} {HEIGHT}z");
    }
    path
}

/// Points in a row that are all there, each with its place from the left.
fn runs(
    points: &[Option<u64>],
    span: usize,
) -> impl Iterator<Item = impl Iterator<Item = (usize, u64)>> {
    let skipped = points.len().saturating_sub(span + 1);
    let shown = &points[skipped..];
    let mut next = span + 1 - shown.len();
    shown.split(Option::is_none).map(move |run| {
        let start = next;
        next += run.len() + 1;
        let places = run.iter().flatten().enumerate();
        places.map(move |(index, figure)| (start + index, *figure))
    })
}

/// How far from the top, to a tenth. What is not 0 is seen.
fn y(figure: u64, top: u64) -> f64 {
    let least = f64::from(figure > 0) * 0.5;
    let height = figure.min(top) as f64 / top.max(1) as f64 * HEIGHT;
    (10.0 * (HEIGHT - height.max(least))).round() / 10.0
}
