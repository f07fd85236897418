//! The state that survives a crash: a `Store` trait, the embedded default, the shared one.

pub mod audit;
pub mod error;
pub mod join;
pub mod keys;
pub mod kin;
pub mod open;
pub mod outbox;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod schema;
pub mod sighting;
pub mod sqlite;
pub mod state_dir;
pub mod step;
#[expect(clippy::module_inception, reason = "the room is named for the trait that it is about")]
pub mod store;
