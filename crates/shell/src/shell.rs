//! All terminals, and the tools that run in them.

use engine::{Event, Time, World};

use crate::terminal::{Terminal, TerminalId};

/// The most terminals that may be open.
pub const TERMINALS_MAX: usize = 6;

/// All terminals of the page and what runs in them.
///
/// A clone is a checkpoint: kept with a clone of the world, both go back
/// together.
#[derive(Clone, Debug)]
pub struct Shell {}

impl Shell {
    /// A shell with one terminal.
    pub fn new() -> Shell {
        todo!()
    }

    /// Opens another terminal.
    ///
    /// # Errors
    ///
    /// A sentence for the person when as many are open as there may be.
    pub fn open(&mut self) -> Result<TerminalId, String> {
        todo!()
    }

    /// Closes a terminal: what runs in it ends as by Ctrl+C. The last terminal
    /// stays open.
    pub fn close(&mut self, _world: &mut World, _id: TerminalId) -> Vec<Event> {
        todo!()
    }

    /// The terminals, in the order in which they were opened.
    pub fn terminals(&self) -> impl Iterator<Item = &Terminal> {
        [].iter()
    }

    /// One terminal.
    pub fn terminal(&self, _id: TerminalId) -> Option<&Terminal> {
        todo!()
    }

    /// Takes what was typed or pasted into a terminal, one line or several: a
    /// command line, or input for the tool in front. While a tool in front
    /// reads nothing, lines wait for its end.
    ///
    /// Returns what happened in the world at once. All tools have seen it.
    pub fn enter(&mut self, _world: &mut World, _id: TerminalId, _line: &str) -> Vec<Event> {
        todo!()
    }

    /// Like [`enter`](Self::enter), but a command for a terminal that a tool
    /// holds until Ctrl+C goes to a free terminal, or to a new one, and both
    /// terminals say so. Returns the terminal it went to.
    pub fn enter_anywhere(
        &mut self,
        _world: &mut World,
        _id: TerminalId,
        _line: &str,
    ) -> (TerminalId, Vec<Event>) {
        todo!()
    }

    /// Ctrl+C: ends the tool in front and forgets the lines that wait.
    pub fn interrupt(&mut self, _world: &mut World, _id: TerminalId) -> Vec<Event> {
        todo!()
    }

    /// Ctrl+D: ends the input of the tool in front.
    pub fn end_of_input(&mut self, _world: &mut World, _id: TerminalId) -> Vec<Event> {
        todo!()
    }

    /// Shows every tool what happened in the world: to be called with all that
    /// `World::advance_to`, `step` and `execute` returned, and after each
    /// advance even when that is nothing, since a tool may wait for the time
    /// itself. Returns what the tools' own commands brought about at once; all
    /// tools have seen that too.
    pub fn on_events(&mut self, _world: &mut World, _events: &[Event]) -> Vec<Event> {
        todo!()
    }

    /// When a tool stops waiting (`--timeout-ms`, an address where nobody
    /// answers), if one does.
    pub fn next_deadline(&self) -> Option<Time> {
        todo!()
    }

    /// `World::advance_to` with the tools: each goes on at the very instant of
    /// what it waits for, so that the same lines typed at the same instants
    /// give the same world however often this is called. Returns everything
    /// that happened.
    pub fn advance_to(&mut self, _world: &mut World, _until: Time) -> Vec<Event> {
        todo!()
    }

    /// `World::step` with the tools, in the same way: also stops where a tool
    /// printed something.
    pub fn step(&mut self, _world: &mut World) -> Vec<Event> {
        todo!()
    }
}

impl Default for Shell {
    fn default() -> Self {
        Shell::new()
    }
}
