//! Parts that belong together become one finding: a key id, its secret, perhaps a session token.

use std::collections::{HashMap, HashSet};

use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;
use crate::scan::candidate::Candidate;

/// How far apart the parts of one credential may stand, in bytes.
pub const APART: usize = 1024;

/// Which rules find parts of the same credential.
pub struct Pairs {
    /// For the rules of secrets, those of their other parts.
    parts: HashMap<RuleIndex, Parts>,
    /// For the rules of key ids, those of secrets that are looked for near them though nothing introduces these.
    bare: HashMap<RuleIndex, Vec<RuleIndex>>,
    /// Rules of key ids.
    ids: Vec<RuleIndex>,
}

/// The rules of what belongs to a secret, by the side on which it usually stands.
struct Parts {
    before: Vec<RuleIndex>,
    after: Vec<RuleIndex>,
    needed: bool,
}

/// A candidate with the parts that were joined to it.
pub struct Joined {
    /// The part that is the secret, or the only one.
    pub main: Candidate,
    /// The others, in the order of the text.
    pub parts: Vec<Candidate>,
}

impl Pairs {
    /// Finds the rules by their ids; those that the set has not are left out.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let number = |at: usize| RuleIndex(u32::try_from(at).expect("because rules are few"));
        let secrets = || rules.iter().enumerate().filter(|(_, rule)| !rule.partner.before.is_empty() || !rule.partner.after.is_empty());
        let wanted: HashSet<&str> =
            secrets().flat_map(|(_, rule)| rule.partner.before.iter().chain(&rule.partner.after)).map(String::as_str).collect();
        let known: HashMap<&str, RuleIndex> =
            rules.iter().enumerate().filter(|(_, rule)| wanted.contains(&*rule.info.id)).map(|(at, rule)| (&*rule.info.id, number(at))).collect();
        let find = |ids: &[String]| ids.iter().filter_map(|id| known.get(id.as_str()).copied()).collect::<Vec<_>>();
        let mut pairs = Self { parts: HashMap::new(), bare: HashMap::new(), ids: Vec::new() };
        for (at, rule) in secrets() {
            let parts = Parts { before: find(&rule.partner.before), after: find(&rule.partner.after), needed: rule.partner.needed };
            if rule.partner.bare {
                parts.before.iter().for_each(|id| pairs.bare.entry(*id).or_default().push(number(at)));
            }
            pairs.ids.extend(&parts.before);
            pairs.parts.insert(number(at), parts);
        }
        pairs
    }

    /// Whether the rule finds key ids that wait for their secret.
    #[must_use]
    pub fn is_id(&self, rule: RuleIndex) -> bool {
        self.ids.contains(&rule)
    }

    /// Whether a finding of this rule without its other parts counts for little.
    #[must_use]
    pub fn needs(&self, rule: RuleIndex) -> bool {
        self.parts.get(&rule).is_some_and(|parts| parts.needed)
    }

    /// The rules of secrets that may stand near a key id of this rule without an introduction.
    #[must_use]
    pub fn bare(&self, id: RuleIndex) -> &[RuleIndex] {
        self.bare.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Joins, with each secret, the nearest key id and what usually stands after it that no earlier secret claims.
    #[must_use]
    pub fn join(&self, candidates: Vec<Candidate>) -> Vec<Joined> {
        let mut taken = vec![false; candidates.len()];
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); candidates.len()];
        let secrets: Vec<(usize, &Parts)> = candidates.iter().enumerate().filter_map(|(at, c)| Some((at, self.parts.get(&c.rule)?))).collect();
        for side in [Side::Before, Side::After] {
            for (secret, with) in &secrets {
                let rules = if side == Side::Before { &with.before } else { &with.after };
                let near = nearest(&candidates, *secret, side, |i| rules.contains(&candidates[i].rule) && !taken[i]);
                if let Some(near) = near.filter(|_| !taken[*secret]) {
                    taken[near] = true;
                    parts[*secret].push(near);
                }
            }
        }
        let mut slots: Vec<Option<Candidate>> = candidates.into_iter().map(Some).collect();
        let mains: Vec<usize> = (0..slots.len()).filter(|i| !taken[*i]).collect();
        let mut joined = Vec::with_capacity(mains.len());
        for at in mains {
            let mut parts: Vec<Candidate> = parts[at].iter().filter_map(|part| slots[*part].take()).collect();
            parts.sort_by_key(|part| part.span.start);
            joined.extend(slots[at].take().map(|main| Joined { main, parts }));
        }
        joined
    }
}

/// On which side of the secret a part usually stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// The candidate nearest to `from` that is near enough and passes the test, on its usual side if there is one.
fn nearest(candidates: &[Candidate], from: usize, usual: Side, test: impl Fn(usize) -> bool) -> Option<usize> {
    let span = &candidates[from].span;
    let same = |i: &usize| candidates[*i].rule == candidates[from].rule;
    let before = || (0..from).rev().take_while(|i| !same(i)).take_while(|i| span.start.saturating_sub(candidates[*i].span.start) <= 2 * APART);
    let after = || (from + 1..candidates.len()).take_while(|i| !same(i)).take_while(|i| candidates[*i].span.start.saturating_sub(span.end) <= APART);
    let near = |i: &usize| span.start.saturating_sub(candidates[*i].span.end) <= APART && test(*i);
    let (mut before, mut after) = (before().filter(near), after().filter(near));
    match usual {
        Side::Before => before.next().or_else(|| after.next()),
        Side::After => after.next().or_else(|| before.next()),
    }
}
