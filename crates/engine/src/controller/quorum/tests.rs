use super::*;
use crate::config::BrokerConfig;
use crate::protocol::{Request, VoteRequest};

/// Three controllers whose messages arrive at once, except to and from those
/// that are down.
struct Cluster {
    nodes: BTreeMap<i32, Quorum>,
    down: BTreeSet<i32>,
    now: Time,
}

impl Cluster {
    fn new(seed: u64) -> Cluster {
        let ids = [1, 2, 3];
        let node = |id| Quorum::new(id, ids.to_vec(), BrokerConfig::default().quorum, seed);
        let mut cluster = Cluster {
            nodes: ids.into_iter().map(|id| (id, node(id))).collect(),
            down: BTreeSet::new(),
            now: Time::ZERO,
        };
        for id in ids {
            let now = cluster.now;
            cluster.node(id).start(now);
        }
        cluster
    }

    fn node(&mut self, id: i32) -> &mut Quorum {
        self.nodes.get_mut(&id).unwrap()
    }

    fn run(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while self.now < until {
            self.now = self.now.plus_ms(10);
            for id in [1, 2, 3] {
                if self.down.contains(&id) {
                    continue;
                }
                let now = self.now;
                let mut sendings = self.node(id).on_deadline(now);
                while let Some((to, request)) = sendings.pop() {
                    sendings.extend(self.deliver(id, to, request));
                }
                self.fetch(id);
            }
        }
    }

    fn deliver(&mut self, from: i32, to: i32, request: Request) -> Vec<Sending> {
        if self.down.contains(&to) {
            return Vec::new();
        }
        let now = self.now;
        match request {
            Request::Vote(request) => {
                let response = self.node(to).on_vote(now, &request);
                self.node(from).on_voted(now, to, &response)
            }
            Request::BeginQuorumEpoch(request) => {
                let response = self.node(to).on_begin_epoch(now, &request);
                self.node(from).on_epoch_begun(now, to, &response);
                Vec::new()
            }
            other => panic!("{} is none of the quorum's", other.api()),
        }
    }

    fn fetch(&mut self, id: i32) {
        let now = self.now;
        let Some((leader, request)) = self.node(id).fetch_request() else {
            return;
        };
        if self.down.contains(&leader) {
            return;
        }
        if let Some(response) = self.node(leader).on_fetch(now, &request, false) {
            self.node(id).on_fetched(now, response);
        }
    }

    fn active(&self) -> Vec<i32> {
        let up = self
            .nodes
            .values()
            .filter(|node| !self.down.contains(&node.id));
        up.filter(|node| node.is_active())
            .map(|node| node.id)
            .collect()
    }
}

fn record(id: i32) -> MetadataRecord {
    MetadataRecord::BrokerFenced { id }
}

#[test]
fn one_of_three_becomes_active_and_another_when_it_dies() {
    for seed in 0..50 {
        let mut cluster = Cluster::new(seed);
        cluster.run(5_000);
        let [first] = cluster.active()[..] else {
            panic!("seed {seed}: {:?} are active", cluster.active());
        };
        cluster.node(first).append(vec![record(7)]);
        cluster.run(100);
        let committed = cluster.node(first).high_watermark();
        assert_eq!(committed, 2, "seed {seed}");

        cluster.down.insert(first);
        cluster.run(10_000);
        let [second] = cluster.active()[..] else {
            panic!("seed {seed}: {:?} are active", cluster.active());
        };
        assert_ne!(first, second);
        let log = cluster.node(second).log().to_vec();
        assert_eq!(log[1].1, record(7), "what was committed stays");
    }
}

#[test]
fn without_a_majority_nobody_is_active_and_nothing_is_committed() {
    let mut cluster = Cluster::new(3);
    cluster.run(5_000);
    let active = cluster.active()[0];
    cluster
        .down
        .extend([1, 2, 3].into_iter().filter(|id| *id != active));
    let before = cluster.node(active).high_watermark();
    cluster.node(active).append(vec![record(7)]);
    cluster.run(5_000);
    assert_eq!(cluster.active(), [0; 0]);
    assert_eq!(cluster.node(active).high_watermark(), before);
}

#[test]
fn what_only_the_old_leader_had_is_cut_off() {
    for seed in 0..50 {
        let mut cluster = Cluster::new(seed);
        cluster.run(5_000);
        let old = cluster.active()[0];
        cluster.down.insert(old);
        cluster.node(old).append(vec![record(1), record(2)]);
        cluster.run(10_000);
        let new = cluster.active()[0];
        cluster.node(new).append(vec![record(3)]);
        cluster.down.clear();
        cluster.run(5_000);
        let log = cluster.node(new).log().to_vec();
        assert_eq!(cluster.node(old).log(), log, "seed {seed}");
        assert!(log.iter().any(|(_, entry)| *entry == record(3)));
        assert!(log.iter().all(|(_, entry)| *entry != record(1)));
    }
}

/// One whose log is too short can never be elected. By standing at ever
/// younger epochs it must not keep those from being elected who can.
#[test]
fn who_cannot_be_elected_does_not_keep_the_others_from_it() {
    for seed in 0..20 {
        let mut cluster = Cluster::new(seed);
        cluster.down.insert(3);
        cluster.run(5_000);
        let active = cluster.active()[0];
        cluster.node(active).append(vec![record(1)]);
        cluster.run(1_000);
        cluster.down = BTreeSet::from([active]);
        cluster.node(3).lose_every_election_soon();
        cluster.run(20_000);
        assert!(
            !cluster.active().is_empty() && cluster.active() != [3],
            "seed {seed}: {:?} are active",
            cluster.active()
        );
    }
}

/// Else whoever has waited for some time already would stand against the one
/// that it has just voted for.
#[test]
fn who_gives_its_vote_waits_a_whole_election_timeout_from_then_on() {
    let mut cluster = Cluster::new(1);
    let Some(stands_at) = cluster.nodes[&2].next_deadline() else {
        panic!("it has started");
    };
    let timeout_ms = BrokerConfig::default().quorum.election_timeout_ms;
    let now = Time::from_us(stands_at.as_us() - 1);
    let vote = VoteRequest {
        candidate_epoch: 1,
        candidate_id: 1,
        last_offset_epoch: 0,
        last_offset: 0,
    };
    assert!(cluster.node(2).on_vote(now, &vote).vote_granted);
    assert!(cluster.nodes[&2].next_deadline() >= Some(now.plus_ms(timeout_ms)));
}

impl Quorum {
    /// It is impatient.
    fn lose_every_election_soon(&mut self) {
        self.config.election_timeout_ms = 300;
        self.config.election_backoff_max_ms = 100;
    }
}
