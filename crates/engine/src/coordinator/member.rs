use super::RequestToken;
use crate::protocol::{JoinGroupProtocol, JoinGroupRequest, Opaque};

/// A member of a group (`ClassicGroupMember`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    pub(super) id: String,
    pub(super) group_instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) client_host: String,
    pub(super) rebalance_timeout_ms: i32,
    pub(super) session_timeout_ms: i32,
    pub(super) protocols: Vec<JoinGroupProtocol>,
    pub(super) assignment: Opaque,
    pub(super) awaiting_join: Option<RequestToken>,
    pub(super) awaiting_sync: Option<RequestToken>,
    /// It has not been in a generation yet.
    pub(super) is_new: bool,
}

impl Member {
    pub(super) fn new(
        id: String,
        client_id: &str,
        client_host: &str,
        request: &JoinGroupRequest,
    ) -> Member {
        Member {
            id,
            group_instance_id: request.group_instance_id.clone(),
            client_id: client_id.to_owned(),
            client_host: client_host.to_owned(),
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            session_timeout_ms: request.session_timeout_ms,
            protocols: request.protocols.clone(),
            assignment: Opaque::default(),
            awaiting_join: None,
            awaiting_sync: None,
            is_new: true,
        }
    }

    /// Its id, given by the coordinator.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its `group.instance.id`; `None` for a dynamic member.
    pub fn group_instance_id(&self) -> Option<&str> {
        self.group_instance_id.as_deref()
    }

    /// Its `client.id`.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The host it calls from, such as `/127.0.0.1`.
    pub fn client_host(&self) -> &str {
        &self.client_host
    }

    /// After how many milliseconds of silence it counts as dead.
    pub fn session_timeout_ms(&self) -> i32 {
        self.session_timeout_ms
    }

    /// How many milliseconds it may take to rejoin.
    pub fn rebalance_timeout_ms(&self) -> i32 {
        self.rebalance_timeout_ms
    }

    /// The assignors it knows, the preferred one first.
    pub fn protocols(&self) -> &[JoinGroupProtocol] {
        &self.protocols
    }

    /// Its part of the assignment; empty when it has none.
    pub fn assignment(&self) -> &Opaque {
        &self.assignment
    }

    /// Whether it has (re)joined and waits for the next generation.
    pub fn is_awaiting_join(&self) -> bool {
        self.awaiting_join.is_some()
    }

    /// Whether it waits for its assignment.
    pub fn is_awaiting_sync(&self) -> bool {
        self.awaiting_sync.is_some()
    }

    /// Whether it is static (KIP-345).
    pub fn is_static(&self) -> bool {
        self.group_instance_id.is_some()
    }

    /// What this assignor has to know of the member; empty when the member
    /// does not know the assignor.
    pub fn metadata(&self, protocol: &str) -> Opaque {
        self.protocols
            .iter()
            .find(|known| known.name == protocol)
            .map(|known| known.metadata.clone())
            .unwrap_or_default()
    }

    pub(super) fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|known| known.name == protocol)
    }

    /// Whether it need not send heartbeats now: a member of a generation that
    /// waits for an answer is alive. A newcomer can expire even then.
    pub(super) fn is_excused_from_heartbeat(&self) -> bool {
        !self.is_new && (self.is_awaiting_join() || self.is_awaiting_sync())
    }
}

/// What stands before the uuid in a member id: the `client.id`, or the
/// `group.instance.id` of a static member. It is how reasons name a member.
pub(super) fn name_in(member_id: &str) -> &str {
    /// A hyphen and a uuid.
    const SUFFIX: usize = 37;
    let split = member_id.len().checked_sub(SUFFIX);
    let split = split.and_then(|at| member_id.split_at_checked(at));
    match split {
        Some((name, uuid)) if uuid.starts_with('-') && !name.is_empty() => name,
        _ => member_id,
    }
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn a_member_is_named_by_what_precedes_its_uuid() {
        assert_eq!(
            name_in("billing-3-420ea65b-a0fa-4a48-a97f-27098bc3bd03"),
            "billing-3"
        );
        assert_eq!(
            name_in("420ea65b-a0fa-4a48-a97f-27098bc3bd03"),
            "420ea65b-a0fa-4a48-a97f-27098bc3bd03"
        );
        assert_eq!(name_in("c0"), "c0");
    }
}
