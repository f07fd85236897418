//! GitLab's secret detection report; it holds previews only, never the token that GitLab's own analyzers put there.

use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::finding::Finding;
use crate::model::grade::Severity;
use crate::model::problem::Problem;
use crate::model::rule_info::RuleInfo;
use crate::model::summary::Summary;
use crate::outputs::escape::{code, visible};
use crate::outputs::json_text::write_json;
use crate::outputs::output::{Context, Output};
use crate::outputs::phrase::{carrier_text, decoders_text};
use crate::outputs::place::{members, origin_text, report_path};
use crate::outputs::stable_id::{Occurrences, StableId};

/// The version of GitLab's report schema that this file is written after; GitLab refuses versions it has removed.
pub const SCHEMA_VERSION: &str = "15.0.7";

/// The schema's limit for a vulnerability's name, in characters.
const MAX_NAME: usize = 255;
/// The schema's limit for a solution, in characters.
const MAX_SOLUTION: usize = 7_000;
/// Problems that are told one by one; the rest are counted.
const MAX_MESSAGES: usize = 1_000;

/// Writes vulnerabilities as they come and the account of the scan after them, so that memory stays flat.
#[derive(Default, Debug)]
pub struct Gitlab {
    written: u64,
    occurrences: Occurrences,
    identifiers: Vec<Value>,
    root: Option<PathBuf>,
}

impl Output for Gitlab {
    fn begin(&mut self, out: &mut dyn Write, context: &Context) -> io::Result<()> {
        self.root.clone_from(&context.root);
        self.identifiers = context.rules.iter().map(|rule| identifier(rule)).collect();
        out.write_all(b"{\"version\":")?;
        write_json(out, &context.gitlab_version)?;
        out.write_all(b",\"vulnerabilities\":[")
    }

    fn finding(&mut self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        let id = StableId::of(finding, self.root.as_deref());
        let uuid = id.uuid(self.occurrences.next(id));
        out.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
        self.written += 1;
        write_json(out, &vulnerability(finding, &uuid, self.root.as_deref()))
    }

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        out.write_all(b"\n],\"scan\":")?;
        write_json(out, &scan(summary, &std::mem::take(&mut self.identifiers)))?;
        out.write_all(b"}\n")?;
        out.flush()
    }
}

fn vulnerability(finding: &Finding, uuid: &str, root: Option<&Path>) -> Value {
    let rule = &finding.rule;
    let mut vulnerability = json!({
        "id": uuid,
        "name": shortened(&visible(&rule.name), MAX_NAME),
        "description": description(finding),
        "severity": severity_word(finding.severity()),
        "solution": shortened(&visible(&rule.remedy), MAX_SOLUTION),
        "identifiers": [
            identifier(rule),
            { "type": "cwe", "name": "CWE-798", "value": "798", "url": "https://cwe.mitre.org/data/definitions/798.html" },
        ],
        "location": location(finding, root),
        "raw_source_code_extract": visible(&finding.preview),
    });
    if rule.revocation_url.starts_with("https://") || rule.revocation_url.starts_with("http://") {
        vulnerability["links"] = json!([{ "name": "Revocation", "url": rule.revocation_url }]);
    }
    if let Some(fingerprint) = finding.fingerprint() {
        vulnerability["details"] = json!({ "fingerprint": { "name": "Fingerprint", "type": "text", "value": fingerprint.to_string() } });
    }
    vulnerability
}

/// Markdown; whatever comes from scanned data stands in code spans.
fn description(finding: &Finding) -> String {
    let rule = &finding.rule;
    let mut parts = vec![format!("{} {}, issued by {}", visible(&rule.name), code(&finding.preview), visible(&rule.provider))];
    parts.extend(finding.carrier.as_ref().map(|carrier| format!("in {}", carrier_text(carrier))));
    parts.extend(decoders_text(&finding.decoders));
    parts.push(format!("confidence {}", finding.confidence.as_str()));
    parts.extend((!finding.reason.is_empty()).then(|| code(&finding.reason)));
    parts.join(", ")
}

/// Of a member, `archive!member` and the member's line: GitLab tells two findings apart by file and line.
fn location(finding: &Finding, root: Option<&Path>) -> Value {
    let outer = report_path(&finding.origin, root).map(|path| {
        let names = members(&finding.origin).into_iter().filter(|name| !name.is_empty());
        names.fold(path, |place, name| format!("{place}!{}", visible(name)))
    });
    json!({
        "file": outer.unwrap_or_else(|| origin_text(&finding.origin)),
        "start_line": finding.position.line,
        "end_line": finding.position.line,
        "commit": { "sha": "0000000" },
    })
}

fn identifier(rule: &RuleInfo) -> Value {
    json!({ "type": "beartrap_rule_id", "name": format!("beartrap rule {}", rule.id), "value": rule.id })
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "Info",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

fn scan(summary: &Summary, identifiers: &[Value]) -> Value {
    let tool = json!({ "id": "beartrap", "name": "beartrap", "version": env!("CARGO_PKG_VERSION"), "vendor": { "name": "beartrap" } });
    let ended = summary.started.checked_add(summary.elapsed).unwrap_or(summary.started);
    json!({
        "type": "secret_detection",
        "status": if summary.interrupted { "failure" } else { "success" },
        "start_time": time(summary.started),
        "end_time": time(ended),
        "scanner": tool,
        "analyzer": tool,
        "primary_identifiers": identifiers,
        "messages": messages(&summary.problems),
    })
}

fn messages(problems: &[Problem]) -> Vec<Value> {
    let mut messages: Vec<Value> = problems.iter().take(MAX_MESSAGES).map(message).collect();
    if let Some(rest) = problems.len().checked_sub(MAX_MESSAGES).filter(|rest| *rest > 0) {
        messages.push(json!({ "level": "warn", "value": format!("{rest} more problems are not listed") }));
    }
    messages
}

fn message(problem: &Problem) -> Value {
    let level = if problem.kind.is_by_choice() { "info" } else { "warn" };
    json!({ "level": level, "value": format!("{}: {}", origin_text(&problem.origin), visible(&problem.message)) })
}

/// UTC without a zone, as the schema's pattern demands.
fn time(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn shortened(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}
