use std::fmt;

/// An instant of virtual time, in microseconds since the world began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The instant at which a world begins.
    pub const ZERO: Time = Time(0);

    /// The instant `us` microseconds after the beginning.
    pub const fn from_us(us: u64) -> Time {
        Time(us)
    }

    /// The instant `ms` milliseconds after the beginning.
    pub const fn from_ms(ms: u64) -> Time {
        Time(ms * 1_000)
    }

    /// Microseconds since the beginning.
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the beginning.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// This instant, `us` microseconds later.
    #[must_use]
    pub const fn plus_us(self, us: u64) -> Time {
        Time(self.0.saturating_add(us))
    }

    /// This instant, `ms` milliseconds later. A negative number counts as zero,
    /// as Kafka's timers take it.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Time {
        let ms = if ms < 0 { 0 } else { ms as u64 };
        self.plus_us(ms.saturating_mul(1_000))
    }

    /// Microseconds from `earlier` to this instant; 0 when `earlier` is later.
    pub const fn us_since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Time {
    /// Seconds with three decimals, such as `12.345 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} s", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}
