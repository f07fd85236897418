//! What others ask of a running program over HTTP: a small server, and what a running watch answers.

pub mod metrics;
pub mod receive;
pub mod route;
pub mod server;
