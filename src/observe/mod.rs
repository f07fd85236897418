//! Log records -> observations: which log format it is, when it was, who it was, and which tokens were presented.
//!
//! **Invariant:** no raw token leaves this room: names and fingerprints take its place.

pub mod json;
pub mod when;
pub mod credential;
pub mod observation;
pub mod format;
pub mod cut;
pub mod token_use;
