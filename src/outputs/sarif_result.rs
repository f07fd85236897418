//! One finding as a SARIF result: a place, a message and fingerprints, never a snippet.

use std::path::Path;

use serde_json::{Value, json};

use crate::model::finding::{Finding, Part};
use crate::model::grade::Severity;
use crate::model::origin::Origin;
use crate::model::place::{ByteSpan, Position};
use crate::model::rule_info::TokenKind;
use crate::outputs::escape::visible;
use crate::outputs::phrase::{sentence, witness_text};
use crate::outputs::place::{Base, artifact, is_direct, origin_text};

/// A result object (SARIF 2.1.0, section 3.27).
#[must_use]
pub fn result(finding: &Finding, rule_index: usize, line_hash: &str, root: Option<&Path>) -> Value {
    let mut fingerprints = json!({ "primaryLocationLineHash": line_hash });
    if let Some(fingerprint) = finding.fingerprint() {
        let printed = fingerprint.to_string();
        fingerprints["beartrapToken/v1"] = json!(printed.rsplit(':').next());
    }
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": rule_index,
        "level": level(finding.severity()),
        "message": { "text": sarif_text(&sentence(finding)) },
        "locations": [location(finding, root)],
        "partialFingerprints": fingerprints,
        "properties": properties(finding),
    });
    if is_direct(finding) && is_at_hand(&finding.origin) && !finding.parts.is_empty() {
        result["relatedLocations"] = finding.parts.iter().enumerate().map(|(index, part)| related(finding, index, part, root)).collect();
    }
    result
}

/// An artifact location (section 3.4): the file on disk, of a member its archive.
#[must_use]
pub fn artifact_location(origin: &Origin, root: Option<&Path>) -> Value {
    let artifact = artifact(origin, root);
    match artifact.base {
        Base::Tree => json!({ "uri": artifact.uri, "uriBaseId": "%SRCROOT%" }),
        Base::Elsewhere => json!({ "uri": artifact.uri }),
    }
}

/// The level that a severity has in SARIF.
#[must_use]
pub fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// Plain message text, in which `[text](id)` would be a link (section 3.11.6).
#[must_use]
pub fn sarif_text(text: &str) -> String {
    text.replace('[', "\\[").replace(']', "\\]")
}

fn location(finding: &Finding, root: Option<&Path>) -> Value {
    let artifact = artifact_location(&finding.origin, root);
    if !is_at_hand(&finding.origin) {
        return elsewhere(finding, &artifact);
    }
    if is_direct(finding) {
        let end = end_column(finding);
        return json!({ "physicalLocation": { "artifactLocation": artifact, "region": region(finding.position, finding.span, end) } });
    }
    // Lines and bytes of a member are none of the archive's; GitHub wants some region, so the archive's first line stands for all of it.
    let name = origin_text(&finding.origin);
    json!({
        "physicalLocation": { "artifactLocation": artifact, "region": { "startLine": 1 } },
        "logicalLocations": [{ "fullyQualifiedName": name, "kind": "resource" }],
    })
}

/// Whether its bytes were read, so that offsets mean something.
fn is_at_hand(origin: &Origin) -> bool {
    !matches!(origin, Origin::Elsewhere(_))
}

/// What another scanner read has a line, and no bytes that anybody could count.
fn elsewhere(finding: &Finding, artifact: &Value) -> Value {
    json!({
        "physicalLocation": { "artifactLocation": artifact, "region": { "startLine": finding.position.line, "startColumn": finding.position.column } },
        "logicalLocations": [{ "fullyQualifiedName": origin_text(&finding.origin), "kind": "resource" }],
    })
}

fn related(finding: &Finding, index: usize, part: &Part, root: Option<&Path>) -> Value {
    let text = format!("{} {}", visible(&part.rule.name), visible(&part.preview));
    json!({
        "id": index + 1,
        "message": { "text": sarif_text(&text) },
        "physicalLocation": {
            "artifactLocation": artifact_location(&finding.origin, root),
            "region": region(part.position, part.span, None),
        },
    })
}

fn region(position: Position, span: ByteSpan, end_column: Option<u64>) -> Value {
    let mut region = json!({
        "startLine": position.line,
        "startColumn": position.column,
        "byteOffset": span.start(),
        "byteLength": span.end() - span.start(),
    });
    if let Some(end) = end_column {
        region["endColumn"] = json!(end);
    }
    region
}

/// The column after the token, known only where it is ASCII on one line, so that bytes are columns.
fn end_column(finding: &Finding) -> Option<u64> {
    let may_be_other = matches!(finding.rule.kind, TokenKind::PrivateKey | TokenKind::Password);
    (finding.decoders.is_empty() && !may_be_other).then(|| finding.position.column + (finding.span.end() - finding.span.start()))
}

fn properties(finding: &Finding) -> Value {
    let decoders: Vec<&str> = finding.decoders.iter().map(|decoder| decoder.as_str()).collect();
    let mut properties = json!({
        "confidence": finding.confidence.as_str(),
        "reason": visible(&finding.reason),
        "preview": visible(&finding.preview),
        "decoders": decoders,
        "fingerprint": finding.fingerprint().map(ToString::to_string),
    });
    if let Some(witness) = &finding.witness {
        properties["reportedBy"] = json!(visible(&witness_text(witness)));
    }
    if !is_direct(finding) {
        properties["memberLine"] = json!(finding.position.line);
        properties["memberColumn"] = json!(finding.position.column);
    }
    properties
}
