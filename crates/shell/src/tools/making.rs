//! How a tool makes the one client that it drives, and what it says when that
//! cannot be.

use engine::{Command, Refusal};

use super::Host;
use super::connecting::Connecting;
use super::topics::unknown_host;
use crate::bootstrap::{Reach, reach};

/// What the tools that have one client differ in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Making {
    /// `producer` or `consumer`.
    pub kind: &'static str,
    /// Prints an exception that ends the tool, as Java prints it; returns the
    /// exit status.
    pub report: fn(&mut Host, &str) -> i32,
}

impl Making {
    /// A setting was refused. A value that is not allowed is found while the
    /// settings are read, before there is anything to construct; all else is
    /// the cause of the exception that the client's constructor ends with.
    pub fn setting_refused(&self, host: &mut Host, refusal: &Refusal) -> i32 {
        match refusal {
            Refusal::InvalidConfig(message) => {
                let class = class_of("ConfigException");
                (self.report)(host, &format!("{class}: {message}"))
            }
            other => self.not_constructed(host, &other.to_string()),
        }
    }

    /// Looks where the addresses lead: `None` when that is the cluster. The
    /// client is named as its log lines name it.
    pub fn reach(
        &self,
        host: &mut Host,
        addresses: &str,
        client: &str,
    ) -> Result<Option<Connecting>, i32> {
        match reach(host.world(), addresses) {
            Reach::Cluster => Ok(None),
            Reach::Nobody(address) => {
                let mut connecting = Connecting::new(client, &address, host);
                connecting.try_again(host);
                Ok(Some(connecting))
            }
            Reach::UnknownHost {
                host: name,
                address,
            } => {
                unknown_host(host, &name, &address);
                Err(self.not_constructed(host, "no machine here is called that"))
            }
            Reach::NotAnAddress(_) => Err(self.not_constructed(host, "that is no host:port")),
        }
    }

    /// Starts the client by this command; returns its number.
    pub fn start(&self, host: &mut Host, add: Command) -> Result<u32, i32> {
        match host.execute(add) {
            Ok(client) => Ok(client.unwrap_or_default()),
            Err(refusal @ (Refusal::InvalidConfig(_) | Refusal::CannotConstruct { .. })) => {
                Err(self.not_constructed(host, &refusal.to_string()))
            }
            Err(refusal) => {
                host.note(&refusal.to_string());
                Err(1)
            }
        }
    }

    fn not_constructed(&self, host: &mut Host, why: &str) -> i32 {
        let class = class_of("KafkaException");
        let exception = format!("{class}: Failed to construct kafka {}", self.kind);
        let status = (self.report)(host, &exception);
        host.note(&format!("It failed because: {why}"));
        status
    }
}

/// An exception of Kafka's clients with its package.
pub(super) fn class_of(exception: &str) -> String {
    let package = match exception {
        "InvalidRecordException" | "KafkaException" => "org.apache.kafka.common",
        "ConfigException" => "org.apache.kafka.common.config",
        "NoOffsetForPartitionException"
        | "OffsetOutOfRangeException"
        | "LogTruncationException" => "org.apache.kafka.clients.consumer",
        _ => "org.apache.kafka.common.errors",
    };
    format!("{package}.{exception}")
}
