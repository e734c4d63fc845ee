//! Each codec alone: what it compresses it decompresses, what other
//! implementations wrote it reads, and bytes that mean harm do none.

use std::io::Write;

use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};

use super::{CompressionType, DecompressionError};
use crate::sim::{Random, Stream};

/// More than any of the tests need.
const LIMIT: usize = 1 << 24;

const SENTENCE: &str = "Kafka keeps records. Kafka keeps records. Kafka keeps records.";

fn codecs() -> impl Iterator<Item = CompressionType> {
    let all = CompressionType::ALL.into_iter();
    all.filter(|codec| *codec != CompressionType::None)
}

fn hex(digits: &str) -> Vec<u8> {
    let digits = digits.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Noise, runs of one byte and repeated pieces, in a random mixture.
fn random_bytes(random: &mut Random, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < len {
        let piece = 1 + random.below(3_000) as usize;
        match random.below(3) {
            0 => bytes.extend((0..piece).map(|_| random.next_u32() as u8)),
            1 => bytes.extend(std::iter::repeat_n(random.next_u32() as u8, piece)),
            _ => {
                let from = random.below(bytes.len() as u32 + 1) as usize;
                let end = bytes.len().min(from + piece);
                bytes.extend_from_within(from..end);
            }
        }
    }
    bytes.truncate(len);
    bytes
}

#[test]
fn what_is_compressed_is_decompressed() {
    let lengths = [
        0, 1, 2, 100, 32_768, 65_534, 65_535, 65_537, 131_072, 131_073, 400_000,
    ];
    for seed in 0..60 {
        let mut random = Random::new(seed, Stream::Tool);
        let len = match lengths.get(seed as usize) {
            Some(len) => *len,
            None => random.below(200_000) as usize,
        };
        let bytes = random_bytes(&mut random, len);
        for codec in CompressionType::ALL {
            let compressed = codec.compress(&bytes);
            let again = codec.decompress(&compressed, bytes.len());
            assert!(again == Ok(bytes.clone()), "{codec:?}, seed {seed}");
        }
    }
}

#[test]
fn repetition_shrinks_and_noise_grows_a_little_at_most() {
    let repetitive = SENTENCE.repeat(1_000).into_bytes();
    let mut random = Random::new(1, Stream::Tool);
    let noise: Vec<u8> = (0..100_000).map(|_| random.next_u32() as u8).collect();
    for codec in codecs() {
        assert!(codec.compress(&repetitive).len() < repetitive.len() / 10);
        assert!(
            codec.compress(&noise).len() < noise.len() + 200,
            "{codec:?}"
        );
    }
}

#[test]
fn the_formats_begin_as_kafkas() {
    let start = |codec: CompressionType, len| codec.compress(b"records")[..len].to_vec();
    // RFC 1952: magic, DEFLATE, nothing else known.
    let gzip = start(CompressionType::Gzip, 10);
    assert_eq!(gzip, hex("1f8b08000000000000ff"));
    // snappy-java: magic, versions 1 and 1, the length of the first block.
    let snappy = start(CompressionType::Snappy, 20);
    assert_eq!(snappy, hex("82534e4150505900000000010000000100000009"));
    // LZ4 frame: magic, version 1 and independent blocks, 64 KB, header checksum.
    let lz4 = start(CompressionType::Lz4, 7);
    assert_eq!(lz4, hex("04224d18604082"));
    // Zstandard frame: magic, neither checksum nor content size.
    let zstd = start(CompressionType::Zstd, 5);
    assert_eq!(zstd, hex("28b52ffd00"));
}

/// Written by zlib in Node 20, Python's gzip (which adds a file name), and the
/// lz4 1.9.4 and zstd 1.5.4 commands; the last with content size, and once
/// with a checksum.
#[test]
fn what_others_wrote_is_read() {
    let written = [
        (
            CompressionType::Gzip,
            "1f8b0800000000000003f34e4ccb4e54c84e4d2d2856284a4dce2f4a29d653f02656100071bb14c93e000000",
        ),
        (
            CompressionType::Gzip,
            "1f8b08080100000002ff612e74787400f34e4ccb4e54c84e4d2d2856284a4dce2f4a29d653f02656100071bb14c93e000000",
        ),
        (
            CompressionType::Lz4,
            "04224d1860408220000000ff064b61666b61206b65657073207265636f7264732e20150011506f7264732e00000000",
        ),
        (
            CompressionType::Zstd,
            "28b52ffd203edd0000a84b61666b61206b65657073207265636f7264732e200100213499",
        ),
        (
            CompressionType::Zstd,
            "28b52ffd243edd0000a84b61666b61206b65657073207265636f7264732e200100213499ef33d490",
        ),
    ];
    for (codec, digits) in written {
        let read = codec.decompress(&hex(digits), LIMIT);
        assert_eq!(read, Ok(SENTENCE.into()), "{codec:?} {digits}");
    }
}

/// librdkafka sends Snappy without snappy-java's framing, and Java reads it.
#[test]
fn snappy_is_read_without_its_framing_too() {
    let framed = CompressionType::Snappy.compress(SENTENCE.as_bytes());
    let block = &framed[20..];
    let read = CompressionType::Snappy.decompress(block, LIMIT);
    assert_eq!(read, Ok(SENTENCE.into()));
}

/// Streams after one another are read as one where Kafka's readers do so.
#[test]
fn streams_may_follow_each_other() {
    for codec in [
        CompressionType::Gzip,
        CompressionType::Snappy,
        CompressionType::Zstd,
    ] {
        let [first, second] = [&b"first "[..], b"second"].map(|bytes| codec.compress(bytes));
        let read = codec.decompress(&[first, second].concat(), LIMIT);
        assert_eq!(read, Ok(b"first second".to_vec()), "{codec:?}");
    }
}

/// Kafka's reader refuses LZ4 frames whose blocks refer to earlier ones.
#[test]
fn dependent_lz4_blocks_are_refused() {
    for (block_mode, read) in [
        (BlockMode::Independent, Ok(SENTENCE.into())),
        (BlockMode::Linked, Err(DecompressionError::Malformed)),
    ] {
        let info = FrameInfo::new().block_mode(block_mode);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(SENTENCE.as_bytes()).unwrap();
        let frame = encoder.finish().unwrap();
        assert_eq!(CompressionType::Lz4.decompress(&frame, LIMIT), read);
    }
}

#[test]
fn no_more_is_decompressed_than_is_let_in() {
    let zeros = vec![0; 1_000_000];
    for codec in CompressionType::ALL {
        let compressed = codec.compress(&zeros);
        let limit = zeros.len() - 1;
        for limit in [limit, 70_000, 1, 0] {
            let error = DecompressionError::TooLarge { limit };
            assert_eq!(
                codec.decompress(&compressed, limit),
                Err(error),
                "{codec:?}"
            );
        }
    }
}

/// A stream cut short is refused or, where a format has no end mark, gives
/// less; it never gives anything else.
#[test]
fn truncation_is_survived() {
    let mut random = Random::new(2, Stream::Tool);
    let bytes = random_bytes(&mut random, 100_000);
    for codec in codecs() {
        let compressed = codec.compress(&bytes);
        for end in (0..100).chain((100..compressed.len()).step_by(37)) {
            match codec.decompress(&compressed[..end], LIMIT) {
                Err(error) => assert_eq!(error, DecompressionError::Malformed),
                Ok(read) => {
                    assert_eq!(codec, CompressionType::Snappy);
                    assert!(read.len() < bytes.len() && bytes.starts_with(&read));
                }
            }
        }
    }
}

/// Nothing but the checksum of the batch guards most formats: damage may go
/// unnoticed here, but neither panics nor breaks the bound.
#[test]
fn damage_is_survived() {
    let mut random = Random::new(3, Stream::Tool);
    let bytes = [random_bytes(&mut random, 500), SENTENCE.repeat(5).into()].concat();
    let mut refused = 0;
    for codec in codecs() {
        let compressed = codec.compress(&bytes);
        for bit in 0..compressed.len() * 8 {
            let mut damaged = compressed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match codec.decompress(&damaged, 5_000) {
                Ok(read) => assert!(read.len() <= 5_000),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn noise_is_survived() {
    for seed in 0..2_000 {
        let mut random = Random::new(seed, Stream::Tool);
        for codec in codecs() {
            // Behind a sound beginning, so that it is looked at at all.
            let mut bytes = codec.compress(b"");
            bytes.truncate(random.below(bytes.len() as u32 + 1) as usize);
            bytes.extend((0..random.below(300)).map(|_| random.next_u32() as u8));
            if let Ok(read) = codec.decompress(&bytes, 5_000) {
                assert!(read.len() <= 5_000);
            }
        }
    }
}
