//! What a topic's settings say to the controller.

use crate::collections::BTreeMap;

use super::ApiError;
use crate::config::topic::CONFIG;
use crate::protocol::ErrorCode;

/// How many replicas must be in sync for `acks=all` to be taken.
pub const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
/// Whether one that is not in sync may lead when nobody else can.
pub const UNCLEAN_LEADER_ELECTION_ENABLE: &str = "unclean.leader.election.enable";

fn value<'a>(configs: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    let value = CONFIG.value(configs, name);
    value.expect("every setting of a topic has a default")
}

/// The number that holds for a topic of these settings.
pub(crate) fn number(configs: &BTreeMap<String, String>, name: &str) -> i64 {
    let number = value(configs, name).parse();
    number.expect("a topic has no setting that is not valid")
}

/// Whether a topic of these settings has this one on.
pub(super) fn is_true(configs: &BTreeMap<String, String>, name: &str) -> bool {
    value(configs, name).eq_ignore_ascii_case("true")
}

/// Refuses a setting that there is not, or a value it cannot have, with
/// Kafka's words (`LogConfig.validate`).
pub(super) fn validate(configs: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let refused = |error: crate::config::ConfigException| error.to_string();
    let checked = CONFIG.validate(configs).map_err(refused);
    checked.map_err(|message| (ErrorCode::InvalidConfig, message))?;
    let (min, max) = ("min.compaction.lag.ms", "max.compaction.lag.ms");
    let (least, most) = (number(configs, min), number(configs, max));
    if least > most {
        let message = format!("conflict topic config setting {min} ({least}) > {max} ({most})");
        return Err((ErrorCode::InvalidConfig, message));
    }
    Ok(())
}
