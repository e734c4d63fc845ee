//! Consumer groups.

use std::rc::Rc;

use yew::prelude::*;

use super::super::Subject;
use super::super::geometry::Rect;
use super::super::scene::{Chip, GroupBox, GroupKind, MemberBox, Phase, RebalanceBar, Role};
use super::style::{at, color, fitting};

/// The width of a member's badge, and of a character of its name, in rem.
const BADGE_WIDTH: f32 = 2.3;
const NAME_CHARACTER: f32 = 0.53;

#[derive(Properties, PartialEq)]
pub(super) struct GroupDrawingProps {
    pub group: Rc<GroupBox>,
}

/// A group: its state and its consumers.
#[component]
pub(super) fn GroupDrawing(props: &GroupDrawingProps) -> Html {
    let group = &*props.group;
    let class = classes!(
        "box",
        "group",
        group.is_rebalancing.then_some("is-rebalancing"),
        group.members.is_empty().then_some("is-empty"),
    );
    html! {
        <div style={color(group.ink)}>
            <div {class} style={at(&group.rect)} data-open={Subject::Group(group.id.clone()).to_string()} />
            { header(group) }
            { for group.rebalances.iter().map(rebalances) }
            <div>{ for group.members.iter().map(|it| html! {
                <MemberDrawing key={it.key.clone()} member={it.clone()} group={group.id.clone()} />
            }) }</div>
            if group.more_members > 0 {
                <div class="note" style={at(&under_members(group))}>
                    { format!("… and {} more members, not drawn", group.more_members) }
                </div>
            }
        </div>
    }
}

fn under_members(group: &GroupBox) -> Rect {
    let last = group.members.last();
    let top = last.map_or(group.header.bottom(), |member| member.rect.bottom());
    let height = group.rect.bottom() - top;
    Rect::new(group.header.x, top, group.header.width, height)
}

fn header(group: &GroupBox) -> Html {
    let about = [kind(group), count(group)];
    let name = match group.id.as_str() {
        "" => "without a group",
        id => id,
    };
    let state = group.state_words();
    let state_class = classes!(
        "state",
        (state == "Stable").then_some("is-stable"),
        group.is_rebalancing.then_some("is-rebalancing"),
    );
    let width = group.header.width - group.controls.width - 0.2;
    let second = Rect::new(
        group.header.x,
        group.controls.y,
        width,
        group.controls.height,
    );
    let first = Rect::new(
        group.header.x,
        group.header.y + 0.15,
        group.header.width,
        group.header.height - group.controls.height - 0.15,
    );
    html! {
        <>
            <div key="name" class="group-header" style={at(&first)}>
                <span class="badge">{ &group.letter }</span>
                <span class="box-name clip" title={group.id.clone()}>{ name }</span>
                <span class={state_class}>{ state }</span>
            </div>
            <div key="about" class="group-about" style={at(&second)}>
                { for about.map(|line| html! {
                    <div class="clip" title={line.clone()}>{ line.clone() }</div>
                }) }
            </div>
        </>
    }
}

/// The bar of the rebalance that is under way, or of the last one.
fn rebalances(bar: &RebalanceBar) -> Html {
    let class = classes!(
        "rebalances",
        bar.is_under_way.then_some("is-under-way"),
        (bar.fresh > 0).then_some("is-fresh"),
    );
    let width = format!("width:{:.0}%", bar.share * 100.0);
    html! {
        <div key="rebalances" {class} style={at(&bar.rect)} title={bar.sentence.clone()}>
            <span class="rebalances-fill" style={width} />
            <span class="clip rebalances-text">{ &bar.text }</span>
        </div>
    }
}

/// What kind of group it is, and who hands out its partitions.
fn kind(group: &GroupBox) -> String {
    let mut parts = vec![group.kind.name().to_owned()];
    parts.extend(group.assignor.clone());
    parts.extend(group.reads_committed.then(|| "read_committed".to_owned()));
    parts.join(" · ")
}

/// Its generation or epoch, how far a rebalance has come, and who coordinates
/// it.
fn count(group: &GroupBox) -> String {
    let counts = match group.kind {
        GroupKind::Classic => "generation",
        _ => "epoch",
    };
    let mut parts = Vec::from_iter(group.progress.clone());
    parts.extend(group.generation.map(|it| format!("{counts} {it}")));
    let epoch = group.assignment_epoch;
    parts.extend(epoch.map(|it| format!("assignment of {it}")));
    parts.extend(group.coordinator.map(|it| format!("broker {it}")));
    parts.join(" · ")
}

#[derive(Properties)]
struct MemberDrawingProps {
    member: Rc<MemberBox>,
    group: String,
}

impl PartialEq for MemberDrawingProps {
    fn eq(&self, other: &MemberDrawingProps) -> bool {
        Rc::ptr_eq(&self.member, &other.member) && self.group == other.group
    }
}

/// A member, drawn again when it is another one than before.
#[component]
fn MemberDrawing(props: &MemberDrawingProps) -> Html {
    let member = &*props.member;
    let is_crashed = matches!(member.phase, Phase::Crashed { .. });
    let class = classes!(
        "member",
        is_crashed.then_some("is-crashed"),
        member.is_idle().then_some("is-idle"),
        (member.phase == Phase::Leaving).then_some("is-leaving"),
        matches!(member.role, Role::Processor(_)).then_some("is-processor"),
        (member.phase == Phase::Frozen).then_some("is-frozen"),
    );
    let title = match member.member_id.as_str() {
        "" => "no member id yet".to_owned(),
        id => format!("member id {id}"),
    };
    let plain = (member.rect.height - member.extra_rect.height) / 2.0;
    let name = Rect::new(
        member.rect.x,
        member.rect.y,
        member.rect.width - member.controls.width - 0.3,
        plain,
    );
    let line = Rect::new(
        member.rect.x,
        member.rect.y + plain,
        member.rect.width,
        plain,
    );
    let open = match member.client {
        Some(client) => Subject::Client(client),
        None => Subject::Group(props.group.clone()),
    };
    let open = open.to_string();
    html! {
        <div class="member-whole">
            <div {class} style={at(&member.rect)} data-open={open.clone()} />
            <div class="member-name" style={at(&name)} {title} data-open={open.clone()}>
                <span class="badge">{ &member.badge }</span>
                <span class="clip">{ fitting(&member.name, name.width - BADGE_WIDTH, NAME_CHARACTER) }</span>
                if let Phase::Crashed { seconds_left } = member.phase {
                    <span class="crash" title="until its session times out">
                        { crash(seconds_left) }
                    </span>
                }
            </div>
            <div class="member-line" style={at(&line)} data-open={open.clone()}>{ line_of(member) }</div>
            if !member.extra.is_empty() {
                <div
                    class="member-extra"
                    style={at(&member.extra_rect)}
                    title={extra_title(member)}
                    data-open={open}
                >
                    <span class="clip">{ &member.extra }</span>
                </div>
            }
        </div>
    }
}

fn line_of(member: &MemberBox) -> Html {
    let phase = match member.phase {
        Phase::Crashed { .. } => None,
        Phase::Joining | Phase::Syncing if member.step.is_some() => None,
        Phase::Joining | Phase::Syncing => member.phase.words().map(|it| format!("{it} …")),
        Phase::Stable if member.is_idle() => Some("idle: no partition is left".to_owned()),
        phase => phase.words(),
    };
    html! {
        <>
            if let Some(step) = member.step {
                <span key="step" class="step">{ step.words() }</span>
            }
            { for phase.map(|text| html! { <span key="phase" class="phase">{ text }</span> }) }
            <span key="chips" class="chips">{ for member.chips.iter().map(chip) }</span>
            if member.more_chips > 0 {
                <span key="more" class="quiet" title={all_partitions(member)}>
                    { format!("+{}", member.more_chips) }
                </span>
            }
            <span key="stretch" class="stretch" />
            if member.is_leader {
                <span key="leader" class="leader" title="computes the assignment">{ member.leader_words() }</span>
            }
            if let Some(epoch) = member.epoch {
                <span key="epoch" class="quiet">{ format!("epoch {epoch}") }</span>
            }
            if let Some(change) = &member.change {
                <span key="change" class="change">{ change }</span>
            } else if let Some(lag) = member.lag {
                <span key="lag" class={classes!("lag", member.is_behind.then_some("is-behind"))}>
                    { format!("lag {lag}") }
                </span>
            }
        </>
    }
}

/// The same at length.
fn extra_title(member: &MemberBox) -> String {
    match &member.role {
        Role::Consumer => String::new(),
        Role::ShareConsumer(ranges) => {
            let ranges = ranges.iter().map(|range| {
                format!(
                    "{} offsets {} to {}, delivery {}",
                    range.topic_partition, range.first, range.last, range.delivery_count
                )
            });
            ranges.collect::<Vec<_>>().join("\n")
        }
        Role::Processor(writer) => format!(
            "writes to {} with transactional.id {}: {}",
            writer.output, writer.transaction.id, writer.transaction.state
        ),
    }
}

fn all_partitions(member: &MemberBox) -> String {
    let names = member.partitions.iter().map(|(it, _)| it.to_string());
    names.collect::<Vec<_>>().join(", ")
}

fn chip(chip: &Chip) -> Html {
    html! { <span key={&*chip.topic} class="chip" title={chip.title.clone()}>{ &chip.text }</span> }
}

fn crash(seconds_left: Option<u64>) -> String {
    match seconds_left {
        Some(seconds) => format!("✕ crashed · {seconds} s left"),
        None => "✕ crashed".to_owned(),
    }
}
