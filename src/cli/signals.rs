//! What the system says to a run: stop, and what else it is asked to hear.

use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::pipeline::progress::Progress;

/// Lets SIGINT and SIGTERM end a run cleanly.
///
/// # Errors
///
/// The system refuses.
pub fn stop_on_signals(progress: &Arc<Progress>) -> anyhow::Result<()> {
    hear_signals(progress, &[], |_| {})
}

/// The same, and hears others; `then` is called after each.
///
/// # Errors
///
/// The system refuses.
pub fn hear_signals(progress: &Arc<Progress>, others: &[i32], then: impl Fn(i32) + Send + 'static) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM].iter().chain(others))?;
    let progress = Arc::clone(progress);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in &mut signals {
            if matches!(signal, SIGINT | SIGTERM) {
                if progress.is_cancelled() {
                    // The second time, whoever asks means at once.
                    drop(emulate_default_handler(signal));
                }
                progress.cancel();
            }
            then(signal);
        }
    })?;
    Ok(())
}
