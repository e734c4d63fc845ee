//! `kafka-console-consumer` (`org.apache.kafka.tools.consumer.ConsoleConsumer`).

mod formatter;
mod options;

use engine::client::SeekTo;
use engine::event::LogLevel;
use engine::log::record_batch::RecordBatch;
use engine::{Command, Event, EventKind, Time, TopicPartition};

use super::connecting::Connecting;
use super::making::{Making, class_of};
use super::removed::{Removed, replace_removed};
use super::{Host, INTERRUPTED, KILLED, Run, TERMINATED};
use crate::terminal::Foreground;

use formatter::Formatter;
use options::Wanted;

const CLASS: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";

const REMOVED: &[Removed] = &[Removed {
    name: "--zookeeper",
    when: "Kafka 2.0",
    instead: "--bootstrap-server",
    value: Some("localhost:9092"),
}];

const MAKING: Making = Making {
    kind: "consumer",
    report: unknown_error,
};

/// Where the records come from.
#[derive(Clone, Debug)]
enum Link {
    /// From the cluster, by the consumer of this number.
    Consumer(u32),
    /// From nowhere.
    Nobody(Connecting),
}

/// The tool while it runs.
#[derive(Clone, Debug)]
pub(crate) struct ConsoleConsumer {
    link: Link,
    formatter: Formatter,
    skip_message_on_error: bool,
    max_messages: Option<u64>,
    timeout_ms: Option<i64>,
    /// When it gives up waiting for a record (`--timeout-ms`).
    deadline: Option<Time>,
    messages: u64,
    /// The exit status, once the consumer closes.
    closing: Option<i32>,
    /// What is printed after the count when the consumer has closed.
    last_words: Option<String>,
}

impl ConsoleConsumer {
    /// Starts the tool, or returns the exit status it ended with at once.
    pub fn start(arguments: &[String], host: &mut Host) -> Result<ConsoleConsumer, i32> {
        let arguments = replace_removed(arguments, REMOVED, host);
        let wanted = options::read(&arguments, host)?;
        let (formatter, unknown) = Formatter::new(&wanted.formatter);
        for class in unknown {
            host.log(
                "ERROR",
                &format!("Unable to instantiate a deserializer from {class}"),
                "org.apache.kafka.tools.consumer.DefaultMessageFormatter",
            );
            host.err(&format!("java.lang.ClassNotFoundException: {class}\n"));
            host.note("Text, Short, Integer and Long can be read here.");
        }
        let link = connect(&wanted, host)?;
        let mut consumer = ConsoleConsumer {
            link,
            formatter,
            skip_message_on_error: wanted.skip_message_on_error,
            max_messages: wanted.max_messages,
            timeout_ms: wanted.timeout_ms,
            deadline: wanted.timeout_ms.map(|ms| host.now().plus_ms(ms)),
            messages: 0,
            closing: None,
            last_words: None,
        };
        if consumer.has_enough() {
            match consumer.close(host, 0) {
                Some(status) => return Err(status),
                None => return Ok(consumer),
            }
        }
        Ok(consumer)
    }

    fn has_enough(&self) -> bool {
        self.max_messages.is_some_and(|max| self.messages >= max)
    }

    fn on_records(
        &mut self,
        host: &mut Host,
        partition: &TopicPartition,
        offsets: std::ops::Range<i64>,
        batches: &[RecordBatch],
    ) -> Option<i32> {
        if self.closing.is_some() {
            return None;
        }
        self.deadline = self.timeout_ms.map(|ms| host.now().plus_ms(ms));
        let mut first_left = None;
        for batch in batches.iter().filter(|batch| !batch.is_control()) {
            for record in batch.records().flatten() {
                if !offsets.contains(&record.offset) {
                    continue;
                }
                if self.has_enough() {
                    first_left = first_left.or(Some(record.offset));
                    continue;
                }
                self.messages += 1;
                let kind = batch.timestamp_type();
                match self.formatter.format(partition.partition, &record, kind) {
                    Ok(text) => host.out(&text),
                    Err((before, message)) => {
                        host.out(&before);
                        if let Some(status) = self.on_unreadable(host, &message) {
                            return self.close(host, status);
                        }
                    }
                }
            }
        }
        if !self.has_enough() {
            return None;
        }
        if let Some(offset) = first_left {
            self.go_back(host, partition, offset);
        }
        self.close(host, 0)
    }

    /// A record that cannot be printed ends the tool, unless it is to be
    /// skipped.
    fn on_unreadable(&mut self, host: &mut Host, message: &str) -> Option<i32> {
        let exception =
            format!("org.apache.kafka.common.errors.SerializationException: {message}\n");
        if self.skip_message_on_error {
            host.screen.end_line();
            host.log(
                "ERROR",
                "Error processing message, skipping this message: ",
                CLASS,
            );
            host.err(&exception);
            return None;
        }
        self.last_words = Some(exception);
        Some(1)
    }

    /// What was not printed is not committed as read
    /// (`ConsumerWrapper.resetUnconsumedOffsets`).
    fn go_back(&mut self, host: &mut Host, partition: &TopicPartition, offset: i64) {
        if let Some(consumer) = self.client() {
            // A partition that was taken away meanwhile is another's to read.
            let _gone = host.execute(Command::Seek {
                consumer,
                partitions: vec![partition.clone()],
                to: SeekTo::Offset(offset),
            });
        }
    }

    fn on_timeout(&mut self, host: &mut Host) -> Option<i32> {
        self.deadline = None;
        host.screen.end_line();
        host.log(
            "ERROR",
            "Error processing message, terminating consumer process: ",
            CLASS,
        );
        host.err("org.apache.kafka.common.errors.TimeoutException: null\n");
        self.close(host, 0)
    }

    /// Leaves the group; the tool ends when that is done.
    fn close(&mut self, host: &mut Host, status: i32) -> Option<i32> {
        self.deadline = None;
        self.closing = Some(status);
        match self.link {
            Link::Consumer(consumer) => {
                host.close(consumer);
                None
            }
            Link::Nobody(_) => Some(self.end(host, status)),
        }
    }

    /// Says how many records there were; returns the exit status.
    fn end(&mut self, host: &mut Host, status: i32) -> i32 {
        host.screen.end_line();
        host.err(&format!(
            "Processed a total of {} messages\n",
            self.messages
        ));
        if let Some(words) = self.last_words.take() {
            host.log("ERROR", "Unknown error when running consumer: ", CLASS);
            host.err(&words);
        }
        status
    }

    fn on_own_event(&mut self, host: &mut Host, event: &EventKind) -> Option<i32> {
        match event {
            EventKind::RecordsRead {
                topic_partition,
                from,
                to,
                batches,
                ..
            } => self.on_records(host, topic_partition, *from..*to, batches),
            EventKind::ClientLog {
                level,
                logger,
                text,
                ..
            } => {
                self.log_of_client(host, *level, logger, text);
                None
            }
            EventKind::ConsumerFailed {
                exception, message, ..
            } => {
                host.log(
                    "ERROR",
                    "Error processing message, terminating consumer process: ",
                    CLASS,
                );
                host.err(&format!("{}: {message}\n", class_of(exception)));
                self.closing = Some(0);
                None
            }
            EventKind::ClientClosed { .. } => {
                let status = self.closing.unwrap_or(TERMINATED);
                Some(self.end(host, status))
            }
            EventKind::ClientCrashed { .. } => Some(KILLED),
            _ => None,
        }
    }

    fn log_of_client(&self, host: &mut Host, level: LogLevel, logger: &str, text: &str) {
        let Link::Consumer(number) = self.link else {
            return;
        };
        let Some(engine::client::Client::Consumer(consumer)) = host.world().clients().get(&number)
        else {
            return;
        };
        let named = format!(
            "[Consumer clientId={}, groupId={}] {text}",
            consumer.connection.client_id, consumer.config.group_id
        );
        host.log(level.name(), &named, logger);
    }
}

fn connect(wanted: &Wanted, host: &mut Host) -> Result<Link, i32> {
    let config = wanted.config(host);
    let config = config.map_err(|refusal| MAKING.setting_refused(host, &refusal))?;
    let client = format!(
        "Consumer clientId={}, groupId={}",
        config.client_id, config.group_id
    );
    if let Some(connecting) = MAKING.reach(host, &wanted.addresses, &client)? {
        return Ok(Link::Nobody(connecting));
    }
    if wanted.topic.trim().is_empty() {
        let message = "Topic collection to subscribe to cannot contain null or empty topic";
        let class = "java.lang.IllegalArgumentException";
        return Err(unknown_error(host, &format!("{class}: {message}")));
    }
    let add = Command::AddConsumer {
        config,
        topics: vec![wanted.topic.as_str().into()],
    };
    MAKING.start(host, add).map(Link::Consumer)
}

fn unknown_error(host: &mut Host, exception: &str) -> i32 {
    host.log("ERROR", "Unknown error when running consumer: ", CLASS);
    host.err(&format!("{exception}\n"));
    1
}

impl Run for ConsoleConsumer {
    fn foreground(&self) -> Foreground {
        Foreground {
            name: "kafka-console-consumer".to_owned(),
            reads_input: false,
            ends_by_itself: self.timeout_ms.is_some() || self.closing.is_some(),
        }
    }

    fn client(&self) -> Option<u32> {
        match self.link {
            Link::Consumer(consumer) => Some(consumer),
            Link::Nobody(_) => None,
        }
    }

    fn deadline(&self) -> Option<Time> {
        match &self.link {
            Link::Nobody(connecting) => {
                let next = connecting.next();
                Some(self.deadline.map_or(next, |deadline| deadline.min(next)))
            }
            Link::Consumer(_) => self.deadline,
        }
    }

    fn on_event(&mut self, host: &mut Host, event: &Event) -> Option<i32> {
        let of = match &event.kind {
            EventKind::RecordsRead { consumer, .. }
            | EventKind::ConsumerFailed { consumer, .. } => consumer,
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
        if let Link::Nobody(connecting) = &mut self.link {
            connecting.try_again(host);
        }
        match self.deadline {
            Some(deadline) if host.now() >= deadline => self.on_timeout(host),
            _ => None,
        }
    }

    fn interrupt(&mut self, host: &mut Host) -> Option<i32> {
        if let (Some(_), Link::Consumer(consumer)) = (self.closing, &self.link) {
            // Ctrl+C once more: it does not wait for its leave to be answered.
            host.crash(*consumer);
            return Some(INTERRUPTED);
        }
        self.close(host, INTERRUPTED)
    }
}
