//! Kafka's tools.

mod connecting;
mod console_consumer;
mod console_producer;
mod making;
mod names;
mod properties;
mod removed;
mod topics;

pub(crate) use names::{Known, known_tool, runnable, tool_name};

use engine::{Command, Event, Refusal, Time, World};

use crate::clock::log_time;
use crate::options::{OptionSpec, usage};
use crate::screen::{LineKind, Screen};
use crate::terminal::Foreground;

use console_consumer::ConsoleConsumer;
use console_producer::ConsoleProducer;
use topics::Topics;

/// What `--version` says: that of the Kafka whose tools these follow.
const VERSION: &str = "4.0.0-SNAPSHOT";

/// The exit status of a program that Ctrl+C ended.
const INTERRUPTED: i32 = 130;
/// The exit status of a program that was killed.
const KILLED: i32 = 137;
/// The exit status of a program that was asked to end.
const TERMINATED: i32 = 143;

/// The world, what the tools' commands brought about in it, and the names they
/// have made up.
pub(crate) struct Ground<'a> {
    pub world: &'a mut World,
    /// What happened, in order.
    pub happened: Vec<Event>,
    /// How many names tools have drawn.
    pub names_drawn: &'a mut u32,
}

/// What a tool works with: the world, and the terminal it prints to.
pub(crate) struct Host<'a, 'w> {
    pub ground: &'a mut Ground<'w>,
    pub screen: &'a mut Screen,
}

impl Host<'_, '_> {
    pub fn world(&self) -> &World {
        self.ground.world
    }

    pub fn now(&self) -> Time {
        self.ground.world.now()
    }

    /// Prints on the standard output.
    pub fn out(&mut self, text: &str) {
        self.screen.print(LineKind::Stdout, text);
    }

    /// Prints on the standard error.
    pub fn err(&mut self, text: &str) {
        self.screen.print(LineKind::Stderr, text);
    }

    /// Says something for the playground itself.
    pub fn note(&mut self, text: &str) {
        self.screen.line(LineKind::Note, text);
    }

    /// Logs a line as the tools' log configuration has it: on the standard
    /// error, with time, level and class.
    pub fn log(&mut self, level: &str, text: &str, class: &str) {
        let time = log_time(self.ground.world.timestamp_ms());
        self.err(&format!("[{time}] {level} {text} ({class})\n"));
    }

    /// Prints a message and what the options are; the exit status is 1
    /// (`CommandLineUtils.printUsageAndExit`).
    pub fn usage(&mut self, message: &str, specs: &[OptionSpec]) -> i32 {
        self.err(&format!("{message}\n{}", usage(specs)));
        1
    }

    /// Gives the world a command; returns the client it started.
    pub fn execute(&mut self, command: Command) -> Result<Option<u32>, Refusal> {
        let outcome = self.ground.world.execute(command)?;
        self.ground.happened.extend(outcome.events);
        Ok(outcome.client)
    }

    /// Closes a client. One that is gone already needs no closing.
    pub fn close(&mut self, client: u32) {
        let _gone = self.execute(Command::Close { client });
    }

    /// Ends a client as its process does that is killed.
    pub fn crash(&mut self, client: u32) {
        let _gone = self.execute(Command::Crash { client });
    }
}

/// A tool that runs: each function says when it ends, with its exit status.
pub(crate) trait Run {
    /// How it holds the terminal.
    fn foreground(&self) -> Foreground;

    /// What it prints before a line that it reads.
    fn prompt(&self) -> &str {
        ""
    }

    /// The client that it drives in the world.
    fn client(&self) -> Option<u32>;

    /// When it stops waiting.
    fn deadline(&self) -> Option<Time> {
        None
    }

    /// Something happened.
    fn on_event(&mut self, host: &mut Host, event: &Event) -> Option<i32>;

    /// Time has passed.
    fn on_time(&mut self, _host: &mut Host) -> Option<i32> {
        None
    }

    /// A line was typed.
    fn input(&mut self, _host: &mut Host, _line: &str) -> Option<i32> {
        None
    }

    /// No more lines will come.
    fn end_of_input(&mut self, _host: &mut Host) -> Option<i32> {
        None
    }

    /// Ctrl+C.
    fn interrupt(&mut self, host: &mut Host) -> Option<i32>;
}

/// A tool that runs in a terminal.
#[derive(Clone, Debug)]
pub(crate) enum Tool {
    Topics(Box<Topics>),
    ConsoleProducer(Box<ConsoleProducer>),
    ConsoleConsumer(Box<ConsoleConsumer>),
}

impl Tool {
    /// Starts one of the tools that run here; the error is the exit status of
    /// one that has ended at once.
    pub fn start(
        tool: Known,
        arguments: &[String],
        stdin: Option<String>,
        host: &mut Host,
    ) -> Result<Tool, i32> {
        Ok(match tool {
            Known::Topics => Tool::Topics(Box::new(Topics::start(arguments, host)?)),
            Known::ConsoleProducer => {
                let producer = ConsoleProducer::start(arguments, stdin, host)?;
                Tool::ConsoleProducer(Box::new(producer))
            }
            Known::ConsoleConsumer => {
                Tool::ConsoleConsumer(Box::new(ConsoleConsumer::start(arguments, host)?))
            }
        })
    }

    pub fn run(&mut self) -> &mut dyn Run {
        match self {
            Tool::Topics(tool) => tool.as_mut(),
            Tool::ConsoleProducer(tool) => tool.as_mut(),
            Tool::ConsoleConsumer(tool) => tool.as_mut(),
        }
    }

    pub fn as_run(&self) -> &dyn Run {
        match self {
            Tool::Topics(tool) => tool.as_ref(),
            Tool::ConsoleProducer(tool) => tool.as_ref(),
            Tool::ConsoleConsumer(tool) => tool.as_ref(),
        }
    }
}
