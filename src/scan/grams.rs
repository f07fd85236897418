//! Four-byte grams inside runs: a filter that says no to nearly all places, and a table that knows the rest.
//!
//! **Invariant:** no gram of an anchored rule is missed; false alarms cost a look.

use crate::rules::byte_set::ByteSet;
use crate::rules::rule::{Anchor, Rule};
use crate::scan::anchors::{Lead, anchors};
use crate::scan::kernel::Run;
use crate::scan::pair_filter::PairFilter;

/// All grams of a rule set.
pub struct Grams {
    filter: PairFilter,
    /// Open addressing by the gram's hash; `u32::MAX` in `first` marks a free slot.
    slots: Vec<Slot>,
    leads: Vec<Lead>,
    /// How far beyond its start the anchor of a match can lie.
    pub farthest: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    gram: u32,
    first: u32,
    count: u32,
}

impl Grams {
    /// Gathers the grams of all rules.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let mut pairs: Vec<(u32, Lead)> = Vec::new();
        let mut products = Vec::new();
        for (lead, anchor) in anchors(rules) {
            if let Anchor::Gram { sets, .. } = anchor {
                expand(sets, |gram| pairs.push((gram, lead)));
                products.push(sets);
            }
        }
        pairs.sort_by_key(|(gram, lead)| (*gram, lead.rule, lead.alternative));
        let size = (pairs.len() * 2).next_power_of_two().max(64);
        let mut grams = Self {
            filter: PairFilter::new(products),
            slots: vec![Slot { gram: 0, first: u32::MAX, count: 0 }; size],
            leads: pairs.iter().map(|(_, lead)| *lead).collect(),
            farthest: pairs.iter().map(|(_, lead)| lead.most as usize).max().unwrap_or(0),
        };
        let mut first = 0;
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            grams.insert(group[0].0, first, u32::try_from(group.len()).expect("because rules are few"));
            first += u32::try_from(group.len()).expect("because rules are few");
        }
        grams
    }

    /// Appends every place in the runs where a gram may stand.
    pub fn places(&self, bytes: &[u8], runs: impl Iterator<Item = Run>, places: &mut Vec<usize>) {
        self.filter.places(bytes, runs, places);
    }

    /// The rules whose gram stands at a place.
    #[must_use]
    pub fn at(&self, bytes: &[u8], place: usize) -> &[Lead] {
        bytes[place..].first_chunk().and_then(|gram| self.look_up(u32::from_le_bytes(*gram))).unwrap_or_default()
    }

    fn insert(&mut self, gram: u32, first: u32, count: u32) {
        let mask = self.slots.len() - 1;
        let mut at = slot_of(gram) & mask;
        while self.slots[at].first != u32::MAX {
            at = (at + 1) & mask;
        }
        self.slots[at] = Slot { gram, first, count };
    }

    fn look_up(&self, gram: u32) -> Option<&[Lead]> {
        let mask = self.slots.len() - 1;
        let mut at = slot_of(gram) & mask;
        loop {
            let slot = self.slots[at];
            if slot.first == u32::MAX {
                return None;
            }
            if slot.gram == gram {
                return Some(&self.leads[slot.first as usize..(slot.first + slot.count) as usize]);
            }
            at = (at + 1) & mask;
        }
    }
}

/// Where the search for a gram's slot begins (Fibonacci hashing: the high bits are well mixed).
fn slot_of(gram: u32) -> usize {
    let mixed = gram.wrapping_mul(0x9E37_79B1);
    (mixed ^ mixed >> 15) as usize
}

fn expand(sets: &[ByteSet; 4], mut push: impl FnMut(u32)) {
    for a in sets[0].iter() {
        for b in sets[1].iter() {
            for c in sets[2].iter() {
                for d in sets[3].iter() {
                    push(u32::from_le_bytes([a, b, c, d]));
                }
            }
        }
    }
}
