//! Who may commit and read a group's offsets.

use super::error::GroupError;
use super::group::ConsumerGroup;
use crate::protocol::ErrorCode;

impl ConsumerGroup {
    /// Whether this member may commit, at this epoch
    /// (`ConsumerGroup.validateOffsetCommit`). Tools, which have no epoch (-1),
    /// may commit while the group is empty.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_MEMBER_ID` or `STALE_MEMBER_EPOCH`.
    pub fn validate_offset_commit(
        &self,
        member_id: &str,
        member_epoch: i32,
    ) -> Result<(), GroupError> {
        if member_epoch < 0 && self.members().len() == 0 {
            return Ok(());
        }
        self.validate_member_epoch(member_id, member_epoch)
    }

    /// Whether this member may read the offsets, at this epoch
    /// (`ConsumerGroup.validateOffsetFetch`). Who names neither, may.
    ///
    /// # Errors
    ///
    /// `UNKNOWN_MEMBER_ID` or `STALE_MEMBER_EPOCH`.
    pub fn validate_offset_fetch(
        &self,
        member_id: Option<&str>,
        member_epoch: i32,
    ) -> Result<(), GroupError> {
        match member_id {
            None if member_epoch < 0 => Ok(()),
            None => Err(GroupError::unknown_member("null", self.id())),
            Some(member_id) => self.validate_member_epoch(member_id, member_epoch),
        }
    }

    /// Whether the group may be deleted (`ConsumerGroup.validateDeleteGroup`).
    ///
    /// # Errors
    ///
    /// `NON_EMPTY_GROUP` while it has members.
    pub fn validate_delete(&self) -> Result<(), GroupError> {
        match self.members().len() == 0 {
            true => Ok(()),
            false => {
                let error = ErrorCode::NonEmptyGroup;
                Err(GroupError::new(error, error.message()))
            }
        }
    }

    fn validate_member_epoch(&self, member_id: &str, received: i32) -> Result<(), GroupError> {
        let member = self.member(member_id);
        let member = member.ok_or_else(|| GroupError::unknown_member(member_id, self.id()))?;
        if received == member.epoch {
            return Ok(());
        }
        Err(GroupError::new(
            ErrorCode::StaleMemberEpoch,
            format!(
                "The received member epoch {received} does not match the expected member epoch {}.",
                member.epoch
            ),
        ))
    }
}
