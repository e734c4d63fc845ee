//! What the university lab says must be seen, over many worlds.

mod support;

use engine::sorting::sort;
use support::session::Session;

const CREATE: &str = "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic t";
const PRODUCE: &str =
    "echo 'hello' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic t";

/// Each run of the console producer is a new producer, which draws a partition
/// of its own: two in three times another one than the producer before it.
#[test]
fn a_second_keyless_record_mostly_lands_in_another_partition() {
    let worlds = 300;
    let elsewhere = (0..worlds)
        .filter(|seed| {
            let mut session = Session::new(*seed);
            session.run(CREATE);
            session.run(PRODUCE);
            let first = session.record_counts("t");
            session.run(PRODUCE);
            let second = session.record_counts("t");
            assert_eq!(first.iter().sum::<i64>(), 1, "world {seed}");
            assert_eq!(second.iter().sum::<i64>(), 2, "world {seed}");
            second.iter().all(|count| *count < 2)
        })
        .count();
    // Two thirds are 200; 160 to 240 is five standard deviations either way.
    assert!((160..=240).contains(&elsewhere), "{elsewhere} of {worlds}");
}

#[test]
fn more_partitions_leave_records_where_they_are() {
    for seed in 0..20 {
        let mut session = Session::new(seed);
        session.run(CREATE);
        session.run(PRODUCE);
        session.run(PRODUCE);
        let before = session.record_counts("t");
        let alter = "--alter --topic t --partitions 5";
        session.run(&format!(
            "kafka-topics.sh {alter} --bootstrap-server localhost:9092"
        ));
        assert_eq!(session.record_counts("t"), [&before[..], &[0, 0]].concat());
    }
}

/// Four consumers of a group on three partitions: one is idle. Whichever active
/// one stops, all three that are left read.
#[test]
fn an_idle_consumer_takes_over() {
    for seed in 0..20 {
        let mut session = Session::new(seed);
        session.run(CREATE);
        let terminals = [1, 2, 3, 4].map(|number| {
            if number > 1 {
                session.shell.open().expect("there is room");
            }
            let terminal = session.terminal(number);
            let read =
                "kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic t --group g";
            session.enter(terminal, read, 5_000);
            terminal
        });
        session.wait_ms(10_000);
        let clients = terminals.map(|terminal| {
            let terminal = session.shell.terminal(terminal).expect("it is open");
            terminal.client().expect("a consumer is in front")
        });
        let partitions = |session: &Session, client| match session.world.clients().get(&client) {
            Some(engine::client::Client::Consumer(consumer)) => consumer.assignment().len(),
            _ => 0,
        };
        let mut held: Vec<usize> = clients.iter().map(|c| partitions(&session, *c)).collect();
        let active = held
            .iter()
            .position(|count| *count == 1)
            .expect("one reads");
        sort(&mut held);
        assert_eq!(held, [0, 1, 1, 1], "world {seed}");

        session
            .shell
            .interrupt(&mut session.world, terminals[active]);
        session.wait_ms(10_000);
        let mut held: Vec<usize> = clients.iter().map(|c| partitions(&session, *c)).collect();
        assert_eq!(held.remove(active), 0);
        assert_eq!(held, [1, 1, 1], "world {seed}");
    }
}
