//! Issued-token records: import, index, look-up, retention.

pub mod answer;
pub mod batch;
pub mod filter;
pub mod filter_file;
pub mod import;
#[expect(clippy::module_inception, reason = "the room is named for what it holds")]
pub mod ledger;
