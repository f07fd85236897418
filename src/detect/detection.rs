//! One question asked of every sighting, and how its answer is put together.

use std::fmt::Display;

use crate::detect::case::Exposed;
use crate::detect::described::Described;
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::verdict::{Evidence, Verdict};

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Detection {
    /// Its id, such as `EX-02`.
    pub id: &'static str,
    /// A few words for people.
    pub name: &'static str,
    /// How bad it is where nothing makes it better or worse.
    pub severity: Severity,
    /// What its answers rest on.
    pub basis: Basis,
    /// The comment at the head of its file, as it stands there.
    pub about: &'static str,
    /// How it is answered.
    pub judge: Judge,
}

/// What an answer rests on: whether it may raise an alarm alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// Facts that leave no doubt.
    Deterministic,
    /// Behaviour that has innocent explanations.
    Behavioural,
    /// Facts where the answer's confidence is high, else behaviour.
    ByConfidence,
}

/// What a detection looks at.
#[derive(Clone, Copy, Debug)]
pub enum Judge {
    /// A token that lay somewhere; `None` where there is nothing to say.
    Exposed(fn(&Exposed) -> Option<Verdict>),
    /// A token itself, once for each place where it lay and once for all its uses: hygiene, which raises no alarm.
    Token(fn(&Described) -> Option<Verdict>),
    /// A token and all its uses.
    Used(fn(&Used) -> Vec<Answer>),
}

/// The headings that every comment has, in this order.
pub const HEADINGS: [&str; 4] = ["What it asks", "Why it matters", "Evidence", "When it is wrong"];

impl Detection {
    /// The comment as text: `beartrap explain` prints it.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self.about.lines().map(|line| line.trim_start_matches("//!").trim_start_matches(' ').trim_end());
        lines.fold(String::new(), |text, line| text + line + "\n")
    }

    /// The comment's first sentence.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.about.lines().next().unwrap_or_default().trim_start_matches("//!").trim().trim_end_matches('.')
    }

    /// An answer of this detection.
    #[must_use]
    pub fn verdict(&self, severity: Severity, confidence: Confidence, message: String, evidence: Vec<Evidence>) -> Verdict {
        Verdict { id: self.id.to_owned(), severity, confidence, message, evidence }
    }
}

/// One piece of evidence.
#[must_use]
pub fn evidence(name: &str, value: impl Display) -> Evidence {
    Evidence { name: name.to_owned(), value: value.to_string() }
}

/// The lines of a file before the first that is no `//!`.
#[must_use]
pub const fn comment(file: &'static str) -> &'static str {
    let bytes = file.as_bytes();
    let mut end = 0;
    while end + 3 <= bytes.len() && bytes[end] == b'/' && bytes[end + 1] == b'/' && bytes[end + 2] == b'!' {
        while end < bytes.len() && bytes[end] != b'\n' {
            end += 1;
        }
        if end < bytes.len() {
            end += 1;
        }
    }
    file.split_at(end).0
}

#[cfg(test)]
mod tests {
    use crate::detect::detection::comment;

    #[test]
    fn the_comment_ends_where_code_begins() {
        for (file, expected) in [("//! A.\n//!\n//! b\n\nuse x;\n//! c\n", "//! A.\n//!\n//! b\n"), ("use x;", ""), ("//! A.", "//! A."), ("", "")] {
            assert_eq!(comment(file), expected);
        }
    }
}
