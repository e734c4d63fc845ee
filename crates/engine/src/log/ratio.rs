//! Parts of a whole, without floating point.

use std::str::FromStr;

use crate::config::Decimal;

/// The whole, in the unit a ratio is kept in.
const ONE: u64 = 1_000_000_000;

/// A part of a whole, between 0 and 1, to nine decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio {
    billionths: u64,
}

impl Ratio {
    /// A half.
    pub const HALF: Ratio = Ratio {
        billionths: ONE / 2,
    };

    /// Whether `part` of `whole` is more than this. Nothing of nothing is not.
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(ONE) > u128::from(whole) * u128::from(self.billionths)
    }
}

impl FromStr for Ratio {
    type Err = ();

    /// Reads a decimal number; places after the ninth are dropped.
    fn from_str(text: &str) -> Result<Self, ()> {
        let billionths = text.parse::<Decimal>()?.billionths();
        billionths
            .filter(|billionths| *billionths <= ONE)
            .map(|billionths| Ratio { billionths })
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_read_and_compared_exactly() {
        let third: Ratio = "0.333333333333".parse().unwrap();
        assert!(third.is_exceeded_by(1, 3));
        assert!(!third.is_exceeded_by(333_333_333, 1_000_000_000));
        assert_eq!("0.5".parse(), Ok(Ratio::HALF));
        assert_eq!(".5".parse(), Ok(Ratio::HALF));
        assert!(
            "1".parse::<Ratio>()
                .is_ok_and(|one| !one.is_exceeded_by(7, 7))
        );
        assert!(
            "0".parse::<Ratio>()
                .is_ok_and(|zero| zero.is_exceeded_by(1, 7))
        );
        assert!(!Ratio::HALF.is_exceeded_by(0, 0));
        for wrong in ["", ".", "1.1", "-0.5", "half", "99999999999999999999"] {
            assert_eq!(wrong.parse::<Ratio>(), Err(()), "{wrong}");
        }
    }
}
