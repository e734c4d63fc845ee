//! When a broker's housekeeping is due.

use super::Broker;
use crate::protocol::TopicPartition;
use crate::sim::Time;

impl Broker {
    /// Sees to it that somebody looks after a replica that it has taken up, or
    /// whose settings have changed.
    pub(super) fn look_after(&mut self, now: Time, of: &TopicPartition) {
        let Some(partition) = self.partitions.get(of) else {
            return;
        };
        let knows_a_producer = partition.knows_a_producer();
        match partition.is_compacted() {
            true => self.plan_cleaning(now),
            false => self.plan_retention_check(now),
        }
        if knows_a_producer {
            self.plan_producer_check(now);
        }
    }
}

/// The first instant after `now` of those that come every `interval_ms` (not
/// below 1) from `first` on. They lie fast, so that it makes no difference
/// when somebody asks.
pub(super) fn next_instant(first: Time, interval_ms: i64, now: Time) -> Time {
    if now < first {
        return first;
    }
    let interval_us = Time::ZERO.plus_ms(interval_ms).as_us();
    let passed = now.us_since(first) / interval_us;
    first.plus_us((passed + 1).saturating_mul(interval_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_at_fixed_instants() {
        let next = |ms| next_instant(Time::from_ms(30_000), 300_000, Time::from_ms(ms));
        assert_eq!(next(0), Time::from_ms(30_000));
        assert_eq!(next(29_999), Time::from_ms(30_000));
        assert_eq!(next(30_000), Time::from_ms(330_000));
        assert_eq!(next(700_000), Time::from_ms(930_000));
    }
}
