//! Finds bearer tokens where they leak, with exact ends and fingerprints, at memory speed.
//!
//! The rooms stand in the order in which data moves through them; each imports only from those before it.

pub mod model;
pub mod rules;
pub mod sources;
pub mod scan;
pub mod observe;
pub mod store;
pub mod ledger;
pub mod reports;
pub mod detect;
pub mod outputs;
pub mod delivery;
pub mod pipeline;
#[cfg(feature = "serve")]
pub mod serve;
pub mod config;
pub mod cli;
