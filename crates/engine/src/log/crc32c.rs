//! CRC-32C (Castagnoli), the checksum of a record batch.
//!
//! Kafka computes it over a batch from its attributes to its end
//! (`org.apache.kafka.common.utils.Crc32C`, KIP-98). The polynomial is
//! 0x1EDC6F41 in reflected form, initial value and final xor all ones
//! (RFC 3720, appendix B.4). Sixteen bytes are folded in at a time, with tables
//! reckoned at the first use: sixteen kilobytes that nothing compresses would be
//! a part of every page that is sent.

use std::array;
use std::sync::LazyLock;

/// The Castagnoli polynomial, bits reversed.
const POLYNOMIAL: u32 = 0x82F6_3B78;

/// How many bytes are folded in at a time.
const WIDTH: usize = 16;

/// `TABLES[k][b]` is the effect of byte `b` followed by `k` zero bytes.
static TABLES: LazyLock<Tables> = LazyLock::new(tables);

type Tables = [[u32; 256]; WIDTH];

fn tables() -> Tables {
    let alone: [u32; 256] = array::from_fn(|byte| shift_byte(byte as u32, POLYNOMIAL));
    let mut tables = [alone; WIDTH];
    for zeros in 1..WIDTH {
        let before = tables[zeros - 1];
        tables[zeros] = before.map(|crc| (crc >> 8) ^ alone[(crc & 0xFF) as usize]);
    }
    tables
}

/// Divides one byte through a polynomial whose bits are reversed, bit by bit.
pub(super) const fn shift_byte(byte: u32, polynomial: u32) -> u32 {
    let mut crc = byte;
    let mut bit = 0;
    while bit < 8 {
        crc = if crc & 1 == 1 {
            (crc >> 1) ^ polynomial
        } else {
            crc >> 1
        };
        bit += 1;
    }
    crc
}

/// The CRC-32C of `data`.
///
/// Source: `org.apache.kafka.common.utils.Crc32C.compute`.
pub fn crc32c(data: &[u8]) -> u32 {
    let tables = &*TABLES;
    let mut crc = u32::MAX;
    let (chunks, rest) = data.as_chunks::<WIDTH>();
    for chunk in chunks {
        crc = fold(tables, crc, chunk);
    }
    for byte in rest {
        crc = (crc >> 8) ^ tables[0][usize::from(crc as u8 ^ byte)];
    }
    !crc
}

/// The look-ups do not wait for one another: only the first four bytes are
/// mixed with what was before. They are written out, lest a build for size
/// make them a loop.
fn fold(tables: &Tables, crc: u32, chunk: &[u8; WIDTH]) -> u32 {
    let (words, _) = chunk.as_chunks::<4>();
    let word = |place: usize| u32::from_le_bytes(words[place]);
    fold_word(tables, word(0) ^ crc, 12)
        ^ fold_word(tables, word(1), 8)
        ^ fold_word(tables, word(2), 4)
        ^ fold_word(tables, word(3), 0)
}

/// The effect of four bytes with `after` bytes behind them.
#[inline(always)]
fn fold_word(tables: &Tables, word: u32, after: usize) -> u32 {
    let [first, second, third, fourth] = word.to_le_bytes();
    tables[after + 3][usize::from(first)]
        ^ tables[after + 2][usize::from(second)]
        ^ tables[after + 1][usize::from(third)]
        ^ tables[after][usize::from(fourth)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3720, appendix B.4, and the usual check value.
    #[test]
    fn agrees_with_the_published_values() {
        assert_eq!(crc32c(b""), 0);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&rising), 0x46DD_794E);
    }

    #[test]
    fn many_at_a_time_equal_one_at_a_time() {
        let data: Vec<u8> = (0..100_u32).map(|i| (i * 151 + 7) as u8).collect();
        for end in 0..data.len() {
            let slow = data[..end].iter().fold(u32::MAX, |crc, byte| {
                (crc >> 8) ^ shift_byte((crc ^ u32::from(*byte)) & 0xFF, POLYNOMIAL)
            });
            assert_eq!(crc32c(&data[..end]), !slow, "first {end} bytes");
        }
    }
}
