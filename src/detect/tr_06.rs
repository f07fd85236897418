//! A token was used for a tool that it was not issued for.
//!
//! # What it asks
//!
//! Is the tool none of those that the record lists, exactly or with `*`?
//!
//! # Why it matters
//!
//! An agent that was talked into something else begins by calling another tool, and so does whoever took its token.
//!
//! # Evidence
//!
//! The tool as it was logged and the record's `tools`. Methods that only look around, such as `tools/list`, are left out.
//!
//! # When it is wrong
//!
//! When the log names a tool otherwise than the issuer does, or when tools were added to the agent and the record was not
//! renewed. A record without tools allows all.

use std::collections::BTreeMap;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::glob;
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::token_use::Record;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-06",
    name: "wrong tool",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_06.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let tools = case.issuance().map(|issuance| &issuance.tools[..]).unwrap_or_default();
    if tools.is_empty() {
        return Vec::new();
    }
    let mut wrong: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, one) in case.uses.iter().enumerate().filter(|(_, one)| !only_looks(case, &one.what.record)) {
        let tool = one.what.record.tool.as_deref();
        if let Some(tool) = tool.filter(|tool| !tools.iter().any(|allowed| glob::matches(allowed, tool))) {
            wrong.entry(tool).or_insert(at);
        }
    }
    let answers = wrong.into_iter().map(|(tool, at)| {
        let message = format!("the token was used for the tool `{tool}`, which it was not issued for");
        case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, vec![evidence("tools", tools.join(" "))]), tool, vec![at])
    });
    answers.collect()
}

/// Whether a request only asks what there is.
fn only_looks(case: &Used, record: &Record) -> bool {
    [&record.method, &record.tool].into_iter().flatten().any(|name| case.options.discovery.iter().any(|one| one == name))
}
