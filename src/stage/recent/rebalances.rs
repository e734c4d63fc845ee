//! The rebalances of each group: the one under way and the last one.

use engine::collections::BTreeMap;

use engine::coordinator::GroupEvent;
use engine::coordinator::GroupState;
use engine::coordinator::consumer_group::{ConsumerGroupEvent, ConsumerGroupState};
use engine::{Event, EventKind, Rebalance, Time, TopicPartition, World};

use super::{RECENT_US, freshness};

/// What became of a partition in a rebalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Its owner has read it all the time.
    Kept,
    /// Its owner gave it up and has it again.
    Returned,
    /// It has another owner.
    Moved,
    /// Its owner gave it up, and nobody has it yet.
    Revoked,
}

impl Change {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Change::Kept => "kept",
            Change::Returned => "returned",
            Change::Moved => "moved",
            Change::Revoked => "revoked",
        }
    }
}

/// The rebalances of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupRebalances {
    /// Since when the one that is under way is.
    under_way: Option<Time>,
    /// What owners have given up in it.
    revoked: Vec<TopicPartition>,
    last: Option<(Time, Rebalance)>,
}

impl GroupRebalances {
    /// For how long the one that is under way is, in microseconds.
    pub fn under_way_us(&self, now: Time) -> Option<u64> {
        self.under_way.map(|since| now.us_since(since))
    }

    /// The last one that is complete, and how fresh it is: 0 when that was a
    /// while ago.
    pub fn last(&self, now: Time) -> Option<(&Rebalance, u8)> {
        let (at, rebalance) = self.last.as_ref()?;
        let is_recent = now.us_since(*at) < RECENT_US;
        let fresh = if is_recent { freshness(*at, now) } else { 0 };
        Some((rebalance, fresh))
    }

    /// What has become of a partition, as long as that is to be marked.
    pub fn change(&self, of: &TopicPartition, now: Time) -> Option<(Change, u8)> {
        if self.under_way.is_some() {
            let is_revoked = self.revoked.contains(of);
            return is_revoked.then_some((Change::Revoked, 100));
        }
        let (rebalance, fresh) = self.last(now).filter(|(_, fresh)| *fresh > 0)?;
        let change = if rebalance.moved.contains(of) {
            Change::Moved
        } else if rebalance.revoked.contains(of) {
            Change::Returned
        } else if rebalance.kept.contains(of) {
            Change::Kept
        } else {
            return None;
        };
        Some((change, fresh))
    }
}

/// Takes an event in.
pub(super) fn note(groups: &mut BTreeMap<String, GroupRebalances>, event: &Event, world: &World) {
    match &event.kind {
        EventKind::RebalanceMeasured(rebalance) => {
            let group = groups.entry(rebalance.group.clone()).or_default();
            group.under_way = None;
            group.revoked.clear();
            group.last = Some((event.at, rebalance.clone()));
        }
        EventKind::Group(GroupEvent::RebalanceStarted { group, .. })
        | EventKind::Group(GroupEvent::Consumer(ConsumerGroupEvent::GroupEpochBumped {
            group,
            ..
        })) => {
            let group = groups.entry(group.clone()).or_default();
            group.under_way.get_or_insert(event.at);
        }
        EventKind::Group(
            GroupEvent::StateChanged {
                group,
                to: GroupState::Empty,
                ..
            }
            | GroupEvent::Consumer(ConsumerGroupEvent::StateChanged {
                group,
                to: ConsumerGroupState::Empty,
                ..
            })
            | GroupEvent::GroupDeleted { group }
            | GroupEvent::Consumer(ConsumerGroupEvent::GroupDeleted { group }),
        ) => {
            groups.remove(group);
        }
        EventKind::PartitionsRevoked {
            consumer,
            partitions,
        } => {
            if let Some(group) = super::group_of(world, *consumer) {
                let group = groups.entry(group.to_owned()).or_default();
                group.revoked.extend(partitions.iter().cloned());
            }
        }
        _ => {}
    }
}
