//! A broker that is slow: requests wait their turn.

use std::collections::VecDeque;

use super::Broker;
use crate::protocol::{Payload, Request, Response};
use crate::sim::{Fabric, Packet, Time};

/// How slow a broker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slowness {
    /// How long it takes over each request, in microseconds.
    pub request_us: u64,
    /// How long its disk takes over each write, in microseconds.
    pub disk_write_us: u64,
}

/// What has arrived at a slow broker and is not handled yet. At most
/// `queued.max.requests` are in its request queue; the rest still lie in the
/// connections' buffers.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Inbox {
    slowness: Slowness,
    queue: VecDeque<Packet>,
    /// When the first of the queue is done.
    done_at: Option<Time>,
}

impl Inbox {
    /// Whether work has to wait at all.
    pub fn is_needed(&self) -> bool {
        self.slowness != Slowness::default() || !self.queue.is_empty()
    }

    pub fn take_on(&mut self, now: Time, packet: Packet) {
        self.queue.push_back(packet);
        self.begin_next(now);
    }

    pub fn next_deadline(&self) -> Option<Time> {
        self.done_at
    }

    fn begin_next(&mut self, now: Time) {
        if self.done_at.is_none()
            && let Some(next) = self.queue.front()
        {
            let slowness = self.slowness;
            let writes = match writes_to_disk(&next.payload) {
                true => slowness.disk_write_us,
                false => 0,
            };
            self.done_at = Some(now.plus_us(slowness.request_us + writes));
        }
    }

    fn take_done(&mut self, now: Time) -> Option<Packet> {
        if self.done_at.is_none_or(|at| at > now) {
            return None;
        }
        self.done_at = None;
        self.queue.pop_front()
    }
}

fn writes_to_disk(payload: &Payload) -> bool {
    match payload {
        Payload::Request(Request::Produce(_)) => true,
        Payload::Response(Response::Fetch(fetched)) => {
            let mut partitions = fetched.partitions.iter();
            partitions.any(|(_, partition)| !partition.records.is_empty())
        }
        _ => false,
    }
}

impl Broker {
    /// How slow it is.
    pub fn slowness(&self) -> Slowness {
        self.inbox.slowness
    }

    /// How many requests wait in its queue, at most `queued.max.requests`.
    pub fn queued_requests(&self) -> usize {
        self.inbox.queue.len().min(self.config.queued_max_requests)
    }

    pub(crate) fn set_slowness(&mut self, slowness: Slowness) {
        self.inbox.slowness = slowness;
    }

    pub(super) fn empty_inbox(&mut self) {
        self.inbox.queue.clear();
        self.inbox.done_at = None;
    }

    /// Handles what is done by now.
    pub(super) fn work_off_inbox(&mut self, fabric: &mut Fabric) {
        while let Some(packet) = self.inbox.take_done(fabric.now) {
            self.handle(fabric, packet);
            self.inbox.begin_next(fabric.now);
        }
    }
}
