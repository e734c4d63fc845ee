//! Which assignor a generation uses, and what the members subscribe to.

use crate::collections::{BTreeMap, BTreeSet};

use super::ClassicGroup;

/// The protocol type of consumers (`ConsumerProtocol.PROTOCOL_TYPE`).
const CONSUMER: &str = "consumer";

impl ClassicGroup {
    pub(super) fn all_members_support(&self, protocol: &str) -> bool {
        self.members
            .values()
            .all(|member| member.supports(protocol))
    }

    /// Each member votes for the first assignor on its list that all members
    /// know; the one with the most votes is taken
    /// (`ClassicGroup.selectProtocol`). Among equals Kafka takes the one that
    /// comes first in a Java `HashMap`.
    pub(super) fn select_protocol(&self) -> Option<String> {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        let candidates = self.candidate_protocols();
        for member in self.members.values() {
            let mut known = member.protocols.iter().map(|it| it.name.as_str());
            if let Some(choice) = known.find(|name| candidates.contains(name)) {
                *votes.entry(choice).or_default() += 1;
            }
        }
        let buckets = java_hash_map_buckets(votes.len());
        let (winner, _) = votes.into_iter().min_by_key(|(name, count)| {
            let bucket = java_spread_hash(name) & (buckets - 1);
            (usize::MAX - count, bucket)
        })?;
        Some(winner.to_owned())
    }

    /// The assignors that all members know: those of any one member are asked
    /// for (`ClassicGroup.candidateProtocols`).
    fn candidate_protocols(&self) -> BTreeSet<&str> {
        let one = self.members.values().next();
        let known = one.iter().flat_map(|member| &member.protocols);
        let known = known.map(|it| it.name.as_str());
        known
            .filter(|name| self.all_members_support(name))
            .collect()
    }

    pub(super) fn uses_consumer_protocol(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    /// Whether the group reads this topic now. Of consumers whose subscriptions
    /// are not known it is assumed (`ClassicGroup.isSubscribedToTopic`).
    pub(super) fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.subscribed_topics {
            Some(topics) => topics.contains(topic),
            None => self.uses_consumer_protocol(),
        }
    }

    /// The topics that the members subscribe to; `None` when that cannot be
    /// known (`ClassicGroup.computeSubscribedTopics`).
    pub(super) fn compute_subscribed_topics(&self) -> Option<BTreeSet<String>> {
        if !self.uses_consumer_protocol() {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        let protocol = self.protocol_name.as_deref()?;
        let mut all = BTreeSet::new();
        for member in self.members.values() {
            all.extend(subscription_topics(&member.metadata(protocol))?);
        }
        Some(all)
    }
}

/// The topics in a consumer's serialized subscription: after a version (two
/// bytes) a counted list of counted names, in every version
/// (`ConsumerProtocolSubscription.json`). `None` when the bytes are not that.
fn subscription_topics(metadata: &[u8]) -> Option<Vec<String>> {
    let (_version, mut rest) = metadata.split_first_chunk::<2>()?;
    let (count, after) = rest.split_first_chunk::<4>()?;
    rest = after;
    let mut topics = Vec::new();
    for _ in 0..i32::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let length = usize::try_from(i16::from_be_bytes(*length)).ok()?;
        let (name, after) = after.split_at_checked(length)?;
        topics.push(String::from_utf8(name.to_vec()).ok()?);
        rest = after;
    }
    Some(topics)
}

/// `String.hashCode`
pub(super) fn java_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    })
}

/// The hash by which `java.util.HashMap` picks a bucket.
fn java_spread_hash(text: &str) -> u32 {
    let hash = java_hash(text);
    hash ^ (hash >> 16)
}

/// How many buckets a `java.util.HashMap` with this many entries has.
fn java_hash_map_buckets(entries: usize) -> u32 {
    let mut buckets = 16_u32;
    while entries > buckets as usize / 4 * 3 {
        buckets *= 2;
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_java_does() {
        assert_eq!(java_spread_hash(""), 0);
        // "range".hashCode() is 108280125.
        assert_eq!(java_spread_hash("range"), 108_280_125 ^ (108_280_125 >> 16));
        assert_eq!(java_hash_map_buckets(12), 16);
        assert_eq!(java_hash_map_buckets(13), 32);
    }

    #[test]
    fn reads_the_topics_of_a_subscription() {
        let bytes = [0, 1, 0, 0, 0, 2, 0, 1, b'a', 0, 2, b'b', b'c', 9, 9];
        let topics = subscription_topics(&bytes);
        assert_eq!(topics, Some(vec!["a".to_owned(), "bc".to_owned()]));
        assert_eq!(subscription_topics(&bytes[..9]), None);
        assert_eq!(subscription_topics(b""), None);
    }
}
