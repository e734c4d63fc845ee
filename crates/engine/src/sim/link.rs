use super::Random;

/// How long a packet is under way: `base_us` and up to `jitter_us` more, drawn
/// evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latency {
    /// The least time, in microseconds; at least 1 is used.
    pub base_us: u64,
    /// The most that is added, in microseconds.
    pub jitter_us: u32,
}

impl Latency {
    pub(super) fn draw(self, random: &mut Random) -> u64 {
        let jitter = random.below(self.jitter_us.saturating_add(1));
        self.base_us.max(1) + u64::from(jitter)
    }
}

/// What is wrong with the way from one host to another, one direction of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Link {
    /// How long packets take on it; `None` as on the rest of the network.
    pub latency: Option<Latency>,
    /// How many of 1,000 packets are lost. TCP sends a lost one again, so that
    /// it comes late, and all behind it too.
    pub loss_per_mille: u16,
    /// Whether nothing gets through. What is sent waits at the sender, as in
    /// TCP's buffer, until the link is whole again or the connection closed.
    pub is_cut: bool,
}

/// The most that may be lost: with more, nothing would ever arrive.
pub const LOSS_PER_MILLE_MAX: u16 = 900;

/// What TCP waits before it sends a lost packet again the first time, in
/// microseconds; each time it waits twice as long (RFC 6298, with Linux's
/// minimum).
pub(super) const RETRANSMISSION_US: u64 = 200_000;
/// The longest such wait, in microseconds.
const RETRANSMISSION_MAX_US: u64 = 120_000_000;
/// How often TCP tries (`net.ipv4.tcp_retries2`).
const RETRANSMISSIONS_MAX: u32 = 15;

impl Link {
    /// What losses add to the time under way, in microseconds.
    pub(super) fn draw_retransmissions(self, random: &mut Random) -> u64 {
        let mut waited_us = 0;
        for lost in 0..RETRANSMISSIONS_MAX {
            let loss = u32::from(self.loss_per_mille.min(LOSS_PER_MILLE_MAX));
            if loss == 0 || random.below(1_000) >= loss {
                break;
            }
            waited_us += (RETRANSMISSION_US << lost).min(RETRANSMISSION_MAX_US);
        }
        waited_us
    }
}
