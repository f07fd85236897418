//! Values of formats without a literal: which contextual rule, if any, holds for what a name introduces.

use crate::model::carrier::CarrierKind;
use crate::model::rule_info::TokenKind;
use crate::rules::byte_set::ByteSet;
use crate::rules::name_form::NameForm;
use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;
use crate::scan::around;
use crate::scan::candidate::Lead;
use crate::scan::filter::surroundings::is_marked_digest;
use crate::scan::forms::Forms;
use crate::scan::introducer::Introduction;
use crate::scan::nearby::Nearby;
use crate::scan::word::StandingWords;
use crate::scan::words::Words;

/// Parts of names that sound like a credential.
const TELLING: [&str; 7] = ["token", "key", "secret", "auth", "pass", "pwd", "credential"];
/// The owner of [`TELLING`] parts.
const ALL: u32 = u32::MAX;

/// The contextual rules of a set; words and names are owned by the rules' indices.
pub struct Contexts {
    words: StandingWords,
    /// Names of rules without keywords; the others are asked where their keyword stands near.
    names: Words,
    /// What values of rules with words are made of.
    forms: Forms,
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
        let names = contexts()
            .filter(|(_, context)| context.keywords.is_empty())
            .flat_map(|(at, context)| context.names.iter().map(move |name| (at, NameForm::read(name).1)));
        let bare = contexts().filter(|(_, context)| context.keywords.is_empty() && context.names.is_empty());
        let names = Words::new(names.chain(TELLING.map(|part| (ALL, part))));
        let forms = Forms::new((0..).zip(all).filter(|(_, rule)| !rule.context.keywords.is_empty()));
        Self { words: StandingWords::new(words), names, forms, bare: bare.map(|(at, _)| at).collect() }
    }

    /// Every contextual rule that holds for the value at `value`, with its end; none where the introduction concerns no rule.
    #[must_use]
    pub fn fits(&self, all: &[Rule], bytes: &[u8], (value, introduction): (usize, &Introduction), nearby: &mut Nearby) -> Option<Vec<Fit>> {
        let plain = introduction.plain(bytes);
        let (plain, mut named, mut worded) = (plain.as_bytes(), Vec::new(), Vec::new());
        self.names.each(plain, |_, _, owners| named.extend_from_slice(owners));
        self.worded(&bytes[introduction.name.clone()], &mut worded);
        let bare = self.bare.iter().filter(|rule| all[**rule as usize].context.carriers.contains(&introduction.kind));
        let mut asked: Vec<u32> = bare.copied().collect();
        let telling =
            is_short_option(introduction) || matches!(introduction.kind, CarrierKind::Scheme | CarrierKind::Userinfo) || named.contains(&ALL);
        if !telling && named.is_empty() && worded.is_empty() && asked.is_empty() {
            return None;
        }
        let holds = |at: u32| {
            let context = &all[at as usize].context;
            (context.carriers.is_empty() || context.carriers.contains(&introduction.kind))
                && (context.names.is_empty() || context.names.iter().any(|name| NameForm::is_in(name, plain)))
        };
        // What a filter silences whatever stands near needs no keywords.
        let is_digest = || is_marked_digest(&bytes[..value], &bytes[value..]);
        if telling && !is_digest() && self.forms.allow(bytes, value, holds) {
            nearby.owners(&self.words, bytes, around::near(bytes, value), &mut worded);
            around::heads(bytes, value).for_each(|head| self.worded(head, &mut worded));
        }
        asked.extend(named.iter().filter(|owner| **owner != ALL));
        asked.append(&mut worded);
        asked.sort_unstable();
        asked.dedup();
        Some(asked.into_iter().filter(|at| holds(*at)).filter_map(|at| fit(RuleIndex(at), &all[at as usize], bytes, value)).collect())
    }

    /// Adds the rules whose keywords stand in a text.
    fn worded(&self, text: &[u8], rules: &mut Vec<u32>) {
        self.words.each(text, 0..text.len(), |_, _, owner| rules.push(owner));
    }
}

/// Whether the name is an option such as `-p`, of which the command decides what it means.
fn is_short_option(introduction: &Introduction) -> bool {
    introduction.kind == CarrierKind::Option && introduction.name.len() == 2
}

/// Matches the rule's pattern from the value's first byte up to a delimiter.
fn fit(index: RuleIndex, rule: &Rule, bytes: &[u8], value: usize) -> Option<Fit> {
    let end = fit_end(rule, bytes, value)?;
    Some(Fit { rule: index, end, lead: if rule.context.keywords.is_empty() { Lead::Name } else { Lead::Keyword } })
}

/// Where a match ends that begins at `value` and goes up to a delimiter.
#[must_use]
pub fn fit_end(rule: &Rule, bytes: &[u8], value: usize) -> Option<usize> {
    let ends = |end: usize| is_delimited(bytes, end) || (follows_fields(rule) && bytes.get(end) == Some(&b':'));
    rule.alternatives.iter().find_map(|alt| alt.shape.match_at(bytes, value, &alt.tail).filter(|end| ends(*end)))
}

/// Whether further fields may follow the rule's values, after a colon: those of an account after the hash of its password.
#[must_use]
pub fn follows_fields(rule: &Rule) -> bool {
    rule.info.kind == TokenKind::PasswordHash
}

/// What ends values, besides blanks and control characters.
const DELIMITERS: ByteSet = ByteSet::empty().with(b"\"'`\\,;&)]}<>|#\x7f");

/// Whether a value may end here: at a quote, a blank, a bracket, a separator, or a full stop before one.
#[must_use]
pub fn is_delimited(bytes: &[u8], end: usize) -> bool {
    let delimits = |b: u8| b <= b' ' || DELIMITERS.contains(b);
    match bytes.get(end) {
        None | Some(b'@') => true,
        Some(b'.' | b':' | b'!' | b'?') => bytes.get(end + 1).is_none_or(|b| delimits(*b)),
        Some(b) => delimits(*b),
    }
}
