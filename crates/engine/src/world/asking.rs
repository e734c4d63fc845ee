//! For tests of this crate: requests sent to a broker by hand, as a client
//! sends them that none here is like.

use super::World;
use crate::protocol::{Header, Payload, Request, Response};
use crate::sim::{ClientNumber, NodeId};

impl World {
    /// Sends a request to a broker from a client of this number that is not
    /// there; its answer is to be taken by [`World::answer_to`].
    pub(crate) fn send_by_hand(&mut self, client: ClientNumber, broker: i32, request: Request) {
        let header = Header {
            correlation_id: 0,
            client_id: "by hand".into(),
        };
        let (from, to) = (NodeId::Client(client), NodeId::Broker(broker));
        self.fabric.request(from, to, header, request);
    }

    /// Lets time pass until an answer to the client is under way, for at most
    /// ten seconds, and takes it.
    pub(crate) fn answer_to(&mut self, client: ClientNumber) -> Option<Response> {
        let end = self.fabric.now.plus_ms(10_000);
        loop {
            let to = NodeId::Client(client);
            let answer = self.packets().find(|packet| packet.to == to);
            let answer = answer.map(|packet| (packet.id, packet.payload.clone()));
            if let Some((id, Payload::Response(response))) = answer {
                self.fabric.network.deliver(id);
                return Some(response);
            }
            let next = self.next_time().filter(|next| *next <= end)?;
            self.run_until(next);
        }
    }

    /// Sends a request and takes its answer.
    pub(crate) fn ask_by_hand(&mut self, broker: i32, request: Request) -> Response {
        const CLIENT: ClientNumber = 1_000_000;
        self.send_by_hand(CLIENT, broker, request);
        let answer = self.answer_to(CLIENT);
        answer.expect("an answer within ten seconds")
    }
}
