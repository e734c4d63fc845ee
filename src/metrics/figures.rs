//! The figures that are shown, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use engine::World;
use engine::protocol::TopicName;

use super::latencies::Latencies;
use super::recorder::{Processed, Recorder, SHOWN_SECONDS, Sample, WINDOW_SECONDS};
use super::state;
use super::unit::Unit;
use crate::stage::{Subject, client_names};

/// How many topics, and how many groups, are shown: those with the most
/// records.
const NAMES_SHOWN: usize = 8;
/// How many partitions of a topic are shown: of more the fullest.
const BARS_SHOWN: usize = 12;

/// How many seconds charts span: as few of these as hold what has passed.
const SPANS: [usize; 3] = [30, 60, SHOWN_SECONDS];

/// All figures of a world at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// How many seconds the charts span.
    pub span: usize,
    /// The topics, by name.
    pub topics: Vec<TopicFigures>,
    /// How many others there are.
    pub more_topics: usize,
    /// Groups and consumers without one, by name.
    pub readers: Vec<ReaderFigures>,
    /// How many others there are.
    pub more_readers: usize,
    /// How replicas keep up, where there is more than one broker.
    pub replication: Option<ReplicationFigures>,
}

/// What flows into a topic, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicFigures {
    /// Its name.
    pub name: TopicName,
    /// What leaders append: records.
    pub records: Chart,
    /// The same in bytes.
    pub bytes: Chart,
    /// How its records are spread over the partitions.
    pub spread: Bars,
}

/// What a group, or a consumer without one, is done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderFigures {
    /// What it is.
    pub subject: Subject,
    /// What it is called, such as `Group billing`.
    pub title: String,
    /// What it is done with: records.
    pub records: Chart,
    /// The same in bytes.
    pub bytes: Chart,
    /// From a record's timestamp until it is done with.
    pub latency: Chart,
    /// How many records it is behind; `None` while nothing is committed.
    pub lag: Option<Chart>,
}

/// How replicas keep up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicationFigures {
    /// Partitions with a replica that is not in sync.
    pub under_replicated: Chart,
    /// Partitions without a leader now.
    pub leaderless: u64,
    /// How often a replica left an ISR in the time that is shown.
    pub isr_shrinks: u64,
}

/// A figure over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// What it shows, such as `Records in`.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What its upper edge stands for: the same for all charts of a kind.
    pub top: u64,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What tells it from the others of its chart; empty where there are none.
    pub name: &'static str,
    /// The figure as it is now, if there is one.
    pub now: Option<u64>,
    /// The figure at the end of each second, oldest first; `None` where there
    /// is none, such as the latency of no record.
    pub points: Vec<Option<u64>>,
}

/// How records are spread over partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bars {
    /// How many partitions there are.
    pub partitions: usize,
    /// How many records they hold together.
    pub records: u64,
    /// The partitions by number; of very many the fullest, those first.
    pub bars: Vec<Bar>,
    /// The fullest, where there are records; of several the first.
    pub fullest: Option<Bar>,
}

/// The records of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its number.
    pub partition: usize,
    /// How many it holds.
    pub records: u64,
    /// Its share of the topic's, in percent.
    pub percent: u64,
}

/// The figures of a world, with what was recorded of it.
pub fn figures(world: &World, recorder: &Recorder) -> Figures {
    let of = Reckoning { world, recorder };
    let (topics, more_topics) = of.topics();
    let (readers, more_readers) = of.readers();
    let shown = of.shown().count();
    let mut figures = Figures {
        span: *SPANS
            .iter()
            .find(|span| **span >= shown)
            .unwrap_or(&SHOWN_SECONDS),
        topics,
        more_topics,
        readers,
        more_readers,
        replication: (world.brokers().len() > 1).then(|| of.replication()),
    };
    let (topics, readers) = (&mut figures.topics, &mut figures.readers);
    share_scale(topics.iter_mut().map(|it| &mut it.records));
    share_scale(topics.iter_mut().map(|it| &mut it.bytes));
    share_scale(readers.iter_mut().map(|it| &mut it.records));
    share_scale(readers.iter_mut().map(|it| &mut it.bytes));
    share_scale(readers.iter_mut().map(|it| &mut it.latency));
    share_scale(readers.iter_mut().filter_map(|it| it.lag.as_mut()));
    figures
}

/// Charts side by side are to be compared.
fn share_scale<'a>(charts: impl Iterator<Item = &'a mut Chart>) {
    let charts: Vec<&mut Chart> = charts.collect();
    let top = charts.iter().map(|chart| chart.top).max();
    for chart in charts {
        chart.top = top.unwrap_or(chart.top);
    }
}

struct Reckoning<'a> {
    world: &'a World,
    recorder: &'a Recorder,
}

impl Reckoning<'_> {
    fn topics(&self) -> (Vec<TopicFigures>, usize) {
        let records = |name: &TopicName| {
            let flows = self.samples().filter_map(|it| it.appended.get(name));
            flows.map(|flow| flow.records).sum()
        };
        let names = self.world.user_topics().map(|(name, _)| name);
        let (names, more) = busiest(names.map(|name| (name.clone(), records(name))).collect());
        let figures = names.into_iter().map(|name| {
            let flow = |sample: &Sample| sample.appended.get(&name).copied().unwrap_or_default();
            TopicFigures {
                records: self.rate("Records in", Unit::RecordRate, |it| flow(it).records),
                bytes: self.rate("Bytes in", Unit::ByteRate, |it| flow(it).bytes),
                spread: Bars::of(&state::records_by_partition(self.world, &name)),
                name,
            }
        });
        (figures.collect(), more)
    }

    fn readers(&self) -> (Vec<ReaderFigures>, usize) {
        let lags = state::lags(self.world);
        let mut readers: BTreeMap<Subject, u64> = BTreeMap::new();
        for sample in self.samples() {
            for (reader, processed) in &sample.processed {
                *readers.entry(reader.clone()).or_default() += processed.flow.records;
            }
        }
        for (group, lag) in &lags {
            *readers.entry(Subject::Group(group.clone())).or_default() += lag;
        }
        let (readers, more) = busiest(readers.into_iter().collect());
        let names = client_names(self.world);
        let figures = readers.into_iter().map(|subject| {
            let title = match &subject {
                Subject::Client(number) => match names.get(number) {
                    Some(name) => format!("Consumer {name}, without a group"),
                    None => format!("Consumer {number}, which has ended"),
                },
                Subject::Group(id) => format!("Group {id}"),
                other => other.to_string(),
            };
            let processed = |sample: &Sample| sample.processed.get(&subject).map(|it| it.flow);
            let flow = |sample: &Sample| processed(sample).unwrap_or_default();
            let lag = match &subject {
                Subject::Group(id) => lags.get(id).map(|lag| self.lag(id, *lag)),
                _ => None,
            };
            ReaderFigures {
                title,
                records: self.rate("Records out", Unit::RecordRate, |it| flow(it).records),
                bytes: self.rate("Bytes out", Unit::ByteRate, |it| flow(it).bytes),
                latency: self.latency(&subject),
                lag,
                subject,
            }
        });
        (figures.collect(), more)
    }

    fn lag(&self, group: &str, now: u64) -> Chart {
        let lags = self.shown().map(|sample| sample.lags.get(group).copied());
        Chart::new(
            "Lag",
            Unit::Records,
            vec![Line::of(Some(now), lags.collect())],
        )
    }

    fn replication(&self) -> ReplicationFigures {
        let now = state::replicas(self.world);
        let lacking = self.shown().map(|it| Some(it.replicas.under_replicated));
        let line = Line::of(Some(now.under_replicated), lacking.collect());
        ReplicationFigures {
            under_replicated: Chart::new(
                "Under-replicated partitions",
                Unit::Partitions,
                vec![line],
            ),
            leaderless: now.leaderless,
            isr_shrinks: self.shown().map(|it| it.isr_shrinks).sum(),
        }
    }

    /// A thousandth a second for each that was counted in a second, over the
    /// window before each point.
    fn rate(&self, name: &'static str, unit: Unit, count: impl Fn(&Sample) -> u64) -> Chart {
        let counts: Vec<u64> = self.samples().map(count).collect();
        let earlier = self.recorder.seconds() - counts.len() as u64;
        let points = (self.hidden()..counts.len()).map(|last| {
            let first = (last + 1).saturating_sub(WINDOW_SECONDS);
            let sum: u64 = counts[first..=last].iter().sum();
            // When the world began, less than a window has passed.
            let passed = earlier + last as u64 + 1;
            Some(sum.saturating_mul(1_000) / passed.min(WINDOW_SECONDS as u64))
        });
        let points: Vec<Option<u64>> = points.collect();
        let now = points.last().copied().flatten();
        Chart::new(name, unit, vec![Line::of(now, points)])
    }

    /// Percentiles over the window before each point.
    fn latency(&self, reader: &Subject) -> Chart {
        let each: Vec<Option<&Processed>> = self
            .samples()
            .map(|sample| sample.processed.get(reader))
            .collect();
        let mut window = Latencies::default();
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for (index, processed) in each.iter().enumerate() {
            if let Some(processed) = processed {
                window.merge(&processed.latencies);
            }
            let gone = index.checked_sub(WINDOW_SECONDS);
            if let Some(gone) = gone.and_then(|gone| each[gone]) {
                window.take_out(&gone.latencies);
            }
            if index >= self.hidden() {
                p50.push(window.percentile(50));
                p99.push(window.percentile(99));
            }
        }
        let lines = [("p50", p50), ("p99", p99)].map(|(name, points)| Line {
            name,
            ..Line::of(points.last().copied().flatten(), points)
        });
        Chart::new("Latency", Unit::Milliseconds, lines.to_vec())
    }

    fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.recorder.samples().iter()
    }

    fn shown(&self) -> impl Iterator<Item = &Sample> {
        self.samples().skip(self.hidden())
    }

    /// How many of the samples are there for the first window only.
    fn hidden(&self) -> usize {
        self.recorder.samples().len().saturating_sub(SHOWN_SECONDS)
    }
}

/// The names with the most records, in order; and how many others there are.
fn busiest<K: Ord + Clone>(mut names: Vec<(K, u64)>) -> (Vec<K>, usize) {
    let more = names.len().saturating_sub(NAMES_SHOWN);
    names.sort_by_key(|(_, records)| std::cmp::Reverse(*records));
    names.truncate(NAMES_SHOWN);
    let names: BTreeSet<K> = names.into_iter().map(|(name, _)| name).collect();
    (names.into_iter().collect(), more)
}

impl Chart {
    fn new(name: &'static str, unit: Unit, lines: Vec<Line>) -> Chart {
        let points = lines.iter().flat_map(|line| &line.points);
        let most = points.flatten().max().copied().unwrap_or(0);
        let top = unit.top(most);
        Chart {
            name,
            unit,
            top,
            lines,
        }
    }

    /// How it stands now, such as `p50 412 ms, p99 1.2 s`.
    pub fn now(&self) -> String {
        let figures = self.lines.iter().filter_map(|line| {
            let figure = self.unit.write(line.now?);
            Some(format!("{} {figure}", line.name).trim_start().to_owned())
        });
        let figures: Vec<String> = figures.collect();
        match figures.is_empty() {
            true => "none".to_owned(),
            false => figures.join(", "),
        }
    }

    /// All of it in words, for who does not see it; `of` is whose figure it is.
    pub fn description(&self, of: &str) -> String {
        let mut text = format!("{}, {of}: now {}.", self.name, self.now());
        for line in &self.lines {
            let figures = line.points.iter().flatten();
            let (least, most) = (figures.clone().min(), figures.max());
            if let (Some(least), Some(most)) = (least, most) {
                let (least, most) = (self.unit.write(*least), self.unit.write(*most));
                let of_line = format!(" {} least {least}, most {most}", line.name);
                text += &format!("{}, in {} s.", of_line.trim_end(), line.points.len());
            }
        }
        text.replace("  ", " ")
    }
}

impl Line {
    fn of(now: Option<u64>, points: Vec<Option<u64>>) -> Line {
        let name = "";
        Line { name, now, points }
    }

    /// How it stood so many seconds ago.
    pub fn ago(&self, seconds: usize) -> Option<u64> {
        let index = self.points.len().checked_sub(seconds + 1)?;
        self.points[index]
    }
}

impl Bars {
    fn of(records: &[u64]) -> Bars {
        let total: u64 = records.iter().sum();
        let bar = |(partition, records): (usize, &u64)| Bar {
            partition,
            records: *records,
            percent: (records * 200 + total).checked_div(total * 2).unwrap_or(0),
        };
        let mut bars: Vec<Bar> = records.iter().enumerate().map(bar).collect();
        let fullness = |bar: &Bar| (bar.records, std::cmp::Reverse(bar.partition));
        let fullest = bars.iter().copied().max_by_key(fullness);
        if bars.len() > BARS_SHOWN {
            bars.sort_by_key(|bar| std::cmp::Reverse(fullness(bar)));
            bars.truncate(BARS_SHOWN);
        }
        Bars {
            partitions: records.len(),
            records: total,
            bars,
            fullest: fullest.filter(|bar| bar.records > 0),
        }
    }

    /// In one sentence, how even the spread is.
    pub fn sentence(&self) -> String {
        let Some(fullest) = self.fullest else {
            return "No records.".to_owned();
        };
        let even = 100 / self.partitions.max(1);
        format!(
            "{} in {}; partition {} is the fullest with {} % (evenly spread: {even} %).",
            Unit::Records.write(self.records),
            Unit::Partitions.write(self.partitions as u64),
            fullest.partition,
            fullest.percent,
        )
    }
}
