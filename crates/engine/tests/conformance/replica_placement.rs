//! Where the replicas of new partitions go.

use engine::controller::placement::{RandomSource, UsableBroker, place};
use serde_json::Value;

use super::Kind;
use super::case::{
    Outcome, as_list, as_number, expect_eq, field, flag, list, number, optional_text, text,
};

pub const KIND: Kind = Kind {
    name: "replica_placement",
    recognises: |_, case| case.get("replication_factor").is_some() && case["brokers"].is_array(),
    run,
};

fn run(case: &Value) -> Outcome {
    let brokers: Vec<_> = list(case, "brokers")?
        .iter()
        .map(broker)
        .collect::<Result<_, _>>()?;
    let partitions = number(case, "partitions")?;
    let factor = number(case, "replication_factor")?;
    let mut random = random(text(case, "random")?)?;
    let placed = place(&brokers, partitions, factor, &mut random);
    let actual = placed.map_err(|message| format!("InvalidReplicationFactorException: {message}"));
    let expected = match optional_text(case, "error") {
        Some(error) => Err(error),
        None => Ok(replicas(field(case, "expect")?)?),
    };
    expect_eq("placement", &expected, &actual)
}

fn broker(value: &Value) -> Result<UsableBroker, String> {
    Ok(UsableBroker {
        id: number(value, "id")?,
        rack: optional_text(value, "rack"),
        fenced: flag(value, "fenced"),
    })
}

fn replicas(value: &Value) -> Result<Vec<Vec<i32>>, String> {
    let partitions = as_list(value)?.iter();
    partitions
        .map(|replicas| as_list(replicas)?.iter().map(as_number).collect())
        .collect()
}

/// The random numbers that Kafka drew when the cases were made.
enum JavaRandom {
    AlwaysZero,
    /// `java.util.Random`, a linear congruential generator of 48 bits.
    Seeded(u64),
}

const BITS_48: u64 = (1 << 48) - 1;
const MULTIPLIER: u64 = 0x5_DEEC_E66D;

fn random(name: &str) -> Result<JavaRandom, String> {
    if name == "always-0" {
        return Ok(JavaRandom::AlwaysZero);
    }
    let seed = name.strip_prefix("java.util.Random(");
    let seed = seed.and_then(|rest| rest.strip_suffix(')')?.parse::<i64>().ok());
    let seed = seed.ok_or_else(|| format!("no such random numbers: {name}"))?;
    Ok(JavaRandom::Seeded((seed as u64 ^ MULTIPLIER) & BITS_48))
}

impl RandomSource for JavaRandom {
    fn next_int(&mut self, bound: usize) -> usize {
        let JavaRandom::Seeded(state) = self else {
            return 0;
        };
        let bound = i32::try_from(bound).expect("Java counts brokers in 32 bits");
        if bound & (bound - 1) == 0 {
            return ((bound as u64 * next_31(state)) >> 31) as usize;
        }
        // Numbers of the last, incomplete run of `bound` are drawn again.
        loop {
            let bits = next_31(state) as i32;
            let value = bits % bound;
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return value as usize;
            }
        }
    }
}

fn next_31(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & BITS_48;
    *state >> 17
}
