//! Replicas, in full and small.

use yew::prelude::*;

use super::super::super::scene::brokers::{BadgeKind, LogBar, Replica, Standing};
use super::super::super::scene::short_number;
use super::super::style::at;

/// A replica in full: its name, what it is, its offsets, and the newest part of
/// its log as a bar.
pub(super) fn tile(replica: &Replica) -> Html {
    let (badge, kind) = replica.badge();
    let class = classes!("replica", kind_class(kind), changed(replica));
    let is_marked = replica.lost.is_some() || replica.cut.is_some();
    let lags = replica.lag.is_some_and(|lag| lag != 0) && !replica.is_leader();
    let measure = classes!(
        "replica-measure",
        (is_marked || lags).then_some("is-behind"),
        replica.lost.map(|_| "is-lost"),
    );
    let sign = if is_marked { "✕ " } else { "" };
    html! {
        <div key={replica.topic_partition.to_string()}>
            <div key="box" {class} style={at(&replica.rect)}>
                <div key="top" class="replica-top">
                    <span class="replica-name">{ &replica.name }</span>
                    <span class={classes!("replica-badge", kind_class(kind))}>{ badge }</span>
                </div>
                <div key="offsets" class="replica-offsets">{ offsets(replica) }</div>
                <div key="measure" class={measure}>{ format!("{sign}{}", replica.measure()) }</div>
            </div>
            { bar(&replica.bar) }
        </div>
    }
}

fn offsets(replica: &Replica) -> Html {
    let (Some(end), Some(high)) = (replica.log_end, replica.high_watermark) else {
        return html! { <span>{ "no log" }</span> };
    };
    html! {
        <>
            <span>{ format!("LEO {}", short_number(end)) }</span>
            <span>{ format!("HW {}", short_number(high)) }</span>
        </>
    }
}

/// Solid as far as it is committed, paler as far as it is stored, hatched where
/// the leader has more.
fn bar(bar: &LogBar) -> Html {
    let percent = |share: f32| format!("width:{:.1}%", share * 100.0);
    let class = classes!("log-bar", (bar.records == 0).then_some("is-empty"));
    html! {
        <div key="bar" {class} style={at(&bar.rect)}>
            <span class="log-stored" style={percent(bar.filled)} />
            <span class="log-committed" style={percent(bar.committed.min(bar.filled))} />
        </div>
    }
}

/// A replica as a small box with the number of its partition.
pub(super) fn chip(replica: &Replica) -> Html {
    let (_, kind) = replica.badge();
    let is_leader = replica.is_leader();
    let class = classes!(
        "replica-chip",
        kind_class(kind),
        changed(replica),
        is_leader.then_some("leads"),
    );
    html! {
        <div
            key={replica.topic_partition.partition}
            {class}
            style={at(&replica.rect)}
        >{ replica.topic_partition.partition }</div>
    }
}

fn kind_class(kind: BadgeKind) -> &'static str {
    match kind {
        BadgeKind::Leader => "is-leader",
        BadgeKind::New => "is-new",
        BadgeKind::Good => "is-good",
        BadgeKind::Bad => "is-bad",
        BadgeKind::Moving => "is-moving",
        BadgeKind::Off => "is-off",
    }
}

/// What is marked besides by its kind: who leads, and what was lost.
fn changed(replica: &Replica) -> Option<&'static str> {
    match replica.standing {
        _ if replica.lost.is_some() => Some("has-lost"),
        Standing::Leader => Some("leads"),
        Standing::Follower { .. } => None,
    }
}
