//! What lies outside Kafka, at the ends of connectors: what a source reads,
//! and the tables that a sink keeps. No crash in the cluster or of a task
//! changes it.

use std::sync::Arc;

use super::config::{ConnectorClass, ConnectorConfig};
use super::rows::{Row, RowOfLine, RowsError};
use crate::collections::BTreeMap;

/// How many changes a source may hold.
pub const CHANGES_MAX: usize = 10_000;

/// One line of a file, or one change of a table, as a source reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// What the record's key is made of; `None` without `key.field`.
    pub key: Option<String>,
    /// The row as it is from now on; `None` when it was deleted.
    pub row: Option<Arc<Row>>,
}

/// What a source connector reads: rows one after the other, or the changes of a
/// table in the order in which they were made. The number of those that are
/// read is the source offset.
#[derive(Clone, Debug, Default, Hash)]
pub struct SourceTable {
    changes: Vec<Arc<Change>>,
    rows: BTreeMap<String, Arc<Row>>,
    /// How many of them were sent, by whatever task: for onlookers, who would
    /// know what is sent again.
    sent: u64,
}

impl SourceTable {
    /// All changes, oldest first.
    pub fn changes(&self) -> &[Arc<Change>] {
        &self.changes
    }

    /// A table's rows as they are now, by key; none for rows without a table.
    pub fn rows(&self) -> &BTreeMap<String, Arc<Row>> {
        &self.rows
    }

    /// How many changes there are.
    pub fn end(&self) -> u64 {
        self.changes.len() as u64
    }

    /// Whether rows may be put in.
    ///
    /// # Errors
    ///
    /// The first line without a key, where rows have one; or that there are too
    /// many.
    pub(crate) fn check(
        &self,
        config: &ConnectorConfig,
        rows: &[RowOfLine],
    ) -> Result<(), RowsError> {
        if self.changes.len() + rows.len() > CHANGES_MAX {
            let text = format!("A source holds at most {CHANGES_MAX} rows: paste fewer.");
            return Err(RowsError { line: None, text });
        }
        let Some(field) = &config.key_field else {
            return Ok(());
        };
        for (line, row) in rows {
            let text = match row.shown(field) {
                None => format!("there is no field {field}, which is the key (key.field)."),
                Some(key) if key.is_empty() => {
                    format!("the field {field}, which is the key (key.field), is empty.")
                }
                Some(_) => continue,
            };
            return Err(RowsError::at(*line, text));
        }
        Ok(())
    }

    /// Puts rows in that have been checked. In a table a row takes the place of
    /// one with its key.
    pub(crate) fn write(&mut self, config: &ConnectorConfig, rows: Vec<RowOfLine>) {
        for (_, row) in rows {
            let key = config.key_field.as_ref().and_then(|it| row.shown(it));
            let row = Arc::new(row);
            if let Some(key) = &key
                && config.class == ConnectorClass::TableSource
            {
                self.rows.insert(key.clone(), row.clone());
            }
            let row = Some(row);
            self.changes.push(Arc::new(Change { key, row }));
        }
    }

    /// Takes a row out of a table.
    pub(crate) fn delete(&mut self, key: &str) {
        if self.rows.remove(key).is_some() {
            let key = Some(key.to_owned());
            self.changes.push(Arc::new(Change { key, row: None }));
        }
    }

    /// The changes from this one on, as many at most.
    pub(super) fn read(&self, from: u64, most: usize) -> &[Arc<Change>] {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let rest = self.changes.get(from..).unwrap_or_default();
        &rest[..rest.len().min(most)]
    }

    /// Changes up to `to` are sent; says up to which they were before.
    pub(super) fn note_sent(&mut self, to: u64) -> u64 {
        let before = self.sent;
        self.sent = before.max(to);
        before
    }
}

/// A table that a sink keeps, by key.
pub type SinkTable = BTreeMap<String, Arc<Row>>;

/// The tables of one sink, by name.
pub type SinkTables = BTreeMap<String, SinkTable>;
