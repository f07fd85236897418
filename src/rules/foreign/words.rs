//! Words that every match of a part of an expression holds: vendors' names, or words that any credential's name has.

use regex_syntax::hir::{Class, Hir, HirKind};

/// The most texts that one stretch may stand for.
const MAX_TEXTS: usize = 64;
/// The longest text that is looked at, in bytes.
const MAX_TEXT: usize = 256;
/// The most repetitions of a short text that are written out.
const MAX_COUNT: u32 = 4;
/// The most letters that one place may have to be part of a word.
const MAX_LETTERS: usize = 4;
/// What the names of credentials are made of, whoever issued them.
const GENERIC: [&str; 53] = [
    "access",
    "account",
    "add",
    "admin",
    "api",
    "app",
    "authorization",
    "auth",
    "basic",
    "bearer",
    "client",
    "config",
    "connection",
    "cookie",
    "credentials",
    "credential",
    "creds",
    "cred",
    "data",
    "database",
    "db",
    "env",
    "export",
    "field",
    "header",
    "https",
    "http",
    "id",
    "item",
    "jwt",
    "kind",
    "key",
    "login",
    "name",
    "oauth",
    "password",
    "passwd",
    "passphrase",
    "pass",
    "private",
    "public",
    "pwd",
    "secret",
    "set",
    "session",
    "shared",
    "string",
    "token",
    "type",
    "url",
    "user",
    "value",
    "x",
];

/// The word that each of some alternative texts holds, in lower case, of which every match has one.
#[must_use]
pub fn required(parts: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut stretch = vec![String::new()];
    for part in parts {
        let joined = texts(part).and_then(|texts| product(&stretch, &texts));
        if let Some(joined) = joined {
            stretch = joined;
            continue;
        }
        consider(&mut best, words_of(&stretch));
        stretch = texts(part).unwrap_or_else(|| vec![String::new()]);
        consider(&mut best, inside(part));
    }
    consider(&mut best, words_of(&stretch));
    best
}

/// Whether a word, in lower case, could stand in the name of any credential.
#[must_use]
pub fn is_generic(word: &str) -> bool {
    fn made_of(plain: &str) -> bool {
        plain.is_empty() || GENERIC.iter().any(|part| plain.strip_prefix(part).is_some_and(made_of))
    }
    made_of(&plain(word))
}

/// A word's lower case letters and digits.
#[must_use]
pub fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Keeps the better of two sets: vendors before generic words, then by the shortest word.
fn consider(best: &mut Option<Vec<String>>, other: Option<Vec<String>>) {
    let value = |words: &Vec<String>| {
        let shortest = words.iter().map(String::len).min().unwrap_or(0);
        (shortest > 2, !words.iter().any(|word| is_generic(word)), shortest)
    };
    if let Some(other) = other
        && best.as_ref().is_none_or(|best| value(&other) > value(best))
    {
        *best = Some(other);
    }
}

/// The words required inside a part that stands for too many texts.
fn inside(part: &Hir) -> Option<Vec<String>> {
    match part.kind() {
        HirKind::Capture(capture) => required(std::slice::from_ref(&capture.sub)),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(std::slice::from_ref(&repetition.sub)),
        HirKind::Concat(parts) => required(parts),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(required(std::slice::from_ref(part))?);
            }
            Some(distinct(all))
        }
        _ => None,
    }
}

/// The word of each text: the longest that is not generic, or else the last; none where a text has no word.
fn words_of(texts: &[String]) -> Option<Vec<String>> {
    let word = |text: &String| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c)).map(|word| word.trim_matches(['_', '-', '.']));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let own = words.iter().filter(|word| !is_generic(word)).max_by_key(|word| word.len());
        own.or(words.last()).map(|word| (*word).to_owned())
    };
    texts.iter().map(word).collect::<Option<Vec<_>>>().map(distinct)
}

/// All texts, in lower case, that a part stands for, if they are few.
fn texts(part: &Hir) -> Option<Vec<String>> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![String::new()]),
        HirKind::Literal(literal) => Some(vec![String::from_utf8_lossy(&literal.0).to_ascii_lowercase()]),
        HirKind::Class(class) => letters(class),
        HirKind::Capture(capture) => texts(&capture.sub),
        HirKind::Concat(parts) => parts.iter().try_fold(vec![String::new()], |before, part| product(&before, &texts(part)?)),
        HirKind::Alternation(parts) => {
            let all = parts.iter().map(texts).collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= MAX_TEXTS).then(|| distinct(all))
        }
        HirKind::Repetition(repetition) => {
            let max = repetition.max.filter(|max| *max <= MAX_COUNT)?;
            let sub = texts(&repetition.sub)?;
            let mut counted = vec![vec![String::new()]];
            for _ in 0..max {
                counted.push(product(counted.last()?, &sub)?);
            }
            let all = counted.split_off(repetition.min as usize).concat();
            (all.len() <= MAX_TEXTS).then(|| distinct(all))
        }
    }
}

fn letters(class: &Class) -> Option<Vec<String>> {
    let Class::Bytes(class) = class else { return None };
    let bytes = class.iter().flat_map(|range| range.start()..=range.end()).take(2 * MAX_LETTERS + 1);
    let letters = distinct(bytes.map(|byte| char::from(byte).to_ascii_lowercase().to_string()).collect());
    (letters.len() <= MAX_LETTERS).then_some(letters)
}

fn product(before: &[String], after: &[String]) -> Option<Vec<String>> {
    let join = |a: &String| after.iter().map(move |b| format!("{a}{b}")).collect::<Vec<_>>();
    let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    let is_small = before.len() * after.len() <= MAX_TEXTS && longest(before) + longest(after) <= MAX_TEXT;
    is_small.then(|| distinct(before.iter().flat_map(join).collect()))
}

fn distinct(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use crate::rules::foreign::syntax::{Dialect, parse};
    use crate::rules::foreign::words::{is_generic, required};

    #[test]
    fn words_are_those_that_every_match_holds() {
        for (pattern, expected) in [
            (r"(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})", Some(vec!["acme"])),
            (r"(?i)(?:acme|initech)[\w]{0,9}", Some(vec!["acme", "initech"])),
            (r"(?i)[\w.-]{0,9}(?:(?-i:ACME|[Aa]cme)|zed)=", Some(vec!["acme", "zed"])),
            (r"(?i)acme[\s._-]*client[\s._-]*id", Some(vec!["acme"])),
            (r"(?i)(?:db_passw(?:or)?d|pwd)", Some(vec!["db_passwd", "db_password", "pwd"])),
            (r"(?i)acme(?:.|[\n\r]){0,32}?\b(?:key|secret)\b", Some(vec!["acme"])),
            (r"Authorization:\s*Bearer\s+", Some(vec!["authorization"])),
            (r"Authorization: Bearer ", Some(vec!["bearer"])),
            (r"(?:acme)?[\w]{3}", None),
            (r"(?:acme|[a-z]{3})", None),
            (r"['\x22=:]", None),
        ] {
            let hir = parse(pattern, Dialect::Go).expect("because the test's pattern is a regular expression");
            let found = required(&[hir]);
            assert_eq!(found, expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect()), "{pattern}");
        }
    }

    #[test]
    fn generic_words_are_made_of_generic_parts() {
        for (word, expected) in
            [("api_key", true), ("X-Api-Key", true), ("dbpassword", true), ("acme", false), ("acmekey", false), ("accesskeyid", true)]
        {
            assert_eq!(is_generic(word), expected, "{word}");
        }
    }
}
