//! Alerts that must arrive: what is sent, signed how, when again, and what answers mean.

pub mod feedback;
pub mod jose;
pub mod key;
pub mod letter;
pub mod payload;
pub mod reveal;
pub mod set;
pub mod sign;
