//! What `kafka-consumer-groups.sh --reset-offsets --execute` does to a group:
//! asks by its own admin client, and commits.

use engine::client::AdminConfig;
use engine::collections::BTreeMap;
use engine::command::ClientNumber;
use engine::protocol::{
    CommittedOffset, ConsumerGroupDescribeRequest, DescribeGroupsRequest, IsolationLevel,
    ListOffsetsRequest, OffsetCommitRequest, OffsetFetchRequest, Request, Response,
};
use engine::{Command, ErrorCode, Event, EventKind, TopicPartition};

use super::{Playground, complaints};

/// The `client.id` of the admin client that resets offsets.
const RESETTING_ADMIN: &str = "reset-offsets";

/// Where a group is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetTo {
    /// At the log start offset (`--to-earliest`).
    Earliest,
    /// At the high watermark (`--to-latest`).
    Latest,
    /// At this offset (`--to-offset`).
    Offset(i64),
    /// At the first record that is not older, in epoch milliseconds
    /// (`--to-datetime`); at the high watermark when all are.
    Timestamp(i64),
    /// So many offsets behind what is committed, or before when it is negative
    /// (`--shift-by`).
    ShiftBy(i64),
}

/// One run of the tool (`ConsumerGroupService.resetOffsets`): it asks one thing
/// after another until it knows what to commit.
#[derive(Clone, Debug)]
pub(super) struct Reset {
    group: String,
    partitions: Vec<TopicPartition>,
    to: ResetTo,
    /// The timestamp that was looked for last, as `ListOffsets` has it.
    looked_for: i64,
    /// What was found, by timestamp and partition.
    listed: BTreeMap<i64, BTreeMap<TopicPartition, i64>>,
    /// What the group has committed, once that is known.
    committed: Option<BTreeMap<TopicPartition, i64>>,
}

impl Playground {
    /// Commits other offsets for a group that has no members, as
    /// `kafka-consumer-groups.sh --reset-offsets --execute` does: offsets before
    /// the log's start become its start, those behind the high watermark that.
    ///
    /// # Errors
    ///
    /// Why nothing was asked. What the group's state or the cluster does not
    /// allow comes later, as a complaint.
    pub fn reset_offsets(
        &mut self,
        group: &str,
        partitions: &[TopicPartition],
        to: ResetTo,
    ) -> Result<(), String> {
        let config = AdminConfig::named(RESETTING_ADMIN);
        let admin = self.execute(Command::AddAdmin { config })?;
        let admin = admin.ok_or("The admin client did not start.")?;
        let reset = Reset {
            group: group.to_owned(),
            partitions: partitions.to_vec(),
            to,
            looked_for: 0,
            listed: BTreeMap::new(),
            committed: None,
        };
        let request = reset.describe();
        self.resets.insert(admin, reset);
        self.execute(Command::AdminCall { admin, request })?;
        Ok(())
    }

    /// Resets of which something was answered go on; those that are done, or
    /// cannot go on, close their admin client.
    pub(super) fn go_on_resetting(&mut self, events: &[Event]) {
        if self.resets.is_empty() {
            return;
        }
        for event in events {
            match &event.kind {
                EventKind::AdminAnswered { admin, response } => {
                    let reset = self.resets.get_mut(admin);
                    if let Some(next) = reset.map(|reset| reset.on_answer(response)) {
                        self.ask_or_end(*admin, next);
                    }
                }
                EventKind::AdminFailed { admin, message, .. }
                    if self.resets.contains_key(admin) =>
                {
                    self.ask_or_end(*admin, Err(vec![message.clone()]));
                }
                EventKind::ClientClosed { client, .. }
                | EventKind::ClientCrashed { client, .. } => {
                    self.resets.remove(client);
                }
                _ => {}
            }
        }
    }

    fn ask_or_end(&mut self, admin: ClientNumber, next: Result<Request, Vec<String>>) {
        let command = match next {
            Ok(request) => Command::AdminCall { admin, request },
            Err(complaints) => {
                self.complaints.extend(complaints);
                self.resets.remove(&admin);
                Command::Close { client: admin }
            }
        };
        let refused = self.execute(command).err();
        self.complaints.extend(refused);
    }
}

impl Reset {
    /// What to ask after an answer; when there is nothing more to ask, what is
    /// to be complained of.
    fn on_answer(&mut self, response: &Response) -> Result<Request, Vec<String>> {
        match response {
            Response::ConsumerGroupDescribe(response) => {
                let described = response.groups.first();
                match described.filter(|it| it.error_code != ErrorCode::GroupIdNotFound) {
                    Some(described) => self.begin(&described.group_state),
                    // `DescribeConsumerGroupsHandler` then asks for a classic one.
                    None => Ok(Request::DescribeGroups(DescribeGroupsRequest {
                        groups: vec![self.group.clone()],
                    })),
                }
            }
            Response::DescribeGroups(response) => {
                let state = response.groups.first().map(|it| it.group_state.as_str());
                self.begin(state.unwrap_or_default())
            }
            Response::OffsetFetch(response) => {
                let committed = response.partitions.iter();
                let committed = committed
                    .filter_map(|(of, committed)| Some((of.clone(), committed.as_ref()?.offset)));
                self.committed = Some(committed.collect());
                self.next()
            }
            Response::ListOffsets(response) => {
                let found = response.partitions.iter();
                let found = found.filter(|(_, listed)| listed.offset >= 0);
                let found = found.map(|(of, listed)| (of.clone(), listed.offset));
                self.listed.insert(self.looked_for, found.collect());
                match complaints::of(&Response::ListOffsets(response.clone())) {
                    refused if !refused.is_empty() => Err(refused),
                    _ => self.next(),
                }
            }
            other => Err(complaints::of(other)),
        }
    }

    fn describe(&self) -> Request {
        Request::ConsumerGroupDescribe(ConsumerGroupDescribeRequest {
            group_ids: vec![self.group.clone()],
        })
    }

    fn begin(&mut self, state: &str) -> Result<Request, Vec<String>> {
        match state {
            "Empty" | "Dead" => self.next(),
            _ => Err(vec![format!(
                "Assignments can only be reset if the group '{}' is inactive, but the current \
                 state is {state}: close its members first.",
                self.group
            )]),
        }
    }

    /// What is not known yet, or the commit when all is.
    fn next(&mut self) -> Result<Request, Vec<String>> {
        if matches!(self.to, ResetTo::ShiftBy(_)) && self.committed.is_none() {
            return Ok(Request::OffsetFetch(OffsetFetchRequest {
                group_id: self.group.clone(),
                partitions: Some(self.partitions.clone()),
                require_stable: false,
                member_id: None,
                member_epoch: -1,
            }));
        }
        let mut asked = self.timestamps().into_iter();
        match asked.find(|timestamp| !self.listed.contains_key(timestamp)) {
            Some(timestamp) => {
                self.looked_for = timestamp;
                let partitions = self.partitions.iter();
                Ok(Request::ListOffsets(ListOffsetsRequest {
                    replica_id: None,
                    isolation_level: IsolationLevel::ReadUncommitted,
                    partitions: partitions.map(|of| (of.clone(), timestamp)).collect(),
                }))
            }
            None => self.commit(),
        }
    }

    /// What it must look for in the logs, in this order.
    fn timestamps(&self) -> Vec<i64> {
        const EARLIEST: i64 = ListOffsetsRequest::EARLIEST;
        const LATEST: i64 = ListOffsetsRequest::LATEST;
        match self.to {
            ResetTo::Earliest => vec![EARLIEST],
            ResetTo::Latest => vec![LATEST],
            ResetTo::Offset(_) | ResetTo::ShiftBy(_) => vec![EARLIEST, LATEST],
            ResetTo::Timestamp(ms) => match self.listed.get(&ms) {
                Some(found) if found.len() == self.partitions.len() => vec![ms],
                _ => vec![ms, LATEST],
            },
        }
    }

    fn commit(&self) -> Result<Request, Vec<String>> {
        let offsets = self.partitions.iter().map(|of| {
            let committed = CommittedOffset {
                offset: self.offset(of)?,
                leader_epoch: -1,
                metadata: String::new(),
            };
            Ok((of.clone(), committed))
        });
        let offsets = offsets.collect::<Result<_, String>>();
        Ok(Request::OffsetCommit(OffsetCommitRequest {
            group_id: self.group.clone(),
            generation_id: -1,
            member_id: String::new(),
            group_instance_id: None,
            offsets: offsets.map_err(|refused| vec![refused])?,
        }))
    }

    /// Where the group is to go on in a partition.
    fn offset(&self, of: &TopicPartition) -> Result<i64, String> {
        let listed = |timestamp| self.listed.get(&timestamp)?.get(of).copied();
        let earliest = listed(ListOffsetsRequest::EARLIEST).unwrap_or(0);
        let latest = listed(ListOffsetsRequest::LATEST).unwrap_or(earliest);
        let within = |offset: i64| offset.clamp(earliest, latest.max(earliest));
        Ok(match self.to {
            ResetTo::Earliest => earliest,
            ResetTo::Latest => latest,
            ResetTo::Offset(offset) => within(offset),
            ResetTo::Timestamp(ms) => listed(ms).unwrap_or(latest),
            ResetTo::ShiftBy(shift) => {
                let committed = self.committed.as_ref().and_then(|it| it.get(of));
                let committed = committed.ok_or_else(|| {
                    format!(
                        "Cannot shift offset for partition {of} since there is no current \
                         committed offset: choose an offset."
                    )
                })?;
                within(committed.saturating_add(shift))
            }
        })
    }
}
