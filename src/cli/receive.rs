//! `beartrap receive`: listens for confirmations, labels and reports, and writes them into the state.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use sd_notify::NotifyState;

use crate::cli::exit::Exit;
use crate::cli::ledger::{further_keys, now, open, place};
use crate::cli::signals::stop_on_signals;
use crate::cli::terminal::say;
use crate::cli::who::who;
use crate::config::file::Settings;
use crate::config::inlet::inlets;
use crate::config::receive_flags::ReceiveFlags;
use crate::outputs::escape::visible;
use crate::pipeline::progress::Progress;
use crate::serve::receive::desk::Desk;
use crate::serve::receive::receiver::Receiver;
use crate::serve::server::{Called, Question, Takes, serve};

/// How often it is looked whether somebody said stop.
const PAUSE: Duration = Duration::from_millis(100);

/// Receives until somebody says stop.
///
/// # Errors
///
/// What keeps it from beginning.
pub fn receive(flags: &ReceiveFlags) -> anyhow::Result<Exit> {
    if !flags.listen.ip().is_loopback() && !flags.behind_proxy {
        anyhow::bail!(
            "{}: what arrives there arrives without TLS\nhint: listen on a port of this machine, or say `--behind-proxy` where TLS ends in front",
            flags.listen
        );
    }
    let settings = Settings::read(flags.config.as_deref())?;
    let inlets = inlets(&settings.receive, &|name| std::env::var(name).ok())?;
    let (place, _) = place(&flags.state)?;
    let desk = Desk::new(Arc::new(open(&flags.state)?), further_keys(&place)?, who(Some("receive")));
    let stop = Arc::<Progress>::default();
    stop_on_signals(&stop)?;
    let listed: Vec<String> = inlets.iter().map(|inlet| format!("{} ({})", inlet.path, inlet.protocol.name)).collect();
    let is_quiet = flags.quiet;
    let tell = move |line: &str| {
        if !is_quiet {
            say(format_args!("{}", visible(line)));
        }
    };
    let receiver = Receiver { inlets, desk, clock: Box::new(now), tell: Arc::new(tell) };
    let called = if flags.behind_proxy { Called::Anything } else { Called::Local };
    let refused = |error| anyhow!("{}: cannot listen there: {error}\nhint: choose another port, or 0 for any free one", flags.listen);
    let answers = move |question: &Question| receiver.answer(question);
    let address = serve(flags.listen, (Takes::Bodies, called), Arc::new(answers)).map_err(refused)?;
    say(format_args!("receiving on {address}: {}", listed.join(", ")));
    tell_system(NotifyState::Ready);
    while !stop.is_cancelled() {
        std::thread::sleep(PAUSE);
    }
    tell_system(NotifyState::Stopping);
    Ok(Exit::Clean)
}

/// Tells systemd, where it wants to hear; where nobody hears, nobody is to be told of it.
fn tell_system(state: NotifyState) {
    if std::env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty()) {
        drop(sd_notify::notify(&[state]));
    }
}
