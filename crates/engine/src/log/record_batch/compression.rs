//! The codecs in which the records of a batch can be compressed, each in the
//! format that Kafka's clients and brokers read and write
//! (`org.apache.kafka.common.compress`).
//!
//! The same bytes come out natively and in the browser, though not always
//! those of Kafka's own libraries: a format leaves the encoder its choices.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use std::fmt;
use std::io::Read;

/// How the records of a batch are compressed
/// (`org.apache.kafka.common.record.CompressionType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CompressionType {
    /// Not at all.
    #[default]
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Snappy, in the framing of snappy-java.
    Snappy,
    /// LZ4 frames of independent blocks.
    Lz4,
    /// Zstandard frames (KIP-110, RFC 8878).
    Zstd,
}

impl CompressionType {
    /// All of them, by their ids.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The codec with this id in a batch's attributes, if there is one.
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.get(usize::from(id)).copied()
    }

    /// The codec's id in a batch's attributes, 0 to 4.
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// The codec of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }

    /// The codec's name, as a value of `compression.type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The bytes in this codec, at the codec's default level.
    pub fn compress(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip => gzip::compress(bytes),
            Self::Snappy => snappy::compress(bytes),
            Self::Lz4 => lz4::compress(bytes),
            Self::Zstd => zstd::compress(bytes),
        }
    }

    /// What these bytes are in this codec, at most `limit` bytes of it.
    ///
    /// # Errors
    ///
    /// [`DecompressionError`] when there is more, or the bytes are not in the
    /// codec's format.
    pub fn decompress(self, bytes: &[u8], limit: usize) -> Result<Vec<u8>, DecompressionError> {
        match self {
            Self::None if bytes.len() > limit => Err(DecompressionError::TooLarge { limit }),
            Self::None => Ok(bytes.to_vec()),
            Self::Gzip => gzip::decompress(bytes, limit),
            Self::Snappy => snappy::decompress(bytes, limit),
            Self::Lz4 => lz4::decompress(bytes, limit),
            Self::Zstd => zstd::decompress(bytes, limit),
        }
    }
}

/// Why bytes cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecompressionError {
    /// They are not in the codec's format, or end before they should.
    Malformed,
    /// They would become more bytes than are let in.
    TooLarge {
        /// How many bytes are.
        limit: usize,
    },
}

impl fmt::Display for DecompressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("they are not in its format"),
            Self::TooLarge { limit } => write!(f, "they would become more than {limit} bytes"),
        }
    }
}

impl std::error::Error for DecompressionError {}

/// Adds all that a decoder yields to `out`, which may grow to `limit` bytes.
fn read_all(decoder: impl Read, out: &mut Vec<u8>, limit: usize) -> Result<(), DecompressionError> {
    // One byte more tells a stream that ends at the limit from one that goes on.
    let room = (limit - out.len()) as u64 + 1;
    let read = decoder.take(room).read_to_end(out);
    read.map_err(|_| DecompressionError::Malformed)?;
    if out.len() > limit {
        return Err(DecompressionError::TooLarge { limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
