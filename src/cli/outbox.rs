//! `beartrap outbox`: alerts on their way, and what people do about those that did not arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::alerting::{deliver, variable};
use crate::cli::exit::Exit;
use crate::cli::ledger::{now, open};
use crate::cli::signals::stop_on_signals;
use crate::cli::terminal::say;
use crate::cli::who::who;
use crate::config::alert_flags::{DeliveryState, ListFormat, OutboxCommand};
use crate::config::endpoint::endpoints;
use crate::config::file::Settings;
use crate::config::state::{Direction, time};
use crate::delivery::endpoint::GONE;
use crate::delivery::vault::{Vault, Wants};
use crate::ledger::ledger::Ledger;
use crate::model::audit::{AuditKind, AuditRecord};
use crate::outputs::escape::visible;
use crate::outputs::summary::counted;
use crate::pipeline::alerts::overdue::Overdue;
use crate::pipeline::progress::Progress;
use crate::store::audit::Note;
use crate::store::outbox::{Delivery, State, Which};
use crate::store::step::{NewValue, Step};

/// How many deliveries are read at a time.
const PAGE: u32 = 1000;

/// Runs one command.
///
/// # Errors
///
/// What keeps it from being done.
pub fn outbox(command: &OutboxCommand) -> anyhow::Result<Exit> {
    match command {
        OutboxCommand::List { states, endpoint, format, state } => {
            let which = Which { states: states.iter().map(|state| (*state).into()).collect(), endpoint: endpoint.clone(), ..Which::default() };
            list(&open(state)?, &which, *format)
        }
        OutboxCommand::Show { id, state } => show(&open(state)?, id),
        OutboxCommand::Retry { ids, state } => change(&open(state)?, ids, None),
        OutboxCommand::Drop { ids, why, state } => change(&open(state)?, ids, Some(why)),
        OutboxCommand::Run { settings, state, quiet } => {
            let settings = Settings::read(settings.config.as_deref())?;
            run(&Arc::new(open(state)?), &settings, *quiet)
        }
        OutboxCommand::Forget { before, state } => {
            let before = time(before, now(), Direction::Ago)?;
            let forgotten = open(state)?.store().forget_alerts(before)?;
            say(format_args!("{} forgotten", counted(forgotten, "alert")));
            Ok(Exit::Clean)
        }
    }
}

impl From<DeliveryState> for State {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Waiting => Self::Waiting,
            DeliveryState::Behind => Self::Behind,
            DeliveryState::Delivered => Self::Delivered,
            DeliveryState::Dead => Self::Dead,
            DeliveryState::Dropped => Self::Dropped,
            DeliveryState::NeedsToken => Self::NeedsToken,
            DeliveryState::Held => Self::Held,
        }
    }
}

/// All deliveries that are meant, page by page.
fn each(ledger: &Ledger, which: &Which, tell: &mut dyn FnMut(&Delivery) -> std::io::Result<()>) -> anyhow::Result<()> {
    let mut behind = 0;
    loop {
        let page = ledger.store().deliveries(which, behind, PAGE)?;
        page.iter().try_for_each(&mut *tell)?;
        match page.last() {
            Some(last) => behind = last.number,
            None => return Ok(()),
        }
    }
}

fn list(ledger: &Ledger, which: &Which, format: ListFormat) -> anyhow::Result<Exit> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut states = BTreeMap::<State, u64>::new();
    each(ledger, which, &mut |delivery| {
        *states.entry(delivery.state).or_default() += 1;
        match format {
            ListFormat::Jsonl => writeln!(out, "{}", record(delivery)),
            ListFormat::Text => writeln!(out, "{}", line(delivery)),
        }
    })?;
    out.flush()?;
    let counts: Vec<String> = states.iter().map(|(state, count)| format!("{count} {}", state.as_str())).collect();
    say(format_args!("{}", if counts.is_empty() { "nothing in the outbox".to_owned() } else { counts.join(", ") }));
    Ok(Exit::Clean)
}

fn record(delivery: &Delivery) -> Value {
    let mut record = json!(delivery);
    record["type"] = json!("delivery");
    record
}

fn line(delivery: &Delivery) -> String {
    let Delivery { id, endpoint, state, attempts, .. } = delivery;
    let next = delivery.due.map_or_else(String::new, |due| format!(", next {due:.0}", due = due.0));
    let answer = delivery.answer.as_deref().map_or_else(String::new, |answer| format!(": {}", visible(answer)));
    format!("{id}  {:<11} {endpoint}  queued {:.0}, {}{next}{answer}", state.as_str(), delivery.queued.0, counted(u64::from(*attempts), "attempt"))
}

fn show(ledger: &Ledger, id: &str) -> anyhow::Result<Exit> {
    let which = Which { id: Some(id.to_owned()), ..Which::default() };
    let Some(delivery) = ledger.store().deliveries(&which, 0, 1)?.pop() else {
        anyhow::bail!("no delivery is called `{}`\nhint: `beartrap outbox list` shows all", visible(id));
    };
    let alert = ledger.store().alert(&delivery.alert)?;
    let mut record = record(&delivery);
    record["content"] = alert.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
    writeln!(std::io::stdout().lock(), "{record:#}")?;
    Ok(Exit::Clean)
}

/// What `all`, `dead`, `held` and ids mean.
fn meant(id: &str, drops: bool) -> Which {
    let states = match id {
        "dead" => vec![State::Dead],
        "held" => vec![State::Held],
        "all" if drops => vec![State::Waiting, State::Behind, State::Dead, State::NeedsToken, State::Held],
        "all" => vec![State::Waiting, State::Dead, State::Held],
        _ => Vec::new(),
    };
    let id = states.is_empty().then(|| id.to_owned());
    Which { id, states, ..Which::default() }
}

/// Tries deliveries again, or gives them up for a reason.
fn change(ledger: &Ledger, ids: &[String], drop: Option<&String>) -> anyhow::Result<Exit> {
    let (mut changed, at) = (0, now());
    for id in ids {
        let which = meant(id, drop.is_some());
        let count = match drop {
            Some(why) => ledger.store().drop_deliveries(&which, why, at)?,
            None => ledger.store().retry(&which, at)?,
        };
        if count == 0 && which.id.is_some() {
            say(format_args!("`{}` is no delivery of which that can be done", visible(id)));
        }
        if count > 0 {
            let (kind, what) = if drop.is_some() { (AuditKind::Dropped, "given up") } else { (AuditKind::Retried, "tried again") };
            let mut record = AuditRecord::new(kind, &who(None), format!("{} {what}: `{}`", counted(count, "delivery"), visible(id)));
            (record.why, record.delivery) = (drop.cloned(), which.id);
            ledger.store().commit(&Step { notes: &[Note::new(at, &record)], ..Step::default() })?;
        }
        changed += count;
    }
    if drop.is_none() && changed > 0 {
        try_gone(ledger)?;
    }
    let what = if drop.is_some() { "given up" } else { "due again: `beartrap outbox run` or a running watch delivers them" };
    say(format_args!("{changed} {what}"));
    Ok(if changed > 0 { Exit::Clean } else { Exit::Incomplete })
}

/// Has endpoints tried again that said they are gone.
fn try_gone(ledger: &Ledger) -> anyhow::Result<()> {
    let gone = ledger.store().values(GONE)?;
    let values: Vec<NewValue> = gone.into_iter().map(|(name, _)| NewValue { name, bytes: None }).collect();
    if !values.is_empty() {
        ledger.store().commit(&Step { values: &values, ..Step::default() })?;
    }
    Ok(())
}

/// Delivers what is due.
fn run(ledger: &Arc<Ledger>, settings: &Settings, quiet: bool) -> anyhow::Result<Exit> {
    look_after_requests(ledger, settings)?;
    let waiting: Vec<String> =
        ledger.store().queues()?.into_iter().filter(|queue| queue.state == State::Waiting).map(|queue| queue.endpoint).collect();
    let (known, unknown): (Vec<String>, Vec<String>) = waiting.into_iter().partition(|name| settings.endpoint.contains_key(name));
    for name in &unknown {
        say(format_args!(
            "endpoint `{}`: alerts wait for it, and settings have none of this name\nhint: add `[endpoint.{name}]`, or `beartrap outbox drop`",
            visible(name)
        ));
    }
    let endpoints: Arc<[_]> = endpoints(&known, &settings.endpoint, &variable)?.into();
    let progress = Arc::new(Progress::default());
    stop_on_signals(&progress)?;
    let vault = Vault::new(Wants::Nothing, now);
    let tally = deliver(&endpoints, ledger, &vault, &progress)?;
    let [delivered, waiting, dead] = tally.counts();
    if !quiet {
        say(format_args!("{delivered} delivered, {waiting} tried again later, {dead} not delivered"));
    }
    Ok(if waiting + dead == 0 && unknown.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

/// Has late revocations told to endpoints that were told of something before, and whose settings are whole.
fn look_after_requests(ledger: &Ledger, settings: &Settings) -> anyhow::Result<()> {
    let names: BTreeSet<String> = ledger.store().queues()?.into_iter().map(|queue| queue.endpoint).collect();
    let known = names.into_iter().filter(|name| settings.endpoint.contains_key(name));
    let told: Vec<_> = known.filter_map(|name| endpoints(&[name], &settings.endpoint, &variable).ok()).flatten().collect();
    let mut overdue = Overdue::new(told.into(), settings.revocation.deadline.0, who(None));
    overdue.look(&mut **ledger.store(), now())?;
    Ok(())
}
