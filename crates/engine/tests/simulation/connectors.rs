//! A source and a sink of a topic: whatever crashes, at the end the sink's
//! table has the last value of each key that the topic has.

use engine::client::connect::{ConnectorClass, ConnectorConfig, ConnectorState};
use engine::client::{AdminConfig, Client};
use engine::collections::{BTreeMap, BTreeSet};
use engine::{Command, TopicPartition};

use super::Run;

/// The topic between them: steady, as that of processors.
const CHANGES: &str = "changes";
const SOURCE: &str = "source";
const SINK: &str = "sink";
/// How many keys the source's table may have.
const KEYS: u32 = 6;
/// How long they may take at the end for what is left, in virtual milliseconds.
const FINISH_WITHIN_MS: i64 = 240_000;

impl Run {
    /// Whether this run has connectors: some do, so that the others are what
    /// they are without.
    pub(super) fn connects(seed: u64) -> bool {
        seed % 8 == 5
    }

    pub(super) fn begin_connecting(&mut self) {
        let request = self.create_steady_topic(CHANGES.into());
        let config = AdminConfig::named("connect-admin");
        if let Some(Some(admin)) = self.execute(Command::AddAdmin { config }) {
            self.execute(Command::AdminCall { admin, request });
        }
        for (name, class) in [
            (SOURCE, ConnectorClass::TableSource),
            (SINK, ConnectorClass::TableSink),
        ] {
            let mut config = ConnectorConfig::new(name, class);
            config.topics = vec![CHANGES.into()];
            config.key_field = Some("id".to_owned());
            config.batch_max_rows = self.pick(&[1, 2, 100]);
            config.poll_interval_ms = self.pick(&[50, 1_000]);
            config.offset_flush_interval_ms = self.pick(&[500, 5_000, 60_000]);
            config.consumer.session_timeout_ms = 6_000;
            config.consumer.heartbeat_interval_ms = 1_000;
            config.consumer.metadata_max_age_ms = 2_000;
            config.producer.metadata_max_age_ms = 2_000;
            let rows = String::new();
            self.execute(Command::AddConnector { config, rows });
        }
    }

    /// One thing that happens to one of them, or to the table that is read.
    pub(super) fn connect(&mut self) {
        let connector = self.pick(&[SOURCE, SINK]).to_owned();
        let command = match self.random.below(12) {
            0..=4 => {
                self.next_value += 1;
                let (id, value) = (self.random.below(KEYS), self.next_value);
                let rows = format!("id,value\n{id},{value}\n");
                let connector = SOURCE.to_owned();
                Command::WriteRows { connector, rows }
            }
            5 => Command::DeleteRow {
                connector: SOURCE.to_owned(),
                key: self.random.below(KEYS).to_string(),
            },
            6 | 7 => {
                let client = self.world.connectors()[&connector].client();
                let Some(client) = client else {
                    return;
                };
                Command::Crash { client }
            }
            8 => Command::PauseConnector { connector },
            9 => Command::ResumeConnector { connector },
            10 => Command::StopConnector { connector },
            _ => Command::RestartConnector { connector },
        };
        self.execute(command);
    }

    /// Demands that the sink's table becomes what the topic says, unless some of
    /// that is lost.
    pub(super) fn connectors_finish(&mut self) {
        // With too few brokers at the beginning it was not made.
        if !self.world.topics().contains_key(CHANGES) {
            return;
        }
        let end = self.world.now().plus_ms(FINISH_WITHIN_MS);
        let mut restarted = BTreeSet::new();
        while let Some(why_not) = self.what_connectors_have_to_do() {
            assert!(self.world.now() < end, "{why_not}");
            self.mend_servers(&mut restarted);
            self.start_connectors();
            self.advance_to(self.world.now().plus_ms(500));
        }
        let is_between = |of: &TopicPartition| &*of.topic == CHANGES;
        if self.model.lost_partitions().any(is_between) {
            return;
        }
        let last = self.last_values();
        let tables = self.world.sink_tables(SINK).expect("there is a sink");
        let table = tables.get(CHANGES).cloned().unwrap_or_default();
        let table = table.iter().map(|(key, row)| (key.clone(), row.to_json()));
        let table: BTreeMap<String, String> = table.collect();
        assert_eq!(table, last, "the sink's table is not what the topic says");
        self.model.summary.rows += table.len() as u64;
    }

    fn start_connectors(&mut self) {
        for connector in [SOURCE, SINK].map(str::to_owned) {
            match self.world.connectors()[&connector].state() {
                ConnectorState::Failed | ConnectorState::Unassigned => {
                    self.execute(Command::RestartConnector { connector });
                }
                ConnectorState::Paused | ConnectorState::Stopped => {
                    self.execute(Command::ResumeConnector { connector });
                }
                ConnectorState::Running | ConnectorState::Restarting => {}
            }
        }
    }

    fn what_connectors_have_to_do(&self) -> Option<String> {
        let of = |name: &str| &self.world.connectors()[name];
        for name in [SOURCE, SINK] {
            if of(name).state() != ConnectorState::Running {
                return Some(format!("{name} is {}", of(name).state()));
            }
        }
        let end = self.world.source_table(SOURCE)?.end();
        let task = of(SOURCE).source_task()?;
        if task.position() != Some(end) || task.acknowledged() != end {
            return Some(format!("{SOURCE} has not sent all: {task:?}"));
        }
        let client = of(SINK)
            .client()
            .and_then(|it| self.world.clients().get(&it));
        let Some(Client::Consumer(consumer)) = client else {
            return Some(format!("{SINK} has no consumer"));
        };
        let unread = self.changes().into_iter().find(|of| {
            let position = consumer.assignment().get(of).and_then(|it| it.position);
            let held = self.world.partition(of);
            let end = held.map(|held| held.log.high_watermark());
            position.is_none() || position != end
        });
        unread.map(|of| format!("{SINK} has not read {of}"))
    }

    fn changes(&self) -> Vec<TopicPartition> {
        let all = self.world.image().partitions().map(|(of, _)| of);
        all.filter(|of| &*of.topic == CHANGES).collect()
    }

    /// The last value of each key, without those that were deleted.
    fn last_values(&self) -> BTreeMap<String, String> {
        let mut last = BTreeMap::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for of in self.changes() {
            let Some(held) = self.world.partition(&of) else {
                continue;
            };
            for record in held
                .log
                .batches()
                .flat_map(|batch| batch.records().flatten())
            {
                let key = text(record.key.unwrap_or_default());
                match record.value {
                    Some(value) => last.insert(key, text(value)),
                    None => last.remove(&key),
                };
            }
        }
        last
    }
}
