//! A token lay where an agent will read it again.
//!
//! # What it asks
//!
//! Was a token found in an agent's memory, in a tool's output, or in a message queue?
//!
//! # Why it matters
//!
//! What lies there is put into later prompts: the token goes to a model again and again, into other tasks, and to whoever can
//! make the agent repeat what it knows. Dead copies are harmless, living ones multiply.
//!
//! # Evidence
//!
//! The kind of the place, how often and since when the token was seen there. Low when the token is dead, one step lower when
//! it is bound to a key.
//!
//! # When it is wrong
//!
//! The kind is guessed from the path and the first bytes: a folder called `memory` may hold something else. A tool whose
//! purpose is to hand out tokens does so rightly, though not into a transcript.

use crate::detect::case::Exposed;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::exposure::PlaceKind;
use crate::model::grade::Severity;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "EX-04",
    name: "token in memory, tool output or queue",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("ex_04.rs")),
    judge: Judge::Exposed(judge),
};

fn judge(case: &Exposed) -> Option<Verdict> {
    let exposure = case.exposure;
    let read_again = matches!(exposure.kind, PlaceKind::Memory | PlaceKind::ToolOutput | PlaceKind::Queue);
    if !read_again || !case.is_credential() {
        return None;
    }
    let mut grounds = case.seen();
    grounds.push(evidence("first_seen", exposure.first_seen));
    grounds.push(evidence("count", exposure.count));
    grounds.extend(case.life());
    let message = format!("a token lay in {}, from where it comes into later prompts", case.place());
    Some(DETECTION.verdict(case.adjusted(DETECTION.severity), case.confidence(), message, grounds))
}
