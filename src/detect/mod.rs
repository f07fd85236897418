//! What an exposure of a token means: pure functions, one question per file, without state, IO or clock.

pub mod case;
pub mod catalogue;
pub mod used;
pub mod detection;
pub mod error;
pub mod exposure_severity;
pub mod options;
pub mod place_kind;
pub mod placeholder;

mod ex_01;
mod ex_02;
mod ex_03;
mod ex_04;
mod ex_05;
mod ex_06;
mod hy_01;
mod hy_02;
mod hy_03;
mod hy_04;
mod hy_05;
mod hy_06;
mod hy_07;
