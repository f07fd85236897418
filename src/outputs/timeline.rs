//! How a token's life is written down: one file per format.

pub mod html;
pub mod json;
pub mod text;

use crate::model::timeline::{Entry, Placed};
use crate::outputs::ledger::span;

/// Its time for people, to the second and in UTC; always as wide.
fn time(entry: &Entry) -> String {
    let mark = if entry.placed == Placed::Ahead { "+" } else { " " };
    match entry.at {
        Some(at) => format!("{}{mark}", at.0.strftime("%Y-%m-%d %H:%M:%SZ")),
        None => format!("{:<20}{mark}", "time not recorded"),
    }
}

/// Such as `nothing for 3 days`.
fn quiet(entry: &Entry) -> Option<String> {
    entry.quiet_seconds.map(|seconds| format!("nothing for {}", span(seconds)))
}
