//! Where bytes come from: files, trees, archives and streams; the only place that cuts bytes into chunks.

pub mod cutter;
