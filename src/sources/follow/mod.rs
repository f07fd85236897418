//! Files that grow: which file it is whatever its path says now, which files there are, and when something was written to them.

pub mod agents;
pub mod changes;
pub mod file_id;
pub mod sweep;
pub mod target;
pub mod window;
