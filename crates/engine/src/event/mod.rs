//! What happened in the world, as data and in words.

mod consumer_group;
mod describe;
mod kind;
mod news;
mod share;

pub use self::describe::counted;
pub use self::kind::EventKind;
pub use self::share::{ShareEvent, ShareRecords};

pub(crate) use self::consumer_group::bump_cause;
use self::describe::Described;
use crate::sim::{ClientNumber, NodeId, PacketId, Time};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// When.
    pub at: Time,
    /// What brought it about.
    pub cause: Cause,
    /// What.
    pub kind: EventKind,
}

/// What brought an event about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The world began.
    Start,
    /// A command, by its place in the journal.
    Command(usize),
    /// A packet arrived.
    Packet(PacketId),
    /// A timer of this node was due.
    Timer(NodeId),
}

/// How bad a line of a client's log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// The client goes on.
    Warn,
    /// Something is lost.
    Error,
}

impl LogLevel {
    /// As it is logged: `WARN` or `ERROR`.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Warn => "WARN",
            LogLevel::Error => "ERROR",
        }
    }
}

/// How large a record's key and value are, in bytes; `None` stands for null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordSizes {
    /// The key's size.
    pub key: Option<usize>,
    /// The value's size.
    pub value: Option<usize>,
}

impl RecordSizes {
    /// The sizes of this key and this value.
    pub fn of(key: Option<&[u8]>, value: Option<&[u8]>) -> RecordSizes {
        RecordSizes {
            key: key.map(<[u8]>::len),
            value: value.map(<[u8]>::len),
        }
    }
}

/// Names clients for [`Event::describe`].
pub trait ClientNames {
    /// What to call this client.
    fn name(&self, client: ClientNumber) -> String;
}

impl Event {
    /// What happened, in one plain sentence.
    pub fn describe(&self, names: &dyn ClientNames) -> String {
        Described {
            kind: &self.kind,
            names,
        }
        .to_string()
    }
}
