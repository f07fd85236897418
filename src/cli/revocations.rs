//! `beartrap revocations`: what was to be revoked, and whether it is dead.

use std::io::{BufWriter, Write};

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::{now, open};
use crate::cli::terminal::say;
use crate::cli::who::who;
use crate::config::alert_flags::{ListFormat, RevocationsFlags};
use crate::config::file::Settings;
use crate::ledger::ledger::Ledger;
use crate::model::audit::{AuditKind, AuditRecord};
use crate::outputs::escape::visible;
use crate::pipeline::alerts::requests::{Request, Times, requests, times};
use crate::pipeline::alerts::revocation::Budget;
use crate::store::audit::Note;
use crate::store::step::Step;

/// Lists requests to revoke.
///
/// # Errors
///
/// A state that cannot be read.
pub fn revocations(flags: &RevocationsFlags) -> anyhow::Result<Exit> {
    let settings = Settings::read(flags.settings.config.as_deref())?;
    let ledger = open(&flags.state)?;
    if let Some(issuer) = &flags.resume {
        return resume(&ledger, issuer);
    }
    let (all, now, deadline) = (requests(&**ledger.store())?, now(), settings.revocation.deadline.0);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for request in all.iter().filter(|request| !flags.open || request.is_open()) {
        match flags.format {
            ListFormat::Jsonl => {
                let mut record = json!(request);
                (record["type"], record["state"]) = (json!("revocation"), json!(request.word()));
                record["late"] = json!(request.is_late(deadline, now));
                writeln!(out, "{record}")?;
            }
            ListFormat::Text => writeln!(out, "{}", line(request, request.is_late(deadline, now)))?,
        }
    }
    for (issuer, times) in times(&all) {
        match flags.format {
            ListFormat::Jsonl => {
                let mut record = json!(times);
                (record["type"], record["issuer"]) = (json!("revocation_times"), json!(issuer));
                writeln!(out, "{record}")?;
            }
            ListFormat::Text => writeln!(out, "{}", summary(&issuer, &times))?,
        }
    }
    out.flush()?;
    for issuer in Budget::read(&**ledger.store())?.stopped.keys() {
        say(format_args!("`{}`: there were too many requests; its tokens wait for a person", visible(issuer)));
        say(format_args!(
            "hint: `beartrap outbox retry held` sends what waits, `beartrap revocations --resume {}` lets further ones go",
            visible(issuer)
        ));
    }
    let late = all.iter().any(|request| request.is_late(deadline, now));
    Ok(if late { Exit::Found(1) } else { Exit::Clean })
}

fn line(request: &Request, is_late: bool) -> String {
    let name = request.token.as_ref().map_or_else(|| "unknown token".to_owned(), ToString::to_string);
    let took = request.seconds.map_or_else(String::new, |seconds| format!(", dead after {seconds:.1} s"));
    let late = if is_late { ", LATE" } else { "" };
    let issuer = request.issuer.as_deref().unwrap_or("unknown");
    format!("{:<11} {}  {}  {}  requested {:.0}{took}{late}", request.word(), visible(&name), visible(issuer), request.rule, request.requested.0)
}

fn summary(issuer: &str, times: &Times) -> String {
    let seconds = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s"));
    let (p50, p95, max) = (seconds(times.p50), seconds(times.p95), seconds(times.max));
    format!("{}: {} confirmed, {} open; until dead: p50 {p50}, p95 {p95}, max {max}", visible(issuer), times.confirmed, times.open)
}

/// Lets the tokens of issuers be revoked again that had too many requests.
fn resume(ledger: &Ledger, issuer: &str) -> anyhow::Result<Exit> {
    let mut budget = Budget::read(&**ledger.store())?;
    let resumed = budget.resume(Some(issuer).filter(|issuer| *issuer != "all"));
    let at = now();
    let note = |issuer: &String| {
        Note::new(
            at,
            &AuditRecord::new(AuditKind::Overridden, &who(None), format!("tokens of `{issuer}` may be revoked again after too many requests")),
        )
    };
    let notes: Vec<Note> = resumed.iter().map(note).collect();
    ledger.store().commit(&Step { values: &[budget.to_value()], notes: &notes, ..Step::default() })?;
    say(format_args!("{}", if resumed.is_empty() { "nothing was stopped".to_owned() } else { format!("goes on: {}", visible(&resumed.join(", "))) }));
    Ok(Exit::Clean)
}
