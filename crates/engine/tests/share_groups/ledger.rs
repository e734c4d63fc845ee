//! Whatever happens, each record goes to one member at a time.

use engine::collections::BTreeMap;

use super::support::run_ms;
use super::{GROUP, config, execute, of, queue_with, send, share_events, worker};
use engine::Command;
use engine::client::{AcknowledgementRule, Acknowledging, ShareConsumerConfig};
use engine::event::ShareEvent;
use engine::protocol::AcknowledgeType;
use engine::sim::{Random, Stream};

/// How often a record may be delivered (`group.share.delivery.count.limit`).
const DELIVERIES_MAX: i16 = 5;

/// Who has each record, and what it has come to, as told by events.
#[derive(Default)]
struct Ledger {
    held: BTreeMap<(i32, i64), String>,
    deliveries: BTreeMap<(i32, i64), i16>,
    done: BTreeMap<(i32, i64), &'static str>,
}

impl Ledger {
    fn note(&mut self, event: &ShareEvent) {
        let (records, what) = match event {
            ShareEvent::RecordsAcquired(records) => (records, "acquired"),
            ShareEvent::RecordsAcknowledged(records) => (records, "accepted"),
            ShareEvent::RecordsReleased(records) => (records, "released"),
            ShareEvent::RecordsRejected(records) => (records, "rejected"),
            ShareEvent::RecordsArchived(records) => (records, "archived"),
            ShareEvent::AcquisitionLockExpired(records) => (records, "expired"),
            _ => return,
        };
        for offset in records.first_offset..=records.last_offset {
            let key = (records.topic_partition.partition, offset);
            let member = &records.member_id;
            match what {
                "acquired" => {
                    assert_eq!(self.done.get(&key), None, "{key:?} is done with");
                    let before = self.held.insert(key, member.clone());
                    assert_eq!(before, None, "{key:?} is with another");
                    let count = self.deliveries.entry(key).or_default();
                    *count += 1;
                    assert_eq!(*count, records.delivery_count, "{key:?}");
                    assert!(*count <= DELIVERIES_MAX, "{key:?}");
                }
                "expired" | "released" => {
                    assert_eq!(self.held.remove(&key).as_ref(), Some(member), "{key:?}");
                }
                what => {
                    // Of a lock that has ended it is told before.
                    self.held.remove(&key);
                    self.done.insert(key, what);
                    let count = self.deliveries[&key];
                    assert!(what != "archived" || count == DELIVERIES_MAX, "{key:?}");
                }
            }
        }
    }
}

/// What a consumer's application does, by a number that was drawn.
fn any_worker(random: &mut Random) -> ShareConsumerConfig {
    let with = match random.below(2) {
        0 => AcknowledgeType::Release,
        _ => AcknowledgeType::Reject,
    };
    let acknowledging = match random.below(3) {
        0 => Acknowledging::Implicit,
        _ => Acknowledging::ByRule(AcknowledgementRule {
            every: random.below(7),
            with,
        }),
    };
    ShareConsumerConfig {
        max_poll_records: 1 + i32::try_from(random.below(10)).unwrap(),
        processing_us: u64::from(random.below(500)) * 1_000,
        acknowledging,
        ..config()
    }
}

/// Consumers come, go, crash and fail at random; from the share-partition's
/// start on each record is with one member at a time, never again after it is
/// done with, and never more often than it may be. In the end all is done with.
#[test]
fn each_record_goes_to_one_member_at_a_time_until_it_is_done_with() {
    for seed in 0..40 {
        let mut random = Random::new(seed, Stream::Tool);
        let lock = [("group.share.record.lock.duration.ms", "2000")];
        let mut world = queue_with(seed, &lock);
        let mut workers = vec![worker(&mut world, any_worker(&mut random))];
        let mut ledger = Ledger::default();
        run_ms(&mut world, 8_000);
        let mut sent = 0;
        for _ in 0..20 {
            let mut events = match random.below(5) {
                0 => {
                    workers.push(worker(&mut world, any_worker(&mut random)));
                    Vec::new()
                }
                1 if workers.len() > 1 => {
                    let client = workers.swap_remove(random.below(2) as usize);
                    match random.below(2) {
                        0 => execute(&mut world, Command::Crash { client }),
                        _ => execute(&mut world, Command::Close { client }),
                    }
                }
                _ => {
                    let count = 1 + random.below(8) as usize;
                    sent += count;
                    send(&mut world, 1, count)
                }
            };
            events.extend(run_ms(&mut world, i64::from(random.below(1_500))));
            share_events(&events).for_each(|event| ledger.note(event));
        }
        worker(&mut world, config());
        let events = run_ms(&mut world, 120_000);
        share_events(&events).for_each(|event| ledger.note(event));
        let end = sent as i64;
        let open: Vec<i64> = (0..end)
            .filter(|at| !ledger.done.contains_key(&(0, *at)))
            .collect();
        assert_eq!(
            open, [0_i64; 0],
            "seed {seed}: of {sent} these are not done with"
        );
        let partition = world.share_partition(GROUP, &of(0)).expect("it is shared");
        assert_eq!(partition.start_offset(), end, "seed {seed}");
        assert!(partition.batches().is_empty(), "seed {seed}");
    }
}
