//! Thousands of words, looked for in short texts in any case: by a table of their first three letters.
//!
//! **Invariant:** every place of every word is found; building takes time in proportion to the words only.

use std::borrow::Cow;

/// The bit in which letters of either case differ.
const CASE: u8 = 0x20;
/// How many letters the table goes by.
const HEAD: usize = 3;
/// Bits of a hash of three letters.
const BITS: u32 = 13;
/// Bits of the longer hash, of which the hash is the first.
const LONG_BITS: u32 = 16;
/// What shorter words have instead of a hash.
const SHORT: usize = 1 << BITS;

/// Words, and for each those who own it.
pub struct Words {
    /// Whether a word may begin with three letters, by a longer hash: no for nearly all that none begins with.
    begins: Box<[u64; 1 << (LONG_BITS - 6)]>,
    /// Where the words begin that share a hash of their first three letters; one more than there are hashes.
    first: Vec<u32>,
    /// The words in the order of that hash.
    entries: Vec<Word>,
    /// The letters of all words, in lower case.
    letters: Vec<u8>,
    /// The owners of all words.
    owners: Vec<u32>,
    /// First letters of words too short for a hash, one bit each by their last five bits.
    short: u32,
}

/// Where a word's letters and owners stand.
struct Word {
    /// The letter after those of the table, to be compared first; zero where there is none.
    next: u8,
    letters: (u32, u32),
    owners: (u32, u32),
}

impl Words {
    /// Gathers words with their owners; a word may be given again for another owner.
    #[must_use]
    pub fn new<'a>(words: impl Iterator<Item = (u32, &'a str)>) -> Self {
        let lower =
            |word: &'a str| if word.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(word.to_ascii_lowercase()) } else { Cow::Borrowed(word) };
        let mut pairs: Vec<(usize, Cow<str>, u32)> = words
            .map(|(owner, word)| (word.as_bytes().first_chunk().map_or(SHORT, |head| long_hash(*head) >> (LONG_BITS - BITS)), lower(word), owner))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut gathered = Self {
            begins: Box::new([0; 1 << (LONG_BITS - 6)]),
            first: vec![0; SHORT + 2],
            entries: Vec::new(),
            letters: Vec::new(),
            owners: Vec::new(),
            short: 0,
        };
        for same in pairs.chunk_by(|a, b| a.1 == b.1) {
            let (hash, letters, _) = &same[0];
            gathered.first[hash + 1] += 1;
            if let Some(head) = letters.as_bytes().first_chunk() {
                let hash = long_hash(*head);
                gathered.begins[hash >> 6] |= 1 << (hash & 63);
            } else {
                gathered.short |= letters.bytes().next().map_or(0, first_bit);
            }
            let next = letters.as_bytes().get(HEAD).map_or(0, |letter| letter | CASE);
            let word = Word {
                next,
                letters: extend(&mut gathered.letters, letters.as_bytes()),
                owners: extend(&mut gathered.owners, &same.iter().map(|pair| pair.2).collect::<Vec<_>>()),
            };
            gathered.entries.push(word);
        }
        for hash in 0..=SHORT {
            gathered.first[hash + 1] += gathered.first[hash];
        }
        gathered
    }

    /// Calls `found` with the place, the length and the owners of every word in the text, in the order of their places, also of those that overlap.
    pub fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize, &[u32])) {
        for at in 0..text.len() {
            self.at(text, at, |length, owners| found(at, length, owners));
        }
    }

    /// Calls `found` with the length and the owners of every word that stands at a place.
    #[inline]
    pub fn at(&self, text: &[u8], at: usize, mut found: impl FnMut(usize, &[u32])) {
        if let Some(head) = text[at..].first_chunk() {
            let hash = long_hash(*head);
            if self.begins[hash >> 6] >> (hash & 63) & 1 == 1 {
                self.each_of(hash >> (LONG_BITS - BITS), text, at, &mut found);
            }
        }
        if self.short & first_bit(text[at]) != 0 {
            self.each_of(SHORT, text, at, &mut found);
        }
    }

    /// Calls `found` for every word with this hash that stands at a place.
    fn each_of(&self, hash: usize, text: &[u8], at: usize, found: &mut impl FnMut(usize, &[u32])) {
        for word in &self.entries[self.first[hash] as usize..self.first[hash + 1] as usize] {
            if word.next != 0 && text.get(at + HEAD).is_none_or(|letter| letter | CASE != word.next) {
                continue;
            }
            let letters = &self.letters[word.letters.0 as usize..word.letters.1 as usize];
            if text[at..].get(..letters.len()).is_some_and(|here| here.eq_ignore_ascii_case(letters)) {
                found(letters.len(), &self.owners[word.owners.0 as usize..word.owners.1 as usize]);
            }
        }
    }
}

/// Appends items and says where they stand.
fn extend<T: Clone>(all: &mut Vec<T>, items: &[T]) -> (u32, u32) {
    let number = |n: usize| u32::try_from(n).expect("because words are few and short");
    let start = all.len();
    all.extend_from_slice(items);
    (number(start), number(all.len()))
}

/// The bit of a word's first letter, the same in either case.
fn first_bit(letter: u8) -> u32 {
    1 << (letter & 31)
}

/// A hash that is the same for letters of either case.
#[inline]
fn long_hash([first, second, third]: [u8; HEAD]) -> usize {
    let number = u32::from_le_bytes([first, second, third, 0]) | u32::from_le_bytes([CASE, CASE, CASE, 0]);
    (number.wrapping_mul(0x9E37_79B1) >> (32 - LONG_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    use crate::scan::words::Words;

    proptest! {
        #[test]
        fn every_place_of_every_word_is_found(words in prop::collection::vec("[abA_-]{1,6}", 0..40), text in "[abAB_ -]{0,80}") {
            let gathered = Words::new(words.iter().enumerate().map(|(owner, word)| (u32::try_from(owner).expect("because they are few"), word.as_str())));
            let mut found = Vec::new();
            gathered.each(text.as_bytes(), |at, length, owners| found.extend(owners.iter().map(|owner| (at, length, *owner))));
            let mut expected = Vec::new();
            for (owner, word) in (0..).zip(&words) {
                let places = text.as_bytes().windows(word.len()).enumerate().filter(|(_, here)| here.eq_ignore_ascii_case(word.as_bytes()));
                expected.extend(places.map(|(at, _)| (at, word.len(), owner)));
            }
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
