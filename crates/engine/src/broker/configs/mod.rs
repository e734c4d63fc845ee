//! Settings that are changed while the broker runs: what it refuses itself
//! before the controller is asked (`kafka.server.ConfigAdminManager`), and what
//! a change comes to here (`DynamicBrokerConfig`, `ConfigHandler`).

mod describe;

use crate::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Broker;
use super::controller_channel::Purpose;
use crate::config::{ConfigException, GroupConfig, GroupConfigs, dynamic};
use crate::controller::ApiError;
use crate::controller::configs::new_value;
use crate::controller::topic_config::{self, MIN_INSYNC_REPLICAS};
use crate::log::LogConfig;
use crate::protocol::{
    AlterConfigsResource, AlterConfigsResourceResponse, ConfigOperation, ConfigResource,
    ConfigResourceType, ErrorCode, Header, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse, Request, Response, TopicPartition,
};
use crate::sim::{Fabric, NodeId};

/// What became of each thing of a request, where that is known already.
pub(super) type Answers = Vec<Option<AlterConfigsResourceResponse>>;

/// Changes.
impl Broker {
    /// Refuses what it can see to be wrong, and passes the rest on.
    pub(super) fn alter_configs(
        &mut self,
        fabric: &mut Fabric,
        from: NodeId,
        header: Header,
        request: IncrementalAlterConfigsRequest,
    ) {
        let (answers, resources) = self.preprocess(request.resources);
        if resources.is_empty() {
            let response = put_together(answers, Vec::new());
            return self.answer(fabric, from, header, response);
        }
        let request = Request::IncrementalAlterConfigs(IncrementalAlterConfigsRequest {
            resources,
            validate_only: request.validate_only,
        });
        let purpose = Purpose::AlterConfigs {
            from,
            header,
            answers,
        };
        self.forward_for(fabric, purpose, request);
    }

    /// What is refused, in the order of the request, and what is not.
    fn preprocess(
        &self,
        resources: Vec<AlterConfigsResource>,
    ) -> (Answers, Vec<AlterConfigsResource>) {
        let mut times: BTreeMap<ConfigResource, usize> = BTreeMap::new();
        for of in &resources {
            *times.entry(of.resource.clone()).or_default() += 1;
        }
        let (mut answers, mut others) = (Vec::new(), Vec::new());
        for of in resources {
            let checked = match times[&of.resource] {
                1 => self.check_change(&of),
                _ => invalid("Each resource must appear at most once."),
            };
            answers.push(checked.as_ref().err().map(|(error_code, message)| {
                AlterConfigsResourceResponse {
                    error_code: *error_code,
                    error_message: Some(message.clone()),
                    resource: of.resource.clone(),
                }
            }));
            others.extend(checked.is_ok().then_some(of));
        }
        (answers, others)
    }

    fn check_change(&self, of: &AlterConfigsResource) -> Result<(), ApiError> {
        let names: BTreeSet<&String> = of.configs.iter().map(|config| &config.name).collect();
        if names.len() < of.configs.len() {
            return invalid("Error due to duplicate config keys");
        }
        let is_null = |config: &&crate::protocol::AlterableConfig| {
            config.config_operation != ConfigOperation::Delete && config.value.is_none()
        };
        let nulls = of.configs.iter().filter(is_null);
        let nulls: Vec<&str> = nulls.map(|config| config.name.as_str()).collect();
        if !nulls.is_empty() {
            let names = nulls.join(", ");
            return invalid(&format!("Null value not supported for : {names}"));
        }
        match of.resource.resource_type {
            ConfigResourceType::Broker => self.check_broker_change(of),
            ConfigResourceType::Topic | ConfigResourceType::Group => Ok(()),
        }
    }

    /// `validateBrokerConfigChange`
    fn check_broker_change(&self, of: &AlterConfigsResource) -> Result<(), ApiError> {
        let name = &of.resource.resource_name;
        let is_of_one_broker = !name.is_empty();
        match name.parse::<i32>() {
            _ if !is_of_one_broker => {}
            Ok(id) if id == self.id => {}
            Ok(_) => {
                let id = self.id;
                return invalid(&format!(
                    "Unexpected broker id, expected {id}, but received {name}"
                ));
            }
            Err(_) => {
                return invalid(&format!("Node id must be an integer, but it is: {name}"));
            }
        }
        let mut proposed = self.dynamic(&of.resource);
        for config in &of.configs {
            let value = new_value(&of.resource, proposed.get(&config.name), config);
            let value = value.map_err(|(error_code, _)| {
                let operation = config.config_operation.name().to_lowercase();
                let name = &config.name;
                let message =
                    format!("Config value {operation} is not allowed for config key: {name}");
                (error_code, message)
            })?;
            match value {
                Some(value) => proposed.insert(config.name.clone(), value),
                None => proposed.remove(&config.name),
            };
        }
        self.check_proposed(&proposed, is_of_one_broker)
            .map_err(|error| (ErrorCode::InvalidRequest, error.to_string()))
    }

    /// `DynamicBrokerConfig.validate`
    fn check_proposed(
        &self,
        proposed: &BTreeMap<String, String>,
        is_of_one_broker: bool,
    ) -> Result<(), ConfigException> {
        dynamic::validate(proposed, is_of_one_broker)?;
        let config = match is_of_one_broker {
            true => {
                let of_all = self.dynamic(&ConfigResource::all_brokers());
                self.static_config.with_dynamic(&of_all, proposed)
            }
            false => {
                let own = self.dynamic(&ConfigResource::broker(self.id));
                self.static_config.with_dynamic(proposed, &own)
            }
        };
        dynamic::validate_change(&self.config, &config?)
    }

    /// What something was given while the cluster ran.
    fn dynamic(&self, of: &ConfigResource) -> BTreeMap<String, String> {
        self.image.configs_of(of).cloned().unwrap_or_default()
    }
}

fn invalid(message: &str) -> Result<(), ApiError> {
    Err((ErrorCode::InvalidRequest, message.to_owned()))
}

/// The answer, of what was refused here and what the controller has answered of
/// the others.
pub(super) fn put_together(
    answers: Answers,
    others: Vec<AlterConfigsResourceResponse>,
) -> Response {
    let mut others = others.into_iter();
    let responses = answers.into_iter();
    let responses = responses.filter_map(|refused| refused.or_else(|| others.next()));
    Response::IncrementalAlterConfigs(IncrementalAlterConfigsResponse {
        responses: responses.collect(),
    })
}

/// What changes come to.
impl Broker {
    /// Settings of these have changed, as the image has it now.
    pub(super) fn take_up_configs(&mut self, fabric: &Fabric, changed: &BTreeSet<ConfigResource>) {
        let own = [
            ConfigResource::all_brokers(),
            ConfigResource::broker(self.id),
        ];
        let is_changed = |of: &TopicPartition| {
            let topic = ConfigResource::topic(&*of.topic);
            own.iter().chain([&topic]).any(|it| changed.contains(it))
        };
        if own.iter().any(|resource| changed.contains(resource)) {
            self.refresh_config();
        }
        let held = self.partitions.keys().filter(|of| is_changed(of));
        let held: Vec<TopicPartition> = held.cloned().collect();
        for of in &held {
            self.take_up_log_config(fabric, of);
        }
        let is_group = |it: &ConfigResource| it.resource_type == ConfigResourceType::Group;
        if changed.iter().any(is_group) {
            self.refresh_group_configs();
        }
    }

    /// Its settings are what stands in `server.properties` and what it was
    /// given since; when they do not go together it stays with those that it
    /// has (`DynamicBrokerConfig.updateCurrentConfig`).
    fn refresh_config(&mut self) {
        let of_all = self.dynamic(&ConfigResource::all_brokers());
        let own = self.dynamic(&ConfigResource::broker(self.id));
        if let Ok(config) = self.static_config.with_dynamic(&of_all, &own) {
            self.config = Arc::new(config);
        }
    }

    /// A replica that it holds gets the settings that hold for its topic
    /// (`TopicConfigHandler`, `DynamicLogConfig`).
    pub(super) fn take_up_log_config(&mut self, fabric: &Fabric, of: &TopicPartition) {
        let Some(topic) = self.image.topics.get(&of.topic) else {
            return;
        };
        let configs = self.config.topic_configs(&topic.configs);
        let min_insync = topic_config::number(&configs, MIN_INSYNC_REPLICAS);
        if let Some(partition) = self.partitions.get_mut(of) {
            let config = LogConfig::from_topic_configs(&configs);
            partition.log.set_config(config);
            partition.min_insync_replicas = usize::try_from(min_insync).unwrap_or(1);
        }
        self.look_after(fabric.now, of);
    }

    /// Tells those who coordinate groups, and the share-partitions, what holds
    /// for groups with settings of their own (`GroupConfigHandler`).
    fn refresh_group_configs(&mut self) {
        let of_groups = self.image.configs.iter();
        let of_groups = of_groups.filter(|(it, _)| it.resource_type == ConfigResourceType::Group);
        let groups = of_groups.map(|(resource, own)| {
            let name = resource.resource_name.clone();
            (name, GroupConfig::new(own, &self.config))
        });
        self.group_configs = GroupConfigs::new(groups);
        for shard in self.groups.shards_mut() {
            shard.set_group_configs(self.group_configs.clone());
        }
        self.refresh_record_locks();
    }
}
