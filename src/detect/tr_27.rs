//! A request's headers and its body disagree.
//!
//! # What it asks
//!
//! Does `Mcp-Method` or `Mcp-Name` say something else than the JSON-RPC body, or did the server answer `-32020`?
//!
//! # Why it matters
//!
//! Gateways decide by headers, servers act by the body. Whoever makes them differ has one thing allowed and another one done.
//!
//! # Evidence
//!
//! The header and the body's method, tool or resource. Values in the form `=?base64?...?=` are decoded first.
//!
//! # When it is wrong
//!
//! A broken client does this without meaning harm, at every request. Where the log does not hold both sides, nothing is said.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::token_use::Record;
use crate::model::verdict::Evidence;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-27",
    name: "header and body mismatch",
    severity: Severity::Medium,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_27.rs")),
    judge: Judge::Used(judge),
};

/// The error of the Model Context Protocol for headers that do not fit.
const MISMATCH: i64 = -32_020;

fn judge(case: &Used) -> Vec<Answer> {
    let mut found: BTreeMap<&str, (Vec<Evidence>, usize)> = BTreeMap::new();
    for (at, one) in case.uses.iter().enumerate() {
        if let Some((slot, grounds)) = mismatch(&one.what.record) {
            found.entry(slot).or_insert((grounds, at));
        }
    }
    let answers = found.into_iter().map(|(slot, (grounds, at))| {
        let message = match slot {
            "refused" => "the server refused a request whose headers did not fit its body".to_owned(),
            header => format!("the header `{header}` of a request did not fit its body"),
        };
        case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, grounds), slot, vec![at])
    });
    answers.collect()
}

fn mismatch(record: &Record) -> Option<(&'static str, Vec<Evidence>)> {
    let method = record.method.as_deref().filter(|method| !is_http(method));
    let name = match method.or(record.header_method.as_deref()) {
        Some("resources/read") => record.resource.as_deref(),
        _ => record.tool.as_deref(),
    };
    let differ = |header: Option<&str>, body: Option<&str>| {
        let (header, body) = (plain(header?), body?);
        (header != body).then_some((header, body.to_owned()))
    };
    let told = |slot: &'static str, (header, body)| (slot, vec![evidence("header", header), evidence("body", body)]);
    differ(record.header_method.as_deref(), method)
        .map(|pair| told("Mcp-Method", pair))
        .or_else(|| differ(record.header_name.as_deref(), name).map(|pair| told("Mcp-Name", pair)))
        .or_else(|| (record.status_code == Some(MISMATCH)).then(|| ("refused", vec![evidence("status_code", MISMATCH)])))
}

/// A header's value; what is no ASCII comes as `=?base64?...?=`.
fn plain(value: &str) -> String {
    let encoded = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let decoded = encoded.and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or_else(|| value.to_owned())
}

/// Whether a method is HTTP's and not JSON-RPC's.
fn is_http(method: &str) -> bool {
    method.bytes().all(|b| b.is_ascii_uppercase())
}
