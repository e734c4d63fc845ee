//! The admin client (`org.apache.kafka.clients.admin.KafkaAdminClient`): makes,
//! changes, lists and describes things.

mod call;
mod config;
mod configs;
mod parts;

pub use config::AdminConfig;

use crate::collections::BTreeMap;

use self::call::Call;
use self::parts::Part;
use super::{ClientTimer, Connection};
use crate::command::Refusal;
use crate::config::admin;
use crate::event::EventKind;
use crate::protocol::{
    CoordinatorType, ErrorCode, FindCoordinatorRequest, FindCoordinatorResponse, Request, Response,
};
use crate::sim::{Alarm, Fabric, Scheduled, Time};

/// A client that administers the cluster.
///
/// A call goes to the brokers it concerns: a group's to its coordinator, one
/// about records to the leaders of the partitions, one about all brokers to
/// each, any other to the broker with the least to do. What fails for want of
/// a broker is tried again until `default.api.timeout.ms` has passed.
#[derive(Clone, Debug, Hash)]
pub struct Admin {
    /// Its name and its view of the cluster.
    pub connection: Connection,
    /// Its settings.
    pub config: AdminConfig,
    calls: BTreeMap<u32, Call>,
    next_call: u32,
    /// What each request is for, by correlation id.
    in_flight: BTreeMap<i32, Asked>,
    alarm: Alarm,
    closing: bool,
}

/// What a request is for.
#[derive(Clone, Debug, Hash)]
enum Asked {
    /// These parts of a call.
    Parts(u32, Vec<Part>),
    /// The coordinator of a call's group.
    Coordinator(u32, String),
}

impl Admin {
    /// The calls under way, oldest first: the API's name, and when the call is
    /// given up (`default.api.timeout.ms`).
    pub fn calls(&self) -> impl Iterator<Item = (&'static str, Time)> {
        let calls = self.calls.values();
        calls.map(|call| (call.request.api(), call.deadline))
    }

    pub(crate) fn new(mut connection: Connection, config: AdminConfig) -> Admin {
        connection.configure(config.backoffs, &config.given);
        Admin {
            connection,
            config,
            calls: BTreeMap::new(),
            next_call: 0,
            in_flight: BTreeMap::new(),
            alarm: Alarm::default(),
            closing: false,
        }
    }

    pub(crate) fn start(&mut self, fabric: &mut Fabric) {
        let (section, given) = (&admin::CONFIG, &self.config.given);
        self.connection.warn(fabric, section, given);
    }

    /// Refuses what no admin client sends.
    pub(crate) fn check(request: &Request) -> Result<(), Refusal> {
        match call::name(request) {
            Some(_) => Ok(()),
            None => Err(Refusal::NotAnAdminCall(request.api())),
        }
    }

    pub(crate) fn call(&mut self, fabric: &mut Fabric, request: Request) {
        if self.connection.metadata.updated_at().is_none() {
            self.connection.metadata.request_update();
        }
        let deadline = fabric.now.plus_ms(self.config.default_api_timeout_ms());
        let call = Call::new(deadline, request);
        self.calls.insert(self.next_call, call);
        self.next_call += 1;
        self.go_on(fabric);
    }

    pub(crate) fn on_response(
        &mut self,
        fabric: &mut Fabric,
        correlation_id: i32,
        response: Response,
    ) {
        match (self.in_flight.remove(&correlation_id), response) {
            (None, Response::Metadata(response)) => {
                self.connection
                    .on_metadata(fabric, correlation_id, response);
            }
            (Some(Asked::Coordinator(call, group)), Response::FindCoordinator(found)) => {
                self.on_coordinator(fabric, call, group, &found);
            }
            (Some(Asked::Parts(call, parts)), response) => {
                self.on_answer(fabric, call, parts, response);
            }
            _ => {}
        }
        self.go_on(fabric);
    }

    pub(crate) fn on_disconnect(&mut self, fabric: &mut Fabric, lost: &[i32]) {
        for correlation_id in lost {
            let number = match self.in_flight.remove(correlation_id) {
                Some(Asked::Parts(call, parts)) => {
                    if let Some(call) = self.calls.get_mut(&call) {
                        call.take_back(parts);
                    }
                    call
                }
                Some(Asked::Coordinator(call, group)) => {
                    if let Some(call) = self.calls.get_mut(&call) {
                        call.open.push(Part::Group(group));
                    }
                    call
                }
                None => continue,
            };
            self.try_later(fabric, number);
        }
        self.go_on(fabric);
    }

    pub(crate) fn on_timer(&mut self, fabric: &mut Fabric, timer: ClientTimer) {
        if timer == ClientTimer::AdminRetry {
            self.alarm.went_off();
        }
        self.go_on(fabric);
    }

    pub(crate) fn close(&mut self) {
        self.closing = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closing
    }

    /// Does all that can be done now.
    fn go_on(&mut self, fabric: &mut Fabric) {
        self.expire_calls(fabric);
        if self.connection.metadata.updated_at().is_some() {
            let due = self.calls.iter();
            let due =
                due.filter(|(_, call)| call.not_before <= fabric.now && !call.open.is_empty());
            let due: Vec<u32> = due.map(|(number, _)| *number).collect();
            for number in due {
                self.run(fabric, number);
            }
        }
        let times = self.calls.values().flat_map(|call| {
            let retry = (!call.open.is_empty()).then_some(call.not_before);
            [Some(call.deadline), retry]
        });
        let next = times.flatten().filter(|at| *at > fabric.now).min();
        let number = self.connection.number;
        let scheduled = Scheduled::ClientTimer(number, ClientTimer::AdminRetry);
        self.alarm.set(fabric, next, scheduled);
        self.connection.go_on(fabric);
    }

    /// Sends what can be sent of a call, one request a broker; the rest waits.
    fn run(&mut self, fabric: &mut Fabric, number: u32) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        let open = std::mem::take(&mut call.open);
        let (coordinators, request) = (call.coordinators.clone(), call.request.clone());
        let (mut waiting, mut unknown) = (Vec::new(), Vec::new());
        let mut is_leaderless = false;
        let mut by_broker: BTreeMap<i32, Vec<Part>> = BTreeMap::new();
        for part in open {
            let metadata = &mut self.connection.metadata;
            let broker = match &part {
                Part::Whole => self.connection.least_loaded(fabric.now),
                Part::Brokers => {
                    let brokers = metadata.brokers().to_vec();
                    if brokers.is_empty() {
                        waiting.push(part);
                    }
                    for broker in brokers {
                        self.sort(
                            fabric,
                            Part::Broker(broker),
                            broker,
                            &mut by_broker,
                            &mut waiting,
                        );
                    }
                    continue;
                }
                Part::Broker(broker) => {
                    let is_known = metadata.brokers().contains(broker);
                    if !is_known {
                        metadata.request_update();
                    }
                    is_known.then_some(*broker)
                }
                Part::Records(of, _) => {
                    let leader = metadata.leader(&of.topic, of.partition);
                    if leader.is_none() {
                        is_leaderless |= !metadata.want(&of.topic);
                        metadata.request_update();
                    }
                    leader
                }
                Part::Group(group) => match coordinators.get(group) {
                    Some(coordinator) => Some(*coordinator),
                    None => {
                        unknown.push(group.clone());
                        continue;
                    }
                },
            };
            match broker {
                Some(broker) => self.sort(fabric, part, broker, &mut by_broker, &mut waiting),
                None => waiting.push(part),
            }
        }
        for group in unknown {
            if !self.find_coordinator(fabric, number, &group) {
                waiting.push(Part::Group(group));
            }
        }
        for (broker, parts) in by_broker {
            for parts in parts::requests_of(&request, parts) {
                let request = parts::request(&request, &parts);
                self.send(fabric, number, broker, request, Asked::Parts(number, parts));
            }
        }
        if let Some(call) = self.calls.get_mut(&number) {
            call.open.extend(waiting);
        }
        if is_leaderless {
            self.try_later(fabric, number);
        }
    }

    fn sort(
        &self,
        fabric: &Fabric,
        part: Part,
        broker: i32,
        by_broker: &mut BTreeMap<i32, Vec<Part>>,
        waiting: &mut Vec<Part>,
    ) {
        match self.connection.is_ready(fabric.now, broker) {
            true => by_broker.entry(broker).or_default().push(part),
            false => waiting.push(part),
        }
    }

    fn find_coordinator(&mut self, fabric: &mut Fabric, number: u32, group: &str) -> bool {
        let Some(broker) = self.connection.least_loaded(fabric.now) else {
            return false;
        };
        let call = self.calls.get(&number).map(|call| &call.request);
        let key_type = match call {
            Some(Request::DescribeTransactions(_)) => CoordinatorType::Transaction,
            _ => CoordinatorType::Group,
        };
        let request = Request::FindCoordinator(FindCoordinatorRequest {
            key_type,
            coordinator_keys: vec![group.to_owned()],
        });
        let asked = Asked::Coordinator(number, group.to_owned());
        self.send(fabric, number, broker, request, asked);
        true
    }

    fn send(
        &mut self,
        fabric: &mut Fabric,
        number: u32,
        broker: i32,
        request: Request,
        asked: Asked,
    ) {
        let Some(call) = self.calls.get(&number) else {
            return;
        };
        let left_us = call.deadline.us_since(fabric.now);
        let left_ms = i64::try_from(left_us.div_ceil(1_000)).unwrap_or(i64::MAX);
        let timeout_ms = i64::from(self.config.request_timeout_ms).min(left_ms);
        let correlation_id = self
            .connection
            .send_within(fabric, broker, request, timeout_ms);
        self.in_flight.insert(correlation_id, asked);
    }
}

/// What comes back.
impl Admin {
    fn on_coordinator(
        &mut self,
        fabric: &mut Fabric,
        number: u32,
        group: String,
        found: &FindCoordinatorResponse,
    ) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        call.open.push(Part::Group(group.clone()));
        let Some(found) = found.coordinators.first() else {
            return;
        };
        let error = found.error_code;
        if error.is_none() {
            call.coordinators.insert(group, found.node_id);
        } else if error.is_retriable() {
            self.try_later(fabric, number);
        } else {
            let message = error.message().to_owned();
            self.fail(fabric, number, error.exception(), message);
        }
    }

    fn on_answer(&mut self, fabric: &mut Fabric, number: u32, parts: Vec<Part>, got: Response) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        let (again, answered) = parts::settle(parts, got);
        if let Some(answered) = answered {
            call.take(answered);
        }
        if !again.is_empty() {
            call.take_back(again);
            self.connection.metadata.request_update();
            self.try_later(fabric, number);
        }
        self.finish_if_done(fabric, number);
    }

    fn finish_if_done(&mut self, fabric: &mut Fabric, number: u32) {
        let is_of_call = |asked: &Asked| match asked {
            Asked::Parts(call, _) | Asked::Coordinator(call, _) => *call == number,
        };
        let is_open = |call: &Call| !call.open.is_empty();
        if self.in_flight.values().any(is_of_call) || self.calls.get(&number).is_none_or(is_open) {
            return;
        }
        let response = self.calls.remove(&number).and_then(Call::into_response);
        if let Some(response) = response {
            let admin = self.connection.number;
            fabric.emit(EventKind::AdminAnswered { admin, response });
        }
    }

    /// What is open of a call is tried again after `retry.backoff.ms`.
    fn try_later(&mut self, fabric: &mut Fabric, number: u32) {
        if let Some(call) = self.calls.get_mut(&number) {
            let wait_us = self.connection.backoff_us(call.tries);
            call.tries = call.tries.saturating_add(1);
            call.not_before = fabric.now.plus_us(wait_us);
            call.failed_at = Some(fabric.now);
        }
    }

    /// Calls that are not answered by `default.api.timeout.ms` fail.
    fn expire_calls(&mut self, fabric: &mut Fabric) {
        let late = self.calls.iter();
        let late = late.filter(|(_, call)| call.deadline <= fabric.now);
        let late: Vec<u32> = late.map(|(number, _)| *number).collect();
        for number in late {
            let is_asked = |asked: &Asked| match asked {
                Asked::Parts(call, _) | Asked::Coordinator(call, _) => *call == number,
            };
            let is_under_way = self.in_flight.values().any(is_asked);
            let exception = ErrorCode::RequestTimedOut.exception();
            let call = &self.calls[&number];
            let message = call.timeout_message(fabric.now, fabric.timestamp_ms(), is_under_way);
            self.fail(fabric, number, exception, message);
        }
    }

    fn fail(&mut self, fabric: &mut Fabric, number: u32, exception: &str, message: String) {
        self.calls.remove(&number);
        fabric.emit(EventKind::AdminFailed {
            admin: self.connection.number,
            exception: exception.to_owned(),
            message,
        });
    }
}
