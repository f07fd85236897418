//! Alerts that must arrive: what is sent, signed how, when again, and what answers mean.

pub mod letter;
pub mod payload;
