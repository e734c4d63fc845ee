//! Dates as Kafka's log lines have them.

const MS_PER_DAY: i64 = 86_400_000;

/// `2026-01-01 00:00:03,250`, in UTC.
pub(crate) fn log_time(epoch_ms: i64) -> String {
    let (year, month, day) = date(epoch_ms.div_euclid(MS_PER_DAY));
    let ms = epoch_ms.rem_euclid(MS_PER_DAY);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    let ms = ms % 1_000;
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{ms:03}")
}

/// The date of a day counted from 1 January 1970, by the Gregorian calendar.
/// Years are taken to begin in March, so that a leap day is a year's last.
fn date(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_400_YEARS: i64 = 146_097;
    // From 1 March of the year 0.
    let days = days + 719_468;
    let cycle = days.div_euclid(DAYS_PER_400_YEARS);
    let day_of_cycle = days.rem_euclid(DAYS_PER_400_YEARS);
    let leap_days = day_of_cycle / 1_460 - day_of_cycle / 36_524 + day_of_cycle / 146_096;
    let year_of_cycle = (day_of_cycle - leap_days) / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = cycle * 400 + year_of_cycle + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::log_time;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (ms, text) in [
            (0, "1970-01-01 00:00:00,000"),
            (951_782_400_000, "2000-02-29 00:00:00,000"),
            (951_868_799_999, "2000-02-29 23:59:59,999"),
            (1_709_251_200_000, "2024-03-01 00:00:00,000"),
            (1_767_225_603_250, "2026-01-01 00:00:03,250"),
            (4_107_542_400_000, "2100-03-01 00:00:00,000"),
            (-1, "1969-12-31 23:59:59,999"),
        ] {
            assert_eq!(log_time(ms), text);
        }
    }
}
