//! Connectors, as Kafka Connect runs them (`connect/runtime`): a source's task
//! makes records of rows that lie outside Kafka and stores by itself how far it
//! has come; a sink's task is a member of a group, and keeps a table outside
//! Kafka up to date.
//!
//! Each connector has a worker of its own here, with one task: a process with
//! the clients that the worker gives the task. What happens to these is shown
//! to the task as events, and it calls them directly.

mod config;
mod event;
mod offsets;
mod rows;
mod sink;
mod source;
mod tables;

pub use config::{ConnectorClass, ConnectorConfig, ErrorsTolerance};
pub use event::ConnectorEvent;
pub use offsets::OFFSETS_TOPIC;
pub use rows::{Row, RowOfLine, RowsError, parse_rows};
pub use sink::SinkTask;
pub use source::SourceTask;
pub use tables::{CHANGES_MAX, Change, SinkTable, SinkTables, SourceTable};

pub(crate) use offsets::REPLICAS;
pub(crate) use source::Clients;

use std::fmt;

use crate::controller::is_internal;
use crate::event::EventKind;
use crate::sim::{ClientNumber, Fabric};

/// The state of a connector and its task (`AbstractStatus.State`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectorState {
    /// Its worker is gone, and no other is there to run the task.
    Unassigned,
    /// Its task runs.
    Running,
    /// Its task runs, and neither reads nor writes until it is resumed.
    Paused,
    /// It has no task until it is resumed (KIP-875).
    Stopped,
    /// Its task has failed.
    Failed,
    /// Its task ends, and another is started then.
    Restarting,
}

impl fmt::Display for ConnectorState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectorState::Unassigned => "UNASSIGNED",
            ConnectorState::Running => "RUNNING",
            ConnectorState::Paused => "PAUSED",
            ConnectorState::Stopped => "STOPPED",
            ConnectorState::Failed => "FAILED",
            ConnectorState::Restarting => "RESTARTING",
        })
    }
}

/// What somebody wants a connector to do (`TargetState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    #[default]
    Started,
    Paused,
    Stopped,
    /// To be gone.
    Removed,
}

/// A connector.
#[derive(Clone, Debug, Hash)]
pub struct Connector {
    /// Its settings.
    pub config: ConnectorConfig,
    state: ConnectorState,
    trace: Option<String>,
    task: Option<Task>,
    pub(crate) target: Target,
    /// Another task is to be started when this one has ended.
    pub(crate) is_to_restart: bool,
}

/// The task of a connector.
#[derive(Clone, Debug, Hash)]
pub enum Task {
    /// Of a source.
    Source(Box<SourceTask>),
    /// Of a sink.
    Sink(SinkTask),
}

/// How a task goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It runs, or ends in order.
    Runs,
    /// It has thrown this, and ends in order.
    Fails(String),
    /// Its producer does not close in time.
    Overdue,
    /// It has ended in order.
    Ended,
    /// Its process is gone.
    Gone,
}

impl Connector {
    pub(crate) fn new(config: ConnectorConfig) -> Connector {
        Connector {
            config,
            state: ConnectorState::Unassigned,
            trace: None,
            task: None,
            target: Target::Started,
            is_to_restart: false,
        }
    }

    /// The state it is in.
    pub fn state(&self) -> ConnectorState {
        self.state
    }

    /// Why its task has failed: the exceptions without their packages, each on
    /// its line.
    pub fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

    /// The same in one line: what the task has thrown, and what was at the root
    /// of it.
    pub fn reason(&self) -> Option<String> {
        self.trace().map(reason)
    }

    /// Its task, as long as that has not ended.
    pub fn task(&self) -> Option<&Task> {
        self.task.as_ref()
    }

    /// The task of a source.
    pub fn source_task(&self) -> Option<&SourceTask> {
        match &self.task {
            Some(Task::Source(task)) => Some(task),
            _ => None,
        }
    }

    /// The task of a sink.
    pub fn sink_task(&self) -> Option<&SinkTask> {
        match &self.task {
            Some(Task::Sink(task)) => Some(task),
            _ => None,
        }
    }

    /// The client by which people know its process: a source's producer, a
    /// sink's consumer.
    pub fn client(&self) -> Option<ClientNumber> {
        Some(match self.task.as_ref()? {
            Task::Source(task) => task.producer(),
            Task::Sink(task) => task.consumer(),
        })
    }

    /// The clients of its process, also those that have ended.
    pub fn clients(&self) -> Vec<ClientNumber> {
        match &self.task {
            Some(Task::Source(task)) => task.clients().into(),
            Some(Task::Sink(task)) => vec![task.consumer()],
            None => Vec::new(),
        }
    }

    /// Another task runs from now on.
    pub(crate) fn start(&mut self, fabric: &mut Fabric, task: Task) {
        self.task = Some(task);
        self.trace = None;
        self.is_to_restart = false;
        self.change_state(fabric, self.state_of_running());
    }

    /// The state of a connector whose task runs.
    pub(crate) fn state_of_running(&self) -> ConnectorState {
        match self.target {
            Target::Paused => ConnectorState::Paused,
            _ => ConnectorState::Running,
        }
    }

    /// Its task has thrown this.
    pub(crate) fn fail(&mut self, fabric: &mut Fabric, trace: String) {
        self.trace = Some(trace.clone());
        self.state = ConnectorState::Failed;
        self.tell(fabric, ConnectorEvent::TaskFailed { trace });
    }

    /// It has no task any more.
    pub(crate) fn forget_task(&mut self) {
        self.task = None;
    }

    pub(crate) fn change_state(&mut self, fabric: &mut Fabric, state: ConnectorState) {
        if self.state != state {
            self.state = state;
            self.tell(fabric, ConnectorEvent::StateChanged { state });
        }
    }

    pub(crate) fn task_mut(&mut self) -> (&ConnectorConfig, bool, Option<&mut Task>) {
        let is_paused = self.target == Target::Paused;
        (&self.config, is_paused, self.task.as_mut())
    }

    pub(crate) fn tell(&self, fabric: &mut Fabric, event: ConnectorEvent) {
        tell(fabric, &self.config.name, event);
    }
}

/// The first exception of a trace, and the last of its causes.
fn reason(trace: &str) -> String {
    let mut lines = trace.lines();
    let first = lines.next().unwrap_or_default();
    let mut causes = lines.filter_map(|line| line.strip_prefix("Caused by: "));
    match causes.next_back() {
        Some(cause) => format!("{} ({cause})", first.trim_end_matches(['.', ' '])),
        None => first.to_owned(),
    }
}

/// Whether a topic is kept by the cluster or by Kafka Connect for itself, and
/// holds no records of people's own.
pub fn is_bookkeeping(topic: &str) -> bool {
    is_internal(topic) || topic == OFFSETS_TOPIC
}

/// Something has happened that is told of the connector of this name.
pub(crate) fn tell(fabric: &mut Fabric, name: &str, event: ConnectorEvent) {
    fabric.emit(EventKind::Connector {
        connector: name.to_owned(),
        event,
    });
}
