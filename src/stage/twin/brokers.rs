//! The racks in words.

use super::super::scene::brokers::{BrokenLink, BrokerBox, Cluster, TopicGroup};
use super::{TwinItem, TwinSection, counted};

/// Controllers, brokers with their replicas, and links.
pub(super) fn sections(cluster: &Cluster) -> [TwinSection; 3] {
    let brokers = cluster.brokers.iter().map(|it| broker(it));
    [
        TwinSection {
            heading: "Controllers",
            items: super::or_none(controllers(cluster), "The only broker is the controller."),
        },
        TwinSection {
            heading: "Brokers",
            items: brokers.collect(),
        },
        TwinSection {
            heading: "Network",
            items: super::or_none(links(cluster), "All links are whole."),
        },
    ]
}

fn controllers(cluster: &Cluster) -> Vec<TwinItem> {
    let own = cluster.controllers.iter();
    let own = own.map(|it| TwinItem::leaf(it.sentence()));
    let election = cluster.election.iter();
    let election = election.map(|it| TwinItem::leaf(format!("{}: {}", it.electorate, it.elected)));
    own.chain(election).collect()
}

fn broker(broker: &BrokerBox) -> TwinItem {
    let topics = broker.topics.iter().map(topic);
    // Where replicas are folded, those in full are among their topic's.
    let has_all = broker.topics.iter().any(|topic| !topic.chips.is_empty());
    let in_full = broker
        .tiles
        .iter()
        .filter(|_| !broker.is_folded || !has_all);
    let in_full = in_full.map(|it| TwinItem::leaf(it.sentence()));
    let internal = broker.internal.iter();
    let internal = internal.map(|it| TwinItem::leaf(it.sentence()));
    let more = (broker.more_topics > 0).then(|| {
        format!(
            "and {}, not drawn",
            counted(broker.more_topics, "more topic")
        )
    });
    TwinItem {
        text: broker.sentence(),
        items: in_full
            .chain(topics)
            .chain(internal)
            .chain(more.map(TwinItem::leaf))
            .collect(),
    }
}

fn topic(topic: &TopicGroup) -> TwinItem {
    let replicas = topic.chips.iter();
    TwinItem {
        text: topic.sentence(),
        items: replicas.map(|it| TwinItem::leaf(it.sentence())).collect(),
    }
}

fn links(cluster: &Cluster) -> Vec<TwinItem> {
    let tell = |it: &BrokenLink| format!("Between {} and {}: {}", it.ends.0, it.ends.1, it.words);
    let drawn = cluster.links.iter().map(tell);
    let more = (cluster.more_links > 0).then(|| {
        format!(
            "and {}, not drawn",
            counted(cluster.more_links, "more broken link")
        )
    });
    drawn.chain(more).map(TwinItem::leaf).collect()
}
