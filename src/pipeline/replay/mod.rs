//! Logs -> judgements: reads records and what lies in them once, gathers the uses of each token, and judges them.
//!
//! **Invariant:** what is judged depends on the set of records only, not on their order or on the threads that read them.

pub mod about;
pub mod coverage;
pub mod habits;
pub mod hot;
pub mod packed;
pub mod spool;
pub mod sight;
pub mod identities;
pub mod recognize;
pub mod requests;
pub mod signs;
pub mod gather;
pub mod judge;
pub mod keeping;
pub mod listener;
