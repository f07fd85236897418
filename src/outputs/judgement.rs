//! How judgements of replay are written down: one file per format.

pub mod about;
pub mod format;
pub mod jsonl;
pub mod ocsf;
pub mod sarif;
pub mod text;
