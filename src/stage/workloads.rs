use engine::collections::BTreeMap;

use engine::World;
use engine::client::Workload;
use engine::command::{ClientNumber, Command};

/// What a producer makes up, or made up last before it was stopped; `None` for
/// one that never made up anything. Read from the world's history, so that it
/// holds after a rewind too.
pub fn last_workload(world: &World, producer: ClientNumber) -> Option<Workload> {
    last_workloads(world).get(&producer).copied().cloned()
}

/// What each producer makes up, or made up last.
pub(super) fn last_workloads(world: &World) -> BTreeMap<ClientNumber, &Workload> {
    let entries = &world.journal().entries;
    let mut last = BTreeMap::new();
    for (number, known) in world.known_clients() {
        let command = known.command.and_then(|place| entries.get(place));
        if let Some(Command::AddProducer { workload, .. }) = command.map(|it| &it.command) {
            last.extend(workload.as_ref().map(|workload| (*number, workload)));
        }
    }
    for entry in entries {
        if let Command::SetWorkload { producer, workload } = &entry.command {
            last.extend(workload.as_ref().map(|workload| (*producer, workload)));
        }
    }
    last
}
