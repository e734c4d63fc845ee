//! Consumer groups.

use std::rc::Rc;

use yew::prelude::*;

use super::super::Subject;
use super::super::geometry::Rect;
use super::super::scene::{Chip, GroupBox, MemberBox, Phase};
use super::style::{at, color};

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
            <div>{ for group.members.iter().map(|it| member(it, &group.id)) }</div>
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
    let about = about(group);
    let state = group.state.unwrap_or("not formed yet");
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
                <span class="box-name clip" title={group.id.clone()}>{ &group.id }</span>
                <span class={state_class}>{ state }</span>
            </div>
            <div key="about" class="group-about" style={at(&second)}>
                <span class="clip" title={about.clone()}>{ about.clone() }</span>
            </div>
        </>
    }
}

fn about(group: &GroupBox) -> String {
    let mut parts = Vec::new();
    parts.extend(group.generation.map(|it| format!("generation {it}")));
    parts.extend(group.assignor.clone());
    parts.extend(group.coordinator.map(|it| format!("broker {it}")));
    parts.join(" · ")
}

fn member(member: &MemberBox, group: &str) -> Html {
    let is_crashed = matches!(member.phase, Phase::Crashed { .. });
    let class = classes!(
        "member",
        is_crashed.then_some("is-crashed"),
        member.is_idle().then_some("is-idle"),
        (member.phase == Phase::Leaving).then_some("is-leaving"),
        (member.phase == Phase::Frozen).then_some("is-frozen"),
    );
    let title = match member.member_id.as_str() {
        "" => "no member id yet".to_owned(),
        id => format!("member id {id}"),
    };
    let name = Rect::new(
        member.rect.x,
        member.rect.y,
        member.rect.width - member.controls.width - 0.3,
        member.rect.height / 2.0,
    );
    let line = Rect::new(
        member.rect.x,
        member.rect.y + member.rect.height / 2.0,
        member.rect.width,
        member.rect.height / 2.0,
    );
    let open = match member.client {
        Some(client) => Subject::Client(client),
        None => Subject::Group(group.to_owned()),
    };
    let open = open.to_string();
    html! {
        <div key={member.key.clone()}>
            <div {class} style={at(&member.rect)} data-open={open.clone()} />
            <div class="member-name" style={at(&name)} {title} data-open={open.clone()}>
                <span class="clip">{ &member.name }</span>
                if let Phase::Crashed { seconds_left } = member.phase {
                    <span class="crash" title="until its session times out">
                        { crash(seconds_left) }
                    </span>
                }
            </div>
            <div class="member-line" style={at(&line)} data-open={open}>{ line_of(member) }</div>
        </div>
    }
}

fn line_of(member: &MemberBox) -> Html {
    let phase = match member.phase {
        Phase::Crashed { .. } => None,
        Phase::Joining | Phase::Syncing => member.phase.words().map(|it| format!("{it} …")),
        Phase::Stable if member.is_idle() => Some("idle".to_owned()),
        phase => phase.words(),
    };
    html! {
        <>
            { for phase.map(|text| html! { <span key="phase" class="phase">{ text }</span> }) }
            <span key="chips" class="chips">{ for member.chips.iter().map(chip) }</span>
            if member.more_chips > 0 {
                <span key="more" class="quiet" title={all_partitions(member)}>
                    { format!("+{}", member.more_chips) }
                </span>
            }
            <span key="stretch" class="stretch" />
            if member.is_leader {
                <span key="leader" class="leader" title="computes the assignment">{ "leader" }</span>
            }
            if let Some(lag) = member.lag {
                <span key="lag" class={classes!("lag", (lag > 0).then_some("is-behind"))}>
                    { format!("lag {lag}") }
                </span>
            }
        </>
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
