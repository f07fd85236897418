//! Seeded corpora with planted synthetic tokens: logs, source trees, encodings and worst cases, written as a stream.
//!
//! **Invariant:** the same kind, size, rate and seed give the same bytes and labels everywhere.

pub mod carrier;
pub mod filler;
pub mod log;
pub mod order;
pub mod plain;
pub mod plant;
pub mod source;
pub mod stats;
pub mod template;
