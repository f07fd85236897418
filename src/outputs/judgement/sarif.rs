//! `sarif`: SARIF 2.1.0, a rule for each detection that spoke and a result for each judgement, the worst first.

use std::cmp::Reverse;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::model::judgement::Judgement;
use crate::model::origin::Origin;
use crate::model::token_key::TokenKey;
use crate::model::token_use::RecordOrigin;
use crate::outputs::escape::visible;
use crate::outputs::json_text::write_json;
use crate::outputs::judgement::about::{About, Context};
use crate::outputs::judgement::format::JudgementOutput;
use crate::outputs::sarif::MAX_RESULTS;
use crate::outputs::sarif_result::{artifact_location, level, sarif_text};
use crate::outputs::sarif_rule::security_severity;
use crate::outputs::summary::counted;

/// The format.
pub struct Sarif {
    context: Context,
    all: Vec<Judgement>,
}

impl Sarif {
    /// Nothing written yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context, all: Vec::new() }
    }

    /// The detections that spoke.
    fn rules(&self) -> Vec<&About> {
        let spoke = |about: &&About| self.all.iter().any(|judgement| judgement.verdict.id == about.id);
        self.context.detections.iter().filter(spoke).collect()
    }
}

impl JudgementOutput for Sarif {
    fn judgement(&mut self, _: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
        self.all.push(judgement.clone());
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.all.sort_by(|a, b| (Reverse(a.verdict.severity), a.at, &a.id).cmp(&(Reverse(b.verdict.severity), b.at, &b.id)));
        let dropped = self.all.len().saturating_sub(MAX_RESULTS);
        self.all.truncate(MAX_RESULTS);
        let rules = self.rules();
        let index = |id: &str| rules.iter().position(|rule| rule.id == id);
        let results: Vec<Value> = self.all.iter().map(|judgement| result(judgement, index(&judgement.verdict.id))).collect();
        let text = format!("left out {}: a run may hold {MAX_RESULTS} results, and the worst were kept", counted(dropped as u64, "judgement"));
        let left_out = json!({ "descriptor": { "id": "results-left-out" }, "level": "warning", "message": { "text": text } });
        let notifications: Vec<Value> = (dropped > 0).then_some(left_out).into_iter().collect();
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "beartrap",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(|about| descriptor(about)).collect::<Vec<_>>(),
                } },
                "automationDetails": { "id": "beartrap-replay/" },
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": true,
                    "endTimeUtc": self.context.now.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                    "toolExecutionNotifications": notifications,
                }],
                "results": results,
            }],
        });
        write_json(out, &log)?;
        out.write_all(b"\n")
    }
}

fn descriptor(about: &About) -> Value {
    let ids = about.frameworks.iter().filter(|one| one.short == "cwe").flat_map(|one| &one.ids);
    let weaknesses = ids.map(|id| format!("external/cwe/{}", id.to_ascii_lowercase()));
    let tags: Vec<String> = ["security", "token-replay"].map(str::to_owned).into_iter().chain(weaknesses).collect();
    let frameworks: Vec<Value> = about.frameworks.iter().map(|one| json!({ "name": one.name, "version": one.version, "ids": one.ids })).collect();
    json!({
        "id": about.id,
        "name": about.id,
        "shortDescription": { "text": sarif_text(&about.name) },
        "fullDescription": { "text": sarif_text(&about.summary) },
        "help": { "text": sarif_text(&about.help), "markdown": about.help },
        "defaultConfiguration": { "level": level(about.severity) },
        "properties": {
            "security-severity": security_severity(about.severity),
            "tags": tags,
            "frameworks": frameworks,
        },
    })
}

fn result(judgement: &Judgement, rule: Option<usize>) -> Value {
    let verdict = &judgement.verdict;
    let token = visible(&judgement.token.to_string());
    let evidence: Vec<Value> = verdict.evidence.iter().map(|one| json!({ "name": one.name, "value": visible(&one.value) })).collect();
    let mut result = json!({
        "ruleId": verdict.id,
        "level": level(verdict.severity),
        "message": { "text": sarif_text(&visible(&verdict.message)) },
        // Readers show a result where it has a place; a judgement without a record is about none.
        "locations": judgement.uses.iter().take(1).map(location).collect::<Vec<_>>(),
        "relatedLocations": judgement.uses.iter().skip(1).map(location).collect::<Vec<_>>(),
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}:1", judgement.id),
            "beartrapJudgement/v1": judgement.id,
            "beartrapToken/v1": token_digest(&judgement.token),
        },
        "properties": {
            "token": token,
            "at": judgement.at,
            "alert": judgement.alert,
            "confidence": verdict.confidence.as_str(),
            "severity": verdict.severity.as_str(),
            "evidence": evidence,
        },
    });
    if let Some(rule) = rule {
        result["ruleIndex"] = json!(rule);
    }
    result
}

/// A fingerprint's digits, as results of `beartrap scan` have them; another name as it is.
fn token_digest(token: &TokenKey) -> String {
    let text = visible(&token.to_string());
    match token {
        TokenKey::Fingerprint(_) => text.rsplit(':').next().unwrap_or_default().to_owned(),
        _ => text,
    }
}

/// The file on disk and the record's line; of an archive's member, the archive.
fn location(origin: &RecordOrigin) -> Value {
    let (outer, is_member) = match origin.uri.split_once('!') {
        Some((outer, _)) => (outer, true),
        None => (origin.uri.as_str(), false),
    };
    let place = if outer == "<stdin>" { Origin::Stdin } else { Origin::File(outer.into()) };
    let line = if is_member { 1 } else { origin.line.max(1) };
    json!({
        "physicalLocation": { "artifactLocation": artifact_location(&place, None), "region": { "startLine": line } },
        "logicalLocations": [{ "fullyQualifiedName": format!("{}:{}", visible(&origin.uri), origin.line), "kind": "resource" }],
    })
}
