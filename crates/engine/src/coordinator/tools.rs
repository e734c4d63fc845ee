//! What tools ask of groups: which there are, how they are, and that they be
//! deleted.

use super::event::GroupEvent;
use super::group::ClassicGroup;
use super::protocols::AnyGroup;
use super::runtime::RequestToken;
use super::share_group::ShareGroup;
use super::step::Step;
use super::{CoordinatorOutput, GroupCoordinator, Groups, describe, protocols, share_group};
use crate::protocol::{
    DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse, ErrorCode,
    ListGroupsRequest, ListedGroup, Response,
};
use crate::sim::Time;

impl GroupCoordinator {
    /// Answers a ListGroups request from what is committed.
    pub fn list_groups(&self, request: &ListGroupsRequest) -> Vec<ListedGroup> {
        let classic = self.groups.committed().into_values();
        let consumer_groups = self.consumer_groups.committed_groups().into_iter();
        let all = classic.map(ClassicGroup::listed);
        let all = all.chain(consumer_groups.map(|group| group.listed()));
        let share_groups = self.share_groups.committed().into_values();
        let all = all.chain(share_groups.map(ShareGroup::listed));
        all.filter(|group| request.takes(group)).collect()
    }

    /// Answers a DescribeGroups request from what is committed.
    pub fn describe_groups(&self, request: &DescribeGroupsRequest) -> DescribeGroupsResponse {
        let describe = |group_id: &String| match self.groups.get_committed(group_id) {
            Some(group) => group.described(),
            None => describe::unknown(group_id),
        };
        DescribeGroupsResponse {
            groups: request.groups.iter().map(describe).collect(),
        }
    }

    /// Deletes these groups with their offsets
    /// (`GroupCoordinatorShard.deleteGroups`).
    pub fn delete_groups(
        &mut self,
        now: Time,
        token: RequestToken,
        names: &[String],
        out: &mut Vec<CoordinatorOutput>,
    ) {
        let mut parts = self.parts(now, out);
        let mut results = Vec::new();
        for name in names {
            if parts.share_groups.get(name).is_some() {
                let deleted = share_group::delete(parts.share_groups, &mut parts.step, name);
                results.push((name.clone(), deleted.err().unwrap_or(ErrorCode::None)));
                continue;
            }
            let group = AnyGroup::find(parts.groups, parts.consumer_groups, name);
            let group = group.ok_or(ErrorCode::GroupIdNotFound);
            let checked = group.and_then(AnyGroup::validate_delete);
            if checked.is_ok() {
                parts.offsets.forget_all(&mut parts.step, name);
                delete(parts.groups, &mut parts.step, name);
                protocols::delete_consumer_group(parts.consumer_groups, &mut parts.step, name);
            }
            results.push((name.clone(), checked.err().unwrap_or(ErrorCode::None)));
        }
        let response = Response::DeleteGroups(DeleteGroupsResponse { results });
        parts.finish_with(token, response);
    }
}

/// Takes a group out for good; that is told when its tombstone is written.
pub(super) fn delete(groups: &mut Groups, step: &mut Step, name: &str) {
    let name = name.to_owned();
    let Some(group) = groups.get(&name) else {
        return;
    };
    group.write_tombstone(step);
    step.timers.cancel_group(&name);
    groups.remove(step.write, &name);
    step.event_if_written(GroupEvent::GroupDeleted { group: name });
}
