//! Alerts that must arrive: what is sent, signed how, when again, and what answers mean.

pub mod breaker;
pub mod checkpoint;
pub mod courier;
pub mod endpoint;
pub mod feedback;
pub mod introspect;
pub mod jose;
pub mod key;
pub mod label;
pub mod letter;
pub mod network;
pub mod payload;
pub mod post;
pub mod reveal;
pub mod schedule;
pub mod set;
pub mod sign;
pub mod vault;
