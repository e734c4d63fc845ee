//! Settings that are changed and told as the `kafka-configs` tool does it.

use engine::protocol::{
    AlterConfigsResource, AlterableConfig, ConfigOperation, ConfigResource, DescribeConfigsRequest,
    DescribeConfigsResource, DescribedConfig, IncrementalAlterConfigsRequest, Request, Response,
};
use engine::{ErrorCode, World};

use super::{admin_call, run_ms};

/// `--add-config` (`name=value`) and `--delete-config` (`name`); says what the
/// cluster says.
pub fn try_alter(
    world: &mut World,
    resource: &ConfigResource,
    changes: &[&str],
) -> (ErrorCode, String) {
    let change = |text: &&str| match text.split_once('=') {
        Some((name, value)) => AlterableConfig::set(name, value),
        None => AlterableConfig::delete(*text),
    };
    alter_with(world, resource, changes.iter().map(change).collect())
}

/// The same with changes of any kind.
pub fn alter_with(
    world: &mut World,
    resource: &ConfigResource,
    configs: Vec<AlterableConfig>,
) -> (ErrorCode, String) {
    let resource = resource.clone();
    let answers = alter_all(
        world,
        vec![AlterConfigsResource { resource, configs }],
        false,
    );
    answers[0].clone()
}

/// Adds to a list, or takes from it.
pub fn list_change(name: &str, operation: ConfigOperation, value: &str) -> AlterableConfig {
    AlterableConfig {
        name: name.to_owned(),
        config_operation: operation,
        value: Some(value.to_owned()),
    }
}

/// Changes of several things in one call; what is said of each.
pub fn alter_all(
    world: &mut World,
    resources: Vec<AlterConfigsResource>,
    validate_only: bool,
) -> Vec<(ErrorCode, String)> {
    let request = Request::IncrementalAlterConfigs(IncrementalAlterConfigsRequest {
        resources,
        validate_only,
    });
    match admin_call(world, request) {
        Response::IncrementalAlterConfigs(response) => {
            let answers = response.responses.into_iter();
            answers
                .map(|it| (it.error_code, it.error_message.unwrap_or_default()))
                .collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Changes that succeed, and the time it takes until brokers know of them.
pub fn alter(world: &mut World, resource: &ConfigResource, changes: &[&str]) {
    let (error, message) = try_alter(world, resource, changes);
    assert!(error.is_none(), "{error}: {message}");
    run_ms(world, 1_000);
}

/// The settings of something, or why they are not told.
pub fn described(
    world: &mut World,
    resource: &ConfigResource,
) -> Result<Vec<DescribedConfig>, (ErrorCode, Option<String>)> {
    let request = Request::DescribeConfigs(DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource: resource.clone(),
            configuration_keys: None,
        }],
        include_synonyms: true,
    });
    match admin_call(world, request) {
        Response::DescribeConfigs(mut response) => {
            let result = response.results.remove(0);
            match result.error_code.is_none() {
                true => Ok(result.configs),
                false => Err((result.error_code, result.error_message)),
            }
        }
        other => panic!("{other:?}"),
    }
}

/// `--describe --all`: a line for each setting.
pub fn describe_all(world: &mut World, resource: &ConfigResource) -> Vec<String> {
    let configs = described(world, resource).expect("they are told");
    configs.iter().map(line).collect()
}

/// `--describe`: those that were set while the cluster ran.
pub fn describe_dynamic(world: &mut World, resource: &ConfigResource) -> Vec<String> {
    let configs = described(world, resource).expect("they are told");
    let of_any = resource.resource_name.is_empty();
    let source = match resource.resource_type.name() {
        "BROKER" if of_any => "DYNAMIC_DEFAULT_BROKER_CONFIG".to_owned(),
        kind => format!("DYNAMIC_{kind}_CONFIG"),
    };
    let dynamic = configs
        .iter()
        .filter(|it| it.config_source.name() == source);
    dynamic.map(line).collect()
}

fn line(config: &DescribedConfig) -> String {
    let synonyms = config.synonyms.iter().map(|it| {
        let value = it.value.as_deref().unwrap_or("null");
        format!("{}:{}={value}", it.source.name(), it.name)
    });
    let synonyms: Vec<String> = synonyms.collect();
    format!(
        "{}={} sensitive={} synonyms={{{}}}",
        config.name,
        config.value.as_deref().unwrap_or("null"),
        config.is_sensitive,
        synonyms.join(", ")
    )
}
