//! Producers and their accumulators.

use engine::collections::BTreeMap;

use engine::client::{KeyPattern, Producer, ProducerBatch, Workload};
use engine::{TopicPartition, World};

use super::super::geometry::Rect;
use super::super::recent::Recent;
use super::{BatchSlot, Pace, ProducerBox, flow, text_length};
use engine::sorting::{sort_by, sort_by_key};

/// The most partitions of which an accumulator shows what it holds.
pub(super) const SLOTS_MAX: usize = 6;

const PAD: f32 = 0.6;
const NAME_HEIGHT: f32 = 1.5;
const LINE_HEIGHT: f32 = 1.2;
const SLOT_HEIGHT: f32 = 1.15;
const FLOW_HEIGHT: f32 = 1.1;
const CONTROLS_HEIGHT: f32 = 1.65;
const GAP: f32 = 0.35;
/// The width of a character of a line of text.
const CHARACTER: f32 = 0.44;

/// The box of a producer with at most `slots_max` partitions in its
/// accumulator; [`place`] says where it stands. `last` is what it makes up, or
/// made up last.
pub(super) fn describe(
    world: &World,
    producer: &Producer,
    name: &str,
    slots_max: usize,
    last: Option<&Workload>,
    recent: &Recent,
) -> ProducerBox {
    let pace = match (producer.workload(), last) {
        (Some(_), _) => Pace::Running,
        (None, Some(_)) => Pace::Paused,
        (None, None) => Pace::ByHand,
    };
    let mut slots = slots(world, producer, last);
    let in_slots: i32 = slots.iter().map(|slot| slot.records).sum();
    if slots.len() > slots_max {
        // Those that hold something come first, else all by their number.
        sort_by_key(&mut slots, |slot| slot.records == 0 && slot.in_flight == 0);
    }
    let hidden = slots.split_off(slots_max.min(slots.len()));
    sort_by(&mut slots, |one, other| {
        one.topic_partition.cmp(&other.topic_partition)
    });
    let waiting = producer.waiting_records();
    let undelivered = producer.undelivered_records();
    let in_flight = undelivered.saturating_sub(waiting as u32 + in_slots as u32);
    ProducerBox {
        client: producer.connection.number,
        name: name.to_owned(),
        pace,
        target: last.map_or_else(|| by_hand(world, producer), target),
        keys: last.map(|it| keys(it, true)).unwrap_or_default(),
        keys_line: last.map(|it| keys(it, false)).unwrap_or_default(),
        topic: last.map(|workload| workload.topic.clone()),
        waiting,
        in_flight,
        transaction: flow::transaction(producer),
        flow: flow::flow(world, producer, recent, in_flight),
        slots,
        more_slots: hidden
            .iter()
            .filter(|slot| slot.records > 0 || slot.in_flight > 0)
            .count(),
        is_closing: producer.is_closing(),
        is_frozen: world.is_frozen(producer.connection.number),
        rect: Rect::default(),
        accumulator: Rect::default(),
        controls: Rect::default(),
    }
}

/// How high the box is.
pub(super) fn height(producer: &ProducerBox) -> f32 {
    let lines = text_lines(producer) as f32;
    let slots = producer.slots.len() as f32;
    PAD + NAME_HEIGHT
        + (lines + 1.0) * LINE_HEIGHT
        + slots * SLOT_HEIGHT
        + producer.flow.lines.len() as f32 * FLOW_HEIGHT
        + GAP
        + CONTROLS_HEIGHT
        + PAD
}

/// Puts the box and what is in it in place.
pub(super) fn place(producer: &mut ProducerBox, x: f32, y: f32, width: f32) {
    producer.rect = Rect::new(x, y, width, height(producer));
    let (left, inner) = (x + PAD, width - 2.0 * PAD);
    if text_length(&producer.keys) as f32 * CHARACTER <= inner {
        producer.keys_line.clone_from(&producer.keys);
    }
    let lines = text_lines(producer) as f32;
    let top = y + PAD + NAME_HEIGHT + lines * LINE_HEIGHT;
    producer.accumulator = Rect::new(left, top, inner, LINE_HEIGHT);
    let first = producer.accumulator.bottom();
    for (number, slot) in producer.slots.iter_mut().enumerate() {
        let y = first + number as f32 * SLOT_HEIGHT;
        slot.rect = Rect::new(left, y, inner, SLOT_HEIGHT);
    }
    let lines = producer.flow.lines.len() as f32;
    let y = first + producer.slots.len() as f32 * SLOT_HEIGHT;
    producer.flow.rect = Rect::new(left, y, inner, lines * FLOW_HEIGHT);
    let y = producer.rect.bottom() - PAD - CONTROLS_HEIGHT;
    producer.controls = Rect::new(left, y, inner, CONTROLS_HEIGHT);
}

fn text_lines(producer: &ProducerBox) -> usize {
    let of_transaction = usize::from(producer.transaction.is_some());
    match producer.pace {
        Pace::ByHand => 1 + of_transaction,
        Pace::Running | Pace::Paused => 2 + of_transaction,
    }
}

/// One slot for each partition that holds batches or, as long as the producer
/// has a workload, may come to hold some: so that the box keeps its size.
fn slots(world: &World, producer: &Producer, last: Option<&Workload>) -> Vec<BatchSlot> {
    let topic = last.map(|workload| &workload.topic);
    let expected = topic.and_then(|name| Some((name, world.topics().get(name)?)));
    let mut slots: BTreeMap<TopicPartition, BatchSlot> = BTreeMap::new();
    if let Some((name, topic)) = expected {
        for number in 0..topic.partitions.len().min(SLOTS_MAX) {
            let partition = TopicPartition::new(name.clone(), number as i32);
            slots.insert(partition.clone(), empty_slot(producer, partition));
        }
    }
    for (partition, batch) in producer.batches() {
        let slot = slots
            .entry(partition.clone())
            .or_insert_with(|| empty_slot(producer, partition.clone()));
        if slot.batches == 0 {
            slot.linger = linger(world, producer, batch);
            slot.attempts = batch.attempts;
        }
        slot.batches += 1;
        slot.records += batch.record_count();
        slot.bytes = batch.size_in_bytes();
        slot.limit = batch.write_limit();
    }
    for (partition, batch) in producer.in_flight_batches() {
        let slot = slots
            .entry(partition.clone())
            .or_insert_with(|| empty_slot(producer, partition.clone()));
        slot.in_flight += batch.record_count();
        slot.attempts = slot.attempts.max(batch.attempts);
    }
    slots.into_values().collect()
}

/// How long a batch still waits for more records, and how much of `linger.ms`
/// that is.
fn linger(world: &World, producer: &Producer, batch: &ProducerBatch) -> Option<(u64, f32)> {
    let linger_ms = producer.config.linger_ms;
    let left = batch.lingers_until(linger_ms).us_since(world.now());
    let waits = left > 0 && linger_ms > 0 && !batch.is_full();
    waits.then(|| (left, left as f32 / (linger_ms as f32 * 1_000.0)))
}

fn empty_slot(producer: &Producer, topic_partition: TopicPartition) -> BatchSlot {
    let sticky = producer.sticky_partition(&topic_partition.topic);
    BatchSlot {
        is_sticky: sticky == Some(topic_partition.partition),
        topic_partition,
        batches: 0,
        records: 0,
        linger: None,
        attempts: 0,
        in_flight: 0,
        bytes: 0,
        limit: producer.config.batch_size,
        rect: Rect::default(),
    }
}

/// Who has it send, when it makes up nothing.
fn by_hand(world: &World, producer: &Producer) -> String {
    match world.connector_of(producer.connection.number) {
        Some(connector) => format!("sends for {}", connector.config.name),
        None => "sends by hand".to_owned(),
    }
}

fn target(workload: &Workload) -> String {
    format!("{} to {}", rate(workload.interval_us), workload.topic)
}

/// How fast, such as `2 records/s`.
fn rate(interval_us: u64) -> String {
    let interval_us = interval_us.max(1);
    let tenths = (10_000_000 + interval_us / 2) / interval_us;
    match (tenths / 10, tenths % 10) {
        (0, _) => {
            let tenths = (interval_us + 50_000) / 100_000;
            match tenths % 10 {
                0 => format!("1 record in {} s", tenths / 10),
                rest => format!("1 record in {}.{rest} s", tenths / 10),
            }
        }
        (1, 0) => "1 record/s".to_owned(),
        (whole, 0) => format!("{whole} records/s"),
        (whole, rest) if whole < 10 => format!("{whole}.{rest} records/s"),
        (whole, _) => format!("{whole} records/s"),
    }
}

/// The keys, in full words or in few: `user-0 to user-4`, `user-0 to 4`.
fn keys(workload: &Workload, in_full: bool) -> String {
    let range = |prefix: &str, count: u32| {
        let again = if in_full { prefix } else { "" };
        format!("keys {prefix}0 to {again}{}", count.max(1) - 1)
    };
    match &workload.keys {
        KeyPattern::None => "no keys".to_owned(),
        KeyPattern::Fixed(key) => format!("key {key}"),
        KeyPattern::Cycle { prefix, count } => format!("{} in turn", range(prefix, *count)),
        KeyPattern::Random { prefix, count } => format!("{} at random", range(prefix, *count)),
    }
}
