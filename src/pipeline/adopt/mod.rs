//! Findings of other scanners go the way of our own: located, read by our rules, named, told once.
//!
//! **Invariant:** what a claim becomes is a finding or a problem, never nothing; no text of a report that shows a token is told.

pub mod adopter;
pub mod import;
pub mod missing;
pub mod names;
pub mod once;
pub mod region;
pub mod texts;
