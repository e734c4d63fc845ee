//! Who of a group owns what: a partition has one owner at most, and one when
//! nobody has to give it up first.

use engine::collections::{BTreeMap, BTreeSet};

use engine::TopicPartition;
use engine::assignor::ClientAssignor;
use engine::client::Membership;
use engine::client::consumer_protocol::{Subscription, decode_assignment};
use engine::coordinator::record::GroupMetadataValue;
use engine::coordinator::{ClassicGroup, GroupState};
use engine::protocol::TopicName;

/// A member as the group's record has it.
struct Owner<'a> {
    member_id: &'a str,
    is_static: bool,
    subscription: Subscription,
    assigned: BTreeSet<TopicPartition>,
}

/// An assignment that the coordinator has had stored; `is_new` when it was not
/// stored before.
pub fn check_assignment(group: &str, value: &GroupMetadataValue, is_new: bool) {
    let members = value.members.iter().map(|member| Owner {
        member_id: &member.member_id,
        is_static: member.group_instance_id.is_some(),
        subscription: Subscription::decode(&member.subscription).expect("a consumer wrote it"),
        assigned: decode_assignment(&member.assignment)
            .expect("a consumer wrote it")
            .into_iter()
            .collect(),
    });
    let members: Vec<Owner> = members.collect();
    let name = format!("generation {} of the group {group}", value.generation);
    let owners = one_owner_each(&name, &members);
    if !is_new {
        return;
    }
    let protocol = value.protocol.as_deref().and_then(ClientAssignor::of_name);
    let claims = match protocol {
        Some(ClientAssignor::CooperativeSticky) => honest_claims(&members),
        _ => BTreeMap::new(),
    };
    for (of, owner) in &owners {
        let claimed = claims.get(of);
        assert!(
            claimed.is_none_or(|claimed| claimed == owner),
            "{name}: {of} is given to {owner} while {claimed:?} has it"
        );
    }
    none_is_left_out(&name, &members, &owners, &claims);
}

fn one_owner_each<'a>(name: &str, members: &[Owner<'a>]) -> BTreeMap<TopicPartition, &'a str> {
    let mut owners = BTreeMap::new();
    for member in members {
        for of in &member.assigned {
            let other = owners.insert(of.clone(), member.member_id);
            assert_eq!(other, None, "{name}: {of} is also {}'s", member.member_id);
            // A static member that is back is first given what it had, though it
            // may subscribe to something else now (KIP-345).
            assert!(
                member.is_static || member.subscription.topics.contains(&of.topic),
                "{name}: {} did not subscribe to {of}",
                member.member_id
            );
        }
    }
    owners
}

/// What members say they own. Only those count who were in the latest
/// generation that any of them knows: another has missed that, and does not
/// know yet that its partitions are others'.
fn honest_claims<'a>(members: &[Owner<'a>]) -> BTreeMap<TopicPartition, &'a str> {
    let generations = members.iter().map(|it| it.subscription.generation_id);
    let latest = generations.max().unwrap_or(-1);
    let mut claims = BTreeMap::new();
    let is_up_to_date = |it: &&Owner| latest >= 0 && it.subscription.generation_id == latest;
    for member in members.iter().filter(is_up_to_date) {
        for of in &member.subscription.owned_partitions {
            claims.insert(of.clone(), member.member_id);
        }
    }
    claims
}

/// Of each topic all partitions have an owner, as far as the leader knew them:
/// it may not have heard of the last ones. One that its former owner has to
/// give up first has none for so long.
fn none_is_left_out(
    name: &str,
    members: &[Owner],
    owners: &BTreeMap<TopicPartition, &str>,
    claims: &BTreeMap<TopicPartition, &str>,
) {
    let mut known: BTreeMap<&TopicName, i32> = BTreeMap::new();
    for of in owners.keys() {
        let end = known.entry(&of.topic).or_default();
        *end = (*end).max(of.partition + 1);
    }
    let is_given_up = |of: &TopicPartition| {
        let mut owned = members
            .iter()
            .flat_map(|it| &it.subscription.owned_partitions);
        claims.contains_key(of) || owned.any(|owned| owned == of)
    };
    for (topic, end) in known {
        for partition in 0..end {
            let of = TopicPartition::new(topic.clone(), partition);
            assert!(
                owners.contains_key(&of) || is_given_up(&of),
                "{name}: nobody has {of}"
            );
        }
    }
}

/// A consumer as far as its group is concerned.
pub struct MemberView<'a> {
    pub member_id: &'a str,
    pub generation: i32,
    pub membership: Membership,
    pub subscription: &'a [TopicName],
    pub assignment: BTreeSet<&'a TopicPartition>,
}

impl MemberView<'_> {
    /// It was given what it no longer subscribes to. Then it takes nothing of it
    /// over, keeps what it had, and joins again
    /// (`ConsumerCoordinator.onJoinComplete`).
    fn passes_over(&self, given: &[TopicPartition]) -> bool {
        let is_wanted = |of: &TopicPartition| self.subscription.contains(&of.topic);
        self.membership == Membership::PreparingRebalance && !given.iter().all(is_wanted)
    }
}

/// Of the members of the coordinator's generation nobody reads what another
/// reads, or what the coordinator did not give it. Generations up to `forgotten`
/// may have been others. Returns how many members there are.
pub fn check_readers(group: &ClassicGroup, members: &[MemberView], forgotten: i32) -> usize {
    let is_over = !matches!(
        group.state(),
        GroupState::Stable | GroupState::PreparingRebalance
    ) || group.generation() <= forgotten;
    let mut readers: BTreeMap<&TopicPartition, &str> = BTreeMap::new();
    let mut count = 0;
    for member in members {
        let is_in = matches!(
            member.membership,
            Membership::Stable | Membership::PreparingRebalance
        );
        let Some(known) = group.member(member.member_id) else {
            continue;
        };
        if is_over || !is_in || member.generation != group.generation() {
            continue;
        }
        let name = format!("generation {} of {}", group.generation(), group.name());
        let given = decode_assignment(known.assignment()).expect("a consumer wrote it");
        count += 1;
        for of in &member.assignment {
            let other = readers.insert(of, member.member_id);
            assert_eq!(other, None, "{name}: {} reads {of} too", member.member_id);
            assert!(
                given.contains(of) || member.passes_over(&given),
                "{name}: {} reads {of}, which it was not given",
                member.member_id
            );
        }
    }
    count
}
