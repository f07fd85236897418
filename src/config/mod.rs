//! What the user said, in flags and environment -> each room's options.

pub mod error;
pub mod flags;
pub mod settings;
