//! Who reads what in a large group: how long its leader takes to say.

#[path = "support/clock.rs"]
mod clock;

use engine::assignor::{Assignment, ClientAssignor, MemberSubscription, TopicPartitions, Topics};

/// A group to be assigned: so many members on so many partitions.
struct Size {
    members: usize,
    topics: usize,
    partitions_per_topic: i32,
}

const SIZES: [Size; 3] = [
    Size {
        members: 64,
        topics: 16,
        partitions_per_topic: 16,
    },
    Size {
        members: 1_000,
        topics: 100,
        partitions_per_topic: 100,
    },
    Size {
        members: 1_000,
        topics: 2_000,
        partitions_per_topic: 5,
    },
];

fn main() {
    for size in &SIZES {
        for assignor in ClientAssignor::ALL {
            for (subscriptions, reads) in SUBSCRIPTIONS {
                measure(size, assignor, subscriptions, reads);
            }
        }
    }
}

/// Whether a member subscribes to a topic, by their numbers.
type Reads = fn(usize, usize) -> bool;

const SUBSCRIPTIONS: [(&str, Reads); 2] = [
    ("same", |_, _| true),
    // Every member has half of the topics; none has the same half.
    ("different", |member, topic| {
        scramble(member * 10_000 + topic).is_multiple_of(2)
    }),
];

/// The first assignment of a group, the one after a member has left, and the
/// one after a sixteenth of the group has become the whole.
fn measure(size: &Size, assignor: ClientAssignor, subscriptions: &str, reads: Reads) {
    let topics = topics(size);
    let report = |what: &str, members: &[MemberSubscription]| {
        let time = clock::fastest(|| assignor.assign(&topics, members));
        println!(
            "assign {} members={} topics={} partitions={} subscriptions={subscriptions} {what} \
             {:.1} ms",
            assignor.name(),
            size.members,
            size.topics,
            size.topics as i32 * size.partitions_per_topic,
            time.as_secs_f64() * 1e3
        );
    };
    let new = members(size, reads);
    report("first", &new);

    let mut members = new.clone();
    let assignment = assignor.assign(&topics, &members);
    own(&mut members, assignment);
    members.remove(size.members / 2);
    report("one-left", &members);

    let mut members = new;
    let few = &mut members[..size.members / 16];
    let assignment = assignor.assign(&topics, few);
    own(few, assignment);
    report("most-joined", &members);
}

/// The members keep what they were assigned.
fn own(members: &mut [MemberSubscription], mut assignment: Assignment) {
    for member in members {
        member.owned_partitions = assignment.remove(&member.member_id).unwrap_or_default();
        member.owned_in_generation = Some(1);
        member.generation_id = Some(1);
    }
}

fn topics(size: &Size) -> Topics {
    let names = (0..size.topics).map(topic_name);
    let partitions = TopicPartitions::without_racks(size.partitions_per_topic);
    names.map(|name| (name, partitions.clone())).collect()
}

fn members(size: &Size, reads: Reads) -> Vec<MemberSubscription> {
    let member = |number| MemberSubscription {
        member_id: format!("consumer-{number}-{:016x}", scramble(number)),
        topics: (0..size.topics)
            .filter(|topic| reads(number, *topic))
            .map(topic_name)
            .collect(),
        ..MemberSubscription::default()
    };
    (0..size.members).map(member).collect()
}

fn topic_name(number: usize) -> String {
    format!("topic-{number}")
}

/// Makes numbers in a row look like any (the finalizer of MurmurHash3).
fn scramble(number: usize) -> usize {
    let mut bits = number as u64;
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (bits ^ (bits >> 33)) as usize
}
