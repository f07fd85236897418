//! A rule of another tool as it says it, whatever the file's format.

use crate::model::grade::Confidence;
use crate::rules::foreign::demands::Demands;
use crate::rules::foreign::reading::Pick;
use crate::rules::foreign::syntax::Dialect;

/// A rule of another tool.
#[derive(Clone, Debug)]
pub struct ForeignRule {
    /// Its id, as we call it.
    pub id: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// Which tool it is written for.
    pub tool: &'static str,
    /// One line for people.
    pub name: String,
    /// What it says of the secret.
    pub description: String,
    /// Where to read on.
    pub reference: Option<String>,
    /// Its expression.
    pub pattern: String,
    /// In whose syntax that is.
    pub dialect: Dialect,
    /// Which capture of it is the secret.
    pub pick: Pick,
    /// Words without which its tool does not look for it.
    pub keywords: Vec<String>,
    /// How sure a match is.
    pub confidence: Confidence,
    /// What it demands besides.
    pub demands: Demands,
}

/// The id under which we know a rule: the tool's name and the rule's id, reduced to lower case letters, digits and hyphens.
#[must_use]
pub fn id(tool: &str, id: &str) -> String {
    let lower = id.to_ascii_lowercase();
    let own = lower.strip_prefix(tool).unwrap_or(&lower);
    let words = own.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(tool).chain(words).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use crate::rules::foreign::foreign_rule::id;

    #[test]
    fn ids_are_reduced_to_our_alphabet() {
        for (tool, written, expected) in [
            ("gitleaks", "acme-api-key", "gitleaks-acme-api-key"),
            ("gitleaks", "Acme_Key 2", "gitleaks-acme-key-2"),
            ("kingfisher", "kingfisher.acme.1", "kingfisher-acme-1"),
            ("kingfisher", "custom.acme", "kingfisher-custom-acme"),
            ("kingfisher", "ключ", "kingfisher"),
        ] {
            assert_eq!(id(tool, written), expected);
        }
    }
}
