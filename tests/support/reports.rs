//! Reports of other scanners, written from a list of tokens and their places: one function for each tool's form.
#![allow(dead_code)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};

/// A token at a place, as a scanner would report it.
#[derive(Clone)]
pub struct Leak {
    /// The tool's rule.
    pub rule: &'static str,
    /// The token.
    pub token: String,
    /// The line it stands on.
    pub text: String,
    /// The file, from the root.
    pub file: &'static str,
    /// The line's number, from 1.
    pub line: u64,
    /// Where the token begins in it, from 1.
    pub column: u64,
    /// The commit, where it was found in one.
    pub commit: &'static str,
}

impl Leak {
    fn end(&self) -> u64 {
        self.column + self.token.len() as u64
    }
}

/// Whether a report shows the tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// As they are.
    Whole,
    /// As a word that stands for them.
    Masked,
}

/// gitleaks 8, JSON.
pub fn gitleaks(leaks: &[Leak], shown: Shown) -> String {
    let one = |leak: &Leak| {
        let secret = if shown == Shown::Whole { leak.token.as_str() } else { "REDACTED" };
        json!({
            "RuleID": leak.rule, "Description": "Found something.", "StartLine": leak.line, "EndLine": leak.line,
            "StartColumn": leak.column, "EndColumn": leak.end() - 1, "Match": leak.text.replace(&leak.token, secret), "Secret": secret,
            "File": leak.file, "SymlinkFile": "", "Commit": leak.commit, "Entropy": 4.2, "Author": "", "Email": "", "Date": "",
            "Message": "", "Tags": [], "Fingerprint": format!("{}:{}:{}", leak.file, leak.rule, leak.line),
        })
    };
    serde_json::to_string_pretty(&leaks.iter().map(one).collect::<Vec<_>>()).expect("because it is JSON")
}

/// betterleaks 2, JSON lines.
pub fn betterleaks(leaks: &[Leak], shown: Shown) -> String {
    let one = |leak: &Leak| {
        let value = if shown == Shown::Whole { leak.token.as_str() } else { "REDACTED" };
        let hash = hex(digest(&ring::digest::SHA256, leak.token.as_bytes()).as_ref());
        json!({ "schema_version": "1", "finding": {
            "rule_id": leak.rule, "description": "d", "confidence": "high",
            "match": { "full": leak.text.replace(&leak.token, value), "value": value, "fingerprint": hash },
            "attributes": { "git.sha": leak.commit, "resource": "fs.content" },
            "location": { "path": format!("./{}", leak.file), "start_line": leak.line, "end_line": leak.line, "start_column": leak.column, "end_column": leak.end() - 1 },
        } })
    };
    lines(leaks.iter().map(one).chain([json!({ "schema_version": "1", "scan": { "state": "complete" } })]))
}

/// trufflehog 3, JSON lines behind its greeting, in the source that has the place.
pub fn trufflehog(leaks: &[Leak]) -> String {
    let one = |leak: &Leak| {
        let source = if leak.commit.is_empty() {
            json!({ "Filesystem": { "file": leak.file, "line": leak.line } })
        } else {
            json!({ "Git": { "commit": leak.commit, "file": leak.file, "email": "", "repository": "https://u:p@git.internal.test/r.git", "timestamp": "", "line": leak.line } })
        };
        json!({
            "SourceMetadata": { "Data": source }, "SourceID": 1, "SourceType": 15, "SourceName": "s", "DetectorType": 8,
            "DetectorName": leak.rule, "DecoderName": "PLAIN", "Verified": true, "Raw": leak.token, "RawV2": "", "Redacted": "",
            "ExtraData": null, "StructuredData": null,
        })
    };
    format!("TruffleHog. Unearth your secrets.\n\n{}", lines(leaks.iter().map(one)))
}

/// kingfisher, one object.
pub fn kingfisher(leaks: &[Leak], shown: Shown) -> String {
    let one = |leak: &Leak| {
        let snippet = if shown == Shown::Whole { leak.token.clone() } else { "[REDACTED:0123abcd]".to_owned() };
        json!({ "rule": { "title": "t", "name": leak.rule, "id": leak.rule, "description": "d" }, "finding": {
            "snippet": snippet, "fingerprint": "42", "confidence": "medium", "entropy": "4.2", "language": "x", "path": format!("./{}", leak.file),
            "validation": { "outcome": "x", "status": "Inactive Credential", "response": "" },
            "line": leak.line, "column_start": leak.column - 1, "column_end": leak.end() - 2, "validate_command": format!("x '{}'", leak.token),
        } })
    };
    json!({ "findings": leaks.iter().map(one).collect::<Vec<_>>(), "audit": { "schema": "x" }, "metadata": {} }).to_string()
}

/// Nosey Parker, JSON.
pub fn noseyparker(leaks: &[Leak]) -> String {
    let one = |leak: &Leak| {
        json!({ "type": "finding", "finding_id": "f", "rule_name": leak.rule, "rule_text_id": leak.rule, "num_matches": 1, "matches": [{
            "provenance": [{ "kind": "file", "path": leak.file }], "blob_id": "b",
            "location": { "offset_span": { "start": 0, "end": 1 }, "source_span": {
                "start": { "line": leak.line, "column": leak.column }, "end": { "line": leak.line, "column": leak.end() - 1 } } },
            "groups": [STANDARD.encode(&leak.token)], "snippet": { "before": "", "matching": leak.text, "after": "" },
        }] })
    };
    json!(leaks.iter().map(one).collect::<Vec<_>>()).to_string()
}

/// detect-secrets, a baseline.
pub fn detect_secrets(leaks: &[Leak]) -> String {
    let mut results = serde_json::Map::new();
    for leak in leaks {
        let hash = hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, leak.token.as_bytes()).as_ref());
        let found = json!({ "type": leak.rule, "filename": leak.file, "hashed_secret": hash, "is_verified": false, "line_number": leak.line });
        let list = results.entry(leak.file).or_insert_with(|| json!([]));
        list.as_array_mut().expect("because it was made so").push(found);
    }
    json!({ "version": "1.5.0", "plugins_used": [{ "name": "X" }], "filters_used": [], "results": results, "generated_at": "2026-01-01T00:00:00Z" })
        .to_string()
}

/// SARIF 2.1.0 of some tool that names lines and columns only, results before the tool.
pub fn sarif(leaks: &[Leak]) -> String {
    let one = |leak: &Leak| {
        json!({
            "ruleId": leak.rule, "message": { "text": format!("found {}", leak.token) },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": leak.file.replace(' ', "%20"), "uriBaseId": "%SRCROOT%" },
                "region": { "startLine": leak.line, "startColumn": leak.column, "endColumn": leak.end() } } }],
        })
    };
    let results: Vec<Value> = leaks.iter().map(one).collect();
    json!({ "version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [{
        "originalUriBaseIds": { "%SRCROOT%": { "uri": "file:///builds/somewhere/else/" } },
        "results": results, "tool": { "driver": { "name": "Sometool", "semanticVersion": "1.2.3", "rules": [] } },
    }] })
    .to_string()
}

fn lines(values: impl Iterator<Item = Value>) -> String {
    values.map(|value| format!("{value}\n")).collect::<Vec<_>>().concat()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat()
}
