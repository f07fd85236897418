//! Finds bearer tokens where they leak.

#![allow(missing_docs)]

pub mod model;
pub mod outputs;
pub mod pipeline;
pub mod rules;
pub mod scan;
pub mod sources;
