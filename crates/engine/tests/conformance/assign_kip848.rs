//! The assignors that the group coordinator runs itself (KIP-848).

use engine::collections::{BTreeMap, BTreeSet};

use engine::assignor::server::{
    GroupSpec, MemberSpec, PartitionCounts, PartitionsByTopic, ServerAssignor, SubscriptionType,
};
use engine::assignor::{Assignment, MemberSubscription};
use engine::protocol::TopicId;
use serde_json::Value;

use super::case::{Outcome, as_list, as_number, as_text, list, text};
use super::{Kind, assignment};

pub const RANGE: Kind = Kind {
    name: "assign_kip848_range",
    recognises: |_, case| case["assignor"] == "range" && case.get("subscription_type").is_some(),
    run,
};

pub const UNIFORM: Kind = Kind {
    name: "assign_kip848_uniform",
    recognises: |_, case| case["assignor"] == "uniform",
    run,
};

/// Stands for the id of the topic with this place among the names.
pub fn topic_id(place: usize) -> TopicId {
    TopicId((place as u128 + 1).to_be_bytes())
}

fn run(case: &Value) -> Outcome {
    let topics = assignment::topics(case)?;
    let ids: BTreeMap<&str, TopicId> = topics
        .keys()
        .enumerate()
        .map(|(place, name)| (name.as_str(), topic_id(place)))
        .collect();
    let counts = topics
        .iter()
        .map(|(name, topic)| (ids[name.as_str()], topic.count));
    let counts: PartitionCounts = counts.collect();

    let members = assignment::members(case)?;
    let owned = owned(case, &ids)?;
    let specs = members
        .iter()
        .zip(&owned)
        .map(|(member, owned)| spec(member, owned, &ids));
    let group = GroupSpec {
        members: specs.collect(),
        subscription_type: match text(case, "subscription_type")? {
            "HOMOGENEOUS" => SubscriptionType::Homogeneous,
            _ => SubscriptionType::Heterogeneous,
        },
    };
    let name = text(case, "assignor")?;
    let assignor = ServerAssignor::by_name(name).ok_or(format!("no assignor {name}"))?;
    let assigned = assignor.assign(&group, &counts);

    let names: BTreeMap<TopicId, &str> = ids.iter().map(|(name, id)| (*id, *name)).collect();
    let by_name = |partitions: &PartitionsByTopic| {
        let all = partitions.iter().flat_map(|(id, partitions)| {
            partitions
                .iter()
                .map(|partition| (names[id].to_owned(), *partition))
        });
        all.collect::<Vec<_>>()
    };
    let assigned: Assignment = assigned
        .iter()
        .map(|(member, partitions)| (member.clone(), by_name(partitions)))
        .collect();
    assignment::check_as(case, &assigned, is_exact(case, &group))
}

/// Members were iterated in the order of their ids, and a group whose members
/// subscribe to the same topics depends on nothing else.
fn is_exact(case: &Value, group: &GroupSpec) -> bool {
    group.subscription_type == SubscriptionType::Homogeneous || !assignment::depends_on_order(case)
}

fn spec(
    member: &MemberSubscription,
    owned: &PartitionsByTopic,
    ids: &BTreeMap<&str, TopicId>,
) -> MemberSpec {
    let topics = member.topics.iter();
    let subscribed: BTreeSet<TopicId> = topics
        .filter_map(|name| ids.get(name.as_str()).copied())
        .collect();
    MemberSpec {
        member_id: member.member_id.clone(),
        instance_id: member.group_instance_id.clone(),
        subscribed,
        assigned: owned.clone(),
    }
}

fn owned(case: &Value, ids: &BTreeMap<&str, TopicId>) -> Result<Vec<PartitionsByTopic>, String> {
    let of_member = |member: &Value| {
        let mut owned = PartitionsByTopic::new();
        for partition in list(member, "owned")? {
            let [topic, number] = as_list(partition)? else {
                return Err(format!("{partition} is no partition"));
            };
            let topic = as_text(topic)?;
            let id = ids.get(topic).ok_or(format!("no topic {topic}"))?;
            owned.entry(*id).or_default().insert(as_number(number)?);
        }
        Ok(owned)
    };
    list(case, "members")?.iter().map(of_member).collect()
}
