//! What the user said, in flags and environment -> each room's options.

pub mod address;
pub mod alert_flags;
pub mod endpoint;
pub mod audit_flags;
pub mod error;
pub mod flags;
pub mod file;
#[cfg(feature = "serve")]
pub mod inlet;
pub mod ledger_flags;
pub mod receive;
#[cfg(feature = "serve")]
pub mod receive_flags;
pub mod replay_flags;
pub mod settings;
pub mod state;
pub mod timeline_flags;
pub mod watch_flags;
