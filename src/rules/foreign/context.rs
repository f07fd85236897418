//! What stands before a secret in another tool's expression -> the context that ours wants.

use regex_syntax::hir::{Hir, HirKind};

use crate::model::carrier::CarrierKind;
use crate::rules::byte_set::ByteSet;
use crate::rules::foreign::reading::Reading;
use crate::rules::foreign::words::{is_generic, plain, required};
use crate::rules::shape::{Shape, Step};
use crate::rules::spec::Context;

/// The shortest word that may stand anywhere near a value.
const MIN_KEYWORD: usize = 3;
/// The shortest part of a value's own name.
const MIN_NAME: usize = 2;
/// How many letters or digits of its own let a format do without its keywords.
const MIN_OWN: usize = 3;

/// What must introduce the secret of a reading; nothing where it has only a boundary before it and letters of its own.
#[must_use]
pub fn context(reading: &Reading, keywords: &[String], shapes: &[Shape]) -> Context {
    let words = required(&reading.before).or_else(|| required(&reading.after));
    let words = words.filter(|words| words.iter().all(|word| plain(word).len() >= MIN_NAME));
    let is_userinfo = is_userinfo(reading);
    let mut context = match words {
        Some(words) if are_vendors(&words) => Context { keywords: words, ..Context::default() },
        Some(_) if is_userinfo => Context::default(),
        Some(words) => {
            let own: &[String] = if are_vendors(keywords) { keywords } else { &[] };
            Context { keywords: own.to_vec(), names: names(&words), ..Context::default() }
        }
        None if is_userinfo || shapes.iter().all(|shape| has_own(shape, keywords)) => Context::default(),
        None => by_keywords(keywords),
    };
    if is_userinfo {
        context.carriers.push(CarrierKind::Userinfo);
    }
    context
}

/// The context that a rule's keywords make, for a format that has too little of its own: long words near, short or general ones in the value's name.
#[must_use]
pub fn by_keywords(keywords: &[String]) -> Context {
    let long: Vec<String> = keywords.iter().filter(|word| word.len() >= MIN_KEYWORD && word.is_ascii()).cloned().collect();
    if !long.is_empty() && are_vendors(&long) {
        return Context { keywords: long, ..Context::default() };
    }
    Context { names: names(keywords), ..Context::default() }
}

fn are_vendors(words: &[String]) -> bool {
    !words.is_empty() && words.iter().all(|word| word.len() >= MIN_KEYWORD && word.is_ascii() && !is_generic(word))
}

fn names(words: &[String]) -> Vec<String> {
    let mut names: Vec<String> = words.iter().map(|word| plain(word)).filter(|name| name.len() >= MIN_NAME).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether the secret stands in `scheme://user:secret@host`.
fn is_userinfo(reading: &Reading) -> bool {
    let literal = |part: &Hir| match part.kind() {
        HirKind::Literal(literal) => literal.0.to_vec(),
        _ => Vec::new(),
    };
    let opens = reading.before.iter().any(|part| memchr::memmem::find(&literal(part), b"://").is_some());
    opens && reading.after.first().is_some_and(|part| literal(part).starts_with(b"@"))
}

/// Whether a shape holds letters of its own, or one of the keywords.
fn has_own(shape: &Shape, keywords: &[String]) -> bool {
    let certain = certain(shape);
    certain.chars().filter(char::is_ascii_alphanumeric).count() >= MIN_OWN || keywords.iter().any(|word| certain.contains(&word.to_ascii_lowercase()))
}

/// What every match of a shape holds, in lower case, a blank wherever it does not say.
fn certain(shape: &Shape) -> String {
    let letter = |set: ByteSet| {
        let mut letters = set.iter().map(|byte| char::from(byte).to_ascii_lowercase());
        letters.next().filter(|first| letters.all(|other| other == *first)).unwrap_or(' ')
    };
    let text = |step: &Step| match step {
        Step::Literal(bytes) => String::from_utf8_lossy(bytes).to_ascii_lowercase(),
        Step::Class { set, min, max, .. } if min == max && set.len() <= 2 => letter(*set).to_string().repeat(*min),
        Step::Class { .. } => " ".to_owned(),
    };
    shape.0.iter().map(text).collect()
}
