//! Connectors.

use engine::Command;
use engine::client::connect::{ConnectorClass, ConnectorConfig};

use super::ReadyMade;
use super::cluster::quick_cleaner;
use crate::playground::Playground;
use crate::stage::By;

/// A table, its changes, and a copy.
pub(super) const TABLE_IN_STEP: ReadyMade = ReadyMade {
    id: "table-in-step",
    title: "A table kept in step",
    sentence: "A source makes a record of each change of a table of products, a compacted topic \
               carries them, and a sink keeps a copy; the source's worker crashes before it has \
               stored its offset, sends the last changes again, and the copy is the same.",
    by: By::Topic,
    config: quick_cleaner,
    set: table_in_step,
};

const SOURCE: &str = "products";
const SINK: &str = "warehouse";

const PRODUCTS: &str = "id,name,price\ntea,Tea,4.20\nmug,Mug,8.00\npot,Pot,21.50\njam,Jam,3.10\n";

fn table_in_step(playground: &mut Playground) -> Result<(), String> {
    let settings = [
        ("cleanup.policy", "compact"),
        ("segment.bytes", "600"),
        ("min.cleanable.dirty.ratio", "0.2"),
    ];
    playground.set_topic_with("products", 2, &settings)?;
    let mut source = connector(SOURCE, ConnectorClass::TableSource);
    source.key_field = Some("id".to_owned());
    playground.add_connector(source, PRODUCTS.to_owned())?;
    let sink = connector(SINK, ConnectorClass::TableSink);
    playground.add_connector(sink, String::new())?;
    playground.advance_us(14_000_000);
    for (seconds, row) in [
        (4, "tea,Tea,4.50"),
        (9, "mug,Blue mug,8.00"),
        (15, "cup,Cup,6.00"),
    ] {
        playground.later(seconds, write(row));
    }
    let (connector, key) = (SOURCE.to_owned(), "jam".to_owned());
    playground.later(21, Command::DeleteRow { connector, key });
    playground.later(28, write("tea,Tea,4.80"));
    let client = playground.world().connectors()[SOURCE].client();
    let client = client.ok_or("The source did not start.")?;
    playground.later(33, Command::Crash { client });
    let connector = SOURCE.to_owned();
    playground.later(40, Command::RestartConnector { connector });
    Ok(())
}

fn write(row: &str) -> Command {
    Command::WriteRows {
        connector: SOURCE.to_owned(),
        rows: format!("id,name,price\n{row}\n"),
    }
}

/// One that reads or writes products, and commits more often than by default, to
/// be seen.
fn connector(name: &str, class: ConnectorClass) -> ConnectorConfig {
    let mut config = ConnectorConfig::new(name, class);
    config.topics = vec!["products".into()];
    config.offset_flush_interval_ms = 20_000;
    config
}
