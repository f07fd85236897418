//! `beartrap ledger import`: files in, one line of account for each.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant as Clock;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::open;
use crate::cli::terminal::say;
use crate::config::ledger_flags::ImportFlags;
use crate::ledger::import::detect::detect;
use crate::ledger::import::entry::Reject;
use crate::ledger::import::format::{FORMATS, Format};
use crate::ledger::import::mapping::Mapping;
use crate::ledger::ledger::Ledger;
use crate::model::fingerprint::Fingerprint;
use crate::outputs::escape::visible_bytes;
use crate::pipeline::importing::{ImportSource, Imported, import as import_one};
use crate::store::store::Checkpoint;

/// How much of a file tells what it is.
const HEAD: usize = 64 << 10;
/// How much of a file tells it from another one of the same name.
const IDENTITY: usize = 4096;
/// How many refused items are shown.
const SHOWN: u64 = 10;

/// Imports every file.
///
/// # Errors
///
/// Flags that cannot be understood, and a state that cannot be used.
pub fn import(flags: &ImportFlags) -> anyhow::Result<Exit> {
    let format = chosen(&flags.format)?;
    let mapping = flags.mapping.as_deref().map(read_mapping).transpose()?;
    let mut rejects = match &flags.rejects {
        Some(path) => Some(BufWriter::new(File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?)),
        None => None,
    };
    let ledger = open(&flags.state)?;
    let mut exit = Exit::Clean;
    for path in &flags.files {
        let name = visible_bytes(path.as_os_str().as_encoded_bytes());
        let clock = Clock::now();
        match file(&ledger, path, (format, mapping.as_ref()), flags.again, &mut rejects) {
            Ok(imported) => {
                account(&name, &imported, clock);
                if let Some(error) = &imported.error {
                    say(format_args!("{name}: {error}"));
                }
                if imported.error.is_some() || imported.rejected > 0 {
                    exit = Exit::Incomplete;
                }
            }
            Err(error) if error.downcast_ref::<std::io::Error>().is_some() => {
                say(format_args!("{name}: {error:#}"));
                exit = Exit::Incomplete;
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(mut rejects) = rejects {
        rejects.flush()?;
    }
    Ok(exit)
}

fn chosen(name: &str) -> anyhow::Result<Option<&'static Format>> {
    if name == "auto" {
        return Ok(None);
    }
    Format::named(name).map(Some).ok_or_else(|| anyhow::anyhow!("`{name}` is not a format\nhint: the formats are auto, {}", format_names()))
}

fn format_names() -> String {
    FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")
}

fn read_mapping(path: &Path) -> anyhow::Result<Mapping> {
    let text = std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{}: cannot read the mapping: {error}", path.display()))?;
    Mapping::parse(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}

type Rejects = Option<BufWriter<File>>;

fn file(
    ledger: &Ledger,
    path: &Path,
    (format, mapping): (Option<&'static Format>, Option<&Mapping>),
    again: bool,
    rejects: &mut Rejects,
) -> anyhow::Result<Imported> {
    let name = visible_bytes(path.as_os_str().as_encoded_bytes());
    let mut shown = 0;
    let mut rejected = |reject: &Reject| {
        shown += 1;
        if shown <= SHOWN {
            say(format_args!("{name}:{}: {}", reject.line, reject.reason));
        }
        if let Some(out) = rejects {
            // What cannot be written here is noticed when the file is flushed at the end.
            drop(writeln!(out, "{}", json!({ "file": name, "line": reject.line, "reason": reject.reason })));
        }
    };
    if path.as_os_str() == "-" {
        let mut input = BufReader::with_capacity(HEAD, std::io::stdin());
        let format = known(format, input.fill_buf()?)?;
        let source = ImportSource { format, mapping, name: None, from: start("-") };
        return Ok(import_one(ledger, &source, &mut input, &mut rejected)?);
    }
    let mut opened = File::open(path)?;
    let mut head = Vec::new();
    Read::by_ref(&mut opened).take(HEAD as u64).read_to_end(&mut head)?;
    let format = known(format, &head)?;
    let source = identity(path, &head);
    let from = if again || !format.resumable() { None } else { ledger.store().checkpoint(&source)? };
    let from = from.filter(|from| opened.metadata().is_ok_and(|file| file.len() >= from.offset)).unwrap_or_else(|| start(&source));
    opened.seek(SeekFrom::Start(from.offset))?;
    let resumable = format.resumable().then_some(source.as_str());
    let mut input = BufReader::with_capacity(1 << 20, opened);
    Ok(import_one(ledger, &ImportSource { format, mapping, name: resumable, from }, &mut input, &mut rejected)?)
}

fn known(format: Option<&'static Format>, head: &[u8]) -> anyhow::Result<&'static Format> {
    format.or_else(|| detect(head)).ok_or_else(|| {
        let message = format!("what this is cannot be told from its beginning\nhint: say it with `--format`: {}", format_names());
        std::io::Error::new(std::io::ErrorKind::InvalidData, message).into()
    })
}

fn start(source: &str) -> Checkpoint {
    Checkpoint { source: source.to_owned(), offset: 0, line: 0 }
}

/// A file's name in checkpoints: its path, and a hash of its first bytes so that a rotated file is another one.
fn identity(path: &Path, head: &[u8]) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let head = head.split(|b| *b == b'\n').next().unwrap_or_default();
    format!("{}#{}", path.display(), Fingerprint::of(&head[..head.len().min(IDENTITY)]).short())
}

fn account(name: &str, imported: &Imported, clock: Clock) {
    let Imported { written, rejected, .. } = imported;
    let seconds = clock.elapsed().as_secs_f64().max(0.001);
    let all = written.new + written.updated + written.known + written.events + rejected;
    say(format_args!(
        "{name}: {} new, {} updated, {} known, {} facts, {rejected} rejected ({:.0} a second)",
        written.new,
        written.updated,
        written.known,
        written.events,
        all as f64 / seconds
    ));
    if *rejected > SHOWN {
        say(format_args!("hint: `--rejects FILE` writes down all that was refused"));
    }
}
