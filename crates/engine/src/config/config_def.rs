//! What a setting is (`ConfigDef.ConfigKey`), and a section of them
//! (`ConfigDef`).

use crate::collections::BTreeMap;

use super::error::ConfigException;
use super::validator::{Validator, Wrong};

/// What kind of value a setting has (`ConfigDef.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `true` or `false`, in any case.
    Boolean,
    /// A text.
    String,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// A whole number of 16 bits.
    Short,
    /// A decimal number.
    Double,
    /// Texts with commas between them.
    List,
    /// A Java class, by name. The engine has none: every name is taken.
    Class,
    /// A text that is not shown.
    Password,
}

impl Type {
    /// The name Kafka prints.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Boolean => "BOOLEAN",
            Type::String => "STRING",
            Type::Int => "INT",
            Type::Long => "LONG",
            Type::Short => "SHORT",
            Type::Double => "DOUBLE",
            Type::List => "LIST",
            Type::Class => "CLASS",
            Type::Password => "PASSWORD",
        }
    }
}

/// How likely somebody has to change a setting (`ConfigDef.Importance`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// Very.
    High,
    /// Somewhat.
    Medium,
    /// Hardly.
    Low,
}

impl Importance {
    /// The name Kafka prints.
    pub const fn name(self) -> &'static str {
        match self {
            Importance::High => "HIGH",
            Importance::Medium => "MEDIUM",
            Importance::Low => "LOW",
        }
    }
}

/// The value of a setting that nobody has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// This one, as Kafka prints it.
    Is(&'static str),
    /// Kafka's `null`: it has none.
    Null,
    /// None: it must be given (`ConfigDef.NO_DEFAULT_VALUE`).
    Required,
}

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigKey {
    /// Its name.
    pub name: &'static str,
    /// What kind of value it has.
    pub value_type: Type,
    /// The value it has when nobody has set it.
    pub default: DefaultValue,
    /// Which values of its type it takes.
    pub validator: Validator,
    /// How likely it has to be changed.
    pub importance: Importance,
}

/// A line of a section's table.
pub(super) const fn key(
    name: &'static str,
    value_type: Type,
    default: DefaultValue,
    validator: Validator,
    importance: Importance,
) -> ConfigKey {
    ConfigKey {
        name,
        value_type,
        default,
        validator,
        importance,
    }
}

impl ConfigKey {
    /// The value it has when nobody has set it; `None` for Kafka's `null`, and
    /// when it must be given.
    pub fn default_value(&self) -> Option<&'static str> {
        match self.default {
            DefaultValue::Is(value) => Some(value),
            DefaultValue::Null | DefaultValue::Required => None,
        }
    }

    /// What values it takes, as Kafka's documentation says it; `None` when it
    /// takes every value of its type.
    pub fn valid_values(&self) -> Option<String> {
        self.validator.valid_values()
    }

    /// Refuses a value that it does not take (`ConfigDef.parseType` and
    /// `ConfigDef.Validator.ensureValid`).
    ///
    /// # Errors
    ///
    /// Says why, with Kafka's words.
    pub fn check(&self, value: &str) -> Result<(), ConfigException> {
        let checked = self.validator.check(self.name, self.value_type, value);
        checked.map_err(|Wrong { shown, why }| ConfigException::InvalidValue {
            name: self.name.to_owned(),
            value: shown,
            why,
        })
    }
}

/// All settings of a section.
#[derive(Clone, Copy, Debug)]
pub struct ConfigDef {
    /// What they are given to: `topic`, `broker` and so on.
    pub section: &'static str,
    /// Its tables, each sorted by name. Clients share one of them.
    pub(super) tables: &'static [&'static [ConfigKey]],
}

impl ConfigDef {
    /// The settings, table by table.
    pub fn keys(&self) -> impl Iterator<Item = &'static ConfigKey> {
        self.tables.iter().copied().flatten()
    }

    /// The setting of this name.
    pub fn find(&self, name: &str) -> Option<&'static ConfigKey> {
        self.tables.iter().find_map(|table| {
            let index = table.binary_search_by_key(&name, |key| key.name).ok()?;
            Some(&table[index])
        })
    }

    /// The value that holds where these have been set; `None` for Kafka's
    /// `null`, and when there is no such setting.
    pub fn value<'a>(&self, configs: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
        let own = configs.get(name).map(|value| value.trim());
        own.or_else(|| self.find(name)?.default_value())
    }

    /// Refuses a setting that there is not, or a value it does not take.
    ///
    /// # Errors
    ///
    /// Names the first of them, by name.
    pub fn validate(&self, configs: &BTreeMap<String, String>) -> Result<(), ConfigException> {
        for (name, value) in configs {
            let unknown = || ConfigException::Unknown {
                section: self.section,
                name: name.clone(),
            };
            self.find(name).ok_or_else(unknown)?.check(value)?;
        }
        Ok(())
    }
}
