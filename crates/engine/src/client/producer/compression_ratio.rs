use crate::collections::BTreeMap;

use crate::log::record_batch::INCOMPRESSIBLE;
use crate::protocol::TopicName;

/// By how much an estimate falls at once, in parts per thousand
/// (`COMPRESSION_RATIO_IMPROVING_STEP`).
const IMPROVING_STEP: u32 = 5;

/// By how much it rises at least, in parts per thousand
/// (`COMPRESSION_RATIO_DETERIORATE_STEP`).
const DETERIORATE_STEP: u32 = 50;

/// What a producer's codec is thought to leave of each topic's records, in
/// parts per thousand, from what it left of earlier ones
/// (`org.apache.kafka.common.record.CompressionRatioEstimator`). It falls
/// slowly and rises fast, since a batch that turns out too large is worse than
/// one that could have held more.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct CompressionRatioEstimator {
    ratios: BTreeMap<TopicName, u32>,
}

impl CompressionRatioEstimator {
    pub fn estimation(&self, topic: &str) -> u32 {
        self.ratios.get(topic).copied().unwrap_or(INCOMPRESSIBLE)
    }

    /// Puts the estimate where a batch has shown it to be.
    pub fn set(&mut self, topic: &TopicName, ratio: u32) {
        self.ratios.insert(topic.clone(), ratio);
    }

    pub fn update(&mut self, topic: &TopicName, observed: u32) {
        let current = self.estimation(topic);
        let next = match observed {
            _ if observed > current => observed.max(current + DETERIORATE_STEP),
            _ if observed < current => current.saturating_sub(IMPROVING_STEP),
            _ => return,
        };
        self.ratios.insert(topic.clone(), next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_falls_slowly_and_rises_fast() {
        let topic: TopicName = "orders".into();
        let mut estimator = CompressionRatioEstimator::default();
        let mut after = |observed| {
            estimator.update(&topic, observed);
            estimator.estimation("orders")
        };
        assert_eq!(
            after(1_000),
            1_000,
            "at first nothing is thought to be gained"
        );
        assert_eq!(after(400), 995);
        assert_eq!(after(400), 990);
        assert_eq!(after(991), 1_040, "at least the step");
        assert_eq!(after(1_200), 1_200, "and no less than was seen");
        assert_eq!(
            estimator.estimation("clicks"),
            1_000,
            "each topic has its own"
        );
    }
}
