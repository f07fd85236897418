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

/// How much a rule asks, as far as it decides between two rules; compared field by field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Precision {
    /// How many conditions it sets on claims, words near and the name.
    pub conditions: usize,
    /// The length of the longest of its names in the value's name: `vendorapikey` is more than `apikey`.
    pub name: usize,
    /// Whether it sets conditions on the syntax.
    pub carriers: usize,
}

/// How distinctive the format is by itself, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Distinction {
    /// A few literal bytes, or none.
    Plain,
    /// A few literal bytes, and the vendor's word stands near.
    Vouched,
    /// So many literal bytes that no other vendor's word near says anything against it.
    Literal,
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
    /// Whether its format is so common that a name must vouch for it.
    pub tentative: bool,
    /// How distinctive its format is.
    pub distinction: Distinction,
    /// How much the rule asks of the place and of the value.
    pub precision: Precision,
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
    ///
    /// A prefix beside its vendor's name counts as much as a literal that leads to its rule by itself.
    #[must_use]
    pub fn rank(&self) -> impl Ord + use<> {
        let lead = if self.distinction == Distinction::Vouched { self.lead.max(Lead::Literal) } else { self.lead };
        (self.proven, self.confidence > Confidence::Low, lead, self.ours, self.distinction, self.confidence, self.precision, self.span.len())
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
