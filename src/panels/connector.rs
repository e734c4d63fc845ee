//! The form that makes a connector.

use engine::client::connect::{ConnectorClass, ConnectorConfig};
use yew::prelude::*;

use super::fields::{choice, field, on_submit, topics_as_options, use_clearing};
use super::requests::Fields;

/// A connector to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorRequest {
    /// Its settings.
    pub config: Box<ConnectorConfig>,
    /// Rows for a source.
    pub rows: String,
}

/// The settings that have a field of their own, by its name; what is left empty
/// keeps its default.
const SETTINGS: [(&str, &str); 3] = [
    ("key-field", "key.field"),
    ("tolerance", "errors.tolerance"),
    ("flush", "offset.flush.interval.ms"),
];

impl ConnectorRequest {
    /// Reads the fields `name`, `class`, `topic`, `key-field`, `tolerance`,
    /// `flush` and `rows`.
    ///
    /// # Errors
    ///
    /// A sentence that says which field to mend.
    pub fn read(fields: Fields<'_>) -> Result<ConnectorRequest, String> {
        let class = fields("class");
        let class = ConnectorClass::ALL
            .into_iter()
            .find(|it| it.name() == class);
        let class = class.unwrap_or(ConnectorClass::TableSource);
        let mut config = ConnectorConfig::new(fields("name").trim(), class);
        let mut set = |name: &str, value: String| {
            let set = config.set(name, &value);
            set.map(|_| ()).map_err(|refusal| refusal.sentence())
        };
        set("topics", fields("topic"))?;
        for (field, setting) in SETTINGS {
            let value = fields(field);
            if !value.trim().is_empty() {
                set(setting, value)?;
            }
        }
        let rows = match class.is_source() {
            true => fields("rows"),
            false => String::new(),
        };
        let config = Box::new(config);
        Ok(ConnectorRequest { config, rows })
    }
}

/// What [`AddConnector`] knows of the board, and whom it tells what was filled
/// in.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The topics there are.
    pub topics: Vec<String>,
    /// How many forms were carried out.
    pub sent: u32,
    /// The form was sent off: what it says, or what is to be mended.
    pub on_done: Callback<Result<ConnectorRequest, String>>,
}

/// The form that makes a connector.
#[component]
pub fn AddConnector(props: &Props) -> Html {
    let owned = |(value, text): (&str, &str)| (value.to_owned(), text.to_owned());
    let classes = [
        ("TableSource", "TableSource: a table's changes"),
        ("RowsSource", "RowsSource: each row a record"),
        ("TableSink", "TableSink: keeps a table by key"),
    ];
    let classes = classes.map(owned);
    let tolerances = [
        ("none", "none: the task fails"),
        ("all", "all: bad records are skipped"),
    ];
    let tolerances = tolerances.map(owned);
    let topics = topics_as_options(&props.topics);
    let form = use_clearing(props.sent);
    html! {
        <form ref={form} class="panel-form" aria-label="Add a connector" onsubmit={on_submit(props.on_done.clone(), ConnectorRequest::read)}>
            { field("connector-name", "name", |id| html! { <input {id} name="name" ~defaultValue="people" autocomplete="off" maxlength="100" /> }) }
            { field("connector-class", "connector.class", |id| choice(id, "class".into(), &classes, None)) }
            { field("connector-topic", "Topic", |id| choice(id, "topic".into(), &topics, None)) }
            { field("connector-key", "key.field (of a source)", |id| html! { <input {id} name="key-field" ~defaultValue="id" autocomplete="off" maxlength="100" /> }) }
            { field("connector-tolerance", "errors.tolerance", |id| choice(id, "tolerance".into(), &tolerances, None)) }
            { field("connector-flush", "offset.flush.interval.ms", |id| html! { <input {id} name="flush" type="number" min="1" placeholder="60000" /> }) }
            { field("connector-rows", "Rows of a source: CSV with a first line of names, or JSON lines", |id| html! {
                <textarea {id} name="rows" data-once="" rows="5" spellcheck="false" placeholder={EXAMPLE} />
            }) }
            <button type="submit" class="primary">{ "Start connector" }</button>
        </form>
    }
}

/// Rows as they may be pasted.
pub(super) const EXAMPLE: &str = "id,name\n1,Ada\n2,Grace";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::fields::filled_in as fields;

    #[test]
    fn a_connector_form_becomes_settings_and_rows() {
        let request = ConnectorRequest::read(&fields(&[
            ("name", " people "),
            ("class", "RowsSource"),
            ("topic", "orders"),
            ("key-field", "id"),
            ("flush", "2000"),
            ("rows", "id\n1"),
        ]));
        let request = request.expect("the fields make sense");
        assert_eq!(request.config.name, "people");
        assert_eq!(request.config.class, ConnectorClass::RowsSource);
        assert_eq!(request.config.key_field.as_deref(), Some("id"));
        assert_eq!(request.config.offset_flush_interval_ms, 2_000);
        assert_eq!(request.rows, "id\n1");
        let refused = ConnectorRequest::read(&fields(&[("flush", "0")]));
        assert_eq!(
            refused.expect_err("it would commit all the time"),
            "Mend the settings: Invalid value 0 for configuration offset.flush.interval.ms: Value \
             must be at least 1"
        );
    }
}
