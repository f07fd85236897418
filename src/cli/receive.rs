//! `beartrap receive`: listens for confirmations, labels and reports, and writes them into the state.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use sd_notify::NotifyState;

use crate::cli::alerting::{Tally, posting, show, vault};
use crate::cli::couriers::Couriers;
use crate::cli::exit::Exit;
use crate::cli::ledger::{further_keys, now, open, place};
use crate::cli::signals::stop_on_signals;
use crate::cli::terminal::say;
use crate::cli::who::who;
use crate::config::file::Settings;
use crate::config::inlet::inlets;
use crate::config::receive_flags::ReceiveFlags;
use crate::delivery::courier::Until;
use crate::delivery::vault::Vault;
use crate::ledger::ledger::Ledger;
use crate::outputs::escape::visible;
use crate::pipeline::alerts::from_report::Reports;
use crate::pipeline::alerts::posting::Posting;
use crate::pipeline::progress::Progress;
use crate::serve::receive::desk::{Desk, Telling};
use crate::serve::receive::receiver::Receiver;
use crate::serve::server::{Called, Question, Takes, serve};
use crate::store::state_dir::Access;

/// Its name in the audit log.
const PART: Option<&str> = Some("receive");
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
    let (place, access) = place(&flags.state)?;
    let ledger = Arc::new(open(&flags.state)?);
    let told = told(flags, &settings, &ledger, (&place, access))?;
    let (telling, vault, couriers) = told.map_or((None, None, None), |(telling, vault, couriers)| (Some(telling), Some(vault), couriers));
    let desk = Desk::new(ledger, further_keys(&place)?, who(PART), telling);
    let stop = Arc::<Progress>::default();
    stop_on_signals(&stop)?;
    let listed: Vec<String> = inlets.iter().map(|inlet| format!("{} ({})", inlet.path, inlet.protocol.name)).collect();
    let is_quiet = flags.quiet;
    let tell = move |line: &str| {
        if !is_quiet {
            line.lines().for_each(|line| say(format_args!("{}", visible(line))));
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
        if let Some(vault) = &vault {
            vault.tidy();
        }
    }
    tell_system(NotifyState::Stopping);
    drop(couriers);
    Ok(Exit::Clean)
}

/// Who is told of reports, where tokens are held meanwhile, and who brings alerts to endpoints unless they are only shown.
type ToldOf = (Telling, Arc<Vault>, Option<Couriers>);

fn told(flags: &ReceiveFlags, settings: &Settings, ledger: &Arc<Ledger>, place: (&str, Access)) -> anyhow::Result<Option<ToldOf>> {
    let Some(posting) = posting(&flags.alerts, settings, ledger, PART)? else { return Ok(None) };
    let vault = vault(Some(&posting), ledger);
    let hear = (Tally::new(&posting.endpoints, PART), lost as fn(&str, &dyn Display));
    let couriers = (!flags.alerts.dry_run).then(|| Couriers::begin(&posting.endpoints, place, &vault, hear, Until::Stopped)).transpose()?;
    let bell = couriers.as_ref().map(|couriers| Arc::clone(couriers.bell()));
    let told = move |posting: &mut Posting| {
        show(posting);
        if let Some(bell) = &bell {
            bell.ring();
        }
    };
    let telling = Telling {
        reports: Reports::new(posting, settings.detect.clone()),
        vault: vault.wants_any().then(|| Arc::clone(&vault)),
        told: Box::new(told),
    };
    Ok(Some((telling, vault, couriers)))
}

/// There is no way to an endpoint.
fn lost(endpoint: &str, error: &dyn Display) {
    say(format_args!("endpoint `{endpoint}`: {error}"));
}

/// Tells systemd, where it wants to hear; where nobody hears, nobody is to be told of it.
fn tell_system(state: NotifyState) {
    if std::env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty()) {
        drop(sd_notify::notify(&[state]));
    }
}
