//! Settings of brokers that can be changed while they run (KIP-226;
//! `kafka.server.DynamicBrokerConfig`).
//!
//! What one broker was given comes before what all were given, and both before
//! what stands in its `server.properties`.

use crate::collections::BTreeMap;

use super::broker::CONFIG;
use super::{BrokerConfig, ConfigException, synonyms};

/// Those of listeners that can be changed with a listener's name before them
/// only (`SslConfigs.RECONFIGURABLE_CONFIGS`).
const SECURITY: &[&str] = &[
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
];

/// Those of one broker alone (`DynamicListenerConfig.ReconfigurableConfigs`).
const OF_LISTENERS: &[&str] = &[
    "listener.security.protocol.map",
    "listeners",
    "principal.builder.class",
    "sasl.enabled.mechanisms",
    "sasl.jaas.config",
    "sasl.kerberos.kinit.cmd",
    "sasl.kerberos.min.time.before.relogin",
    "sasl.kerberos.principal.to.local.rules",
    "sasl.kerberos.service.name",
    "sasl.kerberos.ticket.renew.jitter",
    "sasl.kerberos.ticket.renew.window.factor",
    "sasl.login.refresh.buffer.seconds",
    "sasl.login.refresh.min.period.seconds",
    "sasl.login.refresh.window.factor",
    "sasl.login.refresh.window.jitter",
    "sasl.mechanism.inter.broker.protocol",
    "ssl.cipher.suites",
    "ssl.client.auth",
    "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm",
    "ssl.engine.factory.class",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
];

/// Numbers of threads: at most halved or doubled at a time
/// (`DynamicThreadPool.RECONFIGURABLE_CONFIGS`, `DataPlaneAcceptor`).
const THREADS: &[&str] = &[
    "num.io.threads",
    "num.replica.fetchers",
    "num.recovery.threads.per.data.dir",
    "background.threads",
    "num.network.threads",
];

/// Those that neither listeners nor topics have (`LogCleaner`, `SocketServer`,
/// `DynamicProducerStateManagerConfig`, `DynamicRemoteLogConfig`).
const OTHERS: &[&str] = &[
    "log.cleaner.backoff.ms",
    "log.cleaner.dedupe.buffer.size",
    "log.cleaner.io.buffer.load.factor",
    "log.cleaner.io.buffer.size",
    "log.cleaner.io.max.bytes.per.second",
    "log.cleaner.threads",
    "max.connection.creation.rate",
    "max.connections",
    "max.connections.per.ip",
    "max.connections.per.ip.overrides",
    "metric.reporters",
    "producer.id.expiration.ms",
    "remote.fetch.max.wait.ms",
    "remote.list.offsets.request.timeout.ms",
    "remote.log.index.file.cache.total.size.bytes",
    "remote.log.manager.copier.thread.pool.size",
    "remote.log.manager.copy.max.bytes.per.second",
    "remote.log.manager.expiration.thread.pool.size",
    "remote.log.manager.fetch.max.bytes.per.second",
    "remote.log.reader.threads",
    "transaction.partition.verification.enable",
];

/// Settings that say the same in different units, the first one that is given
/// before the others (`DynamicBrokerConfig.brokerConfigSynonyms`).
const FAMILIES: &[&[&str]] = &[
    &["log.roll.ms", "log.roll.hours"],
    &["log.roll.jitter.ms", "log.roll.jitter.hours"],
    &[
        "log.retention.ms",
        "log.retention.minutes",
        "log.retention.hours",
    ],
];

/// The names under which a broker's setting may have been given, the one that
/// counts first in front.
pub fn synonyms_of(name: &str) -> Vec<&str> {
    if name == "log.flush.interval.ms" {
        return vec![name, "log.flush.scheduler.interval.ms"];
    }
    let family = FAMILIES.iter().find(|family| family.contains(&name));
    family.map_or_else(|| vec![name], |family| family.to_vec())
}

/// Whether a broker's setting can be changed while it runs
/// (`DynamicBrokerConfig.AllDynamicConfigs`).
pub fn is_dynamic(name: &str) -> bool {
    let mut of_topics = synonyms::SYNONYMS.iter();
    let tables = [SECURITY, OF_LISTENERS, THREADS, OTHERS];
    tables.iter().any(|table| table.contains(&name))
        || of_topics.any(|(_, synonyms)| synonyms[0].name == name)
}

/// Whether it can be changed for one broker only, not for all.
fn is_per_broker(name: &str) -> bool {
    // `listener.name.NAME.SETTING`
    let of_listener = name.strip_prefix("listener.name.");
    let setting = of_listener.and_then(|rest| Some(rest.split_once('.')?.1));
    let is_cluster_wide = |setting: &str| {
        let cluster_wide = [
            "max.connections",
            "max.connection.creation.rate",
            "num.network.threads",
        ];
        cluster_wide.contains(&setting)
    };
    SECURITY.contains(&name)
        || OF_LISTENERS.contains(&name)
        || setting.is_some_and(|setting| !is_cluster_wide(setting))
}

/// Refuses what cannot be given to a running broker, or to all of them
/// (`DynamicBrokerConfig.validateConfigs`). A setting that there is not is let
/// through, since a plugin may know it.
///
/// # Errors
///
/// Says why, with Kafka's words.
pub fn validate(
    proposed: &BTreeMap<String, String>,
    is_of_one_broker: bool,
) -> Result<(), ConfigException> {
    let refuse = |why: &str, is_wrong: &dyn Fn(&str) -> bool| {
        let names = proposed.keys().filter(|name| is_wrong(name));
        let names: Vec<&str> = names.map(String::as_str).collect();
        match names.is_empty() {
            true => Ok(()),
            false => Err(ConfigException::Contradiction(format!(
                "{why}: Set({})",
                names.join(", ")
            ))),
        }
    };
    refuse("Cannot update these configs dynamically", &|name| {
        CONFIG.find(name).is_some() && !is_dynamic(name)
    })?;
    refuse(
        "These security configs can be dynamically updated only per-listener using the listener \
         prefix",
        &|name| SECURITY.contains(&name),
    )?;
    for (name, value) in proposed {
        if let Some(key) = CONFIG.find(name) {
            key.check(value)?;
        }
    }
    match is_of_one_broker {
        true => Ok(()),
        false => refuse(
            "Cannot update these configs at default cluster level, broker id must be specified",
            &is_per_broker,
        ),
    }
}

/// Refuses what a broker that runs with `now` cannot be brought to
/// (`BrokerReconfigurable.validateReconfiguration`).
///
/// # Errors
///
/// Says why, with Kafka's words.
pub fn validate_change(now: &BrokerConfig, then: &BrokerConfig) -> Result<(), ConfigException> {
    let checked = THREADS.iter().try_for_each(|name| {
        let (before, after) = (number(now, name), number(then, name));
        let refuse = |why: String| {
            let failed = "Dynamic thread count update validation failed for";
            Err(format!("{failed} {name}={after}, value should {why}"))
        };
        match after {
            after if after == before => Ok(()),
            ..=0 => refuse("be at least 1".to_owned()),
            after if after < before / 2 => {
                refuse(format!("be at least half the current value {before}"))
            }
            after if after > before * 2 => refuse(format!(
                "not be greater than double the current value {before}"
            )),
            _ => Ok(()),
        }
    });
    let checked = checked.and_then(|()| validate_cleaner(now, then));
    checked.map_err(|why| {
        ConfigException::Contradiction(format!(
            "Invalid value org.apache.kafka.common.config.ConfigException: {why} for \
             configuration Invalid dynamic configuration"
        ))
    })
}

/// `LogCleaner.validateReconfiguration`
fn validate_cleaner(now: &BrokerConfig, then: &BrokerConfig) -> Result<(), String> {
    let (before, after) = (
        number(now, "log.cleaner.threads"),
        number(then, "log.cleaner.threads"),
    );
    let refuse = |why: String| Err(format!("Log cleaner threads {why}"));
    match after {
        after if after == before => Ok(()),
        ..=0 => refuse("should be at least 1".to_owned()),
        after if after < before / 2 => refuse(format!(
            "cannot be reduced to less than half the current value {before}"
        )),
        after if after > before * 2 => refuse(format!(
            "cannot be increased to more than double the current value {before}"
        )),
        _ => Ok(()),
    }
}

fn number(config: &BrokerConfig, name: &str) -> i64 {
    let value = config.value(name).and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("brokers have a number for {name}"))
}

impl BrokerConfig {
    /// These settings, those that stand in `server.properties`, with what all
    /// brokers and then what this one was given while they ran.
    ///
    /// # Errors
    ///
    /// When they do not go together.
    pub fn with_dynamic(
        &self,
        of_all_brokers: &BTreeMap<String, String>,
        own: &BTreeMap<String, String>,
    ) -> Result<BrokerConfig, ConfigException> {
        let mut settings = self.overrides().clone();
        for (name, value) in of_all_brokers.iter().chain(own) {
            if CONFIG.find(name).is_some() {
                for synonym in synonyms_of(name) {
                    settings.remove(synonym);
                }
                settings.insert(name.clone(), value.clone());
            }
        }
        BrokerConfig::new(settings)
    }
}
