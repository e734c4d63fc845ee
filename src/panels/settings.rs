//! The settings in forms: by Kafka's names, with their defaults, what they
//! take and what they are for. A field that is left empty keeps the default.

mod words;

use engine::collections::BTreeMap;

use engine::Refusal;
use engine::client::{AdminConfig, ConsumerConfig, ProducerConfig, ShareConsumerConfig};
use engine::config::{self, ConfigDef, ConfigKey, Type};
use yew::prelude::*;

use super::fields::choice;
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
    /// A consumer's.
    Consumer,
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

/// What a setting is for, in a few words; empty for one on which nothing here
/// depends.
pub(super) fn words_of(name: &str) -> &'static str {
    words::of(name)
}

/// What forms fill in by fields of their own.
const ELSEWHERE: [&str; 4] = [
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "group.id",
];

impl SettingsOf {
    fn def(self) -> &'static ConfigDef {
        match self {
            SettingsOf::Topic => &config::topic::CONFIG,
            SettingsOf::Producer => &config::producer::CONFIG,
            SettingsOf::Consumer => &config::consumer::CONFIG,
        }
    }

    /// All of them, those that matter here first.
    pub fn all(self) -> Vec<Setting> {
        let keys = self
            .def()
            .keys()
            .filter(|key| !ELSEWHERE.contains(&key.name));
        let mut all: Vec<Setting> = keys.map(setting).collect();
        sort_by_key(&mut all, |it| (it.words.is_empty(), it.name));
        all
    }

    /// The settings that a form's fields set.
    pub fn given(self, fields: Fields<'_>) -> BTreeMap<String, String> {
        let all = self
            .def()
            .keys()
            .filter(|key| !ELSEWHERE.contains(&key.name));
        let given = all.map(|key| (key.name, fields(&format!("{PREFIX}{}", key.name))));
        let set = given.filter(|(_, value)| !value.trim().is_empty());
        set.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn setting(key: &ConfigKey) -> Setting {
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
        set.map_err(|refusal| refusal.to_string())?;
    }
    Ok(())
}

/// What [`SettingsFields`] shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Whose settings.
    pub of: SettingsOf,
}

/// The settings of a form, folded away.
#[component]
pub fn SettingsFields(props: &Props) -> Html {
    let filter = use_state(String::new);
    let oninput = {
        let filter = filter.setter();
        Callback::from(move |event: InputEvent| {
            let field: web_sys::HtmlInputElement = event.target_unchecked_into();
            filter.set(field.value().trim().to_lowercase());
        })
    };
    let all = props.of.all();
    html! {
        <details class="settings">
            <summary>{ format!("Settings ({})", all.len()) }</summary>
            <div class="field">
                <label for="settings-filter">{ "Show settings with" }</label>
                <input id="settings-filter" type="search" autocomplete="off" placeholder="such as timeout" {oninput} />
            </div>
            <div class="settings-grid">
                { for all.iter().map(|it| {
                    let is_hidden = !it.name.contains(filter.as_str()) && !it.words.contains(filter.as_str());
                    one(it, is_hidden)
                }) }
            </div>
        </details>
    }
}

fn options(it: &Setting, default: String) -> Vec<(String, String)> {
    let values = it
        .choices
        .iter()
        .map(|it| ((*it).to_owned(), (*it).to_owned()));
    let keeps_default = (String::new(), default);
    std::iter::once(keeps_default).chain(values).collect()
}

/// What is hidden keeps what was filled in.
fn one(it: &Setting, is_hidden: bool) -> Html {
    let id = format!("{PREFIX}{}", it.name);
    let about = match it.words {
        "" => "Kafka has it; nothing here depends on it.",
        words => words,
    };
    let default = match it.default {
        "" => "default: none".to_owned(),
        default => format!("default: {default}"),
    };
    let note = format!("{id}-note");
    html! {
        <div key={it.name} class="field setting" hidden={is_hidden}>
            <label for={id.clone()}>{ it.name }</label>
            if it.choices.is_empty() {
                <input id={id.clone()} name={id} placeholder={it.default} autocomplete="off" aria-describedby={note.clone()} />
            } else {
                { choice(id.clone().into(), id.into(), &options(it, default.clone()), Some("")) }
            }
            <span id={note} class="note">{ format!("{about} ({}; {default})", it.takes) }</span>
        </div>
    }
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
            "Invalid value -1 for configuration fetch.min.bytes: Value must be at least 0"
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
        for setting in SettingsOf::Consumer.all() {
            let mut config = ConsumerConfig::of_group("billing");
            let acts = config
                .set_one(setting.name, setting.default)
                .unwrap_or(false);
            assert!(!acts || !setting.words.is_empty(), "{}", setting.name);
        }
    }

    #[test]
    fn choices_are_values_that_kafka_takes() {
        for of in [
            SettingsOf::Topic,
            SettingsOf::Producer,
            SettingsOf::Consumer,
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
