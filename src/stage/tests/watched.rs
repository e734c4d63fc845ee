//! A world of which the board remembers what has happened a moment ago.

use engine::protocol::TopicName;
use engine::{TopicPartition, WorldConfig};

use super::super::scene::{GroupRow, Lane, MemberBox};
use super::super::{Recent, Scene, Twin, View};
use super::*;

pub struct Watched {
    pub world: World,
    pub recent: Recent,
}

impl Watched {
    /// One broker with these settings, and a topic with these.
    pub fn with(
        settings: &[(&str, &str)],
        topic: &str,
        partitions: i32,
        configs: &[(&str, &str)],
    ) -> Watched {
        let mut settings = settings.to_vec();
        settings.push(("group.initial.rebalance.delay.ms", "0"));
        let world = World::new(7, WorldConfig::cluster(&[1], &[1], &settings));
        let mut watched = Watched {
            world,
            recent: Recent::default(),
        };
        watched.create(topic, partitions, configs);
        watched
    }

    pub fn of(topic: &str, partitions: i32) -> Watched {
        Watched::with(&[], topic, partitions, &[])
    }

    pub fn create(&mut self, topic: &str, partitions: i32, configs: &[(&str, &str)]) {
        let config = AdminConfig::named("admin");
        let admin = self.start(Command::AddAdmin { config });
        let configs = configs.iter();
        let configs = configs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let topics = vec![CreatableTopic {
            name: topic.into(),
            num_partitions: partitions,
            replication_factor: -1,
            assignments: Default::default(),
            configs: configs.collect(),
        }];
        let request = Request::CreateTopics(CreateTopicsRequest { topics });
        self.run(Command::AdminCall { admin, request });
        self.pass_ms(1_000);
        self.run(Command::Close { client: admin });
    }

    pub fn pass_ms(&mut self, ms: i64) {
        let until = self.world.now().plus_ms(ms);
        for event in self.world.advance_to(until) {
            self.recent.note(&event, &self.world);
        }
    }

    /// Lets time pass until the picture is like that, in steps of a
    /// millisecond.
    pub fn until(&mut self, most_ms: usize, is: impl Fn(&Scene) -> bool) -> Scene {
        for _ in 0..most_ms {
            let scene = self.scene();
            if is(&scene) {
                return scene;
            }
            self.pass_ms(1);
        }
        panic!("not within {most_ms} ms:\n{}", self.twin());
    }

    pub fn run(&mut self, command: Command) -> Option<u32> {
        let outcome = self.world.execute(command).expect("it can be done");
        for event in &outcome.events {
            self.recent.note(event, &self.world);
        }
        outcome.client
    }

    pub fn start(&mut self, command: Command) -> u32 {
        self.run(command).expect("it has a number")
    }

    pub fn producer(&mut self, config: ProducerConfig) -> u32 {
        let workload = None;
        self.start(Command::AddProducer { config, workload })
    }

    pub fn consumer(&mut self, config: ConsumerConfig, topic: &str) -> u32 {
        let topics: Vec<TopicName> = vec![topic.into()];
        self.start(Command::AddConsumer { config, topics })
    }

    /// Sends a record with this key to this partition.
    pub fn send(&mut self, producer: u32, topic: &str, partition: i32, key: &str) {
        let record = OutgoingRecord {
            topic: topic.into(),
            partition: Some(partition),
            key: Some(key.as_bytes().to_vec()),
            value: Some(b"v".to_vec()),
            ..OutgoingRecord::default()
        };
        self.run(Command::Send { producer, record });
    }

    pub fn scene(&self) -> Scene {
        self.scene_for(&View::new(90.0))
    }

    pub fn scene_for(&self, view: &View) -> Scene {
        Scene::remembering(&self.world, view, &self.recent)
    }

    pub fn twin(&self) -> String {
        Twin::of(&self.scene()).to_text()
    }

    /// Checks that the sentence is there, and nothing lies over anything.
    pub fn tells(&self, part: &str) {
        let text = self.twin();
        assert!(text.contains(part), "no {part:?} in\n{text}");
        for width in WIDTHS {
            let scene = self.scene_for(&View::new(width));
            super::pictures::check_scene(&self.world, &scene, &format!("{part}, {width} rem"));
        }
    }
}

pub fn lane<'a>(scene: &'a Scene, topic: &str, partition: i32) -> &'a Lane {
    let of = TopicPartition::new(topic, partition);
    scene.lane(&of).expect("it is drawn")
}

pub fn row<'a>(scene: &'a Scene, topic: &str, partition: i32, group: &str) -> &'a GroupRow {
    let lane = lane(scene, topic, partition);
    let mut rows = lane.rows.iter();
    rows.find(|row| row.group == group)
        .expect("the group reads it")
}

pub fn member(scene: &Scene, client: u32) -> &MemberBox {
    scene.consumer(client).expect("it is drawn").1
}
