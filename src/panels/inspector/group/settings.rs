//! A group's settings as they hold: its own, or its coordinator's broker's.

use engine::World;
use engine::config::group::{CONFIG, effective_value};
use engine::protocol::ConfigResource;

use crate::panels::inspector::sheet::Section;
use crate::panels::inspector::words;

/// Those of its own first. Of a consumer's own `session.timeout.ms`, which the
/// classic protocol goes by, the members' sheets tell.
pub(super) fn section(world: &World, id: &str) -> Section {
    let section = Section::new("Settings of the group").folded();
    let broker = words::coordinator(world, id).or_else(|| world.brokers().values().next());
    let Some(broker) = broker else {
        return section;
    };
    let own = world.image().configs_of(&ConfigResource::group(id));
    let own = own.cloned().unwrap_or_default();
    let mut keys: Vec<_> = CONFIG.keys().collect();
    engine::sorting::sort_by_key(&mut keys, |key| (!own.contains_key(key.name), key.name));
    keys.into_iter().fold(section, |section, key| {
        let value = effective_value(&own, &broker.config, key.name).to_owned();
        let of_broker = format!("group.{}", key.name);
        let bound = |which: &str| {
            let (kind, setting) = key.name.split_once('.')?;
            broker
                .config
                .value(&format!("group.{kind}.{which}.{setting}"))
        };
        let range = bound("min").zip(bound("max"));
        let range = range.map_or(String::new(), |(min, max)| format!("; {min} to {max}"));
        let from = match own.contains_key(key.name) {
            true => "set for this group".to_owned(),
            false => match broker.config.value(&of_broker) {
                Some(_) => format!("the broker's {of_broker}"),
                None => "default".to_owned(),
            },
        };
        section.row(key.name, value, &format!("{from}{range}"))
    })
}
