//! The order in which a Java hash table goes through what it holds. Where a
//! decision of Kafka's depends on it, the engine's does too.

use crate::protocol::TopicId;
use crate::sorting::sort_by_key;

/// Puts distinct items in the order of a `java.util.HashMap` that they were
/// put into one by one: by hash modulo the table's size, then as they came.
pub(crate) fn in_hash_order<T>(items: Vec<T>, hash: impl Fn(&T) -> u32) -> Vec<T> {
    let mut table: u32 = 16;
    while items.len() > table as usize / 4 * 3 {
        table *= 2;
    }
    by_bucket(items, table, hash)
}

/// Puts distinct items in the order of a `java.util.HashSet` that was made from
/// a list of them: its table is larger already when exactly three quarters are
/// taken.
pub(crate) fn in_copied_hash_order<T>(items: Vec<T>, hash: impl Fn(&T) -> u32) -> Vec<T> {
    let mut table: u32 = 16;
    while items.len() >= table as usize / 4 * 3 {
        table *= 2;
    }
    by_bucket(items, table, hash)
}

fn by_bucket<T>(mut items: Vec<T>, table: u32, hash: impl Fn(&T) -> u32) -> Vec<T> {
    let bucket = |item: &T| {
        let hash = hash(item);
        (hash ^ (hash >> 16)) & (table - 1)
    };
    sort_by_key(&mut items, bucket);
    items
}

/// `java.lang.String.hashCode`.
pub(crate) fn hash_of_text(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    })
}

/// `java.lang.Integer.hashCode`.
pub(crate) fn hash_of_number(number: i32) -> u32 {
    number.cast_unsigned()
}

/// `org.apache.kafka.common.Uuid.hashCode`.
pub(crate) fn hash_of_topic_id(id: &TopicId) -> u32 {
    let bits = u128::from_be_bytes(id.0);
    [96, 64, 32, 0]
        .into_iter()
        .fold(0, |hash, shift| hash ^ (bits >> shift) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_go_by_bucket_then_as_they_came() {
        // "b" is 98 and "q" 113: buckets 2 and 1 of 16.
        let order = in_hash_order(vec!["b", "q", ""], |text| hash_of_text(text));
        assert_eq!(order, ["", "q", "b"]);
        let order = in_hash_order(vec![33, 16, 1, 0], |number| hash_of_number(*number));
        assert_eq!(order, [16, 0, 33, 1]);
    }

    #[test]
    fn the_table_grows_when_three_quarters_are_taken() {
        let numbers = |count| (0..count).map(|n| (n + 8) % 24).collect::<Vec<i32>>();
        let twelve = in_hash_order(numbers(12), |number| hash_of_number(*number));
        assert_eq!(twelve[..3], [16, 17, 18]);
        let thirteen = in_hash_order(numbers(13), |number| hash_of_number(*number));
        assert_eq!(thirteen[..3], [8, 9, 10]);
    }

    #[test]
    fn a_set_made_from_a_list_has_room_to_spare() {
        let twelve: Vec<i32> = (8..20).collect();
        let put = in_hash_order(twelve.clone(), |number| hash_of_number(*number));
        assert_eq!(put[..4], [16, 17, 18, 19]);
        let copied = in_copied_hash_order(twelve.clone(), |number| hash_of_number(*number));
        assert_eq!(copied, twelve);
    }
}
