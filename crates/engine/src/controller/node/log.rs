//! Copying the metadata log: to the others, and from the leader.

use super::ControllerNode;
use crate::protocol::{FetchMetadataRequest, FetchMetadataResponse, Header, Request, Response};
use crate::sim::{Fabric, NodeId, Time};

/// An answer that is due once the log is committed up to an offset.
#[derive(Clone, Debug, Hash)]
pub(super) struct Waiting {
    pub offset: i64,
    pub from: NodeId,
    pub header: Header,
    pub response: Response,
    /// The answer if it ceases to lead before that.
    pub refusal: Response,
}

/// A reader of the log that waits for something new.
#[derive(Clone, Debug, Hash)]
pub(super) struct DelayedFetch {
    deadline: Time,
    pub from: NodeId,
    header: Header,
    request: FetchMetadataRequest,
}

/// This controller's own reading of the leader's log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum OwnFetch {
    Idle,
    /// It is out.
    InFlight {
        /// The leader asked.
        leader: i32,
        /// The request's number.
        correlation_id: i32,
        /// Until when the answer is waited for.
        deadline: Time,
    },
    /// It failed; when it is tried again.
    RetryAt(Time),
}

impl OwnFetch {
    /// Until when an answer is waited for.
    pub fn deadline(&self) -> Option<Time> {
        match self {
            OwnFetch::InFlight { deadline, .. } => Some(*deadline),
            OwnFetch::Idle | OwnFetch::RetryAt(_) => None,
        }
    }

    fn is_out_to(&self, controller: i32) -> bool {
        matches!(self, OwnFetch::InFlight { leader, .. } if *leader == controller)
    }
}

impl ControllerNode {
    pub(super) fn on_fetch(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: FetchMetadataRequest,
    ) {
        let now = fabric.now;
        let longest = now.plus_ms(i64::from(request.max_wait_ms));
        let no_op = self.quorum.next_no_op(now);
        self.delayed_fetches.push(DelayedFetch {
            deadline: no_op.map_or(longest, |at| at.min(longest)),
            from,
            header,
            request,
        });
    }

    /// Answers the readers for whom there is something new, or who have waited
    /// long enough.
    pub(super) fn answer_fetches(&mut self, fabric: &mut Fabric) {
        let mut answered_any = true;
        // One reader's progress may commit what another waits for.
        while answered_any {
            answered_any = false;
            for fetch in std::mem::take(&mut self.delayed_fetches) {
                let may_wait = fetch.deadline > fabric.now;
                match self.quorum.on_fetch(fabric.now, &fetch.request, may_wait) {
                    Some(response) => {
                        let response = Response::FetchMetadata(response);
                        self.respond(fabric, fetch.from, fetch.header, response);
                        answered_any = true;
                    }
                    None => self.delayed_fetches.push(fetch),
                }
            }
            self.follow_quorum(fabric);
            self.answer_committed(fabric);
        }
    }

    pub(super) fn next_fetch_deadline(&self) -> Option<Time> {
        let readers = self.delayed_fetches.iter().map(|fetch| fetch.deadline);
        let own = match self.own_fetch {
            OwnFetch::RetryAt(at) => Some(at),
            _ => None,
        };
        readers.chain(own).min()
    }

    /// Sends the answers that waited for what is committed now.
    pub(super) fn answer_committed(&mut self, fabric: &mut Fabric) {
        let committed = self.quorum.high_watermark();
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting.offset <= committed {
                true => self.respond(fabric, waiting.from, waiting.header, waiting.response),
                false => self.waiting.push(waiting),
            }
        }
    }

    /// It no longer leads: whoever waits must ask another.
    pub(super) fn refuse_waiting(&mut self, fabric: &mut Fabric) {
        for waiting in std::mem::take(&mut self.waiting) {
            self.respond(fabric, waiting.from, waiting.header, waiting.refusal);
        }
    }

    /// A follower asks its leader for more, one question at a time.
    pub(super) fn fetch(&mut self, fabric: &mut Fabric) {
        let Some((leader, request)) = self.quorum.fetch_request() else {
            self.own_fetch = OwnFetch::Idle;
            return;
        };
        let is_free = match self.own_fetch {
            OwnFetch::Idle => true,
            OwnFetch::InFlight { .. } => !self.own_fetch.is_out_to(leader),
            OwnFetch::RetryAt(at) => at <= fabric.now,
        };
        if is_free {
            let correlation_id = self.send(
                fabric,
                NodeId::Controller(leader),
                Request::FetchMetadata(request),
            );
            self.own_fetch = OwnFetch::InFlight {
                leader,
                correlation_id,
                deadline: self.answer_deadline(fabric.now),
            };
        }
    }

    pub(super) fn on_fetched(
        &mut self,
        now: Time,
        from: i32,
        header: &Header,
        response: FetchMetadataResponse,
    ) {
        let is_expected = matches!(
            self.own_fetch,
            OwnFetch::InFlight { leader, correlation_id, .. }
                if leader == from && correlation_id == header.correlation_id
        );
        if is_expected {
            self.own_fetch = match response.error_code.is_none() {
                true => OwnFetch::Idle,
                false => OwnFetch::RetryAt(now.plus_ms(self.quorum.quorum().retry_backoff_ms())),
            };
            self.quorum.quorum().on_fetched(now, response);
        }
    }

    pub(super) fn fetch_failed(&mut self, now: Time, leader: i32) {
        if self.own_fetch.is_out_to(leader) {
            self.own_fetch =
                OwnFetch::RetryAt(now.plus_ms(self.quorum.quorum().retry_backoff_ms()));
        }
    }
}
