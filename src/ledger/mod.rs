//! What issuers said about their tokens: who holds which, until when, and what became of them.

pub mod import;
