//! What clients do to the cluster.

use engine::collections::BTreeMap;

use engine::client::{Acks, AdminConfig, KeyPattern, OutgoingRecord, ProducerConfig, Workload};
use engine::log::record_batch::CompressionType;
use engine::protocol::{
    AlterPartitionReassignmentsRequest, CreatableTopic, CreatePartitionsRequest,
    CreatePartitionsTopic, CreateTopicsRequest, DeleteRecordsRequest, DeleteTopicsRequest,
    ElectLeadersRequest, ElectionType, ListPartitionReassignmentsRequest, Request, TopicName,
};
use engine::{Command, TopicPartition};

use super::{Run, pick};

/// What a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Producer,
    /// A producer with a `transactional.id`.
    Transactional,
    Consumer,
    /// A processor, by its consumer's number.
    Processor,
    ShareConsumer,
    Admin,
}

pub(super) const TOPICS: u32 = 4;
/// What processors read and where they write to: nobody deletes records or the
/// topics, and no election is unclean.
pub(super) const INPUT: &str = "in";
pub(super) const OUTPUT: &str = "out";
const CLIENTS_MAX: usize = 24;

impl Run {
    /// Topics, a producer and a consumer are there from the beginning.
    pub(super) fn begin(&mut self) {
        self.add_admin();
        for number in 0..2 {
            let request = self.create_topic(topic(number));
            self.admin_call(request);
        }
        for name in [INPUT, OUTPUT] {
            let request = self.create_steady_topic(name.into());
            self.admin_call(request);
        }
        self.advance_to(self.world.now().plus_ms(200));
        self.add_producer();
        self.add_consumer();
        self.add_processor();
    }

    /// One thing that a client does, or one more client.
    pub(super) fn work(&mut self) {
        let has_room = self.world.clients().len() < CLIENTS_MAX;
        match self.random.below(38) {
            0..=2 if has_room => self.add_producer(),
            3 if has_room => self.add_admin(),
            0..=4 => self.end_client(),
            5 => self.set_workload(),
            6..=9 => self.send(),
            10..=17 => self.consume(has_room),
            18 if has_room => self.add_transactional_producer(),
            18..=23 => self.transact(),
            24 if has_room => self.add_processor(),
            24 | 25 => self.end_client_of(Kind::Processor),
            26..=29 => self.share(has_room),
            _ => {
                let request = self.admin_request();
                self.admin_call(request);
            }
        }
    }

    pub(super) fn add(&mut self, command: Command, kind: Kind) {
        if let Some(Some(number)) = self.execute(command) {
            self.clients.push((number, kind));
        }
    }

    fn add_producer(&mut self) {
        let random = &mut self.random;
        let config = ProducerConfig {
            acks: pick(
                random,
                &[Acks::None, Acks::Leader, Acks::All, Acks::All, Acks::All],
            ),
            enable_idempotence: pick(random, &[true, true, true, false]),
            max_in_flight_requests: pick(random, &[1, 5, 5]),
            batch_size: pick(random, &[0, 100, 16_384]),
            linger_ms: i64::from(random.below(20)),
            compression_type: pick(random, &CompressionType::ALL),
            request_timeout_ms: pick(random, &[1_000, 30_000]),
            metadata_max_age_ms: pick(random, &[1_000, 10_000]),
            ..ProducerConfig::default()
        };
        let workload = (random.below(3) > 0).then(|| self.workload());
        if let Some(config) = sound(config) {
            self.add(Command::AddProducer { config, workload }, Kind::Producer);
        }
    }

    fn add_admin(&mut self) {
        let config = AdminConfig::named("admin");
        self.add(Command::AddAdmin { config }, Kind::Admin);
    }

    pub(super) fn any_topic(&mut self) -> TopicName {
        topic(self.random.below(TOPICS))
    }

    fn any_topic_to_write(&mut self, input_of: u32) -> TopicName {
        match self.random.below(input_of) {
            0 => INPUT.into(),
            _ => self.any_topic(),
        }
    }

    pub(super) fn any_partition(&mut self) -> TopicPartition {
        let name = self.any_topic();
        TopicPartition::new(name, self.random.below(4) as i32)
    }

    pub(super) fn any_client(&mut self, kind: Kind) -> Option<u32> {
        let running = self.world.clients();
        self.clients
            .retain(|(number, _)| running.contains_key(number));
        let of_kind = self.clients.iter().filter(|(_, of)| *of == kind);
        let of_kind: Vec<u32> = of_kind.map(|(number, _)| *number).collect();
        (!of_kind.is_empty()).then(|| pick(&mut self.random, &of_kind))
    }

    fn end_client(&mut self) {
        let kind = self.pick(&[
            Kind::Producer,
            Kind::Producer,
            Kind::Admin,
            Kind::Transactional,
        ]);
        self.end_client_of(kind);
    }

    pub(super) fn end_client_of(&mut self, kind: Kind) {
        if let Some(client) = self.any_client(kind) {
            let command = match self.random.below(2) {
                0 => Command::Close { client },
                _ => Command::Crash { client },
            };
            self.execute(command);
        }
    }

    fn next_prefix(&mut self) -> String {
        self.next_value += 1;
        format!("{}/", self.next_value)
    }

    fn workload(&mut self) -> Workload {
        let prefix = "k".to_owned();
        let count = 1 + self.random.below(8);
        Workload {
            topic: self.any_topic(),
            keys: match self.random.below(4) {
                0 => KeyPattern::None,
                1 => KeyPattern::Fixed("one".to_owned()),
                2 => KeyPattern::Cycle { prefix, count },
                _ => KeyPattern::Random { prefix, count },
            },
            interval_us: 5_000 + u64::from(self.random.below(200_000)),
            burst: 1 + self.random.below(3),
            value_prefix: self.next_prefix(),
            value_bytes: 0,
        }
    }

    fn set_workload(&mut self) {
        let workload = (self.random.below(3) > 0).then(|| self.workload());
        if let Some(producer) = self.any_client(Kind::Producer) {
            self.execute(Command::SetWorkload { producer, workload });
        }
    }

    fn send(&mut self) {
        let Some(producer) = self.any_client(Kind::Producer) else {
            return;
        };
        self.send_some(producer, 10, 3);
    }

    /// Up to so many records, one of so many of them to what processors read.
    pub(super) fn send_some(&mut self, producer: u32, most: u32, input_of: u32) {
        for _ in 0..=self.random.below(most) {
            let mut value = self.next_prefix().into_bytes();
            value.resize(value.len() + self.random.below(300) as usize, b'.');
            let record = OutgoingRecord {
                topic: self.any_topic_to_write(input_of),
                key: (self.random.below(3) > 0).then(|| vec![b'a' + self.random.below(6) as u8]),
                // A record without a value tells compaction to forget its key.
                value: (self.random.below(10) > 0).then_some(value),
                ..OutgoingRecord::default()
            };
            self.execute(Command::Send { producer, record });
        }
    }

    fn admin_call(&mut self, request: Request) {
        if let Some(admin) = self.any_client(Kind::Admin) {
            self.execute(Command::AdminCall { admin, request });
        }
    }

    fn create_topic(&mut self, name: TopicName) -> Request {
        let brokers = self.world.brokers().len().min(3) as u32;
        let replication_factor = match self.random.below(4) {
            0 => 1 + self.random.below(brokers),
            _ => brokers,
        };
        Request::CreateTopics(CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name,
                num_partitions: 1 + self.random.below(3) as i32,
                replication_factor: replication_factor as i16,
                assignments: BTreeMap::new(),
                configs: self.topic_configs(),
            }],
        })
    }

    pub(super) fn create_steady_topic(&mut self, name: TopicName) -> Request {
        let min_isr = self.pick(&["1", "2"]);
        let brokers = self.world.brokers().len();
        let configs = [
            ("segment.bytes", self.pick(&["10000", "100000"])),
            (
                "min.insync.replicas",
                if brokers > 1 { min_isr } else { "1" },
            ),
            ("unclean.leader.election.enable", "false"),
        ];
        let configs = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Request::CreateTopics(CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name,
                num_partitions: 1 + self.random.below(3) as i32,
                replication_factor: brokers.min(3) as i16,
                assignments: BTreeMap::new(),
                configs: configs.into_iter().collect(),
            }],
        })
    }

    fn topic_configs(&mut self) -> BTreeMap<String, String> {
        let mut configs = BTreeMap::new();
        let random = &mut self.random;
        let mut set = |name: &str, values: &[&str]| {
            configs.insert(name.to_owned(), pick(random, values).to_owned());
        };
        set("segment.bytes", &["300", "1000", "100000"]);
        set("retention.bytes", &["-1", "-1", "1500"]);
        set("retention.ms", &["-1", "-1", "5000"]);
        set("compression.type", &["producer", "producer", "zstd"]);
        set(
            "cleanup.policy",
            &["delete", "delete", "compact", "compact,delete"],
        );
        set("min.cleanable.dirty.ratio", &["0.5", "0.01"]);
        set("min.insync.replicas", &["1", "1", "2"]);
        set(
            "unclean.leader.election.enable",
            &["false", "false", "true"],
        );
        // Cleaning can make a batch larger, whose timestamps then count from the
        // delete horizon, and a follower takes none that is larger than a
        // segment. The release of 4.0 asks for segments of 1 MB.
        if configs["cleanup.policy"].contains("compact") && configs["segment.bytes"] == "300" {
            configs.insert("max.message.bytes".to_owned(), "200".to_owned());
        }
        configs
    }

    fn admin_request(&mut self) -> Request {
        let name = self.any_topic();
        match self.random.below(13) {
            0..=2 => self.create_topic(name),
            3 => Request::CreatePartitions(CreatePartitionsRequest {
                topics: vec![CreatePartitionsTopic {
                    name,
                    count: self.random.below(5) as i32,
                    assignments: None,
                }],
            }),
            4 | 5 => Request::DeleteRecords(DeleteRecordsRequest {
                partitions: vec![(self.any_partition(), i64::from(self.random.below(60)) - 1)],
                timeout_ms: 5_000,
            }),
            6 => Request::DeleteTopics(DeleteTopicsRequest { topics: vec![name] }),
            7 | 8 => self.elect_leaders(),
            9..=11 => self.reassign(),
            _ => Request::ListPartitionReassignments(ListPartitionReassignmentsRequest {
                partitions: None,
            }),
        }
    }

    fn elect_leaders(&mut self) -> Request {
        let election_type = self.pick(&[
            ElectionType::Preferred,
            ElectionType::Preferred,
            ElectionType::Unclean,
        ]);
        let are_all = self.random.below(2) == 0 && election_type == ElectionType::Preferred;
        Request::ElectLeaders(ElectLeadersRequest {
            election_type,
            partitions: (!are_all).then(|| vec![self.any_partition()]),
        })
    }

    fn any_partition_to_move(&mut self) -> TopicPartition {
        match self.random.below(4) {
            0 => {
                let name = self.pick(&[INPUT, OUTPUT]);
                TopicPartition::new(name, self.random.below(3) as i32)
            }
            _ => self.any_partition(),
        }
    }

    /// Other replicas, in random order; now and then the reassignment under
    /// way is taken back.
    fn reassign(&mut self) -> Request {
        let mut brokers: Vec<i32> = self.world.brokers().keys().copied().collect();
        let wanted = 1 + self.random.below(3) as usize;
        let mut target = Vec::new();
        while target.len() < wanted && !brokers.is_empty() {
            let index = self.random.below(brokers.len() as u32) as usize;
            target.push(brokers.swap_remove(index));
        }
        let target = (self.random.below(4) > 0).then_some(target);
        Request::AlterPartitionReassignments(AlterPartitionReassignmentsRequest {
            partitions: vec![(self.any_partition_to_move(), target)],
        })
    }
}

pub(super) fn topic(number: u32) -> TopicName {
    format!("t{number}").as_str().into()
}

/// Not every drawing of settings goes together.
fn sound(config: ProducerConfig) -> Option<ProducerConfig> {
    config.check().is_ok().then_some(config)
}
