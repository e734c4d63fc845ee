//! A partition's leader: high watermark, in-sync replicas and `acks=all`,
//! step by step.

use engine::broker::leader::{Circumstances, Effects, FollowerFetch, Leader};
use engine::controller::PartitionRegistration;
use engine::controller::brokers::Brokers;

use engine::protocol::{AlterPartition, ErrorCode, UNKNOWN_BROKER_EPOCH};
use serde_json::Value;

use super::Kind;
use super::case::{
    Outcome, as_number, entries, expect_eq, flag, list, number, optional_text, text,
};
use engine::sorting::sort;

pub const KIND: Kind = Kind {
    name: "partition_hw_isr",
    recognises: |_, case| case.get("replica_lag_time_max_ms").is_some(),
    run,
};

/// The leader with what it is part of.
struct Partition {
    leader: Option<Leader>,
    surroundings: Surroundings,
    /// As the controller has it.
    registration: PartitionRegistration,
    /// What waits for the controller's answer.
    in_flight: Option<AlterPartition>,
    /// The required offsets of the `acks=all` writes that are not done.
    waiting: Vec<i64>,
}

/// The log, reduced to two offsets, the clock, the settings and the metadata.
struct Surroundings {
    log_end_offset: i64,
    high_watermark: i64,
    now_ms: i64,
    min_insync_replicas: usize,
    replica_lag_time_max_ms: i64,
    brokers: Brokers,
}

fn run(case: &Value) -> Outcome {
    let replicas = numbers(case, "replicas")?;
    let mut registration = PartitionRegistration::new(replicas, numbers(case, "initial_isr")?);
    registration.leader = Some(number(case, "leader")?);
    let mut partition = Partition {
        leader: None,
        surroundings: Surroundings {
            log_end_offset: 0,
            high_watermark: 0,
            now_ms: 0,
            min_insync_replicas: number(case, "min_insync_replicas")?,
            replica_lag_time_max_ms: number(case, "replica_lag_time_max_ms")?,
            brokers: Brokers::up(&registration.replicas),
        },
        registration,
        in_flight: None,
        waiting: Vec::new(),
    };
    for (index, step) in list(case, "steps")?.iter().enumerate() {
        let op = text(step, "op")?;
        let run = partition.run(op, step);
        let run = run.and_then(|()| partition.check(step));
        run.map_err(|error| format!("step {index}, {op}: {error}"))?;
    }
    Ok(())
}

impl Surroundings {
    fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            now_ms: self.now_ms,
            log_end_offset: self.log_end_offset,
            high_watermark: self.high_watermark,
            min_insync_replicas: self.min_insync_replicas,
            replica_lag_time_max_ms: self.replica_lag_time_max_ms,
            broker_epoch: UNKNOWN_BROKER_EPOCH,
            brokers: &self.brokers,
        }
    }
}

impl Partition {
    fn run(&mut self, op: &str, step: &Value) -> Outcome {
        match op {
            "become_leader" => self.become_leader(number(step, "leader_epoch")?),
            "append" => self.append(step)?,
            "follower_fetch" => self.follower_fetch(step)?,
            "isr_expiration_check" => {
                let leader = self.leader.as_mut().ok_or("nobody leads")?;
                let effects = leader.maybe_shrink_isr(&self.surroundings.circumstances());
                self.carry_out(effects);
            }
            "alter_partition_ok" => self.alter_partition_answered(None)?,
            "alter_partition_error" => {
                self.alter_partition_answered(Some(error(text(step, "error")?)?))?;
            }
            "advance" => self.surroundings.now_ms += number::<i64>(step, "ms")?,
            "broker_fenced_in_metadata" => self.surroundings.brokers.fence(number(step, "broker")?),
            "broker_unfenced" => self.surroundings.brokers.unfence(number(step, "broker")?),
            other => return Err(format!("there is no operation {other}")),
        }
        Ok(())
    }

    fn become_leader(&mut self, leader_epoch: i32) {
        self.registration.leader_epoch = leader_epoch;
        self.registration.partition_epoch += 1;
        self.in_flight = None;
        let circumstances = self.surroundings.circumstances();
        let effects = match &mut self.leader {
            Some(leader) => leader.update(&self.registration, &circumstances),
            None => {
                let id = self.registration.leader.expect("set from the case");
                let leader = Leader::new(id, &self.registration, &circumstances);
                let high_watermark = leader.next_high_watermark(&circumstances);
                self.leader = Some(leader);
                Effects {
                    high_watermark,
                    alter_partition: None,
                }
            }
        };
        self.carry_out(effects);
    }

    fn append(&mut self, step: &Value) -> Outcome {
        let acks = number(step, "acks")?;
        let leader = self.leader.as_ref().ok_or("nobody leads")?;
        let allowed = leader.check_append(acks, &self.surroundings.circumstances());
        expect_eq("result", &text(step, "result")?, &name(allowed.err()))?;
        if allowed.is_err() {
            return Ok(());
        }
        let first_offset = self.surroundings.log_end_offset;
        expect_eq(
            "first_offset",
            &number(step, "first_offset")?,
            &first_offset,
        )?;
        self.surroundings.log_end_offset += number::<i64>(step, "count")?;
        if acks == -1 {
            self.waiting.push(self.surroundings.log_end_offset);
        }
        let circumstances = self.surroundings.circumstances();
        if let Some(offset) = leader.next_high_watermark(&circumstances) {
            self.surroundings.high_watermark = offset;
        }
        Ok(())
    }

    fn follower_fetch(&mut self, step: &Value) -> Outcome {
        let told = self.surroundings.high_watermark;
        expect_eq(
            "response_high_watermark",
            &number(step, "response_high_watermark")?,
            &told,
        )?;
        let fetch = FollowerFetch {
            follower: number(step, "follower")?,
            broker_epoch: UNKNOWN_BROKER_EPOCH,
            fetch_offset: number(step, "fetch_offset")?,
            log_start_offset: 0,
        };
        let leader = self.leader.as_mut().ok_or("nobody leads")?;
        let fetched = leader.follower_fetched(&fetch, &self.surroundings.circumstances());
        let error = fetched.as_ref().err().copied();
        expect_eq("result", &text(step, "result")?, &name(error))?;
        self.carry_out(fetched.unwrap_or_default());
        Ok(())
    }

    fn alter_partition_answered(&mut self, error: Option<ErrorCode>) -> Outcome {
        let request = self.in_flight.take().ok_or("nothing is in flight")?;
        let answer = match error {
            Some(error) => Err(error),
            None => {
                self.registration.isr = request.new_isr();
                self.registration.partition_epoch += 1;
                Ok(&self.registration)
            }
        };
        let leader = self.leader.as_mut().ok_or("nobody leads")?;
        let circumstances = self.surroundings.circumstances();
        let effects = leader.alter_partition_answered(&request, answer, &circumstances);
        self.carry_out(effects);
        Ok(())
    }

    fn carry_out(&mut self, effects: Effects) {
        if let Some(offset) = effects.high_watermark {
            self.surroundings.high_watermark = offset;
        }
        if effects.alter_partition.is_some() {
            self.in_flight = effects.alter_partition;
        }
    }

    fn check(&mut self, step: &Value) -> Outcome {
        self.check_offsets(step)?;
        self.check_isr(step)?;
        self.check_followers(step)?;
        self.check_waiting(step)
    }

    fn check_offsets(&self, step: &Value) -> Outcome {
        let actual = [
            ("now", self.surroundings.now_ms),
            ("log_end_offset", self.surroundings.log_end_offset),
            ("high_watermark", self.surroundings.high_watermark),
        ];
        for (name, actual) in actual {
            expect_eq(name, &number(step, name)?, &actual)?;
        }
        Ok(())
    }

    fn check_isr(&self, step: &Value) -> Outcome {
        let leader = self.leader.as_ref().ok_or("nobody leads")?;
        let isr = leader.isr();
        expect_eq("isr", &numbers(step, "isr")?, &sorted(isr.committed()))?;
        let maximal = sorted(isr.maximal());
        expect_eq("maximal_isr", &numbers(step, "maximal_isr")?, &maximal)?;
        let expected = match step.get("proposed_isr") {
            Some(_) => Some(numbers(step, "proposed_isr")?),
            None => None,
        };
        let proposed = self.in_flight.as_ref();
        let proposed = proposed.map(|request| sorted(&request.new_isr()));
        expect_eq("proposed_isr", &expected, &proposed)?;
        let flags = [
            ("alter_partition_in_flight", isr.in_flight().is_some()),
            (
                "under_min_isr",
                leader.is_under_min_isr(self.surroundings.min_insync_replicas),
            ),
        ];
        for (name, actual) in flags {
            expect_eq(name, &flag(step, name), &actual)?;
        }
        Ok(())
    }

    fn check_followers(&self, step: &Value) -> Outcome {
        let leader = self.leader.as_ref().ok_or("nobody leads")?;
        let expected: Vec<(String, i64, i64)> = entries(step, "followers")?
            .map(|(id, follower)| {
                let offset = number(follower, "log_end_offset")?;
                let caught_up = number(follower, "last_caught_up_ms")?;
                Ok((id.clone(), offset, caught_up))
            })
            .collect::<Result<_, String>>()?;
        let actual = leader.followers().iter().map(|(id, follower)| {
            let caught_up = follower.last_caught_up_ms.unwrap_or(-1);
            (id.to_string(), follower.log_end_offset, caught_up)
        });
        expect_eq("followers", &expected, &actual.collect())
    }

    /// Those that are done are named once more, and then no longer wait.
    fn check_waiting(&mut self, step: &Value) -> Outcome {
        let leader = self.leader.as_ref().ok_or("nobody leads")?;
        let expected: Vec<(i64, bool, Option<ErrorCode>)> = list(step, "acks_all_waiting")?
            .iter()
            .map(|write| {
                let offset = number(write, "required_offset")?;
                let error = optional_text(write, "error").map(|name| error(&name));
                let error = error.transpose()?;
                Ok((offset, flag(write, "done"), error))
            })
            .collect::<Result<_, String>>()?;
        let circumstances = self.surroundings.circumstances();
        let result = |offset: i64| leader.acks_all_result(offset, &circumstances);
        let actual = self.waiting.iter().map(|offset| {
            let result = result(*offset);
            let error = result.filter(|error| !error.is_none());
            (*offset, result.is_some(), error)
        });
        expect_eq("acks_all_waiting", &expected, &actual.collect())?;
        self.waiting.retain(|offset| result(*offset).is_none());
        Ok(())
    }
}

fn numbers(value: &Value, name: &str) -> Result<Vec<i32>, String> {
    list(value, name)?.iter().map(as_number).collect()
}

fn sorted(ids: &[i32]) -> Vec<i32> {
    let mut ids = ids.to_vec();
    sort(&mut ids);
    ids
}

fn name(error: Option<ErrorCode>) -> &'static str {
    error.map_or("OK", ErrorCode::exception)
}

/// By its name, or by that of the exception.
fn error(name: &str) -> Result<ErrorCode, String> {
    let mut all = ErrorCode::ALL.iter();
    let known = all.find(|code| code.name() == name || code.exception() == name);
    known.copied().ok_or_else(|| format!("there is no {name}"))
}
