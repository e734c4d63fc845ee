//! A packet's sheet.

use engine::protocol::{Payload, Request, Response};
use engine::sim::{Packet, PacketId};
use engine::{Command, World};

use super::act::{Act, Deed};
use super::fields;
use super::sheet::{Section, Sheet};
use super::words;
use crate::panels::Panel;
use crate::stage::Subject;

/// What it is called: the API's name, and whether it asks or answers.
pub(super) fn name(packet: &Packet) -> String {
    let kind = match packet.payload {
        Payload::Request(_) => " request",
        Payload::Response(_) => " response",
        Payload::ClientClosed | Payload::ServerClosed => "",
    };
    format!("{}{kind}", packet.payload.api())
}

/// When it arrives.
pub(super) fn arrival(world: &World, packet: &Packet) -> String {
    match packet.is_held {
        true => "when the link is whole again".to_owned(),
        false => words::due(world.now(), packet.arrival),
    }
}

/// All about a packet.
pub(super) fn sheet(world: &World, subject: &Subject, id: PacketId) -> Sheet {
    let Some(packet) = world.packets().find(|packet| packet.id == id) else {
        let why = "It is no longer under way: it has arrived, or its connection was closed.";
        return Sheet::gone(subject, format!("Packet {}", id.0), why);
    };
    let title = format!("{}, packet {}", name(packet), id.0);
    let times = Section::new("Its way")
        .row("From", words::node(world, packet.from), "")
        .row("To", words::node(world, packet.to), "")
        .row("Sent", packet.departure.to_string(), "")
        .row(
            "Arrives",
            arrival(world, packet),
            &packet.arrival.to_string(),
        );
    let times = match packet.header.correlation_id {
        ..0 => times,
        id => times
            .row("correlationId", id, "matches an answer to its question")
            .row("clientId", &*packet.header.client_id, ""),
    };
    let fields = fields::of(&body(&packet.payload));
    let carries = Section::new("What it carries").text(fields);
    let sheet = Sheet::new(subject, title, sentence(packet))
        .with(times)
        .with(carries);
    let sheet = records(sheet, packet);
    match world.network().can_lose(packet.id) {
        true => sheet.can(
            Act::command(
                "Lose this packet",
                "Once: TCP sends it again after 200 ms, and all behind it on its connection waits",
                Command::LosePacket { packet: packet.id },
            )
            .grave(),
        ),
        false => sheet,
    }
}

fn sentence(packet: &Packet) -> String {
    match &packet.payload {
        Payload::Request(request) => format!("A request: {}.", means(request.api())),
        Payload::Response(response) => format!("The answer to a {} request.", response.api()),
        Payload::ClientClosed => {
            "The end of a connection, told by the side that opened it (TCP's FIN).".to_owned()
        }
        Payload::ServerClosed => {
            "The end of a connection, told by the side that took it, or that nobody takes it \
             (TCP's FIN or RST)."
                .to_owned()
        }
    }
}

/// What an API is for.
fn means(api: &str) -> &'static str {
    match api {
        "Metadata" => "which brokers and topics there are, and who leads what",
        "Produce" => "record batches to be appended at their leader",
        "Fetch" => "record batches from an offset on, from a leader",
        "ListOffsets" => "the first, the last, or a timestamp's offset",
        "FindCoordinator" => "which broker coordinates a group or a transaction",
        "JoinGroup" => "a member enters the group, or its next generation",
        "SyncGroup" => "a member fetches its part of the assignment; the leader hands it in",
        "Heartbeat" => "a member says that it lives",
        "LeaveGroup" => "a member leaves",
        "OffsetCommit" => "how far a group has come, to be stored",
        "OffsetFetch" => "how far a group has come, to be told",
        "ConsumerGroupHeartbeat" => "a member joins, stays in and leaves a group of KIP-848",
        "ShareGroupHeartbeat" => "a member joins, stays in and leaves a share group",
        "ShareFetch" => "records to be acquired by a member of a share group",
        "ShareAcknowledge" => "what has become of acquired records",
        "InitProducerId" => "an id and an epoch for a producer's batches",
        "AddPartitionsToTxn" => "partitions that become part of a transaction",
        "EndTxn" => "the end of a transaction: commit or abort",
        "WriteTxnMarkers" => "the markers that end a transaction in its partitions",
        "AddOffsetsToTxn" => "a group's offsets that become part of a transaction",
        "TxnOffsetCommit" => "how far a group has come, to count when the transaction is committed",
        "OffsetDelete" => "offsets of a group, to be forgotten",
        "DeleteGroups" => "groups to be deleted with their offsets",
        "ListGroups" => "which groups a broker coordinates",
        "DescribeGroups" | "ConsumerGroupDescribe" | "ShareGroupDescribe" => {
            "the state, members and assignment of groups"
        }
        "DescribeTransactions" | "ListTransactions" => "transactions that a broker coordinates",
        "DescribeProducers" => "the producers that a partition's log knows",
        "IncrementalAlterConfigs" => "settings to be changed while the cluster runs",
        "DescribeConfigs" => "settings of topics, brokers and groups, to be told",
        "ElectLeaders" => "leaders to be elected, the preferred or unclean ones",
        "AlterPartitionReassignments" => "other replicas for partitions, or no others after all",
        "ListPartitionReassignments" => "which partitions are on their way to other brokers",
        "AllocateProducerIds" => "a block of producer ids for a broker to give out",
        "OffsetForLeaderEpoch" => "where the epoch of an earlier leader ended",
        "Envelope" => "a client's request, passed on to the controller",
        "BeginQuorumEpoch" => "a controller has become the active one",
        "ReadShareGroupState" | "ReadShareGroupStateSummary" => {
            "how far a share group is in its partitions, to be told"
        }
        "WriteShareGroupState" => "how far a share group is in its partitions, to be stored",
        "CreateTopics" => "topics to be made",
        "DeleteTopics" => "topics to be removed",
        "CreatePartitions" => "more partitions for a topic",
        "DeleteRecords" => "where logs are to begin from now on",
        "BrokerHeartbeat" => "a broker says that it lives, or wants to stop",
        "BrokerRegistration" => "a broker makes itself known to the controller",
        "AlterPartition" => "a leader asks for another set of in-sync replicas",
        "FetchMetadata" => "the next records of the metadata log",
        "Vote" => "a controller wants to become the active one",
        _ => "one of Kafka's APIs",
    }
}

fn body(payload: &Payload) -> String {
    match payload {
        Payload::Request(request) => format!("{request:#?}"),
        Payload::Response(response) => format!("{response:#?}"),
        Payload::ClientClosed | Payload::ServerClosed => "nothing".to_owned(),
    }
}

/// What a packet with records leads to.
fn records(sheet: Sheet, packet: &Packet) -> Sheet {
    let partitions: Vec<_> = match &packet.payload {
        Payload::Request(Request::Produce(it)) => it
            .partitions
            .iter()
            .map(|(of, batch)| (of.clone(), batch.record_count()))
            .collect(),
        Payload::Response(Response::Fetch(it)) => {
            let counts = it.partitions.iter().map(|(of, fetched)| {
                (
                    of.clone(),
                    fetched
                        .records
                        .iter()
                        .map(|batch| batch.record_count())
                        .sum(),
                )
            });
            counts.collect()
        }
        _ => return sheet,
    };
    let rows = partitions
        .iter()
        .map(|(of, count): &(_, i32)| vec![words::partition(of), (*count).into()]);
    let section = Section::new("Records").table(&["partition", "records"], rows.collect());
    let first = partitions.first().map(|(of, _)| of.topic.clone());
    let sheet = sheet.with(section);
    match first {
        Some(topic) => sheet.can(Act::new(
            "Browse messages",
            "The records of its topic that are stored",
            Deed::Open(Panel::Browser(topic)),
        )),
        None => sheet,
    }
}
