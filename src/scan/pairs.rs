//! Parts that belong together become one finding: an AWS key id, its secret and its session token.

use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;
use crate::scan::candidate::Candidate;

/// How far apart the parts of one credential may stand, in bytes.
pub const APART: usize = 1024;

/// The rules whose matches are parts of AWS credentials.
#[derive(Clone, Debug)]
pub struct Aws {
    /// Key ids: the lasting and the temporary kind.
    ids: Vec<RuleIndex>,
    /// The secret access key.
    pub secret: RuleIndex,
    session: Option<RuleIndex>,
}

/// A candidate with the parts that were joined to it.
pub struct Joined {
    /// The part that is the secret, or the only one.
    pub main: Candidate,
    /// The others, in the order of the text.
    pub parts: Vec<Candidate>,
}

impl Aws {
    /// Finds the rules by their ids; `None` when the set has no secret or no key id.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Option<Self> {
        let find = |id: &str| rules.iter().position(|rule| rule.info.id == id).and_then(|at| u32::try_from(at).ok()).map(RuleIndex);
        let ids: Vec<RuleIndex> = ["aws-access-key-id", "aws-temporary-key-id"].into_iter().filter_map(find).collect();
        (!ids.is_empty()).then_some(())?;
        Some(Self { ids, secret: find("aws-secret-access-key")?, session: find("aws-session-token") })
    }

    /// Whether the rule finds key ids.
    #[must_use]
    pub fn is_id(&self, rule: RuleIndex) -> bool {
        self.ids.contains(&rule)
    }

    /// Joins, with each secret, the nearest key id and session token that no earlier secret claims.
    #[must_use]
    pub fn join(&self, candidates: Vec<Candidate>) -> Vec<Joined> {
        let mut taken = vec![false; candidates.len()];
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); candidates.len()];
        let secrets: Vec<usize> = (0..candidates.len()).filter(|i| candidates[*i].rule == self.secret).collect();
        let kinds: [(Side, &dyn Fn(RuleIndex) -> bool); 2] =
            [(Side::Before, &|rule| self.is_id(rule)), (Side::After, &|rule| Some(rule) == self.session)];
        for (side, kind) in kinds {
            for secret in &secrets {
                let near = nearest(&candidates, *secret, side, |i| kind(candidates[i].rule) && !taken[i]);
                if let Some(near) = near {
                    taken[near] = true;
                    parts[*secret].push(near);
                }
            }
        }
        let mut slots: Vec<Option<Candidate>> = candidates.into_iter().map(Some).collect();
        (0..slots.len())
            .filter(|i| !taken[*i])
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|i| {
                let mut parts: Vec<Candidate> = parts[i].iter().filter_map(|part| slots[*part].take()).collect();
                parts.sort_by_key(|part| part.span.start);
                slots[i].take().map(|main| Joined { main, parts })
            })
            .collect()
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
