//! Finds runs of token characters and signs of what is encoded in them, 64 bytes a step; the only file with vector code.
//!
//! **Invariant:** the vector classification equals `ByteSet::RUN` on every byte; a test compares all 256 and random texts.

#![allow(unsafe_code, reason = "vector loads; each block says why it is sound, and a safe twin is compared by tests")]

use crate::rules::byte_set::ByteSet;

/// A run: start and end (exclusive) in the searched bytes.
pub type Run = std::ops::Range<usize>;

/// Appends every maximal run of at least `min` token characters to `runs`, in order.
pub fn find_runs(bytes: &[u8], min: usize, runs: &mut Vec<Run>) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("bmi1") {
        // SAFETY: the features that the function needs were detected on this processor in the line above.
        return unsafe { find_runs_avx2(bytes, min, runs) };
    }
    find_runs_with(bytes, min, runs, mask);
}

/// The fewest characters of base64 that are looked for: sixteen bytes.
pub const MIN_BLOB: usize = 22;
/// The fewest hexadecimal digits that are looked for: sixteen bytes.
pub const MIN_DIGITS: usize = 32;

/// Where in a run's first 64 bytes something encoded may begin: bit `i` stands for byte `i`. What does not fit into the run is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signs {
    /// Base64 of ASCII text: the first characters of three groups stand for printable bytes or line breaks, at the start or after `-_./~`.
    pub base64: u64,
    /// The last byte of 32 hexadecimal digits.
    pub hex: u64,
}

/// Appends the signs in each run.
pub fn find_signs(bytes: &[u8], runs: impl Iterator<Item = Run>, found: &mut Vec<Signs>) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("bmi1") {
        // SAFETY: the features that the function needs were detected on this processor in the line above.
        return unsafe { find_signs_avx2(bytes, runs, found) };
    }
    find_signs_with(bytes, runs, found, classes);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn find_signs_avx2(bytes: &[u8], runs: impl Iterator<Item = Run>, found: &mut Vec<Signs>) {
    find_signs_with(bytes, runs, found, |block| encoded_classes_avx2(block));
}

/// Looks at 64 bytes from each run's start; those after its end are masked out.
#[expect(clippy::inline_always, reason = "the loop must be compiled with the vector features of its caller")]
#[inline(always)]
fn find_signs_with(bytes: &[u8], runs: impl Iterator<Item = Run>, found: &mut Vec<Signs>, classes: impl Fn(&[u8; 64]) -> [u64; 3]) {
    for run in runs {
        if run.len() < MIN_DIGITS {
            found.push(Signs { base64: short_sign(&bytes[run]), hex: 0 });
            continue;
        }
        let inside = u64::MAX >> 64_usize.saturating_sub(run.len());
        let [first, mark, digit] = if let Some(block) = bytes[run.start..].first_chunk() {
            classes(block)
        } else {
            let mut block = [0; 64];
            block[..bytes.len() - run.start].copy_from_slice(&bytes[run.start..]);
            classes(&block)
        };
        let [first, digit] = [first & inside, digit & inside];
        let four = digit & digit << 1 & digit << 2 & digit << 3;
        let sixteen = four & four << 4 & four << 8 & four << 12;
        found.push(Signs { base64: first & first >> 4 & first >> 8 & (mark << 1 | 1), hex: sixteen & sixteen << 16 });
    }
}

/// The first sign of base64 in a short run, most of which have none.
#[inline]
fn short_sign(text: &[u8]) -> u64 {
    let Some(last) = text.len().checked_sub(MIN_BLOB) else { return 0 };
    let begins = |at: usize| at == 0 || KINDS[usize::from(text[at - 1])] == MARK;
    let mut places = (0..=last).filter(|at| begins(*at));
    let sign = places.find(|at| [0, 4, 8].iter().all(|group| KINDS[usize::from(text[at + group])] == FIRST));
    sign.map_or(0, |at| 1 << at)
}

/// The first character of a group of three bytes of text.
const FIRST: u8 = 1;
/// A character after which something encoded may begin.
const MARK: u8 = 2;

/// What each byte is.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = if is_first(byte as u8) {
            FIRST
        } else if is_mark(byte as u8) {
            MARK
        } else {
            0
        };
        byte += 1;
    }
    kinds
};

const fn is_first(byte: u8) -> bool {
    matches!(byte, b'I'..=b'Z' | b'a'..=b'f' | b'C' | b'D')
}

/// Characters of runs after which a blob may begin.
pub const fn is_mark(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.' | b'/' | b'~')
}

/// Which of 64 bytes may be the first character of a group of three bytes of text in base64, which are marks, which hexadecimal digits.
fn classes(block: &[u8; 64]) -> [u64; 3] {
    let class = |is: fn(u8) -> bool| block.iter().enumerate().fold(0, |mask, (i, b)| mask | u64::from(is(*b)) << i);
    [class(is_first), class(is_mark), class(|b| b.is_ascii_hexdigit())]
}

/// Classifies 64 bytes: bit `i` tells whether byte `i` is a token character.
fn mask(block: &[u8; 64]) -> u64 {
    block.iter().enumerate().fold(0, |mask, (i, b)| mask | u64::from(ByteSet::RUN.contains(*b)) << i)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn find_runs_avx2(bytes: &[u8], min: usize, runs: &mut Vec<Run>) {
    find_runs_with(bytes, min, runs, |block| mask_avx2(block));
}

/// The same as [`mask`]: a byte is in the set when the bits that its two halves stand for meet.
///
/// High half 2: bit 0 (`+-./`), 3: bit 1 (digits), 4 and 6: bit 2 (`A-O`, `a-o`), 5: bit 3 (`P-Z_`), 7: bit 4 (`p-z~`).
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn mask_avx2(block: &[u8; 64]) -> u64 {
    const LOW: [u8; 16] = [26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 28, 5, 4, 5, 21, 13];
    const HIGH: [u8; 16] = [0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0];
    let [classes] = classes_avx2(block, &LOW, &HIGH, [0xff]);
    classes
}

/// The same as [`classes`].
///
/// First characters: high half 4: bit 0 (`CDI-O`), 5: bit 1 (`P-Z`), 6: bit 2 (`a-f`); marks: 2: bit 3 (`-./`), 5: bit 4 (`_`), 7: bit 5 (`~`);
/// digits: 3: bit 6 (`0-9`), 4 and 6: bit 7 (`A-F`, `a-f`).
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn encoded_classes_avx2(block: &[u8; 64]) -> [u64; 3] {
    const LOW: [u8; 16] = [66, 198, 198, 199, 199, 198, 198, 66, 66, 67, 3, 1, 1, 9, 41, 25];
    const HIGH: [u8; 16] = [0, 0, 8, 64, 129, 18, 132, 32, 0, 0, 0, 0, 0, 0, 0, 0];
    classes_avx2(block, &LOW, &HIGH, [7, 56, 192])
}

/// For each group of class bits, the bytes of which a class meets.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn classes_avx2<const N: usize>(block: &[u8; 64], low: &[u8; 16], high: &[u8; 16], groups: [u8; N]) -> [u64; N] {
    use std::arch::x86_64::{
        _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };
    // SAFETY: both tables have the 16 bytes that are read; the loads need no alignment.
    let (low, high) = unsafe { (_mm_loadu_si128(low.as_ptr().cast()), _mm_loadu_si128(high.as_ptr().cast())) };
    let (low, high) = (_mm256_broadcastsi128_si256(low), _mm256_broadcastsi128_si256(high));
    let nibble = _mm256_set1_epi8(15);
    let mut masks = [0; N];
    for half in 0..2 {
        // SAFETY: the block has 64 bytes, so 32 bytes can be read at 0 and at 32; the load needs no alignment.
        let input = unsafe { _mm256_loadu_si256(block.as_ptr().add(half * 32).cast()) };
        let by_low = _mm256_shuffle_epi8(low, _mm256_and_si256(input, nibble));
        let by_high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(input, 4), nibble));
        let classes = _mm256_and_si256(by_low, by_high);
        for (mask, group) in masks.iter_mut().zip(groups) {
            let inside = _mm256_and_si256(classes, _mm256_set1_epi8(group.cast_signed()));
            let misses = _mm256_cmpeq_epi8(inside, _mm256_setzero_si256());
            *mask |= u64::from(!_mm256_movemask_epi8(misses).cast_unsigned()) << (half * 32);
        }
    }
    masks
}

/// Walks over the masks: a run is open at the end of a block until a block ends it.
#[expect(clippy::inline_always, reason = "the walk must be compiled with the vector features of its caller")]
#[inline(always)]
fn find_runs_with(bytes: &[u8], min: usize, runs: &mut Vec<Run>, mask: impl Fn(&[u8; 64]) -> u64) {
    debug_assert!(min >= 16, "the walk looks for sixteen characters in a row");
    let mut push = |start: usize, end: usize| {
        if end - start >= min {
            runs.push(start..end);
        }
    };
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut open = 0;
    for (i, block) in blocks.iter().enumerate() {
        let base = i * 64;
        let members = mask(block);
        if members == u64::MAX {
            continue;
        }
        push(open, base + (!members).trailing_zeros() as usize);
        let at_end = members.leading_ones();
        // The runs that neither touch the block's start nor its end; with `min` at 16 or more, few blocks hold one.
        let inner = members & (members.wrapping_add(1)) & (u64::MAX >> at_end);
        let mut sixteen = inner & inner >> 1;
        sixteen &= sixteen >> 2;
        sixteen &= sixteen >> 4;
        sixteen &= sixteen >> 8;
        while sixteen != 0 {
            let start = sixteen.trailing_zeros();
            let length = (!(inner >> start)).trailing_zeros();
            push(base + start as usize, base + (start + length) as usize);
            sixteen &= u64::MAX.checked_shl(start + length).unwrap_or(0);
        }
        open = base + 64 - at_end as usize;
    }
    let mut last = [0; 64];
    last[..rest.len()].copy_from_slice(rest);
    let base = bytes.len() - rest.len();
    for (i, byte) in last.iter().enumerate().take(rest.len() + 1) {
        if i == rest.len() || !ByteSet::RUN.contains(*byte) {
            push(open, base + i);
            open = base + i + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};

    use crate::rules::byte_set::ByteSet;
    use crate::scan::kernel::{MIN_BLOB, Run, classes, find_runs, find_runs_with, find_signs, find_signs_with, mask, short_sign};

    fn naive(bytes: &[u8], min: usize) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut start = 0;
        for end in 0..=bytes.len() {
            if end == bytes.len() || !ByteSet::RUN.contains(bytes[end]) {
                if end - start >= min {
                    runs.push(start..end);
                }
                start = end + 1;
            }
        }
        runs
    }

    #[test]
    fn every_byte_is_classified_alike() {
        for byte in 0..=u8::MAX {
            let mut text = [byte; 16].to_vec();
            text.extend([b' '; 64]);
            let mut runs = Vec::new();
            find_runs(&text, 16, &mut runs);
            assert_eq!(!runs.is_empty(), ByteSet::RUN.contains(byte), "{byte}");
        }
    }

    proptest! {
        #[test]
        fn a_short_run_has_the_first_sign_that_fits(text in "[IZafCDEHghxyz09._/~+-]{0,31}") {
            let bytes = text.as_bytes();
            let [first, mark, _] = classes(&std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(b' ')));
            let all = first & first >> 4 & first >> 8 & (mark << 1 | 1);
            let fitting = bytes.len().checked_sub(MIN_BLOB).map_or(0, |last| all & u64::MAX >> (63 - last));
            prop_assert_eq!(short_sign(bytes), fitting & fitting.wrapping_neg());
        }
    }

    #[test]
    fn signs_are_found_alike() {
        for byte in 0..=u8::MAX {
            for before in *b"-_./~aZ0 " {
                let mut text = [b'9'; 90];
                (text[9], text[10], text[14], text[18]) = (before, byte, b'Z', b'a');
                let (mut vector, mut safe) = (Vec::new(), Vec::new());
                for run in [0..1, 0..16, 0..63, 0..64, 0..65, 5..85] {
                    find_signs(&text, std::iter::once(run.clone()), &mut vector);
                    find_signs_with(&text, std::iter::once(run), &mut safe, classes);
                }
                assert_eq!(vector, safe, "{byte}");
                let starts = b"-_./~".contains(&before) && matches!(byte, b'I'..=b'Z' | b'a'..=b'f' | b'C' | b'D');
                assert_eq!(vector[4].base64 >> 10 & 1 == 1, starts, "{byte}");
                assert_eq!(vector[4].hex, !0 << (14 + 32), "{byte}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn vector_and_safe_walk_find_what_a_loop_finds(lengths in prop::collection::vec(0_usize..90, 0..12), breaks in any::<u64>(), min in 16_usize..20) {
            let text: Vec<u8> = lengths.iter().enumerate().flat_map(|(i, n)| {
                let mut run = vec![b'a' + u8::try_from(i).unwrap_or(0); *n];
                run.push(if breaks >> i & 1 == 1 { b' ' } else { b':' });
                run
            }).collect();
            for text in [&text[..], &text[..text.len().saturating_sub(1)]] {
                let (mut vector, mut safe) = (Vec::new(), Vec::new());
                find_runs(text, min, &mut vector);
                find_runs_with(text, min, &mut safe, mask);
                prop_assert_eq!(&vector, &naive(text, min));
                prop_assert_eq!(&safe, &vector);
            }
        }
    }
}
