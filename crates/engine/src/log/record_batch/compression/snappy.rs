//! Snappy as snappy-java frames it (`SnappyOutputStream`): a header, then
//! blocks, each after its compressed length.

use snap::raw::{Decoder, Encoder, decompress_len};

use super::DecompressionError;

/// Bytes of a block before compression (snappy-java's default).
const BLOCK_SIZE: usize = 32 * 1024;

const MAGIC: [u8; 8] = *b"\x82SNAPPY\0";

/// The magic, the version of the framing and the oldest one that can read it.
const HEADER: [u8; 16] = *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";

pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    let mut encoder = Encoder::new();
    for block in bytes.chunks(BLOCK_SIZE) {
        let compressed = encoder.compress_vec(block);
        let compressed = compressed.expect("a block is far smaller than 4 GiB");
        out.extend((compressed.len() as u32).to_be_bytes());
        out.extend(compressed);
    }
    out
}

/// Without the header the bytes are one block of plain Snappy, as librdkafka
/// writes it. The header may come again between blocks.
/// Source: snappy-java's `SnappyInputStream`.
pub fn decompress(mut input: &[u8], limit: usize) -> Result<Vec<u8>, DecompressionError> {
    let mut out = Vec::new();
    if !input.starts_with(&MAGIC) {
        decompress_block(input, &mut out, limit)?;
        return Ok(out);
    }
    while !input.is_empty() {
        input = if input.starts_with(&MAGIC) {
            input.get(HEADER.len()..)
        } else {
            next_block(input, &mut out, limit)?
        }
        .ok_or(DecompressionError::Malformed)?;
    }
    Ok(out)
}

/// Decompresses a block behind its length; returns what follows, unless the
/// block is cut short.
fn next_block<'a>(
    input: &'a [u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<Option<&'a [u8]>, DecompressionError> {
    let Some((length, rest)) = input.split_first_chunk() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    let Some((block, rest)) = rest.split_at_checked(length) else {
        return Ok(None);
    };
    decompress_block(block, out, limit)?;
    Ok(Some(rest))
}

fn decompress_block(
    block: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), DecompressionError> {
    let malformed = |_| DecompressionError::Malformed;
    if decompress_len(block).map_err(malformed)? > limit - out.len() {
        return Err(DecompressionError::TooLarge { limit });
    }
    out.extend(Decoder::new().decompress_vec(block).map_err(malformed)?);
    Ok(())
}
