//! The hash that gives a key its partition.
//!
//! Kafka's producer sends records of one key to one partition by MurmurHash2
//! of the key's bytes (`org.apache.kafka.common.utils.Utils`,
//! `org.apache.kafka.clients.producer.internals.BuiltInPartitioner`), and so
//! does every other client that wants to agree with it.

/// MurmurHash2's multiplier and shift.
const M: u32 = 0x5BD1_E995;
const R: u32 = 24;

/// The seed Kafka chose.
const SEED: u32 = 0x9747_B28C;

/// MurmurHash2, 32 bit, of `data`, with Kafka's seed.
///
/// Source: `Utils.murmur2`.
pub fn murmur2(data: &[u8]) -> i32 {
    // Kafka's arrays are at most 2^31 - 1 long; the length wraps beyond 2^32.
    let mut hash = SEED ^ data.len() as u32;
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(M);
        word ^= word >> R;
        hash = hash.wrapping_mul(M) ^ word.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (index, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    (hash ^ (hash >> 15)).cast_signed()
}

/// `n` with its sign bit cleared, which is not its absolute value.
///
/// Source: `Utils.toPositive`.
pub const fn to_positive(n: i32) -> i32 {
    n & i32::MAX
}

/// The partition, from 0, of records with this key in a topic of
/// `num_partitions` partitions.
///
/// All partitions count, available or not, so a key keeps its partition while
/// brokers come and go; it loses it when partitions are added.
///
/// Source: `BuiltInPartitioner.partitionForKey`.
///
/// # Panics
///
/// When `num_partitions` is 0: no topic has none.
pub fn partition_for_key(key: &[u8], num_partitions: i32) -> i32 {
    to_positive(murmur2(key)) % num_partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_values() {
        for (key, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("abcde", 461_995_741),
        ] {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
        }
    }

    #[test]
    fn a_negative_hash_is_masked_not_negated() {
        assert_eq!(to_positive(-1), i32::MAX);
        assert_eq!(to_positive(i32::MIN), 0);
        assert_eq!(partition_for_key(b"21", 7), 3);
    }
}
