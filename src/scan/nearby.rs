//! Keywords around values, which often stand close together.
//!
//! **Invariant:** a byte is searched once, however many values stand near it, as long as these are asked about in their order.

use std::ops::Range;

use crate::scan::word::StandingWords;

/// The keywords of a stretch of a text.
#[derive(Default)]
pub struct Nearby {
    /// What was searched for the beginnings of words.
    searched: Range<usize>,
    /// Place, length and owner of each word that stands as one.
    words: Vec<(usize, usize, u32)>,
}

impl Nearby {
    /// Adds the owners of all words that lie in the range.
    pub fn owners(&mut self, words: &StandingWords, bytes: &[u8], range: Range<usize>, owners: &mut Vec<u32>) {
        if range.start < self.searched.start || range.start > self.searched.end {
            (self.searched, self.words) = (range.start..range.start, Vec::new());
        }
        self.search(words, bytes, range.end);
        let first = self.words.partition_point(|(at, ..)| *at < range.start);
        let within = self.words[first..].iter().take_while(|(at, ..)| *at < range.end).filter(|(at, length, _)| at + length <= range.end);
        owners.extend(within.map(|(.., owner)| owner));
    }

    /// Searches on, for all words that begin before `end`.
    fn search(&mut self, words: &StandingWords, bytes: &[u8], end: usize) {
        let from = self.searched.end;
        if end <= from {
            return;
        }
        words.each(bytes, from..end, |at, length, owner| self.words.push((at, length, owner)));
        self.searched.end = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    use crate::scan::nearby::Nearby;
    use crate::scan::word::StandingWords;

    proptest! {
        #[test]
        fn what_was_asked_before_changes_no_answer(text in "[ab _]{0,200}", asked in prop::collection::vec((0_usize..200, 0_usize..40), 1..12)) {
            let words = StandingWords::new([(1, "aab"), (2, "abba"), (3, "bbb"), (4, "aa")].into_iter());
            let mut nearby = Nearby::default();
            for (start, length) in asked {
                let start = start.min(text.len());
                let range = start..text.len().min(start + length);
                let (mut again, mut fresh) = (Vec::new(), Vec::new());
                nearby.owners(&words, text.as_bytes(), range.clone(), &mut again);
                Nearby::default().owners(&words, text.as_bytes(), range, &mut fresh);
                again.sort_unstable();
                fresh.sort_unstable();
                prop_assert_eq!(again, fresh);
            }
        }
    }
}
