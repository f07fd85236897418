//! `beartrap watch --status`: what a state says of following, beside what the disk says now.

use std::fs::File;
use std::io::{self, Write};

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::open;
use crate::config::watch_flags::WatchFlags;
use crate::outputs::escape::visible;
use crate::outputs::summary::counted;
use crate::pipeline::watch::file_state::{Condition, FileState};
use crate::pipeline::watch::kept::{Kept, PREFIX};
use crate::pipeline::watch::status::Counters;
use crate::sources::follow::sweep::Listed;
use crate::sources::follow::window::bytes_at;
use crate::sources::open::FileKind;

/// Says what is followed.
///
/// # Errors
///
/// A state that cannot be used.
pub fn status(flags: &WatchFlags) -> anyhow::Result<Exit> {
    let ledger = open(&flags.state)?;
    let values = ledger.store().values(PREFIX)?;
    let counters = Counters::read(&**ledger.store())?;
    let mut files: Vec<FileState> = values.iter().filter_map(|(_, bytes)| Kept::from_bytes(bytes)).map(|kept| on_disk(&kept)).collect();
    files.sort_by(|a, b| (a.condition == Condition::Former, &a.path).cmp(&(b.condition == Condition::Former, &b.path)));
    let mut out = io::stdout().lock();
    if flags.format == "jsonl" {
        for file in &files {
            writeln!(out, "{}", json!(file))?;
        }
        writeln!(out, "{}", json!({"counters": counters}))?;
    } else {
        write_text(&mut out, &files, &counters)?;
    }
    Ok(Exit::Clean)
}

/// What was kept of a file, and what the disk says of it.
fn on_disk(kept: &Kept) -> FileState {
    let path = kept.path();
    let mut listed = Listed::named(&path, FileKind::Regular).filter(|listed| listed.id == kept.id && !kept.is_former);
    // What is read whole is read with the log beside it.
    listed.iter_mut().filter(|_| kept.is_whole()).for_each(Listed::look_beside);
    let condition = match &listed {
        _ if kept.is_former => Condition::Former,
        None => Condition::Gone,
        Some(_) if File::open(&path).is_err() => Condition::Unreadable,
        Some(_) if kept.is_whole() => Condition::Whole,
        Some(listed) if kept.read_at.is_some() && is_waiting(kept, listed) => Condition::Waiting,
        Some(_) => Condition::Growing,
    };
    FileState::new(kept, listed.as_ref(), condition)
}

/// Whether what was not read of a text is the beginning of a line: then its end is waited for.
fn is_waiting(kept: &Kept, listed: &Listed) -> bool {
    /// Longer beginnings are told as not read.
    const LONGEST: u64 = 1 << 16;
    let behind = listed.stamp.size.saturating_sub(kept.offset());
    let rest = File::open(&listed.path).and_then(|file| bytes_at(&file, kept.offset(), LONGEST));
    (1..LONGEST).contains(&behind) && rest.is_ok_and(|rest| !rest.contains(&b'\n'))
}

fn write_text(out: &mut dyn Write, files: &[FileState], counters: &Counters) -> io::Result<()> {
    writeln!(out, "{:>14} {:>14} {:>9} {:<10} {:<20}  file", "bytes read", "behind", "findings", "state", "last read")?;
    for file in files {
        let behind = file.size.map_or_else(|| "-".to_owned(), |_| file.behind.to_string());
        let at = file.read_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        writeln!(out, "{:>14} {behind:>14} {:>9} {:<10} {at:<20}  {}", file.read, file.findings, file.condition.as_str(), visible(&file.path))?;
    }
    let at = counters.at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let (followed, behind) = (files.iter().filter(|file| file.condition.is_followed()).count(), files.iter().map(|file| file.behind).sum::<u64>());
    writeln!(out, "{}, {behind} bytes behind; last written {at}", counted(followed as u64, "file"))?;
    let severities: Vec<String> = counters.severities.iter().rev().map(|(severity, count)| format!("{count} {}", severity.as_str())).collect();
    let severities = if severities.is_empty() { String::new() } else { format!(" ({})", severities.join(", ")) };
    writeln!(
        out,
        "{:.1} MB, {}{severities}, {}, {}, {}",
        counters.bytes as f64 / 1e6,
        counted(counters.findings, "finding"),
        counted(counters.uses, "use"),
        counted(counters.judgements, "judgement"),
        counted(counters.problems, "problem")
    )?;
    for problem in &counters.last_problems {
        let message = problem.message.split("\nhint: ").next().unwrap_or_default();
        writeln!(out, "{}  {}: {} ({})", problem.at, visible(&problem.place), visible(message), problem.kind)?;
    }
    Ok(())
}
