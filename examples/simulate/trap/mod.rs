//! What looks like replay and is none: nothing may fire.

pub mod place;
pub mod request;
pub mod standing;
pub mod time;

use crate::simulate::scene::Script;

/// Every trap.
pub fn all() -> Vec<Script> {
    [request::SCRIPTS, place::SCRIPTS, time::SCRIPTS, standing::SCRIPTS].concat()
}
