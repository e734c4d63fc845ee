//! What `kafka-consumer-groups.sh --reset-offsets` does to a group.

use engine::TopicPartition;
use engine::log::PartitionLog;
use engine::protocol::{CommittedOffset, OffsetCommitRequest, Request};

use super::Playground;

/// Where a group is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetTo {
    /// At the log start offset (`--to-earliest`).
    Earliest,
    /// At the high watermark (`--to-latest`).
    Latest,
    /// At this offset (`--to-offset`).
    Offset(i64),
    /// At the first record that is not older, in epoch milliseconds
    /// (`--to-datetime`); at the high watermark when all are.
    Timestamp(i64),
    /// So many offsets behind what is committed, or before when it is negative
    /// (`--shift-by`).
    ShiftBy(i64),
}

impl Playground {
    /// Commits other offsets for a group that has no members, as
    /// `kafka-consumer-groups.sh --reset-offsets --execute` does: offsets before
    /// the log's start become its start, those behind the high watermark that.
    /// Where logs begin and end, and what is committed, is taken from the world;
    /// the tool asks the brokers for it.
    ///
    /// # Errors
    ///
    /// Why nothing was committed. What the coordinator refuses comes later, as a
    /// complaint.
    pub fn reset_offsets(
        &mut self,
        group: &str,
        partitions: &[TopicPartition],
        to: ResetTo,
    ) -> Result<(), String> {
        if let Some(state) = self.active_state(group) {
            return Err(format!(
                "Assignments can only be reset if the group '{group}' is inactive, but the \
                 current state is {state}: close its members first."
            ));
        }
        let offsets = partitions
            .iter()
            .map(|of| Ok((of.clone(), self.reset_offset(group, of, to)?)));
        let offsets = offsets.collect::<Result<Vec<_>, String>>()?;
        self.administer(Request::OffsetCommit(OffsetCommitRequest {
            group_id: group.to_owned(),
            generation_id: -1,
            member_id: String::new(),
            group_instance_id: None,
            offsets,
        }))
    }

    /// The state of a group that has members; `None` when it has none.
    fn active_state(&self, group: &str) -> Option<&'static str> {
        let is_active = |state: &&str| !matches!(*state, "Empty" | "Dead");
        let classic = self.world.groups().get(group).map(|it| it.1.state().name());
        let of_kip848 = self.world.consumer_groups();
        let of_kip848 = of_kip848.get(group).map(|it| it.1.state().name());
        classic.or(of_kip848).filter(is_active)
    }

    fn reset_offset(
        &self,
        group: &str,
        of: &TopicPartition,
        to: ResetTo,
    ) -> Result<CommittedOffset, String> {
        let log = self.world.partition(of).map(|it| &it.log);
        let log = log.ok_or_else(|| format!("Nobody leads {of}: wait until somebody does."))?;
        let (start, end) = (log.start_offset(), log.high_watermark());
        let offset = match to {
            ResetTo::Earliest => start,
            ResetTo::Latest => end,
            ResetTo::Offset(offset) => offset,
            ResetTo::Timestamp(ms) => at_timestamp(log, ms),
            ResetTo::ShiftBy(shift) => {
                let committed = self.committed(group, of);
                committed
                    .ok_or_else(|| {
                        format!("Group {group} has committed nothing in {of}: choose an offset.")
                    })?
                    .saturating_add(shift)
            }
        };
        Ok(CommittedOffset {
            offset: offset.clamp(start, end.max(start)),
            leader_epoch: -1,
            metadata: String::new(),
        })
    }

    fn committed(&self, group: &str, of: &TopicPartition) -> Option<i64> {
        let classic = self.world.groups().get(group).map(|it| it.0);
        let of_kip848 = self.world.consumer_groups().get(group).map(|it| it.0);
        let shard = classic.or(of_kip848)?.groups().shard_of(group)?;
        Some(shard.offset(group, of)?.committed.offset)
    }
}

fn at_timestamp(log: &PartitionLog, ms: i64) -> i64 {
    let found = log.offset_for_timestamp(ms);
    found.map_or(log.high_watermark(), |(offset, _)| offset)
}
