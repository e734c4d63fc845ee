//! The application around a consumer: it polls, processes what it was given,
//! commits when it is told to, and polls again.

use std::collections::VecDeque;

use super::fetched::Chunk;
use super::offsets::Commit;
use super::{Consumer, ConsumerEvent};
use crate::client::Polled;
use crate::protocol::TopicPartition;
use crate::sim::{Fabric, Time};

/// What an application does with the records that `poll()` returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Processing {
    /// How long it takes over each record, in microseconds.
    pub per_record_us: u64,
    /// When it commits by itself; `None` leaves it to `enable.auto.commit`.
    pub commit: Option<ManualCommit>,
}

/// How an application commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ManualCommit {
    /// Before it processes or after it has.
    pub when: CommitWhen,
    /// What is committed at a time.
    pub each: CommitEach,
    /// Whether it waits for the answer (`commitSync()`), or goes on
    /// (`commitAsync()`).
    pub is_sync: bool,
}

/// Whether a crash loses records or repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommitWhen {
    /// Before they are processed: each at most once.
    Before,
    /// After they were processed: each at least once.
    After,
}

/// How much is committed at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommitEach {
    /// All that one `poll()` has returned.
    Poll,
    /// Each record.
    Record,
}

/// Records that take less than this are processed together, in microseconds.
const SLICE_US: u64 = 10_000;

/// What an application is doing.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Application {
    processing: Processing,
    /// Another part of the process does something with records before they are
    /// processed.
    hands_over: bool,
    /// That part has offsets committed before partitions are given up, whatever
    /// `enable.auto.commit` is (`onPartitionsRevoked`).
    commits_on_revoke: bool,
    step: Step,
    /// What `poll()` has returned and is not processed.
    hand: VecDeque<Chunk>,
    /// When it called `poll()` last, or came back from it.
    polled_at: Time,
    /// A `commitSync()` that it waits for.
    sync_commit: Option<SyncCommit>,
}

/// What an application does next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Step {
    /// It is in `poll()`.
    #[default]
    Polling,
    /// It takes up the next records.
    Begin,
    /// It processes so many of the records that are first in its hand.
    Process { records: u64 },
    /// It does so until this instant.
    Processing { records: u64, until: Time },
    /// It is busy with all records in its hand until this instant, and then
    /// waits for another part of its process.
    HandedOver { until: Time },
    /// It goes on to the next.
    EndOfPoll,
}

/// A `commitSync()` under way.
#[derive(Clone, Debug, Hash)]
pub(super) struct SyncCommit {
    pub offsets: Vec<(TopicPartition, i64)>,
    /// When it gives up (`default.api.timeout.ms`).
    pub deadline: Time,
    pub is_sent: bool,
}

impl Application {
    pub fn is_polling(&self) -> bool {
        self.step == Step::Polling && self.sync_commit.is_none()
    }

    pub fn deadline(&self) -> Option<Time> {
        let commit = self.sync_commit.as_ref().map(|commit| commit.deadline);
        let work = match self.step {
            Step::Processing { until, .. } | Step::HandedOver { until } => Some(until),
            _ => None,
        };
        commit.into_iter().chain(work).min()
    }

    /// When it called `poll()` last; `None` while it is in there.
    pub fn last_poll(&self) -> Option<Time> {
        (!self.is_polling()).then_some(self.polled_at)
    }

    fn commits(&self, when: CommitWhen, each: CommitEach) -> Option<ManualCommit> {
        let commit = self.processing.commit?;
        (commit.when == when && commit.each == each).then_some(commit)
    }

    /// How many of the records that are first in the hand are taken up next.
    fn next_slice(&self) -> Option<u64> {
        let records = self.hand.front()?.records;
        let per_record_us = self.processing.per_record_us;
        let commits_each = self
            .processing
            .commit
            .is_some_and(|of| of.each == CommitEach::Record);
        let most = match per_record_us {
            _ if commits_each => 1,
            0 => u64::MAX,
            time => (SLICE_US / time).max(1),
        };
        Some(records.min(most))
    }
}

impl Consumer {
    /// What its application does with records.
    pub fn processing(&self) -> Processing {
        self.application.processing
    }

    /// Whether its application is in `poll()`, and not busy with records or
    /// waiting for a commit.
    pub fn is_polling(&self) -> bool {
        self.application.is_polling()
    }

    /// Whether its application waits in `commitSync()`.
    pub fn waits_for_commit(&self) -> bool {
        self.application.sync_commit.is_some()
    }

    /// How many records `poll()` has returned that are not processed yet.
    pub fn records_in_hand(&self) -> u64 {
        self.application
            .hand
            .iter()
            .map(|chunk| chunk.records)
            .sum()
    }

    /// What is returned by `poll()` and not processed yet: partitions with the
    /// first offset and the one after the last.
    pub fn in_hand(&self) -> impl Iterator<Item = (&TopicPartition, i64, i64)> {
        let hand = self.application.hand.iter();
        hand.map(|chunk| (&chunk.topic_partition, chunk.from, chunk.to))
    }

    /// Changes what its application does, from the next records on.
    pub(crate) fn set_processing(&mut self, fabric: &mut Fabric, processing: Processing) {
        self.application.processing = processing;
        self.go_on(fabric);
    }

    /// `poll()` returns records.
    pub(super) fn begin_work(&mut self, fabric: &mut Fabric, records: Vec<Chunk>) {
        self.application.polled_at = fabric.now;
        self.application.hand.extend(records);
        if self.application.hands_over {
            let us = self.application.processing.per_record_us;
            let us = us.saturating_mul(self.records_in_hand());
            let until = fabric.now.plus_us(us);
            self.application.step = Step::HandedOver { until };
            return;
        }
        self.application.step = Step::Begin;
        let commit = self
            .application
            .commits(CommitWhen::Before, CommitEach::Poll);
        self.commit_all_by_hand(fabric, commit);
    }

    /// The application goes on, until it has to wait or calls `poll()`.
    pub(super) fn work(&mut self, fabric: &mut Fabric) {
        self.push_sync_commit(fabric);
        while !self.closing && self.application.sync_commit.is_none() {
            match self.application.step {
                Step::Polling | Step::HandedOver { .. } => return,
                Step::Begin => self.take_up(fabric),
                Step::Process { records } => {
                    let us = self.application.processing.per_record_us;
                    let until = fabric.now.plus_us(us.saturating_mul(records));
                    self.application.step = Step::Processing { records, until };
                }
                Step::Processing { until, .. } if fabric.now < until => return,
                Step::Processing { records, .. } => self.finish(fabric, records),
                Step::EndOfPoll => {
                    self.application.step = Step::Polling;
                    self.application.polled_at = fabric.now;
                    let commit = self
                        .application
                        .commits(CommitWhen::After, CommitEach::Poll);
                    self.commit_all_by_hand(fabric, commit);
                }
            }
        }
    }

    fn take_up(&mut self, fabric: &mut Fabric) {
        let Some(records) = self.application.next_slice() else {
            self.application.step = Step::EndOfPoll;
            return;
        };
        self.application.step = Step::Process { records };
        let commit = self
            .application
            .commits(CommitWhen::Before, CommitEach::Record);
        if let (Some(commit), Some(chunk)) = (commit, self.application.hand.front()) {
            let after = vec![(chunk.topic_partition.clone(), chunk.offset_after(records))];
            self.commit_by_hand(fabric, after, commit.is_sync);
        }
    }

    fn finish(&mut self, fabric: &mut Fabric, records: u64) {
        self.application.step = Step::Begin;
        let Some((partition, to)) = self.count_first_of_hand(fabric, records) else {
            return;
        };
        let commit = self
            .application
            .commits(CommitWhen::After, CommitEach::Record);
        if let Some(commit) = commit {
            self.commit_by_hand(fabric, vec![(partition, to)], commit.is_sync);
        }
    }

    /// So many of the records that are first in the hand are processed; says
    /// up to where.
    fn count_first_of_hand(
        &mut self,
        fabric: &mut Fabric,
        records: u64,
    ) -> Option<(TopicPartition, i64)> {
        let chunk = self.application.hand.front_mut()?;
        let (partition, from) = (chunk.topic_partition.clone(), chunk.from);
        let to = chunk.advance(records);
        if chunk.records == 0 {
            self.application.hand.pop_front();
        }
        let counts = self.processed.entry(partition.clone()).or_default();
        counts.add(from, to);
        self.tell(
            fabric,
            ConsumerEvent::RecordsProcessed {
                topic_partition: partition.clone(),
                from,
                to,
                records,
            },
        );
        Some((partition, to))
    }

    fn commit_all_by_hand(&mut self, fabric: &mut Fabric, commit: Option<ManualCommit>) {
        if let Some(commit) = commit {
            let offsets = self.all_consumed();
            self.commit_by_hand(fabric, offsets, commit.is_sync);
        }
    }

    /// `commitSync()` or `commitAsync()` with these offsets.
    pub(super) fn commit_by_hand(
        &mut self,
        fabric: &mut Fabric,
        offsets: Vec<(TopicPartition, i64)>,
        is_sync: bool,
    ) {
        if offsets.is_empty() {
            return;
        }
        if !is_sync {
            return self.commit_async(fabric, offsets);
        }
        let within_ms = i64::from(self.config.default_api_timeout_ms);
        self.application.sync_commit = Some(SyncCommit {
            offsets,
            deadline: fabric.now.plus_ms(within_ms),
            is_sent: false,
        });
        self.push_sync_commit(fabric);
    }

    /// Sends what `commitSync()` waits for, as soon as the coordinator can be
    /// asked.
    fn push_sync_commit(&mut self, fabric: &mut Fabric) {
        let Some(commit) = &self.application.sync_commit else {
            return;
        };
        if commit.is_sent {
            return;
        }
        if commit.deadline <= fabric.now {
            let timeout_ms = self.config.default_api_timeout_ms;
            let offsets = commit.offsets.clone();
            let message = format!(
                "Timeout of {timeout_ms}ms expired before successfully committing offsets {}",
                super::offsets::shown(&offsets)
            );
            return self.end_sync_commit(fabric, Some(("TimeoutException", message)));
        }
        self.find_coordinator(fabric);
        if self.may_ask_coordinator(fabric.now) {
            let offsets = self.application.sync_commit.as_ref();
            let offsets = offsets.map(|it| it.offsets.clone()).unwrap_or_default();
            match self.send_commit(fabric, offsets, Commit::Sync) {
                Ok(()) => {
                    if let Some(commit) = &mut self.application.sync_commit {
                        commit.is_sent = true;
                    }
                }
                Err(failure) => self.end_sync_commit(fabric, Some(failure)),
            }
        }
    }

    /// A `commitSync()` is to be tried again.
    pub(super) fn resend_sync_commit(&mut self) {
        if let Some(commit) = &mut self.application.sync_commit {
            commit.is_sent = false;
        }
    }

    /// `commitSync()` returns, or throws an exception that the application
    /// survives.
    pub(super) fn end_sync_commit(
        &mut self,
        fabric: &mut Fabric,
        failure: Option<(&'static str, String)>,
    ) {
        self.application.sync_commit = None;
        if let Some((exception, message)) = failure {
            self.tell_failed_commit(fabric, exception, message);
        }
    }

    /// From now on another part of the process takes what `poll()` returns. It
    /// may have offsets committed before partitions are given up.
    pub(crate) fn hand_over(&mut self, commits_on_revoke: bool) {
        self.application.hands_over = true;
        self.application.commits_on_revoke = commits_on_revoke;
    }

    /// Whether it commits before it gives partitions up.
    pub(super) fn commits_on_revoke(&self) -> bool {
        self.application.commits_on_revoke || self.config.commits_automatically()
    }

    /// What `poll()` has returned for another part of the process, if it has,
    /// and the application's time for it is over.
    pub(crate) fn handed_over(&self, now: Time) -> Option<Vec<Polled>> {
        match self.application.step {
            Step::HandedOver { until } if until <= now => {
                Some(self.application.hand.iter().map(Chunk::polled).collect())
            }
            _ => None,
        }
    }

    /// All of it is processed.
    pub(crate) fn done_with_handed(&mut self, fabric: &mut Fabric) {
        while let Some(chunk) = self.application.hand.front() {
            let records = chunk.records;
            self.count_first_of_hand(fabric, records);
        }
        self.application.step = Step::EndOfPoll;
        self.go_on(fabric);
    }

    /// Nothing of it counts: it is read again.
    pub(crate) fn give_back_handed(&mut self, fabric: &mut Fabric) {
        self.put_back_unprocessed();
        self.application.polled_at = fabric.now;
        self.go_on(fabric);
    }

    /// The application gives up what it has not processed: the positions go
    /// back there.
    pub(super) fn put_back_unprocessed(&mut self) {
        self.application.step = Step::Polling;
        self.application.sync_commit = None;
        for chunk in std::mem::take(&mut self.application.hand) {
            if let Some(assigned) = self.assignment.get_mut(&chunk.topic_partition) {
                let position = assigned.position.map(|now| now.min(chunk.from));
                assigned.position = position;
            }
        }
    }
}
