//! Settings that are changed while the cluster runs
//! (`org.apache.kafka.controller.ConfigurationControlManager`,
//! `kafka.server.ControllerConfigurationValidator`).

use crate::collections::BTreeMap;
use std::sync::Arc;

use super::{ApiError, Controller, MetadataRecord, topic_config, validate_topic_name};
use crate::config::{ConfigDef, GroupConfig, Type, broker, group, topic};
use crate::protocol::{
    AlterConfigsResource, AlterConfigsResourceResponse, AlterableConfig, ConfigOperation,
    ConfigResource, ConfigResourceType, ErrorCode,
};

impl Controller {
    /// Changes settings of one thing, all of them or none; or says why not.
    /// When it is only asked whether it could, nothing is decided.
    pub fn alter_configs(
        &mut self,
        request: &AlterConfigsResource,
        validate_only: bool,
    ) -> (AlterConfigsResourceResponse, Vec<MetadataRecord>) {
        let (result, records) = match self.try_alter_configs(request) {
            Ok(_) if validate_only => (Ok(()), Vec::new()),
            Ok(records) => {
                let taken = records.into_iter().map(|record| self.take_in(record));
                (Ok(()), taken.collect())
            }
            Err(error) => (Err(error), Vec::new()),
        };
        (altered(&request.resource, result), records)
    }

    fn try_alter_configs(
        &self,
        request: &AlterConfigsResource,
    ) -> Result<Vec<MetadataRecord>, ApiError> {
        let resource = &request.resource;
        let before = self.image.configs_of(resource).cloned().unwrap_or_default();
        let mut after = before.clone();
        let mut records = Vec::new();
        for config in &request.configs {
            let value = new_value(resource, before.get(&config.name), config)?;
            // Brokers take a value in again, though it is the same: a file that
            // it names may be another (KAFKA-14136).
            let is_broker = resource.resource_type == ConfigResourceType::Broker;
            if !is_broker && value.as_ref() == before.get(&config.name) {
                continue;
            }
            match &value {
                Some(value) => after.insert(config.name.clone(), value.clone()),
                None => after.remove(&config.name),
            };
            records.push(MetadataRecord::ConfigChanged {
                resource: resource.clone(),
                name: config.name.clone(),
                value,
            });
        }
        self.validate_configs(resource, &after)?;
        self.check_exists(resource)?;
        Ok(records)
    }

    fn validate_configs(
        &self,
        resource: &ConfigResource,
        configs: &BTreeMap<String, String>,
    ) -> Result<(), ApiError> {
        let name = &resource.resource_name;
        let invalid = |message: &str| Err((ErrorCode::InvalidRequest, message.to_owned()));
        match resource.resource_type {
            ConfigResourceType::Topic if name.is_empty() => {
                invalid("Default topic resources are not allowed.")
            }
            ConfigResourceType::Topic => {
                validate_topic_name(name)
                    .map_err(|message| (ErrorCode::InvalidTopicException, message))?;
                topic_config::validate(configs)
            }
            ConfigResourceType::Broker if name.is_empty() => Ok(()),
            ConfigResourceType::Broker => match name.parse::<i32>() {
                Ok(0..) => Ok(()),
                Ok(_) => invalid("Invalid negative broker ID."),
                Err(_) => invalid("Unable to parse broker name as a base 10 number."),
            },
            ConfigResourceType::Group if name.is_empty() => {
                invalid("Default group resources are not allowed.")
            }
            ConfigResourceType::Group => GroupConfig::validate(configs, &self.config)
                .map_err(|error| (ErrorCode::InvalidConfig, error.to_string())),
        }
    }

    /// A group need not be there to have settings
    /// (`QuorumController.ConfigResourceExistenceChecker`).
    fn check_exists(&self, resource: &ConfigResource) -> Result<(), ApiError> {
        let name = &resource.resource_name;
        match (resource.resource_type, name.parse::<i32>()) {
            (ConfigResourceType::Topic, _) if !self.image.topics.contains_key(name.as_str()) => {
                let message = format!("The topic '{name}' does not exist.");
                Err((ErrorCode::UnknownTopicOrPartition, message))
            }
            (ConfigResourceType::Broker, Ok(id)) if self.image.brokers.get(id).is_none() => {
                let message = format!("No node with id {id} found.");
                Err((ErrorCode::BrokerIdNotRegistered, message))
            }
            _ => Ok(()),
        }
    }

    /// After a change of brokers' settings: what holds for topics that do not
    /// say it themselves.
    pub(super) fn take_in_configs(&mut self, record: &MetadataRecord) {
        if let MetadataRecord::ConfigChanged { resource, .. } = record
            && *resource == ConfigResource::all_brokers()
        {
            self.refresh_config();
        }
    }

    /// Puts the settings in line with the image.
    pub(super) fn refresh_config(&mut self) {
        let none = BTreeMap::new();
        let of_all = self.image.configs_of(&ConfigResource::all_brokers());
        let config = match of_all {
            None => Ok(self.static_config.clone()),
            Some(of_all) => self.static_config.with_dynamic(of_all, &none).map(Arc::new),
        };
        // The broker that passed the change on has seen that they go together.
        self.config = config.unwrap_or_else(|_| self.static_config.clone());
    }
}

fn altered(
    resource: &ConfigResource,
    result: Result<(), ApiError>,
) -> AlterConfigsResourceResponse {
    let (error_code, error_message) = match result {
        Ok(()) => (ErrorCode::None, None),
        Err((error_code, message)) => (error_code, Some(message)),
    };
    AlterConfigsResourceResponse {
        error_code,
        error_message,
        resource: resource.clone(),
    }
}

fn definition(resource_type: ConfigResourceType) -> ConfigDef {
    match resource_type {
        ConfigResourceType::Topic => topic::CONFIG,
        ConfigResourceType::Broker => broker::CONFIG,
        ConfigResourceType::Group => group::CONFIG,
    }
}

/// What a setting becomes; `None` when the default holds again. Only lists are
/// added to and taken from, a default too. Whoever asks first must have seen
/// that there is a value where one is needed.
///
/// # Errors
///
/// `INVALID_CONFIG` when it is no list.
pub(crate) fn new_value(
    resource: &ConfigResource,
    current: Option<&String>,
    config: &AlterableConfig,
) -> Result<Option<String>, ApiError> {
    let (name, operation) = (&config.name, config.config_operation);
    let value = config.value.as_deref().unwrap_or_default();
    match operation {
        ConfigOperation::Set => return Ok(Some(value.to_owned())),
        ConfigOperation::Delete => return Ok(None),
        ConfigOperation::Append | ConfigOperation::Subtract => {}
    }
    let definition = definition(resource.resource_type);
    let key = definition.find(name);
    let Some(key) = key.filter(|key| key.value_type == Type::List) else {
        let operation = operation.name();
        let message = format!("Can't {operation} to key {name} because its type is not LIST.");
        return Err((ErrorCode::InvalidConfig, message));
    };
    let current = current.map(String::as_str).or(key.default_value());
    let items = current.unwrap_or_default().split(',');
    let mut items: Vec<&str> = items.filter(|item| !item.is_empty()).collect();
    for item in value.split(',') {
        let at = items.iter().position(|it| *it == item);
        match (operation, at) {
            (ConfigOperation::Append, None) => items.push(item),
            (ConfigOperation::Subtract, Some(at)) => drop(items.remove(at)),
            _ => {}
        }
    }
    Ok(Some(items.join(",")))
}
