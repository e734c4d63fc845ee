//! What the tools owe to the Java they are written in: the order in which a
//! `java.util.HashMap` gives its keys, and how Java reads numbers.

use engine::sorting::sort_by_key;

/// Puts names into the order of a `HashMap` that was made for so many entries
/// and holds `entries` in all, the others being between these. Names that share
/// a bucket keep their order.
pub(crate) fn hash_map_order<T>(
    items: &mut [T],
    made_for: usize,
    entries: usize,
    name: impl Fn(&T) -> &str,
) {
    let mut buckets = made_for.next_power_of_two();
    while entries * 4 > buckets * 3 {
        buckets *= 2;
    }
    sort_by_key(items, |item| bucket(name(item), buckets));
}

/// `String.hashCode()`, spread as `HashMap` does, in a table of so many
/// buckets.
fn bucket(name: &str, buckets: usize) -> usize {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    });
    (hash ^ hash >> 16) as usize & (buckets - 1)
}

/// `Integer.valueOf`.
pub(crate) fn parse_int(text: &str) -> Option<i32> {
    text.parse().ok()
}

/// `Long.valueOf`.
pub(crate) fn parse_long(text: &str) -> Option<i64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_described_in_the_order_of_the_recordings() {
        let mut topics = ["metrics.cpu_load", "orders", "payments", "users"];
        hash_map_order(&mut topics, 4, 4, |topic| topic);
        assert_eq!(topics, ["orders", "users", "metrics.cpu_load", "payments"]);
        let mut topics = ["plain", "tuned"];
        hash_map_order(&mut topics, 2, 2, |topic| topic);
        assert_eq!(topics, ["tuned", "plain"]);
    }
}
