//! Tells runs of token characters, where words begin in them, signs of what is encoded and windows of literals; the only file with vector code.
//!
//! **Invariant:** the vector classification equals that of `walk.rs` on every byte; tests compare all 256 and random texts.

#![allow(unsafe_code, reason = "vector loads; each block says why it is sound, and a safe twin is compared by tests")]

#[cfg(target_arch = "x86_64")]
use crate::scan::walk::STEP;
use crate::scan::walk::{
    BLOCK, Met, Run, Signs, Windows, classes, each_beginning_with, each_window_with, each_word_with, find_runs_with, find_signs_with, letters, mask,
    met, separators,
};

/// Whether the processor has the features that the vector functions are compiled for.
#[cfg(target_arch = "x86_64")]
#[inline]
fn has_vectors() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("bmi1")
}

/// Appends every maximal run of at least `min` token characters from `from` on to `runs`, in order.
pub fn find_runs(bytes: &[u8], from: usize, min: usize, runs: &mut Vec<Run>) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        // SAFETY: the features that the function needs were detected on this processor.
        return unsafe { find_runs_avx2(bytes, from, min, runs) };
    }
    find_runs_with(bytes, from, min, runs, mask);
}

/// Appends the signs in each run.
pub fn find_signs(bytes: &[u8], runs: impl Iterator<Item = Run>, found: &mut Vec<Signs>) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        // SAFETY: the features that the function needs were detected on this processor.
        return unsafe { find_signs_avx2(bytes, runs, found) };
    }
    find_signs_with(bytes, runs, found, classes);
}

/// Calls `found` for every place in the runs where a word begins: at a run's start and after a separator.
pub fn each_word(bytes: &[u8], runs: impl Iterator<Item = Run>, found: impl FnMut(usize)) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        // SAFETY: the features that the function needs were detected on this processor.
        return unsafe { each_word_avx2(bytes, runs, found) };
    }
    each_word_with(bytes, runs, found, separators);
}

/// Calls `found` for every place in the range where a window begins that a group knows, with these groups as bits.
pub fn each_window(bytes: &[u8], range: Run, windows: &Windows, found: impl FnMut(usize, u16)) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        // SAFETY: the features that the function needs were detected on this processor.
        return unsafe { each_window_avx2(bytes, range, windows, found) };
    }
    each_window_with(bytes, range, found, |block| met(windows, block));
}

/// Calls `found` for every place in the range where letters or digits begin: at a letter that follows none, at a change to upper case, at a digit.
pub fn each_beginning(bytes: &[u8], range: Run, found: impl FnMut(usize)) {
    #[cfg(target_arch = "x86_64")]
    if has_vectors() {
        // SAFETY: the features that the function needs were detected on this processor.
        return unsafe { each_beginning_avx2(bytes, range, found) };
    }
    each_beginning_with(bytes, range, found, letters);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn each_beginning_avx2(bytes: &[u8], range: Run, found: impl FnMut(usize)) {
    each_beginning_with(bytes, range, found, |block| classes_avx2(block, &LETTERS, [3, 12, 16]));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn each_word_avx2(bytes: &[u8], runs: impl Iterator<Item = Run>, found: impl FnMut(usize)) {
    each_word_with(bytes, runs, found, |block| classes_avx2(block, &SEPARATORS, [0xff])[0]);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn each_window_avx2(bytes: &[u8], range: Run, windows: &Windows, found: impl FnMut(usize, u16)) {
    each_window_with(bytes, range, found, |block| met_avx2(windows, block));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn find_signs_avx2(bytes: &[u8], runs: impl Iterator<Item = Run>, found: &mut Vec<Signs>) {
    find_signs_with(bytes, runs, found, |block| classes_avx2(block, &ENCODED, [7, 56, 192]));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn find_runs_avx2(bytes: &[u8], from: usize, min: usize, runs: &mut Vec<Run>) {
    find_runs_with(bytes, from, min, runs, |block| classes_avx2(block, &RUN, [0xff])[0]);
}

/// Classes of bytes: a byte is in the classes that the bits for its two halves have in common.
#[cfg(target_arch = "x86_64")]
struct Table {
    low: [u8; 16],
    high: [u8; 16],
}

/// The same as [`mask`]. High half 2: bit 0 (`+-./`), 3: bit 1 (digits), 4 and 6: bit 2 (`A-O`, `a-o`), 5: bit 3 (`P-Z_`), 7: bit 4 (`p-z~`).
#[cfg(target_arch = "x86_64")]
const RUN: Table =
    Table { low: [26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 28, 5, 4, 5, 21, 13], high: [0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0] };

/// The same as [`classes`]. First characters: high half 4: bit 0 (`CDI-O`), 5: bit 1 (`P-Z`), 6: bit 2 (`a-f`);
/// marks: 2: bit 3 (`-./`), 5: bit 4 (`_`), 7: bit 5 (`~`); digits: 3: bit 6 (`0-9`), 4 and 6: bit 7 (`A-F`, `a-f`).
#[cfg(target_arch = "x86_64")]
const ENCODED: Table =
    Table { low: [66, 198, 198, 199, 199, 198, 198, 66, 66, 67, 3, 1, 1, 9, 41, 25], high: [0, 0, 8, 64, 129, 18, 132, 32, 0, 0, 0, 0, 0, 0, 0, 0] };

/// The same as [`separators`]. High half 2: bit 0 (`+-./`), 5: bit 1 (`_`), 7: bit 2 (`~`).
#[cfg(target_arch = "x86_64")]
const SEPARATORS: Table = Table { low: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 5, 3], high: [0, 0, 1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0] };

/// The same as [`letters`]. Upper case: high half 4: bit 0 (`A-O`), 5: bit 1 (`P-Z`); lower case: 6: bit 2, 7: bit 3; digits: 3: bit 4.
#[cfg(target_arch = "x86_64")]
const LETTERS: Table =
    Table { low: [26, 31, 31, 31, 31, 31, 31, 31, 31, 31, 15, 5, 5, 5, 5, 5], high: [0, 0, 0, 16, 1, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0] };

/// The same as [`met`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn met_avx2(windows: &Windows, block: &[u8; BLOCK]) -> Met {
    use std::arch::x86_64::{
        _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
    };
    // SAFETY: a table has the 16 bytes that are read; the load needs no alignment.
    let table = |table: &[u8; 16]| _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) });
    let nibble = _mm256_set1_epi8(15);
    let mut groups = [_mm256_set1_epi8(-1); 2];
    for i in 0..4 {
        // SAFETY: the block has 35 bytes, so 32 bytes can be read at 0 to 3; the load needs no alignment.
        let input = unsafe { _mm256_loadu_si256(block.as_ptr().add(i).cast()) };
        let (low, high) = (_mm256_and_si256(input, nibble), _mm256_and_si256(_mm256_srli_epi16(input, 4), nibble));
        for (half, groups) in groups.iter_mut().enumerate() {
            let by_low = _mm256_shuffle_epi8(table(&windows.low[half][i]), low);
            let by_high = _mm256_shuffle_epi8(table(&windows.high[half][i]), high);
            *groups = _mm256_and_si256(*groups, _mm256_and_si256(by_low, by_high));
        }
    }
    let none = _mm256_cmpeq_epi8(_mm256_or_si256(groups[0], groups[1]), _mm256_setzero_si256());
    let mut stored = [[0; STEP]; 2];
    for (stored, groups) in stored.iter_mut().zip(groups) {
        // SAFETY: the array has the 32 bytes that are written; the store needs no alignment.
        unsafe { _mm256_storeu_si256(stored.as_mut_ptr().cast(), groups) };
    }
    (!_mm256_movemask_epi8(none).cast_unsigned(), stored)
}

/// For each group of class bits, the bytes of which a class meets.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn classes_avx2<const N: usize>(block: &[u8; 64], table: &Table, groups: [u8; N]) -> [u64; N] {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };
    // SAFETY: both tables have the 16 bytes that are read; the loads need no alignment.
    let (low, high) = unsafe { (_mm_loadu_si128(table.low.as_ptr().cast()), _mm_loadu_si128(table.high.as_ptr().cast())) };
    let (low, high) = (_mm256_broadcastsi128_si256(low), _mm256_broadcastsi128_si256(high));
    let nibble = _mm256_set1_epi8(15);
    let classes = |input: __m256i| {
        let by_low = _mm256_shuffle_epi8(low, _mm256_and_si256(input, nibble));
        let by_high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(input, 4), nibble));
        _mm256_and_si256(by_low, by_high)
    };
    // SAFETY: the block has 64 bytes, so 32 bytes can be read at 0 and at 32; the loads need no alignment.
    let (first, second) = unsafe { (_mm256_loadu_si256(block.as_ptr().cast()), _mm256_loadu_si256(block.as_ptr().add(32).cast())) };
    let (first, second) = (classes(first), classes(second));
    let misses = |classes: __m256i, group: u8| {
        let inside = _mm256_and_si256(classes, _mm256_set1_epi8(group.cast_signed()));
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(inside, _mm256_setzero_si256())).cast_unsigned()
    };
    groups.map(|group| !(u64::from(misses(first, group)) | u64::from(misses(second, group)) << 32))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};

    use crate::rules::byte_set::ByteSet;
    use crate::scan::kernel::{each_beginning, each_window, each_word, find_runs, find_signs};
    use crate::scan::walk::{
        MIN_BLOB, Run, Windows, classes, each_beginning_with, each_window_with, each_word_with, find_runs_with, find_signs_with, letters, mask, met,
        separators, short_sign,
    };

    fn naive(bytes: &[u8], from: usize, min: usize) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut start = from;
        for end in from..=bytes.len() {
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
            find_runs(&text, 0, 16, &mut runs);
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

    #[test]
    fn letters_begin_alike() {
        for byte in 0..=u8::MAX {
            let mut text = *b"aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-aB1-";
            for at in [0, 3, 5, 13, 20, 33, 62, 63, 64, 65, 78] {
                text[at] = byte;
            }
            for range in [0..80, 3..70, 64..80, 5..5] {
                let (mut vector, mut safe) = (Vec::new(), Vec::new());
                each_beginning(&text, range.clone(), |at| vector.push(at));
                each_beginning_with(&text, range, |at| safe.push(at), letters);
                assert_eq!(vector, safe, "{byte}");
            }
        }
    }

    #[test]
    fn words_begin_alike() {
        for byte in 0..=u8::MAX {
            let mut text = [b'a'; 150];
            (text[7], text[63], text[64], text[129]) = (byte, byte, byte, byte);
            for runs in [[0..150, 150..150], [3..71, 72..140], [100..120, 121..150]] {
                let (mut vector, mut safe) = (Vec::new(), Vec::new());
                each_word(&text, runs.iter().cloned(), |at| vector.push(at));
                each_word_with(&text, runs.iter().cloned(), |at| safe.push(at), separators);
                assert_eq!(vector, safe, "{byte}");
                assert_eq!(safe.len() > runs.len(), ByteSet::RUN.contains(byte) && !byte.is_ascii_alphanumeric(), "{byte}");
            }
        }
    }

    proptest! {
        #[test]
        fn windows_are_known_alike(seed in any::<[u64; 4]>(), text in prop::collection::vec(any::<u8>(), 0..120), start in 0_usize..40) {
            // Two of three bits are set, so that windows are known by chance.
            let half = |seed: u64| (0..4).map(|i| std::array::from_fn(|j| {
                let bits = seed.rotate_left(i * 16).wrapping_mul(0x9E37_79B9_7F4A_7C15 ^ j as u64).to_le_bytes();
                bits[7] | bits[3] | bits[5]
            })).collect::<Vec<[u8; 16]>>().try_into().expect("because these are four");
            let windows = Windows { low: [half(seed[0]), half(seed[1])], high: [half(seed[2]), half(seed[3])] };
            let range = start.min(text.len())..text.len();
            let (mut vector, mut safe) = (Vec::new(), Vec::new());
            each_window(&text, range.clone(), &windows, |at, groups| vector.push((at, groups)));
            each_window_with(&text, range, |at, groups| safe.push((at, groups)), |block| met(&windows, block));
            prop_assert_eq!(vector, safe);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn vector_and_safe_walk_find_what_a_loop_finds(
            lengths in prop::collection::vec(0_usize..90, 0..12), breaks in any::<u64>(), start in 0_usize..200, min in 16_usize..20,
        ) {
            let text: Vec<u8> = lengths.iter().enumerate().flat_map(|(i, n)| {
                let mut run = vec![b'a' + u8::try_from(i).unwrap_or(0); *n];
                run.push(if breaks >> i & 1 == 1 { b' ' } else { b':' });
                run
            }).collect();
            for text in [&text[..], &text[..text.len().saturating_sub(1)]] {
                let from = start.min(text.len());
                let (mut vector, mut safe) = (Vec::new(), Vec::new());
                find_runs(text, from, min, &mut vector);
                find_runs_with(text, from, min, &mut safe, mask);
                prop_assert_eq!(&vector, &naive(text, from, min));
                prop_assert_eq!(&safe, &vector);
            }
        }
    }
}
