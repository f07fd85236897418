//! The state that survives a crash: a `Store` trait, the embedded default, the shared one.

pub mod error;
pub mod schema;
pub mod sqlite;
pub mod state_dir;
pub mod store;
