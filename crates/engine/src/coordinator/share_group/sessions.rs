//! Members that are missed, or leave.

use super::assign::bump_if_changed;
use super::{ShareGroupRecord, ShareGroups, write};
use crate::coordinator::step::Step;
use crate::coordinator::timers::Timer;
use crate::coordinator::{GroupEvent, RemovalCause};

/// The member is no longer in the group (`shareGroupFenceMember`). The others
/// get what it had with the next assignment.
pub(in crate::coordinator) fn remove_member(
    groups: &mut ShareGroups,
    step: &mut Step,
    (group_id, member_id): (&String, &String),
    cause: RemovalCause,
) {
    let Some(member) = groups
        .get(group_id)
        .and_then(|it| it.members.get(member_id))
    else {
        return;
    };
    let client_id = member.metadata.client_id.clone();
    for record in ShareGroupRecord::without_member(group_id, member_id) {
        write(groups, step, record);
    }
    let topics = groups.get(group_id).map(|group| group.topics.clone());
    bump_if_changed(
        groups,
        step,
        (group_id, &topics.unwrap_or_default()),
        |_| true,
    );
    step.cancel_session(group_id, member_id);
    step.event_if_written(GroupEvent::MemberRemoved {
        group: group_id.clone(),
        member_id: member_id.clone(),
        client_id,
        cause,
    });
}

/// Expects the next heartbeat within the session timeout.
pub(in crate::coordinator) fn schedule_session(step: &mut Step, group_id: &str, member_id: &str) {
    let timer = Timer::Session {
        group: group_id.to_owned(),
        member_id: member_id.to_owned(),
    };
    step.schedule(step.share_session_timeout_ms(group_id), timer);
}
