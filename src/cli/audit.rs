//! `beartrap audit`: shows the audit log, finds what was done to it, and signs its end.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::{now, place};
use crate::cli::terminal::say;
use crate::cli::who::who;
use crate::config::audit_flags::{AuditCheckpointFlags, AuditCommand, AuditFormat, AuditShowFlags, AuditVerifyFlags};
use crate::config::ledger_flags::StateFlags;
use crate::config::state::{Direction, time};
use crate::delivery::checkpoint::SignedEnd;
use crate::delivery::jose::KeySet;
use crate::delivery::key::SigningKey;
use crate::delivery::letter::Key;
use crate::model::audit::{AuditKind, AuditRecord};
use crate::model::fingerprint::hex;
use crate::model::instant::Instant;
use crate::model::secret::Secret;
use crate::outputs::escape::visible;
use crate::outputs::summary::counted;
use crate::store::audit::{Flaw, Note, NoteSeq, Noted, walk};
use crate::store::open::open as store_at;
use crate::store::step::Step;
use crate::store::store::Store;

/// How many records are read at once.
const PAGE: u32 = 1000;

/// Runs one command.
///
/// # Errors
///
/// What keeps it from being done.
pub fn audit(command: &AuditCommand) -> anyhow::Result<Exit> {
    match command {
        AuditCommand::Show(flags) => show(flags),
        AuditCommand::Verify(flags) => verify(flags),
        AuditCommand::Checkpoint(flags) => checkpoint(flags),
    }
}

fn open(flags: &StateFlags) -> anyhow::Result<Box<dyn Store>> {
    let (place, access) = place(flags)?;
    Ok(store_at(&place, access)?)
}

fn show(flags: &AuditShowFlags) -> anyhow::Result<Exit> {
    let since = flags.since.as_ref().map(|text| time(text, now(), Direction::Ago)).transpose()?;
    let store = open(&flags.state)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut from = 1;
    loop {
        let notes = store.notes(from, PAGE)?;
        let Some(last) = notes.last() else { break };
        from = last.seq.saturating_add(1);
        for noted in notes.iter().filter(|noted| is_asked(noted, since, flags.about.as_deref())) {
            let line = match flags.format {
                AuditFormat::Text => text(noted),
                AuditFormat::Jsonl => object(noted),
            };
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    Ok(Exit::Clean)
}

fn is_asked(noted: &Noted, since: Option<Instant>, about: Option<&str>) -> bool {
    let is_late = since.is_none_or(|since| noted.time().is_some_and(|at| at >= since));
    is_late && about.is_none_or(|about| noted.said().is_some_and(|record| record.is_about(about)))
}

fn text(noted: &Noted) -> String {
    let at = noted.time().map_or_else(|| "?".to_owned(), |at| at.to_string());
    let Some(record) = noted.said() else { return format!("{:>6}  {at}  cannot be read", noted.seq) };
    let AuditRecord { kind, who, what, why, token, finding, delivery, endpoint } = record;
    let token = token.map(|token| token.to_string());
    let about = [("token", token), ("finding", finding), ("delivery", delivery), ("endpoint", endpoint)];
    let about: String = about.into_iter().filter_map(|(name, value)| Some(format!("  {name} {}", visible(&value?)))).collect();
    let why = why.map(|why| format!(" ({})", visible(&why))).unwrap_or_default();
    format!("{:>6}  {at}  {:<10}  {}  {}{why}{about}", noted.seq, kind.as_str(), visible(&who), visible(&what))
}

fn object(noted: &Noted) -> String {
    let record = noted.said().map_or_else(|| json!(noted.record), |record| json!(record));
    json!({"seq": noted.seq, "at": noted.time(), "record": record, "hash": hex(&noted.hash)}).to_string()
}

fn verify(flags: &AuditVerifyFlags) -> anyhow::Result<Exit> {
    let ends = match (&flags.checkpoint, &flags.public_key) {
        (Some(checkpoint), Some(key)) => signed_ends(checkpoint, key)?,
        _ => Vec::new(),
    };
    let store = open(&flags.state)?;
    let mut wrong: Vec<Flaw> = Vec::new();
    let mut found: BTreeMap<NoteSeq, Noted> = BTreeMap::new();
    let mut count = 0;
    let chain = walk(&*store, PAGE, &mut |noted, some| {
        count += 1;
        wrong.extend(some);
        if ends.iter().any(|end| end.seq == noted.seq) {
            found.insert(noted.seq, noted.clone());
        }
    })?;
    wrong.extend(ends.iter().filter_map(|end| end.flaw(found.get(&end.seq), chain.seq())));
    let mut out = std::io::stdout().lock();
    for flaw in &wrong {
        writeln!(out, "{flaw}")?;
    }
    let held = if ends.is_empty() { String::new() } else { format!(", held against {}", counted(ends.len() as u64, "checkpoint")) };
    if wrong.is_empty() {
        writeln!(out, "whole: {}{held}", counted(count, "record"))?;
        return Ok(Exit::Clean);
    }
    say(format_args!("the audit log is not what was written: {} in {}{held}", counted(wrong.len() as u64, "flaw"), counted(count, "record")));
    Ok(Exit::Found(1))
}

fn signed_ends(checkpoint: &Path, key: &Path) -> anyhow::Result<Vec<SignedEnd>> {
    let keys = KeySet::read(&key_in(key)?).with_context(|| key.display().to_string())?;
    let text = std::fs::read_to_string(checkpoint).with_context(|| format!("{}: cannot be read", checkpoint.display()))?;
    let mut ends = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("{}:{number}", checkpoint.display());
        let end: SignedEnd = serde_json::from_str(line).with_context(|| format!("{place}: no checkpoint"))?;
        if !end.is_signed_by(&keys) {
            anyhow::bail!("{place}: this key has not signed it\nhint: take the public key of whoever wrote the checkpoint");
        }
        ends.push(end);
    }
    if ends.is_empty() {
        anyhow::bail!("{}: holds no checkpoint", checkpoint.display());
    }
    Ok(ends)
}

fn key_in(file: &Path) -> anyhow::Result<Key> {
    let octets = std::fs::read(file).with_context(|| format!("{}: cannot be read", file.display()))?;
    Ok(Key(Arc::new(Secret::new(octets))))
}

fn checkpoint(flags: &AuditCheckpointFlags) -> anyhow::Result<Exit> {
    let key = SigningKey::read(&key_in(&flags.key)?).ok().filter(|key| matches!(key, SigningKey::Ed25519(_)));
    let key = key.with_context(|| {
        let hint = "hint: `beartrap endpoint keygen --kind ed25519` makes one, which begins with `whsk_`";
        format!("{}: no secret key of Ed25519\n{hint}", flags.key.display())
    })?;
    let (mut store, now) = (open(&flags.state)?, now());
    // That it was signed is part of what is signed, so that there is always something.
    let record =
        AuditRecord { why: Some(key.verifying().to_string()), ..AuditRecord::new(AuditKind::Checkpoint, &who(None), "the end of the log is signed") };
    store.commit(&Step { notes: &[Note::new(now, &record)], ..Step::default() })?;
    let noted = store.last_note()?.context("the log is empty although it was just written to")?;
    let mut line = serde_json::to_string(&SignedEnd::sign(&noted, now, &key))?;
    line.push('\n');
    match &flags.output {
        Some(path) => {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes()).and_then(|()| file.sync_all())).with_context(|| path.display().to_string())?;
        }
        None => std::io::stdout().write_all(line.as_bytes())?,
    }
    Ok(Exit::Clean)
}
