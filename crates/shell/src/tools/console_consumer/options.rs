//! The options of `kafka-console-consumer` (`ConsoleConsumerOptions`), and the
//! settings they give to the consumer.

use engine::collections::BTreeMap;

use engine::Refusal;
use engine::client::ConsumerConfig;
use engine::sim::{Random, Stream};

use crate::java::parse_long;
use crate::options::{OptionSpec, Options, flag, key_values, value};
use crate::tools::{Host, VERSION, properties};

/// The options.
pub(super) const SPECS: &[OptionSpec] = &[
    value(
        "bootstrap-server",
        "host:port",
        "A broker to begin with; always needed.",
    ),
    value("topic", "name", "What to read."),
    value(
        "include",
        "regex",
        "What to read, as a regular expression over topics.",
    ),
    value(
        "group",
        "name",
        "The group to read in; a group of its own when left out.",
    ),
    flag(
        "from-beginning",
        "Begin at the first record where the group has no offset.",
    ),
    value(
        "partition",
        "number",
        "Read one partition, without a group.",
    ),
    value(
        "offset",
        "offset",
        "Where to begin in it: a number, earliest or latest.",
    ),
    value("max-messages", "count", "End after so many records."),
    value("timeout-ms", "ms", "End when no record comes for so long."),
    value(
        "property",
        "name=value",
        "What is printed: print.key=true, print.partition=true, ...",
    ),
    value("formatter", "class", "Who prints the records."),
    value("formatter-config", "file", "A file of settings for that."),
    value(
        "consumer-property",
        "name=value",
        "A setting of the consumer; may be repeated.",
    ),
    value(
        "consumer.config",
        "file",
        "A file of settings for the consumer.",
    ),
    value(
        "isolation-level",
        "level",
        "read_committed or read_uncommitted.",
    ),
    value("key-deserializer", "class", "How keys are read."),
    value("value-deserializer", "class", "How values are read."),
    flag(
        "skip-message-on-error",
        "Go on after a record that cannot be printed.",
    ),
    flag(
        "enable-systest-events",
        "Tell of the consumer's own doings.",
    ),
    flag("version", "Tell the version."),
    flag("help", "Tell the options."),
];

/// Classes that print a record as the tool does by itself.
const FORMATTERS: [&str; 2] = [
    "org.apache.kafka.tools.consumer.DefaultMessageFormatter",
    "kafka.tools.DefaultMessageFormatter",
];

/// What the options ask for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub topic: String,
    pub addresses: String,
    pub max_messages: Option<u64>,
    pub timeout_ms: Option<i64>,
    pub skip_message_on_error: bool,
    /// How records are printed.
    pub formatter: BTreeMap<String, String>,
    /// The consumer's settings; without `group.id` it makes up a group.
    settings: BTreeMap<String, String>,
}

/// Reads the arguments; an error is the exit status, everything is printed.
pub(super) fn read(arguments: &[String], host: &mut Host) -> Result<Wanted, i32> {
    let options =
        Options::parse(SPECS, arguments).map_err(|error| host.usage(&error.message, SPECS))?;
    if arguments.is_empty() || options.has("help") {
        let about =
            "This tool helps to read data from Kafka topics and outputs it to standard output.";
        return Err(host.usage(about, SPECS));
    }
    if options.has("version") {
        host.out(&format!("{VERSION}\n"));
        return Err(0);
    }
    check(&options).map_err(|message| host.usage(&message, SPECS))?;
    refuse_files(&options, host)?;
    let properties = key_values(options.values("consumer-property"));
    let settings = settings(&options, properties, host)?;
    check_offset(&options).map_err(|message| host.usage(&message, SPECS))?;
    refuse_what_is_not_here(&options, host)?;
    wanted(&options, settings).map_err(|message| host.usage(&message, SPECS))
}

fn wanted(options: &Options, settings: BTreeMap<String, String>) -> Result<Wanted, String> {
    let message = |error: crate::options::OptionError| error.message;
    let text = |name| options.value(name).map_err(message);
    let mut formatter = BTreeMap::new();
    for (option, setting) in [
        ("key-deserializer", "key.deserializer"),
        ("value-deserializer", "value.deserializer"),
    ] {
        if let Some(class) = text(option)? {
            formatter.insert(setting.to_owned(), class.to_owned());
        }
    }
    formatter.extend(key_values(options.values("property")));
    let max_messages = options.int("max-messages").map_err(message)?;
    let timeout_ms = options.long("timeout-ms").map_err(message)?;
    Ok(Wanted {
        topic: text("topic")?.unwrap_or_default().to_owned(),
        addresses: text("bootstrap-server")?.unwrap_or_default().to_owned(),
        max_messages: max_messages.and_then(|count| u64::try_from(count).ok()),
        timeout_ms: timeout_ms.filter(|timeout| *timeout >= 0),
        skip_message_on_error: options.has("skip-message-on-error"),
        formatter,
        settings,
    })
}

/// Options that need or exclude each other.
fn check(options: &Options) -> Result<(), String> {
    if options.has("topic") == options.has("include") {
        return Err("Exactly one of --include/--topic is required. ".to_owned());
    }
    let refuse = |message: &str| Err(message.to_owned());
    if options.has("partition") {
        if !options.has("topic") {
            return refuse("The topic is required when partition is specified.");
        }
        if options.has("from-beginning") && options.has("offset") {
            return refuse("Options from-beginning and offset cannot be specified together.");
        }
    } else if options.has("offset") {
        return refuse("The partition is required when offset is specified.");
    }
    match options.has("bootstrap-server") {
        true => Ok(()),
        false => refuse("Missing required argument \"[bootstrap-server]\""),
    }
}

fn check_offset(options: &Options) -> Result<(), String> {
    let offset = options.value("offset").map_err(|error| error.message)?;
    let Some(offset) = offset else {
        return Ok(());
    };
    let named = ["earliest", "latest"]
        .iter()
        .any(|name| offset.eq_ignore_ascii_case(name));
    if named || parse_long(offset).is_some_and(|offset| offset >= 0) {
        return Ok(());
    }
    Err(format!(
        "The provided offset value '{offset}' is incorrect. Valid values are 'earliest', \
         'latest', or a non-negative long."
    ))
}

fn refuse_files(options: &Options, host: &mut Host) -> Result<(), i32> {
    for option in ["consumer.config", "formatter-config"] {
        if let Some(file) = options.values(option).last() {
            host.err(&format!(
                "Exception in thread \"main\" java.nio.file.NoSuchFileException: {file}\n"
            ));
            host.note(&format!(
                "This terminal has no files: leave out --{option}."
            ));
            return Err(1);
        }
    }
    Ok(())
}

/// What the real tool does and this one does not yet.
fn refuse_what_is_not_here(options: &Options, host: &mut Host) -> Result<(), i32> {
    let why = if options.has("partition") {
        "--partition and --offset are not simulated yet: leave them out to read the whole topic; \
         with --property print.partition=true it says which partition a record is in."
    } else if options.has("include") {
        "--include is not simulated yet: name one topic with --topic."
    } else {
        match options.values("formatter").last() {
            Some(class) if !FORMATTERS.contains(&class.as_str()) => {
                "Only the default formatter runs here: leave out --formatter."
            }
            _ => return Ok(()),
        }
    };
    host.note(&format!("Nothing was read. {why}"));
    Err(1)
}

/// The consumer's settings, as options and properties together give them.
fn settings(
    options: &Options,
    mut settings: BTreeMap<String, String>,
    host: &mut Host,
) -> Result<BTreeMap<String, String>, i32> {
    let group = options
        .value("group")
        .map_err(|error| host.usage(&error.message, SPECS))?;
    let property = settings.get("group.id").cloned();
    if let (Some(group), Some(other)) = (group, &property)
        && group != other
    {
        return Err(host.usage(
            &format!(
                "The group ids provided in different places (directly using '--group', via \
                 '--consumer-property', or via '--consumer.config') do not match. Detected group \
                 ids: '{group}', '{other}'"
            ),
            SPECS,
        ));
    }
    let group = group.map(str::to_owned).or(property);
    if group.is_some() && options.has("partition") {
        let message = "Options group and partition cannot be specified together.";
        return Err(host.usage(message, SPECS));
    }
    settings.extend(group.map(|group| ("group.id".to_owned(), group)));
    let from_beginning = options.has("from-beginning");
    match settings.get("auto.offset.reset") {
        Some(reset) if from_beginning && reset != "earliest" => {
            host.err(&format!(
                "Can't simultaneously specify --from-beginning and 'auto.offset.reset={reset}', \
                 please remove one option\n"
            ));
            return Err(1);
        }
        Some(_) => {}
        None => {
            let reset = if from_beginning { "earliest" } else { "latest" };
            settings.insert("auto.offset.reset".to_owned(), reset.to_owned());
        }
    }
    let client_id = settings.entry("client.id".to_owned());
    client_id.or_insert_with(|| "console-consumer".to_owned());
    if let Ok(Some(level)) = options.value("isolation-level") {
        settings.insert("isolation.level".to_owned(), level.to_owned());
    }
    Ok(settings)
}

impl Wanted {
    /// The consumer's settings, unless one of them is refused.
    pub fn config(&self, host: &mut Host) -> Result<ConsumerConfig, Refusal> {
        let group = self.settings.get("group.id").cloned();
        let mut config = ConsumerConfig::of_group(group.clone().unwrap_or_default());
        if group.is_none() {
            config.group_id = format!("console-consumer-{}", draw_number(host));
            // A group that nobody comes back to leaves no offsets.
            config.enable_auto_commit = false;
        }
        let acted_on = |(name, value): &(&String, &String)| {
            !(*name == "isolation.level" && *value == "read_uncommitted")
        };
        let settings = self.settings.iter().filter(acted_on);
        properties::apply(settings, host, |name, value| config.set(name, value))?;
        Ok(config)
    }
}

/// A number below 100,000 that follows from the world's seed and from how many
/// were drawn before.
fn draw_number(host: &mut Host) -> u32 {
    let mut random = Random::new(host.world().journal().seed, Stream::Tool);
    for _ in 0..*host.ground.names_drawn {
        random.next_u32();
    }
    *host.ground.names_drawn = host.ground.names_drawn.wrapping_add(1);
    random.below(100_000)
}
