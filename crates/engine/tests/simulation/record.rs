//! A partition as an onlooker takes it down: what is committed, what was
//! promised, and for what loss there is a reason.

use engine::collections::{BTreeMap, BTreeSet};

use engine::TopicPartition;
use engine::command::ClientNumber;
use engine::controller::is_internal;
use engine::log::PartitionLog;
use engine::log::record_batch::{RecordBatch, TransactionResult};
use engine::protocol::TopicId;

use super::sessions::Sessions;
use super::transactions::marker;
use super::workload::OUTPUT;

/// What an onlooker has taken down of one partition.
#[derive(Debug)]
pub struct PartitionRecord {
    pub of: TopicPartition,
    pub topic_id: TopicId,
    pub is_compacted: bool,
    /// All batches that were ever below a leader's high watermark, by their
    /// base offsets; where the last of them ends.
    committed: BTreeMap<i64, RecordBatch>,
    pub committed_end: i64,
    /// Where it begins since the last excuse: of what was before nothing is
    /// known any more.
    begins_at: i64,
    /// The youngest leader epoch in which anything was committed.
    committed_epoch: i32,
    /// What leaders have appended, by who sent it and its base offset. One who
    /// does not know yet that another leads may have appended something else
    /// of the same sender there.
    pub appended: BTreeMap<(ClientNumber, i64), Vec<RecordBatch>>,
    /// Base offsets of the batches that a producer was told are stored on
    /// enough replicas (`acks=all`).
    pub acknowledged: BTreeSet<i64>,
    /// How far records were deleted because they were too old or too many, or
    /// because a client asked for it.
    pub deleted_to: i64,
    /// Before this, a record may be gone though it is the last of its key: a
    /// replica may have compacted it away for the sake of a later one that was
    /// lost since.
    pub compacted_in_vain_to: i64,
    /// Before this, a leader that stood still may have appended and compacted
    /// away records at one instant, so that nobody has seen them.
    pub unseen_to: i64,
    pub epochs: Epochs,
    pub excuse: Excuse,
    /// What has become committed and is not taken from here yet, of a partition
    /// that a coordinator reads or processors write to.
    fresh: Option<Vec<RecordBatch>>,
    /// What idempotent producers have had committed.
    sessions: Sessions,
    replicas: BTreeMap<i32, Seen>,
}

/// Who leads, and who was elected to, in each leader epoch.
#[derive(Debug, Default)]
pub struct Epochs {
    pub elected: BTreeMap<i32, Option<i32>>,
    led: BTreeMap<i32, i32>,
}

/// When Kafka, too, loses what was committed. Four reasons count, no other:
///
/// - An unclean election: the leader was not in sync, and what it lacks is
///   lost.
/// - An election of a replica whose disk was lost while it was in sync. It
///   counts as in sync until it is fenced, and as the last one for good, so
///   that it may come to lead with an empty log.
/// - A reassignment that was taken back when only replicas were in sync that it
///   had added: the first of the others then counts as in sync
///   (`PartitionReassignmentRevert`), and leads as soon as it is there.
/// - A leader that forgets whom it wants in the ISR. Of its last change it has
///   learnt by the answer; it asks for the next one; then the metadata bring
///   the last one again. They are as new as what it knows, so that it takes
///   their ISR for good and its request for settled (`Partition.makeLeader`).
///   The controller counts the replica as in sync from then on, and may let it
///   lead; the leader, until it hears more, commits without it.
///
/// What the leader so elected has when it begins is from then on what is
/// committed. Leaders of older epochs that have not heard of it yet promise
/// what cannot be kept.
#[derive(Debug, Default)]
pub struct Excuse {
    /// Who is in the ISR though it need not have all: it lost its disk, was
    /// put there when a reassignment was taken back, or is not waited for.
    pub lacking: BTreeSet<i32>,
    /// The epoch of the last such election, -1 before the first.
    pub epoch: Option<i32>,
    /// Whether the leader of that epoch, or of a younger one, is yet to begin.
    pub is_pending: bool,
}

impl Excuse {
    pub fn give(&mut self, epoch: i32) {
        self.epoch = Some(epoch);
        self.is_pending = true;
    }

    /// The leaders before this epoch may have committed what its leader lacks.
    pub fn end_before(&mut self, epoch: i32) {
        self.epoch = self.epoch.max(Some(epoch));
    }

    /// Whether a leader of this epoch does not know yet that it is over.
    pub fn is_over(&self, epoch: i32) -> bool {
        self.epoch.is_some_and(|since| epoch < since)
    }
}

/// What was seen of one replica last.
#[derive(Debug, Default)]
struct Seen {
    /// Up to where it agrees with what is committed.
    checked_to: i64,
    epoch: i32,
    high_watermark: i64,
    log_end_offset: i64,
    /// Whether it led in that epoch.
    led: bool,
}

impl PartitionRecord {
    pub fn new(of: TopicPartition, topic_id: TopicId, is_compacted: bool) -> PartitionRecord {
        let is_followed = is_internal(&of.topic) || *of.topic == *OUTPUT;
        PartitionRecord {
            of,
            topic_id,
            is_compacted,
            committed: BTreeMap::new(),
            committed_end: 0,
            begins_at: 0,
            committed_epoch: -1,
            appended: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            deleted_to: 0,
            unseen_to: 0,
            compacted_in_vain_to: 0,
            epochs: Epochs::default(),
            excuse: Excuse::default(),
            fresh: is_followed.then(Vec::new),
            sessions: Sessions::default(),
            replicas: BTreeMap::new(),
        }
    }

    /// The committed batch that holds this offset.
    pub fn committed_at(&self, offset: i64) -> Option<&RecordBatch> {
        let (_, batch) = self.committed.range(..=offset).next_back()?;
        (offset < batch.next_offset()).then_some(batch)
    }

    /// How the transaction of a batch has ended; `None` while it is open.
    pub fn end_of_transaction(&self, batch: &RecordBatch) -> Option<TransactionResult> {
        let later = self.committed.range(batch.next_offset()..);
        let mut of_producer = later
            .map(|(_, it)| it)
            .filter(|it| it.producer_id() == batch.producer_id());
        of_producer.find_map(marker)
    }

    pub fn committed(&self) -> impl Iterator<Item = &RecordBatch> {
        self.committed.values()
    }

    /// What has become committed since this was asked last, of a topic that is
    /// followed.
    pub fn take_fresh(&mut self) -> Vec<RecordBatch> {
        self.fresh.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// A replica's log has been cut off here, or made anew.
    pub fn was_cut(&mut self, broker: i32, offset: i64) {
        if let Some(seen) = self.replicas.get_mut(&broker) {
            seen.checked_to = seen.checked_to.min(offset);
        }
    }

    /// The replicas are to be looked at from their beginnings again.
    pub fn check_anew(&mut self) {
        for seen in self.replicas.values_mut() {
            seen.checked_to = 0;
        }
    }

    /// The leader of this epoch has committed up to `high_watermark` and has
    /// waited for these replicas only; these others, which do not have all that,
    /// are in the ISR of its epoch as the controller has it.
    pub fn note_who_waits(
        &mut self,
        epoch: i32,
        high_watermark: i64,
        waits_for: &[i32],
        behind: &[i32],
    ) {
        let younger = self.epochs.elected.range(epoch + 1..);
        let mut next = younger.filter_map(|(epoch, leader)| Some((*epoch, (*leader)?)));
        match next.next() {
            Some((next, leader)) if !waits_for.contains(&leader) => {
                self.excuse.end_before(next);
                self.compacted_in_vain_to = self.compacted_in_vain_to.max(high_watermark);
            }
            Some(_) => {}
            None => self.excuse.lacking.extend(behind),
        }
    }

    /// Looks at a leader: there is one in each epoch, its high watermark never
    /// goes back in it, and it has all that was committed before. What is
    /// committed now is taken down. Returns how many promised records were
    /// lost for a good reason.
    pub fn look_at_leader(&mut self, broker: i32, epoch: i32, log: &PartitionLog) -> u64 {
        let other = *self.epochs.led.entry(epoch).or_insert(broker);
        assert_eq!(other, broker, "{}: two leaders in epoch {epoch}", self.of);
        if let Some(elected) = self.epochs.elected.get(&epoch) {
            assert_eq!(
                *elected,
                Some(broker),
                "{}: not elected in epoch {epoch}",
                self.of
            );
        }
        self.check_high_watermark(broker, epoch, log);
        if self.excuse.is_over(epoch) {
            return 0;
        }
        let mut excused = 0;
        if self.excuse.is_pending {
            excused = self.begin_anew(log);
        }
        let is_youngest = epoch >= self.committed_epoch;
        if is_youngest {
            assert!(
                log.end_offset() >= self.committed_end,
                "{}: broker {broker} leads epoch {epoch} with a log that ends at {}, though all \
                 before {} was committed in epoch {}",
                self.of,
                log.end_offset(),
                self.committed_end,
                self.committed_epoch
            );
            self.check_copy(broker, log, self.committed_end);
            self.commit(epoch, log);
        } else {
            // One that has not heard yet that there is another.
            self.check_copy(broker, log, log.high_watermark());
            assert!(
                log.high_watermark() <= self.committed_end,
                "{}: broker {broker} commits in epoch {epoch}, which is over, up to {}",
                self.of,
                log.high_watermark()
            );
        }
        excused
    }

    /// Looks at a replica that does not lead: below its high watermark it has
    /// what is committed. After a loss that is excused it may hold what is
    /// lost until it is cut off.
    pub fn look_at_follower(&mut self, broker: i32, log: &PartitionLog) {
        let seen = self.replicas.entry(broker).or_default();
        // A replica that was dropped since, or whose disk was lost, is another.
        let is_same =
            log.high_watermark() >= seen.high_watermark && log.end_offset() >= seen.log_end_offset;
        if std::mem::take(&mut seen.led) && is_same {
            // At the instant at which it ceased to lead it may have committed
            // something before.
            let epoch = seen.epoch;
            self.look_at_leader(broker, epoch, log);
            self.replicas.entry(broker).or_default().led = false;
        }
        if self.excuse.epoch.is_none() {
            self.check_copy(broker, log, log.high_watermark());
        }
    }

    fn check_high_watermark(&mut self, broker: i32, epoch: i32, log: &PartitionLog) {
        let high_watermark = log.high_watermark();
        let seen = self.replicas.entry(broker).or_default();
        if seen.epoch == epoch {
            assert!(
                high_watermark >= seen.high_watermark,
                "{}: the high watermark goes back from {} to {high_watermark} in epoch {epoch} \
                 of broker {broker}",
                self.of,
                seen.high_watermark
            );
        }
        (seen.epoch, seen.high_watermark) = (epoch, high_watermark);
        seen.log_end_offset = log.end_offset();
        seen.led = true;
    }

    /// Byte for byte, where nothing is cleaned.
    fn check_copy(&mut self, broker: i32, log: &PartitionLog, to: i64) {
        let to = to.min(self.committed_end);
        let seen = self.replicas.entry(broker).or_default();
        let from = seen.checked_to.max(log.start_offset());
        seen.checked_to = to.min(log.end_offset());
        if from >= to {
            return;
        }
        for batch in log.batches_from(from) {
            if batch.next_offset() > to {
                break;
            }
            if batch.base_offset() < self.begins_at {
                continue;
            }
            match self.is_compacted {
                true => self.check_survivors(broker, batch),
                false => {
                    let base_offset = batch.base_offset();
                    let committed = self.committed.get(&base_offset);
                    assert_eq!(
                        Some(batch),
                        committed,
                        "{}: broker {broker} has another batch at {base_offset} than was committed",
                        self.of
                    );
                }
            }
        }
    }

    /// Compaction leaves records out; it changes none.
    ///
    /// When it leaves out the first records of an epoch, whoever copies from
    /// there takes the epoch to begin later than it did
    /// (`LeaderEpochFileCache`). As the leader it tells a replica that went on
    /// in an older epoch to cut off too little: that one keeps records of the
    /// older epoch where there is nothing any more for others.
    fn check_survivors(&self, broker: i32, batch: &RecordBatch) {
        for record in batch.records().flatten() {
            let offset = record.offset;
            let committed = self.committed_at(offset);
            let is_left_over = |committed: &RecordBatch| {
                batch.partition_leader_epoch() < committed.partition_leader_epoch()
            };
            if committed.is_some_and(is_left_over) {
                continue;
            }
            let mut records = committed.iter().flat_map(|batch| batch.records().flatten());
            let committed = records.find(|committed| committed.offset == offset);
            if committed.is_none() && self.may_have_gaps(offset) {
                continue;
            }
            let committed = committed.expect("it was committed");
            assert_eq!(
                (record.key, record.value),
                (committed.key, committed.value),
                "{}: broker {broker} has another record at {offset} than was committed",
                self.of
            );
        }
    }

    /// A leader that begins anew tells what is committed. When its log was
    /// compacted it does not tell all: another replica may still have what it
    /// has not.
    fn may_have_gaps(&self, offset: i64) -> bool {
        self.is_compacted && (self.excuse.epoch.is_some() || offset < self.unseen_to)
    }

    /// A log was compacted up to here.
    pub fn was_compacted(&mut self, to: i64) {
        if to > self.committed_end {
            self.unseen_to = self.unseen_to.max(to);
        }
    }

    /// Takes down what has become committed: dense, from where the last ended.
    fn commit(&mut self, epoch: i32, log: &PartitionLog) {
        let high_watermark = log.high_watermark();
        if high_watermark <= self.committed_end {
            return;
        }
        let from = self.committed_end.max(log.start_offset());
        let gone_to = self.deleted_to.max(self.unseen_to);
        for batch in log.batches_from(from) {
            if batch.next_offset() > high_watermark {
                break;
            }
            let is_next = batch.base_offset() == self.committed_end
                || batch.base_offset() <= log.start_offset();
            assert!(
                is_next || self.may_have_gaps(self.committed_end),
                "{}: after {} comes {}",
                self.of,
                self.committed_end,
                batch.base_offset()
            );
            // Who lost records may be sent them again.
            if self.excuse.epoch.is_none() {
                self.sessions
                    .take_down(&self.of, batch, &self.acknowledged, gone_to);
            }
            self.committed.insert(batch.base_offset(), batch.clone());
            self.committed_end = batch.next_offset();
            if let Some(fresh) = &mut self.fresh {
                fresh.push(batch.clone());
            }
        }
        self.committed_epoch = epoch;
    }

    /// A leader begins that need not have all: what it has counts.
    fn begin_anew(&mut self, log: &PartitionLog) -> u64 {
        self.excuse.is_pending = false;
        let mut kept = BTreeMap::new();
        let mut end = 0;
        for batch in log.batches() {
            if batch.next_offset() > self.committed_end {
                break;
            }
            kept.insert(batch.base_offset(), batch.clone());
            end = batch.next_offset();
        }
        let before = std::mem::replace(&mut self.committed, kept);
        self.committed_end = end.max(log.start_offset().min(self.committed_end));
        self.begins_at = log.start_offset();
        self.compacted_in_vain_to = self.compacted_in_vain_to.max(log.end_offset());
        self.check_anew();
        let mut excused = 0;
        for base_offset in std::mem::take(&mut self.acknowledged) {
            // What was deleted before is gone, and the offset may come again.
            if base_offset < self.deleted_to {
                continue;
            }
            let promised = &before[&base_offset];
            match self.committed.get(&base_offset) == Some(promised) {
                true => {
                    self.acknowledged.insert(base_offset);
                }
                false => excused += promised.record_count() as u64,
            }
        }
        excused
    }
}
