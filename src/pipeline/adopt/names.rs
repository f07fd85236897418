//! What a report calls things: made harmless, without any that shows a token, and turned into a rule where none of ours holds.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::grade::Severity;
use crate::model::rule_info::{RuleInfo, TokenKind};
use crate::model::secret::Secret;
use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Told};
use crate::scan::claimed::shows;
use crate::scan::engine::Engine;

/// The longest name that is told, in characters.
const LONGEST: usize = 160;
/// What stands for a name that is not told.
const UNNAMED: &str = "unnamed";

/// Rules of other scanners, each made once.
#[derive(Default)]
pub struct Rules(HashMap<(String, Severity), Arc<RuleInfo>>);

impl Rules {
    /// The rule by which another scanner found a token that no rule of ours knows.
    pub fn of(&mut self, claim: &Claim) -> Arc<RuleInfo> {
        let Witness { tool, rule, tried, .. } = &claim.witness;
        let id = format!("{}:{}", slug(tool), slug(rule));
        let severity = if *tried == Tried::Live { Severity::Critical } else { Severity::High };
        let made = self.0.entry((id.clone(), severity)).or_insert_with(|| Arc::new(made(id, severity, claim)));
        Arc::clone(made)
    }
}

fn made(id: String, severity: Severity, claim: &Claim) -> RuleInfo {
    let Witness { tool, rule, .. } = &claim.witness;
    let name = if claim.name.is_empty() { rule } else { &claim.name };
    RuleInfo {
        kind: kind(&format!("{id} {name}")),
        id: id.into(),
        name: name.trim_end_matches('.').to_owned().into(),
        provider: claim.provider.clone().unwrap_or_else(|| format!("somebody whom {tool} does not name")).into(),
        severity,
        remedy: format!("Revoke it where it was issued, issue a new one, and look for its use; {tool} knows it by its rule {rule}.").into(),
        revocation_url: "".into(),
    }
}

/// What a token is, by the words of its rule's name.
fn kind(name: &str) -> TokenKind {
    let name = name.to_lowercase();
    let words: [(&[&str], TokenKind); 5] = [
        (&["private-key", "private key", "privatekey", "pem", "ssh"], TokenKind::PrivateKey),
        (&["password", "passwd", "basic-auth", "basic auth", "credential-uri"], TokenKind::Password),
        (&["refresh"], TokenKind::Refresh),
        (&["session", "cookie"], TokenKind::Session),
        (&["webhook", "signed-url", "sas-token"], TokenKind::CapabilityUrl),
    ];
    words.iter().find(|(words, _)| words.iter().any(|word| name.contains(word))).map_or(TokenKind::Bearer, |(_, kind)| *kind)
}

/// Lower case, one word, harmless in every format.
fn slug(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c.to_ascii_lowercase() } else { '-' };
    let slug: String = text.trim().chars().map(plain).take(LONGEST / 2).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { UNNAMED.to_owned() } else { slug.to_owned() }
}

/// Shortens the names in a claim, and drops those that show its token or another one.
pub fn clean(engine: &Engine, claim: &mut Claim) {
    let token = if let Told::Secret(token) = &claim.told { Some(token) } else { None };
    let others: Vec<&Secret> = token.into_iter().chain(&claim.partner).collect();
    let Witness { tool, version, rule, id, .. } = &mut claim.witness;
    let texts =
        [tool, rule, &mut claim.name].into_iter().chain([version, id, &mut claim.provider, &mut claim.place.repository].into_iter().flatten());
    for text in texts {
        if text.chars().count() > LONGEST {
            *text = text.chars().take(LONGEST).collect();
        }
        let is_shown = if others.is_empty() { shows(engine, text, None) } else { others.iter().any(|one| shows(engine, text, Some(one))) };
        if is_shown {
            UNNAMED.clone_into(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::rule_info::TokenKind;
    use crate::pipeline::adopt::names::{kind, slug};

    #[test]
    fn names_become_ids() {
        for (name, expected) in [
            ("github-pat", "github-pat"),
            ("Secret Keyword", "secret-keyword"),
            ("kingfisher.github.1", "kingfisher.github.1"),
            ("a\nb:c", "a-b-c"),
            ("  ", "unnamed"),
            ("é", "unnamed"),
        ] {
            assert_eq!(slug(name), expected, "{name:?}");
        }
    }

    #[test]
    fn kinds_follow_from_words() {
        for (name, expected) in [
            ("gitleaks:private-key", TokenKind::PrivateKey),
            ("detect-secrets:basic-auth-credentials", TokenKind::Password),
            ("x:oauth-refresh-token", TokenKind::Refresh),
            ("x:slack-webhook-url", TokenKind::CapabilityUrl),
            ("x:github-pat", TokenKind::Bearer),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }
}
