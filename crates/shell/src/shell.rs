//! All terminals, and the tools that run in them.

use engine::{Event, Time, World};

use crate::screen::LineKind;
use crate::terminal::{Terminal, TerminalId};
use crate::tools::Ground;

/// The most terminals that may be open.
pub const TERMINALS_MAX: usize = 6;
/// The most that may be pasted at once, in bytes.
const PASTE_MAX: usize = 16 << 20;

/// All terminals of the page and what runs in them.
///
/// A clone is a checkpoint: kept with a clone of the world, both go back
/// together.
#[derive(Clone, Debug)]
pub struct Shell {
    terminals: Vec<Terminal>,
    next_terminal: u32,
    names_drawn: u32,
}

impl Shell {
    /// A shell with one terminal.
    pub fn new() -> Shell {
        Shell {
            terminals: vec![Terminal::new(TerminalId(1))],
            next_terminal: 2,
            names_drawn: 0,
        }
    }

    /// Opens another terminal.
    ///
    /// # Errors
    ///
    /// A sentence for the person when as many are open as there may be.
    pub fn open(&mut self) -> Result<TerminalId, String> {
        if self.terminals.len() >= TERMINALS_MAX {
            return Err(format!(
                "{TERMINALS_MAX} terminals are open, which is the most there may be: close one, or \
                 press Ctrl+C in one to use it again."
            ));
        }
        let id = TerminalId(self.next_terminal);
        self.next_terminal += 1;
        self.terminals.push(Terminal::new(id));
        Ok(id)
    }

    /// Closes a terminal: what runs in it ends as by Ctrl+C. The last terminal
    /// stays open.
    pub fn close(&mut self, world: &mut World, id: TerminalId) -> Vec<Event> {
        let events = self.interrupt(world, id);
        if self.terminals.len() > 1 {
            self.terminals.retain(|terminal| terminal.id() != id);
        }
        events
    }

    /// The terminals, in the order in which they were opened.
    pub fn terminals(&self) -> impl Iterator<Item = &Terminal> {
        self.terminals.iter()
    }

    /// One terminal.
    pub fn terminal(&self, id: TerminalId) -> Option<&Terminal> {
        self.terminals.iter().find(|terminal| terminal.id() == id)
    }

    /// Takes what was typed or pasted into a terminal, one line or several: a
    /// command line, or input for the tool in front. While a tool in front
    /// reads nothing, lines wait for its end.
    ///
    /// Returns what happened in the world at once. All tools have seen it.
    pub fn enter(&mut self, world: &mut World, id: TerminalId, line: &str) -> Vec<Event> {
        self.type_into(world, id, line, false).events
    }

    /// Like [`enter`](Self::enter), but lines that come to wait for a tool
    /// which holds the terminal until Ctrl+C go on in a free terminal, or in a
    /// new one, and both terminals say so. Returns the terminal they are in.
    pub fn enter_anywhere(
        &mut self,
        world: &mut World,
        id: TerminalId,
        line: &str,
    ) -> (TerminalId, Vec<Event>) {
        let Work { events, moves } = self.type_into(world, id, line, true);
        let at = moves
            .into_iter()
            .fold(id, |at, (from, to)| if from == at { to } else { at });
        (at, events)
    }

    fn type_into(&mut self, world: &mut World, id: TerminalId, text: &str, may_move: bool) -> Work {
        self.work(world, |shell, ground| {
            let Some(terminal) = shell.find(id) else {
                return;
            };
            if text.len() > PASTE_MAX {
                let said = format!(
                    "That is {} bytes, more than a terminal takes at once ({PASTE_MAX}): nothing \
                     was run.",
                    text.len()
                );
                return terminal.screen.line(LineKind::Note, &said);
            }
            terminal.type_lines(lines_of(text), may_move);
            terminal.go_on(ground);
        })
    }

    /// Lets lines that wait for Ctrl+C in vain go on elsewhere. Returns from
    /// where to where lines went.
    fn move_stuck_lines(&mut self, ground: &mut Ground) -> Option<(TerminalId, TerminalId)> {
        let stuck = |terminal: &mut Terminal| {
            let (tool, lines) = terminal.take_stuck_lines()?;
            Some((terminal.id(), terminal.place.clone(), tool, lines))
        };
        let (from, place, tool, lines) = self.terminals.iter_mut().find_map(stuck)?;
        let free = self.terminals.iter().find(|terminal| terminal.is_idle());
        let to = match free.map(Terminal::id) {
            Some(free) => Ok(free),
            None => self.open(),
        };
        let said = match &to {
            Ok(to) => format!(
                "{tool} holds this terminal until Ctrl+C: what you typed runs in terminal {}.",
                to.0
            ),
            Err(full) => format!("What you typed was not run. {full}"),
        };
        self.find(from)?.screen.line(LineKind::Note, &said);
        let to = to.ok()?;
        let target = self.find(to)?;
        let said = format!("From terminal {}, where {tool} runs:", from.0);
        target.screen.line(LineKind::Note, &said);
        target.place = place;
        target.type_lines(lines, true);
        target.go_on(ground);
        Some((from, to))
    }

    /// Ctrl+C: ends the tool in front and forgets the lines that wait.
    pub fn interrupt(&mut self, world: &mut World, id: TerminalId) -> Vec<Event> {
        let interrupt = |shell: &mut Shell, ground: &mut Ground| {
            if let Some(terminal) = shell.find(id) {
                terminal.interrupt(ground);
            }
        };
        self.work(world, interrupt).events
    }

    /// Ctrl+D: ends the input of the tool in front; with none, leaves the
    /// container.
    pub fn end_of_input(&mut self, world: &mut World, id: TerminalId) -> Vec<Event> {
        let end_of_input = |shell: &mut Shell, ground: &mut Ground| {
            if let Some(terminal) = shell.find(id) {
                terminal.end_of_input(ground);
            }
        };
        self.work(world, end_of_input).events
    }

    /// Shows every tool what happened in the world: to be called with all that
    /// `World::advance_to`, `step` and `execute` returned, and after each
    /// advance even when that is nothing, since a tool may wait for the time
    /// itself. Returns what the tools' own commands brought about at once; all
    /// tools have seen that too.
    pub fn on_events(&mut self, world: &mut World, events: &[Event]) -> Vec<Event> {
        let mut more = self.work(world, |shell, ground| {
            for event in events {
                shell.show(ground, event);
            }
        });
        let by_time = self.work(world, |shell, ground| {
            for terminal in &mut shell.terminals {
                terminal.on_time(ground);
            }
        });
        more.events.extend(by_time.events);
        more.events
    }

    /// When a tool stops waiting (`--timeout-ms`, an address where nobody
    /// answers), if one does.
    pub fn next_deadline(&self) -> Option<Time> {
        self.terminals.iter().filter_map(Terminal::deadline).min()
    }

    /// `World::advance_to` with the tools: each goes on at the very instant of
    /// what it waits for, so that the same lines typed at the same instants
    /// give the same world however often this is called. Returns everything
    /// that happened.
    pub fn advance_to(&mut self, world: &mut World, until: Time) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(next) = self.next_instant(world).filter(|next| *next <= until) {
            events.extend(self.instant(world, next));
        }
        events.extend(self.instant(world, until));
        events
    }

    /// Goes on to the next instant at which something is due in the world or in
    /// a tool, at the latest to `until`, and lets it happen: what
    /// [`advance_to`](Self::advance_to) does, instant by instant.
    pub fn advance_one_instant(&mut self, world: &mut World, until: Time) -> Vec<Event> {
        let next = self.next_instant(world).filter(|next| *next < until);
        self.instant(world, next.unwrap_or(until))
    }

    /// When something is due in the world or in a tool.
    fn next_instant(&self, world: &World) -> Option<Time> {
        let due = [world.next_time(), self.next_deadline()];
        due.into_iter()
            .flatten()
            .min()
            .map(|due| due.max(world.now()))
    }

    /// Lets one instant happen, to the world and then to the tools.
    fn instant(&mut self, world: &mut World, at: Time) -> Vec<Event> {
        let mut events = world.advance_to(at);
        let more = self.on_events(world, &events);
        events.extend(more);
        events
    }

    fn find(&mut self, id: TerminalId) -> Option<&mut Terminal> {
        self.terminals
            .iter_mut()
            .find(|terminal| terminal.id() == id)
    }

    fn show(&mut self, ground: &mut Ground, event: &Event) {
        for terminal in &mut self.terminals {
            terminal.on_event(ground, event);
        }
    }

    /// Does something with the tools, and shows all of them what that brought
    /// about, and what that brought about, to the end.
    fn work(&mut self, world: &mut World, act: impl FnOnce(&mut Shell, &mut Ground)) -> Work {
        let mut names_drawn = self.names_drawn;
        let mut ground = Ground {
            world,
            happened: Vec::new(),
            names_drawn: &mut names_drawn,
        };
        act(self, &mut ground);
        let mut moves = Vec::new();
        let mut shown = 0;
        loop {
            while let Some(event) = ground.happened.get(shown).cloned() {
                shown += 1;
                self.show(&mut ground, &event);
            }
            let moved = self.move_stuck_lines(&mut ground);
            moves.extend(moved);
            if moved.is_none() && shown == ground.happened.len() {
                break;
            }
        }
        let events = ground.happened;
        self.names_drawn = names_drawn;
        Work { events, moves }
    }
}

/// What came of [`Shell::work`].
struct Work {
    /// What happened in the world.
    events: Vec<Event>,
    /// From which terminal to which lines went.
    moves: Vec<(TerminalId, TerminalId)>,
}

/// The lines of what was typed or pasted.
fn lines_of(text: &str) -> Vec<String> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let lines = text.split('\n');
    lines
        .map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned())
        .collect()
}

impl Default for Shell {
    fn default() -> Self {
        Shell::new()
    }
}
