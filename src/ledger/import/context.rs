//! What an import cannot do without: the families of the tokens it has seen, and how n-grams are made.

use crate::ledger::import::lineage::Lineage;
use crate::model::known::Gram;

/// The n-gram by which a raw token is found between any bytes; none for one that is too short. Keeps nothing of the token.
pub type GramOf<'a> = &'a (dyn Fn(&[u8]) -> Option<Gram> + Sync);

/// What every format is handed beside an item.
pub struct Context<'a> {
    /// Families of rotated and exchanged tokens.
    pub lineage: Lineage,
    /// How n-grams are made.
    pub gram_of: GramOf<'a>,
}

impl<'a> Context<'a> {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(gram_of: GramOf<'a>) -> Self {
        Self { lineage: Lineage::default(), gram_of }
    }
}
