//! An admin client's sheet.

use engine::World;
use engine::client::Admin;

use super::settings;
use crate::panels::inspector::sheet::{Section, Sheet};
use crate::panels::inspector::words;
use crate::stage::Subject;

pub(super) fn sheet(world: &World, subject: &Subject, title: String, admin: &Admin) -> Sheet {
    let sentence = "Asks brokers for changes and for news: what kafka-topics and its like do. A \
        call that meets no broker is tried again.";
    let rows = admin
        .calls()
        .map(|(api, deadline)| vec![api.into(), words::due(world.now(), deadline).into()]);
    let calls = Section::new("Calls under way").table(&["call", "given up"], rows.collect());
    Sheet::new(subject, title, sentence)
        .with(calls)
        .with(settings::of_admin(admin))
}
