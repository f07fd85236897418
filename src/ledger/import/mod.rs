//! Readers of issuers' records and logs: each turns one format into issuances and lifecycle events, one item in memory at a time.
//!
//! **Invariant:** no raw token leaves this folder: where a log shows one, its fingerprint takes its place.

pub mod entry;
pub mod fault;
pub mod instants;
pub mod lines;
pub mod objects;
pub mod raw_token;
pub mod claims;
pub mod record;
pub mod lifecycle;
pub mod mapping;
pub mod cells;
pub mod fields;
pub mod lineage;
pub mod jsonl;
pub mod context;
pub mod csv;
pub mod github_audit;
pub mod cloudtrail;
pub mod k8s_audit;
pub mod vault_audit;
pub mod okta;
pub mod auth0;
pub mod entra;
pub mod oauth_log;
pub mod oauth_token;
pub mod format;
pub mod detect;
pub mod read;
