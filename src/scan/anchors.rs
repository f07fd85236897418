//! Where in a match an anchor stands: what leads from an anchor back to the rule and to the match's start.

use crate::rules::rule::{Anchor, Rule};
use crate::rules::rule_set::RuleIndex;

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

/// Every alternative of every rule with its anchor.
pub fn anchors(rules: &[Rule]) -> impl Iterator<Item = (Lead, &Anchor)> {
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
