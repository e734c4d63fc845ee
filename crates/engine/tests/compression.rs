//! Compression from the producer's `compression.type` to the consumer.

mod support;

use engine::client::ProducerConfig;
use engine::command::ClientNumber;
use engine::log::record_batch::{CompressionType, RecordBatch};
use engine::{Command, TopicPartition, World};
use support::*;

const TOPIC: &str = "letters";

fn producer_of_codec(world: &mut World, codec: &str, batch_size: &str) -> ClientNumber {
    let mut config = ProducerConfig::default();
    for (name, value) in [("compression.type", codec), ("batch.size", batch_size)] {
        assert_eq!(
            config.set(name, value),
            Ok(true),
            "the engine acts on {name}"
        );
    }
    let command = Command::AddProducer {
        config,
        workload: None,
    };
    start(world, command)
}

fn stored(world: &World) -> Vec<RecordBatch> {
    let partition = world.partition(&TopicPartition::new(TOPIC, 0));
    partition.unwrap().log.batches().cloned().collect()
}

fn letter(number: usize) -> String {
    format!("letter {number}, which says what all letters say, what all letters say")
}

fn send_letters(world: &mut World, producer: ClientNumber, numbers: std::ops::Range<usize>) {
    for number in numbers {
        send(world, producer, TOPIC, Some("k"), &letter(number));
    }
    run_ms(world, 5_000);
}

#[test]
fn what_a_producer_compresses_a_consumer_reads() {
    for codec in CompressionType::ALL {
        let mut world = world_with_topic(1, TOPIC, 1);
        let reader = consumer(&mut world, "readers", TOPIC);
        run_ms(&mut world, 10_000);
        let producer = producer_of_codec(&mut world, codec.name(), "16384");
        run_ms(&mut world, 1_000);
        for number in 0..20 {
            send(&mut world, producer, TOPIC, Some("k"), &letter(number));
        }
        let events = run_ms(&mut world, 10_000);
        let letters: Vec<String> = (0..20).map(letter).collect();
        assert_eq!(values_read(&events, reader), letters, "{codec:?}");
        let batches = stored(&world);
        assert!(
            batches
                .iter()
                .all(|batch| batch.compression_type() == codec)
        );
        let is_smaller = batches.iter().any(|batch| batch.compression_ratio() < 500);
        assert_eq!(is_smaller, codec != CompressionType::None);
    }
}

/// `compression.type` of the topic wins over that of the producer.
#[test]
fn the_topics_codec_is_the_one_that_is_kept() {
    for (topic_codec, kept) in [
        ("producer", CompressionType::Snappy),
        ("lz4", CompressionType::Lz4),
        ("uncompressed", CompressionType::None),
    ] {
        let mut world = World::new(1, engine::WorldConfig::playground());
        create_topic_with(&mut world, TOPIC, 1, &[("compression.type", topic_codec)]);
        let producer = producer_of_codec(&mut world, "snappy", "16384");
        send_letters(&mut world, producer, 0..20);
        let batches = stored(&world);
        assert!(!batches.is_empty());
        assert!(batches.iter().all(|batch| batch.compression_type() == kept));
        let values: Vec<String> = records(&world, TOPIC, 0).into_iter().map(|r| r.2).collect();
        assert_eq!(values, (0..20).map(letter).collect::<Vec<_>>());
    }
}

/// `batch.size` limits what is sent: once a producer has seen how well its
/// records shrink, it puts more of them into a batch.
#[test]
fn batches_hold_more_records_once_the_codec_has_proved_itself() {
    let most_records = |codec, rounds| {
        let mut world = world_with_topic(1, TOPIC, 1);
        let producer = producer_of_codec(&mut world, codec, "1000");
        for _ in 0..rounds {
            send_letters(&mut world, producer, 0..20);
        }
        let batches = stored(&world);
        batches.iter().map(RecordBatch::record_count).max().unwrap()
    };
    let plain = most_records("none", 20);
    assert!(
        most_records("gzip", 1) <= plain,
        "at first nothing is thought to be gained"
    );
    assert!(most_records("gzip", 20) > plain + 2);
}

#[test]
fn a_codec_that_does_not_exist_is_refused_in_kafkas_words() {
    let refused = ProducerConfig::default().set("compression.type", "brotli");
    assert_eq!(
        refused.unwrap_err().to_string(),
        "Invalid value brotli for configuration compression.type: String must be one of: none, \
         gzip, snappy, lz4, zstd"
    );
}
