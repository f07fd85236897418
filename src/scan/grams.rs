//! Four-byte grams with which words of runs begin: a filter that says no to nearly all, and a table that knows the rest.
//!
//! **Invariant:** no gram of an anchored rule is missed where a token may begin.

use crate::rules::anchor::Place;
use crate::rules::byte_set::ByteSet;
use crate::rules::rule::{MIN_RUN, Rule};
use crate::scan::anchors::{Lead, anchors};
use crate::scan::boundary::after_escapes;
use crate::scan::kernel::each_word;
use crate::scan::walk::Run;

/// Bits of the filter's hash.
const FILTER_BITS: u32 = 17;

/// All grams of a rule set.
pub struct Grams {
    /// A bit for each hash of a gram.
    filter: Box<[u64; 1 << (FILTER_BITS - 6)]>,
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
        for (lead, anchor) in anchors(rules) {
            if anchor.place == Place::Begin {
                expand(&anchor.sets, |gram| pairs.push((gram, lead)));
            }
        }
        pairs.sort_by_key(|(gram, lead)| (*gram, lead.rule, lead.alternative));
        let size = (pairs.len() * 2).next_power_of_two().max(64);
        let mut grams = Self {
            filter: Box::new([0; 1 << (FILTER_BITS - 6)]),
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

    /// Calls `found` with every place in the runs where a token may begin with a gram, and with each rule that the gram leads to.
    pub fn each(&self, bytes: &[u8], runs: impl Iterator<Item = Run>, mut found: impl FnMut(usize, Lead)) {
        let runs: Vec<Run> = runs.map(|run| run.start..last(bytes, run.end)).filter(|run| !run.is_empty()).collect();
        // Nearly all places are none; which are is written down without a branch.
        let mut places = Places { grams: self, bytes, few: [0; FEW], len: 0, found: Vec::new() };
        each_word(bytes, runs.iter().cloned(), |at| places.look(at));
        for run in &runs {
            after_escapes(bytes, run, &mut |at| places.look(at));
        }
        places.keep();
        for at in places.found {
            let leads = bytes[at..].first_chunk().and_then(|gram| self.look_up(u32::from_le_bytes(*gram)));
            leads.unwrap_or_default().iter().filter(|lead| lead.around.holds(bytes, at)).for_each(|lead| found(at, *lead));
        }
    }

    #[inline]
    fn may_know(&self, gram: u32) -> bool {
        let hash = filter_hash(gram);
        self.filter[hash >> 6] >> (hash & 63) & 1 == 1
    }

    fn insert(&mut self, gram: u32, first: u32, count: u32) {
        let mask = self.slots.len() - 1;
        let mut at = slot_of(gram) & mask;
        while self.slots[at].first != u32::MAX {
            at = (at + 1) & mask;
        }
        self.slots[at] = Slot { gram, first, count };
        let hash = filter_hash(gram);
        self.filter[hash >> 6] |= 1 << (hash & 63);
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

/// Where the last word begins with which a match may go on to the run's end: so many bytes before it that the match is long enough, or anywhere where
/// a line break or a log driver may have cut it.
#[inline]
fn last(bytes: &[u8], end: usize) -> usize {
    let cut = match bytes.get(end) {
        Some(b'\n' | b'\r' | b'\\') => true,
        Some(b'"') => bytes[end..].starts_with(b"\",\"stream\":"),
        _ => false,
    };
    if cut { end } else { end.saturating_sub(MIN_RUN - 1) }
}

/// How many places are looked at before those that passed are kept.
const FEW: usize = 64;

/// Places where a gram may stand.
struct Places<'a> {
    grams: &'a Grams,
    bytes: &'a [u8],
    few: [usize; FEW],
    len: usize,
    found: Vec<usize>,
}

impl Places<'_> {
    #[inline]
    fn look(&mut self, at: usize) {
        let Some(gram) = self.bytes[at..].first_chunk() else { return };
        self.few[self.len] = at;
        self.len += usize::from(self.grams.may_know(u32::from_le_bytes(*gram)));
        if self.len == FEW {
            self.keep();
        }
    }

    fn keep(&mut self) {
        self.found.extend(&self.few[..self.len]);
        self.len = 0;
    }
}

#[inline]
fn filter_hash(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - FILTER_BITS)) as usize
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
