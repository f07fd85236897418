//! `beartrap watch --status`: what a state says of following, beside what the disk says now.

use std::io::Write;

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::open;
use crate::config::watch_flags::WatchFlags;
use crate::outputs::escape::visible;
use crate::outputs::summary::counted;
use crate::pipeline::watch::kept::{Kept, PREFIX};
use crate::pipeline::watch::status::Counters;

/// Says what is followed.
///
/// # Errors
///
/// A state that cannot be used.
pub fn status(flags: &WatchFlags) -> anyhow::Result<Exit> {
    let ledger = open(&flags.state)?;
    let values = ledger.store().values(PREFIX)?;
    let counters = Counters::read(&**ledger.store())?;
    let mut files: Vec<Kept> = values.iter().filter_map(|(_, bytes)| Kept::from_bytes(bytes)).filter(|kept| !kept.is_former).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut out = std::io::stdout().lock();
    let behind = |kept: &Kept| std::fs::metadata(&kept.path).ok().map(|file| file.len().saturating_sub(kept.offset()));
    if flags.format == "jsonl" {
        for kept in &files {
            let line = json!({"path": kept.path, "name": kept.uri, "read": kept.offset(), "behind": behind(kept), "there": kept.there});
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{}", json!({"counters": counters}))?;
        return Ok(Exit::Clean);
    }
    for kept in &files {
        let behind = behind(kept).map_or_else(|| "gone".to_owned(), |behind| format!("{behind} behind"));
        writeln!(out, "{:>14} {behind:>16}  {}", kept.offset(), visible(&kept.path))?;
    }
    let at = counters.at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    writeln!(
        out,
        "{}, {:.1} MB, {}, {}, {}; last written {at}",
        counted(files.len() as u64, "file"),
        counters.bytes as f64 / 1e6,
        counted(counters.findings, "finding"),
        counted(counters.uses, "use"),
        counted(counters.judgements, "judgement")
    )?;
    Ok(Exit::Clean)
}
