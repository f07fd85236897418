//! SARIF 2.1.0 (OASIS), within the limits that GitHub code scanning sets: at most 25,000 results, the worst first.

use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::model::finding::Finding;
use crate::model::problem::Problem;
use crate::model::summary::Summary;
use crate::outputs::escape::visible;
use crate::outputs::json_text::write_json;
use crate::outputs::output::{Context, Output};
use crate::outputs::place::origin_text;
use crate::outputs::ranking::Ranking;
use crate::outputs::sarif_result::{artifact_location, result, sarif_text};
use crate::outputs::sarif_rule::OccurringRules;
use crate::outputs::stable_id::{Occurrences, StableId};
use crate::outputs::summary::{counted, is_complete};

/// GitHub rejects a run with more results.
pub const MAX_RESULTS: usize = 25_000;

/// Problems that are told one by one; the rest are counted.
const MAX_NOTIFICATIONS: usize = 1_000;

/// Keeps the worst findings and writes one run at the end.
#[derive(Debug)]
pub struct Sarif {
    ranking: Ranking,
    root: Option<PathBuf>,
}

impl Default for Sarif {
    fn default() -> Self {
        Self { ranking: Ranking::new(MAX_RESULTS), root: None }
    }
}

impl Output for Sarif {
    fn begin(&mut self, _out: &mut dyn Write, context: &Context) -> io::Result<()> {
        self.root.clone_from(&context.root);
        Ok(())
    }

    fn finding(&mut self, _out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        self.ranking.offer(finding);
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        let ranking = std::mem::replace(&mut self.ranking, Ranking::new(MAX_RESULTS));
        let root = self.root.as_deref();
        let invocation = invocation(summary, ranking.dropped(), root);
        let findings = ranking.into_sorted();
        let rules = OccurringRules::of(&findings);
        let driver = driver(&rules);
        let run = Run {
            automation_details: json!({ "id": "beartrap/" }),
            column_kind: "unicodeCodePoints",
            invocations: [invocation],
            results: Results { findings: &findings, rules: &rules, root },
            tool: json!({ "driver": driver }),
        };
        write_json(out, &Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] })?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Value,
    automation_details: Value,
    column_kind: &'static str,
    invocations: [Value; 1],
    results: Results<'a>,
}

/// Results are made one at a time while they are written.
struct Results<'a> {
    findings: &'a [Finding],
    rules: &'a OccurringRules,
    root: Option<&'a Path>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut occurrences = Occurrences::default();
        serializer.collect_seq(self.findings.iter().map(|finding| {
            let id = StableId::of(finding, self.root);
            let hash = format!("{}:{}", id.hex(), occurrences.next(id));
            result(finding, self.rules.index(finding), &hash, self.root)
        }))
    }
}

fn driver(rules: &OccurringRules) -> Value {
    let mut driver = json!({ "name": "beartrap", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules.descriptors() });
    let repository = env!("CARGO_PKG_REPOSITORY");
    if !repository.is_empty() {
        driver["informationUri"] = json!(repository);
    }
    driver
}

fn invocation(summary: &Summary, dropped: u64, root: Option<&Path>) -> Value {
    let ended = summary.started.checked_add(summary.elapsed).unwrap_or(summary.started);
    let mut notifications = Vec::new();
    if dropped > 0 {
        let text = format!("left out {}: a run may hold {MAX_RESULTS} results, and the worst were kept", counted(dropped, "finding"));
        notifications.push(notification("results-left-out", "warning", &text));
    }
    if summary.interrupted {
        notifications.push(notification("interrupted", "error", "the run was interrupted: not everything was read"));
    }
    notifications.extend(summary.problems.iter().take(MAX_NOTIFICATIONS).map(|problem| problem_notification(problem, root)));
    if let Some(rest) = summary.problems.len().checked_sub(MAX_NOTIFICATIONS).filter(|rest| *rest > 0) {
        notifications.push(notification("problems-left-out", "warning", &format!("{rest} more problems are not listed")));
    }
    json!({
        "executionSuccessful": is_complete(summary),
        "startTimeUtc": time(summary.started),
        "endTimeUtc": time(ended),
        "toolExecutionNotifications": notifications,
    })
}

fn problem_notification(problem: &Problem, root: Option<&Path>) -> Value {
    let level = if problem.kind.is_by_choice() { "note" } else { "error" };
    let text = format!("{}: {}", origin_text(&problem.origin), visible(&problem.message));
    let mut notification = notification(problem.kind.as_str(), level, &text);
    notification["locations"] = json!([{ "physicalLocation": { "artifactLocation": artifact_location(&problem.origin, root) } }]);
    notification
}

fn notification(id: &str, level: &str, text: &str) -> Value {
    json!({ "descriptor": { "id": id }, "level": level, "message": { "text": sarif_text(text) } })
}

/// Whole seconds, as every reader of `date-time` accepts them.
fn time(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
