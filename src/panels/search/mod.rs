//! One search over all that has a name: topics, partitions, groups, clients,
//! brokers, and the records of a key.

mod view;

pub use view::Search;

use engine::collections::BTreeMap;

use engine::client::{Client, Processor};
use engine::command::ClientNumber;
use engine::protocol::TopicName;
use engine::{TopicPartition, World};

use super::browser::{Cursor, Filter, browse};
use super::inspector::group_ids;
use crate::stage::{Subject, client_names};

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is: `topic`, `consumer` and so on.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// More of it.
    pub about: String,
    /// What it leads to.
    pub subject: Subject,
}

/// The most hits of each kind.
const HITS_MAX: usize = 12;

/// What has this text in its name, in capitals or not; and the newest records
/// with just this key. Nothing for an empty text.
pub fn search(world: &World, text: &str) -> Vec<Hit> {
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    let wanted = text.to_lowercase();
    let found = |name: &str| name.to_lowercase().contains(&wanted);
    let mut hits = Vec::new();
    hits.extend(topics(world, &found));
    hits.extend(partitions(world, &wanted));
    hits.extend(groups(world, &found));
    hits.extend(clients(world, &found));
    hits.extend(connectors(world, &found));
    hits.extend(servers(world, &found));
    hits.extend(records(world, text));
    hits
}

fn topics(world: &World, found: &impl Fn(&str) -> bool) -> Vec<Hit> {
    let topics = world.topics().iter().filter(|(name, _)| found(name));
    let hit = |(name, topic): (&TopicName, &engine::controller::Topic)| Hit {
        kind: "topic",
        name: name.to_string(),
        about: format!("{} partitions", topic.partitions.len()),
        subject: Subject::Topic(name.clone()),
    };
    topics.map(hit).take(HITS_MAX).collect()
}

/// By their full names, such as `orders-1`; a topic's name alone finds the
/// topic.
fn partitions(world: &World, wanted: &str) -> Vec<Hit> {
    let all = world.image().partitions();
    let named = all.filter(|(of, _)| {
        let is_of_topic = of.topic.to_lowercase().contains(wanted);
        !is_of_topic && of.to_string().to_lowercase().contains(wanted)
    });
    let hit = |(of, registered): (TopicPartition, &std::sync::Arc<_>)| {
        let registered: &engine::controller::PartitionRegistration = registered;
        Hit {
            kind: "partition",
            name: of.to_string(),
            about: match registered.leader {
                Some(leader) => format!("led by broker {leader}"),
                None => "no leader".to_owned(),
            },
            subject: Subject::Partition(of),
        }
    };
    named.map(hit).take(HITS_MAX).collect()
}

fn groups(world: &World, found: &impl Fn(&str) -> bool) -> Vec<Hit> {
    let ids = group_ids(world).into_iter().filter(|id| found(id));
    let hit = |id: String| Hit {
        kind: "group",
        about: about_group(world, &id),
        subject: Subject::Group(id.clone()),
        name: id,
    };
    ids.map(hit).take(HITS_MAX).collect()
}

/// Its type and its state, as its coordinator has them.
fn about_group(world: &World, id: &str) -> String {
    if let Some((_, group)) = world.groups().get(id) {
        return format!("classic, {}", group.state().name());
    }
    if let Some((_, group)) = world.consumer_groups().get(id) {
        return format!("consumer, {}", group.state().name());
    }
    match world.share_groups().get(id) {
        Some((_, group)) => format!("share, {}", group.state().name()),
        None => String::new(),
    }
}

fn clients(world: &World, found: &impl Fn(&str) -> bool) -> Vec<Hit> {
    let names: BTreeMap<_, _> = client_names(world);
    let named = names.into_iter().filter(|(_, name)| found(name));
    let hit = |(number, name): (u32, String)| Hit {
        kind: match processor_of(world, number) {
            Some(_) => "processor",
            None => world.clients()[&number].kind(),
        },
        name,
        about: about_client(world, number),
        subject: Subject::Client(number),
    };
    named.map(hit).take(HITS_MAX).collect()
}

fn processor_of(world: &World, number: ClientNumber) -> Option<&Processor> {
    let mut all = world.processors().values();
    all.find(|processor| processor.has(number))
}

/// What it reads as, or writes to.
fn about_client(world: &World, number: ClientNumber) -> String {
    if let Some(processor) = processor_of(world, number) {
        return match processor.consumer() == number {
            true => format!("reads, for {}", processor.output()),
            false => format!("writes {}", processor.output()),
        };
    }
    match &world.clients()[&number] {
        Client::Consumer(it) if it.config.has_group() => format!("of {}", it.config.group_id),
        Client::Consumer(_) => "without a group".to_owned(),
        Client::ShareConsumer(it) => format!("of share group {}", it.config.group_id),
        Client::Producer(_) | Client::Admin(_) => String::new(),
    }
}

fn connectors(world: &World, found: &impl Fn(&str) -> bool) -> Vec<Hit> {
    let named = world.connectors().iter().filter(|(name, _)| found(name));
    let hit = |(name, connector): (&String, &engine::client::connect::Connector)| Hit {
        kind: "connector",
        name: name.clone(),
        about: connector.state().to_string(),
        subject: Subject::Connector(name.clone()),
    };
    named.map(hit).take(HITS_MAX).collect()
}

fn servers(world: &World, found: &impl Fn(&str) -> bool) -> Vec<Hit> {
    let brokers = world.brokers().values().map(|broker| Hit {
        kind: "broker",
        name: format!("broker {}", broker.id),
        about: broker.state().name().to_owned(),
        subject: Subject::Broker(broker.id),
    });
    let controllers = world.controllers().values();
    let others = controllers.filter(|node| !world.brokers().contains_key(&node.id()));
    let controllers = others.map(|node| Hit {
        kind: "controller",
        name: format!("controller {}", node.id()),
        about: if node.is_active() { "active" } else { "" }.to_owned(),
        subject: Subject::Controller(node.id()),
    });
    let servers = brokers.chain(controllers);
    servers
        .filter(|hit| found(&hit.name))
        .take(HITS_MAX)
        .collect()
}

/// The newest records with this key, of each topic.
fn records(world: &World, key: &str) -> Vec<Hit> {
    let filter = Filter {
        key: Some(key.to_owned()),
        ..Filter::default()
    };
    let mut hits = Vec::new();
    for (topic, _) in world.user_topics() {
        let page = browse(world, topic, &filter, &Cursor::new());
        let records = page.into_iter().flat_map(|page| page.records);
        let left = HITS_MAX.saturating_sub(hits.len());
        hits.extend(records.take(left).map(|record| Hit {
            kind: "record",
            name: format!(
                "key {key}, offset {} of {}",
                record.offset, record.topic_partition
            ),
            about: record.value.unwrap_or_else(|| "null".to_owned()),
            subject: Subject::Record(record.topic_partition, record.offset),
        }));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{consumer, run_ms, shop, start, world_with_topic};
    use engine::Command;
    use engine::client::{ConsumerConfig, ProducerConfig, ShareConsumerConfig};

    #[test]
    fn one_search_finds_all_that_has_a_name_and_the_records_of_a_key() {
        let mut world = world_with_topic("orders", 3);
        shop(&mut world, "orders");
        consumer(&mut world, "Billing", "orders");
        run_ms(&mut world, 8_000);
        let found = |text: &str| -> Vec<(&'static str, String)> {
            let hits = search(&world, text).into_iter();
            hits.map(|hit| (hit.kind, hit.name)).collect()
        };
        let topic = ("topic", "orders".to_owned());
        assert!(found("order").contains(&topic));
        assert_eq!(found("orders-2"), [("partition", "orders-2".to_owned())]);
        let billing = found("billing");
        assert!(
            billing.contains(&("group", "Billing".to_owned())),
            "{billing:?}"
        );
        assert!(
            billing.iter().any(|(kind, _)| *kind == "consumer"),
            "{billing:?}"
        );
        assert!(found("shop").contains(&("producer", "shop".to_owned())));
        assert_eq!(found("broker 1"), [("broker", "broker 1".to_owned())]);
        let records = found("user-1");
        assert!(!records.is_empty() && records.iter().all(|(kind, _)| *kind == "record"));
        assert_eq!(found(" "), []);
    }

    #[test]
    fn share_consumers_and_processors_are_found_as_what_they_are() {
        let mut world = world_with_topic("jobs", 1);
        let topics = vec!["jobs".into()];
        let config = ShareConsumerConfig::of_group("crew");
        start(&mut world, Command::AddShareConsumer { config, topics });
        let command = Command::AddProcessor {
            consumer: ConsumerConfig::of_group("cashier"),
            producer: ProducerConfig {
                client_id: "cashier-writes".to_owned(),
                transactional_id: Some("cashier".to_owned()),
                ..ProducerConfig::default()
            },
            input: vec!["jobs".into()],
            output: "jobs".into(),
        };
        start(&mut world, command);
        run_ms(&mut world, 8_000);
        let found = |text: &str| -> Vec<(&'static str, String)> {
            let hits = search(&world, text).into_iter();
            hits.map(|hit| (hit.kind, hit.about)).collect()
        };
        let crew = found("crew");
        assert!(
            crew.contains(&("group", "share, Stable".to_owned())),
            "{crew:?}"
        );
        assert!(
            crew.contains(&("share consumer", "of share group crew".to_owned())),
            "{crew:?}"
        );
        let cashier = found("cashier");
        assert!(
            cashier.contains(&("processor", "reads, for jobs".to_owned())),
            "{cashier:?}"
        );
        assert!(
            cashier.contains(&("processor", "writes jobs".to_owned())),
            "{cashier:?}"
        );
    }
}
