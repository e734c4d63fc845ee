use crate::protocol::{Request, Response};

/// Which connection from one process to another a packet travels on. Kafka's
/// brokers and controllers have several clients (`NetworkClient`), and each has
/// a connection of its own: where one waits too long and closes its connection,
/// the others go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// What is none of the others.
    #[default]
    General,
    /// The metadata log and who keeps it (`KafkaNetworkChannel`).
    Quorum,
    /// A broker's registration and signs of life (the channel `heartbeat`).
    Heartbeat,
    /// A leader asks for another ISR (the channel `alter-partition`).
    AlterPartition,
    /// What a broker passes on, and producer ids (the channel `forwarding`).
    Forwarding,
}

impl Channel {
    pub(super) fn of_request(request: &Request) -> Channel {
        match request {
            Request::FetchMetadata(_) | Request::Vote(_) | Request::BeginQuorumEpoch(_) => {
                Channel::Quorum
            }
            Request::BrokerRegistration(_) | Request::BrokerHeartbeat(_) => Channel::Heartbeat,
            Request::AlterPartition(_) => Channel::AlterPartition,
            Request::Envelope(_) | Request::AllocateProducerIds(_) => Channel::Forwarding,
            _ => Channel::General,
        }
    }

    pub(super) fn of_response(response: &Response) -> Channel {
        match response {
            Response::FetchMetadata(_) | Response::Vote(_) | Response::BeginQuorumEpoch(_) => {
                Channel::Quorum
            }
            Response::BrokerRegistration(_) | Response::BrokerHeartbeat(_) => Channel::Heartbeat,
            Response::AlterPartition(_) => Channel::AlterPartition,
            Response::Envelope(_) | Response::AllocateProducerIds(_) => Channel::Forwarding,
            _ => Channel::General,
        }
    }
}
