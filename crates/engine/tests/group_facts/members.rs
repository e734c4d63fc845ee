//! Who owns what, and what is left of those that are gone.

use super::support::cluster::*;
use super::support::{create_topic, run_ms};
use super::{
    close, cluster_with_clicks, describe_members, describe_offsets, describe_state, described,
    execute, join, join_clicks, list, rows, send_to_all,
};
use engine::client::SubscriptionType;
use engine::command::ClientNumber;
use engine::{Command, Event, EventKind};

/// `groups-join-leave`
#[test]
fn members_share_what_there_is_and_the_offsets_outlive_them() {
    let mut world = cluster_with_clicks(71, 6);
    let a = join_clicks(&mut world, ("web", "a"), &[]);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 3 0", &["a"; 6])
    );
    assert_eq!(
        describe_members(&mut world, "web"),
        ["a clicks(0,1,2,3,4,5)"]
    );

    let b = join_clicks(&mut world, ("web", "b"), &[]);
    let owners = ["a", "a", "a", "b", "b", "b"];
    assert_eq!(describe_offsets(&mut world, "web"), rows("3 3 0", &owners));
    let expected = ["a clicks(0,1,2)", "b clicks(3,4,5)"];
    assert_eq!(describe_members(&mut world, "web"), expected);

    let c = join_clicks(&mut world, ("web", "c"), &[]);
    let owners = ["a", "a", "b", "b", "c", "c"];
    assert_eq!(describe_offsets(&mut world, "web"), rows("3 3 0", &owners));
    let expected = ["a clicks(0,1)", "b clicks(2,3)", "c clicks(4,5)"];
    assert_eq!(describe_members(&mut world, "web"), expected);
    assert_eq!(describe_state(&mut world, "web"), "range Stable 3");

    send_to_all(&mut world, 6, &["3", "4"]);
    run_ms(&mut world, 1_000);
    close(&mut world, b);
    let owners = ["a", "a", "a", "c", "c", "c"];
    assert_eq!(describe_offsets(&mut world, "web"), rows("5 5 0", &owners));
    close(&mut world, a);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("5 5 0", &["c"; 6])
    );
    close(&mut world, c);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("5 5 0", &["-"; 6])
    );
    assert_eq!(describe_state(&mut world, "web"), " Empty 0");
}

/// `groups-member-killed`
#[test]
fn a_killed_member_is_listed_with_all_it_had_until_its_session_ends() {
    let mut world = cluster_with_clicks(72, 6);
    let session = [("session.timeout.ms", "6000")];
    join_clicks(&mut world, ("web", "a"), &session);
    let b = join_clicks(&mut world, ("web", "b"), &session);
    let owners = ["a", "a", "a", "b", "b", "b"];
    let both = rows("3 3 0", &owners);
    assert_eq!(describe_offsets(&mut world, "web"), both);
    execute(&mut world, Command::Crash { client: b });
    run_ms(&mut world, 1_000);
    assert_eq!(describe_offsets(&mut world, "web"), both);
    let expected = ["a clicks(0,1,2)", "b clicks(3,4,5)"];
    assert_eq!(describe_members(&mut world, "web"), expected);
    assert_eq!(describe_state(&mut world, "web"), "range Stable 2");
    run_ms(&mut world, 10_000);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 3 0", &["a"; 6])
    );
    assert_eq!(
        describe_members(&mut world, "web"),
        ["a clicks(0,1,2,3,4,5)"]
    );
}

/// `groups-one-member`
#[test]
fn a_group_without_members_keeps_its_offsets_and_falls_behind() {
    let mut world = cluster_with_clicks(73, 6);
    assert_eq!(list(&mut world), <[String; 0]>::default());
    let a = join_clicks(&mut world, ("web", "a"), &[]);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 3 0", &["a"; 6])
    );
    assert_eq!(describe_state(&mut world, "web"), "range Stable 1");
    assert_eq!(list(&mut world), ["web Stable"]);
    close(&mut world, a);
    send_to_all(&mut world, 6, &["3", "4"]);
    assert_eq!(
        describe_offsets(&mut world, "web"),
        rows("3 5 2", &["-"; 6])
    );
    assert_eq!(
        describe_members(&mut world, "web"),
        <[String; 0]>::default()
    );
    assert_eq!(describe_state(&mut world, "web"), " Empty 0");
    assert_eq!(list(&mut world), ["web Empty"]);
}

fn failure(events: &[Event], number: ClientNumber) -> Option<(&str, &str)> {
    events.iter().find_map(|event| match &event.kind {
        EventKind::ConsumerFailed {
            consumer,
            exception,
            message,
            ..
        } if *consumer == number => Some((exception.as_str(), message.as_str())),
        _ => None,
    })
}

/// `groups-static-fenced`
#[test]
fn a_fenced_static_member_leaves_its_place_and_its_client_id_behind() {
    let mut world = cluster(77);
    create_topic(&mut world, "clicks", 6);
    let instance = [("group.instance.id", "dup")];
    let a = join_clicks(&mut world, ("stat", "a"), &instance);
    let first = described(&mut world, "stat").members.remove(0).member_id;
    let to = SubscriptionType::Topics(vec!["clicks".into()]);
    let b = join(&mut world, ("stat", "b"), to, &instance);
    let events = run_ms(&mut world, 6_000);
    let message =
        format!("Get fenced exception for group.instance.id dup, current member.id is {first}");
    let expected = ("FencedInstanceIdException", message.as_str());
    assert_eq!(failure(&events, a), Some(expected));
    assert_eq!(failure(&events, b), None);
    assert_eq!(describe_state(&mut world, "stat"), "range Stable 1");
    // The group still names the client that had the place first.
    assert_eq!(
        describe_members(&mut world, "stat"),
        ["a clicks(0,1,2,3,4,5)"]
    );
    let member = described(&mut world, "stat").members.remove(0);
    assert_eq!(member.group_instance_id.as_deref(), Some("dup"));
    assert!(member.member_id.starts_with("dup-"));
    assert_ne!(member.member_id, first);
}
