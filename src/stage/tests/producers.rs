//! What happens to records before they are in a lane.

use engine::Command;
use engine::client::TransactionCall;

use super::watched::Watched;
use super::*;

#[test]
fn a_batch_fills_and_lingers() {
    let mut watched = Watched::of("orders", 1);
    let producer = watched.producer(ProducerConfig {
        linger_ms: 2_000,
        ..ProducerConfig::default()
    });
    watched.send(producer, "orders", 0, "a");
    let scene = watched.until(1_000, |scene| {
        scene.producers[0].slots.iter().any(|slot| slot.records > 0)
    });
    let slot = &scene.producers[0].slots[0];
    let (left_us, share) = slot.linger.expect("it lingers");
    assert!(
        left_us <= 2_000_000 && share <= 1.0 && share > 0.5,
        "{slot:?}"
    );
    assert_eq!(slot.limit, 16_384);
    assert!(slot.bytes > 60);
    watched.pass_ms(1_000);
    let later = &watched.scene().producers[0].slots[0];
    assert!(later.linger.expect("it lingers still").1 < share);
    let scene = watched.until(3_000, |scene| {
        scene.producers[0]
            .slots
            .iter()
            .any(|slot| slot.in_flight > 0)
    });
    assert_eq!(scene.producers[0].in_flight, 1);
    watched.pass_ms(1_000);
    watched.tells("0 in flight · 1 delivered");
}

#[test]
fn callbacks_wait_for_poll() {
    let mut watched = Watched::of("orders", 1);
    let producer = watched.producer(ProducerConfig {
        callbacks_on_poll: true,
        ..ProducerConfig::default()
    });
    watched.send(producer, "orders", 0, "a");
    watched.pass_ms(2_000);
    watched.tells("1 callback waits for poll()");
    watched.run(Command::Poll { producer });
    watched.tells("no callback waits for poll()");
}

#[test]
fn send_blocks_while_the_topic_is_not_known() {
    let mut watched = Watched::with(&[("auto.create.topics.enable", "false")], "orders", 1, &[]);
    let producer = watched.producer(ProducerConfig {
        max_block_ms: 5_000,
        ..ProducerConfig::default()
    });
    watched.send(producer, "elsewhere", 0, "a");
    watched.pass_ms(1_200);
    watched.tells("send() blocks: 1 wait for metadata, 1.2 s of 5.0 s");
    watched.pass_ms(6_000);
    watched.tells("✗ 1 lost: send failed");
}

#[test]
fn what_is_sent_in_vain_is_told_with_how_often() {
    let mut watched = Watched::of("orders", 1);
    let producer = watched.producer(ProducerConfig {
        request_timeout_ms: 1_000,
        ..ProducerConfig::default()
    });
    watched.send(producer, "orders", 0, "a");
    watched.pass_ms(2_000);
    watched.run(Command::KillBroker { broker: 1 });
    watched.send(producer, "orders", 0, "b");
    let scene = watched.until(20_000, |scene| scene.producers[0].flow.retries > 0);
    let slot = scene.producers[0]
        .slots
        .iter()
        .find(|slot| slot.attempts > 0);
    assert!(slot.is_some());
    watched.tells("↻ retried once");
}

#[test]
fn a_fenced_producer_says_so() {
    let mut watched = Watched::of("orders", 1);
    let config = ProducerConfig {
        transactional_id: Some("till".to_owned()),
        ..ProducerConfig::default()
    };
    let call = |watched: &mut Watched, producer, call| {
        watched.run(Command::Transaction { producer, call });
        watched.pass_ms(1_500);
    };
    let zombie = watched.producer(config.clone());
    call(&mut watched, zombie, TransactionCall::Init);
    call(&mut watched, zombie, TransactionCall::Begin);
    watched.send(zombie, "orders", 0, "a");
    watched.pass_ms(1_000);
    watched.tells("is in a transaction");
    let heir = watched.producer(config);
    call(&mut watched, heir, TransactionCall::Init);
    call(&mut watched, zombie, TransactionCall::Commit);
    watched.tells("transactional.id till is fenced by a newer producer (FATAL_ERROR");
}
