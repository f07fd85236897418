//! Issued-token records: import, index, look-up, retention.

pub mod answer;
pub mod batch;
pub mod filter;
pub mod filter_file;
pub mod import;
pub mod ledger;
