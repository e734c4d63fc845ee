//! The round-robin assignor: all partitions of all topics in a row, dealt to
//! the members in turn. A member that does not subscribe to the topic whose
//! turn it is is passed over, so with different subscriptions some may get
//! many more than others.
//!
//! Source: `org.apache.kafka.clients.consumer.RoundRobinAssignor`.

use super::{Assignment, MemberSubscription, Topics, compare_members, subscribed_topics};
use crate::sorting::sort_by;

/// Assigns the partitions of all topics that a member subscribes to.
///
/// The order of `members` and of the topics in their subscriptions makes no
/// difference. Topics that do not exist, or that nobody subscribes to, are
/// passed over.
pub fn assign(topics: &Topics, members: &[MemberSubscription]) -> Assignment {
    let mut members: Vec<&MemberSubscription> = members.iter().collect();
    sort_by(&mut members, |a, b| compare_members(a, b));

    let mut dealt = vec![Vec::new(); members.len()];
    let mut turn = 0;
    for topic in subscribed_topics(topics, &members) {
        let mut reads = vec![false; members.len()];
        for subscriber in topic.subscribers {
            reads[subscriber] = true;
        }
        for partition in 0..topic.partitions.count {
            while !reads[turn] {
                turn = (turn + 1) % members.len();
            }
            dealt[turn].push((topic.name.to_owned(), partition));
            turn = (turn + 1) % members.len();
        }
    }
    let ids = members.iter().map(|member| member.member_id.clone());
    ids.zip(dealt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignor::TopicPartitions;

    fn member(id: &str, topics: &[&str]) -> MemberSubscription {
        MemberSubscription {
            member_id: id.into(),
            topics: topics.iter().map(|topic| (*topic).into()).collect(),
            ..MemberSubscription::default()
        }
    }

    fn topics(counts: &[(&str, i32)]) -> Topics {
        let topics = counts.iter();
        topics
            .map(|(name, count)| ((*name).into(), TopicPartitions::without_racks(*count)))
            .collect()
    }

    fn partitions(text: &[(&str, i32)]) -> Vec<(String, i32)> {
        let all = text.iter();
        all.map(|(topic, partition)| ((*topic).into(), *partition))
            .collect()
    }

    #[test]
    fn the_next_topic_goes_on_where_the_last_one_ended() {
        let members = [
            member("b", &["s", "t"]),
            member("a", &["t", "s", "missing"]),
        ];
        let assignment = assign(&topics(&[("s", 3), ("t", 3), ("unread", 1)]), &members);
        let of_a = [("s", 0), ("s", 2), ("t", 1)];
        let of_b = [("s", 1), ("t", 0), ("t", 2)];
        assert_eq!(assignment["a"], partitions(&of_a));
        assert_eq!(assignment["b"], partitions(&of_b));
    }

    #[test]
    fn a_member_is_passed_over_where_it_does_not_subscribe() {
        let members = [
            member("a", &["t0"]),
            member("b", &["t0", "t1"]),
            member("c", &["t0", "t1", "t2"]),
        ];
        let assignment = assign(&topics(&[("t0", 1), ("t1", 2), ("t2", 3)]), &members);
        let of_c = [("t1", 1), ("t2", 0), ("t2", 1), ("t2", 2)];
        assert_eq!(assignment["a"], partitions(&[("t0", 0)]));
        assert_eq!(assignment["b"], partitions(&[("t1", 0)]));
        assert_eq!(assignment["c"], partitions(&of_c));
        assert_eq!(assign(&Topics::new(), &members)["a"], []);
    }
}
