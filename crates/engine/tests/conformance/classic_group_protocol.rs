//! The classic group protocol step by step: JoinGroup, SyncGroup, Heartbeat and
//! LeaveGroup of a few clients in one group, with the coordinator's timers.

use engine::collections::BTreeMap;

use engine::Time;
use engine::coordinator::runtime::{CoordinatorShard, commit_at_once};
use engine::coordinator::{
    ClassicGroup, CoordinatorOutput, GroupCoordinator, GroupCoordinatorConfig, GroupState,
    RequestToken, Timer,
};
use engine::protocol::{
    HeartbeatRequest, JoinGroupProtocol, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeavingMember, Response, SyncGroupRequest, SyncGroupResponse,
};
use serde_json::{Value, json};

use super::Kind;
use super::case::{Outcome, as_text, flag, list, number, optional_text, text};
use engine::sorting::{sort, sort_by_key};

pub const KIND: Kind = Kind {
    name: "classic_group_protocol",
    recognises: |_, case| case.get("initial_rebalance_delay_ms").is_some(),
    run,
};

const GROUP: &str = "g";

/// The step of the clock that the cases were made with, in milliseconds.
const TICK_MS: i64 = 100;

/// Plays one case, and tells the first difference. A case whose outcome in
/// Kafka depends on the order of random member ids is played, but what comes
/// out is not compared.
pub fn run(case: &Value) -> Outcome {
    let mut run = Run::new(case)?;
    let is_stable = flag(case, "stable");
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        let done = run.play(step)?;
        if is_stable {
            let differs = |what: String| format!("step {index} ({}): {what}", step["op"]);
            done.compare(step).map_err(differs)?;
        }
    }
    Ok(())
}

struct Run {
    coordinator: GroupCoordinator,
    out: Vec<CoordinatorOutput>,
    next_token: u64,
    /// Who sent the request with this token.
    senders: BTreeMap<RequestToken, String>,
    /// The member id that each client was told last.
    member_ids: BTreeMap<String, String>,
    /// The client of each member id that any client was told.
    clients: BTreeMap<String, String>,
    /// The instance id of each client that joined with one.
    instances: BTreeMap<String, String>,
    now: Time,
}

/// What a step came to, in the words of the case.
struct Done {
    error: Value,
    expired: Value,
    responses: Vec<Value>,
    group: Value,
}

impl Done {
    fn compare(&self, step: &Value) -> Outcome {
        same("error", &self.error, &step["error"])?;
        same("expired", &self.expired, &step["expired"])?;
        same(
            "responses",
            &sorted(&self.responses),
            &sorted(list(step, "responses")?),
        )?;
        same("group", &self.group, &step["group"])
    }
}

impl Run {
    fn new(case: &Value) -> Result<Run, String> {
        let config = GroupCoordinatorConfig {
            initial_rebalance_delay_ms: number(case, "initial_rebalance_delay_ms")?,
            max_size: number(case, "max_size")?,
            // The cleanup of empty groups is no part of these cases.
            offsets_retention_check_interval_ms: i64::MAX,
            ..GroupCoordinatorConfig::default()
        };
        Ok(Run {
            coordinator: GroupCoordinator::new(config, 1),
            out: Vec::new(),
            next_token: 0,
            senders: BTreeMap::new(),
            member_ids: BTreeMap::new(),
            clients: BTreeMap::new(),
            instances: BTreeMap::new(),
            now: Time::ZERO,
        })
    }

    fn play(&mut self, step: &Value) -> Result<Done, String> {
        let mut expired = Value::Null;
        let mut responses = Vec::new();
        let mut error = Value::Null;
        match text(step, "op")? {
            "join" => self.join(step)?,
            "sync" => self.sync(step)?,
            "heartbeat" => self.heartbeat(step)?,
            "leave" => self.leave(step)?,
            "advance" => expired = self.advance(step, &mut responses)?,
            op => return Err(format!("no such op: {op}")),
        }
        self.collect(&mut responses, &mut error);
        Ok(Done {
            error,
            expired,
            responses,
            group: self.group(),
        })
    }

    fn join(&mut self, step: &Value) -> Outcome {
        let client = text(step, "client")?;
        let token = self.token(client);
        let member_id = match flag(step, "member_id_known") {
            true => self.member_id(client),
            false => String::new(),
        };
        let instance_id = optional_text(step, "instance_id");
        if let Some(instance_id) = &instance_id {
            self.instances
                .insert(client.to_owned(), instance_id.clone());
        }
        let mut protocols = Vec::new();
        for name in list(step, "protocols")? {
            let name = as_text(name)?.to_owned();
            let metadata = format!("{client}-{name}").into_bytes().into();
            protocols.push(JoinGroupProtocol { name, metadata });
        }
        let request = JoinGroupRequest {
            group_id: GROUP.to_owned(),
            session_timeout_ms: number(step, "session_timeout_ms")?,
            rebalance_timeout_ms: number(step, "rebalance_timeout_ms")?,
            member_id,
            group_instance_id: instance_id,
            protocol_type: "consumer".to_owned(),
            protocols,
            reason: None,
        };
        let host = "/127.0.0.1";
        self.coordinator
            .join_group(self.now, token, client, host, request, &mut self.out);
        Ok(())
    }

    fn sync(&mut self, step: &Value) -> Outcome {
        let client = text(step, "client")?;
        let token = self.token(client);
        let parts = step["assignments"].as_object().into_iter().flatten();
        let request = SyncGroupRequest {
            group_id: GROUP.to_owned(),
            generation_id: number(step, "generation")?,
            member_id: self.member_id(client),
            group_instance_id: self.instance_id(step),
            protocol_type: None,
            protocol_name: None,
            assignments: parts
                .map(|(client, part)| {
                    let part = part.as_str().unwrap_or_default().as_bytes();
                    (self.member_id(client), part.into())
                })
                .collect(),
        };
        self.coordinator
            .sync_group(self.now, token, request, &mut self.out);
        Ok(())
    }

    fn heartbeat(&mut self, step: &Value) -> Outcome {
        let client = text(step, "client")?;
        let token = self.token(client);
        let request = HeartbeatRequest {
            group_id: GROUP.to_owned(),
            generation_id: number(step, "generation")?,
            member_id: self.member_id(client),
            group_instance_id: self.instance_id(step),
        };
        self.coordinator
            .heartbeat(self.now, token, request, &mut self.out);
        Ok(())
    }

    fn leave(&mut self, step: &Value) -> Outcome {
        let client = text(step, "client")?;
        let token = self.token(client);
        let request = LeaveGroupRequest {
            group_id: GROUP.to_owned(),
            members: vec![LeavingMember {
                member_id: self.member_id(client),
                group_instance_id: self.instance_id(step),
                reason: None,
            }],
        };
        self.coordinator
            .leave_group(self.now, token, request, &mut self.out);
        Ok(())
    }

    /// Lets time pass, and tells which timers were due on the way. Kafka's clock
    /// moved in ticks, and a timer ran at the first tick after it was due.
    fn advance(&mut self, step: &Value, responses: &mut Vec<Value>) -> Result<Value, String> {
        let ms: i64 = number(step, "ms")?;
        let until = self.now.plus_ms(ms);
        let mut expired = Vec::new();
        while self.now < until {
            self.now = self.now.plus_ms(TICK_MS).min(until);
            let now = self.now;
            while let Some(at) = self.coordinator.next_deadline().filter(|at| *at <= now) {
                let name = &step["expired"][expired.len()]["timer"];
                let timer = self.due_timer(at, name).ok_or("no timer is due")?;
                let expiry = json!({ "at": self.now.as_ms(), "timer": self.timer_name(&timer) });
                expired.push(expiry);
                self.coordinator
                    .expire_timer(self.now, &timer, &mut self.out);
                self.collect(responses, &mut Value::Null);
            }
        }
        Ok(Value::Array(expired))
    }

    /// The timer due next. The order of those due at the same instant is open in
    /// Kafka: there the case decides, if it names one of them.
    fn due_timer(&self, at: Time, name: &Value) -> Option<Timer> {
        let due = || self.coordinator.timers().filter(|(_, due)| *due == at);
        let named = due().find(|(timer, _)| self.timer_name(timer) == *name);
        let (timer, _) = named.or_else(|| due().next())?;
        Some(timer.clone())
    }

    /// Takes the answers that have come: those to JoinGroup and SyncGroup into
    /// `responses`, the error of another into `error`.
    fn collect(&mut self, responses: &mut Vec<Value>, error: &mut Value) {
        commit_at_once(&mut self.coordinator, self.now, &mut self.out);
        let mut answers = Vec::new();
        for output in std::mem::take(&mut self.out) {
            if let CoordinatorOutput::Respond { token, response } = output {
                let client = self.senders.remove(&token).unwrap_or_default();
                if let Response::JoinGroup(join) = &response {
                    self.learn(&client, &join.member_id);
                }
                answers.push((client, response));
            }
        }
        for (client, response) in answers {
            match response {
                Response::JoinGroup(join) => responses.push(self.join_answer(&client, &join)),
                Response::SyncGroup(sync) => responses.push(self.sync_answer(&client, &sync)),
                Response::Heartbeat(answer) => *error = json!(answer.error_code.name()),
                Response::LeaveGroup(answer) => {
                    let of_member = answer.members.first().map(|member| member.error_code);
                    *error = json!(of_member.unwrap_or(answer.error_code).name());
                }
                _ => {}
            }
        }
    }

    fn learn(&mut self, client: &str, member_id: &str) {
        if !member_id.is_empty() {
            self.member_ids
                .insert(client.to_owned(), member_id.to_owned());
            self.clients.insert(member_id.to_owned(), client.to_owned());
        }
    }

    fn join_answer(&self, client: &str, join: &JoinGroupResponse) -> Value {
        let mut answer = json!({
            "client": client,
            "kind": "join",
            "at": self.now.as_ms(),
            "error": join.error_code.name(),
        });
        if join.error_code.is_none() {
            answer["generation"] = json!(join.generation_id);
            answer["protocol"] = json!(join.protocol_name);
            answer["leader"] = json!(self.client(&join.leader));
            answer["skip_assignment"] = json!(join.skip_assignment);
            if !join.members.is_empty() {
                let members = join.members.iter().map(|it| self.client(&it.member_id));
                answer["members"] = sorted_names(members);
            }
        }
        answer
    }

    fn sync_answer(&self, client: &str, sync: &SyncGroupResponse) -> Value {
        let mut answer = json!({
            "client": client,
            "kind": "sync",
            "at": self.now.as_ms(),
            "error": sync.error_code.name(),
        });
        if sync.error_code.is_none() {
            answer["assignment"] = json!(String::from_utf8_lossy(&sync.assignment));
        }
        answer
    }

    fn group(&self) -> Value {
        let Some(group) = self.coordinator.group(GROUP) else {
            return Value::Null;
        };
        json!({
            "state": state_name(group),
            "generation": group.generation(),
            "protocol": group.protocol_name(),
            "leader": group.leader().map(|leader| self.client(leader)),
            "members": sorted_names(group.members().map(|member| self.client(member.id()))),
            "pending_members": group.pending_members().len(),
            "awaiting_join": group.awaiting_join(),
        })
    }

    fn timer_name(&self, timer: &Timer) -> String {
        match timer {
            Timer::Join { group } => format!("join-{group}"),
            Timer::Sync { group } => format!("sync-{group}"),
            Timer::Session { group, member_id } => {
                format!("heartbeat-{group}-@{}", self.client(member_id))
            }
            Timer::Cleanup => "cleanup".to_owned(),
        }
    }

    fn token(&mut self, client: &str) -> RequestToken {
        let token = RequestToken(self.next_token);
        self.next_token += 1;
        self.senders.insert(token, client.to_owned());
        token
    }

    fn member_id(&self, client: &str) -> String {
        self.member_ids.get(client).cloned().unwrap_or_default()
    }

    /// The instance id in a request other than JoinGroup. The cases do not say
    /// whether there was one; that an instance was fenced shows that there was.
    fn instance_id(&self, step: &Value) -> Option<String> {
        let client = step["client"].as_str()?;
        let fenced = "FENCED_INSTANCE_ID";
        let mut answers = step["responses"].as_array().into_iter().flatten();
        let is_fenced = step["error"] == fenced
            || answers.any(|answer| answer["client"] == client && answer["error"] == fenced);
        is_fenced.then(|| self.instances.get(client).cloned())?
    }

    fn client(&self, member_id: &str) -> String {
        let client = self.clients.get(member_id);
        client.cloned().unwrap_or_else(|| "?".to_owned())
    }
}

fn state_name(group: &ClassicGroup) -> &'static str {
    match group.state() {
        GroupState::Empty => "EMPTY",
        GroupState::PreparingRebalance => "PREPARING_REBALANCE",
        GroupState::CompletingRebalance => "COMPLETING_REBALANCE",
        GroupState::Stable => "STABLE",
        GroupState::Dead => "DEAD",
    }
}

fn same(what: &str, ours: &Value, kafka: &Value) -> Outcome {
    match ours == kafka {
        true => Ok(()),
        false => Err(format!("{what} is {ours}, Kafka's is {kafka}")),
    }
}

fn sorted(values: &[Value]) -> Value {
    let mut values = values.to_vec();
    sort_by_key(&mut values, Value::to_string);
    Value::Array(values)
}

fn sorted_names(names: impl Iterator<Item = String>) -> Value {
    let mut names: Vec<String> = names.collect();
    sort(&mut names);
    // Members that no client knows yet are one `?` together.
    names.dedup();
    json!(names)
}
