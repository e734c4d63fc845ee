use crate::collections::BTreeMap;

use crate::protocol::{AcknowledgeType, PersisterStateBatch};
use crate::sim::Time;

/// What has become of a record in a share-partition
/// (`org.apache.kafka.server.share.fetch.RecordState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordState {
    /// Whoever fetches next may have it.
    Available,
    /// A member has it, for as long as its lock holds.
    Acquired,
    /// It is done.
    Acknowledged,
    /// It will not be delivered again, though nobody said that it is done.
    Archived,
}

impl RecordState {
    /// The number that is persisted.
    pub fn id(self) -> i8 {
        match self {
            RecordState::Available => 0,
            RecordState::Acquired => 1,
            RecordState::Acknowledged => 2,
            RecordState::Archived => 4,
        }
    }

    /// The state with this number.
    pub(super) fn for_id(id: i8) -> Option<RecordState> {
        Some(match id {
            0 => RecordState::Available,
            1 => RecordState::Acquired,
            2 => RecordState::Acknowledged,
            4 => RecordState::Archived,
            _ => return None,
        })
    }

    /// What an acknowledgement with this number leads to; 0 tells of an offset
    /// at which there is no record (`fetchRecordState`).
    pub(super) fn for_acknowledgement(id: i8) -> Option<RecordState> {
        const ACCEPT: i8 = 1;
        const RELEASE: i8 = 2;
        debug_assert_eq!(ACCEPT, AcknowledgeType::Accept.id());
        debug_assert_eq!(RELEASE, AcknowledgeType::Release.id());
        Some(match id {
            ACCEPT => RecordState::Acknowledged,
            RELEASE => RecordState::Available,
            0 | 3 => RecordState::Archived,
            _ => return None,
        })
    }

    /// Whether nothing more will become of it.
    pub fn is_terminal(self) -> bool {
        matches!(self, RecordState::Acknowledged | RecordState::Archived)
    }
}

/// Where one record, or several in a row, stand
/// (`org.apache.kafka.server.share.fetch.InFlightState`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InFlightState {
    /// What has become of it.
    pub state: RecordState,
    /// How often it was delivered.
    pub delivery_count: i16,
    /// Who has it; empty when nobody does.
    pub member_id: String,
    /// Until when that member has it.
    pub lock_until: Option<Time>,
    /// What was before a change that is not persisted yet.
    before: Option<Box<InFlightState>>,
}

impl InFlightState {
    pub(super) fn acquired(member_id: &str, lock_until: Time) -> InFlightState {
        InFlightState {
            state: RecordState::Acquired,
            delivery_count: 1,
            member_id: member_id.to_owned(),
            lock_until: Some(lock_until),
            before: None,
        }
    }

    pub(super) fn persisted(state: RecordState, delivery_count: i16) -> InFlightState {
        InFlightState {
            state,
            delivery_count,
            member_id: String::new(),
            lock_until: None,
            before: None,
        }
    }

    /// Whether a change of it is not persisted yet.
    pub fn is_changing(&self) -> bool {
        self.before.is_some()
    }

    pub(super) fn is_available(&self) -> bool {
        self.state == RecordState::Available && !self.is_changing()
    }

    /// A member gets it.
    pub(super) fn acquire(&mut self, member_id: &str, lock_until: Time) {
        self.state = RecordState::Acquired;
        self.delivery_count += 1;
        member_id.clone_into(&mut self.member_id);
        self.lock_until = Some(lock_until);
    }

    /// It is let go: what was delivered as often as it may be is archived
    /// instead of being available again (`tryUpdateState`).
    pub(super) fn let_go(&mut self, to: RecordState, max_delivery_count: i16) {
        self.state = match to {
            RecordState::Available if self.delivery_count >= max_delivery_count => {
                RecordState::Archived
            }
            to => to,
        };
        self.member_id.clear();
        self.lock_until = None;
    }

    /// The same, to be taken back when it cannot be persisted
    /// (`startStateTransition`).
    pub(super) fn begin_to_let_go(&mut self, to: RecordState, max_delivery_count: i16) {
        let before = self.clone();
        self.let_go(to, max_delivery_count);
        // The lock holds until the change is certain.
        self.lock_until = before.lock_until;
        self.before = Some(Box::new(before));
    }

    /// The change is persisted, or not (`completeStateTransition`).
    pub(super) fn settle(&mut self, is_persisted: bool) {
        let Some(before) = self.before.take() else {
            return;
        };
        match is_persisted {
            true => self.lock_until = None,
            false => *self = *before,
        }
    }
}

/// Records in a row of which something is known: at first one state for all,
/// and one for each when they part
/// (`org.apache.kafka.server.share.fetch.InFlightBatch`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InFlightBatch {
    /// The first offset.
    pub first_offset: i64,
    /// The last offset.
    pub last_offset: i64,
    /// Where they stand.
    pub states: InFlightStates,
}

/// Where the records of a batch stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum InFlightStates {
    /// All at the same.
    Batch(InFlightState),
    /// Each at its own, by offset.
    Offsets(BTreeMap<i64, InFlightState>),
}

impl InFlightBatch {
    pub(super) fn new(first_offset: i64, last_offset: i64, state: InFlightState) -> InFlightBatch {
        InFlightBatch {
            first_offset,
            last_offset,
            states: InFlightStates::Batch(state),
        }
    }

    /// The states with the offsets that each is of, in order.
    pub fn runs(&self) -> Vec<(i64, i64, &InFlightState)> {
        match &self.states {
            InFlightStates::Batch(state) => vec![(self.first_offset, self.last_offset, state)],
            InFlightStates::Offsets(states) => {
                let states = states.iter();
                states.map(|(at, state)| (*at, *at, state)).collect()
            }
        }
    }

    /// The same, to change them.
    pub(super) fn runs_mut(&mut self) -> Vec<(i64, i64, &mut InFlightState)> {
        match &mut self.states {
            InFlightStates::Batch(state) => vec![(self.first_offset, self.last_offset, state)],
            InFlightStates::Offsets(states) => {
                let states = states.iter_mut();
                states.map(|(at, state)| (*at, *at, state)).collect()
            }
        }
    }

    /// Where the record at an offset stands.
    pub fn at(&self, offset: i64) -> Option<&InFlightState> {
        match &self.states {
            InFlightStates::Batch(state) => {
                let range = self.first_offset..=self.last_offset;
                range.contains(&offset).then_some(state)
            }
            InFlightStates::Offsets(states) => states.get(&offset),
        }
    }

    /// From now on each offset has a state of its own
    /// (`maybeInitializeOffsetStateUpdate`).
    pub(super) fn part(&mut self) {
        if let InFlightStates::Batch(state) = &self.states {
            let offsets = self.first_offset..=self.last_offset;
            let states = offsets.map(|offset| (offset, state.clone()));
            self.states = InFlightStates::Offsets(states.collect());
        }
    }

    /// Whether the batch lies in these offsets with all its records.
    pub(super) fn is_within(&self, first_offset: i64, last_offset: i64) -> bool {
        first_offset <= self.first_offset && self.last_offset <= last_offset
    }
}

/// What is to be persisted of a state.
pub(super) fn persister_batch(
    first_offset: i64,
    last_offset: i64,
    state: &InFlightState,
) -> PersisterStateBatch {
    PersisterStateBatch {
        first_offset,
        last_offset,
        delivery_state: state.state.id(),
        delivery_count: state.delivery_count,
    }
}
