use engine::collections::BTreeMap;

use engine::client::Workload;
use engine::command::{ClientNumber, Command};
use engine::{Journal, World};

/// What a producer makes up, or made up last before it was stopped; `None` for
/// one that never made up anything. Read from the world's history, so that it
/// holds after a rewind too.
pub fn last_workload(world: &World, producer: ClientNumber) -> Option<Workload> {
    last_workloads(world.journal())
        .get(&producer)
        .copied()
        .cloned()
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

/// What each producer makes up, or made up last.
pub(super) fn last_workloads(journal: &Journal) -> BTreeMap<ClientNumber, &Workload> {
    let mut started: ClientNumber = 0;
    let mut last = BTreeMap::new();
    for entry in &journal.entries {
        started += clients_started(&entry.command);
        let (producer, workload) = match &entry.command {
            Command::AddProducer { workload, .. } => (started, workload),
            Command::SetWorkload { producer, workload } => (*producer, workload),
            _ => continue,
        };
        if let Some(workload) = workload {
            last.insert(producer, workload);
        }
    }
    last
}
