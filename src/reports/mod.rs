//! What other scanners found: their reports as text -> claims; what is true of a claim is settled by `pipeline`.
//!
//! **Invariant:** no more than one finding of a report is in memory, and its secret only as a `Secret`.

pub mod betterleaks;
pub mod claim;
pub mod detect_secrets;
pub mod document;
pub mod error;
pub mod format;
pub mod gitleaks;
pub mod hidden;
pub mod keys;
pub mod kingfisher;
pub mod noseyparker;
pub mod read;
pub mod sarif;
pub mod sarif_run;
pub mod trufflehog;
pub mod trufflehog2;
