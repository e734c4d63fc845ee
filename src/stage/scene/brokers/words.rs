//! Brokers, replicas and controllers in words: the drawing, the names of the
//! buttons and the text twin say the same.

use super::{
    BrokerBox, BrokerLife, Change, ControllerBox, ControllerRole, InternalLine, Moving, Offsets,
    Replica, Standing, TopicGroup,
};

/// What the badge of a replica looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadgeKind {
    /// It leads.
    Leader,
    /// It leads since a few seconds, or has just joined the ISR.
    New,
    /// It is in sync.
    Good,
    /// It is not.
    Bad,
    /// It is on the way, here or away.
    Moving,
    /// Its broker does not run.
    Off,
}

impl BrokerLife {
    /// Whether it answers requests for its replicas.
    pub fn serves(self) -> bool {
        matches!(
            self,
            BrokerLife::Running | BrokerLife::Fenced | BrokerLife::Stopping
        )
    }

    /// In one or two words.
    pub fn words(self) -> &'static str {
        match self {
            BrokerLife::Running => "running",
            BrokerLife::Starting => "starting",
            BrokerLife::Fenced => "fenced",
            BrokerLife::Frozen => "frozen",
            BrokerLife::Stopping => "stopping",
            BrokerLife::Stopped => "stopped",
            BrokerLife::Killed => "killed",
            BrokerLife::DiskLost => "disk lost",
        }
    }

    /// In a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            BrokerLife::Running => "It serves.",
            BrokerLife::Starting => {
                "It registers with the controller and reads the metadata log; then it serves."
            }
            BrokerLife::Fenced => {
                "Its process runs, but the controller has not heard of it for longer than \
                 broker.session.timeout.ms and counts it as gone."
            }
            BrokerLife::Frozen => {
                "Its process stands still (SIGSTOP): its connections are open, and nothing is \
                 answered."
            }
            BrokerLife::Stopping => {
                "In controlled shutdown: it gives up what it leads before it stops."
            }
            BrokerLife::Stopped => "It has stopped cleanly.",
            BrokerLife::Killed => "Its process was killed. What it had written lies on its disk.",
            BrokerLife::DiskLost => "Its disk is gone with all that was on it.",
        }
    }
}

impl ControllerRole {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            ControllerRole::Active => "active controller",
            ControllerRole::Standby => "standby controller",
            ControllerRole::Candidate => "controller without leader",
            ControllerRole::Down => "controller down",
        }
    }
}

impl ControllerBox {
    /// `Controller 100: active controller, epoch 5`.
    pub fn sentence(&self) -> String {
        let (id, epoch) = (self.id, self.epoch);
        format!("Controller {id}: {}, epoch {epoch}", self.role.words())
    }
}

impl BrokerBox {
    /// Its name, its state and all that stands under its name.
    pub fn sentence(&self) -> String {
        let mut parts = vec![self.life.words().to_owned()];
        if self.is_fenced && self.life != BrokerLife::Fenced {
            parts.push("fenced".to_owned());
        }
        parts.extend(self.rack.as_ref().map(|rack| format!("rack {rack}")));
        parts.extend(self.lines.iter().map(|line| line.text.clone()));
        format!("Broker {}: {}", self.id, parts.join(", "))
    }
}

impl TopicGroup {
    /// `orders: leads 3 of 7 replicas, 1 of them new, 2 out of sync`.
    pub fn sentence(&self) -> String {
        let mut text = format!(
            "{}: leads {} of {} replicas",
            self.topic, self.leads, self.replicas
        );
        if self.newly_leads > 0 {
            text += &format!(", {} of them newly elected", self.newly_leads);
        }
        if self.out_of_sync > 0 {
            text += &format!(", {} out of sync", self.out_of_sync);
        }
        text
    }
}

impl InternalLine {
    /// `leads 17 of __consumer_offsets, holds 50 replicas`.
    pub fn sentence(&self) -> String {
        let (topic, leads, replicas) = (&self.topic, self.leads, self.replicas);
        format!("leads {leads} of {topic}, holds {replicas} replicas")
    }
}

impl Replica {
    /// What is most important about it, in one to three words.
    pub fn badge(&self) -> (&'static str, BadgeKind) {
        use BadgeKind::{Bad, Good, Leader, New, Off};
        if self.is_offline {
            return match self.standing {
                Standing::Leader => ("still leader", Bad),
                Standing::Follower { .. } => ("offline", Off),
            };
        }
        match (self.standing, self.change) {
            (Standing::Leader, Some(Change::Elected { is_unclean: true })) => {
                return ("unclean leader", Bad);
            }
            (Standing::Leader, Some(Change::Elected { .. })) => return ("new leader", New),
            (Standing::Leader, _) => return ("leader", Leader),
            _ => {}
        }
        let believes = matches!(
            self.standing,
            Standing::Follower {
                believes_to_lead: Some(_),
                ..
            }
        );
        match (self.moving, self.change) {
            _ if believes => ("thinks it leads", Bad),
            (Some(Moving::Adding), _) => ("adding", BadgeKind::Moving),
            (Some(Moving::Removing), _) => ("removing", BadgeKind::Moving),
            (None, Some(Change::LeftIsr)) => ("left ISR", Bad),
            (None, Some(Change::JoinedIsr)) => ("joined ISR", New),
            _ if self.is_in_sync => ("in sync", Good),
            _ => ("out of sync", Bad),
        }
    }

    /// What is written beside its bar: what was lost or cut off in the last
    /// seconds, else the epoch of a leader or the lag of a follower.
    pub fn measure(&self) -> String {
        if let Some(lost) = self.lost {
            return format!("lost {}", range(lost));
        }
        if let Some(cut) = self.cut {
            return format!("cut {}", range(cut));
        }
        match (self.standing, self.lag) {
            (Standing::Leader, _) => format!("epoch {}", self.leader_epoch),
            (_, Some(lag @ ..0)) => format!("{} ahead", -lag),
            (_, Some(lag)) => format!("lag {lag}"),
            (_, None) => "lag unknown".to_owned(),
        }
    }

    /// All that is known of it; the form is described in
    /// [`twin`](super::super::super::twin).
    pub fn sentence(&self) -> String {
        let mut parts = vec![self.standing_words()];
        if self.is_offline {
            parts.push("offline".to_owned());
        }
        parts.extend(self.change.and_then(|it| self.change_words(it)));
        parts.push(match self.is_in_sync {
            true => "in sync".to_owned(),
            false => "not in sync".to_owned(),
        });
        match self.moving {
            Some(Moving::Adding) => parts.push("being added".to_owned()),
            Some(Moving::Removing) => parts.push("being removed".to_owned()),
            None => {}
        }
        match (self.log_end, self.high_watermark) {
            (Some(end), Some(high)) => {
                parts.push(format!("log end {end}, high watermark {high}"));
            }
            _ => parts.push("no log".to_owned()),
        }
        if !self.is_leader() {
            parts.push(match self.lag {
                Some(lag @ ..0) => format!("{} ahead of its leader", -lag),
                Some(lag) => format!("lag {lag}"),
                None => "lag unknown".to_owned(),
            });
        }
        parts.extend(self.cut.map(|it| format!("has cut off {}", range(it))));
        let lost = |it| format!("committed records lost: {}", range(it));
        parts.extend(self.lost.map(lost));
        format!("Replica {}: {}", self.topic_partition, parts.join(", "))
    }

    fn standing_words(&self) -> String {
        let epoch = self.leader_epoch;
        match self.standing {
            Standing::Leader => format!("leader in epoch {epoch}"),
            Standing::Follower {
                believes_to_lead: Some(old),
                ..
            } => format!("believes to lead in epoch {old}"),
            Standing::Follower {
                leader: Some(leader),
                ..
            } => format!("follower of broker {leader} in epoch {epoch}"),
            Standing::Follower { leader: None, .. } => "follower without a leader".to_owned(),
        }
    }

    fn change_words(&self, change: Change) -> Option<String> {
        let words = match change {
            Change::Elected { .. } if !self.is_leader() => return None,
            Change::Elected { is_unclean: true } => "elected just now, unclean",
            Change::Elected { .. } => "elected just now",
            Change::JoinedIsr => "just joined the ISR",
            Change::LeftIsr => "just left the ISR",
        };
        Some(words.to_owned())
    }
}

/// `7` or `5–8`.
fn range((first, last): Offsets) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}–{last}"),
    }
}
