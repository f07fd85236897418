//! How often bytes stand in texts, roughly: by it, what is searched for is chosen, and nothing else depends on it.

use crate::rules::byte_set::ByteSet;

/// Stretches that texts consist of: in each, every byte is drawn by itself.
pub const STRETCHES: usize = 4;
/// The parts of words, of numbers and times, of capitals, and of anything, each with the bytes that stand there and their parts in 10,000.
static PARTS: [(f32, [u16; 256]); STRETCHES] = [
    (0.35, parts(0, &[(b"e", 1200), (b"taoinsr", 750), (b"lhdcum", 370), (b"pfgwybv", 170), (b"kx", 80), (b"jqz", 20)])),
    (0.12, parts(0, &[(b"0123456789", 750), (b":-.", 700), (b"TZ,+ ", 80)])),
    (0.03, parts(0, &[(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 360), (b"_", 600)])),
    (
        0.5,
        parts(
            3,
            &[
                (b" e\"", 620),
                (b"taoinsr0123", 320),
                (b"lhdcum456789:.-/", 180),
                (b"pfgwybv,", 110),
                (b"kx=\n\\_", 60),
                (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ{}[]()", 25),
                (b"jqz';|<>@#&+*%$\t", 15),
                (b"!?~^`", 6),
            ],
        ),
    ),
];

const fn parts(others: u16, common: &[(&[u8], u16)]) -> [u16; 256] {
    let mut parts = [others; 256];
    let mut group = 0;
    while group < common.len() {
        let (bytes, part) = common[group];
        let mut i = 0;
        while i < bytes.len() {
            parts[bytes[i] as usize] = part;
            i += 1;
        }
        group += 1;
    }
    parts
}

/// How likely a byte of a stretch is this one.
#[must_use]
pub fn chance_of(stretch: usize, byte: u8) -> f32 {
    f32::from(PARTS[stretch].1[usize::from(byte)]) / 10_000.0
}

/// How likely bytes in a row, of which `within` tells for each stretch how likely they are there, stand at a place of a text.
pub fn chance_in(within: impl Fn(usize) -> f32) -> f32 {
    (0..STRETCHES).map(|stretch| PARTS[stretch].0 * within(stretch)).sum()
}

/// How likely bytes of these sets stand in a row at a place of a text.
#[must_use]
pub fn chance(sets: &[ByteSet]) -> f32 {
    chance_in(|stretch| sets.iter().map(|set| set.iter().map(|byte| chance_of(stretch, byte)).sum::<f32>().min(1.0)).product())
}
