//! Says no to nearly all places where no gram stands, in five steps a byte: two tables of byte pairs whose groups must meet.
//!
//! A gram is two pairs. Its anchor belongs to one of eight groups; a place may hold a gram when some group knows both its pairs.
//!
//! **Invariant:** never no where a gram stands.

use crate::rules::byte_set::ByteSet;
use crate::scan::kernel::Run;

const GROUPS: usize = 8;
const PAIRS: usize = 1 << 16;

/// For each pair of bytes, the groups that know it: as the first half of a gram, and as the second.
pub struct PairFilter {
    first: Box<[u8; PAIRS]>,
    second: Box<[u8; PAIRS]>,
}

impl PairFilter {
    /// Shares grams, as sets of bytes for each place, among the groups so that few pairs meet by chance.
    #[must_use]
    pub fn new(mut grams: Vec<&[ByteSet; 4]>) -> Self {
        let table = || vec![0; PAIRS].into_boxed_slice().try_into().expect("because it was made of this size");
        let mut filter = Self { first: table(), second: table() };
        let size = |sets: &[ByteSet; 4]| sets.iter().map(|set| set.iter().count()).product::<usize>();
        grams.sort_by_cached_key(|sets| std::cmp::Reverse(size(sets)));
        let mut known = [(0, 0); GROUPS];
        for sets in grams {
            let [first, second] = [pairs(&sets[0], &sets[1]), pairs(&sets[2], &sets[3])];
            let cost = |group: usize| {
                let new = |table: &[u8; PAIRS], pairs: &[u16]| pairs.iter().filter(|pair| table[usize::from(**pair)] >> group & 1 == 0).count();
                let (had, has) = (known[group], (known[group].0 + new(&filter.first, &first), known[group].1 + new(&filter.second, &second)));
                (has.0 * has.1 - had.0 * had.1, has)
            };
            let (group, (_, has)) =
                (0..GROUPS).map(|group| (group, cost(group))).min_by_key(|(_, (cost, _))| *cost).expect("because there are groups");
            known[group] = has;
            for pair in first {
                filter.first[usize::from(pair)] |= 1 << group;
            }
            for pair in second {
                filter.second[usize::from(pair)] |= 1 << group;
            }
        }
        filter
    }

    /// Appends the places in the runs, or right after them, that may hold a gram.
    #[inline(never)]
    pub fn places(&self, bytes: &[u8], runs: impl Iterator<Item = Run>, places: &mut Vec<usize>) {
        for run in runs {
            let mut at = run.start;
            while at + 4 <= run.end {
                // Eight bytes are five places; near the end of all bytes, zeros follow, which no gram holds.
                let window = bytes[at..].first_chunk().copied().unwrap_or_else(|| {
                    let mut window = [0; 8];
                    window[..bytes.len() - at].copy_from_slice(&bytes[at..]);
                    window
                });
                let window = u64::from_le_bytes(window);
                let meet: [u8; 5] = std::array::from_fn(|i| self.first[pair(window, i)] & self.second[pair(window, i + 2)]);
                if meet[0] | meet[1] | meet[2] | meet[3] | meet[4] != 0 {
                    places.extend((0..5).filter(|i| meet[*i] != 0).map(|i| at + i));
                }
                at += 5;
            }
        }
    }
}

/// The two bytes of a window from the `i`-th on.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a pair is the lower sixteen bits")]
fn pair(window: u64, i: usize) -> usize {
    usize::from((window >> (8 * i)) as u16)
}

fn pairs(a: &ByteSet, b: &ByteSet) -> Vec<u16> {
    a.iter().flat_map(|a| b.iter().map(move |b| u16::from_le_bytes([a, b]))).collect()
}
