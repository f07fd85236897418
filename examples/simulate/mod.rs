//! A seeded world of agents, users, tasks and tokens, and what goes wrong in it: records of issuance and use, logs, and what must be told.
//!
//! **Invariant:** the same order gives the same files everywhere, and neither shuffling, copies, losses nor skewed clocks make a label untrue.

pub mod clock;
pub mod delivery;
pub mod format;
pub mod grant;
pub mod honest;
pub mod incident;
pub mod label;
pub mod network;
pub mod order;
pub mod outlet;
pub mod run;
pub mod scene;
pub mod server;
pub mod token;
pub mod transcript;
pub mod trap;
