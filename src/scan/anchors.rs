//! Where in a match an anchor stands: what leads from an anchor back to the rule and to the match's start.

use crate::rules::anchor::{Anchor, Around};
use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;

/// One alternative of one rule, and how far before the anchor its match begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Lead {
    /// The rule.
    pub rule: RuleIndex,
    /// Index of the alternative in the rule.
    pub alternative: u32,
    /// The least distance from the match's start to the anchor.
    pub least: u32,
    /// The greatest distance.
    pub most: u32,
    /// What stands around the anchor.
    pub around: Around,
}

/// Every anchored alternative of every rule.
pub fn anchors(rules: &[Rule]) -> impl Iterator<Item = (Lead, &Anchor)> {
    let number = |n: usize| u32::try_from(n).expect("because reach and rule counts are small");
    rules.iter().enumerate().flat_map(move |(index, rule)| {
        let anchored = rule.alternatives.iter().enumerate().filter_map(|(at, alternative)| Some((at, alternative.anchor.as_ref()?)));
        anchored.map(move |(alternative, anchor)| {
            let (least, most) = anchor.lead;
            let around = anchor.around;
            let lead = Lead { rule: RuleIndex(number(index)), alternative: number(alternative), least: number(least), most: number(most), around };
            (lead, anchor)
        })
    })
}
