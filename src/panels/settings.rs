//! The settings in forms: by Kafka's names, with their defaults, what they
//! take and what they are for. A field that is left empty keeps the default.

mod view;
mod words;

pub use view::SettingsFields;

use engine::collections::BTreeMap;

use engine::Refusal;
use engine::client::{
    AdminConfig, ConsumerConfig, GroupProtocol, ProducerConfig, SHARE_GROUP_UNSUPPORTED,
    ShareConsumerConfig,
};
use engine::config::{self, ConfigDef, ConfigKey, Type};

use super::requests::Fields;
use engine::sorting::sort_by_key;

/// What the names of the fields begin with.
const PREFIX: &str = "set:";

/// Whose settings a form has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsOf {
    /// A topic's.
    Topic,
    /// A producer's.
    Producer,
    /// Those of a consumer of a group by the classic protocol.
    Consumer,
    /// Those of a consumer of a group by the protocol of KIP-848.
    ConsumerOfKip848,
    /// Those of a consumer without a group.
    LoneConsumer,
    /// A share consumer's.
    ShareConsumer,
}

/// A setting in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Its default, as Kafka prints it; empty for none.
    pub default: &'static str,
    /// Its type, and which values it takes.
    pub takes: String,
    /// What it is for; empty where nothing in the simulation depends on it.
    pub words: &'static str,
    /// Its values, where there are few.
    pub choices: Vec<&'static str>,
}

/// What forms fill in by fields of their own.
const ELSEWHERE: [&str; 5] = [
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "group.id",
    "group.protocol",
];

/// What stands for nothing without a group.
const OF_GROUPS: [&str; 9] = [
    "auto.commit.interval.ms",
    "enable.auto.commit",
    "group.instance.id",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "internal.leave.group.on.close",
    "max.poll.interval.ms",
    "partition.assignment.strategy",
    "session.timeout.ms",
];

impl SettingsOf {
    fn def(self) -> &'static ConfigDef {
        match self {
            SettingsOf::Topic => &config::topic::CONFIG,
            SettingsOf::Producer => &config::producer::CONFIG,
            SettingsOf::Consumer
            | SettingsOf::ConsumerOfKip848
            | SettingsOf::LoneConsumer
            | SettingsOf::ShareConsumer => &config::consumer::CONFIG,
        }
    }

    /// What such a client cannot have, though others of its section can.
    fn unsupported(self) -> &'static [&'static str] {
        match self {
            SettingsOf::Topic | SettingsOf::Producer => &[],
            SettingsOf::Consumer => GroupProtocol::Classic.unsupported(),
            SettingsOf::ConsumerOfKip848 => GroupProtocol::Consumer.unsupported(),
            SettingsOf::LoneConsumer => &OF_GROUPS,
            SettingsOf::ShareConsumer => SHARE_GROUP_UNSUPPORTED,
        }
    }

    fn keys(self) -> impl Iterator<Item = &'static ConfigKey> {
        let unsupported = self.unsupported();
        let is_left_out =
            move |name: &str| ELSEWHERE.contains(&name) || unsupported.contains(&name);
        self.def().keys().filter(move |key| !is_left_out(key.name))
    }

    /// All of them, those that matter here first.
    pub fn all(self) -> Vec<Setting> {
        let mut all: Vec<Setting> = self.keys().map(setting).collect();
        sort_by_key(&mut all, |it| (it.words.is_empty(), it.name));
        all
    }

    /// The settings that a form's fields set.
    pub fn given(self, fields: Fields<'_>) -> BTreeMap<String, String> {
        let given = self
            .keys()
            .map(|key| (key.name, fields(&format!("{PREFIX}{}", key.name))));
        let set = given.filter(|(_, value)| !value.trim().is_empty());
        set.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

pub(super) fn setting(key: &ConfigKey) -> Setting {
    let words = words::of(key.name);
    let takes = match key.valid_values() {
        Some(valid) => format!("{} {valid}", key.value_type.name().to_lowercase()),
        None => key.value_type.name().to_lowercase(),
    };
    let choices = match (key.value_type, words::choices(key.name)) {
        (Type::Boolean, _) => vec!["true", "false"],
        (_, choices) => choices.to_vec(),
    };
    Setting {
        name: key.name,
        default: key.default_value().unwrap_or_default(),
        takes,
        words,
        choices,
    }
}

impl Setting {
    /// What it is for, what it takes and its default, in a line.
    pub fn note(&self) -> String {
        let about = match self.words {
            "" => "Kafka has it; nothing here depends on it.",
            words => words,
        };
        let default = match self.default {
            "" => "default: none".to_owned(),
            default => format!("default: {default}"),
        };
        format!("{about} ({}; {default})", self.takes)
    }
}

/// What takes settings one by one, and refuses them with Kafka's words.
pub trait Configured {
    /// Sets one.
    ///
    /// # Errors
    ///
    /// Why it was not set.
    fn set_one(&mut self, name: &str, value: &str) -> Result<bool, Refusal>;
}

macro_rules! configured {
    ($($config:ty),+) => {
        $(impl Configured for $config {
            fn set_one(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
                self.set(name, value)
            }
        })+
    };
}

configured!(
    ProducerConfig,
    ConsumerConfig,
    ShareConsumerConfig,
    AdminConfig
);

/// Sets all that was given.
///
/// # Errors
///
/// Kafka's own words about the first that is refused.
pub fn set_all(
    config: &mut impl Configured,
    given: &BTreeMap<String, String>,
) -> Result<(), String> {
    for (name, value) in given {
        let set = config.set_one(name, value);
        set.map_err(|refusal| refusal.sentence())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::fields::filled_in as fields;

    #[test]
    fn what_is_filled_in_is_set_and_the_rest_keeps_its_default() {
        let given = SettingsOf::Producer.given(&fields(&[
            ("set:linger.ms", "200"),
            ("set:acks", "1"),
            ("set:batch.size", " "),
        ]));
        let mut config = ProducerConfig::default();
        set_all(&mut config, &given).expect("Kafka takes them");
        assert_eq!(
            (config.linger_ms, config.acks),
            (200, engine::client::Acks::Leader)
        );
        assert_eq!(config.batch_size, ProducerConfig::default().batch_size);
    }

    #[test]
    fn what_kafka_refuses_is_refused_with_its_words() {
        let given = SettingsOf::Consumer.given(&fields(&[("set:fetch.min.bytes", "-1")]));
        let mut config = ConsumerConfig::of_group("billing");
        let refusal = set_all(&mut config, &given).expect_err("it is below 0");
        assert_eq!(
            refusal,
            "Mend the settings: Invalid value -1 for configuration fetch.min.bytes: Value must be \
             at least 0"
        );
    }

    #[test]
    fn what_the_simulation_acts_on_has_words() {
        for setting in SettingsOf::Producer.all() {
            let mut config = ProducerConfig::default();
            let acts = config
                .set_one(setting.name, setting.default)
                .unwrap_or(false);
            assert!(!acts || !setting.words.is_empty(), "{}", setting.name);
        }
        for of in [SettingsOf::Consumer, SettingsOf::ConsumerOfKip848] {
            for setting in of.all() {
                let mut config = ConsumerConfig::of_group("billing");
                let acts = config
                    .set_one(setting.name, setting.default)
                    .unwrap_or(false);
                assert!(!acts || !setting.words.is_empty(), "{}", setting.name);
            }
        }
        for key in config::group::CONFIG.keys() {
            assert!(!setting(key).words.is_empty(), "{}", key.name);
        }
    }

    #[test]
    fn a_kind_of_consumer_has_only_the_settings_that_it_takes() {
        let has = |of: SettingsOf, name: &str| of.all().iter().any(|it| it.name == name);
        for (name, of_kinds) in [
            ("session.timeout.ms", [true, false, false, false]),
            ("group.remote.assignor", [false, true, false, false]),
            ("enable.auto.commit", [true, true, false, false]),
            ("isolation.level", [true, true, true, false]),
            ("max.poll.records", [true, true, true, true]),
            ("group.protocol", [false, false, false, false]),
        ] {
            let kinds = [
                SettingsOf::Consumer,
                SettingsOf::ConsumerOfKip848,
                SettingsOf::LoneConsumer,
                SettingsOf::ShareConsumer,
            ];
            assert_eq!(kinds.map(|of| has(of, name)), of_kinds, "{name}");
        }
    }

    #[test]
    fn choices_are_values_that_kafka_takes() {
        for of in [
            SettingsOf::Topic,
            SettingsOf::Producer,
            SettingsOf::Consumer,
            SettingsOf::ConsumerOfKip848,
            SettingsOf::LoneConsumer,
            SettingsOf::ShareConsumer,
        ] {
            for setting in of.all() {
                let key = of.def().find(setting.name).expect("it is one of them");
                for choice in setting.choices {
                    assert_eq!(key.check(choice), Ok(()), "{}", setting.name);
                }
            }
        }
    }
}
