use engine::client::Workload;
use engine::command::{ClientNumber, Command};
use engine::{Journal, World};

/// What a producer makes up, or made up last before it was stopped; `None` for
/// one that never made up anything. Read from the world's history, so that it
/// holds after a rewind too.
pub fn last_workload(world: &World, producer: ClientNumber) -> Option<Workload> {
    in_journal(world.journal(), producer).cloned()
}

/// How many clients a command starts. Clients are numbered in the order of the
/// commands that start them.
pub(super) fn clients_started(command: &Command) -> ClientNumber {
    match command {
        Command::AddProducer { .. }
        | Command::AddConsumer { .. }
        | Command::AddShareConsumer { .. }
        | Command::AddAdmin { .. } => 1,
        // Its consumer and its producer.
        Command::AddProcessor { .. } => 2,
        _ => 0,
    }
}

fn in_journal(journal: &Journal, wanted: ClientNumber) -> Option<&Workload> {
    let mut started: ClientNumber = 0;
    let mut last = None;
    for entry in &journal.entries {
        started += clients_started(&entry.command);
        match &entry.command {
            Command::AddProducer { workload, .. } if started == wanted => {
                last = workload.as_ref();
            }
            Command::SetWorkload { producer, workload } if *producer == wanted => {
                last = workload.as_ref().or(last);
            }
            _ => {}
        }
    }
    last
}
