//! A connector's sheet.

use engine::client::connect::{
    Connector, ConnectorClass, ConnectorState, ErrorsTolerance, OFFSETS_TOPIC,
};
use engine::{Command, World};

use super::act::{Act, Field, Verb};
use super::sheet::{Section, Sheet, Text};
use super::words::{self, MS};
use crate::stage::Subject;

pub(super) fn sheet(world: &World, subject: &Subject, name: &str) -> Sheet {
    let title = format!("Connector {name}");
    let Some(connector) = world.connectors().get(name) else {
        return Sheet::gone(subject, title, "It was deleted, or there never was one.");
    };
    let sentence = match connector.config.class {
        ConnectorClass::RowsSource => {
            "Makes a record of each row. It stores by itself how far it has come; what was sent \
             since then is sent again after a crash."
        }
        ConnectorClass::TableSource => {
            "Makes a record of each change of a table; a row that is deleted becomes a tombstone. \
             It stores by itself how far it has come; what was sent since then is sent again \
             after a crash."
        }
        ConnectorClass::TableSink => {
            "Keeps a table with the last value of each key; a tombstone deletes its row. It is a \
             member of a group, and commits after it has put records into the table."
        }
    };
    let sheet = Sheet::new(subject, title, sentence).with(status(world, connector));
    let sheet = match connector.trace() {
        Some(trace) => sheet.with(Section::new("Trace").text(trace)),
        None => sheet,
    };
    let sheet = match connector.config.class.is_source() {
        true => of_source(sheet, world, connector),
        false => of_sink(sheet, world, connector),
    };
    acts(sheet.with(settings(connector)), world, connector)
}

fn status(world: &World, connector: &Connector) -> Section {
    let about = match connector.state() {
        ConnectorState::Unassigned => "its worker is gone: restart it",
        ConnectorState::Running => "",
        ConnectorState::Paused => "its task runs, and neither reads nor writes",
        ConnectorState::Stopped => "it has no task until it is resumed",
        ConnectorState::Failed => "its task has thrown an exception: restart it",
        ConnectorState::Restarting => "another task is started when this one has ended",
    };
    let clients = connector.clients().into_iter();
    let clients = clients.filter(|number| world.clients().contains_key(number));
    let clients = clients.map(|number| words::client(world, number));
    Section::new("What it does")
        .row("State", connector.state().to_string(), about)
        .row("Clients", Text::list(clients, "none"), "of its task")
}

fn of_source(sheet: Sheet, world: &World, connector: &Connector) -> Sheet {
    let now = world.now();
    let mut offsets = Section::new("Source offset");
    if let Some(task) = connector.source_task() {
        let position = task.position();
        offsets = offsets
            .row("Next change", words::maybe(position, "not known yet"), "")
            .row(
                "Acknowledged",
                task.acknowledged(),
                "the first change that is not",
            )
            .row(
                "Stored",
                task.committed(),
                "in connect-offsets: a new task begins with this change",
            )
            .maybe(
                "Stored next",
                task.flush_at().map(|at| words::due(now, at)),
                "offset.flush.interval.ms",
            );
    }
    let offsets = offsets.row("offset.storage.topic", OFFSETS_TOPIC, "compacted");
    let Some(table) = world.source_table(&connector.config.name) else {
        return sheet.with(offsets);
    };
    let rows = table.changes().iter().enumerate().rev();
    let rows = rows.take(super::TABLE_MAX).map(|(number, change)| {
        let row = match &change.row {
            Some(row) => row.to_json(),
            None => "deleted".to_owned(),
        };
        let key = change.key.clone().unwrap_or_else(|| "null".to_owned());
        vec![Text::from(number), Text::from(key), Text::from(row)]
    });
    let more = table.changes().len().saturating_sub(super::TABLE_MAX);
    let changes = Section::new("Changes, newest first");
    let changes = changes.table(&["number", "key", "row"], rows.collect());
    let sheet = sheet.with(offsets).with(changes.and_more(more));
    match connector.config.class {
        ConnectorClass::TableSource => {
            let rows = table.rows().iter().map(row);
            let now = Section::new("The table now");
            sheet.with(now.table(&["key", "row"], rows.collect()))
        }
        _ => sheet,
    }
}

fn of_sink(mut sheet: Sheet, world: &World, connector: &Connector) -> Sheet {
    let group = words::group(&connector.config.consumer.group_id);
    let commit_at = connector.sink_task().and_then(|task| task.commit_at());
    let commit_at = commit_at.map(|at| words::due(world.now(), at));
    let section = Section::new("Its group").row("group.id", group, "");
    sheet = sheet.with(section.maybe("Commits next", commit_at, "offset.flush.interval.ms"));
    let tables = world.sink_tables(&connector.config.name);
    for (name, table) in tables.into_iter().flatten() {
        let section = Section::new(format!("Table {name}"));
        let rows = table.iter().map(row).collect();
        sheet = sheet.with(section.table(&["key", "row"], rows));
    }
    sheet
}

fn row((key, row): (&String, &std::sync::Arc<engine::client::connect::Row>)) -> Vec<Text> {
    vec![Text::from(key.as_str()), Text::from(row.to_json())]
}

fn settings(connector: &Connector) -> Section {
    let config = &connector.config;
    let tolerance = match config.errors_tolerance {
        ErrorsTolerance::None => "none",
        ErrorsTolerance::All => "all",
    };
    let topics = Text::list(config.topics.iter().map(words::topic), "none");
    let section = Section::new("Settings")
        .row("name", config.name.as_str(), "")
        .row("connector.class", config.class.name(), "")
        .row("tasks.max", 1_i32, "")
        .row(
            if config.class.is_source() {
                "topic"
            } else {
                "topics"
            },
            topics,
            "",
        )
        .row("errors.tolerance", tolerance, "")
        .row(
            "offset.flush.interval.ms",
            config.offset_flush_interval_ms,
            MS,
        )
        .row(
            "offset.flush.timeout.ms",
            config.offset_flush_timeout_ms,
            MS,
        );
    let section = match config.class.is_source() {
        true => section
            .maybe("key.field", config.key_field.clone(), "the record's key")
            .row("batch.max.rows", config.batch_max_rows, "rows a poll")
            .row("poll.interval.ms", config.poll_interval_ms, MS),
        false => section.row("table.name.format", config.table_name_format.as_str(), ""),
    };
    section.folded()
}

fn acts(sheet: Sheet, world: &World, connector: &Connector) -> Sheet {
    let name = connector.config.name.clone();
    let (one, other, third) = (name.clone(), name.clone(), name.clone());
    let mut sheet = sheet;
    if connector.config.class.is_source() {
        sheet = sheet.can(Act::ask(
            "Add rows",
            "CSV with a first line of names, or JSON lines; in a table a row takes the place of \
             one with its key",
            vec![Field::lines(
                "rows",
                "Rows",
                super::super::connector::EXAMPLE,
            )],
            Verb::WriteRows(name.clone()),
        ));
    }
    let table = world.source_table(&name);
    let keys: Vec<String> = table.map_or_else(Vec::new, |it| it.rows().keys().cloned().collect());
    if !keys.is_empty() {
        let keys = keys.into_iter().map(|key| (key.clone(), key));
        sheet = sheet.can(Act::ask(
            "Delete a row",
            "Out of the table; the topic gets a tombstone",
            vec![Field::choice("key", "Row with the key", keys)],
            Verb::DeleteRow(name.clone()),
        ));
    }
    let pause = match connector.state() {
        ConnectorState::Paused | ConnectorState::Stopped => Act::command(
            "Resume",
            "It goes on where it was",
            Command::ResumeConnector { connector: one },
        ),
        _ => Act::command(
            "Pause",
            "Its task stays, and neither reads nor writes",
            Command::PauseConnector { connector: one },
        ),
    };
    sheet = sheet.can(pause);
    if connector.state() != ConnectorState::Stopped {
        sheet = sheet
            .can(Act::command(
                "Stop",
                "Its task ends in order, until it is resumed",
                Command::StopConnector { connector: other },
            ))
            .can(Act::command(
                "Restart",
                "Its task ends in order, if it runs, and another is started",
                Command::RestartConnector { connector: third },
            ))
            .can(tolerance(connector));
    }
    if let Some(client) = connector.client() {
        sheet = sheet.can(Act::freeze(
            world.is_frozen(client),
            (
                "SIGSTOP: its worker does nothing",
                Command::Freeze { client },
            ),
            ("SIGCONT: its worker goes on", Command::Thaw { client }),
        ));
        let crash = Command::Crash { client };
        let about = "As kill -9 does to its worker: what is not stored is done again";
        sheet = sheet.can(Act::command("Crash", about, crash).grave());
    }
    let delete = Command::RemoveConnector { connector: name };
    let about = "Its offsets and what lies outside Kafka stay";
    sheet.can(Act::command("Delete", about, delete).grave())
}

/// The other `errors.tolerance`.
fn tolerance(connector: &Connector) -> Act {
    let mut config = connector.config.clone();
    let (name, tolerance) = match config.errors_tolerance {
        ErrorsTolerance::None => ("Skip bad records", ErrorsTolerance::All),
        ErrorsTolerance::All => ("Fail at bad records", ErrorsTolerance::None),
    };
    config.errors_tolerance = tolerance;
    let about = "Changes errors.tolerance, and starts its task anew";
    Act::command(name, about, Command::SetConnectorConfig { config })
}
