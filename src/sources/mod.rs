//! Where bytes come from: files, trees, archives and streams; the only place that cuts bytes into chunks.

pub mod cutter;
pub mod encoding;
pub mod follow;
mod link;
pub mod open;
pub mod rooted;
pub mod sqlite_files;
pub mod unpack;
pub mod walk;
mod walk_error;
