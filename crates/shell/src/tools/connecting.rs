//! A client whose address nobody answers: it tries again and again, and says so.

use engine::Time;

use super::Host;

/// `reconnect.backoff.ms`, in milliseconds.
const RECONNECT_BACKOFF_MS: i64 = 50;
/// `reconnect.backoff.max.ms`, in milliseconds.
const RECONNECT_BACKOFF_MAX_MS: i64 = 1_000;

/// A client that finds nobody at its address.
#[derive(Clone, Debug)]
pub(super) struct Connecting {
    /// As its log lines begin: `AdminClient clientId=adminclient-1`.
    client: String,
    /// `localhost/127.0.0.1:1`.
    address: String,
    next: Time,
    backoff_ms: i64,
}

impl Connecting {
    pub fn new(client: &str, address: &str, host: &mut Host) -> Connecting {
        host.note(&format!(
            "Nobody listens at {address}: this cluster is reached at localhost:9092."
        ));
        Connecting {
            client: client.to_owned(),
            address: address.to_owned(),
            next: host.now(),
            backoff_ms: RECONNECT_BACKOFF_MS,
        }
    }

    /// When it tries next.
    pub fn next(&self) -> Time {
        self.next
    }

    /// Tries as often as it would have by now.
    pub fn try_again(&mut self, host: &mut Host) {
        while self.next <= host.now() {
            self.next = self.next.plus_ms(self.backoff_ms);
            self.backoff_ms = (self.backoff_ms * 2).min(RECONNECT_BACKOFF_MAX_MS);
            let text = format!(
                "[{}] Connection to node -1 ({}) could not be established. Node may not be \
                 available.",
                self.client, self.address
            );
            host.log("WARN", &text, "org.apache.kafka.clients.NetworkClient");
        }
    }
}
