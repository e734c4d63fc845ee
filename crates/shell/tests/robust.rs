//! No input is too bad: nothing panics, nothing hangs, and the world is as it
//! was. The same lines at the same instants give the same world.

mod support;

use engine::sim::{Random, Stream};
use support::session::Session;

const LINES: &[&str] = &[
    "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic t --partitions 3",
    "kafka-topics.sh --bootstrap-server localhost:9092 --alter --topic t --partitions 5",
    "kafka-topics --bootstrap-server localhost:9092 --describe --topic '[t'",
    "kafka-topics --bootstrap-server localhost:9092 --delete --topic t",
    "printf 'a:1\\nb:2\\n' | kafka-console-producer --bootstrap-server kafka:9092 --topic t",
    "kafka-console-producer --bootstrap-server localhost:9092 --topic t --sync",
    "kafka-console-producer --broker-list localhost:1 --topic t --max-block-ms 0",
    "kafka-console-consumer --bootstrap-server localhost:9092 --topic t --from-beginning",
    "kafka-console-consumer --bootstrap-server localhost:9092 --topic t --group g --timeout-ms 900",
    "kafka-console-consumer --bootstrap-server localhost:1 --topic t --timeout-ms 0",
    "docker exec -it kafka bash",
    "cd C:\\kafka\\",
    "exit",
    "echo 'a' 'b",
    "hello",
];

/// Plays what a person in a hurry types, in steps of so many milliseconds.
fn play(seed: u64, step_ms: i64) -> Session {
    let mut session = Session::new(seed);
    let mut random = Random::new(seed, Stream::Workload(0));
    for _ in 0..2 {
        session.shell.open().expect("there is room");
    }
    for _ in 0..40 {
        let at = session.terminal(1 + random.below(3));
        let (shell, world) = (&mut session.shell, &mut session.world);
        match random.below(8) {
            0 => drop(shell.interrupt(world, at)),
            1 => drop(shell.end_of_input(world, at)),
            _ => {
                let line = LINES[random.below(LINES.len() as u32) as usize];
                shell.enter_anywhere(world, at, line);
            }
        }
        let wait_ms = i64::from(1 + random.below(3)) * 1_200;
        for _ in 0..wait_ms / step_ms {
            session.wait_ms(step_ms);
        }
    }
    session
}

fn screens(session: &Session) -> String {
    let terminals = session.shell.terminals();
    let screens = terminals.map(|terminal| {
        let lines = terminal
            .lines()
            .map(|line| format!("{:?} {}\n", line.kind, line.text));
        lines.collect::<String>()
    });
    screens.collect::<Vec<_>>().join("---\n")
}

#[test]
fn how_often_the_page_looks_changes_nothing() {
    for seed in 0..30 {
        let (coarse, fine) = (play(seed, 1_200), play(seed, 50));
        assert_eq!(screens(&coarse), screens(&fine), "world {seed}");
        assert_eq!(coarse.world.digest(), fine.world.digest(), "world {seed}");
    }
}

#[test]
fn what_tools_did_is_in_the_journal() {
    for seed in 0..10 {
        let session = play(seed, 1_200);
        let again = session.world.journal().replay(session.world.now());
        assert_eq!(again.digest(), session.world.digest(), "world {seed}");
    }
}

#[test]
fn a_record_of_5_mb_is_refused() {
    let mut session = Session::new(1);
    session.run("kafka-topics.sh --bootstrap-server localhost:9092 --create --topic t");
    let before = session.kept();
    let record = "x".repeat(5_000_000);
    let ran = session.run(&format!(
        "echo '{record}' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic t"
    ));
    assert_eq!(ran.status, 0);
    assert!(
        ran.stderr.ends_with(
            "ERROR Error when sending message to topic t with key: null, value: 5000000 bytes with \
             error: (org.apache.kafka.clients.producer.internals.ErrorLoggingCallback)\n\
             org.apache.kafka.common.errors.RecordTooLargeException: The message is 5000088 bytes \
             when serialized which is larger than 1048576, which is the value of the \
             max.request.size configuration.\n"
        ),
        "{}",
        ran.stderr
    );
    assert_eq!(session.kept(), before);
    let shown: usize = session
        .lines(session.terminal(1))
        .iter()
        .map(|l| l.text.len())
        .sum();
    assert!(shown < 100_000, "the screen keeps {shown} bytes of it");
}

#[test]
fn more_than_a_terminal_takes_is_refused() {
    let mut session = Session::new(1);
    let ran = session.run(&"x".repeat(20 << 20));
    assert!(
        ran.notes.contains("more than a terminal takes at once"),
        "{}",
        ran.notes
    );
}

/// Lines of characters that mean something to a shell, a tool or a terminal.
#[test]
fn noise_does_no_harm() {
    const PARTS: &[&str] = &[
        "'",
        "\"",
        "\\",
        "|",
        "&&",
        "||",
        ";",
        "$",
        "${",
        "$?",
        "`",
        "(",
        ")",
        "<",
        ">",
        "#",
        "=",
        "-",
        "--",
        "–",
        " ",
        "\t",
        "\n",
        "é",
        "日本",
        "\u{0}",
        "kafka-topics.sh",
        "--topic",
        "--bootstrap-server",
        "localhost:9092",
        "kafka-console-producer",
        "--property",
        "echo",
        "printf",
        "%s",
        "docker",
        "exec",
        "kafka",
        "bash",
        "C:\\",
        "cd",
        "..",
        "--create",
        "t",
    ];
    for seed in 0..400 {
        let mut session = Session::new(seed);
        let mut random = Random::new(seed, Stream::Workload(1));
        for _ in 0..20 {
            let count = random.below(10);
            let line: String = (0..count)
                .map(|_| PARTS[random.below(PARTS.len() as u32) as usize])
                .collect::<Vec<_>>()
                .join(if random.below(2) == 0 { "" } else { " " });
            let id = session.terminal(1);
            session.shell.enter_anywhere(&mut session.world, id, &line);
            session.wait_ms(500);
        }
    }
}

#[test]
fn terminals_are_few() {
    let mut session = Session::new(1);
    let read = "kafka-console-consumer --bootstrap-server localhost:9092 --topic t";
    session.run("kafka-topics --bootstrap-server localhost:9092 --create --topic t");
    let mut at = session.terminal(1);
    for number in 1..=shell::TERMINALS_MAX {
        let (to, _) = session.shell.enter_anywhere(&mut session.world, at, read);
        assert_eq!(to.0 as usize, number);
        at = to;
    }
    let (stays, _) = session.shell.enter_anywhere(&mut session.world, at, read);
    assert_eq!(stays, at);
    let last = session
        .lines(at)
        .last()
        .cloned()
        .expect("it says something");
    assert!(last.text.contains("close one"), "{}", last.text);
    assert!(session.shell.open().is_err());

    // A terminal that is closed lets its consumer leave, and makes room.
    session.shell.close(&mut session.world, at);
    session.wait_ms(5_000);
    assert_eq!(session.world.clients().len(), shell::TERMINALS_MAX - 1);
    assert!(session.shell.open().is_ok());
}

/// When the page goes back in time, a tool whose client is no longer there
/// lets go of its terminal.
#[test]
fn a_tool_without_its_client_ends() {
    let mut session = Session::new(1);
    session.run("kafka-topics --bootstrap-server localhost:9092 --create --topic t");
    let earlier = session.world.clone();
    let id = session.terminal(1);
    let read = "kafka-console-consumer --bootstrap-server localhost:9092 --topic t";
    session.enter(id, read, 3_000);
    session.world = earlier;
    session.wait_ms(100);
    let terminal = session.shell.terminal(id).expect("it is open");
    assert_eq!(terminal.foreground(), None);
}

/// The brokers are gone: a tool ends by itself, with Kafka's words, and has not
/// filled the screen meanwhile.
#[test]
fn a_tool_that_finds_no_broker_says_so() {
    let mut session = Session::new(1);
    let kill = engine::Command::KillBroker { broker: 1 };
    session.world.execute(kill).expect("it runs");
    let at = session.terminal(1);
    let line = "kafka-topics --bootstrap-server localhost:9092 --list";
    session.enter(at, line, 70_000);
    session.wait_ms(70_000);
    assert!(!session.is_busy(at), "it has ended");
    let screen = screens(&session);
    let words = "Timed out waiting for a node assignment. Call: listTopics";
    assert!(screen.contains(words), "{screen}");
    assert!(screen.lines().count() < 12, "{screen}");
}
