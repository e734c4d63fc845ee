//! Where a broker takes new producer ids from.

/// Ids that nobody else gives.
#[derive(Clone, Debug, Hash)]
pub(super) struct ProducerIds {
    next: i64,
}

impl ProducerIds {
    pub fn new(broker: i32) -> ProducerIds {
        ProducerIds {
            next: i64::from(broker) * 1_000,
        }
    }

    pub fn generate(&mut self) -> Result<i64, crate::protocol::ErrorCode> {
        let id = self.next;
        self.next += 1;
        Ok(id)
    }
}
