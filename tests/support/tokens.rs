//! Synthetic tokens of the built-in rules, made when they are needed.

use beartrap::rules::generate::{Random, token};
use beartrap::rules::rule::Rule;
use beartrap::rules::rule_set::RuleSet;

/// The built-in rules whose format has a literal of its own.
pub fn anchored() -> Vec<Rule> {
    RuleSet::builtin().rules().iter().filter(|rule| !rule.is_contextual()).cloned().collect()
}

/// A token of the rule; the same one for the same seed.
pub fn make(rule: &Rule, seed: u64) -> Vec<u8> {
    let id = rule.info.id.bytes().fold(seed, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b)));
    token(rule, &mut Random::new(id))
}
