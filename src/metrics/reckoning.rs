//! How figures are made of what was recorded and of the world as it is.

use engine::World;
use engine::collections::{BTreeMap, BTreeSet};
use engine::protocol::TopicName;

use super::figures::{
    Bars, Chart, Figures, Line, ReaderFigures, ReplicationFigures, TopicFigures, greatest,
};
use super::latencies::Latencies;
use super::recorder::{Processed, Recorder, SHOWN_SECONDS, Sample, WINDOW_SECONDS};
use super::state;
use super::unit::Unit;
use crate::stage::{Subject, client_names};

/// How many topics, and how many groups, are shown: those with the most
/// records.
const NAMES_SHOWN: usize = 8;
/// How many seconds charts span: as few of these as hold what has passed.
const SPANS: [usize; 3] = [30, 60, SHOWN_SECONDS];

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
fn busiest<K: Ord + Clone>(names: Vec<(K, u64)>) -> (Vec<K>, usize) {
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let names = greatest(names, NAMES_SHOWN, |(_, records)| *records);
    let names: BTreeSet<K> = names.into_iter().map(|(name, _)| name).collect();
    (names.into_iter().collect(), more)
}
