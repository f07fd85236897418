//! What is looked for: the rules, and the tables that lead to them.

use std::sync::Arc;

use crate::model::fingerprint::FingerprintKey;
use crate::model::keep::Keep;
use crate::model::known::Known;
use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;
use crate::scan::context::Contexts;
use crate::scan::grams::Grams;
use crate::scan::judge::Keys;
use crate::scan::literals::Literals;
use crate::scan::pairs::Pairs;

/// What is looked for, gathered once for all passes.
pub struct Plan {
    /// The rules.
    pub rules: Arc<Vec<Rule>>,
    /// Anchors inside runs.
    pub grams: Grams,
    /// Anchors anywhere.
    pub literals: Literals,
    /// Rules without anchors.
    pub contexts: Contexts,
    /// Which rules find parts of one credential.
    pub pairs: Pairs,
    /// The key of fingerprints, where they are keyed.
    pub key: Option<FingerprintKey>,
    /// Further keys, for names that only their owner compares.
    pub further_keys: Vec<FingerprintKey>,
    /// Who wants to hold tokens in memory.
    pub keep: Option<Arc<dyn Keep>>,
    /// Who knows issued tokens, and the rule that stands for them: its index is the first after all others.
    pub issued: Option<(Arc<dyn Known>, Rule)>,
    /// How deep decoders may nest; 0 decodes nothing.
    pub max_depth: u32,
}

impl Plan {
    /// The rule at an index.
    #[must_use]
    pub fn rule(&self, index: RuleIndex) -> &Rule {
        let issued = || self.issued.as_ref().map(|(_, rule)| rule);
        self.rules.get(index.0 as usize).or_else(issued).expect("because indices come from the rules")
    }

    /// Under which keys tokens are fingerprinted.
    #[must_use]
    pub fn keys(&self) -> Keys<'_> {
        Keys { main: self.key.as_ref(), further: &self.further_keys, keep: self.keep.as_deref() }
    }
}
