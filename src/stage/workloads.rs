use engine::client::Workload;
use engine::command::{ClientNumber, Command};
use engine::{Journal, World};

/// What a producer makes up, or made up last before it was stopped; `None` for
/// one that never made up anything. Read from the world's history, so that it
/// holds after a rewind too.
pub fn last_workload(world: &World, producer: ClientNumber) -> Option<Workload> {
    in_journal(world.journal(), producer).cloned()
}

/// Clients are numbered in the order of the commands that start them.
fn in_journal(journal: &Journal, wanted: ClientNumber) -> Option<&Workload> {
    let mut started: ClientNumber = 0;
    let mut last = None;
    for entry in &journal.entries {
        match &entry.command {
            Command::AddProducer { workload, .. } => {
                started += 1;
                if started == wanted {
                    last = workload.as_ref();
                }
            }
            Command::AddConsumer { .. } | Command::AddAdmin { .. } => started += 1,
            Command::SetWorkload { producer, workload } if *producer == wanted => {
                last = workload.as_ref().or(last);
            }
            _ => {}
        }
    }
    last
}
