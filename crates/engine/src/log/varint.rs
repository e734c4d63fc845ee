//! Integers of variable length, as the record format writes them.
//!
//! Seven bits a byte, low bits first, the high bit set on every byte but the
//! last; signed numbers are zigzag encoded first, so that small negative ones
//! stay short. Source: `org.apache.kafka.common.utils.ByteUtils` (the encoding
//! is that of Google Protocol Buffers).
//!
//! The readers take a cursor (`&mut &[u8]`) and move it past what they read;
//! after an error the cursor's place is unspecified.

use std::fmt;

/// Most bytes an `i32` or `u32` takes.
pub const MAX_VARINT_BYTES: usize = 5;

/// Most bytes an `i64` takes.
pub const MAX_VARLONG_BYTES: usize = 10;

/// Why a variable-length integer could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VarintError {
    /// The bytes ended inside the number.
    Truncated,
    /// The number goes on after the most bytes its type can take.
    TooLong,
}

impl fmt::Display for VarintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the bytes end inside a variable-length integer",
            Self::TooLong => "a variable-length integer has too many bytes",
        })
    }
}

impl std::error::Error for VarintError {}

/// How many bytes `value` takes, 1 to 5, written by [`write_unsigned_varint`].
pub const fn size_of_unsigned_varint(value: u32) -> usize {
    size_of_bits(u32::BITS - value.leading_zeros())
}

/// How many bytes `value` takes, 1 to 5, written by [`write_varint`].
pub const fn size_of_varint(value: i32) -> usize {
    size_of_unsigned_varint(zigzag(value))
}

/// How many bytes `value` takes, 1 to 10, written by [`write_varlong`].
pub const fn size_of_varlong(value: i64) -> usize {
    size_of_bits(u64::BITS - zigzag_long(value).leading_zeros())
}

const fn size_of_bits(significant: u32) -> usize {
    if significant == 0 {
        1
    } else {
        significant.div_ceil(7) as usize
    }
}

/// Appends `value` without zigzag.
pub fn write_unsigned_varint(value: u32, out: &mut Vec<u8>) {
    write_bits(u64::from(value), out);
}

/// Appends `value`, zigzag encoded.
pub fn write_varint(value: i32, out: &mut Vec<u8>) {
    write_unsigned_varint(zigzag(value), out);
}

/// Appends `value`, zigzag encoded.
pub fn write_varlong(value: i64, out: &mut Vec<u8>) {
    write_bits(zigzag_long(value), out);
}

fn write_bits(mut bits: u64, out: &mut Vec<u8>) {
    while bits >= 0x80 {
        out.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    out.push(bits as u8);
}

/// Reads a number written by [`write_unsigned_varint`] and moves `input` past it.
///
/// Bits of the fifth byte that do not fit are dropped, as Kafka's reader does.
///
/// # Errors
///
/// [`VarintError`] when `input` ends inside the number or it does not end
/// after five bytes.
pub fn read_unsigned_varint(input: &mut &[u8]) -> Result<u32, VarintError> {
    Ok(read_bits(input, MAX_VARINT_BYTES)? as u32)
}

/// Reads a number written by [`write_varint`] and moves `input` past it.
///
/// # Errors
///
/// As [`read_unsigned_varint`].
pub fn read_varint(input: &mut &[u8]) -> Result<i32, VarintError> {
    let bits = read_unsigned_varint(input)?;
    Ok((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
}

/// Reads a number written by [`write_varlong`] and moves `input` past it.
///
/// # Errors
///
/// [`VarintError`] when `input` ends inside the number or it does not end
/// after ten bytes.
pub fn read_varlong(input: &mut &[u8]) -> Result<i64, VarintError> {
    let bits = read_bits(input, MAX_VARLONG_BYTES)?;
    Ok((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
}

fn read_bits(input: &mut &[u8], most: usize) -> Result<u64, VarintError> {
    let mut bits = 0;
    for index in 0..most {
        let (byte, rest) = input.split_first().ok_or(VarintError::Truncated)?;
        *input = rest;
        bits |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok(bits);
        }
    }
    Err(VarintError::TooLong)
}

const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)).cast_unsigned()
}

const fn zigzag_long(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers at and around every length's edge, of both signs.
    fn edges() -> impl Iterator<Item = i64> {
        (0..64).flat_map(|bit| {
            let power = 1_i64 << bit;
            [
                power,
                power.wrapping_sub(1),
                power.wrapping_neg(),
                power.wrapping_neg().wrapping_sub(1),
            ]
        })
    }

    #[test]
    fn known_encodings() {
        for (value, bytes) in [
            (0, &[0x00][..]),
            (-1, &[0x01]),
            (1, &[0x02]),
            (63, &[0x7E]),
            (-64, &[0x7F]),
            (64, &[0x80, 0x01]),
            (i32::MAX, &[0xFE, 0xFF, 0xFF, 0xFF, 0x0F]),
            (i32::MIN, &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
        ] {
            let mut out = Vec::new();
            write_varint(value, &mut out);
            assert_eq!(out, bytes, "{value}");
        }
    }

    #[test]
    fn what_is_written_is_read_and_has_the_size_foretold() {
        for value in edges() {
            let mut out = Vec::new();
            write_varlong(value, &mut out);
            assert_eq!(out.len(), size_of_varlong(value), "{value}");
            let mut cursor = &out[..];
            assert_eq!(read_varlong(&mut cursor), Ok(value));
            assert!(cursor.is_empty());

            let value = value as i32;
            let mut out = Vec::new();
            write_varint(value, &mut out);
            assert_eq!(out.len(), size_of_varint(value), "{value}");
            assert_eq!(read_varint(&mut &out[..]), Ok(value));

            let value = value.cast_unsigned();
            let mut out = Vec::new();
            write_unsigned_varint(value, &mut out);
            assert_eq!(out.len(), size_of_unsigned_varint(value), "{value}");
            assert_eq!(read_unsigned_varint(&mut &out[..]), Ok(value));
        }
    }

    #[test]
    fn refuses_what_does_not_end() {
        assert_eq!(read_varint(&mut &[][..]), Err(VarintError::Truncated));
        assert_eq!(
            read_varint(&mut &[0x80, 0x80][..]),
            Err(VarintError::Truncated)
        );
        assert_eq!(read_varint(&mut &[0x80; 6][..]), Err(VarintError::TooLong));
        assert_eq!(
            read_varlong(&mut &[0xFF; 11][..]),
            Err(VarintError::TooLong)
        );
    }
}
