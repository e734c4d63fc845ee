//! gzip (RFC 1952): a header, a DEFLATE stream, and a trailer with checksum
//! and length.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress as inflate, inflate_flags};

use super::DecompressionError;
use crate::log::crc32c::shift_byte;

/// The level that `compression.gzip.level=-1` stands for.
const DEFAULT_LEVEL: u8 = 6;

/// Magic, the method DEFLATE, no flags, no time, no extra flags, an unknown
/// system: as `java.util.zip.GZIPOutputStream` writes it.
const HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

const HAS_HEADER_CRC: u8 = 0x02;
const HAS_EXTRA: u8 = 0x04;
const HAS_NAME: u8 = 0x08;
const HAS_COMMENT: u8 = 0x10;
const RESERVED: u8 = 0xE0;

/// The polynomial of CRC-32, bits reversed (RFC 1952, section 8).
const POLYNOMIAL: u32 = 0xEDB8_8320;

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = shift_byte(byte as u32, POLYNOMIAL);
        byte += 1;
    }
    table
}

fn crc32(bytes: &[u8]) -> u32 {
    let fold = |crc: u32, byte: &u8| (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)];
    !bytes.iter().fold(u32::MAX, fold)
}

/// Checksum, and length modulo 2^32.
fn trailer(bytes: &[u8]) -> [u8; 8] {
    let fields = u64::from(crc32(bytes)) | u64::from(bytes.len() as u32) << 32;
    fields.to_le_bytes()
}

pub fn compress(bytes: &[u8]) -> Vec<u8> {
    let deflated = compress_to_vec(bytes, DEFAULT_LEVEL);
    [&HEADER[..], &deflated, &trailer(bytes)].concat()
}

/// Several gzip members after one another are one stream.
pub fn decompress(mut input: &[u8], limit: usize) -> Result<Vec<u8>, DecompressionError> {
    let mut out = Vec::new();
    loop {
        let start = out.len();
        skip_header(&mut input).ok_or(DecompressionError::Malformed)?;
        inflate_member(&mut input, &mut out, limit)?;
        if take::<8>(&mut input) != Some(&trailer(&out[start..])) {
            return Err(DecompressionError::Malformed);
        }
        if input.is_empty() {
            return Ok(out);
        }
    }
}

fn take<'a, const N: usize>(input: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(taken)
}

/// Java's reader does not look at time and system, nor do we; the header's own
/// checksum is passed over.
fn skip_header(input: &mut &[u8]) -> Option<()> {
    let [magic_1, magic_2, method, flags, ..] = *take::<10>(input)?;
    if [magic_1, magic_2, method] != HEADER[..3] || flags & RESERVED != 0 {
        return None;
    }
    if flags & HAS_EXTRA != 0 {
        let length = u16::from_le_bytes(*take(input)?);
        *input = input.get(usize::from(length)..)?;
    }
    for text in [HAS_NAME, HAS_COMMENT] {
        if flags & text != 0 {
            let end = input.iter().position(|byte| *byte == 0)?;
            *input = &input[end + 1..];
        }
    }
    if flags & HAS_HEADER_CRC != 0 {
        take::<2>(input)?;
    }
    Some(())
}

fn inflate_member(
    input: &mut &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), DecompressionError> {
    let mut decoder = Box::<DecompressorOxide>::default();
    let start = out.len();
    let mut end = start;
    loop {
        // What one step finds no room for is asked for again with twice the room.
        let room = end.saturating_add((end - start).max(input.len()).max(64));
        out.resize(room.min(limit), 0);
        let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) =
            inflate(&mut decoder, input, &mut out[start..], end - start, flags);
        *input = &input[read..];
        end += written;
        match status {
            TINFLStatus::Done => {
                out.truncate(end);
                return Ok(());
            }
            TINFLStatus::HasMoreOutput if out.len() < limit => {}
            TINFLStatus::HasMoreOutput => return Err(DecompressionError::TooLarge { limit }),
            _ => return Err(DecompressionError::Malformed),
        }
    }
}
