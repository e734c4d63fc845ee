//! Time in words, for those who listen.

use engine::Time;

use super::Parted;

/// `1 minute 12.345 seconds`.
pub(super) fn instant(at: Time) -> String {
    let ms = at.as_ms();
    let (minutes, ms) = (ms / 60_000, ms % 60_000);
    let seconds = match ms % 1_000 {
        0 => format!("{}", ms / 1_000),
        below => format!("{}.{below:03}", ms / 1_000),
    };
    let unit = |count: &str, unit: &str| match count {
        "1" => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    };
    match minutes {
        0 => unit(&seconds, "second"),
        _ => format!(
            "{} {}",
            unit(&minutes.to_string(), "minute"),
            unit(&seconds, "second")
        ),
    }
}

/// What the slider says of itself.
pub(super) fn standing(now: Time, latest: Time, is_in_past: bool) -> String {
    match is_in_past {
        true => format!(
            "{}, in the past: the latest is {}",
            instant(now),
            instant(latest)
        ),
        false => format!("{}, the latest", instant(now)),
    }
}

impl Parted {
    /// What to tell the person.
    pub fn sentence(&self) -> String {
        format!(
            "You went back to {} and did something new: what came after it, up to {}, is \
             forgotten. The world goes on from here.",
            self.at, self.until
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_reads_well() {
        for (us, words) in [
            (0, "0 seconds"),
            (1_000_000, "1 second"),
            (1_500_999, "1.500 seconds"),
            (61_000_000, "1 minute 1 second"),
            (3_725_042_000, "62 minutes 5.042 seconds"),
        ] {
            assert_eq!(instant(Time::from_us(us)), words);
        }
        let (now, latest) = (Time::from_us(1_000_000), Time::from_us(2_000_000));
        assert_eq!(standing(latest, latest, false), "2 seconds, the latest");
        assert_eq!(
            standing(now, latest, true),
            "1 second, in the past: the latest is 2 seconds"
        );
    }
}
