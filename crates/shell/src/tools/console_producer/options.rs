//! The options of `kafka-console-producer` (`ConsoleProducer`), and the
//! settings they give to the producer.

use engine::collections::BTreeMap;

use engine::Refusal;
use engine::client::ProducerConfig;

use crate::bootstrap::are_addresses;
use crate::options::{OptionError, OptionSpec, Options, Takes, flag, key_values, value};
use crate::tools::{Host, VERSION, properties};

/// The options.
pub(super) const SPECS: &[OptionSpec] = &[
    value(
        "bootstrap-server",
        "host:port",
        "A broker to begin with; always needed.",
    ),
    value("topic", "name", "Where the records go; always needed."),
    value(
        "property",
        "name=value",
        "How lines are read: parse.key=true, key.separator=:, ...",
    ),
    value(
        "producer-property",
        "name=value",
        "A setting of the producer; may be repeated.",
    ),
    value(
        "request-required-acks",
        "acks",
        "Who must have a record: 0, 1 or all (-1).",
    ),
    value(
        "timeout",
        "ms",
        "How long a batch waits to fill up (linger.ms).",
    ),
    value(
        "batch-size",
        "bytes",
        "How large a batch may grow (batch.size).",
    ),
    value("max-partition-memory-bytes", "bytes", "The same."),
    value(
        "max-block-ms",
        "ms",
        "How long a record waits for its topic to be known.",
    ),
    value(
        "request-timeout-ms",
        "ms",
        "How long the producer waits for an answer.",
    ),
    value(
        "metadata-expiry-ms",
        "ms",
        "How old the producer's view of the cluster may grow.",
    ),
    value(
        "message-send-max-retries",
        "count",
        "How often a batch is sent again.",
    ),
    value("retry-backoff-ms", "ms", "How long to wait before that."),
    value("max-memory-bytes", "bytes", "Memory for records that wait."),
    value(
        "socket-buffer-size",
        "bytes",
        "The buffer of the connection.",
    ),
    OptionSpec {
        name: "compression-codec",
        takes: Takes::Optional("codec"),
        help: "none, gzip, snappy, lz4 or zstd; gzip when none is named.",
    },
    flag(
        "sync",
        "Wait for each record's answer before the next line.",
    ),
    value("line-reader", "class", "Who reads the lines."),
    value("reader-config", "file", "A file of settings for that."),
    value(
        "producer.config",
        "file",
        "A file of settings for the producer.",
    ),
    flag("version", "Tell the version."),
    flag("help", "Tell the options."),
];

/// The class that reads lines unless another is named.
const LINE_READER: &str = "org.apache.kafka.tools.LineMessageReader";

/// What the options ask for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub topic: String,
    pub addresses: String,
    pub sync: bool,
    /// How lines are read.
    pub reader: BTreeMap<String, String>,
    /// The producer's settings, in the order in which they count: the last
    /// one wins.
    settings: Vec<(String, String)>,
}

/// Reads the arguments; an error is the exit status, everything is printed.
pub(super) fn read(arguments: &[String], host: &mut Host) -> Result<Wanted, i32> {
    let options =
        Options::parse(SPECS, arguments).map_err(|error| host.usage(&error.message, SPECS))?;
    if arguments.is_empty() || options.has("help") {
        let about = "This tool helps to read data from standard input and publish it to Kafka.";
        return Err(host.usage(about, SPECS));
    }
    if options.has("version") {
        host.out(&format!("{VERSION}\n"));
        return Err(0);
    }
    if !options.has("topic") {
        return Err(host.usage("Missing required argument \"[topic]\"", SPECS));
    }
    let addresses = thrown(options.value("bootstrap-server"), host)?;
    let addresses = addresses.unwrap_or_default().trim().to_owned();
    if addresses.is_empty() {
        return Err(host.usage("Error while validating the bootstrap address\n", SPECS));
    }
    if !are_addresses(&addresses) {
        let advice = "Please provide valid host:port like host1:9091,host2:9092\n";
        return Err(host.usage(advice, SPECS));
    }
    refuse_files(&options, host)?;
    let settings = thrown(settings(&options), host)?;
    let topic = thrown(options.value("topic"), host)?.unwrap_or_default();
    Ok(Wanted {
        topic: topic.to_owned(),
        addresses,
        sync: options.has("sync"),
        reader: key_values(options.values("property")),
        settings,
    })
}

/// A wrong option found late is printed without the table of options.
fn thrown<T>(result: Result<T, OptionError>, host: &mut Host) -> Result<T, i32> {
    result.map_err(|error| {
        host.err(&format!("{}\n", error.message));
        1
    })
}

fn refuse_files(options: &Options, host: &mut Host) -> Result<(), i32> {
    for option in ["reader-config", "producer.config"] {
        if let Some(file) = options.values(option).last() {
            host.err(&format!("java.nio.file.NoSuchFileException: {file}\n"));
            host.note(&format!(
                "This terminal has no files: leave out --{option}."
            ));
            return Err(1);
        }
    }
    match options.values("line-reader").last() {
        Some(class) if class != LINE_READER => {
            host.err(&format!("java.lang.ClassNotFoundException: {class}\n"));
            host.note("No class of your own can be loaded here: leave out --line-reader.");
            Err(1)
        }
        _ => Ok(()),
    }
}

/// The settings, an option's value over a property's over the tool's default
/// (`CommandLineUtils.maybeMergeOptions`).
fn settings(options: &Options) -> Result<Vec<(String, String)>, OptionError> {
    let mut settings = key_values(options.values("producer-property"));
    let codec = match options.has("compression-codec") {
        true => options.value("compression-codec")?.unwrap_or("gzip"),
        false => "none",
    };
    settings.insert("compression.type".to_owned(), codec.to_owned());
    let client_id = settings.entry("client.id".to_owned());
    client_id.or_insert_with(|| "console-producer".to_owned());
    let mut merge = |setting: &str, given: Option<String>, default: Option<&str>| {
        match (given, default) {
            (Some(given), _) => {
                settings.insert(setting.to_owned(), given);
            }
            (None, Some(default)) if !settings.contains_key(setting) => {
                settings.insert(setting.to_owned(), default.to_owned());
            }
            _ => {}
        };
    };
    let long = |name| options.long(name).map(|value| value.map(|v| v.to_string()));
    let int = |name| options.int(name).map(|value| value.map(|v| v.to_string()));
    merge("linger.ms", long("timeout")?, Some("1000"));
    let acks = options.value("request-required-acks")?;
    merge("acks", acks.map(str::to_owned), Some("-1"));
    merge(
        "request.timeout.ms",
        int("request-timeout-ms")?,
        Some("1500"),
    );
    merge("batch.size", int("batch-size")?, Some("16384"));
    merge("batch.size", int("max-partition-memory-bytes")?, None);
    merge("metadata.max.age.ms", long("metadata-expiry-ms")?, None);
    merge("max.block.ms", long("max-block-ms")?, None);
    merge("retries", int("message-send-max-retries")?, None);
    merge("retry.backoff.ms", long("retry-backoff-ms")?, None);
    merge("send.buffer.bytes", int("socket-buffer-size")?, None);
    merge("buffer.memory", long("max-memory-bytes")?, None);
    Ok(settings.into_iter().collect())
}

impl Wanted {
    /// The producer's settings, unless one of them is refused.
    pub fn config(&self, host: &mut Host) -> Result<ProducerConfig, Refusal> {
        let mut config = ProducerConfig::default();
        let settings = self.settings.iter().map(|(name, value)| (name, value));
        properties::apply(settings, host, |name, value| config.set(name, value))?;
        let is_given = |setting: &str| self.settings.iter().any(|(name, _)| name == setting);
        if !is_given("delivery.timeout.ms") {
            // The default gives way to longer waits that were asked for.
            let least = i64::from(config.request_timeout_ms).saturating_add(config.linger_ms);
            config.delivery_timeout_ms = config.delivery_timeout_ms.max(least);
        }
        Ok(config)
    }
}
