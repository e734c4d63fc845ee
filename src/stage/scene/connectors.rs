//! Connectors, with what lies outside Kafka at their other ends: what a source
//! reads, and the tables that a sink keeps.

use engine::World;
use engine::client::connect::{
    Change, Connector, ConnectorClass, ConnectorState, Row, SinkTables, SourceTable,
};
use engine::command::ClientNumber;

use super::super::geometry::Rect;
use super::short_text;

/// The most rows that a box shows; further ones are counted.
pub(super) const ROWS_MAX: usize = 6;

const PAD: f32 = 0.6;
const NAME_HEIGHT: f32 = 1.5;
const LINE_HEIGHT: f32 = 1.2;
const GAP: f32 = 0.35;
const CONTROLS_HEIGHT: f32 = 1.65;
/// Of a row's values at most so many characters are kept.
const ROW_CHARS: usize = 60;

/// A connector and what lies at its other end.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorBox {
    /// Its name.
    pub name: String,
    /// Whether it brings records to a topic.
    pub is_source: bool,
    /// Its class and its topics, such as `TableSource → people`.
    pub about: String,
    /// Its state.
    pub state: ConnectorState,
    /// How far it has come, in a line.
    pub progress: String,
    /// Why its task has failed, in a line.
    pub trace: Option<String>,
    /// The client by which its process is known; `None` when it has none.
    pub client: Option<ClientNumber>,
    /// Whether its process stands still (SIGSTOP).
    pub is_frozen: bool,
    /// What is outside Kafka: rows, in order.
    pub rows: Vec<ConnectorRow>,
    /// What is not shown of it, in words; empty when all is.
    pub more: String,
    /// Where.
    pub rect: Rect,
    /// Where its rows are.
    pub table: Rect,
    /// Where its buttons are.
    pub controls: Rect,
}

/// A row at the other end of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorRow {
    /// What stands before it: the number of a change, or the key.
    pub name: String,
    /// Its values.
    pub text: String,
    /// How far a change has come; `None` for a row of a sink's table.
    pub progress: Option<ChangeProgress>,
}

/// How far a change of a source has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeProgress {
    /// The offset behind it is stored: it is not read again.
    Stored,
    /// It was sent.
    Sent,
    /// It is read next.
    Next,
    /// It is read later.
    Later,
}

impl ChangeProgress {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            ChangeProgress::Stored => "stored",
            ChangeProgress::Sent => "sent",
            ChangeProgress::Next => "next",
            ChangeProgress::Later => "waits",
        }
    }
}

impl ConnectorBox {
    /// Whether somebody has to see to it.
    pub fn is_trouble(&self) -> bool {
        let states = [ConnectorState::Failed, ConnectorState::Unassigned];
        states.contains(&self.state)
    }
}

/// The box of a connector; [`place`] says where it stands.
pub(super) fn describe(world: &World, connector: &Connector) -> ConnectorBox {
    let config = &connector.config;
    let name = config.name.as_str();
    let arrow = if config.class.is_source() {
        "→"
    } else {
        "←"
    };
    let topics = config.topics.join(", ");
    let (progress, rows, more) = match config.class {
        ConnectorClass::TableSink => sink(connector, world.sink_tables(name)),
        _ => source(connector, world.source_table(name)),
    };
    let client = connector.client();
    ConnectorBox {
        name: name.to_owned(),
        is_source: config.class.is_source(),
        about: format!("{} {arrow} {topics}", config.class.name()),
        state: connector.state(),
        progress,
        trace: connector.reason(),
        client,
        is_frozen: client.is_some_and(|client| world.is_frozen(client)),
        rows,
        more,
        rect: Rect::default(),
        table: Rect::default(),
        controls: Rect::default(),
    }
}

/// How high the box is.
pub(super) fn height(connector: &ConnectorBox) -> f32 {
    PAD + NAME_HEIGHT
        + text_lines(connector) * LINE_HEIGHT
        + GAP
        + table_lines(connector) * LINE_HEIGHT
        + GAP
        + CONTROLS_HEIGHT
        + PAD
}

/// Puts the box and what is in it in place.
pub(super) fn place(connector: &mut ConnectorBox, x: f32, y: f32, width: f32) {
    connector.rect = Rect::new(x, y, width, height(connector));
    let (left, inner) = (x + PAD, width - 2.0 * PAD);
    let top = y + PAD + NAME_HEIGHT + text_lines(connector) * LINE_HEIGHT + GAP;
    connector.table = Rect::new(left, top, inner, table_lines(connector) * LINE_HEIGHT);
    let y = connector.rect.bottom() - PAD - CONTROLS_HEIGHT;
    connector.controls = Rect::new(left, y, inner, CONTROLS_HEIGHT);
}

/// What it is, how far it has come, and twice the room for what went wrong.
fn text_lines(connector: &ConnectorBox) -> f32 {
    let of_trace = if connector.trace.is_some() { 2.0 } else { 0.0 };
    2.0 + of_trace
}

fn table_lines(connector: &ConnectorBox) -> f32 {
    let of_more = usize::from(!connector.more.is_empty());
    (connector.rows.len() + of_more) as f32
}

/// The changes around the one that is read next.
fn source(
    connector: &Connector,
    table: Option<&SourceTable>,
) -> (String, Vec<ConnectorRow>, String) {
    let changes = table.map_or(&[][..], |table| table.changes());
    let task = connector.source_task();
    let next = task.and_then(|task| task.position());
    let progress = match (task, next) {
        (None, _) => "no task runs".to_owned(),
        (Some(_), None) => "reads its offset".to_owned(),
        (Some(task), Some(next)) => format!("next change {next} · stored {}", task.committed()),
    };
    let stored = task.filter(|_| next.is_some()).map(|task| task.committed());
    let middle = usize::try_from(next.unwrap_or(0)).unwrap_or(0);
    let last_first = changes.len().saturating_sub(ROWS_MAX);
    let first = middle.saturating_sub(ROWS_MAX / 2).min(last_first);
    let shown = changes.iter().enumerate().skip(first).take(ROWS_MAX);
    let rows = shown.map(|(number, change)| {
        let number = number as u64;
        ConnectorRow {
            name: number.to_string(),
            text: of_change(change),
            progress: next.map(|next| match number {
                _ if stored.is_some_and(|stored| number < stored) => ChangeProgress::Stored,
                _ if number < next => ChangeProgress::Sent,
                _ if number == next => ChangeProgress::Next,
                _ => ChangeProgress::Later,
            }),
        }
    });
    let rows: Vec<ConnectorRow> = rows.collect();
    let more = match (changes.len(), rows.len()) {
        (0, _) => "no row yet".to_owned(),
        (all, shown) if all > shown => format!("{shown} of {all} changes shown"),
        _ => String::new(),
    };
    (progress, rows, more)
}

fn of_change(change: &Change) -> String {
    match (&change.row, &change.key) {
        (Some(row), _) => values(row),
        (None, key) => format!("✗ {} deleted", key.as_deref().unwrap_or_default()),
    }
}

/// The first rows of each table.
fn sink(connector: &Connector, tables: Option<&SinkTables>) -> (String, Vec<ConnectorRow>, String) {
    let progress = match connector.sink_task() {
        Some(_) => format!("group {}", connector.config.consumer.group_id),
        None => "no task runs".to_owned(),
    };
    let tables = tables.into_iter().flatten();
    let has_many = connector.config.topics.len() > 1;
    let mut all = 0;
    let mut rows = Vec::new();
    for (table, content) in tables {
        all += content.len();
        for (key, row) in content.iter().take(ROWS_MAX - rows.len()) {
            let name = match has_many {
                true => format!("{table}: {key}"),
                false => key.clone(),
            };
            rows.push(ConnectorRow {
                name,
                text: values(row),
                progress: None,
            });
        }
    }
    let more = match (all, rows.len()) {
        (0, _) => "the table is empty".to_owned(),
        (all, shown) if all > shown => format!("{shown} of {all} rows shown"),
        _ => String::new(),
    };
    (progress, rows, more)
}

/// The values of a row, one after the other.
fn values(row: &Row) -> String {
    let shown = row
        .fields()
        .map(|(name, _)| row.shown(name).unwrap_or_default());
    let values: Vec<String> = shown.collect();
    short_text(&values.join(" · "), ROW_CHARS)
}
