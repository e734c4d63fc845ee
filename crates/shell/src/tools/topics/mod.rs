//! `kafka-topics` (`org.apache.kafka.tools.TopicCommand`).

mod create;
mod describe;
mod failure;
mod options;
mod selection;

use engine::client::AdminConfig;
use engine::protocol::{
    CreatePartitionsRequest, CreatePartitionsTopic, CreateTopicsRequest, DeleteTopicsRequest,
    ErrorCode, MetadataRequest, MetadataResponse, MetadataTopic, Request, Response,
};
use engine::{Command, Event, EventKind, Time};

use super::connecting::Connecting;
use super::removed::{Removed, replace_removed};
use super::{Host, INTERRUPTED, KILLED, Run, TERMINATED};
use crate::bootstrap::{Reach, reach};
use crate::options::Options;
use crate::terminal::Foreground;

use create::Wanted;
use describe::Report;
use failure::Failure;
use options::{Action, Misuse};
use selection::{Selection, check_topic_id};

/// The admin client's `client.id`, the first of its process.
const CLIENT_ID: &str = "adminclient-1";
/// `default.api.timeout.ms`, in milliseconds.
const API_TIMEOUT_MS: i64 = 60_000;

const REMOVED: &[Removed] = &[
    Removed {
        name: "--zookeeper",
        when: "Kafka 3.0",
        instead: "--bootstrap-server",
        value: Some("localhost:9092"),
    },
    Removed {
        name: "--broker-list",
        when: "Kafka 2.2",
        instead: "--bootstrap-server",
        value: None,
    },
];

/// What is to be done, with all it takes.
#[derive(Clone, Debug)]
enum Task {
    List(Selection),
    Describe(Selection, Report),
    Create { wanted: Wanted, if_not_exists: bool },
    Alter(Selection, Wanted),
    Delete(Selection),
}

/// Whom the tool talks to.
#[derive(Clone, Debug)]
enum Link {
    /// The cluster, by an admin client of this number.
    Admin(u32),
    /// Nobody: it gives up at `deadline`.
    Nobody {
        connecting: Connecting,
        deadline: Time,
    },
}

/// The tool while it works.
#[derive(Clone, Debug)]
pub(crate) struct Topics {
    task: Task,
    link: Link,
    /// Topics whose description was asked for.
    describing: bool,
}

impl Topics {
    /// Starts the tool, or returns the exit status it ended with at once.
    pub fn start(arguments: &[String], host: &mut Host) -> Result<Topics, i32> {
        let arguments = replace_removed(arguments, REMOVED, host);
        let (options, action) =
            options::read(&arguments, host).map_err(|misuse| misuse.report(host))?;
        let reach = address(&options, host).map_err(|misuse| misuse.report(host))?;
        let task = task(&options, action, host).map_err(|failure| failure.report(host))?;
        let is_placed = match &task {
            Task::Create { wanted, .. } | Task::Alter(_, wanted) => wanted.is_placed,
            _ => false,
        };
        if is_placed {
            host.note(
                "--replica-assignment is not simulated yet, so nothing was done: leave it out and \
                 let the cluster choose the brokers.",
            );
            return Err(1);
        }
        if let Task::Create { wanted, .. } = &task {
            // Refused before anything is sent.
            wanted
                .to_request()
                .map_err(|failure| failure.report(host))?;
        }
        let link = connect(reach, host)?;
        let mut topics = Topics {
            task,
            link,
            describing: false,
        };
        topics.first_call(host);
        Ok(topics)
    }

    /// The first request: what there is, or the topic to be made.
    fn first_call(&mut self, host: &mut Host) {
        let request = match &self.task {
            Task::Create { wanted, .. } => match wanted.to_request() {
                Ok(topic) => Request::CreateTopics(CreateTopicsRequest {
                    topics: vec![topic],
                }),
                Err(_) => return,
            },
            _ => Request::Metadata(MetadataRequest { topics: None }),
        };
        self.call(host, request);
    }

    fn call(&self, host: &mut Host, request: Request) {
        if let Link::Admin(admin) = self.link {
            // The client is this tool's own, and makes such calls.
            let _ = host.execute(Command::AdminCall { admin, request });
        }
    }

    fn on_answer(&mut self, host: &mut Host, response: &Response) -> Option<i32> {
        let done = match response {
            Response::Metadata(cluster) => self.on_cluster(host, cluster),
            Response::CreateTopics(response) => self.on_created(host, response.topics.first()),
            Response::CreatePartitions(response) => all_done(&response.results),
            Response::DeleteTopics(response) => all_done(&response.responses),
            _ => return None,
        };
        match done {
            Ok(false) => None,
            Ok(true) => Some(self.end(host, 0)),
            Err(failure) => {
                let status = failure.report(host);
                Some(self.end(host, status))
            }
        }
    }

    /// Closes the admin client and passes the exit status on.
    fn end(&self, host: &mut Host, status: i32) -> i32 {
        if let Link::Admin(admin) = self.link {
            host.close(admin);
        }
        status
    }

    /// What there is in the cluster; says whether that was all to do.
    fn on_cluster(&mut self, host: &mut Host, cluster: &MetadataResponse) -> Result<bool, Failure> {
        let selection = match &self.task {
            Task::List(selection)
            | Task::Describe(selection, _)
            | Task::Alter(selection, _)
            | Task::Delete(selection) => selection,
            Task::Create { .. } => return Ok(false),
        };
        if let (true, Task::Describe(_, report)) = (self.describing, &self.task) {
            let told = |topic: &&MetadataTopic| topic.error_code.is_none();
            let topics = cluster.topics.iter().filter(told).cloned().collect();
            let live: Vec<i32> = cluster.brokers.iter().map(|of| of.node_id).collect();
            let text = report.text(topics, &live, host.world());
            host.out(&text);
            return Ok(true);
        }
        let found = selection.of(cluster)?;
        let names = || found.iter().map(|topic| topic.name.clone());
        if let Task::List(_) = &self.task {
            let names: Vec<String> = names().map(|name| name.to_string()).collect();
            host.out(&format!("{}\n", names.join("\n")));
            return Ok(true);
        }
        selection.check_found(&found)?;
        if found.is_empty() {
            return Ok(true);
        }
        let request = match &self.task {
            Task::Alter(_, wanted) => {
                let count = wanted.partitions.unwrap_or_default();
                let topics = names().map(|name| CreatePartitionsTopic {
                    name,
                    count,
                    assignments: None,
                });
                Request::CreatePartitions(CreatePartitionsRequest {
                    topics: topics.collect(),
                })
            }
            Task::Delete(_) => Request::DeleteTopics(DeleteTopicsRequest {
                topics: names().collect(),
            }),
            _ => Request::Metadata(MetadataRequest {
                topics: Some(names().collect()),
            }),
        };
        self.describing = true;
        self.call(host, request);
        Ok(false)
    }

    fn on_created(
        &self,
        host: &mut Host,
        result: Option<&engine::protocol::CreatableTopicResult>,
    ) -> Result<bool, Failure> {
        let (Some(result), Task::Create { if_not_exists, .. }) = (result, &self.task) else {
            return Ok(true);
        };
        match result.error_code {
            ErrorCode::None => {
                host.out(&format!("Created topic {}.\n", result.name));
                Ok(true)
            }
            ErrorCode::TopicAlreadyExists if *if_not_exists => Ok(true),
            error => Err(created_failure(error, result.error_message.as_deref())),
        }
    }

    /// The call that waits for a broker, by Kafka's name.
    fn first_call_name(&self) -> &'static str {
        match self.task {
            Task::Create { .. } => "createTopics",
            _ => "listTopics",
        }
    }
}

/// A bad value is found by the tool itself, by the same rules as the broker's:
/// the exception is then another one.
fn created_failure(error: ErrorCode, message: Option<&str>) -> Failure {
    match message {
        Some(message)
            if error == ErrorCode::InvalidConfig && message.starts_with("Invalid value ") =>
        {
            Failure::new("org.apache.kafka.common.config.ConfigException", message)
        }
        message => Failure::of_broker(error, message),
    }
}

fn all_done(results: &[engine::protocol::TopicResult]) -> Result<bool, Failure> {
    match results.iter().find(|result| !result.error_code.is_none()) {
        None => Ok(true),
        Some(failed) => Err(Failure::of_broker(
            failed.error_code,
            failed.error_message.as_deref(),
        )),
    }
}

/// Where `--bootstrap-server` leads, unless the admin client cannot be made.
fn address(options: &Options, host: &mut Host) -> Result<Reach, Misuse> {
    if let Some(file) = options.value("command-config")? {
        let class = "java.nio.file.NoSuchFileException".to_owned();
        host.note("This terminal has no files: leave out --command-config.");
        return Err(Misuse::Thrown(class, file.to_owned()));
    }
    let addresses = options.value("bootstrap-server")?.unwrap_or_default();
    let reach = reach(host.world(), addresses);
    let cannot = |host: &mut Host, why: &str| {
        host.note(&format!(
            "{why}: this cluster is reached at localhost:9092."
        ));
        Misuse::Thrown(
            "org.apache.kafka.common.KafkaException".to_owned(),
            "Failed to create new KafkaAdminClient".to_owned(),
        )
    };
    match reach {
        Reach::UnknownHost {
            host: name,
            address,
        } => {
            unknown_host(host, &name, &address);
            Err(cannot(host, &format!("No machine here is called {name}")))
        }
        Reach::NotAnAddress(text) => Err(cannot(host, &format!("{text:?} is no host:port"))),
        reach => Ok(reach),
    }
}

/// What every client logs about a name that stands for no machine.
pub(super) fn unknown_host(host: &mut Host, name: &str, address: &str) {
    host.log(
        "WARN",
        &format!(
            "Couldn't resolve server {address} from bootstrap.servers as DNS resolution failed \
             for {name}"
        ),
        "org.apache.kafka.clients.ClientUtils",
    );
}

fn task(options: &Options, action: Action, host: &mut Host) -> Result<Task, Failure> {
    let mut selection = Selection {
        topic: options
            .value("topic")
            .map(|topic| topic.map(str::to_owned))?,
        topic_id: None,
        exclude_internal: options.has("exclude-internal"),
        if_exists: options.has("if-exists"),
    };
    Ok(match action {
        Action::List => Task::List(selection),
        Action::Describe => {
            if let Some(id) = options.value("topic-id")? {
                check_topic_id(id)?;
                selection.topic_id = Some(id.to_owned());
            }
            Task::Describe(selection, Report::read(options))
        }
        Action::Create => {
            let wanted = Wanted::read(options)?;
            if wanted.could_collide() {
                host.out(
                    "WARNING: Due to limitations in metric names, topics with a period ('.') or \
                     underscore ('_') could collide. To avoid issues it is best to use either, \
                     but not both.\n",
                );
            }
            Task::Create {
                wanted,
                if_not_exists: options.has("if-not-exists"),
            }
        }
        Action::Alter => Task::Alter(selection, Wanted::read(options)?),
        Action::Delete => Task::Delete(selection),
    })
}

fn connect(reach: Reach, host: &mut Host) -> Result<Link, i32> {
    if let Reach::Nobody(address) = reach {
        let client = format!("AdminClient clientId={CLIENT_ID}");
        let mut connecting = Connecting::new(&client, &address, host);
        connecting.try_again(host);
        return Ok(Link::Nobody {
            connecting,
            deadline: host.now().plus_ms(API_TIMEOUT_MS),
        });
    }
    let config = AdminConfig::named(CLIENT_ID);
    match host.execute(Command::AddAdmin { config }) {
        Ok(admin) => Ok(Link::Admin(admin.unwrap_or_default())),
        Err(refusal) => {
            host.note(&refusal.to_string());
            Err(1)
        }
    }
}

impl Run for Topics {
    fn foreground(&self) -> Foreground {
        Foreground {
            name: "kafka-topics".to_owned(),
            reads_input: false,
            ends_by_itself: true,
        }
    }

    fn client(&self) -> Option<u32> {
        match self.link {
            Link::Admin(admin) => Some(admin),
            Link::Nobody { .. } => None,
        }
    }

    fn deadline(&self) -> Option<Time> {
        match &self.link {
            Link::Admin(_) => None,
            Link::Nobody {
                connecting,
                deadline,
            } => Some(connecting.next().min(*deadline)),
        }
    }

    fn on_event(&mut self, host: &mut Host, event: &Event) -> Option<i32> {
        let own = self.client();
        match &event.kind {
            EventKind::AdminAnswered { admin, response } if Some(*admin) == own => {
                self.on_answer(host, response)
            }
            EventKind::AdminFailed {
                admin,
                exception,
                message,
            } if Some(*admin) == own => {
                let status = Failure::of_kafka(exception, message.as_str()).report(host);
                Some(self.end(host, status))
            }
            EventKind::ClientCrashed { client, .. } if Some(*client) == own => Some(KILLED),
            EventKind::ClientClosed { client, .. } if Some(*client) == own => Some(TERMINATED),
            _ => None,
        }
    }

    fn on_time(&mut self, host: &mut Host) -> Option<i32> {
        let call = self.first_call_name();
        let Link::Nobody {
            connecting,
            deadline,
        } = &mut self.link
        else {
            return None;
        };
        if host.now() < *deadline {
            connecting.try_again(host);
            return None;
        }
        let message = format!("Timed out waiting for a node assignment. Call: {call}");
        Some(Failure::of_kafka("TimeoutException", message).report(host))
    }

    fn interrupt(&mut self, host: &mut Host) -> Option<i32> {
        Some(self.end(host, INTERRUPTED))
    }
}
