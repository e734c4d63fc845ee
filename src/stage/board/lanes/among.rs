//! What stands in a lane besides the cells of records, and beside it.

use yew::prelude::*;

use super::super::super::geometry::Rect;
use super::super::super::scene::{
    Band, ControlMark, Deleted, Handed, Hole, Lane, Notice, NoticeKind, short_number,
};
use super::super::style::at;

/// How high what is written beside a lane is, in rem.
const NOTICE: f32 = 1.25;

/// Ends of transactions, holes, and what was deleted a moment ago.
pub(super) fn among(lane: &Lane) -> Html {
    html! {
        <>
            <div key="controls">{ for lane.controls.iter().map(control) }</div>
            <div key="holes">{ for lane.holes.iter().map(hole) }</div>
            <div key="deleted">{ for lane.deleted.iter().map(deleted) }</div>
            <div key="bands">{ for lane.bands.iter().enumerate().map(band) }</div>
        </>
    }
}

fn control(mark: &ControlMark) -> Html {
    let (letter, word) = match mark.commits {
        true => ("✓", "commit"),
        false => ("✕", "abort"),
    };
    let title = format!("offset {}: a control record, {word}", mark.offset);
    html! {
        <div
            key={mark.offset}
            class={classes!("control", (!mark.commits).then_some("is-abort"))}
            style={at(&mark.rect)}
            {title}
        >
            <span class="control-mark"><b>{ letter }</b></span>
            <span class="cell-offset">{ short_number(mark.offset) }</span>
        </div>
    }
}

fn hole(hole: &Hole) -> Html {
    let count = hole.to - hole.from;
    let title = match count {
        1 => format!("offset {} was compacted away", hole.from),
        _ => format!(
            "offsets {} to {} were compacted away",
            hole.from,
            hole.to - 1
        ),
    };
    html! {
        <div key={hole.from} class="hole" style={at(&hole.rect)} {title}>
            <span>{ format!("−{}", short_number(count)) }</span>
        </div>
    }
}

fn deleted(deleted: &Deleted) -> Html {
    let count = deleted.to - deleted.from;
    let title = format!("{count} records were deleted {}", deleted.words());
    let style = format!(
        "{};opacity:0.{:02}",
        at(&deleted.rect),
        deleted.fresh.min(99)
    );
    html! {
        <div key={deleted.from} class="deleted" {style} {title}>
            <span>{ format!("✂ {}", short_number(count)) }</span>
        </div>
    }
}

/// A stretch in which something happened.
pub(super) fn band((place, band): (usize, &Band)) -> Html {
    let style = format!("{};opacity:0.{:02}", at(&band.rect), band.fresh.min(99));
    html! { <div key={place} class={classes!("band", tone(band.kind))} {style} /> }
}

/// What is told beside a lane or a row.
pub(super) fn notice(notice: &Notice, side: &Rect, middle: f32) -> Html {
    if side.width <= 0.0 {
        return Html::default();
    }
    let rect = Rect::new(
        side.x + 0.2,
        middle - NOTICE / 2.0,
        side.width - 0.4,
        NOTICE,
    );
    let class = classes!("notice-beside", tone(notice.kind));
    html! {
        <div {class} style={at(&rect)} title={notice.sentence.clone()}>
            <span class="clip">{ &notice.text }</span>
        </div>
    }
}

fn tone(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Plain => "is-plain",
        NoticeKind::Rebalance | NoticeKind::Compacted => "is-change",
        NoticeKind::Unread => "is-unread",
        NoticeKind::Duplicate => "is-good",
        NoticeKind::Again | NoticeKind::Skipped | NoticeKind::OutOfOrder => "is-warning",
        NoticeKind::NeverSent | NoticeKind::Lost => "is-grave",
    }
}

/// A record as a share group has handed it out.
pub(super) fn handed(handed: &Handed) -> Html {
    let count = handed.delivery_count;
    let who = handed.member.as_deref();
    let title = match who {
        Some(who) => format!(
            "offset {}: {} by {who}, delivery {count}",
            handed.offset,
            handed.state.name()
        ),
        None => format!(
            "offset {}: {}, delivered {count} times",
            handed.offset,
            handed.state.name()
        ),
    };
    let class = classes!(
        "handed",
        format!("is-{}", handed.state.name()),
        handed.is_last_delivery.then_some("is-last"),
    );
    // The first time is what one expects.
    let text = match count {
        1 => format!("{} {}", handed.badge, handed.state.sign()),
        _ => format!(
            "{} {count}×",
            if handed.badge.is_empty() {
                handed.state.sign()
            } else {
                &handed.badge
            }
        ),
    };
    html! {
        <div key={handed.offset} {class} style={at(&handed.rect)} {title}>{ text }</div>
    }
}
