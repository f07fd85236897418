//! How judgements of replay are written down: one file per format.

pub mod format;
pub mod jsonl;
pub mod text;
