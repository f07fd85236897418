//! A search for many literals at once, the leftmost and of several the longest.

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, Anchored, Input, MatchKind, Span};

/// The fastest search that the machine and the literals allow.
pub enum Searcher {
    /// With vector instructions.
    Packed(packed::Searcher),
    /// Without.
    Automaton(Box<AhoCorasick>),
}

/// A literal that was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hit {
    /// Which one.
    pub literal: usize,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

impl Searcher {
    /// Prepares a search, which takes time.
    #[must_use]
    pub fn new<L: AsRef<[u8]>>(literals: &[L]) -> Self {
        let packed = packed::Config::new().match_kind(packed::MatchKind::LeftmostLongest).builder().extend(literals).build();
        packed.map_or_else(|| Self::Automaton(Box::new(automaton(literals))), Self::Packed)
    }

    /// The next one that lies between these places.
    #[must_use]
    pub fn next(&self, bytes: &[u8], from: usize, to: usize) -> Option<Hit> {
        let found = match self {
            Self::Packed(packed) => packed.find_in(bytes, Span { start: from, end: to }),
            Self::Automaton(automaton) => automaton.find(Input::new(bytes).span(from..to).anchored(Anchored::No)),
        };
        found.map(|found| Hit { literal: found.pattern().as_usize(), start: found.start(), end: found.end() })
    }
}

fn automaton<L: AsRef<[u8]>>(literals: &[L]) -> AhoCorasick {
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(literals).expect("because a few hundred short literals fit into an automaton")
}
