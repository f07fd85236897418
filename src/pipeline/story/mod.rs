//! Stories: what happened to tokens, and what the detections must say of it, told in Markdown and run.

pub mod error;
pub mod block;
pub mod fields;
pub mod token;
pub mod exposed;
pub mod scene;
pub mod used;
pub mod play;
pub mod case;
pub mod read;
