//! The rules that come with the program: checked when it is built, so that it starts at once.

use crate::rules::rule::Rule;

/// The checked rules, as `build.rs` wrote them.
const CHECKED: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.json"));

/// File name and text of every file in `rules/`.
pub const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The built-in rules, in the order of their files.
#[must_use]
pub fn builtin() -> Vec<Rule> {
    serde_json::from_str(CHECKED).expect("because build.rs wrote it from the same types")
}
