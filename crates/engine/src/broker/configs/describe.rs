//! Telling settings, and where their values come from
//! (`kafka.server.ConfigHelper`).

use crate::collections::BTreeMap;

use crate::broker::Broker;
use crate::config::{ConfigKey, Type, broker, dynamic, group, synonyms, topic};
use crate::controller::{ApiError, validate_topic_name};
use crate::protocol::{
    ConfigResource, ConfigResourceType, ConfigSource, ConfigSynonym, DescribeConfigsRequest,
    DescribeConfigsResource, DescribeConfigsResponse, DescribeConfigsResult, DescribedConfig,
    ErrorCode,
};
use crate::sorting::sort_by;

type Configs = BTreeMap<String, String>;

impl Broker {
    pub(in crate::broker) fn describe_configs(
        &self,
        request: &DescribeConfigsRequest,
    ) -> DescribeConfigsResponse {
        let results = request.resources.iter().map(|wanted| {
            let described = self.described(wanted, request.include_synonyms);
            let (error_code, error_message, configs) = match described {
                Ok(configs) => (ErrorCode::None, None, configs),
                Err((error_code, message)) => (error_code, message, Vec::new()),
            };
            DescribeConfigsResult {
                error_code,
                error_message,
                resource: wanted.resource.clone(),
                configs,
            }
        });
        DescribeConfigsResponse {
            results: results.collect(),
        }
    }

    fn described(
        &self,
        wanted: &DescribeConfigsResource,
        include_synonyms: bool,
    ) -> Result<Vec<DescribedConfig>, (ErrorCode, Option<String>)> {
        let name = &wanted.resource.resource_name;
        let told = |(error_code, message): ApiError| (error_code, Some(message));
        let mut configs = match wanted.resource.resource_type {
            ConfigResourceType::Topic => {
                validate_topic_name(name)
                    .map_err(|message| told((ErrorCode::InvalidTopicException, message)))?;
                let topic = self.image.topics.get(name.as_str());
                let topic = topic.ok_or((ErrorCode::UnknownTopicOrPartition, None))?;
                self.topic_entries(&topic.configs)
            }
            ConfigResourceType::Broker if name.is_empty() => self.cluster_entries(),
            ConfigResourceType::Broker => {
                self.check_is_itself(name).map_err(told)?;
                let keys = broker::CONFIG.keys();
                keys.map(|key| self.broker_entry(key, true)).collect()
            }
            ConfigResourceType::Group if name.is_empty() => {
                let message = "Group name must not be empty".to_owned();
                return Err(told((ErrorCode::InvalidRequest, message)));
            }
            ConfigResourceType::Group => self.group_entries(&wanted.resource),
        };
        if let Some(keys) = &wanted.configuration_keys {
            configs.retain(|config| keys.contains(&config.name));
        }
        if !include_synonyms {
            configs.iter_mut().for_each(|it| it.synonyms.clear());
        }
        sort_by(&mut configs, |a, b| a.name.cmp(&b.name));
        Ok(configs)
    }

    fn check_is_itself(&self, name: &str) -> Result<(), ApiError> {
        let id = self.id;
        let message = match name.parse::<i32>() {
            Ok(named) if named == id => return Ok(()),
            Ok(_) => {
                format!("Unexpected broker id, expected {id} or empty string, but received {name}")
            }
            Err(_) => format!("Broker id must be an integer, but it is: {name}"),
        };
        Err((ErrorCode::InvalidRequest, message))
    }

    /// What a topic has not set itself comes from the broker that is asked.
    fn topic_entries(&self, own: &Configs) -> Vec<DescribedConfig> {
        let effective = self.config.topic_configs(own);
        let keys = topic::CONFIG.keys();
        keys.map(|key| {
            let value = topic::CONFIG.value(&effective, key.name);
            let of_broker = synonyms::of_topic_config(key.name).first();
            let mut synonyms = of_broker.map_or_else(Vec::new, |it| self.synonyms(it.name));
            if own.contains_key(key.name) {
                let source = ConfigSource::DynamicTopicConfig;
                synonyms.insert(0, synonym(key.name, shown(key, value), source));
            }
            entry(key, value, synonyms, false)
        })
        .collect()
    }

    /// What all brokers were given while they ran, nothing else.
    fn cluster_entries(&self) -> Vec<DescribedConfig> {
        let of_all = self.dynamic(&ConfigResource::all_brokers());
        let entry = |(name, value): (&String, &String)| match broker::CONFIG.find(name) {
            Some(key) => DescribedConfig {
                value: shown(key, Some(value)),
                ..self.broker_entry(key, false)
            },
            // A plugin's, perhaps; whether it is secret nobody knows.
            None => DescribedConfig {
                name: name.clone(),
                value: None,
                read_only: true,
                config_source: ConfigSource::DynamicDefaultBrokerConfig,
                is_sensitive: true,
                synonyms: Vec::new(),
                config_type: None,
            },
        };
        of_all.iter().map(entry).collect()
    }

    fn broker_entry(&self, key: &ConfigKey, is_of_one_broker: bool) -> DescribedConfig {
        let mut synonyms = self.synonyms(key.name);
        if !is_of_one_broker {
            synonyms.retain(|it| it.source == ConfigSource::DynamicDefaultBrokerConfig);
        }
        let id = self.id.to_string();
        let value = match key.name {
            "node.id" | "broker.id" => Some(id.as_str()),
            "broker.rack" => self.rack.as_deref(),
            name => self.config.value(name),
        };
        entry(key, value, synonyms, !dynamic::is_dynamic(key.name))
    }

    /// The values that the broker has of a setting, under this name and those
    /// that come after it, the one that holds first.
    fn synonyms(&self, name: &str) -> Vec<ConfigSynonym> {
        let mut own_file = self.static_config.overrides().clone();
        own_file.insert("node.id".to_owned(), self.id.to_string());
        own_file.extend(
            self.rack
                .clone()
                .map(|rack| ("broker.rack".to_owned(), rack)),
        );
        let layers = [
            (
                self.dynamic(&ConfigResource::broker(self.id)),
                ConfigSource::DynamicBrokerConfig,
            ),
            (
                self.dynamic(&ConfigResource::all_brokers()),
                ConfigSource::DynamicDefaultBrokerConfig,
            ),
            (own_file, ConfigSource::StaticBrokerConfig),
        ];
        let names = dynamic::synonyms_of(name);
        let mut found = Vec::new();
        for (layer, source) in &layers {
            found.extend(names.iter().filter_map(|name| {
                let key = broker::CONFIG.find(name)?;
                let value = layer.get(*name)?;
                Some(synonym(name, secret_or(key, value), *source))
            }));
        }
        found.extend(names.iter().filter_map(|name| {
            let key = broker::CONFIG.find(name)?;
            let value = secret_or(key, key.default_value()?);
            Some(synonym(name, value, ConfigSource::DefaultConfig))
        }));
        let is_other = |it: &ConfigSynonym| it.name != name;
        found.into_iter().skip_while(is_other).collect()
    }

    fn group_entries(&self, group: &ConfigResource) -> Vec<DescribedConfig> {
        let own = self.dynamic(group);
        let entry = |key: &ConfigKey| {
            let value = Some(group::effective_value(&own, &self.config, key.name));
            let is_own = own.contains_key(key.name);
            let source = ConfigSource::DynamicGroupConfig;
            let synonyms = is_own.then(|| synonym(key.name, shown(key, value), source));
            entry(key, value, synonyms.into_iter().collect(), false)
        };
        group::CONFIG.keys().map(entry).collect()
    }
}

fn entry(
    key: &ConfigKey,
    value: Option<&str>,
    synonyms: Vec<ConfigSynonym>,
    read_only: bool,
) -> DescribedConfig {
    let first = synonyms.first().map(|first| first.source);
    DescribedConfig {
        name: key.name.to_owned(),
        value: shown(key, value),
        read_only,
        config_source: first.unwrap_or(ConfigSource::DefaultConfig),
        is_sensitive: is_secret(key),
        synonyms,
        config_type: Some(key.value_type),
    }
}

fn synonym(name: &str, value: Option<String>, source: ConfigSource) -> ConfigSynonym {
    ConfigSynonym {
        name: name.to_owned(),
        value,
        source,
    }
}

fn is_secret(key: &ConfigKey) -> bool {
    key.value_type == Type::Password
}

fn secret_or(key: &ConfigKey, value: &str) -> Option<String> {
    (!is_secret(key)).then(|| value.to_owned())
}

/// The value as Kafka writes it once it has been read
/// (`ConfigDef.convertToString`).
fn shown(key: &ConfigKey, value: Option<&str>) -> Option<String> {
    let value = value.filter(|_| !is_secret(key))?.trim();
    Some(match key.value_type {
        Type::Boolean => value.to_lowercase(),
        Type::List => {
            let items: Vec<&str> = value.split(',').map(str::trim).collect();
            items.join(",")
        }
        _ => value.to_owned(),
    })
}
