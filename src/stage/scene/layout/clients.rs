//! What stands at the sides: producers, groups and connectors.

use engine::collections::BTreeSet;
use std::rc::Rc;

use engine::client::Client;
use engine::command::ClientNumber;

use super::super::{GroupBox, NoteKind, ProducerBox, connectors, groups, producers};
use super::Layout;
use super::around::REMARK_HEIGHT;
use super::columns::{Column, GAP, PRODUCER_WIDTH_MIN};
use crate::stage::recent::What;
use crate::stage::workloads::last_workloads;

/// The most producers that are drawn; further ones are counted.
const PRODUCERS_MAX: usize = 40;
/// The most groups that are drawn; further ones are counted.
const GROUPS_MAX: usize = 40;
/// The most sources and the most sinks that are drawn; further ones are counted.
const CONNECTORS_MAX: usize = 20;
/// Of what has gone wrong with producers that are gone, the latest.
const TROUBLES_MAX: usize = 2;

impl Layout<'_> {
    pub(super) fn producers(
        &mut self,
        column: &mut Column,
        slots_max: usize,
    ) -> Vec<Rc<ProducerBox>> {
        self.heading(column, "Producers");
        // Those of processors are shown with what they read.
        let processors: BTreeSet<ClientNumber> = self
            .world
            .processors()
            .values()
            .map(|processor| processor.producer())
            .collect();
        let workloads = last_workloads(self.world);
        let mut all: Vec<ProducerBox> = Vec::new();
        for (number, client) in self.world.clients() {
            let is_processor = processors.contains(number);
            if let (Client::Producer(producer), false) = (client, is_processor) {
                all.push(producers::describe(
                    self.world,
                    producer,
                    &self.names[number],
                    slots_max,
                    workloads.get(number).copied(),
                    self.news.recent(),
                ));
            }
        }
        let hidden = all.len().saturating_sub(PRODUCERS_MAX);
        all.truncate(PRODUCERS_MAX);
        let count = ((column.width + GAP) / (PRODUCER_WIDTH_MIN + GAP)).floor();
        let per_row = (count as usize).min(all.len()).max(1);
        let width = (column.width - (per_row - 1) as f32 * GAP) / per_row as f32;
        for row in all.chunks_mut(per_row) {
            let height = row.iter().map(producers::height).fold(0.0, f32::max);
            let rect = column.take(height);
            for (index, producer) in row.iter_mut().enumerate() {
                let x = rect.x + index as f32 * (width + GAP);
                producers::place(producer, x, rect.y, width);
            }
        }
        if all.is_empty() {
            self.remark(column, "No producer runs.".to_owned());
        }
        self.count_hidden(column, hidden, "producers");
        self.never_sent(column);
        self.connectors(column, true);
        all.into_iter().map(Rc::new).collect()
    }

    pub(super) fn group_boxes(&mut self, column: &mut Column) -> Vec<Rc<GroupBox>> {
        self.heading(column, "Groups");
        let mut boxes = Vec::new();
        for group in self.groups.iter().take(GROUPS_MAX) {
            let place = (column.x, column.y, column.width);
            let group = groups::group_box(self.world, group, &self.news, place);
            column.take(group.rect.height);
            boxes.push(Rc::new(group));
        }
        if self.groups.is_empty() {
            self.remark(column, "No consumer runs.".to_owned());
        }
        let hidden = self.groups.len().saturating_sub(GROUPS_MAX);
        self.count_hidden(column, hidden, "groups");
        self.connectors(column, false);
        boxes
    }

    /// The sources or the sinks, under a heading of their own where there are
    /// any.
    fn connectors(&mut self, column: &mut Column, sources: bool) {
        let all = self.world.connectors().values();
        let wanted = all.filter(|it| it.config.class.is_source() == sources);
        let wanted: Vec<_> = wanted.collect();
        if wanted.is_empty() {
            return;
        }
        let heading = if sources { "Sources" } else { "Sinks" };
        self.heading(column, heading);
        for connector in wanted.iter().take(CONNECTORS_MAX) {
            let mut connector = connectors::describe(self.world, connector);
            let rect = column.take(connectors::height(&connector));
            connectors::place(&mut connector, rect.x, rect.y, rect.width);
            self.connectors.push(Rc::new(connector));
        }
        let hidden = wanted.len().saturating_sub(CONNECTORS_MAX);
        let what = if sources { "sources" } else { "sinks" };
        self.count_hidden(column, hidden, what);
    }

    /// What was lost with producers that are gone.
    fn never_sent(&mut self, column: &mut Column) {
        let news: Vec<String> = self
            .news
            .recent()
            .happenings(self.world.now())
            .filter_map(|(what, _)| match what {
                What::NeverSent {
                    producer, records, ..
                } => Some(format!(
                    "✗ {producer} is gone: {records} records never sent."
                )),
                _ => None,
            })
            .collect();
        for text in news.into_iter().rev().take(TROUBLES_MAX) {
            self.note(column, text, NoteKind::Trouble, REMARK_HEIGHT);
        }
    }
}
