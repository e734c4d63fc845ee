//! The ids that a broker gives to producers: blocks of them come from the
//! controller, so that no two brokers give the same (KIP-730;
//! `org.apache.kafka.coordinator.transaction.RPCProducerIdManager`).

use super::Broker;
use super::controller_channel::Purpose;
use crate::protocol::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, ErrorCode, InitProducerIdResponse,
    Request,
};
use crate::sim::{Fabric, Time};

/// When so many percent of a block are given away, the next is asked for
/// (`PID_PREFETCH_THRESHOLD`).
const PREFETCH_AT_PERCENT: i64 = 90;

/// How long the broker waits after it was refused, in milliseconds
/// (`RETRY_BACKOFF_MS`).
const RETRY_MS: i64 = 50;

/// Ids that nobody else gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Block {
    next: i64,
    end: i64,
    prefetch_at: i64,
}

impl Block {
    fn new(start: i64, length: i32) -> Block {
        let length = i64::from(length);
        Block {
            next: start,
            end: start + length,
            prefetch_at: start + length * PREFETCH_AT_PERCENT / 100,
        }
    }

    fn take(&mut self) -> Option<i64> {
        let id = self.next;
        (id < self.end).then(|| {
            self.next += 1;
            id
        })
    }
}

/// The block that ids come from, and the one after it.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct ProducerIdManager {
    current: Option<Block>,
    next: Option<Block>,
    is_asked: bool,
    /// No other block is asked for before this instant.
    not_before: Time,
}

impl ProducerIdManager {
    pub fn take(&mut self) -> Option<i64> {
        if let Some(id) = self.current.as_mut().and_then(Block::take) {
            return Some(id);
        }
        self.current = self.next.take();
        self.current.as_mut()?.take()
    }

    fn wants_more(&self, now: Time) -> bool {
        let is_scarce = self
            .current
            .is_none_or(|block| block.next >= block.prefetch_at);
        is_scarce && self.next.is_none() && !self.is_asked && self.not_before <= now
    }

    /// The process ends: what is left of its blocks nobody gets.
    pub fn stop(&mut self) {
        *self = ProducerIdManager::default();
    }
}

impl Broker {
    /// Gives a producer without a `transactional.id` an id, with epoch 0
    /// (`TransactionCoordinator.handleInitProducerId`). While there is none
    /// the producer is to ask again.
    pub(super) fn init_producer_id(&mut self, fabric: &mut Fabric) -> InitProducerIdResponse {
        let id = self.generate_producer_id(fabric);
        let error_code = match id {
            Some(_) => ErrorCode::None,
            None => ErrorCode::CoordinatorLoadInProgress,
        };
        InitProducerIdResponse {
            error_code,
            producer_id: id.unwrap_or(-1),
            producer_epoch: if id.is_some() { 0 } else { -1 },
        }
    }

    /// An id that no producer has yet; `None` while the controller is asked for
    /// more (`ProducerIdManager.generateProducerId`).
    pub(super) fn generate_producer_id(&mut self, fabric: &mut Fabric) -> Option<i64> {
        let id = self.producer_ids.take();
        self.ask_for_producer_ids(fabric);
        id
    }

    /// Asks the controller for another block, when ids have become scarce.
    pub(super) fn ask_for_producer_ids(&mut self, fabric: &mut Fabric) {
        if self.producer_ids.wants_more(fabric.now) {
            self.producer_ids.is_asked = true;
            let request = Request::AllocateProducerIds(AllocateProducerIdsRequest {
                broker_id: self.id,
                broker_epoch: self.broker_epoch,
            });
            self.forwarding_channel
                .push(fabric.now, Purpose::Own, request);
            self.run_channels(fabric);
        }
    }

    /// The controller was asked for long enough: it may be asked anew.
    pub(super) fn producer_ids_timed_out(&mut self) {
        self.producer_ids.is_asked = false;
    }

    pub(super) fn on_producer_ids(&mut self, now: Time, response: &AllocateProducerIdsResponse) {
        let ids = &mut self.producer_ids;
        ids.is_asked = false;
        match response.error_code {
            ErrorCode::None => {
                let AllocateProducerIdsResponse {
                    producer_id_start,
                    producer_id_len,
                    ..
                } = *response;
                ids.next = Some(Block::new(producer_id_start, producer_id_len));
            }
            _ => ids.not_before = now.plus_ms(RETRY_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_block_is_asked_for_before_the_last_id_is_gone() {
        let mut ids = ProducerIdManager::default();
        assert_eq!(ids.take(), None);
        assert!(ids.wants_more(Time::ZERO));
        ids.next = Some(Block::new(1_000, 10));
        let taken: Vec<i64> = (0..8).filter_map(|_| ids.take()).collect();
        assert_eq!(taken, (1_000..1_008).collect::<Vec<_>>());
        assert!(!ids.wants_more(Time::ZERO));
        ids.take();
        assert!(ids.wants_more(Time::ZERO));
        ids.next = Some(Block::new(5_000, 10));
        assert_eq!((ids.take(), ids.take()), (Some(1_009), Some(5_000)));
    }
}
