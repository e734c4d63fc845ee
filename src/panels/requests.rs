//! What the forms' fields say, as data; or, in a sentence, why they make no
//! sense. Nothing here knows of a browser.

use engine::collections::BTreeMap;

use engine::client::{KeyPattern, OutgoingRecord, ProducerConfig, Workload};
use engine::command::ClientNumber;

use super::settings::{SettingsOf, set_all};

/// The most records a second that a producer makes up.
const RATE_MAX: f64 = 1_000.0;
/// The longest time that a person may fill in, in milliseconds: an hour.
pub(super) const TIME_MAX_MS: i32 = 3_600_000;
/// The most different keys a producer makes up.
const KEYS_MAX: u32 = 1_000_000;

/// A producer to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerRequest {
    /// Its settings; an empty `client.id` leaves that to the world.
    pub config: Box<ProducerConfig>,
    /// What it makes up; `None` leaves it to be sent by hand.
    pub workload: Option<Workload>,
}

/// A record to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordRequest {
    /// The producer; `None` takes one that is kept for this.
    pub producer: Option<ClientNumber>,
    /// The record.
    pub record: OutgoingRecord,
}

/// A topic to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicRequest {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 leaves it to `num.partitions`.
    pub partitions: i32,
    /// How many copies of each; -1 leaves it to `default.replication.factor`.
    pub replication_factor: i16,
    /// Its own settings, by Kafka's names.
    pub configs: BTreeMap<String, String>,
}

/// The fields of a form, by name; a field that is missing is empty.
pub type Fields<'a> = &'a dyn Fn(&str) -> String;

impl ProducerRequest {
    /// Reads the fields `name`, `topic`, `keys`, `key-prefix`, `key-count` and
    /// `rate`, and those of its settings.
    ///
    /// # Errors
    ///
    /// A sentence that says which field to mend.
    pub fn read(fields: Fields<'_>) -> Result<ProducerRequest, String> {
        let interval_us = interval_us(fields)?;
        let prefix = fields("key-prefix");
        let keys = match fields("keys").as_str() {
            "fixed" => KeyPattern::Fixed(prefix),
            "cycle" => KeyPattern::Cycle {
                prefix,
                count: count(fields)?,
            },
            "random" => KeyPattern::Random {
                prefix,
                count: count(fields)?,
            },
            _ => KeyPattern::None,
        };
        let workload = interval_us.map(|interval_us| Workload {
            topic: fields("topic").as_str().into(),
            keys,
            interval_us,
            burst: 1,
            value_prefix: "event ".to_owned(),
            value_bytes: 0,
        });
        let mut config = ProducerConfig {
            client_id: fields("name").trim().to_owned(),
            ..ProducerConfig::default()
        };
        set_all(&mut config, &SettingsOf::Producer.given(fields))?;
        let config = Box::new(config);
        Ok(ProducerRequest { config, workload })
    }
}

impl RecordRequest {
    /// Reads the fields `producer`, `topic`, `key`, `value` and `partition`. An
    /// empty key is no key.
    ///
    /// # Errors
    ///
    /// A sentence that says which field to mend.
    pub fn read(fields: Fields<'_>) -> Result<RecordRequest, String> {
        let key = fields("key");
        let partition = fields("partition");
        let partition = match partition.trim() {
            "" => None,
            text => Some(whole(text, "Partition", 0, i32::MAX)?),
        };
        Ok(RecordRequest {
            producer: fields("producer").parse().ok(),
            record: OutgoingRecord {
                topic: fields("topic").as_str().into(),
                partition,
                key: (!key.is_empty()).then(|| key.into_bytes()),
                value: Some(fields("value").into_bytes()),
                ..OutgoingRecord::default()
            },
        })
    }
}

impl TopicRequest {
    /// Reads the fields `name`, `partitions` and `replicas`, and those of its settings,
    /// which the controller refuses with Kafka's words.
    ///
    /// # Errors
    ///
    /// A sentence that says which field to mend.
    pub fn read(fields: Fields<'_>) -> Result<TopicRequest, String> {
        let name = fields("name").trim().to_owned();
        if name.is_empty() {
            return Err("Give the topic a name.".to_owned());
        }
        let partitions = match fields("partitions").trim() {
            "" => -1,
            text => whole(text, "Partitions", 1, engine::controller::PARTITIONS_MAX)?,
        };
        let replicas = match fields("replicas").trim() {
            "" => -1,
            text => whole(text, "Replication factor", 1, i32::from(i16::MAX))?,
        };
        Ok(TopicRequest {
            name,
            partitions,
            replication_factor: i16::try_from(replicas).unwrap_or(i16::MAX),
            configs: SettingsOf::Topic.given(fields),
        })
    }
}

/// The time between two records by the field `rate`, in microseconds; `None`
/// for no records.
///
/// # Errors
///
/// A sentence that says which field to mend.
pub(super) fn interval_us(fields: Fields<'_>) -> Result<Option<u64>, String> {
    let rate = number(&fields("rate"), "Records per second", 0.0, RATE_MAX)?;
    Ok((rate > 0.0).then(|| (1_000_000.0 / rate).round() as u64))
}

fn count(fields: Fields<'_>) -> Result<u32, String> {
    let count = whole(&fields("key-count"), "How many keys", 1, KEYS_MAX as i32)?;
    Ok(count.unsigned_abs())
}

pub(super) fn whole(text: &str, field: &str, min: i32, max: i32) -> Result<i32, String> {
    let number = text.trim().parse::<i32>().ok();
    number
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| {
            format!("{field}: {text} will not do, take a whole number from {min} to {max}.")
        })
}

fn number(text: &str, field: &str, min: f64, max: f64) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok();
    number
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("{field}: {text} will not do, take a number from {min} to {max}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::fields::filled_in as fields;

    #[test]
    fn a_producer_form_becomes_a_workload() {
        let request = ProducerRequest::read(&fields(&[
            ("name", " shop "),
            ("topic", "orders"),
            ("keys", "cycle"),
            ("key-prefix", "user-"),
            ("key-count", "3"),
            ("rate", "2.5"),
        ]))
        .expect("the fields make sense");
        assert_eq!(request.config.client_id, "shop");
        let workload = request.workload.expect("it makes up records");
        assert_eq!(workload.interval_us, 400_000);
        assert_eq!(
            workload.keys,
            KeyPattern::Cycle {
                prefix: "user-".to_owned(),
                count: 3
            }
        );
    }

    #[test]
    fn a_field_that_makes_no_sense_is_named() {
        let refusals = [
            ProducerRequest::read(&fields(&[("rate", "fast")])).map(|_| ()),
            ProducerRequest::read(&fields(&[("rate", "NaN")])).map(|_| ()),
            ProducerRequest::read(&fields(&[
                ("rate", "1"),
                ("keys", "random"),
                ("key-count", "0"),
            ]))
            .map(|_| ()),
            RecordRequest::read(&fields(&[("partition", "-1")])).map(|_| ()),
            TopicRequest::read(&fields(&[("name", "t"), ("partitions", "0")])).map(|_| ()),
            TopicRequest::read(&fields(&[("name", "t"), ("replicas", "two")])).map(|_| ()),
        ];
        for refusal in refusals {
            let sentence = refusal.expect_err("it makes no sense");
            assert!(sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn an_empty_key_is_no_key() {
        let request =
            RecordRequest::read(&fields(&[("topic", "t"), ("value", "v")])).expect("fine");
        assert_eq!(request.record.key, None);
        assert_eq!(request.record.value.as_deref(), Some(b"v".as_slice()));
    }
}
