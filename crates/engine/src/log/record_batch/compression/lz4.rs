//! LZ4 frames, as `org.apache.kafka.common.compress.Lz4BlockOutputStream`
//! writes them: independent blocks of at most 64 KiB, no checksums but the
//! header's.

use std::io::{self, Read};

use lz4_flex::block;
use lz4_flex::frame::FrameDecoder;

use super::{DecompressionError, read_all};

const MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();

/// The magic, version 1 with independent blocks, blocks of at most 64 KiB, and
/// the checksum of these two bytes.
const HEADER: [u8; 7] = *b"\x04\x22\x4D\x18\x60\x40\x82";

/// Bytes of a block before compression. Kafka's are two bytes larger; but the
/// encoder treats blocks from there on otherwise on 32 bits than on 64, and
/// the page must write what a native build writes. The encoder for whole
/// frames does so with every block.
const BLOCK_SIZE: usize = 65_534;

/// In a block's length: its bytes are not compressed.
const INCOMPRESSIBLE: u32 = 1 << 31;

/// Instead of a block's length: there is none any more.
const END_MARK: u32 = 0;

/// In the byte after the magic: blocks do not refer to earlier ones.
const INDEPENDENT_BLOCKS: u8 = 0x20;

pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    for block in bytes.chunks(BLOCK_SIZE) {
        let compressed = block::compress(block);
        let (length, stored) = if compressed.len() < block.len() {
            (compressed.len() as u32, &compressed[..])
        } else {
            (block.len() as u32 | INCOMPRESSIBLE, block)
        };
        out.extend(length.to_le_bytes());
        out.extend(stored);
    }
    out.extend(END_MARK.to_le_bytes());
    out
}

/// One frame; what follows it is not looked at. Kafka refuses blocks that
/// depend on each other.
/// Source: `org.apache.kafka.common.compress.Lz4BlockInputStream`.
pub fn decompress(input: &[u8], limit: usize) -> Result<Vec<u8>, DecompressionError> {
    let flags = input.strip_prefix(&MAGIC).and_then(<[u8]>::first);
    if flags.is_none_or(|flags| flags & INDEPENDENT_BLOCKS == 0) {
        return Err(DecompressionError::Malformed);
    }
    let mut out = Vec::new();
    read_all(FrameDecoder::new(Whole(input)), &mut out, limit)?;
    Ok(out)
}

/// Bytes that must not end before the frame does: the decoder would take that
/// for the frame's end.
struct Whole<'a>(&'a [u8]);

impl Read for Whole<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(io::ErrorKind::InvalidData.into()),
            read => Ok(read),
        }
    }
}
