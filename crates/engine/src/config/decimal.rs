//! Decimal numbers, read and compared without floating point.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A decimal number of any size, exactly as it was written
/// (what `Double.parseDouble` takes, without `NaN`, infinity and hexadecimal).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    is_negative: bool,
    /// The digits after the point of `0.ddd`, without zeros at either end;
    /// none for zero.
    digits: String,
    /// How many places the point is to be moved to the right.
    exponent: i64,
}

impl Decimal {
    /// How many billionths it is, further places dropped; `None` when it is
    /// negative or more than 64 bits hold.
    pub fn billionths(&self) -> Option<u64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let Ok(places) = usize::try_from(self.exponent + 9) else {
            return (!self.is_negative).then_some(0);
        };
        // 64 bits hold no more than 20 places.
        if self.is_negative || places > 20 {
            return None;
        }
        let kept = &self.digits[..self.digits.len().min(places)];
        format!("0{kept:0<places$}").parse().ok()
    }
}

impl FromStr for Decimal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        // Java's mark of a float or double.
        let text = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().map_err(drop)?),
            None => (text, 0),
        };
        let (whole, places) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{places}");
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(());
        }
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            let digits = String::new();
            let (is_negative, exponent) = (false, 0);
            return Ok(Decimal {
                is_negative,
                digits,
                exponent,
            });
        }
        let leading_zeros = digits.len() - significant.len();
        Ok(Decimal {
            is_negative,
            digits: significant.trim_end_matches('0').to_owned(),
            exponent: i64::from(exponent) + whole.len() as i64 - leading_zeros as i64,
        })
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Decimal| match (number.digits.is_empty(), number.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let by_size = || {
            let exponents = self.exponent.cmp(&other.exponent);
            exponents.then_with(|| self.digits.cmp(&other.digits))
        };
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            -1 => by_size().reverse(),
            _ => by_size(),
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    /// As Java prints a double of middling size; with an exponent only when it
    /// has more than 20 places on one side.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative { "-" } else { "" };
        let digits = &self.digits;
        match usize::try_from(self.exponent) {
            _ if digits.is_empty() => f.write_str("0.0"),
            Ok(places @ ..=20) if places >= digits.len() => {
                write!(f, "{sign}{digits:0<places$}.0")
            }
            Ok(places @ 1..=20) => {
                let (whole, rest) = digits.split_at(places);
                write!(f, "{sign}{whole}.{rest}")
            }
            _ if (-20..=0).contains(&self.exponent) => {
                let zeros = "0".repeat(self.exponent.unsigned_abs() as usize);
                write!(f, "{sign}0.{zeros}{digits}")
            }
            _ => write!(f, "{sign}0.{digits}E{}", self.exponent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        for (one, other) in [
            ("0.5", ".5"),
            ("0.5", "5e-1"),
            ("0.5", "+00.500d"),
            ("10", "1E1"),
            ("0", "-0.0"),
        ] {
            assert_eq!(decimal(one), decimal(other));
        }
        for wrong in ["", ".", "-", "half", "0,5", "1e", "--1", "0.5.5"] {
            assert_eq!(wrong.parse::<Decimal>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_ordered_by_size() {
        let ordered = [
            "-1e3", "-2", "-0.1", "0", "1e-9", "0.05", "0.5", "0.51", "1", "1.5", "10", "1.7E308",
        ];
        assert!(ordered.map(decimal).is_sorted_by(|less, more| less < more));
    }

    #[test]
    fn numbers_are_shown_as_java_shows_them() {
        for (given, shown) in [
            ("1", "1.0"),
            ("-20", "-20.0"),
            ("1.50", "1.5"),
            (".05", "0.05"),
            ("0", "0.0"),
            ("1e40", "0.1E41"),
        ] {
            assert_eq!(decimal(given).to_string(), shown);
        }
    }

    #[test]
    fn billionths_are_cut_off_not_rounded() {
        assert_eq!(decimal("0.9999999999").billionths(), Some(999_999_999));
        assert_eq!(decimal("1e-10").billionths(), Some(0));
        assert_eq!(decimal("2.5").billionths(), Some(2_500_000_000));
        assert_eq!(decimal("-1").billionths(), None);
        assert_eq!(decimal("1e300").billionths(), None);
    }
}
