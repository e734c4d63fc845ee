//! What share groups have done in partitions, and with single records.

use engine::broker::share::RecordState;
use engine::{TopicPartition, World};

use super::sheet::{Section, TABLE_MAX, Text};
use super::words;

/// Each partition that the group reads, with where its share-partition starts
/// and ends and how many records between are acquired, are there to be had
/// again, and how often one of them was delivered at most.
pub(super) fn partitions(world: &World, id: &str) -> Section {
    let all: Vec<TopicPartition> = world.image().partitions().map(|(of, _)| of).collect();
    let shared = all
        .iter()
        .filter_map(|of| Some((of, world.share_partition(id, of)?)));
    let rows = shared.take(TABLE_MAX).map(|(of, shared)| {
        let runs = shared.batches().values().flat_map(|batch| batch.runs());
        let (mut acquired, mut available, mut most) = (0, 0, 0);
        for (from, to, state) in runs {
            match state.state {
                RecordState::Acquired => acquired += to - from + 1,
                RecordState::Available => available += to - from + 1,
                _ => continue,
            }
            most = most.max(state.delivery_count);
        }
        let end = world.partition(of).map(|it| it.log.high_watermark());
        vec![
            words::partition(of),
            Text::from(shared.start_offset()),
            Text::from(shared.end_offset()),
            Text::from(words::maybe(end, "–")),
            Text::from(acquired),
            Text::from(available),
            Text::from(most),
        ]
    });
    Section::new("Share-partitions").table(
        &[
            "partition",
            "SPSO",
            "SPEO",
            "HW",
            "acquired",
            "available",
            "deliveries",
        ],
        rows.collect(),
    )
}

/// What each share group that reads a record's partition has done with it;
/// `None` when there is none.
pub(super) fn of_record(world: &World, of: &TopicPartition, offset: i64) -> Option<Section> {
    let groups: Vec<String> = world
        .share_groups()
        .into_keys()
        .map(str::to_owned)
        .collect();
    let rows = groups.into_iter().filter_map(|id| {
        let shared = world.share_partition(&id, of)?;
        let (became, deliveries, has, until) = match shared.at(offset) {
            Some(it) => (
                match it.state {
                    RecordState::Available => "available: whoever fetches next may have it",
                    RecordState::Acquired => "acquired: a member has it",
                    RecordState::Acknowledged => "acknowledged: it is done",
                    RecordState::Archived => "archived: it will not be delivered again",
                },
                Text::from(it.delivery_count),
                match it.member_id.as_str() {
                    "" => Text::from("nobody"),
                    member_id => words::member(world, &id, member_id),
                },
                words::maybe(it.lock_until.map(|at| words::due(world.now(), at)), "–"),
            ),
            None if offset < shared.start_offset() => (
                "before the start offset: done with",
                Text::from("–"),
                Text::from("–"),
                "–".to_owned(),
            ),
            None => (
                "not delivered yet",
                Text::from(0_i32),
                Text::from("–"),
                "–".to_owned(),
            ),
        };
        Some(vec![
            words::group(&id),
            Text::from(became),
            deliveries,
            has,
            Text::from(until),
        ])
    });
    let rows: Vec<Vec<Text>> = rows.collect();
    let heads = [
        "group",
        "what became of it",
        "deliveries",
        "who has it",
        "lock ends",
    ];
    (!rows.is_empty()).then(|| Section::new("Share groups").table(&heads, rows))
}
