//! The port on which a run answers questions about itself.

use std::sync::Arc;
use std::time::Instant as Clock;

use anyhow::anyhow;
use tracing::info;

use crate::config::watch_flags::ShowingFlags;
use crate::pipeline::progress::Progress;
use crate::pipeline::watch::meters::Meters;
use crate::pipeline::watch::pulse::Pulse;
use crate::serve::route::answer;
use crate::serve::server::{Called, Question, Takes, serve};

/// Answers from now on, where the user wants that.
///
/// # Errors
///
/// The address cannot be had.
pub fn begin(flags: &ShowingFlags, (meters, progress): (&Arc<Meters>, &Arc<Progress>), clock: Clock) -> anyhow::Result<()> {
    let Some(address) = flags.metrics else { return Ok(()) };
    let pulse = Pulse::new(Arc::clone(meters), Arc::clone(progress));
    let meters = Arc::clone(meters);
    let answers = move |question: &Question| answer(question.path, meters.snapshot(), pulse.still(clock.elapsed()));
    let refused = |error| anyhow!("{address}: cannot listen there: {error}\nhint: choose another port, or 0 for any free one");
    let address = serve(address, (Takes::Questions, Called::Local), Arc::new(answers)).map_err(refused)?;
    info!(%address, "questions are answered");
    Ok(())
}
