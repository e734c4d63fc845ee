//! For tests of this crate: requests sent to a broker by hand, as a client
//! sends them that none here is like; and what happens to a consumer just when
//! a test wants it.

use super::World;
use crate::client::{Client, Consumer};
use crate::protocol::{Header, Payload, Request, Response};
use crate::sim::{ClientNumber, Fabric, NodeId, Packet};

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

    /// Lets something happen to a consumer now.
    pub(crate) fn with_consumer(
        &mut self,
        number: ClientNumber,
        act: impl FnOnce(&mut Consumer, &mut Fabric),
    ) {
        match self.clients.get_mut(&number) {
            Some(Client::Consumer(consumer)) => act(consumer, &mut self.fabric),
            other => panic!("{number} is no consumer: {other:?}"),
        }
    }

    /// Lets time pass until such an answer is about to be delivered.
    pub(crate) fn until_answer(&mut self, is_it: impl Fn(&Response) -> bool) {
        for _ in 0..100_000 {
            let is_such = |packet: &Packet| match &packet.payload {
                Payload::Response(response) => is_it(response),
                _ => false,
            };
            if self.packets().any(is_such) {
                return;
            }
            let next = self.next_time().expect("something is to happen");
            self.run_until(next);
        }
        panic!("no such answer");
    }

    /// Sends a request and takes its answer.
    pub(crate) fn ask_by_hand(&mut self, broker: i32, request: Request) -> Response {
        const CLIENT: ClientNumber = 1_000_000;
        self.send_by_hand(CLIENT, broker, request);
        let answer = self.answer_to(CLIENT);
        answer.expect("an answer within ten seconds")
    }
}
