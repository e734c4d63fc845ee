//! What can be done to a group: what `kafka-consumer-groups.sh` and
//! `kafka-configs.sh` do to it.

use engine::client::Client;
use engine::collections::BTreeSet;
use engine::config;
use engine::protocol::{ConfigResource, DeleteGroupsRequest, Request, TopicName};
use engine::{TopicPartition, World};

use crate::panels::inspector::act::{Act, Deed, Field, Verb};
use crate::panels::inspector::sheet::Sheet;
use crate::panels::inspector::words::Reading;
use crate::stage::BoardAction;

pub(super) fn add(sheet: Sheet, world: &World, id: &str) -> Sheet {
    let is_share = world.share_groups().contains_key(id);
    let settings = config::group::CONFIG.keys();
    let wanted = if is_share { "share." } else { "consumer." };
    let settings = settings.filter(move |key| key.name.starts_with(wanted));
    let sheet = sheet.can(add_consumer(world, id)).can(Act::alter(
        "Change a setting",
        ConfigResource::group(id),
        settings,
    ));
    let sheet = match is_share {
        true => sheet,
        false => of_offsets(sheet, world, id),
    };
    let request = DeleteGroupsRequest {
        groups_names: vec![id.to_owned()],
    };
    sheet.can(
        Act::new(
            "Delete group",
            "DeleteGroups: with all that it has committed; only when it has no members",
            Deed::Admin(Box::new(Request::DeleteGroups(request))),
        )
        .grave(),
    )
}

/// One more that reads what the others read; where nobody says what that is,
/// the form asks.
fn add_consumer(world: &World, id: &str) -> Act {
    let subscriptions = world.clients().values().filter_map(|client| match client {
        Client::Consumer(it) if it.config.group_id == id => Some(it.subscription()),
        Client::ShareConsumer(it) if it.config.group_id == id => Some(it.subscription()),
        _ => None,
    });
    let topics: BTreeSet<TopicName> = subscriptions.flatten().cloned().collect();
    let add = BoardAction::AddConsumer {
        group: id.to_owned(),
        topics: topics.into_iter().collect(),
    };
    Act::new(
        "Add a consumer",
        "One more member, reading what the others read",
        Deed::Board(add),
    )
}

fn of_offsets(sheet: Sheet, world: &World, id: &str) -> Sheet {
    let all: Vec<TopicPartition> = Reading::of(world, id).partitions().into_iter().collect();
    if all.is_empty() {
        return sheet;
    }
    let to = [
        ("earliest", "the log start (--to-earliest)"),
        ("latest", "the high watermark (--to-latest)"),
        ("offset", "the offset (--to-offset)"),
        ("timestamp", "the first record not older (--to-datetime)"),
        ("shift", "so many offsets on, or back with - (--shift-by)"),
    ];
    let to = to.map(|(value, text)| (value.to_owned(), text.to_owned()));
    let topics: BTreeSet<&TopicName> = all.iter().map(|of| &of.topic).collect();
    let topics: Vec<(String, String)> = topics
        .into_iter()
        .map(|topic| (topic.to_string(), topic.to_string()))
        .collect();
    sheet
        .can(
            Act::ask(
                "Reset offsets",
                "kafka-consumer-groups.sh --reset-offsets: where it goes on; only when it has \
                 no members",
                vec![
                    Field::partitions(&all),
                    Field::choice("to", "To", to),
                    Field::typed("offset", "Offset, timestamp in ms, or shift", "0"),
                ],
                Verb::ResetOffsets(id.to_owned(), all.clone()),
            )
            .grave(),
        )
        .can(
            Act::ask(
                "Delete offsets",
                "OffsetDelete: it begins there again as auto.offset.reset says; only of a topic \
                 that no member reads",
                vec![Field::choice("topic", "Topic", topics)],
                Verb::DeleteOffsets(id.to_owned(), all),
            )
            .grave(),
        )
}
