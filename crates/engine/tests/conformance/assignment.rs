//! What the cases of all assignors share: topics and members going in, an
//! assignment coming out.

use engine::collections::{BTreeMap, BTreeSet};

use engine::assignor::{Assignment, MemberSubscription, TopicPartitions, Topics};
use serde_json::Value;

use super::case::{
    Outcome, as_list, as_number, as_text, entries, expect_eq, field, flag, list, number,
    optional_text, text,
};
use engine::sorting::sort;

/// The topics of a case, with their replicas' racks where it has any.
pub fn topics(case: &Value) -> Result<Topics, String> {
    let mut topics = Topics::new();
    for (name, count) in entries(case, "topics")? {
        topics.insert(
            name.clone(),
            TopicPartitions::without_racks(as_number(count)?),
        );
    }
    if case.get("replica_racks").is_some() {
        for (name, partitions) in entries(case, "replica_racks")? {
            let topic = topics
                .get_mut(name)
                .ok_or_else(|| format!("racks of no topic: {name}"))?;
            topic.replica_racks = as_list(partitions)?
                .iter()
                .map(racks)
                .collect::<Result<_, _>>()?;
        }
    }
    Ok(topics)
}

fn racks(replicas: &Value) -> Result<BTreeSet<String>, String> {
    let racks = as_list(replicas)?.iter().filter(|rack| !rack.is_null());
    racks.map(|rack| as_text(rack).map(Into::into)).collect()
}

/// The members of a case.
pub fn members(case: &Value) -> Result<Vec<MemberSubscription>, String> {
    list(case, "members")?.iter().map(member).collect()
}

fn member(value: &Value) -> Result<MemberSubscription, String> {
    let topics = list(value, "topics")?.iter();
    Ok(MemberSubscription {
        member_id: text(value, "id")?.to_owned(),
        group_instance_id: optional_text(value, "instance_id"),
        rack_id: optional_text(value, "rack"),
        topics: topics
            .map(|topic| as_text(topic).map(Into::into))
            .collect::<Result<_, _>>()?,
        owned_partitions: owned_partitions(value)?,
        owned_in_generation: optional_number(value, "generation")?,
        generation_id: optional_number(value, "generation")?,
    })
}

fn owned_partitions(member: &Value) -> Result<Vec<(String, i32)>, String> {
    match member.get("owned") {
        None => Ok(Vec::new()),
        Some(owned) => as_list(owned)?.iter().map(partition).collect(),
    }
}

fn optional_number(value: &Value, name: &str) -> Result<Option<i32>, String> {
    value.get(name).map(as_number).transpose()
}

/// Whether Kafka's own result depends on the order of a hash map, or on that
/// in which members and topics were handed over.
pub fn depends_on_order(case: &Value) -> bool {
    let by_order = ["input_order_sensitive", "hash_order_sensitive"];
    by_order.iter().any(|name| flag(case, name))
}

/// Compares an assignment with the one the case expects: exactly, except where
/// Kafka's own depends on an order; there only how many partitions the members
/// have and keep.
pub fn check(case: &Value, actual: &Assignment) -> Outcome {
    check_as(case, actual, !depends_on_order(case))
}

/// The same; exactly when it `is_exact`.
pub fn check_as(case: &Value, actual: &Assignment, is_exact: bool) -> Outcome {
    if is_exact {
        check_exactly(case, actual)?;
    }
    let stats = field(case, "stats")?;
    let sizes: Vec<usize> = actual.values().map(Vec::len).collect();
    check_sizes(stats, sizes)?;
    let retained: usize = members(case)?
        .iter()
        .map(|member| retained(member, &actual[&member.member_id]))
        .sum();
    expect_eq("retained", &number(stats, "retained")?, &retained)
}

/// How many of the partitions that it had the member keeps.
fn retained(member: &MemberSubscription, assigned: &[(String, i32)]) -> usize {
    let had = member.owned_partitions.iter();
    had.filter(|partition| assigned.contains(partition)).count()
}

fn check_exactly(case: &Value, actual: &Assignment) -> Outcome {
    let mut expected = BTreeMap::new();
    for (member, partitions) in entries(case, "expect")? {
        let partitions: Result<Vec<_>, _> = as_list(partitions)?.iter().map(partition).collect();
        expected.insert(member.as_str(), partitions?);
    }
    expect_eq(
        "members",
        &expected.keys().copied().collect::<Vec<_>>(),
        &actual.keys().map(String::as_str).collect(),
    )?;
    for (member, partitions) in expected {
        expect_eq(
            &format!("partitions of {member}"),
            &partitions,
            &actual[member],
        )?;
    }
    Ok(())
}

fn partition(value: &Value) -> Result<(String, i32), String> {
    match as_list(value)? {
        [topic, number] => Ok((as_text(topic)?.to_owned(), as_number(number)?)),
        _ => Err(format!("{value} is no partition")),
    }
}

fn check_sizes(stats: &Value, mut sizes: Vec<usize>) -> Outcome {
    sort(&mut sizes);
    let expected = list(stats, "sizes_sorted")?.iter().map(as_number);
    expect_eq(
        "sizes_sorted",
        &expected.collect::<Result<Vec<usize>, _>>()?,
        &sizes,
    )?;
    expect_eq(
        "assigned",
        &number(stats, "assigned")?,
        &sizes.iter().sum::<usize>(),
    )?;
    let pairs = sizes.iter().enumerate();
    let score: usize = pairs
        .flat_map(|(index, large)| sizes[..index].iter().map(move |small| large - small))
        .sum();
    expect_eq("balance_score", &number(stats, "balance_score")?, &score)
}
