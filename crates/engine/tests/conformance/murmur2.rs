//! The hash of keys, and the partition it gives them.

use engine::client::murmur2::{murmur2, partition_for_key, to_positive};
use serde_json::Value;

use super::Kind;
use super::case::{Outcome, as_number, entries, expect_eq, number, text};

pub const KIND: Kind = Kind {
    name: "murmur2",
    recognises: |_, case| case.get("murmur2").is_some() && case.get("hex").is_some(),
    run,
};

fn run(case: &Value) -> Outcome {
    let key = bytes_of(text(case, "hex")?)?;
    let hash = murmur2(&key);
    expect_eq("murmur2", &number(case, "murmur2")?, &hash)?;
    expect_eq("positive", &number(case, "positive")?, &to_positive(hash))?;
    for (count, expected) in entries(case, "partition")? {
        let partitions: i32 = count.parse().map_err(|_| format!("{count} is no number"))?;
        let actual = partition_for_key(&key, partitions);
        expect_eq(
            &format!("partition of {count}"),
            &as_number(expected)?,
            &actual,
        )?;
    }
    Ok(())
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, String> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|digit| digit.to_digit(16).map(|digit| digit as u8))
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0);
    let digits = digits.ok_or_else(|| format!("{hex} is not hexadecimal"))?;
    Ok(digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}
