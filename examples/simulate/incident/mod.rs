//! What goes wrong: at least one incident for each detection, each on tokens of its own.

pub mod behaviour;
pub mod exposure;
pub mod holder;
pub mod hygiene;
pub mod life;
pub mod proof;
pub mod purpose;

use crate::simulate::scene::Script;

/// Every incident.
pub fn all() -> Vec<Script> {
    [life::SCRIPTS, purpose::SCRIPTS, holder::SCRIPTS, proof::SCRIPTS, behaviour::SCRIPTS, exposure::SCRIPTS, hygiene::SCRIPTS].concat()
}
