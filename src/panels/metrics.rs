//! What is measured of the world, as small charts with their numbers.

use std::rc::Rc;

use yew::prelude::*;

use crate::metrics::chart::{self, HEIGHT};
use crate::metrics::{
    Bar, Bars, Chart, Figures, ReaderFigures, ReplicationFigures, SHOWN_SECONDS, TopicFigures,
    WINDOW_SECONDS,
};
use crate::stage::Subject;

/// How many columns the tables have.
const COLUMNS: usize = 6;

/// What [`Metrics`] shows.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The figures.
    pub figures: Rc<Figures>,
}

/// Throughput, latency, lag and spread. Whose figures they are leads to its
/// panel.
#[component]
pub fn Metrics(props: &Props) -> Html {
    let figures = &props.figures;
    html! {
        <div class="sheet metrics">
            <h2 tabindex="-1">{ "Metrics" }</h2>
            <p class="sheet-sentence">
                { format!("Up to {} minutes of virtual time, a point a second; rates and latencies are of the {WINDOW_SECONDS} seconds before it.", SHOWN_SECONDS / 60) }
            </p>
            if figures.topics.is_empty() && figures.readers.is_empty() {
                <p>{ "There is nothing to measure yet: make a topic, and send records." }</p>
            }
            <div key="topics">{ for figures.topics.iter().map(|it| topic(it, figures.span)) }</div>
            { and_more(figures.more_topics, "topic") }
            <div key="readers">{ for figures.readers.iter().map(|it| reader(it, figures.span)) }</div>
            { and_more(figures.more_readers, "group") }
            { for figures.replication.iter().map(|it| replication(it, figures.span)) }
            <details class="sheet-section">
                <summary><h3>{ "How it is reckoned" }</h3></summary>
                <ul class="reckoned">
                    <li>{ "In: what leaders append. Out: what applications are done with. Bytes are those of the batches as they lie in the log." }</li>
                    <li>{ "Latency: from a record's timestamp, which is that of send() unless the topic or the application says otherwise, until the application is done with it; in a share group, until the broker has its acceptance." }</li>
                    <li>{ "p50 and p99: half of the records, and 99 of 100, took no longer (nearest rank, known to within a part in 64). Within a batch the timestamps are taken to rise evenly from its first to its greatest." }</li>
                    <li>{ "Lag: the records from the committed offsets to the ends of the logs, as in kafka-consumer-groups.sh; in a share group, those that it is not done with." }</li>
                </ul>
            </details>
        </div>
    }
}

fn topic(topic: &TopicFigures, span: usize) -> Html {
    let title = format!("Topic {}", topic.name);
    let subject = Subject::Topic(topic.name.clone());
    card(
        &title,
        Some(&subject),
        (&[&topic.records, &topic.bytes], span),
        spread(&topic.spread),
    )
}

fn reader(reader: &ReaderFigures, span: usize) -> Html {
    let charts: Vec<&Chart> = [
        Some(&reader.records),
        Some(&reader.bytes),
        Some(&reader.latency),
        reader.lag.as_ref(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let note = match (&reader.subject, &reader.lag) {
        (Subject::Group(_), None) => {
            html! { <p class="note">{ "No lag: nothing is committed." }</p> }
        }
        _ => html! {},
    };
    card(&reader.title, Some(&reader.subject), (&charts, span), note)
}

fn replication(figures: &ReplicationFigures, span: usize) -> Html {
    let note = html! {
        <p class="note">{ format!(
            "In the time shown {}. Partitions without a leader: {}. Internal topics count too.",
            match figures.isr_shrinks {
                0 => "no replica left an ISR".to_owned(),
                1 => "a replica left an ISR once".to_owned(),
                times => format!("replicas left an ISR {times} times"),
            },
            figures.leaderless,
        ) }</p>
    };
    card(
        "Replication",
        None,
        (&[&figures.under_replicated], span),
        note,
    )
}

fn card(
    title: &str,
    subject: Option<&Subject>,
    (charts, span): (&[&Chart], usize),
    more: Html,
) -> Html {
    let heading = match subject {
        Some(subject) => html! {
            <button type="button" class="link" data-open={subject.to_string()}>{ title }</button>
        },
        None => html! { title },
    };
    html! {
        <section key={title.to_owned()} class="sheet-section" aria-label={format!("Metrics of {title}")}>
            <h3>{ heading }</h3>
            <div class="charts">{ for charts.iter().map(|it| figure(it, title, span)) }</div>
            { more }
            { table(title, charts, span) }
        </section>
    }
}

/// A chart under its name and its number.
fn figure(it: &Chart, of: &str, span: usize) -> Html {
    let is_alone = it.lines.len() == 1;
    html! {
        <figure key={it.name} class="chart">
            <figcaption>
                <span class="chart-name">{ it.name }</span>
                <span class="chart-now">{ now(it) }</span>
            </figcaption>
            <div class="chart-plot">
                <span class="chart-top" aria-hidden="true">{ it.unit.mark(it.top) }</span>
                <svg
                    role="img"
                    aria-label={it.description(of)}
                    viewBox={format!("0 0 {span} {HEIGHT}")}
                    preserveAspectRatio="none"
                >
                    <path class="chart-grid" d={format!("M0 0H{span}M0 {HEIGHT}H{span}")} />
                    if is_alone {
                        { for it.lines.iter().map(|line| html! {
                            <path key="area" class="chart-area" d={chart::area(&line.points, span, it.top)} />
                        }) }
                    }
                    { for it.lines.iter().map(|line| html! {
                        <path
                            key={line.name}
                            class={classes!("chart-line", line.name)}
                            d={chart::line(&line.points, span, it.top)}
                        />
                    }) }
                </svg>
                <span class="chart-zero" aria-hidden="true">{ "0" }</span>
            </div>
            <div class="chart-time" aria-hidden="true"><span>{ format!("{span} s ago") }</span><span>{ "now" }</span></div>
        </figure>
    }
}

/// The numbers; where there are several lines each with a piece of its own.
fn now(it: &Chart) -> Html {
    if it.lines.len() == 1 {
        return html! { it.now() };
    }
    html! {
        <>
            { for it.lines.iter().map(|line| html! {
                <key={line.name}>
                <span class="chart-key">
                    <svg class="chart-sign" viewBox="0 0 20 4" aria-hidden="true">
                        <path class={classes!("chart-line", line.name)} d="M1 2H19" />
                    </svg>
                    { format!("{} {}", line.name, line.now.map_or("–".to_owned(), |it_now| it.unit.write(it_now))) }
                </span>
                    { " " }
                </>
            }) }
        </>
    }
}

/// How records are spread: a bar and a number for each partition.
fn spread(bars: &Bars) -> Html {
    let most = bars.fullest.map_or(1, |bar| bar.records);
    let not_shown = bars.partitions - bars.bars.len();
    html! {
        <div class="spread">
            <p class="chart-name">{ "Records by partition" }</p>
            <p class="chart-now">{ bars.sentence() }</p>
            <ul aria-label="Records by partition">{ for bars.bars.iter().map(|it| bar(it, most)) }</ul>
            { and_more(not_shown, "partition") }
        </div>
    }
}

fn bar(bar: &Bar, most: u64) -> Html {
    let width = bar.records as f64 * 100.0 / most.max(1) as f64;
    html! {
        <li key={bar.partition}>
            <span>{ format!("partition {}", bar.partition) }</span>
            <span class="bar" aria-hidden="true"><span style={format!("width:{width:.1}%")}></span></span>
            <span>{ format!("{} ({} %)", bar.records, bar.percent) }</span>
        </li>
    }
}

/// The same in numbers, for who does not see the charts or wants to write them
/// down.
fn table(of: &str, charts: &[&Chart], span: usize) -> Html {
    let seconds: Vec<usize> = (0..COLUMNS).rev().map(|it| it * span / COLUMNS).collect();
    let lines = charts
        .iter()
        .flat_map(|chart| chart.lines.iter().map(move |it| (chart, it)));
    html! {
        <details class="numbers">
            <summary>{ format!("Numbers of {of}") }</summary>
            <div class="table" tabindex="0" role="group" aria-label={format!("Numbers of {of}, table")}>
                <table>
                    <thead><tr>
                        <th scope="col">{ "seconds ago" }</th>
                        { for seconds.iter().map(|seconds| html! { <th scope="col">{ *seconds }</th> }) }
                    </tr></thead>
                    <tbody>{ for lines.map(|(chart, line)| html! {
                        <tr key={format!("{}{}", chart.name, line.name)}>
                            <th scope="row">{ format!("{} {}", chart.name, line.name).trim_end().to_owned() }</th>
                            { for seconds.iter().map(|seconds| {
                                let figure = line.ago(*seconds);
                                html! { <td>{ figure.map_or("–".to_owned(), |it| chart.unit.write(it)) }</td> }
                            }) }
                        </tr>
                    }) }</tbody>
                </table>
            </div>
        </details>
    }
}

fn and_more(count: usize, what: &str) -> Html {
    match count {
        0 => html! {},
        1 => html! { <p class="note">{ format!("… and 1 {what} more") }</p> },
        _ => html! { <p class="note">{ format!("… and {count} {what}s more") }</p> },
    }
}
