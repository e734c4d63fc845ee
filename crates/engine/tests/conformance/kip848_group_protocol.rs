//! The consumer group protocol of KIP-848 step by step: the heartbeats of a few
//! members of one group, with the coordinator's timers and topics that grow.

use engine::collections::{BTreeMap, BTreeSet};

use engine::Time;
use engine::assignor::server::{PartitionsByTopic, ServerAssignor};
use engine::coordinator::consumer_group::{
    ConsumerGroup, ConsumerGroupConfig, ConsumerGroupEvent, ConsumerGroupMember,
    ConsumerGroupState, ConsumerGroupTimer, ConsumerGroups, Outcome, TopicMetadata, TopicsImage,
};
use engine::coordinator::record::GroupRecord;
use engine::coordinator::runtime::CoordinatorRecord;
use engine::protocol::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, GroupTopicPartitions, TopicId,
    TopicName,
};
use serde_json::{Value, json};

use super::Kind;
use super::assign_kip848::topic_id;
use super::case::{
    Outcome as CaseOutcome, as_list, as_number, as_text, entries, list, number, optional_text, text,
};
use engine::sorting::sort_by_key;

pub const KIND: Kind = Kind {
    name: "kip848_group_protocol",
    recognises: |_, case| case.get("server_assignor").is_some(),
    run,
};

const GROUP: &str = "g";

/// Plays one case, and tells the first difference.
fn run(case: &Value) -> CaseOutcome {
    let mut run = Run::new(case)?;
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        let differs = |what: String| format!("step {index} ({}): {what}", step["op"]);
        run.play(step).map_err(differs)?;
        same("group", &run.group(), &step["group"]).map_err(differs)?;
        run.check_log().map_err(differs)?;
    }
    Ok(())
}

struct Run {
    groups: ConsumerGroups,
    config: ConsumerGroupConfig,
    image: BTreeMap<TopicName, TopicMetadata>,
    /// How often something was written.
    writes: u64,
    /// Everything that was written.
    log: Vec<CoordinatorRecord>,
    /// The instance id of each member that joined with one.
    instances: BTreeMap<String, String>,
    now: Time,
}

impl Run {
    fn new(case: &Value) -> Result<Run, String> {
        let assignor = text(case, "server_assignor")?;
        let assignor = ServerAssignor::by_name(assignor).ok_or("no such assignor")?;
        let config = ConsumerGroupConfig {
            session_timeout_ms: number(case, "session_timeout_ms")?,
            heartbeat_interval_ms: number(case, "heartbeat_interval_ms")?,
            max_size: number(case, "max_size")?,
            assignors: vec![assignor],
            ..ConsumerGroupConfig::default()
        };
        let mut image = BTreeMap::new();
        for (place, (name, count)) in entries(case, "topics")?.enumerate() {
            let topic = TopicMetadata {
                id: topic_id(place),
                num_partitions: as_number(count)?,
                partition_racks: BTreeMap::new(),
            };
            image.insert(TopicName::from(name.as_str()), topic);
        }
        let mut run = Run {
            groups: ConsumerGroups::new(config.clone(), 1),
            config,
            image,
            writes: 0,
            log: Vec::new(),
            instances: BTreeMap::new(),
            now: Time::ZERO,
        };
        run.tell_topics(&[]);
        Ok(run)
    }

    fn play(&mut self, step: &Value) -> CaseOutcome {
        match text(step, "op")? {
            "join" | "heartbeat" | "leave" => {
                let response = self.heartbeat(step)?;
                let expected = without_assignment_order(&step["response"]);
                same("response", &self.answer(&response), &expected)
            }
            "advance" => {
                let expired = self.advance(step)?;
                same("expired", &expired, &step["expired"])
            }
            "add_partitions" => self.add_partitions(step),
            op => Err(format!("no such op: {op}")),
        }
    }

    fn heartbeat(&mut self, step: &Value) -> Result<ConsumerGroupHeartbeatResponse, String> {
        let request = self.request(step)?;
        let outcome = self
            .groups
            .heartbeat(self.now, "client", "/127.0.0.1", &request);
        Ok(self.write(outcome))
    }

    fn request(&mut self, step: &Value) -> Result<ConsumerGroupHeartbeatRequest, String> {
        let member_id = text(step, "member")?.to_owned();
        let member_epoch: i32 = number(step, "member_epoch")?;
        let joins = member_epoch == 0;
        let mut instance_id = optional_text(step, "instance_id");
        if let Some(instance_id) = &instance_id {
            self.instances
                .insert(member_id.clone(), instance_id.clone());
        }
        // Only who joins, or leaves for a while, has to name its instance.
        if member_epoch == -2 {
            instance_id = self.instances.get(&member_id).cloned();
        }
        let owned = match step.get("reports_owned") {
            Some(owned) => Some(self.ids(as_list(owned)?)?),
            None => joins.then(Vec::new),
        };
        let subscribed = match step.get("subscribed") {
            Some(topics) => {
                let topics = as_list(topics)?.iter();
                Some(
                    topics
                        .map(|it| as_text(it).map(TopicName::from))
                        .collect::<Result<_, _>>()?,
                )
            }
            None => None,
        };
        Ok(ConsumerGroupHeartbeatRequest {
            group_id: GROUP.to_owned(),
            member_id,
            member_epoch,
            instance_id,
            rack_id: None,
            rebalance_timeout_ms: match step.get("rebalance_timeout_ms") {
                Some(timeout) => as_number(timeout)?,
                None => -1,
            },
            subscribed_topic_names: subscribed,
            server_assignor: None,
            topic_partitions: owned,
        })
    }

    fn ids(&self, partitions: &[Value]) -> Result<Vec<GroupTopicPartitions>, String> {
        let mut by_topic: BTreeMap<TopicId, Vec<i32>> = BTreeMap::new();
        for partition in partitions {
            let [topic, number] = as_list(partition)? else {
                return Err(format!("{partition} is no partition"));
            };
            let topic = as_text(topic)?;
            let id = self.image.get(topic).ok_or(format!("no topic {topic}"))?.id;
            by_topic.entry(id).or_default().push(as_number(number)?);
        }
        let topics = by_topic.into_iter();
        Ok(topics
            .map(|(topic_id, partitions)| GroupTopicPartitions {
                topic_id,
                partitions,
            })
            .collect())
    }

    /// Lets time pass, and tells which timers were due on the way. Of those due
    /// at one instant all ran before the first one's records were replayed.
    fn advance(&mut self, step: &Value) -> Result<Value, String> {
        let until = self.now.plus_ms(number(step, "ms")?);
        let mut expired = Vec::new();
        while let Some(at) = self.groups.next_deadline().filter(|at| *at <= until) {
            let mut outcomes = Vec::new();
            while self.groups.next_deadline() == Some(at) {
                let name = &step["expired"][expired.len()]["timer"];
                let timer = self.due_timer(at, name).ok_or("no timer is due")?;
                expired.push(json!({ "at": at.as_ms(), "timer": timer_name(&timer) }));
                outcomes.extend(self.groups.expire_timer(&timer));
            }
            for outcome in outcomes {
                self.write(outcome);
            }
        }
        self.now = until;
        Ok(Value::Array(expired))
    }

    /// The timer due next. The order of those due at the same instant is open in
    /// Kafka: there the case decides, if it names one of them.
    fn due_timer(&self, at: Time, name: &Value) -> Option<ConsumerGroupTimer> {
        let due = || self.groups.timers().filter(|(_, due)| *due == at);
        let named = due().find(|(timer, _)| timer_name(timer) == *name);
        let (timer, _) = named.or_else(|| due().next())?;
        Some(timer.clone())
    }

    fn add_partitions(&mut self, step: &Value) -> CaseOutcome {
        let name = text(step, "topic")?;
        let topic = self.image.get_mut(name).ok_or(format!("no topic {name}"))?;
        topic.num_partitions = number(step, "to")?;
        self.tell_topics(&[name]);
        Ok(())
    }

    fn tell_topics(&mut self, changed: &[&str]) {
        let image = TopicsImage::new(self.image.clone());
        self.groups.on_new_metadata_image(image, changed);
    }

    fn write<T>(&mut self, outcome: Outcome<T>) -> T {
        let mut events = outcome.events;
        self.writes += 1;
        for record in outcome.records {
            self.log
                .push(GroupRecord::ConsumerGroup(record.clone()).encode());
            self.groups.replay(self.writes, record, &mut events);
        }
        self.groups.commit(self.writes);
        outcome.response
    }

    /// The group must be the same when it is read back from what was written.
    fn check_log(&self) -> CaseOutcome {
        let mut loaded = ConsumerGroups::new(self.config.clone(), 1);
        let mut events: Vec<ConsumerGroupEvent> = Vec::new();
        for record in &self.log {
            let read = GroupRecord::decode(&record.key, record.value.as_deref());
            match read.map_err(|error| error.to_string())? {
                Some(GroupRecord::ConsumerGroup(record)) => loaded.replay(1, record, &mut events),
                other => return Err(format!("{other:?} was read back")),
            }
        }
        let loaded = loaded.group(GROUP).map(|group| self.told(group));
        same(
            "group read back",
            &loaded.unwrap_or(Value::Null),
            &self.group(),
        )
    }

    fn answer(&self, response: &ConsumerGroupHeartbeatResponse) -> Value {
        let mut answer = json!({ "error": response.error_code.name() });
        if response.error_code.is_none() {
            answer["member_epoch"] = json!(response.member_epoch);
        }
        if let Some(assignment) = &response.assignment {
            let partitions: PartitionsByTopic = assignment
                .iter()
                .map(|topic| (topic.topic_id, topic.partitions.iter().copied().collect()))
                .collect();
            answer["assignment"] = self.named(&partitions);
        }
        answer
    }

    fn group(&self) -> Value {
        let group = self.groups.group(GROUP);
        group.map_or(Value::Null, |group| self.told(group))
    }

    fn told(&self, group: &ConsumerGroup) -> Value {
        let members = group.members();
        let members: serde_json::Map<String, Value> = members
            .map(|member| (member.id.clone(), self.member(group, member)))
            .collect();
        json!({
            "state": state_name(group.state()),
            "group_epoch": group.epoch(),
            "assignment_epoch": group.assignment_epoch(),
            "members": members,
        })
    }

    fn member(&self, group: &ConsumerGroup, member: &ConsumerGroupMember) -> Value {
        let mut told = json!({
            "state": member.state.name(),
            "epoch": member.epoch,
            "previous_epoch": member.previous_epoch,
            "assigned": self.named(&member.assigned),
            "pending_revocation": self.named(&member.pending_revocation),
            "target": self.named(&group.target_assignment(&member.id)),
        });
        if let Some(instance_id) = member.instance_id() {
            told["instance_id"] = json!(instance_id);
        }
        told
    }

    fn named(&self, partitions: &PartitionsByTopic) -> Value {
        let all: BTreeSet<(&str, i32)> = partitions
            .iter()
            .flat_map(|(id, of_topic)| of_topic.iter().map(move |partition| (id, *partition)))
            .map(|(id, partition)| {
                let topic = self.image.iter().find(|(_, topic)| topic.id == *id);
                (topic.map_or("?", |(name, _)| name), partition)
            })
            .collect();
        json!(all.iter().collect::<Vec<_>>())
    }
}

/// The case lists the partitions of an answer in the order of a hash map.
fn without_assignment_order(response: &Value) -> Value {
    let mut response = response.clone();
    if let Some(assignment) = response.get_mut("assignment").and_then(Value::as_array_mut) {
        sort_by_key(assignment, |it| (it[0].to_string(), it[1].as_i64()));
    }
    response
}

fn state_name(state: ConsumerGroupState) -> String {
    state.name().to_uppercase()
}

fn timer_name(timer: &ConsumerGroupTimer) -> String {
    let kind = match timer {
        ConsumerGroupTimer::Session { .. } => "session-timeout",
        ConsumerGroupTimer::Rebalance { .. } => "rebalance-timeout",
    };
    format!("{kind}-{}-{}", timer.group_id(), timer.member_id())
}

fn same(what: &str, ours: &Value, kafka: &Value) -> CaseOutcome {
    match ours == kafka {
        true => Ok(()),
        false => Err(format!("{what} is {ours}, Kafka's is {kafka}")),
    }
}
