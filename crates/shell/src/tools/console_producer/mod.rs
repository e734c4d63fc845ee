//! `kafka-console-producer` (`org.apache.kafka.tools.ConsoleProducer`).

mod options;
mod reader;
mod unanswered;

use std::collections::VecDeque;

use engine::client::OutgoingRecord;
use engine::event::LogLevel;
use engine::protocol::TopicName;
use engine::{Command, Event, EventKind, RecordSizes, Refusal, Time, TopicPartition};

use super::connecting::Connecting;
use super::making::{Making, class_of};
use super::removed::{Removed, replace_removed};
use super::{Host, INTERRUPTED, KILLED, Run, TERMINATED};
use crate::terminal::Foreground;

use options::Wanted;
use reader::LineReader;
use unanswered::{Unanswered, size_text};

const REMOVED: &[Removed] = &[
    Removed {
        name: "--broker-list",
        when: "Kafka 4.0",
        instead: "--bootstrap-server",
        value: None,
    },
    Removed {
        name: "--zookeeper",
        when: "Kafka 0.8",
        instead: "--bootstrap-server",
        value: Some("localhost:9092"),
    },
];

const MAKING: Making = Making {
    kind: "producer",
    report: uncaught,
};

/// Where the producer's records go.
#[derive(Clone, Debug)]
enum Link {
    /// To the cluster, by the producer of this number.
    Producer(u32),
    /// Nowhere: each record waits `max.block.ms` in vain.
    Nobody {
        connecting: Connecting,
        max_block_ms: i64,
    },
}

/// What the application's thread does.
#[derive(Clone, Debug)]
enum Thread {
    /// It reads the next line.
    Reads,
    /// Its `send()` blocks on this record, at most until then where nobody
    /// answers.
    InSend {
        sizes: RecordSizes,
        until: Option<Time>,
    },
    /// The producer closes.
    Closing,
}

/// The tool while it runs.
#[derive(Clone, Debug)]
pub(crate) struct ConsoleProducer {
    topic: TopicName,
    sync: bool,
    /// Whether lines come from the terminal, with a prompt before each.
    interactive: bool,
    link: Link,
    reader: LineReader,
    lines: VecDeque<String>,
    no_more_lines: bool,
    thread: Thread,
    unanswered: Unanswered,
    status: i32,
}

impl ConsoleProducer {
    /// Starts the tool, or returns the exit status it ended with at once.
    pub fn start(
        arguments: &[String],
        stdin: Option<String>,
        host: &mut Host,
    ) -> Result<ConsoleProducer, i32> {
        let arguments = replace_removed(arguments, REMOVED, host);
        let wanted = options::read(&arguments, host)?;
        let reader = LineReader::new(&wanted.reader);
        let reader = reader.map_err(|message| unreadable(host, &message))?;
        refuse_headers(&wanted, host)?;
        let link = connect(&wanted, host)?;
        let interactive = stdin.is_none();
        let mut producer = ConsoleProducer {
            topic: wanted.topic.as_str().into(),
            sync: wanted.sync,
            interactive,
            link,
            reader,
            lines: lines(&stdin.unwrap_or_default()),
            no_more_lines: !interactive,
            thread: Thread::Reads,
            unanswered: Unanswered::default(),
            status: 0,
        };
        match producer.go_on(host) {
            Some(status) => Err(status),
            None => Ok(producer),
        }
    }

    /// Reads lines and sends them, until one blocks or none is left.
    fn go_on(&mut self, host: &mut Host) -> Option<i32> {
        while let Thread::Reads = self.thread {
            if self.status != 0 {
                return self.close(host);
            }
            if self.sync && !self.unanswered.is_empty() {
                return None;
            }
            match self.lines.pop_front() {
                Some(line) => self.send_line(host, &line),
                None if self.no_more_lines => return self.close(host),
                None => return None,
            }
        }
        None
    }

    fn send_line(&mut self, host: &mut Host, line: &str) {
        let parsed = match self.reader.read(line) {
            Ok(parsed) => parsed,
            Err(message) => {
                self.status = unreadable(host, &message);
                return;
            }
        };
        let sizes = RecordSizes::of(parsed.key.as_deref(), parsed.value.as_deref());
        match &self.link {
            Link::Nobody { max_block_ms, .. } => {
                let until = Some(host.now().plus_ms(*max_block_ms));
                self.thread = Thread::InSend { sizes, until };
            }
            Link::Producer(producer) => {
                let record = OutgoingRecord {
                    topic: self.topic.clone(),
                    key: parsed.key,
                    value: parsed.value,
                    ..OutgoingRecord::default()
                };
                let send = Command::Send {
                    producer: *producer,
                    record,
                };
                match host.execute(send) {
                    Ok(_) => self.thread = Thread::InSend { sizes, until: None },
                    Err(refusal) => self.on_refused(host, sizes, &refusal),
                }
            }
        }
    }

    fn on_refused(&mut self, host: &mut Host, sizes: RecordSizes, refusal: &Refusal) {
        match refusal.exception() {
            Some(exception) => self.on_failed(host, sizes, exception, &refusal.to_string()),
            None => {
                host.note(&refusal.to_string());
                self.status = 1;
            }
        }
    }

    /// A record has failed: logged, or thrown when the tool waits for each
    /// (`ErrorLoggingCallback`).
    fn on_failed(&mut self, host: &mut Host, sizes: RecordSizes, exception: &str, message: &str) {
        let exception = class_of(exception);
        if self.sync {
            host.err(&format!(
                "java.util.concurrent.ExecutionException: {exception}: {message}\n"
            ));
            self.status = 1;
            return;
        }
        host.log(
            "ERROR",
            &format!(
                "Error when sending message to topic {} with key: {}, value: {} with error:",
                self.topic,
                size_text(sizes.key),
                size_text(sizes.value)
            ),
            "org.apache.kafka.clients.producer.internals.ErrorLoggingCallback",
        );
        host.err(&format!("{exception}: {message}\n"));
    }

    fn on_send_failed(
        &mut self,
        host: &mut Host,
        partition: Option<i32>,
        records: i32,
        exception: &str,
        message: &str,
    ) {
        let in_accumulator = partition.map(|partition| {
            let partition = TopicPartition::new(self.topic.clone(), partition);
            self.unanswered.take(&partition, records)
        });
        let failed = match in_accumulator {
            Some(sizes) if !sizes.is_empty() => sizes,
            // It never left `send()`.
            _ => match std::mem::replace(&mut self.thread, Thread::Reads) {
                Thread::InSend { sizes, .. } => vec![sizes],
                other => {
                    self.thread = other;
                    return;
                }
            },
        };
        for sizes in failed {
            self.on_failed(host, sizes, exception, message);
        }
    }

    /// Delivers what the producer holds, and ends.
    fn close(&mut self, host: &mut Host) -> Option<i32> {
        if let Thread::Closing = self.thread {
            return None;
        }
        self.no_more_lines = true;
        self.lines.clear();
        let in_send = matches!(self.thread, Thread::InSend { .. });
        self.thread = Thread::Closing;
        match self.link {
            Link::Nobody { .. } => Some(self.status),
            Link::Producer(producer) if in_send && self.unanswered.is_empty() => {
                // The record that waits in `send()` goes with the process.
                host.crash(producer);
                Some(self.status)
            }
            Link::Producer(producer) => {
                host.close(producer);
                None
            }
        }
    }

    fn on_own_event(&mut self, host: &mut Host, event: &EventKind) -> Option<i32> {
        match event {
            EventKind::RecordsAccumulated {
                topic_partition,
                records,
                ..
            } => {
                self.unanswered.add(topic_partition, records);
                if let Thread::InSend { .. } = self.thread {
                    self.thread = Thread::Reads;
                }
            }
            EventKind::Delivered {
                topic_partition,
                records,
                ..
            } => {
                self.unanswered.take(topic_partition, *records);
            }
            EventKind::SendFailed {
                partition,
                records,
                exception,
                message,
                ..
            } => self.on_send_failed(host, *partition, *records, exception, message),
            EventKind::ClientLog {
                level,
                logger,
                text,
                ..
            } => self.log_of_client(host, *level, logger, text),
            EventKind::ClientCrashed { .. } => return Some(KILLED),
            EventKind::ClientClosed { .. } => {
                return Some(match self.thread {
                    Thread::Closing => self.status,
                    _ => TERMINATED,
                });
            }
            _ => return None,
        }
        self.go_on(host)
    }

    fn log_of_client(&self, host: &mut Host, level: LogLevel, logger: &str, text: &str) {
        if let Some(client_id) = self.client_id(host) {
            let line = format!("[Producer clientId={client_id}] {text}");
            host.log(level.name(), &line, logger);
        }
    }

    fn client_id(&self, host: &Host) -> Option<String> {
        let client = host.world().clients().get(&self.client()?)?;
        Some(client.client_id().to_owned())
    }
}

/// The lines of a text that is piped in; the last needs no line end.
fn lines(text: &str) -> VecDeque<String> {
    text.lines().map(str::to_owned).collect()
}

fn refuse_headers(wanted: &Wanted, host: &mut Host) -> Result<(), i32> {
    let asked = wanted.reader.get("parse.headers");
    if asked.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")) {
        host.note(
            "parse.headers=true is not simulated yet, so nothing was sent: leave it out, and write \
             lines without headers.",
        );
        return Err(1);
    }
    Ok(())
}

fn connect(wanted: &Wanted, host: &mut Host) -> Result<Link, i32> {
    let config = wanted.config(host);
    let config = config.map_err(|refusal| MAKING.setting_refused(host, &refusal))?;
    let client = format!("Producer clientId={}", config.client_id);
    if let Some(connecting) = MAKING.reach(host, &wanted.addresses, &client)? {
        return Ok(Link::Nobody {
            connecting,
            max_block_ms: config.max_block_ms,
        });
    }
    let add = Command::AddProducer {
        config,
        workload: None,
    };
    MAKING.start(host, add).map(Link::Producer)
}

/// A line, or how lines are to be read, makes no sense.
fn unreadable(host: &mut Host, message: &str) -> i32 {
    uncaught(host, &format!("{}: {message}", class_of("KafkaException")))
}

fn uncaught(host: &mut Host, exception: &str) -> i32 {
    host.err(&format!("{exception}\n"));
    1
}

impl Run for ConsoleProducer {
    fn foreground(&self) -> Foreground {
        Foreground {
            name: "kafka-console-producer".to_owned(),
            reads_input: self.interactive && !self.no_more_lines,
            ends_by_itself: self.no_more_lines,
        }
    }

    fn prompt(&self) -> &str {
        let waits = self.sync && !self.unanswered.is_empty();
        match self.thread {
            Thread::Reads if self.interactive && !self.no_more_lines && !waits => ">",
            _ => "",
        }
    }

    fn client(&self) -> Option<u32> {
        match self.link {
            Link::Producer(producer) => Some(producer),
            Link::Nobody { .. } => None,
        }
    }

    fn deadline(&self) -> Option<Time> {
        let Link::Nobody { connecting, .. } = &self.link else {
            return None;
        };
        let until = match self.thread {
            Thread::InSend { until, .. } => until,
            _ => None,
        };
        Some(until.map_or(connecting.next(), |until| until.min(connecting.next())))
    }

    fn on_event(&mut self, host: &mut Host, event: &Event) -> Option<i32> {
        let of = match &event.kind {
            EventKind::RecordsAccumulated { producer, .. }
            | EventKind::Delivered { producer, .. }
            | EventKind::SendFailed { producer, .. } => producer,
            EventKind::ClientLog { client, .. }
            | EventKind::ClientCrashed { client, .. }
            | EventKind::ClientClosed { client, .. } => client,
            _ => return None,
        };
        match Some(*of) == self.client() {
            true => self.on_own_event(host, &event.kind),
            false => None,
        }
    }

    fn on_time(&mut self, host: &mut Host) -> Option<i32> {
        let Link::Nobody {
            connecting,
            max_block_ms,
        } = &mut self.link
        else {
            return None;
        };
        connecting.try_again(host);
        let max_block_ms = *max_block_ms;
        let Thread::InSend {
            sizes,
            until: Some(until),
        } = self.thread
        else {
            return None;
        };
        if host.now() < until {
            return None;
        }
        self.thread = Thread::Reads;
        let message = format!(
            "Topic {} not present in metadata after {max_block_ms} ms.",
            self.topic
        );
        self.on_failed(host, sizes, "TimeoutException", &message);
        self.go_on(host)
    }

    fn input(&mut self, host: &mut Host, line: &str) -> Option<i32> {
        self.lines.push_back(line.to_owned());
        self.go_on(host)
    }

    fn end_of_input(&mut self, host: &mut Host) -> Option<i32> {
        self.no_more_lines = true;
        self.go_on(host)
    }

    fn interrupt(&mut self, host: &mut Host) -> Option<i32> {
        if let (Thread::Closing, Link::Producer(producer)) = (&self.thread, &self.link) {
            // Ctrl+C once more: it does not wait for what it holds.
            host.crash(*producer);
            return Some(INTERRUPTED);
        }
        self.status = INTERRUPTED;
        self.close(host)
    }
}
