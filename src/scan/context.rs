//! Values of formats without a literal: which contextual rule, if any, holds for what a name introduces.

use aho_corasick::AhoCorasick;

use crate::model::carrier::CarrierKind;
use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;
use crate::scan::candidate::Lead;
use crate::scan::introducer::Introduction;

/// How far before a value a vendor's word may stand, in bytes.
pub const NEAR: usize = 240;
/// On how many lines before the value's own a vendor's word may stand.
const NEAR_LINES: usize = 2;
/// Parts of names that sound like a credential.
const TELLING: [&str; 14] =
    ["token", "key", "secret", "auth", "pass", "pwd", "credential", "pat", "bearer", "session", "cookie", "sid", "jwt", "basic"];

/// The contextual rules of a set.
pub struct Contexts {
    rules: Vec<RuleIndex>,
    words: Option<AhoCorasick>,
    /// For each word, the rule (index into `rules`) that it speaks for.
    owners: Vec<usize>,
}

/// A contextual rule that holds for a value.
pub struct Fit {
    /// The rule.
    pub rule: RuleIndex,
    /// Where the value ends.
    pub end: usize,
    /// What led to it.
    pub lead: Lead,
}

impl Contexts {
    /// Gathers the contextual rules.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let index = |i: usize| RuleIndex(u32::try_from(i).expect("because rules are few"));
        let contextual: Vec<RuleIndex> = (0..rules.len()).filter(|i| rules[*i].is_contextual()).map(index).collect();
        let words: Vec<(usize, &str)> = contextual
            .iter()
            .enumerate()
            .flat_map(|(at, rule)| rules[rule.0 as usize].context.keywords.iter().map(move |word| (at, word.as_str())))
            .collect();
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(words.iter().map(|(_, word)| word));
        Self {
            rules: contextual,
            owners: words.iter().map(|(at, _)| *at).collect(),
            words: (!words.is_empty()).then(|| automaton.expect("because a few hundred words fit into an automaton")),
        }
    }

    /// Every contextual rule that holds for the value at `value`, with its end.
    pub fn fits(&self, all: &[Rule], bytes: &[u8], value: usize, introduction: &Introduction, mut fit: impl FnMut(Fit)) {
        let telling = is_telling(introduction);
        let mut spoken = vec![Spoken::Not; self.rules.len()];
        self.mark(&bytes[introduction.name.clone()], Spoken::InName, &mut spoken);
        if telling {
            self.mark(near(bytes, value), Spoken::Near, &mut spoken);
        }
        for (at, index) in self.rules.iter().enumerate() {
            let rule = &all[index.0 as usize];
            let context = &rule.context;
            let worded = context.keywords.is_empty() || spoken[at] > Spoken::Not;
            let named = context.names.is_empty() || context.names.iter().any(|name| introduction.plain.contains(name.as_str()));
            let carried = context.carriers.is_empty() || context.carriers.contains(&introduction.kind);
            if !(worded && named && carried) || (context.names.is_empty() && context.carriers.is_empty() && !telling && spoken[at] < Spoken::InName) {
                continue;
            }
            let end = rule.alternatives.iter().find_map(|alt| alt.shape.match_at(bytes, value, &alt.tail).filter(|end| is_delimited(bytes, *end)));
            if let Some(end) = end {
                fit(Fit { rule: *index, end, lead: if context.keywords.is_empty() { Lead::Name } else { Lead::Keyword } });
            }
        }
    }

    fn mark(&self, text: &[u8], how: Spoken, spoken: &mut [Spoken]) {
        let Some(words) = &self.words else { return };
        for found in words.find_overlapping_iter(text) {
            let at = self.owners[found.pattern().as_usize()];
            spoken[at] = spoken[at].max(how);
        }
    }
}

/// Where a rule's word was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spoken {
    Not,
    Near,
    InName,
}

/// Whether the name alone sounds like a credential.
#[must_use]
pub fn is_telling(introduction: &Introduction) -> bool {
    introduction.kind == CarrierKind::Scheme
        || introduction.kind == CarrierKind::Userinfo
        || TELLING.iter().any(|part| introduction.plain.contains(part))
}

/// What stands before the value, on its line and the two before.
fn near(bytes: &[u8], value: usize) -> &[u8] {
    let before = &bytes[value.saturating_sub(NEAR)..value];
    let start = memchr::memrchr_iter(b'\n', before).nth(NEAR_LINES).map_or(0, |at| at + 1);
    &before[start..]
}

/// Whether a value may end here: at a quote, a blank, a bracket, a separator, or a full stop before one.
#[must_use]
pub fn is_delimited(bytes: &[u8], end: usize) -> bool {
    let delimits = |b: u8| b <= b' ' || b"\"'`\\,;&)]}<>|#\x7f".contains(&b);
    match bytes.get(end) {
        None => true,
        Some(b'.' | b':' | b'!' | b'?') => bytes.get(end + 1).is_none_or(|b| delimits(*b)),
        Some(b'@') => true,
        Some(b) => delimits(*b),
    }
}
