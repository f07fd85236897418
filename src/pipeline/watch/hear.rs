//! Who is told what following finds.

use std::io;

use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::problem::Problem;
use crate::pipeline::replay::gather::Gathered;

/// Who is told.
pub trait Hear {
    /// A token was found.
    ///
    /// # Errors
    ///
    /// It cannot be told; then it is told again.
    fn finding(&mut self, finding: &Finding) -> io::Result<()>;

    /// Judges and tells what was gathered, and commits it with the rest.
    ///
    /// # Errors
    ///
    /// It cannot be judged, told or committed; then it is all done again. How many judgements were told.
    fn judge(&mut self, gathered: &mut Gathered, now: Instant) -> anyhow::Result<u64>;

    /// Something was not read.
    fn problem(&mut self, problem: Problem);
}
