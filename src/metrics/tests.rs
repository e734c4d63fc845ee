//! Figures of worlds that are small enough to be reckoned by hand.

use engine::client::{AutoOffsetReset, ConsumerConfig, OutgoingRecord, Processing, ProducerConfig};
use engine::client::{ConsumerEvent, KeyPattern, Workload};
use engine::collections::BTreeMap;
use engine::{Command, Event, EventKind, TopicPartition, World, WorldConfig};

use super::*;
use crate::panels::inspector::group_ids;
use crate::playground::{Playground, WORLDS};
use crate::stage::Subject;
use crate::stage::testing;

/// A world that is measured from its beginning.
struct Measured {
    world: World,
    recorder: Recorder,
    events: Vec<Event>,
}

impl Measured {
    /// A broker that has a topic with so many partitions.
    fn with_topic(topic: &str, partitions: i32) -> Measured {
        let world = testing::world_with_topic(topic, partitions);
        let mut measured = Measured {
            world,
            recorder: Recorder::default(),
            events: Vec::new(),
        };
        measured.recorder.pass(&measured.world);
        measured
    }

    fn run(&mut self, command: Command) -> Option<u32> {
        let outcome = self.world.execute(command).expect("it can be done");
        self.note(outcome.events);
        outcome.client
    }

    fn pass_ms(&mut self, ms: i64) {
        let until = self.world.now().plus_ms(ms);
        while self.world.now() < until {
            let at = self.recorder.next_sample().min(until);
            let events = self.world.advance_to(at);
            self.note(events);
        }
    }

    fn note(&mut self, events: Vec<Event>) {
        for event in &events {
            self.recorder.note(event, &self.world);
        }
        self.recorder.pass(&self.world);
        self.events.extend(events);
    }

    fn figures(&self) -> Figures {
        figures(&self.world, &self.recorder)
    }

    fn group(&self, id: &str) -> ReaderFigures {
        let figures = self.figures();
        reader(&figures, &Subject::Group(id.to_owned())).clone()
    }

    /// A consumer of the group that takes so long over each record, at rest.
    fn reading(&mut self, group: &str, topic: &str, per_record_ms: u64) -> u32 {
        let config = ConsumerConfig {
            auto_offset_reset: AutoOffsetReset::Earliest,
            ..ConsumerConfig::of_group(group)
        };
        let topics = vec![topic.into()];
        let consumer = self.run(Command::AddConsumer { config, topics });
        let consumer = consumer.expect("it started");
        self.run(Command::SetProcessing {
            consumer,
            processing: Processing {
                per_record_us: per_record_ms * 1_000,
                commit: None,
            },
        });
        self.pass_ms(10_000);
        consumer
    }

    fn producer(&mut self, workload: Option<Workload>) -> u32 {
        let config = ProducerConfig::default();
        let producer = self.run(Command::AddProducer { config, workload });
        producer.expect("it started")
    }

    fn send(&mut self, producer: u32, topic: &str, partition: i32) {
        let record = OutgoingRecord {
            topic: topic.into(),
            partition: Some(partition),
            value: Some(b"a value".to_vec()),
            ..OutgoingRecord::default()
        };
        self.run(Command::Send { producer, record });
    }

    /// How long after `since_ms` each record was done with, in order.
    fn processed_after(&self, since_ms: u64) -> Vec<u64> {
        let processed = self.events.iter().flat_map(|event| match &event.kind {
            EventKind::Consumer {
                event: ConsumerEvent::RecordsProcessed { records, .. },
                ..
            } => vec![event.at.as_ms() - since_ms; *records as usize],
            _ => Vec::new(),
        });
        processed.collect()
    }
}

fn reader<'a>(figures: &'a Figures, subject: &Subject) -> &'a ReaderFigures {
    let found = figures.readers.iter().find(|it| it.subject == *subject);
    found.unwrap_or_else(|| panic!("{subject} is not among {:?}", figures.readers))
}

fn line<'a>(chart: &'a Chart, name: &str) -> &'a Line {
    let found = chart.lines.iter().find(|it| it.name == name);
    found.expect("the chart has it")
}

fn assert_close(shown: Option<u64>, ms: u64) {
    let shown = shown.expect("there were records");
    assert!(shown.abs_diff(ms) <= ms / 64, "{shown} ms, and not {ms} ms");
}

#[test]
fn latency_is_from_a_records_timestamp_until_it_is_processed() {
    let mut world = Measured::with_topic("orders", 1);
    world.reading("billing", "orders", 300);
    // The first record waits for the producer's metadata.
    let producer = world.producer(None);
    world.send(producer, "orders", 0);
    world.pass_ms(10_000);
    let sent_ms = world.world.now().as_ms();
    world.events.clear();
    // One batch, done with record by record.
    for _ in 0..4 {
        world.send(producer, "orders", 0);
    }
    world.pass_ms(4_000);
    let took = world.processed_after(sent_ms);
    assert_eq!(took.len(), 4, "{took:?}");
    assert_eq!(took[3] - took[0], 900, "three more, 300 ms each");
    let latency = world.group("billing").latency;
    assert_close(line(&latency, "p50").now, took[1]);
    assert_close(line(&latency, "p99").now, took[3]);
    // When the window has passed there is nothing to tell.
    world.pass_ms(10_000);
    let latency = world.group("billing").latency;
    assert_eq!(line(&latency, "p50").now, None);
    assert_eq!(latency.now(), "none");
}

#[test]
fn throughput_is_what_leaders_append_and_what_groups_are_done_with() {
    let mut world = Measured::with_topic("orders", 2);
    world.reading("billing", "orders", 0);
    world.producer(Some(Workload {
        topic: "orders".into(),
        keys: KeyPattern::Cycle {
            prefix: "user-".to_owned(),
            count: 5,
        },
        interval_us: 250_000,
        burst: 1,
        value_prefix: "order ".to_owned(),
        value_bytes: 0,
    }));
    world.pass_ms(20_000);
    let figures = world.figures();
    let topic = &figures.topics[0];
    let group = reader(&figures, &Subject::Group("billing".to_owned()));
    // Four records a second: twenty in a window, or one more or fewer when one
    // is just under way.
    for records in [&topic.records, &group.records] {
        let now = records.lines[0].now.expect("seconds have passed");
        assert!((3_800..=4_200).contains(&now), "{now}");
    }
    // Nothing is counted twice, and nothing left out.
    let logs = (0..2).map(|number| {
        let of = TopicPartition::new("orders", number);
        let log = &world.world.partition(&of).expect("it is led").log;
        (log.end_offset() as u64, log.size_bytes() as u64)
    });
    let (ends, sizes): (Vec<u64>, Vec<u64>) = logs.unzip();
    let mut appended = Flow::default();
    for sample in world.recorder.samples() {
        appended.add(sample.appended.get("orders").copied().unwrap_or_default());
    }
    assert!(appended.records >= 70, "{appended:?}");
    assert_eq!(appended.records, ends.iter().sum::<u64>());
    assert_eq!(appended.bytes, sizes.iter().sum::<u64>());
    let bytes = topic.bytes.lines[0].now.expect("seconds have passed");
    let size = appended.bytes * 1_000 / appended.records;
    assert!(
        (3 * size..=5 * size).contains(&bytes),
        "{bytes} of {size} each"
    );
}

#[test]
fn lag_grows_when_the_consumer_stops() {
    let mut world = Measured::with_topic("orders", 1);
    let consumer = world.reading("billing", "orders", 0);
    let producer = world.producer(None);
    world.send(producer, "orders", 0);
    // Until its offset is committed.
    world.pass_ms(10_000);
    let lag = world.group("billing").lag.expect("it has committed");
    assert_eq!(lag.now(), "0 records");
    world.run(Command::Crash { client: consumer });
    for _ in 0..7 {
        world.send(producer, "orders", 0);
        world.pass_ms(1_000);
    }
    world.pass_ms(5_000);
    let group = world.group("billing");
    let lag = group.lag.expect("it has committed");
    assert_eq!(lag.now(), "7 records");
    let points: Vec<u64> = lag.lines[0]
        .points
        .iter()
        .rev()
        .take(13)
        .rev()
        .flatten()
        .copied()
        .collect();
    assert!(points.is_sorted() && points[0] <= 1, "{points:?}");
    assert_eq!(points.last(), Some(&7));
    assert_eq!(group.records.now(), "0 records/s");
    assert_eq!(
        lag.description("Group billing"),
        format!(
            "Lag, Group billing: now 7 records. least 0 records, most 7 records, in {} s.",
            lag.lines[0].points.len()
        ),
    );
}

#[test]
fn the_spread_tells_the_fullest_partition() {
    let mut world = Measured::with_topic("orders", 3);
    let spread = |world: &Measured| world.figures().topics[0].spread.clone();
    assert_eq!(spread(&world).sentence(), "No records.");
    let producer = world.producer(None);
    for partition in [2, 2, 0, 2] {
        world.send(producer, "orders", partition);
    }
    world.pass_ms(2_000);
    let spread = spread(&world);
    let bars: Vec<(u64, u64)> = spread
        .bars
        .iter()
        .map(|it| (it.records, it.percent))
        .collect();
    assert_eq!(bars, [(1, 25), (0, 0), (3, 75)]);
    assert_eq!(
        spread.sentence(),
        "4 records in 3 partitions; partition 2 is the fullest with 75 % (evenly spread: 33 %)."
    );
}

#[test]
fn of_very_many_partitions_the_fullest_are_shown() {
    let mut world = Measured::with_topic("orders", 30);
    let producer = world.producer(None);
    for partition in [29, 29, 7] {
        world.send(producer, "orders", partition);
    }
    world.pass_ms(2_000);
    let spread = world.figures().topics[0].spread.clone();
    let shown: Vec<usize> = spread.bars.iter().map(|it| it.partition).collect();
    assert_eq!(shown, [29, 7, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10]);
    assert_eq!(spread.partitions, 30);
}

#[test]
fn how_time_is_cut_makes_no_difference() {
    let world = || WORLDS[0].open(5);
    let (mut whole, mut pieces) = (world(), world());
    whole.advance_us(7_300_000);
    for _ in 0..73 {
        pieces.advance_us(100_000);
    }
    assert_eq!(whole.metrics(), pieces.metrics());
    assert_eq!(
        figures(whole.world(), whole.metrics()),
        figures(pieces.world(), pieces.metrics())
    );
}

#[test]
fn it_remembers_two_minutes_however_long_it_runs() {
    let mut playground = WORLDS[0].open(6);
    playground.advance_us(400_000_000);
    let recorder = playground.metrics();
    assert_eq!(
        recorder.seconds(),
        playground.world().now().as_us() / 1_000_000
    );
    assert_eq!(recorder.samples().len(), SHOWN_SECONDS + WINDOW_SECONDS - 1);
    let figures = figures(playground.world(), recorder);
    assert_eq!(figures.span, SHOWN_SECONDS);
    let points = &figures.topics[0].records.lines[0].points;
    assert_eq!(points.len(), SHOWN_SECONDS);
    // The first that is shown has a whole window too: a record each second.
    let all_alike = points.iter().flatten().all(|it| (600..=1_400).contains(it));
    assert!(all_alike, "{points:?}");
}

#[test]
fn a_tool_that_ends_at_once_is_counted() {
    let mut playground = WORLDS[0].open(8);
    let terminal = playground
        .shell()
        .terminals()
        .next()
        .expect("there is one")
        .id();
    playground.enter(
        terminal,
        "kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic orders --group once --from-beginning --max-messages 3",
    );
    // In one go, so that it has ended when its events are read.
    playground.advance_us(10_000_000);
    let figures = figures(playground.world(), playground.metrics());
    let group = reader(&figures, &Subject::Group("once".to_owned()));
    let most = group.records.lines[0].points.iter().flatten().max();
    assert!(most > Some(&0), "{group:?}");
}

/// Opens the ready-made world of this name and lets time pass.
fn ready_made(id: &str, seconds: u64) -> (Playground, Figures) {
    let world = WORLDS.iter().find(|it| it.id == id).expect("it is there");
    let mut playground = world.open(1);
    playground.advance_us(seconds * 1_000_000);
    let figures = figures(playground.world(), playground.metrics());
    (playground, figures)
}

#[test]
fn a_share_group_and_a_consumer_without_a_group_have_figures_too() {
    let (_, figures) = ready_made("work-queue", 20);
    let workers = reader(&figures, &Subject::Group("workers".to_owned()));
    assert!(workers.records.lines[0].now > Some(0), "{workers:?}");
    assert!(line(&workers.latency, "p50").now > Some(900), "{workers:?}");
    assert!(workers.lag.is_some());
    let (_, figures) = ready_made("two-groups-and-none", 20);
    let alone = figures.readers.iter().find(|it| it.lag.is_none());
    let alone = alone.expect("who has no group commits nothing");
    assert!(alone.title.ends_with("without a group"), "{}", alone.title);
    assert!(alone.records.lines[0].now > Some(0), "{alone:?}");
}

#[test]
fn nothing_that_a_group_processes_is_left_out() {
    for ready in &WORLDS {
        let mut playground = ready.open(1);
        // Less than is remembered, up to the end of a second.
        let now_us = playground.world().now().as_us();
        playground.advance_us(100_000_000 - now_us);
        let mut measured: BTreeMap<&Subject, u64> = BTreeMap::new();
        let samples = playground.metrics().samples().iter();
        for (reader, processed) in samples.flat_map(|sample| &sample.processed) {
            *measured.entry(reader).or_default() += processed.flow.records;
        }
        for group in group_ids(playground.world()) {
            // The world's own onlooker does not count for share groups.
            let Some(processed) = playground.world().processed_by(&group) else {
                continue;
            };
            let reader = Subject::Group(group.clone());
            let records = measured.get(&reader).copied().unwrap_or(0);
            let ranges = processed.values().flat_map(|counts| counts.ranges());
            let offsets = ranges.map(|(from, to, times)| (to - from) as u64 * u64::from(times));
            let offsets: u64 = offsets.sum();
            match ready.id {
                // Markers have offsets and are no records; compaction leaves
                // holes.
                "transactions" | "compacted-table" => assert!(0 < records && records <= offsets),
                id => assert_eq!(records, offsets, "{group} in {id}"),
            }
        }
    }
}

#[test]
fn a_killed_broker_leaves_its_partitions_under_replicated() {
    let (_, figures) = ready_made("orders", 0);
    assert_eq!(figures.span, 30, "what has passed fills a small chart");
    assert_eq!(figures.replication, None, "one broker has no followers");
    let (_, figures) = ready_made("failing-broker", 30);
    let replication = figures.replication.expect("there are three brokers");
    assert!(
        replication.under_replicated.lines[0]
            .points
            .contains(&Some(0))
    );
    let most = replication.under_replicated.lines[0].points.iter().max();
    assert!(most > Some(&Some(2)), "{replication:?}");
    assert!(replication.isr_shrinks >= 3, "{replication:?}");
}

#[test]
fn charts_are_drawn_from_the_right_with_gaps() {
    let points = [Some(0), Some(10), None, Some(5), None, Some(1_000)];
    assert_eq!(
        chart::line(&points, 30, 10),
        "M25 40h0L26 0M28 20h0M30 0h0",
        "what exceeds the top stays at the edge"
    );
    assert_eq!(
        chart::area(&points[..2], 30, 10),
        "M29 40L29 40L30 0L30 40z"
    );
    assert_eq!(chart::line(&[], 30, 10), "");
    assert_eq!(chart::line(&[None, None], 30, 10), "");
    // One in a million is not nothing.
    assert_eq!(chart::line(&[Some(1)], 30, 1_000_000), "M30 39.5h0");
    // What is older than the chart spans is left out.
    assert_eq!(chart::line(&[Some(1); 9], 2, 1), "M0 0h0L1 0L2 0");
}

#[test]
fn an_empty_world_has_no_figures() {
    let playground = Playground::empty(1, WorldConfig::playground());
    let figures = figures(playground.world(), playground.metrics());
    assert!(figures.topics.is_empty() && figures.readers.is_empty());
}
