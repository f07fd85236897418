//! Values of formats without a literal: which contextual rule, if any, holds for what a name introduces.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::model::carrier::CarrierKind;
use crate::model::rule_info::TokenKind;
use crate::rules::name_form::NameForm;
use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;
use crate::scan::around;
use crate::scan::candidate::Lead;
use crate::scan::introducer::Introduction;
use crate::scan::word::stands_as_word;

/// Parts of names that sound like a credential.
const TELLING: [&str; 7] = ["token", "key", "secret", "auth", "pass", "pwd", "credential"];

/// The contextual rules of a set.
pub struct Contexts {
    rules: Vec<RuleIndex>,
    words: Words,
    names: Words,
    /// Syntaxes that alone are context enough for some rule.
    carriers: Vec<CarrierKind>,
}

/// Words, and for each the rule (index into `Contexts::rules`) that it speaks for, `None` for those that speak for all, and how it must stand.
struct Words {
    automaton: Option<AhoCorasick>,
    owners: Vec<(Option<usize>, Stand)>,
}

/// How a word must stand in a text.
#[derive(Clone, Copy)]
enum Stand {
    /// As a word of its own.
    Alone,
    /// In a reduced name.
    InName(NameForm),
}

impl Stand {
    fn holds(self, text: &[u8], at: usize, length: usize) -> bool {
        match self {
            Self::Alone => stands_as_word(text, at, length),
            Self::InName(form) => form.allows(at, length, text.len()),
        }
    }
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

impl Words {
    fn new<'a>(words: impl Iterator<Item = (Option<usize>, Stand, &'a str)>) -> Self {
        let (owners, texts): (Vec<_>, Vec<_>) = words.map(|(owner, stand, text)| ((owner, stand), text)).unzip();
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(&texts);
        Self { automaton: (!texts.is_empty()).then(|| automaton.expect("because a few hundred words fit into an automaton")), owners }
    }

    fn is_in(&self, text: &[u8]) -> bool {
        self.holding(text).next().is_some()
    }

    fn each(&self, text: &[u8], found: impl FnMut(Option<usize>)) {
        self.holding(text).for_each(found);
    }

    /// Whom the words in a text speak for.
    fn holding(&self, text: &[u8]) -> impl Iterator<Item = Option<usize>> {
        self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(text)).filter_map(move |word| {
            let (owner, stand) = self.owners[word.pattern().as_usize()];
            stand.holds(text, word.start(), word.len()).then_some(owner)
        })
    }
}

impl Contexts {
    /// Gathers the contextual rules.
    #[must_use]
    pub fn new(all: &[Rule]) -> Self {
        let index = |i: usize| RuleIndex(u32::try_from(i).expect("because rules are few"));
        let rules: Vec<RuleIndex> = (0..all.len()).filter(|i| all[*i].is_contextual()).map(index).collect();
        let contexts = || rules.iter().enumerate().map(|(at, rule)| (at, &all[rule.0 as usize].context));
        let words = contexts().flat_map(|(at, context)| context.keywords.iter().map(move |word| (Some(at), Stand::Alone, word.as_str())));
        let names = contexts().flat_map(|(at, context)| context.names.iter().map(move |name| (Some(at), NameForm::read(name))));
        let names = names.chain(TELLING.iter().map(|part| (None, (NameForm::Part, *part))));
        let alone = contexts().filter(|(_, context)| context.keywords.is_empty() && context.names.is_empty());
        Self {
            words: Words::new(words),
            names: Words::new(names.map(|(owner, (form, word))| (owner, Stand::InName(form), word))),
            carriers: alone.flat_map(|(_, context)| context.carriers.clone()).collect(),
            rules,
        }
    }

    /// Whether the introduction concerns any rule.
    #[must_use]
    pub fn concerns(&self, bytes: &[u8], introduction: &Introduction) -> bool {
        let name = &bytes[introduction.name.clone()];
        self.carriers.contains(&introduction.kind)
            || is_short_option(introduction)
            || self.names.is_in(introduction.plain(bytes).as_bytes())
            || self.words.is_in(name)
    }

    /// Every contextual rule that holds for the value at `value`, with its end.
    #[must_use]
    pub fn fits(&self, all: &[Rule], bytes: &[u8], value: usize, introduction: &Introduction) -> Vec<Fit> {
        let plain = introduction.plain(bytes);
        let mut named = vec![false; self.rules.len()];
        let mut worded: Vec<bool> = self.rules.iter().map(|rule| all[rule.0 as usize].context.keywords.is_empty()).collect();
        let mut telling = matches!(introduction.kind, CarrierKind::Scheme | CarrierKind::Userinfo) || is_short_option(introduction);
        self.names.each(plain.as_bytes(), |owner| match owner {
            Some(at) => named[at] = true,
            None => telling = true,
        });
        self.words.each(&bytes[introduction.name.clone()], |owner| owner.into_iter().for_each(|at| worded[at] = true));
        let rules = self.rules.iter().map(|index| (*index, &all[index.0 as usize])).enumerate();
        let holding = rules.filter(|(at, (_, rule))| (telling || worded[*at]) && holds(rule, named[*at], introduction.kind));
        let mut fits: Vec<(usize, Fit)> = holding.filter_map(|(at, (index, rule))| Some((at, fit(index, rule, bytes, value)?))).collect();
        // Looking for words near costs most: only for values that the pattern of some rule matches.
        if fits.iter().any(|(at, _)| !worded[*at]) {
            for text in around::texts(bytes, value) {
                self.words.each(text, |owner| owner.into_iter().for_each(|at| worded[at] = true));
            }
        }
        fits.retain(|(at, _)| worded[*at]);
        fits.into_iter().map(|(_, fit)| fit).collect()
    }
}

/// Whether the name is an option such as `-p`, of which the command decides what it means.
fn is_short_option(introduction: &Introduction) -> bool {
    introduction.kind == CarrierKind::Option && introduction.name.len() == 2
}

/// Whether the rule's names and carriers allow the value; `named` says whether one of its names is part of the value's name.
fn holds(rule: &Rule, named: bool, kind: CarrierKind) -> bool {
    let context = &rule.context;
    (context.names.is_empty() || named) && (context.carriers.is_empty() || context.carriers.contains(&kind))
}

/// Matches the rule's pattern from the value's first byte up to a delimiter.
fn fit(index: RuleIndex, rule: &Rule, bytes: &[u8], value: usize) -> Option<Fit> {
    // After a password hash, further fields of its account follow.
    let is_field = |end: usize| rule.info.kind == TokenKind::PasswordHash && bytes.get(end) == Some(&b':');
    let ends = |end: usize| is_delimited(bytes, end) || is_field(end);
    let end = rule.alternatives.iter().find_map(|alt| alt.shape.match_at(bytes, value, &alt.tail).filter(|end| ends(*end)))?;
    Some(Fit { rule: index, end, lead: if rule.context.keywords.is_empty() { Lead::Name } else { Lead::Keyword } })
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
