//! The form that starts a client that reads: a consumer of a group by either
//! protocol, one without a group, a share consumer, or an application that
//! reads, transforms and writes.

mod form;
mod request;

pub use form::AddConsumer;
pub use request::{ConsumerRequest, Reader};

use engine::World;
use engine::client::{Client, GroupProtocol};

use super::settings::SettingsOf;

/// What kind of client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderKind {
    /// A consumer of a group by JoinGroup and SyncGroup.
    Classic,
    /// A consumer of a group by the protocol of KIP-848.
    Consumer,
    /// A consumer without a group, which is told its partitions (`assign()`).
    Alone,
    /// A consumer of a share group (KIP-932).
    Share,
    /// An application that reads, transforms and writes, with transactions.
    Processor,
}

impl ReaderKind {
    /// All of them, the commonest first.
    pub const ALL: [ReaderKind; 5] = [
        ReaderKind::Classic,
        ReaderKind::Consumer,
        ReaderKind::Alone,
        ReaderKind::Share,
        ReaderKind::Processor,
    ];

    /// The kind that a member of this group is: that of its running clients, or
    /// else what its coordinator knows; `None` when nobody knows the group.
    pub fn of_group(world: &World, group: &str) -> Option<ReaderKind> {
        let of_client = |client: &Client| match client {
            Client::Consumer(it) if it.config.group_id == group => {
                Some(match it.config.group_protocol {
                    GroupProtocol::Classic => ReaderKind::Classic,
                    GroupProtocol::Consumer => ReaderKind::Consumer,
                })
            }
            Client::ShareConsumer(it) if it.config.group_id == group => Some(ReaderKind::Share),
            _ => None,
        };
        let known = || {
            if world.share_groups().contains_key(group) {
                Some(ReaderKind::Share)
            } else if world.consumer_groups().contains_key(group) {
                Some(ReaderKind::Consumer)
            } else {
                let is_classic = world.groups().contains_key(group);
                is_classic.then_some(ReaderKind::Classic)
            }
        };
        let of_clients = world.clients().values().find_map(of_client);
        of_clients.or_else(known)
    }

    /// Its value in the form.
    pub fn name(self) -> &'static str {
        match self {
            ReaderKind::Classic => "classic",
            ReaderKind::Consumer => "consumer",
            ReaderKind::Alone => "alone",
            ReaderKind::Share => "share",
            ReaderKind::Processor => "processor",
        }
    }

    /// The kind of this name; the first for any other.
    pub fn of_name(name: &str) -> ReaderKind {
        let mut all = ReaderKind::ALL.into_iter();
        all.find(|kind| kind.name() == name)
            .unwrap_or(ReaderKind::Classic)
    }

    /// What the form calls it.
    pub fn label(self) -> &'static str {
        match self {
            ReaderKind::Classic => "Consumer of a group (group.protocol=classic)",
            ReaderKind::Consumer => "Consumer of a group (group.protocol=consumer, KIP-848)",
            ReaderKind::Alone => "Consumer without a group (assign())",
            ReaderKind::Share => "Share consumer (KIP-932)",
            ReaderKind::Processor => "Processor: reads, transforms, writes with transactions",
        }
    }

    /// What it does, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            ReaderKind::Classic => {
                "Its group shares the partitions: each has one reader. A member computes the \
                 assignment."
            }
            ReaderKind::Consumer => {
                "Its group shares the partitions: each has one reader. The coordinator computes \
                 the assignment."
            }
            ReaderKind::Alone => {
                "It reads the partitions that it is told, whoever else does, and commits nothing."
            }
            ReaderKind::Share => {
                "Its group is a queue: members take single records, and say of each what became \
                 of it. It begins with what comes from now on; share.auto.offset.reset, a setting \
                 of the group, may say earliest."
            }
            ReaderKind::Processor => {
                "It writes a record for each that it reads. What it writes and how far it has \
                 read are one transaction. Where it writes to a topic that it reads, it goes on \
                 without end."
            }
        }
    }

    /// Whether it is a member of a group.
    pub fn has_group(self) -> bool {
        self != ReaderKind::Alone
    }

    /// The settings of the client that reads.
    pub fn settings(self) -> SettingsOf {
        match self {
            ReaderKind::Classic | ReaderKind::Processor => SettingsOf::Consumer,
            ReaderKind::Consumer => SettingsOf::ConsumerOfKip848,
            ReaderKind::Alone => SettingsOf::LoneConsumer,
            ReaderKind::Share => SettingsOf::ShareConsumer,
        }
    }
}
