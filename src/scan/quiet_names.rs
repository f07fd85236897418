//! Remembers names that concern no rule: logs repeat the same few keys on every line.
//!
//! **Invariant:** a name is recognised by all of its bytes, so that nothing is ever passed over by mistake.

use std::ops::Range;

use crate::model::carrier::CarrierKind;
use crate::scan::introducer::Introduction;

/// How many names are remembered.
const SLOTS: usize = 64;

/// The names of one layer that were last found to concern no rule.
pub struct QuietNames([Option<(CarrierKind, Range<usize>)>; SLOTS]);

impl QuietNames {
    /// No names yet.
    #[must_use]
    pub fn new() -> Self {
        Self([const { None }; SLOTS])
    }

    /// Whether this name, in this syntax, is known to concern no rule.
    #[must_use]
    #[inline]
    pub fn has(&self, bytes: &[u8], introduction: &Introduction) -> bool {
        let name = &bytes[introduction.name.clone()];
        self.0[slot(name)].as_ref().is_some_and(|(kind, known)| *kind == introduction.kind && bytes[known.clone()] == *name)
    }

    /// Remembers a name.
    pub fn add(&mut self, bytes: &[u8], introduction: &Introduction) {
        self.0[slot(&bytes[introduction.name.clone()])] = Some((introduction.kind, introduction.name.clone()));
    }
}

/// Spreads names by their length and a few of their bytes.
fn slot(name: &[u8]) -> usize {
    let at = |i: usize| name.get(i).map_or(0, |b| usize::from(*b));
    (name.len() * 31 + at(0) * 7 + at(name.len() / 2) * 3 + at(name.len().wrapping_sub(1))) % SLOTS
}
