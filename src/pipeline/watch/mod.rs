//! Follows files and tells of every new line: what lies in it, who used what, and what that means.

pub mod cells;
pub mod file_state;
pub mod hear;
pub mod histogram;
pub mod kept;
pub mod lessons;
pub mod meters;
pub mod pace;
pub mod pulse;
pub mod setting;
pub mod status;
pub mod steps;
pub mod stream;
pub mod table;
pub mod visit;
pub mod whole;
