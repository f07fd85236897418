//! What is said of another tool's rule file: what of it is not honoured, and which rules are skipped.

use std::fmt::{Display, Formatter, Result};

/// The longest name of a field that is repeated to the user, in characters.
const MAX_FIELD: usize = 40;

/// One thing to say of a rule file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The rule's id, as we call it; none where it is about the whole file.
    pub rule: Option<String>,
    /// What is said.
    pub what: What,
}

/// What is said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// The rule cannot be used, and why.
    Skipped(String),
    /// The file holds no rules at all.
    NoRules,
    /// A field, or a part of it, is not honoured.
    LeftOut(String),
    /// A field is honoured in another way than its own tool does.
    Otherwise(String),
}

impl What {
    /// A field is not honoured; only its name is repeated, and only where it looks like one.
    #[must_use]
    pub fn left_out(field: &str) -> Self {
        let is_name = field.len() <= MAX_FIELD && field.chars().all(|c| c.is_ascii_alphanumeric() || "_-. ".contains(c));
        Self::LeftOut(if is_name { field.to_owned() } else { "…".to_owned() })
    }

    /// Whether nothing of the rule or file remains.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Skipped(_) | Self::NoRules)
    }
}

impl Display for Note {
    fn fmt(&self, f: &mut Formatter) -> Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(rule) = &self.rule {
            write!(f, "rule `{rule}`: ")?;
        }
        match &self.what {
            What::Skipped(why) => write!(f, "skipped: {why}"),
            What::NoRules => write!(f, "skipped: it holds no rules"),
            What::LeftOut(field) => write!(f, "field `{field}` is not supported and left out"),
            What::Otherwise(what) => write!(f, "{what}"),
        }
    }
}
