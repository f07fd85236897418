//! Asks the ledger about every finding: is it ours, is it alive, what does it mean that it lies there.

use std::sync::Arc;

use crate::detect::case::{Exposed, Facts, Signature};
use crate::detect::catalogue::judge;
use crate::detect::exposure_severity::exposure_severity;
use crate::detect::options::Options;
use crate::detect::place_kind::guess;
use crate::ledger::ledger::{Ledger, LedgerError};
use crate::model::exposure::{Exposure, Reach};
use crate::model::finding::{Alternate, Finding, Identity};
use crate::model::instant::Instant;
use crate::model::known::Known;
use crate::model::ledger_match::{LedgerMatch, Ours, Standing};
use crate::model::origin::Origin;
use crate::model::token_key::TokenKey;

/// How many places are written in one transaction.
const TOGETHER: usize = 4096;

/// Who is asked about findings.
pub enum Asked {
    /// Nobody.
    Nobody,
    /// A filter of the ledger.
    Filter(Arc<dyn Known>),
    /// The ledger.
    Ledger(Box<Book>),
}

/// A ledger, and what has been seen and not yet written.
pub struct Book {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// Who can read what is scanned, where the user said so.
    pub reach: Option<Reach>,
    /// Thresholds of detections.
    pub options: Options,
    /// What has been seen.
    pub seen: Vec<(i64, Exposure)>,
}

impl Asked {
    /// Sets the finding's standing; `now` is the time of the run.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; the finding stays as it is.
    pub fn about(&mut self, finding: &mut Finding, now: Instant) -> Result<(), LedgerError> {
        match self {
            Self::Nobody => Ok(()),
            Self::Filter(filter) => {
                let held = |key: &TokenKey| matches!(key, TokenKey::Fingerprint(fingerprint) if filter.holds(fingerprint));
                finding.standing = if names(finding).iter().any(held) { Standing::Possibly } else { Standing::No };
                Ok(())
            }
            Self::Ledger(book) => book.about(finding, now),
        }
    }

    /// Hands over what was seen, for whoever writes it.
    pub fn take_seen(&mut self) -> Vec<(i64, Exposure)> {
        if let Self::Ledger(book) = self { std::mem::take(&mut book.seen) } else { Vec::new() }
    }

    /// Writes what was seen, and tells what the ledger could not answer meanwhile.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; then it is tried again with the next ones.
    pub fn flush(&mut self) -> Result<(), LedgerError> {
        if let Self::Ledger(book) = self { book.flush() } else { Ok(()) }
    }
}

impl Book {
    fn about(&mut self, finding: &mut Finding, now: Instant) -> Result<(), LedgerError> {
        let Some((by, stored)) = self.ledger.find(&names(finding))? else {
            finding.standing = Standing::No;
            return Ok(());
        };
        let id = stored.id;
        let exposure = exposure(finding, self.reach, now);
        let matched = self.ledger.answer(by, stored, now, now)?;
        let earlier = self.seen.iter().filter(|(one, _)| *one == id).map(|(_, exposure)| exposure);
        stand(finding, matched, (earlier, &exposure), (now, &self.options));
        self.seen.push((id, exposure));
        if self.seen.len() >= TOGETHER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        if !self.seen.is_empty() {
            self.ledger.expose(&self.seen)?;
            self.seen.clear();
        }
        self.ledger.take_trouble().map_or(Ok(()), |error| Err(error.into()))
    }
}

/// Sets the standing of a finding that the ledger knows and that lies at a place, after others that are not written yet.
pub fn stand<'a>(
    finding: &mut Finding,
    mut matched: LedgerMatch,
    (earlier, exposure): (impl Iterator<Item = &'a Exposure>, &'a Exposure),
    judging: (Instant, &Options),
) {
    take_reading(finding, &matched.by);
    add(&mut matched, exposure, earlier);
    finding.standing = Standing::Yes(Box::new(judged(finding, matched, exposure, judging)));
}

/// What it means that a token of ours lies there.
fn judged(finding: &Finding, matched: LedgerMatch, exposure: &Exposure, (now, options): (Instant, &Options)) -> Ours {
    let mut facts = Facts::from(finding);
    if matches!(matched.by, TokenKey::Unsigned(_)) {
        facts.signature = Signature::Stripped;
    }
    let case = Exposed { finding: facts, exposure, matched: Some(&matched), masked_elsewhere: finding.masked_near, now, options };
    let severity = exposure_severity(&case).unwrap_or(finding.rule.severity);
    let verdicts = judge(&case);
    let worst = verdicts.iter().map(|verdict| verdict.severity).max().unwrap_or(severity);
    Ours { severity: severity.max(worst), verdicts, matched }
}

/// Every name of a finding's token, the surest first: fingerprints of all readings, the JWT's own, those of its parts.
#[must_use]
pub fn names(finding: &Finding) -> Vec<TokenKey> {
    let mut names = Vec::new();
    if let Identity::Fingerprint { fingerprint, alternates } = &finding.identity {
        names.push(TokenKey::Fingerprint(fingerprint.clone()));
        names.extend(alternates.iter().map(|alternate| TokenKey::Fingerprint(alternate.fingerprint.clone())));
    }
    names.extend(finding.names.iter().cloned());
    if let Some(facts) = &finding.facts {
        names.extend(facts.unsigned_fingerprint.as_deref().and_then(|text| text.parse().ok()).map(TokenKey::Unsigned));
        if let (Some(iss), Some(jti)) = (&facts.iss, &facts.jti) {
            names.push(TokenKey::JwtId { iss: iss.clone(), jti: jti.clone() });
        }
    }
    for part in &finding.parts {
        names.push(TokenKey::Fingerprint(part.fingerprint.clone()));
        names.extend(part.names.iter().cloned());
    }
    names
}

/// Where several ends were plausible, the ledger has decided.
fn take_reading(finding: &mut Finding, by: &TokenKey) {
    let (Identity::Fingerprint { fingerprint, alternates }, TokenKey::Fingerprint(known)) = (&mut finding.identity, by) else { return };
    if let Some(at) = alternates.iter().position(|alternate| alternate.fingerprint == *known) {
        let Alternate { length, .. } = alternates[at];
        let other = std::mem::replace(fingerprint, known.clone());
        alternates[at] = Alternate { fingerprint: other, length, reason: "as its rule reads it" };
    }
}

fn exposure(finding: &Finding, reach: Option<Reach>, now: Instant) -> Exposure {
    let location = finding.origin.to_string();
    let (kind, guessed) = match &*finding.origin {
        Origin::Elsewhere(place) => guess(&place.path.to_string_lossy(), b""),
        _ => guess(&location, b""),
    };
    Exposure {
        kind,
        reach: reach.unwrap_or(guessed),
        location,
        line: finding.position.line,
        carrier: finding.carrier.clone(),
        decoders: finding.decoders.clone(),
        first_seen: now,
        last_seen: now,
        count: 1,
    }
}

/// Adds places of this run to those that are written already.
fn add<'a>(matched: &mut LedgerMatch, exposure: &'a Exposure, earlier: impl Iterator<Item = &'a Exposure>) {
    for one in earlier.chain([exposure]) {
        let same = |known: &&mut Exposure| known.location == one.location && known.carrier == one.carrier && known.kind == one.kind;
        match matched.exposures.iter_mut().find(same) {
            Some(known) => {
                known.count += one.count;
                known.last_seen = known.last_seen.max(one.last_seen);
            }
            None => matched.exposures.push(one.clone()),
        }
    }
}
