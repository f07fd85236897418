//! How results are written down: one file per format.
//!
//! **Invariant:** an output reads no clock, file or environment; what it needs to know stands in its `Context`.

pub mod escape;
pub mod format;
pub mod github;
pub mod gitlab;
pub mod group;
pub mod judgement;
pub mod json;
pub mod json_text;
pub mod jsonl;
pub mod junit;
pub mod ledger;
pub mod output;
pub mod phrase;
pub mod place;
pub mod ranking;
pub mod record;
pub mod sarif;
pub mod sarif_result;
pub mod sarif_rule;
pub mod schema;
pub mod stable_id;
pub mod summary;
pub mod summary_record;
pub mod text;
pub mod timeline;
