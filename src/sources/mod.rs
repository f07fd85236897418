//! Where bytes come from: files, trees, archives and streams; the only place that cuts bytes into chunks.

mod link;
pub mod open;
pub mod unpack;
pub mod walk;
mod walk_error;
