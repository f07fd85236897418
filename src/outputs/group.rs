//! Findings gathered by token: one token that lies in ten places is one thing to revoke.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::carrier::Carrier;
use crate::model::decoder::Decoder;
use crate::model::finding::{Finding, Part};
use crate::model::grade::Confidence;
use crate::model::ledger_match::Standing;
use crate::model::origin::Origin;
use crate::model::place::{ByteSpan, Position};

/// The places of one token, found by one rule.
#[derive(Clone, Debug)]
pub struct Group {
    /// The surest of its findings, of equally sure ones the first by place.
    pub head: Finding,
    /// Where the token lies, sorted.
    pub places: Vec<Place>,
    /// Parts of the same credential near any of the places, each fingerprint once, at its first place.
    pub parts: Vec<GroupPart>,
}

/// A part of the credential, and the origin that it lies in.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupPart {
    /// Where the bytes came from.
    pub origin: Arc<Origin>,
    /// The part.
    pub part: Part,
}

/// One place of a token.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    /// Where the bytes came from.
    pub origin: Arc<Origin>,
    /// The token's bytes.
    pub span: ByteSpan,
    /// Line and column of the first byte.
    pub position: Position,
    /// What carried it.
    pub carrier: Option<Carrier>,
    /// The decoding steps, from the outside in.
    pub decoders: Vec<Decoder>,
    /// How sure we are here.
    pub confidence: Confidence,
    /// Why.
    pub reason: String,
}

/// Findings by token, in the making.
#[derive(Default, Debug)]
pub struct Groups(HashMap<(String, String), Group>);

impl Groups {
    /// Adds a finding to its token's group; withheld ones are told apart by rule and preview only.
    pub fn add(&mut self, finding: &Finding) {
        // What the ledger knows is one token, whatever rules have found it.
        let is_ours = matches!(finding.standing, Standing::Yes(_));
        let rule = if is_ours { String::new() } else { finding.rule.id.to_string() };
        let group = self.0.entry((rule, finding.token())).or_insert_with(|| Group::new(finding));
        if rank(finding) < rank(&group.head) {
            group.head = finding.clone();
        }
        if is_ours && seen(&finding.standing) > seen(&group.head.standing) {
            group.head.standing = finding.standing.clone();
        }
        group.places.push(Place::from(finding));
        for part in &finding.parts {
            group.add_part(GroupPart { origin: Arc::clone(&finding.origin), part: part.clone() });
        }
    }

    /// The groups, worst and surest first, then by place.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.0.into_values().collect();
        for group in &mut groups {
            group.places.sort_by(|a, b| (&a.origin, a.span).cmp(&(&b.origin, b.span)));
            group.parts.sort_by(|a, b| a.place().cmp(&b.place()));
        }
        groups.sort_by(|a, b| rank(&a.head).cmp(&rank(&b.head)));
        groups
    }
}

/// In how many records a token was seen, as far as this one tells.
fn seen(standing: &Standing) -> u64 {
    if let Standing::Yes(ours) = standing { ours.matched.exposures.iter().map(|exposure| exposure.count).sum() } else { 0 }
}

impl Group {
    fn new(finding: &Finding) -> Self {
        Self { head: finding.clone(), places: Vec::new(), parts: Vec::new() }
    }

    fn add_part(&mut self, part: GroupPart) {
        match self.parts.iter_mut().find(|known| known.part.fingerprint == part.part.fingerprint) {
            Some(known) if part.place() < known.place() => *known = part,
            Some(_) => {}
            None => self.parts.push(part),
        }
    }
}

impl GroupPart {
    fn place(&self) -> (&Origin, ByteSpan) {
        (&self.origin, self.part.span)
    }
}

impl From<&Finding> for Place {
    fn from(finding: &Finding) -> Self {
        Self {
            origin: Arc::clone(&finding.origin),
            span: finding.span,
            position: finding.position,
            carrier: finding.carrier.clone(),
            decoders: finding.decoders.clone(),
            confidence: finding.confidence,
            reason: finding.reason.clone(),
        }
    }
}

/// What decides in which order findings are shown; the least comes first.
///
/// It depends on nothing but the finding, so that the order of arrival is invisible.
#[must_use]
pub fn rank(finding: &Finding) -> impl Ord + '_ {
    (Reverse(finding.severity()), Reverse(finding.confidence), &finding.origin, finding.span, &finding.rule.id)
}
