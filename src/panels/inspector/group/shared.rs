//! How far a share group is in the partitions it reads.

use engine::broker::share::RecordState;
use engine::{TopicPartition, World};

use crate::panels::inspector::sheet::{Section, TABLE_MAX, Text};
use crate::panels::inspector::words;

/// Each partition that the group reads, with its share-partition's offsets and
/// what is in flight between them.
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
            Text::from(format!("{:?}", shared.state())),
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
            "state",
            "start (SPSO)",
            "end (SPEO)",
            "HW",
            "acquired",
            "come back",
            "most deliveries",
        ],
        rows.collect(),
    )
}
