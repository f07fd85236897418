//! Words and expressions by which another tool's rule lets a match pass.

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};

use crate::rules::foreign::syntax::{Dialect, mended};
use crate::rules::terms::Matched;

/// What an expression is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The secret.
    Secret,
    /// The secret with what introduces it.
    Match,
    /// Its line.
    Line,
}

impl Target {
    /// What of a match is meant.
    #[must_use]
    pub fn of(self, matched: Matched<'_>) -> &[u8] {
        match self {
            Self::Secret => matched.secret,
            Self::Match => matched.introduced,
            Self::Line => matched.line,
        }
    }
}

/// Whether one of several signs is enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Need {
    /// One is.
    #[default]
    Any,
    /// One of each kind is wanted.
    Each,
}

/// Signs by which a match is let pass.
#[derive(Clone, Debug, Default)]
pub struct Allowance {
    /// Words, in any case, with what they are looked for in.
    pub words: Option<(Target, AhoCorasick)>,
    /// Expressions, with what they are compared with.
    pub expressions: Vec<(Target, Regex)>,
    /// Whether both kinds are wanted.
    pub need: Need,
}

impl Allowance {
    /// Whether a match is let pass.
    #[must_use]
    pub fn passes(&self, matched: Matched) -> bool {
        let worded = || self.words.as_ref().is_some_and(|(target, words)| words.is_match(target.of(matched)));
        let expressed = || self.expressions.iter().any(|(target, expression)| expression.is_match(target.of(matched)));
        match self.need {
            Need::Each if self.words.is_some() && !self.expressions.is_empty() => worded() && expressed(),
            _ => worded() || expressed(),
        }
    }

    /// Whether it lets nothing pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_none() && self.expressions.is_empty()
    }
}

/// Words that are looked for in any case; none where there are none.
#[must_use]
pub fn words(words: &[String]) -> Option<AhoCorasick> {
    let words: Vec<&String> = words.iter().filter(|word| !word.is_empty()).collect();
    let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(&words).ok();
    (!words.is_empty()).then(build).flatten()
}

/// An expression over bytes; none where it cannot be understood.
#[must_use]
pub fn expression(pattern: &str, dialect: Dialect) -> Option<Regex> {
    RegexBuilder::new(&mended(pattern, dialect)).unicode(false).build().ok()
}
