//! Points, rectangles and the ways along which packets fly. All lengths are in
//! rem, x to the right and y down, from the board's top left corner.

/// A point of the board.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right, in rem.
    pub x: f32,
    /// Down, in rem.
    pub y: f32,
}

impl Point {
    /// The point at these coordinates.
    pub const fn new(x: f32, y: f32) -> Point {
        Point { x, y }
    }

    /// The distance to another point, in rem.
    pub fn distance(self, other: Point) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point this far (0 to 1) on the straight way to another.
    pub fn towards(self, other: Point, share: f32) -> Point {
        Point::new(
            self.x + (other.x - self.x) * share,
            self.y + (other.y - self.y) * share,
        )
    }
}

/// A rectangle of the board.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Its left edge, in rem.
    pub x: f32,
    /// Its top edge, in rem.
    pub y: f32,
    /// Its width, in rem.
    pub width: f32,
    /// Its height, in rem.
    pub height: f32,
}

impl Rect {
    /// The rectangle with this top left corner and size.
    pub const fn new(x: f32, y: f32, width: f32, height: f32) -> Rect {
        Rect {
            x,
            y,
            width,
            height,
        }
    }

    /// Its right edge.
    pub fn right(&self) -> f32 {
        self.x + self.width
    }

    /// Its bottom edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.height
    }

    /// Its middle.
    pub fn center(&self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The middle of its left edge.
    pub fn left_middle(&self) -> Point {
        Point::new(self.x, self.y + self.height / 2.0)
    }

    /// The middle of its right edge.
    pub fn right_middle(&self) -> Point {
        Point::new(self.right(), self.y + self.height / 2.0)
    }

    /// Whether a point lies in it or on its edge.
    pub fn contains(&self, point: Point) -> bool {
        let slack = 0.01;
        point.x >= self.x - slack
            && point.x <= self.right() + slack
            && point.y >= self.y - slack
            && point.y <= self.bottom() + slack
    }

    /// Whether another rectangle lies in it.
    pub fn encloses(&self, other: &Rect) -> bool {
        self.contains(Point::new(other.x, other.y))
            && self.contains(Point::new(other.right(), other.bottom()))
    }

    /// Whether they share more than an edge.
    pub fn overlaps(&self, other: &Rect) -> bool {
        let slack = 0.01;
        self.x < other.right() - slack
            && other.x < self.right() - slack
            && self.y < other.bottom() - slack
            && other.y < self.bottom() - slack
    }
}

/// A way from one place to another.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// A cubic Bézier curve: start, two control points, end.
    Curve([Point; 4]),
    /// Straight pieces from point to point; at least one point.
    Bent(Vec<Point>),
}

/// How round the corners of a [`Route::Bent`] are, in rem.
const CORNER: f32 = 0.6;

impl Route {
    /// The straight way.
    pub fn straight(from: Point, to: Point) -> Route {
        Route::Bent(vec![from, to])
    }

    /// A way that leaves and arrives horizontally.
    pub fn sweep(from: Point, to: Point) -> Route {
        let reach = ((to.x - from.x) * 0.5).abs().max(1.0) * (to.x - from.x).signum();
        Route::Curve([
            from,
            Point::new(from.x + reach, from.y),
            Point::new(to.x - reach, to.y),
            to,
        ])
    }

    /// A way between two points that swings out to `x`.
    pub fn bow(from: Point, to: Point, x: f32) -> Route {
        Route::Curve([from, Point::new(x, from.y), Point::new(x, to.y), to])
    }

    /// Where it starts.
    pub fn start(&self) -> Point {
        match self {
            Route::Curve(points) => points[0],
            Route::Bent(points) => points.first().copied().unwrap_or_default(),
        }
    }

    /// Where it ends.
    pub fn end(&self) -> Point {
        match self {
            Route::Curve(points) => points[3],
            Route::Bent(points) => points.last().copied().unwrap_or_default(),
        }
    }

    /// The same way, backwards.
    #[must_use]
    pub fn reversed(&self) -> Route {
        match self {
            Route::Curve([a, b, c, d]) => Route::Curve([*d, *c, *b, *a]),
            Route::Bent(points) => Route::Bent(points.iter().rev().copied().collect()),
        }
    }

    /// The point at `share` (0 to 1) of the way.
    pub fn at(&self, share: f32) -> Point {
        let share = share.clamp(0.0, 1.0);
        match self {
            Route::Curve(points) => on_curve(points, share),
            Route::Bent(points) => on_pieces(points, share),
        }
    }

    /// The direction in which it runs at `share` of the way, as an angle in
    /// radians, clockwise from the x axis.
    pub fn direction(&self, share: f32) -> f32 {
        let before = self.at(share - 0.02);
        let after = self.at(share + 0.02);
        (after.y - before.y).atan2(after.x - before.x)
    }

    /// The `d` of an SVG path, in rem.
    pub fn to_svg(&self) -> String {
        match self {
            Route::Curve([a, b, c, d]) => format!(
                "M{:.2} {:.2}C{:.2} {:.2} {:.2} {:.2} {:.2} {:.2}",
                a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y
            ),
            Route::Bent(points) => bent_to_svg(points),
        }
    }
}

fn on_curve([a, b, c, d]: &[Point; 4], share: f32) -> Point {
    let rest = 1.0 - share;
    let weights = [
        rest * rest * rest,
        3.0 * rest * rest * share,
        3.0 * rest * share * share,
        share * share * share,
    ];
    let points = [a, b, c, d];
    let sum = |of: fn(&Point) -> f32| -> f32 {
        points
            .iter()
            .zip(weights)
            .map(|(point, weight)| of(point) * weight)
            .sum()
    };
    Point::new(sum(|point| point.x), sum(|point| point.y))
}

fn on_pieces(points: &[Point], share: f32) -> Point {
    let length: f32 = points.windows(2).map(|two| two[0].distance(two[1])).sum();
    let mut left = length * share;
    for two in points.windows(2) {
        let piece = two[0].distance(two[1]);
        if left <= piece && piece > 0.0 {
            return two[0].towards(two[1], left / piece);
        }
        left -= piece;
    }
    points.last().copied().unwrap_or_default()
}

fn bent_to_svg(points: &[Point]) -> String {
    let Some(first) = points.first() else {
        return String::new();
    };
    let mut path = format!("M{:.2} {:.2}", first.x, first.y);
    for three in points.windows(3) {
        let [before, corner, after] = [three[0], three[1], three[2]];
        let radius = CORNER
            .min(before.distance(corner) / 2.0)
            .min(corner.distance(after) / 2.0);
        let share_of = |other: Point| radius / corner.distance(other).max(f32::EPSILON);
        let enter = corner.towards(before, share_of(before));
        let leave = corner.towards(after, share_of(after));
        path.push_str(&format!(
            "L{:.2} {:.2}Q{:.2} {:.2} {:.2} {:.2}",
            enter.x, enter.y, corner.x, corner.y, leave.x, leave.y
        ));
    }
    if let Some(last) = points.last() {
        path.push_str(&format!("L{:.2} {:.2}", last.x, last.y));
    }
    path
}
