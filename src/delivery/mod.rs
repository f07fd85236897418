//! Alerts that must arrive: what is sent, signed how, when again, and what answers mean.

pub mod checkpoint;
pub mod label;
pub mod letter;
pub mod payload;
pub mod public_key;
pub mod secret_key;
