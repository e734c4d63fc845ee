//! Zstandard frames (RFC 8878), without content size and checksum, as
//! Kafka's clients write them.

use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{DecompressionError, read_all};

/// At the one level that the encoder has, which is about zstd's 1; Kafka's
/// default is 3.
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// Several frames after one another are one stream.
pub fn decompress(mut input: &[u8], limit: usize) -> Result<Vec<u8>, DecompressionError> {
    let mut out = Vec::new();
    loop {
        let decoder = StreamingDecoder::new(&mut input);
        let decoder = decoder.map_err(|_| DecompressionError::Malformed)?;
        read_all(decoder, &mut out, limit)?;
        if input.is_empty() {
            return Ok(out);
        }
    }
}
