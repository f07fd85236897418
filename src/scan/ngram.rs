//! Finds known tokens between any bytes: by the least n-gram of a window, as in winnowing (Schleimer, Wilkerson and Aiken 2003).
//!
//! Of a known token, the hash of its least n-gram is kept. Wherever the token stands, that n-gram is the least of some window inside it; so
//! only the least n-grams of windows are looked up, about one in nine bytes.
//!
//! **Invariant:** a token with a run of at least [`LEAST_RUN`] token characters is found at any place.

use std::ops::Range;

use crate::model::known::{Gram, GramKey};
use crate::rules::byte_set::ByteSet;

/// Bytes of an n-gram.
const N: usize = 8;
/// The shortest run of token characters in a token that can be found so: without its n-gram, sixteen characters stay unknown.
pub const LEAST_RUN: usize = 24;
/// N-grams in a window: as many as the shortest run has.
const WINDOW: usize = LEAST_RUN - N + 1;

/// The n-gram by which a token is kept; none for one that is too short.
#[must_use]
pub fn gram_of(token: &[u8], key: GramKey) -> Option<Gram> {
    let run = longest_run(token);
    if run.len() < LEAST_RUN {
        return None;
    }
    let at = least(token, run.start, run.end - N + 1, key);
    Some(Gram { hash: mark(gram(token, at), key), before: u32::try_from(at).ok()?, length: u32::try_from(token.len()).ok()? })
}

/// Calls `found` with the place and the hash of the least n-gram of every window in a run.
#[inline]
pub fn each_least(bytes: &[u8], run: &Range<usize>, key: GramKey, mut found: impl FnMut(usize, u64)) {
    if run.len() < LEAST_RUN {
        return;
    }
    let mut min = least(bytes, run.start, run.start + WINDOW, key);
    let mut rank = order(gram(bytes, min), key);
    found(min, mark(gram(bytes, min), key));
    for at in run.start + WINDOW..=run.end - N {
        let new = order(gram(bytes, at), key);
        if new < rank {
            min = at;
        } else if at - min >= WINDOW {
            min = least(bytes, at + 1 - WINDOW, at + 1, key);
        } else {
            continue;
        }
        rank = order(gram(bytes, min), key);
        found(min, mark(gram(bytes, min), key));
    }
}

fn longest_run(token: &[u8]) -> Range<usize> {
    let mut best = 0..0;
    let mut start = 0;
    for end in 0..=token.len() {
        if token.get(end).is_none_or(|b| !ByteSet::RUN.contains(*b)) {
            if end - start > best.len() {
                best = start..end;
            }
            start = end + 1;
        }
    }
    best
}

/// The leftmost least n-gram that begins in a range.
fn least(bytes: &[u8], first: usize, end: usize, key: GramKey) -> usize {
    (first..end).min_by_key(|at| order(gram(bytes, *at), key)).unwrap_or(first)
}

#[inline]
fn gram(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// The order of n-grams.
#[inline]
fn order(gram: u64, GramKey([first, _]): GramKey) -> u64 {
    (gram ^ first).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The hash under which an n-gram is kept: a keyed permutation of its 64 bits.
fn mark(gram: u64, GramKey([first, second]): GramKey) -> u64 {
    let mut mixed = gram ^ second;
    for (shift, by) in [(32, 0xD6E8_FEB8_6659_FD93_u64), (29, 0xBF58_476D_1CE4_E5B9), (32, 0x94D0_49BB_1331_11EB)] {
        mixed = (mixed ^ mixed >> shift).wrapping_mul(by).rotate_left(23) ^ first;
    }
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use crate::model::known::GramKey;
    use crate::rules::byte_set::ByteSet;
    use crate::rules::generate::Random;
    use crate::scan::kernel::find_runs;
    use crate::scan::ngram::{LEAST_RUN, each_least, gram_of};

    proptest! {
        #[test]
        fn a_token_is_found_between_any_bytes(seed: u64, length in LEAST_RUN..300_usize, before in prop::collection::vec(any::<u8>(), 0..80), after in "[a-zA-Z0-9_.-]{0,80}") {
            let key = GramKey([seed, seed.rotate_left(17) ^ 0x55]);
            let token = Random::new(seed).bytes(ByteSet::alnum().with(b"-_"), length);
            let gram = gram_of(&token, key).expect("because it is long enough");
            let text = [&before[..], &token, after.as_bytes()].concat();
            let mut runs = Vec::new();
            find_runs(&text, 0, 16, &mut runs);
            let mut starts = Vec::new();
            for run in &runs {
                each_least(&text, run, key, |at, hash| if hash == gram.hash { starts.push(at.wrapping_sub(gram.before as usize)) });
            }
            prop_assert!(starts.contains(&before.len()));
            prop_assert_eq!(gram.length as usize, token.len());
        }
    }

    #[test]
    fn short_tokens_go_without() {
        assert!(gram_of(&[b'a'; 23], GramKey([1, 2])).is_none());
        assert!(gram_of(b"abcdefghijkl abcdefghijklmnop", GramKey([1, 2])).is_none());
    }
}
