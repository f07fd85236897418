//! Where in the bytes a rule may match: four-byte grams inside runs, literals everywhere.
//!
//! **Invariant:** no match of an anchored rule is missed; false alarms cost a look.

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, Anchored, Input};

use crate::rules::byte_set::ByteSet;
use crate::rules::rule::{Anchor, Rule};
use crate::rules::rule_set::RuleIndex;
use crate::scan::kernel::Run;

/// Bits of the filter in front of the gram table: 32 KiB, so that it stays in the first-level cache.
const FILTER_BITS: u32 = 18;
/// The filter's size in words.
const FILTER_WORDS: usize = 1 << (FILTER_BITS - 6);

/// One alternative of one rule, and how far before the anchor its match begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lead {
    /// The rule.
    pub rule: RuleIndex,
    /// Index of the alternative in the rule.
    pub alternative: u32,
    /// The least distance from the match's start to the anchor.
    pub least: u32,
    /// The greatest distance.
    pub most: u32,
}

/// All grams of a rule set.
pub struct Grams {
    filter: Box<[u64]>,
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
            if let Anchor::Gram { sets, .. } = anchor {
                expand(sets, |gram| pairs.push((gram, lead)));
            }
        }
        pairs.sort_by_key(|(gram, lead)| (*gram, lead.rule, lead.alternative));
        let size = (pairs.len() * 2).next_power_of_two().max(64);
        let mut grams = Self {
            filter: vec![0; FILTER_WORDS].into_boxed_slice(),
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

    /// Calls `hit` for every place in the run where a gram stands.
    #[inline]
    pub fn find<'a>(&'a self, bytes: &[u8], run: Run, mut hit: impl FnMut(usize, &'a [Lead])) {
        let start = run.start;
        for (i, window) in bytes[run].array_windows().enumerate() {
            let gram = u32::from_le_bytes(*window);
            if self.may_hold(gram)
                && let Some(leads) = self.look_up(gram)
            {
                hit(start + i, leads);
            }
        }
    }

    /// Asks the filter: no means no.
    #[inline]
    fn may_hold(&self, gram: u32) -> bool {
        let bit = hash(gram) >> (32 - FILTER_BITS);
        self.filter[(bit >> 6) as usize] >> (bit & 63) & 1 == 1
    }

    fn insert(&mut self, gram: u32, first: u32, count: u32) {
        let bit = hash(gram) >> (32 - FILTER_BITS);
        self.filter[(bit >> 6) as usize] |= 1 << (bit & 63);
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

/// Fibonacci hashing: the high bits are well mixed.
#[inline]
fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9E37_79B1)
}

/// Where the search for a gram's slot begins.
fn slot_of(gram: u32) -> usize {
    let mixed = hash(gram);
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

/// What a literal leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Rules whose match holds it.
    Rules(Vec<Lead>),
    /// Part of a name that introduces a value.
    Name,
    /// The end of the user information in a URL.
    Userinfo,
}

/// Parts of names whose values need not be long runs: each spelling on its own, so that the search stays case-sensitive.
const NAME_PARTS: [&str; 13] =
    ["assw", "ASSW", "assphrase", "ASSPHRASE", "ecret", "ECRET", "uthorization", "UTHORIZATION", "pwd=", "PWD=", "pwd\"", "pwd:", "_auth"];

/// The literals that are searched for in all bytes.
pub struct Literals {
    searcher: Searcher,
    lengths: Vec<usize>,
    targets: Vec<Target>,
    /// How far beyond its start the anchor of a match can lie.
    pub farthest: usize,
}

enum Searcher {
    Packed(packed::Searcher),
    Automaton(Box<AhoCorasick>),
}

impl Literals {
    /// Gathers the literals of all rules, the names and the sign of a URL's user information.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let mut literals: Vec<(Vec<u8>, Target)> = NAME_PARTS.iter().map(|part| (part.as_bytes().to_vec(), Target::Name)).collect();
        literals.push((b"://".to_vec(), Target::Userinfo));
        let mut farthest = 0;
        for (lead, anchor) in anchors(rules) {
            let Anchor::Literal { bytes, .. } = anchor else { continue };
            farthest = farthest.max(lead.most as usize);
            match literals.iter_mut().find(|(literal, _)| literal == bytes) {
                Some((_, Target::Rules(leads))) => leads.push(lead),
                _ => literals.push((bytes.clone(), Target::Rules(vec![lead]))),
            }
        }
        let (patterns, targets): (Vec<_>, Vec<_>) = literals.into_iter().unzip();
        let packed = packed::Config::new().match_kind(packed::MatchKind::LeftmostLongest).builder().extend(&patterns).build();
        let searcher = match packed {
            Some(packed) => Searcher::Packed(packed),
            None => Searcher::Automaton(Box::new(automaton(&patterns))),
        };
        Self { searcher, lengths: patterns.iter().map(Vec::len).collect(), targets, farthest }
    }

    /// Calls `hit` for every place where a literal begins.
    pub fn find(&self, bytes: &[u8], range: Run, mut hit: impl FnMut(usize, usize, &Target)) {
        let mut at = range.start;
        while let Some((pattern, start)) = self.next(bytes, at, range.end) {
            hit(start, self.lengths[pattern], &self.targets[pattern]);
            at = start + 1;
        }
    }

    fn next(&self, bytes: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
        match &self.searcher {
            Searcher::Packed(packed) => {
                packed.find_in(bytes, aho_corasick::Span { start: from, end: to }).map(|m| (m.pattern().as_usize(), m.start()))
            }
            Searcher::Automaton(automaton) => {
                let input = Input::new(bytes).span(from..to).anchored(Anchored::No);
                automaton.find(input).map(|m| (m.pattern().as_usize(), m.start()))
            }
        }
    }
}

fn automaton(patterns: &[Vec<u8>]) -> AhoCorasick {
    AhoCorasick::builder()
        .match_kind(aho_corasick::MatchKind::LeftmostLongest)
        .build(patterns)
        .expect("because a few hundred short literals fit into an automaton")
}

fn anchors(rules: &[Rule]) -> impl Iterator<Item = (Lead, &Anchor)> {
    let number = |n: usize| u32::try_from(n).expect("because reach and rule counts are small");
    rules.iter().enumerate().flat_map(move |(index, rule)| {
        rule.alternatives.iter().enumerate().map(move |(alternative, alt)| {
            let (least, most) = match alt.anchor {
                Anchor::Gram { lead, .. } | Anchor::Literal { lead, .. } => lead,
                Anchor::Context => (0, 0),
            };
            let lead = Lead { rule: RuleIndex(number(index)), alternative: number(alternative), least: number(least), most: number(most) };
            (lead, &alt.anchor)
        })
    })
}
