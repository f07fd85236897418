//! A finding -> an alert that a token lies where it may be read.

use std::collections::BTreeMap;

use crate::detect::frameworks::Frameworks;
use crate::model::alert::{Alert, AlertData, AlertIssuance, AlertToken, Event, Location, Observed};
use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::ledger_match::{Ours, Standing};
use crate::model::token_key::TokenKey;
use crate::outputs::place::origin_text;
use crate::outputs::stable_id::StableId;
use crate::pipeline::ours::names;

/// How many entries a list in an alert has at most.
const MOST: usize = 16;
/// How many bytes a text in an alert has at most.
const LONGEST: usize = 300;

/// The alert.
#[must_use]
pub fn exposed(finding: &Finding, frameworks: &Frameworks, now: Instant) -> Alert {
    let ours = ours(finding);
    let token = token(finding, ours);
    let worst = ours.and_then(|ours| ours.verdicts.iter().max_by_key(|verdict| verdict.severity));
    let mut evidence: Vec<String> = vec![finding.reason.clone()];
    evidence.extend(ours.into_iter().flat_map(|ours| &ours.verdicts).map(|verdict| format!("{}: {}", verdict.id, verdict.message)));
    let mut data = AlertData {
        finding_id: StableId::of(finding, None).hex(),
        supersedes: None,
        rule: worst.map_or_else(|| finding.rule.id.to_string(), |verdict| verdict.id.clone()),
        title: worst.map_or_else(|| format!("{} found", finding.rule.name), |verdict| verdict.message.clone()),
        severity: finding.severity(),
        confidence: finding.confidence,
        issued_to: ours.map(|ours| issued_to(&ours.matched.issuance)),
        observed: Observed {
            time: Some(now),
            locations: vec![Location { uri: origin_text(&finding.origin), line: finding.position.line, record: None }],
            ..Observed::default()
        },
        action: None,
        evidence,
        frameworks: BTreeMap::new(),
        remediation: finding.rule.remedy.to_string(),
        links: BTreeMap::new(),
        token,
    };
    complete(&mut data, frameworks);
    if !finding.rule.revocation_url.is_empty() {
        data.links.insert("revoke".to_owned(), finding.rule.revocation_url.to_string());
    }
    Alert { event: Event::Exposed, timestamp: now, data }
}

/// What the ledger says of a finding's token.
#[must_use]
pub fn ours(finding: &Finding) -> Option<&Ours> {
    if let Standing::Yes(ours) = &finding.standing { Some(ours) } else { None }
}

fn token(finding: &Finding, ours: Option<&Ours>) -> AlertToken {
    let mut all = names(finding).into_iter();
    let fp = ours.map(|ours| ours.matched.by.clone()).or_else(|| finding.fingerprint().cloned().map(TokenKey::Fingerprint));
    let mut token = match ours {
        Some(ours) => issued_token(&ours.matched.issuance),
        None => AlertToken { provider: Some(finding.rule.provider.to_string()), ..AlertToken::default() },
    };
    token.alt_keys = all.by_ref().filter(|name| Some(name) != fp.as_ref()).collect();
    token.alt_keys.sort();
    token.alt_keys.dedup();
    let facts = finding.facts.as_ref();
    token.iss = token.iss.or_else(|| facts?.iss.clone());
    token.jti = token.jti.or_else(|| facts?.jti.clone());
    token.kid = token.kid.or_else(|| facts?.kid.clone());
    token.provider = token.provider.or_else(|| Some(finding.rule.provider.to_string()));
    AlertToken { fp, preview: Some(finding.preview.clone()), ..token }
}

/// A token as its record names it.
#[must_use]
pub fn issued_token(issuance: &Issuance) -> AlertToken {
    AlertToken {
        fp: issuance.fp.clone(),
        alt_keys: issuance.alt_keys.clone(),
        preview: None,
        token_type: Some(issuance.token_type),
        provider: issuance.provider.clone(),
        iss: issuance.iss.clone(),
        jti: issuance.jti.clone(),
        kid: issuance.kid.clone(),
        family_id: issuance.family_id.clone(),
    }
}

/// Whom a token was issued to.
#[must_use]
pub fn issued_to(issuance: &Issuance) -> AlertIssuance {
    AlertIssuance {
        to: issuance.issued_to.clone(),
        actor_chain: issuance.actor_chain.clone(),
        tools: issuance.tools.clone(),
        aud: issuance.aud.clone(),
        scope: issuance.scope.clone(),
        issued_at: issuance.issued_at,
        expires_at: issuance.expires_at,
    }
}

/// Adds what follows from rule and token: ids of frameworks, and commands that tell more.
pub fn complete(data: &mut AlertData, frameworks: &Frameworks) {
    data.frameworks = frameworks.of(&data.rule).map(|(short, ids)| (short.to_owned(), ids.to_vec())).collect();
    if let Some(name) = &data.token.fp {
        data.links.insert("timeline".to_owned(), format!("beartrap timeline {name}"));
    }
    data.links.insert("explain".to_owned(), format!("beartrap explain {}", data.rule));
    bound(data);
}

/// Leaves out what would make an alert longer than receivers take, some 20 kB (Standard Webhooks 1.0.0): logs and records may say anything.
fn bound(data: &mut AlertData) {
    cut(&mut data.title);
    cut(&mut data.remediation);
    data.token.alt_keys.truncate(MOST);
    data.observed.locations.truncate(MOST);
    data.observed.locations.iter_mut().for_each(|location| cut(&mut location.uri));
    let texts = [&mut data.evidence, &mut data.observed.tools];
    let issued = data.issued_to.iter_mut().flat_map(|to| [&mut to.actor_chain, &mut to.tools, &mut to.aud, &mut to.scope]);
    for list in texts.into_iter().chain(issued) {
        list.truncate(MOST);
        list.iter_mut().for_each(cut);
    }
}

/// Cuts a text between two characters.
fn cut(text: &mut String) {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::alerts::from_finding::{LONGEST, cut};

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, length) in [("a".repeat(LONGEST), LONGEST), ("a".repeat(LONGEST + 1), LONGEST + 3), ("ü".repeat(LONGEST), LONGEST + 3)] {
            let mut text = text;
            cut(&mut text);
            assert_eq!(text.len(), length);
        }
    }
}
