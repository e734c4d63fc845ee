//! The figures that are shown, as plain data, and what they say.

use engine::protocol::TopicName;

use super::unit::Unit;
use crate::stage::Subject;

/// How many partitions of a topic are shown: of more the fullest.
const BARS_SHOWN: usize = 12;

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

impl Chart {
    pub(super) fn new(name: &'static str, unit: Unit, lines: Vec<Line>) -> Chart {
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
    pub(super) fn of(now: Option<u64>, points: Vec<Option<u64>>) -> Line {
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
    pub(super) fn of(records: &[u64]) -> Bars {
        let total: u64 = records.iter().sum();
        let bar = |(partition, records): (usize, &u64)| Bar {
            partition,
            records: *records,
            percent: (records * 200 + total).checked_div(total * 2).unwrap_or(0),
        };
        let mut bars: Vec<Bar> = records.iter().enumerate().map(bar).collect();
        let fullest = bars.iter().rev().copied().max_by_key(|bar| bar.records);
        if bars.len() > BARS_SHOWN {
            bars = greatest(bars, BARS_SHOWN, |bar| bar.records);
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

/// The few that have the most, those first; of equals the first.
pub(super) fn greatest<T>(mut all: Vec<T>, few: usize, of: impl Fn(&T) -> u64) -> Vec<T> {
    let mut chosen = Vec::new();
    while chosen.len() < few {
        let places = all.iter().enumerate().rev();
        let Some((most, _)) = places.max_by_key(|(_, it)| of(it)) else {
            break;
        };
        chosen.push(all.remove(most));
    }
    chosen
}
