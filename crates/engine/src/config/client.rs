//! The settings that producers, consumers and admin clients have in common
//! (`CommonClientConfigs`, `SslConfigs`, `SaslConfigs`).

use super::config_def::DefaultValue::{Is, Null};
use super::config_def::Importance::{High, Low, Medium};
use super::config_def::Type::{Boolean, Class, Double, Int, List, Long, Password, Short, String};
use super::config_def::{ConfigKey, key};
use super::validator::Validator::{Any, AtLeast, Between, Decimals, In, InIgnoringCase};

pub(super) const DNS_LOOKUPS: &[&str] = &[
    "use_all_dns_ips",
    "resolve_canonical_bootstrap_servers_only",
];

/// The settings that all clients have alike.
#[rustfmt::skip]
pub(super) const KEYS: &[ConfigKey] = &[
    key("client.dns.lookup", String, Is("use_all_dns_ips"), In(DNS_LOOKUPS), Medium),
    key("metadata.max.age.ms", Long, Is("300000"), AtLeast(0), Low),
    key("metadata.recovery.strategy", String, Is("none"), InIgnoringCase(&["REBOOTSTRAP", "NONE"]), Low),
    key("metrics.num.samples", Int, Is("2"), AtLeast(1), Low),
    key("metrics.recording.level", String, Is("INFO"), In(&["INFO", "DEBUG", "TRACE"]), Low),
    key("metrics.sample.window.ms", Long, Is("30000"), AtLeast(0), Low),
    key("reconnect.backoff.max.ms", Long, Is("1000"), AtLeast(0), Low),
    key("reconnect.backoff.ms", Long, Is("50"), AtLeast(0), Low),
    key("request.timeout.ms", Int, Is("30000"), AtLeast(0), Medium),
    key("retry.backoff.max.ms", Long, Is("1000"), AtLeast(0), Low),
    key("retry.backoff.ms", Long, Is("100"), AtLeast(0), Low),
    key("sasl.client.callback.handler.class", Class, Null, Any, Medium),
    key("sasl.jaas.config", Password, Null, Any, Medium),
    key("sasl.kerberos.kinit.cmd", String, Is("/usr/bin/kinit"), Any, Low),
    key("sasl.kerberos.min.time.before.relogin", Long, Is("60000"), Any, Low),
    key("sasl.kerberos.service.name", String, Null, Any, Medium),
    key("sasl.kerberos.ticket.renew.jitter", Double, Is("0.05"), Any, Low),
    key("sasl.kerberos.ticket.renew.window.factor", Double, Is("0.8"), Any, Low),
    key("sasl.login.callback.handler.class", Class, Null, Any, Medium),
    key("sasl.login.class", Class, Null, Any, Medium),
    key("sasl.login.connect.timeout.ms", Int, Null, Any, Low),
    key("sasl.login.read.timeout.ms", Int, Null, Any, Low),
    key("sasl.login.refresh.buffer.seconds", Short, Is("300"), Between(0, 3600), Low),
    key("sasl.login.refresh.min.period.seconds", Short, Is("60"), Between(0, 900), Low),
    key("sasl.login.refresh.window.factor", Double, Is("0.8"), Decimals("0.5", "1.0"), Low),
    key("sasl.login.refresh.window.jitter", Double, Is("0.05"), Decimals("0.0", "0.25"), Low),
    key("sasl.login.retry.backoff.max.ms", Long, Is("10000"), Any, Low),
    key("sasl.login.retry.backoff.ms", Long, Is("100"), Any, Low),
    key("sasl.mechanism", String, Is("GSSAPI"), Any, Medium),
    key("sasl.oauthbearer.clock.skew.seconds", Int, Is("30"), Any, Low),
    key("sasl.oauthbearer.expected.audience", List, Null, Any, Low),
    key("sasl.oauthbearer.expected.issuer", String, Null, Any, Low),
    key("sasl.oauthbearer.header.urlencode", Boolean, Is("false"), Any, Low),
    key("sasl.oauthbearer.jwks.endpoint.refresh.ms", Long, Is("3600000"), Any, Low),
    key("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", Long, Is("10000"), Any, Low),
    key("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", Long, Is("100"), Any, Low),
    key("sasl.oauthbearer.jwks.endpoint.url", String, Null, Any, Medium),
    key("sasl.oauthbearer.scope.claim.name", String, Is("scope"), Any, Low),
    key("sasl.oauthbearer.sub.claim.name", String, Is("sub"), Any, Low),
    key("sasl.oauthbearer.token.endpoint.url", String, Null, Any, Medium),
    key("security.protocol", String, Is("PLAINTEXT"), InIgnoringCase(&["SASL_SSL", "PLAINTEXT", "SSL", "SASL_PLAINTEXT"]), Medium),
    key("security.providers", String, Null, Any, Low),
    key("send.buffer.bytes", Int, Is("131072"), AtLeast(-1), Medium),
    key("socket.connection.setup.timeout.max.ms", Long, Is("30000"), Any, Medium),
    key("socket.connection.setup.timeout.ms", Long, Is("10000"), Any, Medium),
    key("ssl.cipher.suites", List, Null, Any, Low),
    key("ssl.enabled.protocols", List, Is("TLSv1.2,TLSv1.3"), Any, Medium),
    key("ssl.endpoint.identification.algorithm", String, Is("https"), Any, Low),
    key("ssl.engine.factory.class", Class, Null, Any, Low),
    key("ssl.key.password", Password, Null, Any, High),
    key("ssl.keymanager.algorithm", String, Is("SunX509"), Any, Low),
    key("ssl.keystore.certificate.chain", Password, Null, Any, High),
    key("ssl.keystore.key", Password, Null, Any, High),
    key("ssl.keystore.location", String, Null, Any, High),
    key("ssl.keystore.password", Password, Null, Any, High),
    key("ssl.keystore.type", String, Is("JKS"), Any, Medium),
    key("ssl.protocol", String, Is("TLSv1.3"), Any, Medium),
    key("ssl.provider", String, Null, Any, Medium),
    key("ssl.secure.random.implementation", String, Null, Any, Low),
    key("ssl.trustmanager.algorithm", String, Is("PKIX"), Any, Low),
    key("ssl.truststore.certificates", Password, Null, Any, High),
    key("ssl.truststore.location", String, Null, Any, High),
    key("ssl.truststore.password", Password, Null, Any, High),
    key("ssl.truststore.type", String, Is("JKS"), Any, Medium),
];
