//! Answering ShareFetch (`KafkaApis.handleShareFetchRequest`,
//! `DelayedShareFetch`, `ShareFetchUtils`).

use crate::collections::BTreeMap;

use super::partition::Acquiring;
use super::{Broker, WaitingRequest};
use crate::coordinator::share_state::SharePartitionKey;
use crate::event::{EventKind, ShareEvent, ShareRecords};
use crate::protocol::{
    ErrorCode, FINAL_SHARE_SESSION_EPOCH, Header, Response, ShareAcknowledgeResponse,
    ShareFetchRequest, ShareFetchResponse, ShareFetchedPartition, TopicIdPartition,
};
use crate::sim::{Fabric, NodeId, Time};

/// What a member waits for.
#[derive(Clone, Debug, Hash)]
pub(super) struct WaitingFetch {
    deadline: Time,
    min_bytes: usize,
    max_bytes: usize,
    batch_size: i64,
    /// The partitions of the session, with the most bytes of each.
    wanted: Vec<(TopicIdPartition, i32)>,
    /// What it is answered; errors while it waits.
    fetched: BTreeMap<TopicIdPartition, ShareFetchedPartition>,
    is_done: bool,
}

impl WaitingFetch {
    /// When it has waited long enough; `None` when it is done.
    pub fn deadline(&self) -> Option<Time> {
        (!self.is_done).then_some(self.deadline)
    }

    /// A partition of it cannot be fetched from.
    pub fn fail(&mut self, of: TopicIdPartition, error_code: ErrorCode) {
        if self.is_done || !self.wanted.iter().any(|(wanted, _)| *wanted == of) {
            return;
        }
        self.fetched.insert(
            of,
            ShareFetchedPartition {
                error_code,
                ..ShareFetchedPartition::default()
            },
        );
        self.is_done = self
            .wanted
            .iter()
            .all(|(of, _)| self.fetched.contains_key(of));
    }
}

impl Broker {
    /// Takes acknowledgements in, and answers at once or when there is
    /// something to acquire, or when `max_wait_ms` has passed; in any case
    /// after what was acknowledged is persisted.
    pub(in crate::broker) fn share_fetch(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: ShareFetchRequest,
    ) {
        let is_named = !request.group_id.is_empty() && !request.member_id.is_empty();
        let session = match is_named {
            true => self.share_session_of_fetch(from, &request),
            false => Err(ErrorCode::InvalidRequest),
        };
        let wanted = match session {
            Ok(wanted) => wanted,
            Err(error_code) => {
                let partitions = Vec::new();
                let response = Response::ShareFetch(ShareFetchResponse {
                    error_code,
                    partitions,
                });
                return self.answer(fabric, from, header, response);
            }
        };
        let (group_id, member_id) = (request.group_id, request.member_id);
        let mut waiting = WaitingRequest::new(from, header, &group_id, &member_id);
        let acknowledged = request.partitions.into_iter();
        let acknowledged = acknowledged.map(|it| (it.of, it.acknowledgement_batches));
        let acknowledged = acknowledged.filter(|(_, batches)| !batches.is_empty());
        self.acknowledge_all(fabric, &mut waiting, acknowledged.collect());
        if request.share_session_epoch == FINAL_SHARE_SESSION_EPOCH {
            self.release_share_session(fabric, &group_id, &member_id);
        }
        let size = |bytes: i32| usize::try_from(bytes).unwrap_or_default();
        let mut fetch = WaitingFetch {
            deadline: fabric.now.plus_ms(i64::from(request.max_wait_ms.max(0))),
            min_bytes: size(request.min_bytes),
            max_bytes: size(request.max_bytes),
            batch_size: i64::from(request.batch_size.max(1)),
            fetched: BTreeMap::new(),
            is_done: wanted.is_empty(),
            wanted,
        };
        for (of, _) in fetch.wanted.clone() {
            let key = SharePartitionKey::new(&group_id, of);
            if let Err(error) = self.ensure_share_partition(fabric, &key) {
                fetch.fail(of, error);
            }
        }
        waiting.fetch = Some(fetch);
        self.shares.next_waiting += 1;
        self.shares
            .waiting
            .insert(self.shares.next_waiting, waiting);
        self.complete_share_fetches(fabric);
        self.expire_share_fetches(fabric);
        self.answer_shares(fabric);
    }

    /// Answers the fetches for which there is enough now, those first that
    /// have waited longest.
    pub(in crate::broker) fn complete_share_fetches(&mut self, fabric: &mut Fabric) {
        let waiting: Vec<u64> = self.shares.waiting.keys().copied().collect();
        for number in waiting {
            if self.is_share_fetch_ready(number) {
                self.complete_share_fetch(fabric, number);
            }
        }
    }

    /// Answers the fetches that have waited long enough.
    pub(super) fn expire_share_fetches(&mut self, fabric: &mut Fabric) {
        let waiting = self.shares.waiting.iter();
        let due = waiting.filter(|(_, request)| {
            let deadline = request.fetch.as_ref().and_then(WaitingFetch::deadline);
            deadline.is_some_and(|at| at <= fabric.now)
        });
        let due: Vec<u64> = due.map(|(number, _)| *number).collect();
        for number in due {
            self.complete_share_fetch(fabric, number);
        }
    }

    /// Whether there is enough to acquire (`DelayedShareFetch.tryComplete`).
    fn is_share_fetch_ready(&mut self, number: u64) -> bool {
        let Some(request) = self.shares.waiting.get(&number) else {
            return false;
        };
        let Some(fetch) = request.fetch.as_ref().filter(|fetch| !fetch.is_done) else {
            return false;
        };
        let (min_bytes, group_id) = (fetch.min_bytes, request.group_id.clone());
        let wanted = fetch.wanted.clone();
        let mut bytes = 0;
        for (of, _) in wanted {
            let key = SharePartitionKey::new(&group_id, of);
            let Some(offset) = self.share_offset_to_fetch(&key) else {
                continue;
            };
            let held = &self.shares.partitions[&key];
            if let Ok(led) = self.led_partition(&held.topic_partition) {
                bytes += led.log.bytes_between(offset, led.high_watermark());
            }
        }
        bytes > 0 && bytes >= min_bytes
    }

    /// Where to read a share-partition on; `None` when nothing can be acquired.
    fn share_offset_to_fetch(&mut self, key: &SharePartitionKey) -> Option<i64> {
        if !self.is_share_active(key) {
            return None;
        }
        let of = &self.shares.partitions.get(key)?.topic_partition;
        let led = self.led_partition(of).ok()?;
        let log_start_offset = led.log.start_offset();
        let partition = &mut self.shares.partitions.get_mut(key)?.partition;
        // Kafka learns it by a read out of range, and answers with nothing.
        if partition.can_acquire() && partition.next_fetch_offset() < log_start_offset {
            partition.log_starts_at(log_start_offset);
        }
        partition
            .can_acquire()
            .then(|| partition.next_fetch_offset())
    }

    /// Acquires what there is, and answers (`DelayedShareFetch.onComplete`).
    fn complete_share_fetch(&mut self, fabric: &mut Fabric, number: u64) {
        let Some(request) = self.shares.waiting.get(&number) else {
            return;
        };
        let Some(fetch) = &request.fetch else {
            return;
        };
        let (from, member_id, group_id) = (
            request.from,
            request.member_id.clone(),
            request.group_id.clone(),
        );
        let (mut left, batch_size) = (fetch.max_bytes, fetch.batch_size);
        let mut results = Vec::new();
        for (of, max_bytes) in fetch.wanted.clone() {
            let key = SharePartitionKey::new(&group_id, of);
            let who = Acquiring {
                member_id: &member_id,
                batch_size,
                max_records: self.config.coordinator.share.fetch_max_records,
                fetch_offset: 0,
                now: fabric.now,
            };
            let limit = usize::try_from(max_bytes).unwrap_or_default().min(left);
            let may_exceed = results.is_empty();
            if limit == 0 && !may_exceed {
                break;
            }
            let Some(fetched) = self.acquire_share(fabric, &key, from, &who, limit) else {
                continue;
            };
            let sizes = fetched.records.iter().map(|batch| batch.size_in_bytes());
            left = left.saturating_sub(sizes.sum());
            results.push((of, fetched));
        }
        if let Some(fetch) = self
            .shares
            .waiting
            .get_mut(&number)
            .and_then(|request| request.fetch.as_mut())
        {
            fetch.fetched.extend(results);
            fetch.is_done = true;
        }
        self.answer_share(fabric, number);
    }

    /// Acquires what there is of one partition; `None` when that is nothing.
    fn acquire_share(
        &mut self,
        fabric: &mut Fabric,
        key: &SharePartitionKey,
        from: NodeId,
        who: &Acquiring,
        max_bytes: usize,
    ) -> Option<ShareFetchedPartition> {
        let offset = self.share_offset_to_fetch(key)?;
        let of = self.shares.partitions.get(key)?.topic_partition.clone();
        let led = self.led_partition(&of).ok()?;
        let records = led.log.read(offset, led.high_watermark(), max_bytes)?;
        let held = self.shares.partitions.get_mut(key)?;
        let who = &Acquiring {
            fetch_offset: offset,
            ..*who
        };
        let acquired_records = held.partition.acquire(who, &records);
        if acquired_records.is_empty() {
            return None;
        }
        for acquired in &acquired_records {
            fabric.emit(EventKind::Share(ShareEvent::RecordsAcquired(
                ShareRecords {
                    broker: self.id,
                    group: key.group_id.clone(),
                    member_id: who.member_id.to_owned(),
                    client: Some(from),
                    topic_partition: of.clone(),
                    first_offset: acquired.first_offset,
                    last_offset: acquired.last_offset,
                    delivery_count: acquired.delivery_count,
                },
            )));
        }
        Some(ShareFetchedPartition {
            records,
            acquired_records,
            ..ShareFetchedPartition::default()
        })
    }

    /// Answers all requests that have all they wait for.
    pub(super) fn answer_shares(&mut self, fabric: &mut Fabric) {
        let waiting: Vec<u64> = self.shares.waiting.keys().copied().collect();
        for number in waiting {
            self.answer_share(fabric, number);
        }
    }

    /// Answers a request, if it has all it waits for.
    pub(super) fn answer_share(&mut self, fabric: &mut Fabric, number: u64) {
        let is_done = self.shares.waiting.get(&number).is_some_and(|request| {
            let is_fetched = request.fetch.as_ref().is_none_or(|fetch| fetch.is_done);
            request.writes.is_empty() && is_fetched
        });
        let Some(request) = is_done
            .then(|| self.shares.waiting.remove(&number))
            .flatten()
        else {
            return;
        };
        let response = match request.fetch {
            None => Response::ShareAcknowledge(ShareAcknowledgeResponse {
                error_code: ErrorCode::None,
                partitions: request.acknowledged.into_iter().collect(),
            }),
            Some(fetch) => {
                let mut partitions = fetch.fetched;
                for (of, error) in request.acknowledged {
                    partitions.entry(of).or_default().acknowledge_error_code = error;
                }
                Response::ShareFetch(ShareFetchResponse {
                    error_code: ErrorCode::None,
                    partitions: partitions.into_iter().collect(),
                })
            }
        };
        self.answer(fabric, request.from, request.header, response);
    }
}
