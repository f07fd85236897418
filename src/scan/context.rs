//! Values of formats without a literal: which contextual rule, if any, holds for what a name introduces.

use crate::model::carrier::CarrierKind;
use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;
use crate::scan::candidate::Lead;
use crate::scan::introducer::Introduction;
use crate::scan::words::Words;

/// How far from a value a vendor's word may stand, in bytes.
pub const NEAR: usize = 240;
/// On how many lines before the value's own a vendor's word may stand.
const NEAR_LINES: usize = 2;
/// Parts of names that sound like a credential.
const TELLING: [&str; 7] = ["token", "key", "secret", "auth", "pass", "pwd", "credential"];
/// The owner of [`TELLING`] parts.
const ALL: u32 = u32::MAX;
/// The owner of names that count only where a keyword stands near.
const KEYED: u32 = u32::MAX - 1;

/// The contextual rules of a set; words and names are owned by the rules' indices.
pub struct Contexts {
    words: Words,
    /// Names of rules without keywords; of all others, which are many and alike, only that they are such.
    names: Words,
    /// Rules that want a syntax alone.
    bare: Vec<u32>,
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
    pub fn new(all: &[Rule]) -> Self {
        let contexts = || (0..).zip(all).filter(|(_, rule)| rule.is_contextual()).map(|(at, rule)| (at, &rule.context));
        let words = contexts().flat_map(|(at, context)| context.keywords.iter().map(move |word| (at, word.as_str())));
        let names = contexts().flat_map(|(at, context)| {
            let owner = if context.keywords.is_empty() { at } else { KEYED };
            context.names.iter().map(move |name| (owner, name.as_str()))
        });
        let bare = contexts().filter(|(_, context)| context.keywords.is_empty() && context.names.is_empty());
        Self { words: Words::new(words), names: Words::new(names.chain(TELLING.map(|part| (ALL, part)))), bare: bare.map(|(at, _)| at).collect() }
    }

    /// Every contextual rule that holds for the value at `value`, with its end; none where the introduction concerns no rule.
    #[must_use]
    pub fn fits(&self, all: &[Rule], bytes: &[u8], value: usize, introduction: &Introduction) -> Option<Vec<Fit>> {
        let (mut named, mut worded) = (Vec::new(), Vec::new());
        let plain = introduction.plain(bytes);
        self.names.each(plain.as_bytes(), |_, _, owners| named.extend_from_slice(owners));
        self.words.each(&bytes[introduction.name.clone()], |_, _, owners| worded.extend_from_slice(owners));
        let is_option = is_short_option(introduction);
        let bare = self.bare.iter().filter(|rule| all[**rule as usize].context.carriers.contains(&introduction.kind));
        let mut asked: Vec<u32> = bare.copied().collect();
        if named.is_empty() && worded.is_empty() && asked.is_empty() && !is_option {
            return None;
        }
        let telling = is_option || matches!(introduction.kind, CarrierKind::Scheme | CarrierKind::Userinfo) || named.contains(&ALL);
        let in_name = worded.len();
        if telling {
            for text in [before(bytes, value), after(bytes, value)] {
                self.words.each(text, |_, _, owners| worded.extend_from_slice(owners));
            }
        }
        asked.extend(named.iter().filter(|owner| **owner < KEYED));
        asked.extend_from_slice(if telling { &worded } else { &worded[..in_name] });
        asked.sort_unstable();
        asked.dedup();
        let holds = |at: &u32| {
            let context = &all[*at as usize].context;
            (context.carriers.is_empty() || context.carriers.contains(&introduction.kind))
                && (context.names.is_empty() || context.names.iter().any(|name| memchr::memmem::find(plain.as_bytes(), name.as_bytes()).is_some()))
        };
        Some(asked.into_iter().filter(holds).filter_map(|at| fit(RuleIndex(at), &all[at as usize], bytes, value)).collect())
    }
}

/// Whether the name is an option such as `-p`, of which the command decides what it means.
fn is_short_option(introduction: &Introduction) -> bool {
    introduction.kind == CarrierKind::Option && introduction.name.len() == 2
}

/// Matches the rule's pattern from the value's first byte up to a delimiter.
fn fit(index: RuleIndex, rule: &Rule, bytes: &[u8], value: usize) -> Option<Fit> {
    let end = rule.alternatives.iter().find_map(|alt| alt.shape.match_at(bytes, value, &alt.tail).filter(|end| is_delimited(bytes, *end)))?;
    Some(Fit { rule: index, end, lead: if rule.context.keywords.is_empty() { Lead::Name } else { Lead::Keyword } })
}

/// What stands in and after the value on its line.
fn after(bytes: &[u8], value: usize) -> &[u8] {
    let after = &bytes[value..bytes.len().min(value + NEAR)];
    memchr::memchr(b'\n', after).map_or(after, |at| &after[..at])
}

/// What stands before the value, on its line and the two before.
fn before(bytes: &[u8], value: usize) -> &[u8] {
    let before = &bytes[value.saturating_sub(NEAR)..value];
    let start = memchr::memrchr_iter(b'\n', before).nth(NEAR_LINES).map_or(0, |at| at + 1);
    &before[start..]
}

/// Whether a value may end here: at a quote, a blank, a bracket, a separator, or a full stop before one.
#[must_use]
pub fn is_delimited(bytes: &[u8], end: usize) -> bool {
    let delimits = |b: u8| b <= b' ' || b"\"'`\\,;&)]}<>|#\x7f".contains(&b);
    match bytes.get(end) {
        None | Some(b'@') => true,
        Some(b'.' | b':' | b'!' | b'?') => bytes.get(end + 1).is_none_or(|b| delimits(*b)),
        Some(b) => delimits(*b),
    }
}
