//! What holds for a group: its own settings, or the broker's.

use super::GroupCoordinator;
use super::consumer_group::ConsumerGroups;
use super::step::Step;
use crate::config::GroupConfigs;

impl GroupCoordinator {
    /// The same where these groups have settings of their own.
    pub fn with_group_configs(mut self, configs: GroupConfigs) -> GroupCoordinator {
        self.set_group_configs(configs);
        self
    }

    /// These groups have settings of their own from now on. Timers that are set
    /// stay; the next heartbeat of a member is answered with the new interval
    /// and sets its session anew.
    pub fn set_group_configs(&mut self, configs: GroupConfigs) {
        self.consumer_groups.set_group_configs(configs.clone());
        self.group_configs = configs;
    }
}

/// Share groups.
impl Step<'_> {
    /// How often members call, in milliseconds
    /// (`GroupMetadataManager.shareGroupHeartbeatIntervalMs`).
    pub fn share_heartbeat_interval_ms(&self, group: &str) -> i32 {
        let own = self.group_configs.get(group);
        let broker = self.config.share.heartbeat_interval_ms;
        own.map_or(broker, |own| own.share_heartbeat_interval_ms)
    }

    /// After how many milliseconds of silence a member counts as dead
    /// (`GroupMetadataManager.shareGroupSessionTimeoutMs`).
    pub fn share_session_timeout_ms(&self, group: &str) -> i32 {
        let own = self.group_configs.get(group);
        let broker = self.config.share.session_timeout_ms;
        own.map_or(broker, |own| own.share_session_timeout_ms)
    }
}

/// Groups of KIP-848.
impl ConsumerGroups {
    fn set_group_configs(&mut self, configs: GroupConfigs) {
        self.group_configs = configs;
    }

    /// How often members call, in milliseconds
    /// (`GroupMetadataManager.consumerGroupHeartbeatIntervalMs`).
    pub(super) fn heartbeat_interval_ms(&self, group: &str) -> i32 {
        let own = self.group_configs.get(group);
        let broker = self.config.heartbeat_interval_ms;
        own.map_or(broker, |own| own.consumer_heartbeat_interval_ms)
    }

    /// After how many milliseconds of silence a member counts as dead
    /// (`GroupMetadataManager.consumerGroupSessionTimeoutMs`).
    pub(super) fn session_timeout_ms(&self, group: &str) -> i32 {
        let own = self.group_configs.get(group);
        let broker = self.config.session_timeout_ms;
        own.map_or(broker, |own| own.consumer_session_timeout_ms)
    }
}
