//! What following cannot do without.

use std::sync::Arc;

use crate::ledger::ledger::Ledger;
use crate::pipeline::progress::Progress;
use crate::pipeline::replay::habits::Numbers;
use crate::pipeline::replay::sight::Reading;
use crate::pipeline::watch::table::NewFile;
use crate::scan::engine::Engine;

/// What following cannot do without.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// How records are read.
    pub reading: Reading<'a>,
    /// How names become numbers where habits are gathered.
    pub numbers: &'a Numbers,
    /// The ledger, in whose store everything is kept.
    pub ledger: &'a Arc<Ledger>,
    /// Counters of bytes, and the flag that stops.
    pub progress: &'a Progress,
    /// Where files begin that were not followed before.
    pub new: NewFile,
}
