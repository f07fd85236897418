//! `beartrap stories`: runs stories and shows those that end otherwise than they are told.

use std::io::Write;
use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::cli::terminal::say;
use crate::pipeline::story::case::Case;
use crate::pipeline::story::read::read;

/// Runs every story of the files and directories.
///
/// # Errors
///
/// Standard output that cannot be written.
pub fn stories(paths: &[PathBuf]) -> anyhow::Result<Exit> {
    let (mut cases, mut broken) = (Vec::new(), 0_usize);
    for path in paths {
        match read(path) {
            Ok(more) => cases.extend(more),
            Err(errors) => {
                broken += errors.len();
                for error in &errors {
                    say(format_args!("error: {error}"));
                }
            }
        }
    }
    let wrong: Vec<&Case> = cases.iter().filter(|case| !case.is_true()).collect();
    let mut out = std::io::stdout().lock();
    for case in &wrong {
        writeln!(out, "{}\n  told\n{}  said\n{}", case.name, lines(&case.told), lines(&case.said()))?;
    }
    say(format_args!("{} cases, {} as told, {} otherwise", cases.len(), cases.len() - wrong.len(), wrong.len()));
    Ok(match (broken, wrong.len()) {
        (0, 0) => Exit::Clean,
        (0, _) => Exit::Found(1),
        _ => Exit::Usage,
    })
}

/// Verdicts, one on a line, indented.
fn lines(verdicts: &[String]) -> String {
    if verdicts.is_empty() { "    nothing\n".to_owned() } else { verdicts.iter().flat_map(|verdict| ["    ", verdict, "\n"]).collect() }
}
