//! The settings of an admin client, by Kafka's names and with Kafka's defaults
//! (`AdminClientConfig`; 4.0).

use crate::client::config::{Backoffs, Originals, check_common, checked, number, text};
use crate::command::Refusal;
use crate::config::admin;

/// An admin client's settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AdminConfig {
    /// `client.id`; the world gives `adminclient-N` when it is empty.
    pub client_id: String,
    /// `default.api.timeout.ms`: how long a call may take. See
    /// [`AdminConfig::default_api_timeout_ms`].
    pub default_api_timeout_ms: i32,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
    /// `retry.backoff.ms`, `reconnect.backoff.ms` and their `.max.ms`.
    pub backoffs: Backoffs,
    /// The settings that were given by [`AdminConfig::set`].
    pub given: Originals,
}

impl Default for AdminConfig {
    fn default() -> Self {
        AdminConfig {
            client_id: String::new(),
            default_api_timeout_ms: 60_000,
            request_timeout_ms: 30_000,
            metadata_max_age_ms: 300_000,
            backoffs: Backoffs::default(),
            given: Originals::default(),
        }
    }
}

impl AdminConfig {
    /// Kafka's defaults, with this `client.id`.
    pub fn named(client_id: impl Into<String>) -> AdminConfig {
        AdminConfig {
            client_id: client_id.into(),
            ..AdminConfig::default()
        }
    }

    /// Sets one setting by Kafka's name.
    ///
    /// Returns whether the setting is one that the simulation acts on.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] or [`Refusal::CannotConstruct`] with Kafka's
    /// message when the value is not allowed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, Refusal> {
        checked(&admin::CONFIG, name, value)?;
        let mut is_known = true;
        match name {
            "client.id" => self.client_id = text(value),
            "default.api.timeout.ms" => self.default_api_timeout_ms = number(value),
            "request.timeout.ms" => self.request_timeout_ms = number(value),
            "metadata.max.age.ms" => self.metadata_max_age_ms = number(value),
            "metadata.recovery.strategy" => {}
            _ => is_known = self.backoffs.set(name, value),
        }
        self.given.insert(name, value);
        Ok(is_known)
    }

    /// `default.api.timeout.ms`; where it was not given and is less than
    /// `request.timeout.ms`, that
    /// (`KafkaAdminClient.configureDefaultApiTimeoutMs`).
    pub fn default_api_timeout_ms(&self) -> i64 {
        i64::from(self.default_api_timeout_ms.max(self.request_timeout_ms))
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidConfig`] with Kafka's message when they contradict
    /// each other (`KafkaAdminClient.configureDefaultApiTimeoutMs`,
    /// `AdminBootstrapAddresses.fromConfig`).
    pub fn check(&self) -> Result<(), Refusal> {
        check_common(&self.given)?;
        let refuse = |message: &str| Err(Refusal::InvalidConfig(message.to_owned()));
        let servers = self.given.get("bootstrap.servers");
        let controllers = self.given.get("bootstrap.controllers");
        match (servers, controllers.unwrap_or_default()) {
            (Some(""), "") => {
                return refuse("You must set either bootstrap.servers or bootstrap.controllers");
            }
            (Some(""), _) | (None, _) | (Some(_), "") => {}
            (Some(_), _) => {
                return refuse("You cannot set both bootstrap.servers and bootstrap.controllers");
            }
        }
        let is_given = self.given.contains("default.api.timeout.ms");
        if is_given && self.default_api_timeout_ms < self.request_timeout_ms {
            return refuse(
                "The specified value of default.api.timeout.ms must be no smaller than the value \
                 of request.timeout.ms.",
            );
        }
        Ok(())
    }
}
