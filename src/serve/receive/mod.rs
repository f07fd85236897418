//! What comes from outside: confirmations, labels, and reports of tokens that lay somewhere.

pub mod desk;
pub mod github;
pub mod gitlab;
pub mod inlet;
pub mod raw;
pub mod receiver;
pub mod set;
pub mod subject;
pub mod verify;
pub mod webhook;
