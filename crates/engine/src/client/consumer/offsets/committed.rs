//! Reading back what the group has committed.

use crate::collections::BTreeSet;

use super::super::{Consumer, Pending};
use crate::protocol::{
    ErrorCode, OffsetFetchRequest, OffsetFetchResponse, Request, TopicPartition,
};
use crate::sim::Fabric;

impl Consumer {
    /// The member that reads offsets back, in a group of KIP-848.
    fn modern_member_id(&self) -> Option<String> {
        let is_member = self.member.is_some() && self.is_in_generation();
        is_member.then(|| self.member_id().to_owned())
    }

    fn modern_epoch(&self) -> i32 {
        match self.member.is_some() {
            true => self.generation(),
            false => -1,
        }
    }

    /// Asks the coordinator what is committed in partitions for which that is
    /// not known yet.
    pub(in crate::client::consumer) fn fetch_committed(&mut self, fabric: &mut Fabric) {
        let coordinator = self.ready_coordinator(fabric.now);
        let Some(coordinator) = coordinator.filter(|_| self.retry_at <= fabric.now) else {
            return;
        };
        let pending = self.pending.values();
        let is_asked = |pending: &Pending| matches!(pending, Pending::OffsetFetch { .. });
        let unknown = self.assignment.iter();
        let unknown = unknown.filter(|(_, assigned)| !assigned.knows_committed);
        let partitions: Vec<TopicPartition> = unknown.map(|(of, _)| of.clone()).collect();
        if partitions.is_empty() || pending.into_iter().any(is_asked) {
            return;
        }
        let pending = Pending::OffsetFetch {
            partitions: partitions.clone(),
        };
        let request = Request::OffsetFetch(OffsetFetchRequest {
            group_id: self.config.group_id.clone(),
            partitions: Some(partitions),
            require_stable: true,
            member_id: self.modern_member_id(),
            member_epoch: self.modern_epoch(),
        });
        self.ask(fabric, coordinator, request, pending);
    }

    pub(in crate::client::consumer) fn on_committed_offsets(
        &mut self,
        fabric: &mut Fabric,
        asked: &[TopicPartition],
        response: OffsetFetchResponse,
    ) {
        match response.error_code {
            ErrorCode::None => {}
            ErrorCode::NotCoordinator => return self.lose_coordinator(fabric),
            _ => return self.back_off(fabric),
        }
        if !response.unstable.is_empty() {
            self.back_off(fabric);
        }
        let asked: BTreeSet<&TopicPartition> = asked.iter().collect();
        for (partition, committed) in response.partitions {
            let assigned = self.assignment.get_mut(&partition);
            let is_open = |of: &&mut super::super::AssignedPartition| {
                !of.knows_committed && asked.contains(&partition)
            };
            let Some(assigned) = assigned.filter(is_open) else {
                continue;
            };
            assigned.knows_committed = true;
            if let Some(committed) = committed {
                assigned.committed = Some(committed.offset);
                assigned.seek(committed.offset, committed.leader_epoch);
            }
        }
    }
}
