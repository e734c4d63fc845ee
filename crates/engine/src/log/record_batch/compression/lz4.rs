//! LZ4 frames, as `org.apache.kafka.common.compress.Lz4BlockOutputStream`
//! writes them: independent blocks of at most 64 KiB, no checksums but the
//! header's.

use std::io::{self, Read, Write};

use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};

use super::{DecompressionError, read_all};

const MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();

/// In the byte after the magic: blocks do not refer to earlier ones.
const INDEPENDENT_BLOCKS: u8 = 0x20;

pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new()
        .block_size(BlockSize::Max64KB)
        .block_mode(BlockMode::Independent);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder
        .write_all(bytes)
        .expect("memory takes all that is written");
    encoder.finish().expect("memory takes all that is written")
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
