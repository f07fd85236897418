//! A place where a rule holds, before overlaps are settled and parts joined.

use std::ops::Range;

use crate::model::carrier::Carrier;
use crate::model::decoder::Decoder;
use crate::model::finding::{Alternate, Identity};
use crate::model::grade::Confidence;
use crate::model::token_facts::TokenFacts;
use crate::model::token_key::TokenKey;
use crate::rules::rule_set::RuleIndex;

/// What led to a candidate, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lead {
    /// A name that any credential could have.
    Name,
    /// A vendor's word near the value.
    Keyword,
    /// A literal of the format itself.
    Literal,
    /// Somebody issued exactly this token.
    Issued,
}

impl Lead {
    /// Whether nothing inside or around the place can be more.
    #[must_use]
    pub fn is_firm(self) -> bool {
        self >= Self::Literal
    }
}

/// A rule that holds at a span.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The rule.
    pub rule: RuleIndex,
    /// Its bytes in the layer.
    pub span: Range<usize>,
    /// How sure we are.
    pub confidence: Confidence,
    /// Why.
    pub reason: &'static str,
    /// Whether a checksum or parsed structure proves it.
    pub proven: bool,
    /// What led to it.
    pub lead: Lead,
    /// Whether the rule is one of ours, not another tool's.
    pub ours: bool,
    /// How many conditions the rule sets.
    pub conditions: usize,
    /// Fingerprints.
    pub identity: Identity,
    /// Its other names, none of them a secret.
    pub names: Vec<TokenKey>,
    /// Masked preview.
    pub preview: String,
    /// What carried it.
    pub carrier: Option<Carrier>,
    /// Decoding steps from the layer to the token, outermost first.
    pub decoders: Vec<Decoder>,
    /// What it says of itself.
    pub facts: Option<TokenFacts>,
}

impl Candidate {
    /// Orders candidates for one place: the greatest is kept. Of those that were led there alike, our own rule's stands against another tool's.
    #[must_use]
    pub fn rank(&self) -> (bool, bool, Lead, bool, Confidence, usize, usize) {
        (self.proven, self.confidence > Confidence::Low, self.lead, self.ours, self.confidence, self.conditions, self.span.len())
    }

    /// Adds another plausible reading.
    pub fn add_alternate(&mut self, alternate: Alternate) {
        if let Identity::Fingerprint { alternates, .. } = &mut self.identity {
            alternates.push(alternate);
        }
    }
}

/// A candidate that a filter silenced; kept only when the user asks to see filters at work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dropped {
    /// The filter's name.
    pub filter: &'static str,
    /// The rule that held.
    pub rule: RuleIndex,
    /// Its bytes in the layer.
    pub span: Range<usize>,
}
