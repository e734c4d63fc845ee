//! Native and wasm: the same journals give the same worlds, and the codecs of
//! record batches the same bytes. The digests stand in a file that both builds
//! are held against; the native test says how to write it anew when the
//! engine's behaviour was changed on purpose.

#[path = "support/random_commands.rs"]
mod random_commands;

use engine::log::crc32c::crc32c;
use engine::log::record_batch::CompressionType;
use engine::sim::{Random, Stream};
use random_commands::random_world;

const DIGESTS: &str = include_str!("parity.txt");
const SEEDS: u64 = 20;
const COMMANDS: usize = 120;

fn digests() -> String {
    world_digests() + &codec_digests()
}

/// What the codecs make of bytes that repeat themselves more and more often,
/// and are more than a block of any codec holds.
fn codec_digests() -> String {
    let samples: Vec<_> = (0..8)
        .map(|seed| repetitive_bytes(seed, 20 << seed))
        .collect();
    CompressionType::ALL
        .map(|codec| {
            let compressed = samples.iter().map(|sample| codec.compress(sample));
            let all: Vec<u8> = compressed.flatten().collect();
            format!("{} {:08x}\n", codec.name(), crc32c(&all))
        })
        .concat()
}

/// Pieces of what stands before, with a few new bytes between them.
fn repetitive_bytes(seed: u64, longest_piece: u32) -> Vec<u8> {
    let mut random = Random::new(seed, Stream::Tool);
    let mut bytes = Vec::new();
    while bytes.len() < 200_000 {
        let from = random.below(bytes.len() as u32 + 1) as usize;
        let end = bytes.len().min(from + random.below(longest_piece) as usize);
        bytes.extend_from_within(from..end);
        bytes.extend(random.next_u32().to_be_bytes());
    }
    bytes
}

fn world_digests() -> String {
    (0..SEEDS)
        .map(|seed| {
            let mut world = random_world(seed, COMMANDS);
            world.advance_to(world.now().plus_ms(20_000));
            format!("{seed} {:016x}\n", world.digest())
        })
        .collect()
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn wasm_reaches_the_digests_of_the_native_build() {
    assert_eq!(digests(), DIGESTS);
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_native_build_reaches_the_digests_on_file() {
    let digests = digests();
    if std::env::var_os("WRITE_PARITY").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity.txt");
        std::fs::write(path, &digests).expect("the file can be written");
        return;
    }
    assert_eq!(
        digests, DIGESTS,
        "if the engine was meant to change, run with WRITE_PARITY=1 to write tests/parity.txt"
    );
}
