//! A replica's sheet.

use engine::broker::Role;
use engine::log::PartitionLog;
use engine::{TopicPartition, World};

use super::partition::{log, segments};
use super::sheet::{Section, Sheet, Text};
use super::words;
use crate::stage::Subject;

/// All about a replica.
pub(super) fn sheet(world: &World, subject: &Subject, of: &TopicPartition, id: i32) -> Sheet {
    let title = format!("Replica of {of} on broker {id}");
    let held = world
        .brokers()
        .get(&id)
        .and_then(|it| it.partitions().get(of));
    let Some(held) = held else {
        let why = format!("Broker {id} holds no replica of {of}.");
        return Sheet::gone(subject, title, why);
    };
    let (role, sentence) = match &held.role {
        Role::Leader(_) => (
            "leader",
            format!("The copy that is written to: broker {id} leads {of}."),
        ),
        Role::Follower {
            leader: Some(leader),
            ..
        } => (
            "follower",
            format!("A copy: broker {id} fetches it from the leader, broker {leader}."),
        ),
        Role::Follower { .. } => (
            "follower",
            format!("A copy on broker {id}, which nobody leads at present."),
        ),
        Role::Offline => (
            "offline",
            format!("A copy on the disk of broker {id}, which does not serve it now."),
        ),
    };
    let registered = world.image().partition(of);
    let in_isr = registered.is_some_and(|it| it.isr.contains(&id));
    let leader = world.partition(of);
    let leader_end = leader.map(|it| it.log.end_offset());
    let lag = leader_end.map(|end| (end - held.log.end_offset()).max(0));
    let what = Section::new("What it is")
        .row("Partition", words::partition(of), "")
        .row("Broker", words::broker(id), "")
        .row("Role", role, "")
        .row("LeaderEpoch", held.leader_epoch(), "the one it goes by")
        .row("In sync (Isr)", in_isr, "by the controller's metadata")
        .maybe("Lag", lag, "records that the leader has and it has not");
    let leading = registered.and_then(|it| world.brokers().get(&it.leader?));
    let seen = leading.and_then(|leading| leading.follower(of, id));
    let seen = seen.map(|seen| {
        let ago = |at: Option<i64>| {
            words::maybe(
                at.map(|at| format!("{} ms ago", world.now().as_ms() as i64 - at)),
                "never",
            )
        };
        Section::new("As its leader sees it")
            .row("Log end offset", seen.log_end_offset, "by its last fetch")
            .row("Last fetch", ago(seen.last_fetch_ms), "")
            .row(
                "Last caught up",
                ago(seen.last_caught_up_ms),
                "out of the ISR after replica.lag.time.max.ms",
            )
    });
    let mut sheet = Sheet::new(subject, title, sentence)
        .with(what)
        .with(log(&held.log));
    sheet.sections.extend(seen);
    sheet.with(epochs(&held.log)).with(segments(&held.log))
}

fn epochs(log: &PartitionLog) -> Section {
    let rows = log
        .leader_epochs()
        .entries()
        .map(|(epoch, start)| vec![Text::from(epoch), Text::from(start)]);
    Section::new("Leader epochs")
        .table(&["epoch", "begins at offset"], rows.collect())
        .folded()
}
