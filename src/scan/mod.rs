//! Bytes -> findings: candidates, confirmation, decoding, checksums; the only scan loop.

pub mod allow;
pub mod anchors;
mod back;
pub mod boundary;
pub mod candidate;
pub mod context;
pub mod decode;
pub mod engine;
pub mod filter;
pub mod pair_filter;
pub mod grams;
pub mod introducer;
pub mod issued;
pub mod judge;
pub mod jwt;
mod kernel;
pub mod layer;
pub mod literals;
pub mod ngram;
pub mod pairs;
pub mod pass;
mod plain;
mod quiet;
pub mod random;
pub mod resolve;
mod swar;
pub mod value_after;
