//! Leaders, in-sync replicas and reassignments of one partition.

use engine::controller::brokers::Brokers;
use engine::controller::election::Circumstances;
use engine::controller::partition::PartitionRegistration;
use engine::controller::partition_change::PartitionChange;
use engine::protocol::{AlterPartition, ElectionType, ErrorCode, IsrMember, UNKNOWN_BROKER_EPOCH};
use serde_json::Value;

use super::Kind;
use super::case::{
    Outcome, as_list, as_number, expect_eq, field, flag, list, number, optional_text, text,
};

pub const KIND: Kind = Kind {
    name: "leader_election",
    recognises: |_, case| case["initial"].get("leader_epoch").is_some(),
    run,
};

struct Cluster {
    brokers: Brokers,
    partition: PartitionRegistration,
    unclean: bool,
    min_insync_replicas: usize,
    elr_enabled: bool,
}

fn run(case: &Value) -> Outcome {
    let initial = field(case, "initial")?;
    let mut cluster = Cluster {
        brokers: Brokers::up(&numbers(case, "brokers")?),
        partition: PartitionRegistration::new(
            numbers(initial, "replicas")?,
            numbers(initial, "isr")?,
        ),
        unclean: flag(case, "unclean"),
        min_insync_replicas: number(case, "min_insync_replicas")?,
        elr_enabled: flag(case, "elr_enabled"),
    };
    expect_eq("initial", &state(initial)?, &cluster.partition)?;
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        let what = format!("step {index}, {}", text(step, "event")?);
        let result = cluster.run(step)?;
        let expected = optional_text(step, "result").unwrap_or_else(|| "NONE".to_owned());
        expect_eq(&what, &expected.as_str(), &result.name())?;
        expect_eq(&what, &state(field(step, "state")?)?, &cluster.partition)?;
    }
    Ok(())
}

impl Cluster {
    fn run(&mut self, step: &Value) -> Result<ErrorCode, String> {
        let (error, change) = match text(step, "event")? {
            "broker_fenced" | "broker_unfenced" | "controlled_shutdown" => {
                (ErrorCode::None, self.broker_changes(step)?)
            }
            _ => self.request(step)?,
        };
        if let Some(change) = change {
            self.partition.apply(change);
        }
        Ok(error)
    }

    fn broker_changes(&mut self, step: &Value) -> Result<Option<PartitionChange>, String> {
        let id = number(step, "broker")?;
        let partition = &self.partition;
        Ok(match text(step, "event")? {
            "broker_fenced" => {
                let change = self.circumstances().broker_left(partition, id);
                self.brokers.fence(id);
                change
            }
            "broker_unfenced" => {
                let change = self.circumstances().broker_unfenced(partition, id);
                self.brokers.unfence(id);
                change
            }
            _ => {
                let change = self.circumstances().broker_left(partition, id);
                self.brokers.begin_controlled_shutdown(id);
                change
            }
        })
    }

    fn request(&self, step: &Value) -> Result<(ErrorCode, Option<PartitionChange>), String> {
        let (circumstances, partition) = (self.circumstances(), &self.partition);
        let elect = |election| match circumstances.elect_leader(partition, election) {
            Ok(change) => (ErrorCode::None, Some(change)),
            Err(error) => (error, None),
        };
        let reassigned = match text(step, "event")? {
            "alter_isr" => {
                return Ok(circumstances.alter_partition(partition, &alter_partition(step)?));
            }
            "elect_preferred" => return Ok(elect(ElectionType::Preferred)),
            "elect_unclean" => return Ok(elect(ElectionType::Unclean)),
            "reassign" => circumstances.reassign(partition, &numbers(step, "to")?),
            "reassign_cancel" => circumstances.cancel_reassignment(partition),
            other => return Err(format!("no such event: {other}")),
        };
        Ok(match reassigned {
            Ok(change) => (ErrorCode::None, change),
            Err(error) => (error.code(), None),
        })
    }

    fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            brokers: &self.brokers,
            unclean: self.unclean,
            min_insync_replicas: self.min_insync_replicas.min(self.partition.replicas.len()),
            elr_enabled: self.elr_enabled,
        }
    }
}

fn alter_partition(step: &Value) -> Result<AlterPartition, String> {
    Ok(AlterPartition {
        broker_id: number(step, "by")?,
        leader_epoch: number(step, "leader_epoch")?,
        partition_epoch: number(step, "partition_epoch")?,
        new_isr_with_epochs: without_epochs(&numbers(step, "new_isr")?),
        recovering: false,
    })
}

/// The cases give no broker epochs.
fn without_epochs(isr: &[i32]) -> Vec<IsrMember> {
    let member = |id: &i32| IsrMember {
        broker_id: *id,
        broker_epoch: UNKNOWN_BROKER_EPOCH,
    };
    isr.iter().map(member).collect()
}

fn state(value: &Value) -> Result<PartitionRegistration, String> {
    let optional = |name| match value.get(name) {
        Some(_) => numbers(value, name),
        None => Ok(Vec::new()),
    };
    let leader: i32 = number(value, "leader")?;
    Ok(PartitionRegistration {
        replicas: numbers(value, "replicas")?,
        isr: numbers(value, "isr")?,
        elr: optional("elr")?,
        last_known_elr: optional("last_known_elr")?,
        removing: optional("removing")?,
        adding: optional("adding")?,
        leader: (leader >= 0).then_some(leader),
        recovering: flag(value, "recovering"),
        leader_epoch: number(value, "leader_epoch")?,
        partition_epoch: number(value, "partition_epoch")?,
    })
}

fn numbers(value: &Value, name: &str) -> Result<Vec<i32>, String> {
    as_list(field(value, name)?)?
        .iter()
        .map(as_number)
        .collect()
}
