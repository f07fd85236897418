//! The vocabulary: values that every room speaks of, without IO, clock or threads.

pub mod carrier;
pub mod chunk;
pub mod decision;
pub mod decoder;
pub mod exposure;
pub mod finding;
pub mod fingerprint;
pub mod grade;
pub mod instant;
pub mod issuance;
pub mod judgement;
pub mod jwt;
pub mod known;
pub mod ledger_match;
pub mod lifecycle;
pub mod origin;
pub mod place;
pub mod problem;
pub mod rule_info;
pub mod secret;
pub mod summary;
pub mod timeline;
pub mod token_facts;
pub mod token_key;
pub mod token_use;
pub mod verdict;
