//! The settings of topics, brokers, clients and groups.

use engine::config::{self, DefaultValue};
use serde_json::Value;

use super::Kind;
use super::case::{Outcome, expect_eq, flag, optional_text, text};

pub const KIND: Kind = Kind {
    name: "config_defaults",
    recognises: |_, case| case.get("importance").is_some() && case.get("type").is_some(),
    run,
};

fn run(case: &Value) -> Outcome {
    let (section, name) = (text(case, "section")?, text(case, "name")?);
    let section = config::section(section).ok_or("the section is not modelled yet")?;
    let key = section
        .find(name)
        .ok_or("the setting is not modelled yet")?;
    expect_eq("type", &text(case, "type")?, &key.value_type.name())?;
    let is_required = key.default == DefaultValue::Required;
    expect_eq("required", &flag(case, "required"), &is_required)?;
    let default = key.default_value().map(str::to_owned);
    expect_eq("default", &optional_text(case, "default"), &default)?;
    expect_eq("valid", &optional_text(case, "valid"), &key.valid_values())?;
    expect_eq(
        "importance",
        &text(case, "importance")?,
        &key.importance.name(),
    )
}
