//! What the form of a client that reads says, as data.

use engine::client::{ConsumerConfig, GroupProtocol, ProducerConfig, ShareConsumerConfig};

use super::ReaderKind;
use crate::panels::inspector::act::acknowledging;
use crate::panels::requests::{Fields, TIME_MAX_MS, whole};
use crate::panels::settings::{SettingsOf, set_all};

/// What the fields of a processor's producer begin with, so that they differ
/// from those of its consumer.
pub(super) const OF_PRODUCER: &str = "producer-";

/// A client that reads, to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerRequest {
    /// The topics it reads.
    pub topics: Vec<String>,
    /// What it is, with its settings; an empty `client.id` leaves that to the
    /// board.
    pub reader: Reader,
    /// How long its application takes for a record, in microseconds.
    pub per_record_us: u64,
}

/// What reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Reader {
    /// A consumer of a group, by its `group.protocol`.
    Member(Box<ConsumerConfig>),
    /// A consumer without a group, of partitions by number; none stands for all
    /// of its topics'.
    Alone(Box<ConsumerConfig>, Vec<i32>),
    /// A share consumer.
    Share(Box<ShareConsumerConfig>),
    /// An application that reads, transforms and writes.
    Processor {
        /// What reads.
        consumer: Box<ConsumerConfig>,
        /// What writes.
        producer: Box<ProducerConfig>,
        /// The topic it writes to.
        output: String,
    },
}

impl ConsumerRequest {
    /// Reads the fields `kind`, `name`, `topics`, `per-record`, those of the
    /// kind, and those of its settings.
    ///
    /// # Errors
    ///
    /// A sentence that says which field to mend.
    pub fn read(fields: Fields<'_>) -> Result<ConsumerRequest, String> {
        let kind = ReaderKind::of_name(&fields("kind"));
        let topics: Vec<String> = list(&fields("topics")).map(str::to_owned).collect();
        if topics.is_empty() {
            return Err("Choose a topic that it reads; make one with New topic first.".to_owned());
        }
        let group = fields("group").trim().to_owned();
        if kind.has_group() && group.is_empty() {
            return Err("Give the consumer a group: fill in group.id.".to_owned());
        }
        let reader = match kind {
            ReaderKind::Classic => {
                Reader::Member(consumer(fields, kind, ConsumerConfig::of_group(group))?)
            }
            ReaderKind::Consumer => {
                let config = ConsumerConfig {
                    group_protocol: GroupProtocol::Consumer,
                    ..ConsumerConfig::of_group(group)
                };
                Reader::Member(consumer(fields, kind, config)?)
            }
            ReaderKind::Alone => Reader::Alone(
                consumer(fields, kind, ConsumerConfig::without_group())?,
                partitions(&fields("partitions"))?,
            ),
            ReaderKind::Share => Reader::Share(share_consumer(fields, group)?),
            ReaderKind::Processor => Reader::Processor {
                consumer: consumer(fields, kind, ConsumerConfig::of_group(group))?,
                producer: producer(fields)?,
                output: fields("output"),
            },
        };
        let per_record_ms = match fields("per-record").trim() {
            "" => 0,
            text => whole(text, "Time for a record (ms)", 0, TIME_MAX_MS)?,
        };
        Ok(ConsumerRequest {
            topics,
            reader,
            per_record_us: u64::from(per_record_ms.unsigned_abs()) * 1_000,
        })
    }
}

/// What stands between commas.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|it| !it.is_empty())
}

fn partitions(text: &str) -> Result<Vec<i32>, String> {
    let numbers = list(text).map(|number| whole(number, "Partitions", 0, i32::MAX));
    numbers.collect()
}

fn consumer(
    fields: Fields<'_>,
    kind: ReaderKind,
    mut config: ConsumerConfig,
) -> Result<Box<ConsumerConfig>, String> {
    let mut given = kind.settings().given(fields);
    given.insert("auto.offset.reset".to_owned(), fields("from"));
    set_all(&mut config, &given)?;
    config.client_id = fields("name").trim().to_owned();
    Ok(Box::new(config))
}

fn share_consumer(fields: Fields<'_>, group: String) -> Result<Box<ShareConsumerConfig>, String> {
    let mut config = ShareConsumerConfig::of_group(group);
    set_all(&mut config, &SettingsOf::ShareConsumer.given(fields))?;
    config.client_id = fields("name").trim().to_owned();
    config.acknowledging = acknowledging(fields)?;
    Ok(Box::new(config))
}

fn producer(fields: Fields<'_>) -> Result<Box<ProducerConfig>, String> {
    let id = fields("transactional-id").trim().to_owned();
    if id.is_empty() {
        return Err(
            "Give its producer a transactional.id: it writes with transactions.".to_owned(),
        );
    }
    let of_producer = |name: &str| fields(&format!("{OF_PRODUCER}{name}"));
    let mut config = ProducerConfig::default();
    set_all(&mut config, &SettingsOf::Producer.given(&of_producer))?;
    config.transactional_id = Some(id);
    Ok(Box::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::fields::filled_in as fields;
    use engine::client::{AcknowledgementRule, Acknowledging, AutoOffsetReset};
    use engine::protocol::AcknowledgeType;

    fn read(pairs: &'static [(&str, &str)]) -> ConsumerRequest {
        ConsumerRequest::read(&fields(pairs)).expect("the fields make sense")
    }

    #[test]
    fn a_consumer_of_a_group_speaks_the_protocol_that_was_chosen() {
        for (kind, protocol) in [
            ("classic", GroupProtocol::Classic),
            ("consumer", GroupProtocol::Consumer),
        ] {
            let pairs: [(&str, &str); 6] = [
                ("kind", kind),
                ("group", " billing "),
                ("topics", "orders,payments"),
                ("from", "earliest"),
                ("name", "clerk"),
                ("per-record", "250"),
            ];
            let request = ConsumerRequest::read(&|name| {
                let field = pairs.iter().find(|(field, _)| *field == name);
                field.map_or(String::new(), |(_, value)| (*value).to_owned())
            });
            let request = request.expect("the fields make sense");
            assert_eq!(request.topics, ["orders", "payments"]);
            assert_eq!(request.per_record_us, 250_000);
            let Reader::Member(config) = request.reader else {
                panic!("{kind} is a member of a group");
            };
            assert_eq!(config.group_protocol, protocol);
            assert_eq!(
                (config.group_id.as_str(), config.client_id.as_str()),
                ("billing", "clerk")
            );
            assert_eq!(config.auto_offset_reset, AutoOffsetReset::Earliest);
        }
    }

    #[test]
    fn a_consumer_without_a_group_is_told_its_partitions() {
        let request = read(&[
            ("kind", "alone"),
            ("topics", "orders"),
            ("from", "latest"),
            ("partitions", "0, 2"),
        ]);
        let Reader::Alone(config, partitions) = request.reader else {
            panic!("it is alone");
        };
        assert!(!config.has_group() && !config.commits_automatically());
        assert_eq!(partitions, [0, 2]);
        let refused = ConsumerRequest::read(&fields(&[
            ("kind", "alone"),
            ("topics", "orders"),
            ("from", "latest"),
            ("partitions", "all"),
        ]));
        let refused = refused.expect_err("all is no number");
        assert!(
            refused.starts_with("Partitions: all will not do"),
            "{refused}"
        );
    }

    #[test]
    fn a_share_consumer_says_what_became_of_records_as_it_was_told() {
        let says = |says: &'static str, every: &'static str| {
            let request = ConsumerRequest::read(&|name: &str| {
                let value = match name {
                    "kind" => "share",
                    "group" => "workers",
                    "topics" => "jobs",
                    "says" => says,
                    "every" => every,
                    "set:max.poll.records" => "2",
                    _ => "",
                };
                value.to_owned()
            });
            match request?.reader {
                Reader::Share(config) => {
                    assert_eq!(config.max_poll_records, 2);
                    Ok(config.acknowledging)
                }
                other => panic!("{other:?}"),
            }
        };
        let rule = |every, with| Ok(Acknowledging::ByRule(AcknowledgementRule { every, with }));
        assert_eq!(says("implicit", ""), Ok(Acknowledging::Implicit));
        assert_eq!(says("hand", ""), Ok(Acknowledging::ByCommand));
        assert_eq!(says("accept", "1"), rule(1, AcknowledgeType::Accept));
        assert_eq!(says("release", "5"), rule(5, AcknowledgeType::Release));
        assert_eq!(says("reject", "3"), rule(3, AcknowledgeType::Reject));
        let refused: Result<Acknowledging, String> = says("reject", "0");
        assert!(refused.is_err_and(|why| why.starts_with("One record in: 0")));
    }

    #[test]
    fn a_processor_has_the_settings_of_a_consumer_and_of_a_producer() {
        let request = read(&[
            ("kind", "processor"),
            ("group", "cashier"),
            ("topics", "orders"),
            ("from", "earliest"),
            ("output", "payments"),
            ("transactional-id", "cashier"),
            ("set:isolation.level", "read_committed"),
            ("producer-set:linger.ms", "50"),
        ]);
        let Reader::Processor {
            consumer,
            producer,
            output,
        } = request.reader
        else {
            panic!("it is a processor");
        };
        assert_eq!(consumer.group_id, "cashier");
        assert_eq!(
            consumer.isolation_level,
            engine::protocol::IsolationLevel::ReadCommitted
        );
        assert_eq!(producer.transactional_id.as_deref(), Some("cashier"));
        assert_eq!((producer.linger_ms, output.as_str()), (50, "payments"));
    }

    #[test]
    fn what_makes_no_sense_names_its_field() {
        let refused = ConsumerRequest::read(&fields(&[("kind", "classic"), ("group", "g")]));
        assert!(refused.is_err_and(|why| why.starts_with("Choose a topic")));
        let refused = ConsumerRequest::read(&fields(&[
            ("kind", "share"),
            ("group", " "),
            ("topics", "jobs"),
        ]));
        assert!(refused.is_err_and(|why| why.ends_with("fill in group.id.")));
        let refused = ConsumerRequest::read(&fields(&[
            ("kind", "processor"),
            ("group", "g"),
            ("topics", "orders"),
            ("from", "earliest"),
        ]));
        assert!(refused.is_err_and(|why| why.contains("transactional.id")));
    }
}
