//! The JSON of one finding: documented in `docs/formats.md`, versioned, and never the secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::carrier::Carrier;
use crate::model::decoder::Decoder;
use crate::model::finding::{Alternate, Finding, Identity, Part};
use crate::model::fingerprint::Fingerprint;
use crate::model::grade::{Confidence, Severity};
use crate::model::ledger_match::Standing;
use crate::model::origin::Origin;
use crate::model::place::ByteSpan;
use crate::model::rule_info::TokenKind;
use crate::model::token_facts::TokenFacts;
use crate::model::witness::Witness;
use crate::outputs::escape::percent;
use crate::outputs::place::{members, outermost};

/// The version of the finding's and the summary's JSON.
pub const VERSION: u32 = 1;

/// One finding: a token at one place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindingRecord {
    /// Always `finding`.
    #[serde(rename = "type")]
    pub tag: FindingTag,
    /// Version of this record; raised only when a field changes its meaning or goes away.
    #[schemars(extend("const" = 1))]
    pub v: u32,
    /// Id of the rule that was confirmed.
    pub rule: String,
    /// The rule's name, for people.
    pub name: String,
    /// Who issues such tokens.
    pub provider: String,
    /// What the token is.
    pub kind: TokenKind,
    /// How much harm such a token can do in the wrong hands.
    pub severity: Severity,
    /// How sure we are that it is one.
    pub confidence: Confidence,
    /// Why we are that sure, in a few words.
    pub reason: String,
    /// `sha256:<hex>` of the token's octets, or `hmac-sha256:<key id>:<hex>`; null when withheld.
    #[schemars(with = "Option<String>")]
    pub fingerprint: Option<Fingerprint>,
    /// Whether the fingerprint is withheld because a plain hash of so short a token would give it away.
    pub withheld: bool,
    /// Other plausible readings of the same place.
    pub alternates: Vec<AlternateRecord>,
    /// The rule's public prefix and the length in octets, such as `ghp_…(40)`.
    pub preview: String,
    /// Where the bytes came from.
    pub origin: OriginRecord,
    /// Line of the first byte, from 1; lines end with LF.
    pub line: u64,
    /// Column of the first byte in Unicode code points, from 1.
    pub column: u64,
    /// The token's bytes in the origin, end exclusive; of a decoded token, the encoded bytes.
    pub span: ByteSpan,
    /// Decoding steps between origin and token, from the outside in.
    pub decoders: Vec<Decoder>,
    /// What introduced the token; null where nothing did.
    pub carrier: Option<Carrier>,
    /// What the token says of itself; null where it says nothing.
    pub token: Option<TokenFacts>,
    /// Other parts of the same credential.
    pub parts: Vec<PartRecord>,
    /// The other scanner whose report says so; absent for what this program found by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<Witness>,
    /// Whether the token was issued: absent when no ledger was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Standing>,
    /// What to do about a leak.
    pub remedy: String,
    /// The vendor's page on revoking it, empty where there is none.
    pub revocation_url: String,
}

/// The word that tells a finding from a summary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FindingTag {
    /// This object is a finding.
    Finding,
}

/// Another plausible reading of the same place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AlternateRecord {
    /// Fingerprint of that reading.
    #[schemars(with = "String")]
    pub fingerprint: Fingerprint,
    /// Its length in octets.
    pub length: usize,
    /// How it differs, in a few words.
    pub reason: String,
}

/// Where bytes came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OriginRecord {
    /// What held the bytes.
    pub kind: OriginKind,
    /// Path of the file on disk as the user named it, with replacement characters where it is not UTF-8; absent for standard input and memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The path's exact bytes, percent-encoded; only when the path is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
    /// The name that a caller of the library gave to bytes in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Names of archive members from the outside in; an empty name stands for the one content of a compressed file.
    pub members: Vec<String>,
    /// The commit in which another scanner found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The repository, image or bucket in which another scanner found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// What held the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OriginKind {
    /// A file.
    File,
    /// A member of an archive, or the content of a compressed file; `path` and `name` name the container.
    Member,
    /// Standard input.
    Stdin,
    /// Bytes handed over by a caller of the library.
    Memory,
    /// Something that another scanner read: `commit` and `repository` say what `path` lies in.
    Elsewhere,
}

/// A part of a credential that consists of several, such as the key id that belongs to a secret key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PartRecord {
    /// Id of the part's rule.
    pub rule: String,
    /// That rule's name, for people.
    pub name: String,
    /// What the part is.
    pub kind: TokenKind,
    /// The part's fingerprint.
    #[schemars(with = "String")]
    pub fingerprint: Fingerprint,
    /// The part's masked preview.
    pub preview: String,
    /// The part's bytes in the origin, end exclusive.
    pub span: ByteSpan,
    /// Line of the part's first byte, from 1.
    pub line: u64,
    /// Column of the part's first byte in Unicode code points, from 1.
    pub column: u64,
}

impl From<&Finding> for FindingRecord {
    fn from(finding: &Finding) -> Self {
        let rule = &finding.rule;
        let alternates = match &finding.identity {
            Identity::Fingerprint { alternates, .. } => alternates.iter().map(AlternateRecord::from).collect(),
            Identity::Withheld => Vec::new(),
        };
        Self {
            tag: FindingTag::Finding,
            v: VERSION,
            rule: rule.id.to_string(),
            name: rule.name.to_string(),
            provider: rule.provider.to_string(),
            kind: rule.kind,
            severity: finding.severity(),
            confidence: finding.confidence,
            reason: finding.reason.clone(),
            fingerprint: finding.fingerprint().cloned(),
            withheld: finding.identity == Identity::Withheld,
            alternates,
            preview: finding.preview.clone(),
            origin: OriginRecord::from(&*finding.origin),
            line: finding.position.line,
            column: finding.position.column,
            span: finding.span,
            decoders: finding.decoders.clone(),
            carrier: finding.carrier.clone(),
            token: finding.facts.clone(),
            parts: finding.parts.iter().map(PartRecord::from).collect(),
            reported_by: finding.witness.as_deref().cloned(),
            ledger: (finding.standing != Standing::Unasked).then(|| finding.standing.clone()),
            remedy: rule.remedy.to_string(),
            revocation_url: rule.revocation_url.to_string(),
        }
    }
}

impl From<&Alternate> for AlternateRecord {
    fn from(alternate: &Alternate) -> Self {
        Self { fingerprint: alternate.fingerprint.clone(), length: alternate.length, reason: alternate.reason.to_owned() }
    }
}

impl From<&Origin> for OriginRecord {
    fn from(origin: &Origin) -> Self {
        let kind = match origin {
            Origin::File(_) => OriginKind::File,
            Origin::Member { .. } => OriginKind::Member,
            Origin::Stdin => OriginKind::Stdin,
            Origin::Memory(_) => OriginKind::Memory,
            Origin::Elsewhere(_) => OriginKind::Elsewhere,
        };
        let elsewhere = if let Origin::Elsewhere(place) = origin { Some(place) } else { None };
        let path = elsewhere.map(|place| place.path.as_path()).or_else(|| origin.path());
        let name = if let Origin::Memory(name) = outermost(origin) { Some(name.clone()) } else { None };
        Self {
            kind,
            path: path.map(|path| path.to_string_lossy().into_owned()),
            path_bytes: path.filter(|path| path.to_str().is_none()).map(|path| percent(path.as_os_str().as_encoded_bytes())),
            name,
            members: members(origin).into_iter().map(str::to_owned).collect(),
            commit: elsewhere.and_then(|place| place.commit.clone()),
            repository: elsewhere.and_then(|place| place.repository.clone()),
        }
    }
}

impl From<&Part> for PartRecord {
    fn from(part: &Part) -> Self {
        Self {
            rule: part.rule.id.to_string(),
            name: part.rule.name.to_string(),
            kind: part.rule.kind,
            fingerprint: part.fingerprint.clone(),
            preview: part.preview.clone(),
            span: part.span,
            line: part.position.line,
            column: part.position.column,
        }
    }
}
