//! Figures in words.

use crate::stage::scene::{bytes, seconds, short_number};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a record a second.
    RecordRate,
    /// Thousandths of a byte a second.
    ByteRate,
    /// Milliseconds.
    Milliseconds,
    /// Records.
    Records,
    /// Partitions.
    Partitions,
}

impl Unit {
    /// A figure with its unit, such as `2.4 records/s`.
    pub fn write(self, figure: u64) -> String {
        let counted = |what: &str| match figure {
            1 => format!("1 {what}"),
            _ => format!("{} {what}s", short(figure)),
        };
        match self {
            Unit::RecordRate => match rate(figure).as_str() {
                "1" => "1 record/s".to_owned(),
                rate => format!("{rate} records/s"),
            },
            Unit::ByteRate => format!("{}/s", bytes(figure / 1_000)),
            Unit::Milliseconds => seconds(figure.saturating_mul(1_000)),
            Unit::Records => counted("record"),
            Unit::Partitions => counted("partition"),
        }
    }

    /// The same for a chart's edge, as short as can be.
    pub fn mark(self, figure: u64) -> String {
        match self {
            Unit::RecordRate => rate(figure),
            Unit::ByteRate => bytes(figure / 1_000),
            Unit::Milliseconds => self.write(figure).replace(".0 s", " s"),
            Unit::Records | Unit::Partitions => short(figure),
        }
    }

    /// What a chart goes up to that shows figures up to this one: a number that
    /// is easily read, and rarely another.
    pub fn top(self, most: u64) -> u64 {
        let least = match self {
            Unit::RecordRate => 1_000,
            Unit::ByteRate => 64_000,
            Unit::Milliseconds => 100,
            Unit::Records | Unit::Partitions => 4,
        };
        let mut top: u64 = least;
        // A line along the edge would be taken for the edge.
        while top < most.saturating_add(most / 10) {
            let is_second = top.to_string().starts_with('2');
            top = match self {
                // 1, 2, 5, 10, 20, 50 and so on.
                Unit::RecordRate | Unit::Milliseconds if is_second => top.saturating_mul(5) / 2,
                _ => top.saturating_mul(2),
            };
        }
        top
    }
}

/// Thousandths, with one decimal below a hundred.
fn rate(thousandths: u64) -> String {
    match thousandths {
        0..100_000 => {
            let tenths = (thousandths + 50) / 100;
            match tenths % 10 {
                0 => (tenths / 10).to_string(),
                decimal => format!("{}.{decimal}", tenths / 10),
            }
        }
        _ => short(thousandths / 1_000),
    }
}

fn short(number: u64) -> String {
    short_number(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_their_units() {
        assert_eq!(Unit::RecordRate.write(2_400), "2.4 records/s");
        assert_eq!(Unit::RecordRate.write(0), "0 records/s");
        assert_eq!(Unit::RecordRate.write(1_000), "1 record/s");
        assert_eq!(Unit::RecordRate.write(99_970), "100 records/s");
        assert_eq!(Unit::RecordRate.write(100_000_000), "100k records/s");
        assert_eq!(Unit::ByteRate.write(312_900), "312 B/s");
        assert_eq!(Unit::Milliseconds.write(412), "412 ms");
        assert_eq!(Unit::Milliseconds.write(1_250), "1.2 s");
        assert_eq!(Unit::Records.write(1), "1 record");
        assert_eq!(Unit::Partitions.write(0), "0 partitions");
    }

    #[test]
    fn a_charts_top_is_a_round_number_that_nothing_exceeds() {
        let tops = |unit: Unit, figures: &[u64]| -> Vec<String> {
            let marks = figures.iter().map(|figure| unit.mark(unit.top(*figure)));
            marks.collect()
        };
        assert_eq!(
            tops(Unit::RecordRate, &[0, 1_000, 1_800, 2_400, 90_000]),
            ["1", "2", "2", "5", "100"]
        );
        assert_eq!(
            tops(Unit::Milliseconds, &[0, 130, 412, 1_400, 70_000]),
            ["100 ms", "200 ms", "500 ms", "2 s", "100 s"]
        );
        assert_eq!(
            tops(Unit::ByteRate, &[0, 70_000, 900_000]),
            ["64 B", "128 B", "1 kB"]
        );
        assert_eq!(tops(Unit::Records, &[0, 5, 90]), ["4", "8", "128"]);
        for most in [1, u64::MAX / 7, u64::MAX] {
            assert!(Unit::Records.top(most) >= most);
        }
    }
}
