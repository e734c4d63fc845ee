//! What `kafka-topics --create` and `--alter` make of their options
//! (`TopicCommand.CommandTopicPartition`).

use engine::collections::BTreeMap;

use engine::protocol::CreatableTopic;

use super::failure::Failure;
use crate::java::parse_int;
use crate::options::Options;

/// The topic that the options describe.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub name: String,
    pub partitions: Option<i32>,
    pub replication_factor: Option<i32>,
    pub configs: BTreeMap<String, String>,
    /// Whether brokers were named for its partitions.
    pub is_placed: bool,
}

impl Wanted {
    pub fn read(options: &Options) -> Result<Wanted, Failure> {
        Ok(Wanted {
            name: options.value("topic")?.unwrap_or_default().to_owned(),
            partitions: options.int("partitions")?,
            replication_factor: options.int("replication-factor")?,
            is_placed: match options.value("replica-assignment")? {
                Some(text) => check_assignment(text)?,
                None => false,
            },
            configs: configs(options.values("config"))?,
        })
    }

    /// Whether Kafka's metrics could take it for another topic.
    pub fn could_collide(&self) -> bool {
        self.name.contains(['.', '_'])
    }

    /// What to ask the broker for, unless the numbers are out of range.
    pub fn to_request(&self) -> Result<CreatableTopic, Failure> {
        let replication_factor = match self.replication_factor {
            None => -1,
            Some(factor) => i16::try_from(factor)
                .ok()
                .filter(|f| *f >= 1)
                .ok_or_else(|| {
                    Failure::illegal_argument(
                        "The replication factor must be between 1 and 32767 inclusive",
                    )
                })?,
        };
        if self.partitions.is_some_and(|partitions| partitions < 1) {
            return Err(Failure::illegal_argument(
                "The partitions must be greater than 0",
            ));
        }
        if self.name.is_empty() {
            return Err(Failure::of_kafka(
                "InvalidTopicException",
                "The given topic name '' cannot be represented in a request.",
            ));
        }
        Ok(CreatableTopic {
            name: self.name.as_str().into(),
            num_partitions: self.partitions.unwrap_or(-1),
            replication_factor,
            assignments: BTreeMap::new(),
            configs: self.configs.clone(),
        })
    }
}

/// `--config name=value`, as often as it is given.
fn configs(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut configs = BTreeMap::new();
    for config in given {
        let parts: Vec<&str> = config.split('=').collect();
        // As Java splits: empty parts at the end are none.
        let [name, value] = parts[..] else {
            return Err(not_key_value());
        };
        if value.is_empty() {
            return Err(not_key_value());
        }
        configs.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    Ok(configs)
}

fn not_key_value() -> Failure {
    Failure::illegal_argument(
        "requirement failed: Invalid topic config: all configs to be added must be in the format \
         \"key=val\".",
    )
}

/// `1:2,2:3`: the brokers of each partition. Says whether any were named.
fn check_assignment(text: &str) -> Result<bool, Failure> {
    if text.is_empty() {
        return Ok(false);
    }
    let mut first_count = None;
    for (partition, brokers) in text.split(',').enumerate() {
        let brokers = broker_ids(brokers)?;
        let count = *first_count.get_or_insert(brokers.len());
        if brokers.len() != count {
            return Err(Failure::new(
                "org.apache.kafka.server.common.AdminOperationException",
                format!("Partition {partition} has different replication factor: {brokers:?}"),
            ));
        }
    }
    Ok(true)
}

fn broker_ids(text: &str) -> Result<Vec<i32>, Failure> {
    let mut brokers: Vec<i32> = Vec::new();
    let mut doubles: Vec<String> = Vec::new();
    for id in text.split(':').map(str::trim) {
        let id = parse_int(id).ok_or_else(|| {
            let message = format!("For input string: \"{id}\"");
            Failure::new("java.lang.NumberFormatException", message)
        })?;
        if brokers.contains(&id) && !doubles.contains(&id.to_string()) {
            doubles.push(id.to_string());
        }
        brokers.push(id);
    }
    if doubles.is_empty() {
        return Ok(brokers);
    }
    Err(Failure::new(
        "org.apache.kafka.server.common.AdminCommandFailedException",
        format!(
            "Partition replica lists may not contain duplicate entries: {}",
            doubles.join(",")
        ),
    ))
}
