//! What a thing is, in Kafka's words, with all its numbers and what can be done
//! to it: a [`Sheet`] is a pure function of the world and a [`Subject`], and
//! [`Inspector`] paints it.

pub mod act;
mod client;
mod connector;
mod fields;
mod group;
mod links;
mod packet;
mod partition;
mod record;
mod replica;
mod server;
mod shared;
mod sheet;
mod topic;
mod view;
mod words;

#[cfg(test)]
mod tests;

pub use act::{Act, Deed, Verb};
pub use sheet::{Piece, Row, Section, Sheet, TABLE_MAX, Table, Text};
pub use view::Inspector;
pub use words::{date, group_ids};

use engine::World;

use crate::stage::Subject;

/// All that the world knows of a thing. A thing that is gone says so in its
/// sentence.
pub fn sheet(world: &World, subject: &Subject) -> Sheet {
    match subject {
        Subject::Topic(name) => topic::sheet(world, subject, name),
        Subject::Partition(of) => partition::sheet(world, subject, of),
        Subject::Record(of, offset) => record::sheet(world, subject, of, *offset),
        Subject::Group(id) => group::sheet(world, subject, id),
        Subject::Connector(name) => connector::sheet(world, subject, name),
        Subject::Client(number) => client::sheet(world, subject, *number),
        Subject::Broker(id) => server::broker(world, subject, *id),
        Subject::Controller(id) => server::controller(world, subject, *id),
        Subject::Replica(of, broker) => replica::sheet(world, subject, of, *broker),
        Subject::Packet(id) => packet::sheet(world, subject, *id),
    }
}
