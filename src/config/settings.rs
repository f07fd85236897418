//! Flags -> options, checked.

use std::path::{Path, PathBuf};

use crate::config::error::ConfigError;
use crate::config::flags::{FailOn, Level, Readers, ScanFlags};
use crate::ledger::filter_file::{FilterFile, FilterFileError};
use crate::model::exposure::Reach;
use crate::model::fingerprint::FingerprintKey;
use crate::model::grade::{Confidence, Severity};
use crate::outputs::format::{FORMATS, Format, format};
use crate::pipeline::run;
use crate::rules::foreign::load::load_files;
use crate::rules::foreign::note::Note;
use crate::rules::rule_set::RuleSet;
use crate::scan::engine::{self, Comments};
use crate::sources::unpack::UnpackLimits;
use crate::sources::walk::{GitIgnore, Hidden, IgnoreFiles, WalkOptions};

/// What is scanned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Standard input.
    Stdin,
    /// Files and trees.
    Paths(Vec<PathBuf>),
}

/// What is scanned: without paths the working directory, or nothing where reports are imported.
///
/// # Errors
///
/// `-` among other paths.
pub fn target(flags: &ScanFlags) -> Result<Target, ConfigError> {
    let stdin = flags.paths.iter().filter(|path| path.as_os_str() == "-").count();
    match (stdin, flags.paths.len()) {
        (0, 0) if flags.import.is_empty() => Ok(Target::Paths(vec![PathBuf::from(".")])),
        (0, _) => Ok(Target::Paths(flags.paths.clone())),
        (1, 1) => Ok(Target::Stdin),
        _ => Err(ConfigError::StdinAndPaths),
    }
}

/// The built-in rules and the user's, narrowed to those that were asked for; and what is left out of the files of other tools.
///
/// # Errors
///
/// Rules that cannot be loaded, and ids that no rule has.
pub fn rules(more: &[PathBuf], only: &[String], disable: &[String]) -> Result<(RuleSet, Vec<Note>), ConfigError> {
    let (mut set, mut notes) = (RuleSet::builtin(), Vec::new());
    for path in more {
        let loaded = load_files(path)?;
        set.extend(loaded.written)?;
        notes.extend(loaded.notes);
    }
    only.iter().chain(disable).try_for_each(|id| set.get(id).map(drop))?;
    if !only.is_empty() {
        set.only(only);
    }
    set.disable(disable);
    Ok((set, notes))
}

/// What the engine is told.
///
/// # Errors
///
/// A key that cannot be read or is too short.
pub fn engine(flags: &ScanFlags) -> Result<engine::Options, ConfigError> {
    Ok(engine::Options {
        min_confidence: match flags.min_confidence {
            Level::Low => Confidence::Low,
            Level::Medium => Confidence::Medium,
            Level::High => Confidence::High,
        },
        max_depth: if flags.no_decode { 0 } else { flags.max_decode_depth },
        comments: if flags.ignore_allow_comments { Comments::Ignore } else { Comments::Honour },
        further_keys: Vec::new(),
        keep: None,
        known: None,
        roots: Vec::new(),
        key: flags.key_file.as_deref().map(key).transpose()?,
    })
}

/// How the run reads.
///
/// # Errors
///
/// A size that cannot be understood.
pub fn run(flags: &ScanFlags) -> Result<run::Options, ConfigError> {
    Ok(run::Options {
        threads: threads(flags.threads),
        walk: WalkOptions {
            hidden: if flags.no_hidden { Hidden::Skip } else { Hidden::Include },
            gitignore: if flags.respect_gitignore { GitIgnore::Respect } else { GitIgnore::Ignore },
            ignore_files: if flags.no_ignore { IgnoreFiles::Off } else { IgnoreFiles::Use },
            max_file_size: flags.max_file_size.as_deref().map(size).transpose()?,
        },
        limits: UnpackLimits { depth: flags.max_archive_depth, ..UnpackLimits::default() },
    })
}

/// How many threads are meant: 0 means one for each processor.
#[must_use]
pub fn threads(asked: usize) -> usize {
    if asked == 0 { std::thread::available_parallelism().map_or(1, std::num::NonZero::get) } else { asked }
}

/// Formats and the files they go to.
///
/// # Errors
///
/// A text that is not `FORMAT=FILE`.
pub fn outputs(flags: &ScanFlags) -> Result<Vec<(&'static Format, PathBuf)>, ConfigError> {
    let parse = |text: &String| {
        let (name, file) = text.split_once('=')?;
        Some((format(name)?, PathBuf::from(file))).filter(|_| !file.is_empty())
    };
    let formats = || FORMATS.iter().map(|f| format!("`{}`", f.name)).collect::<Vec<_>>().join(", ");
    flags.output.iter().map(|text| parse(text).ok_or_else(|| ConfigError::Output { text: text.clone(), formats: formats() })).collect()
}

/// The least severity that fails a run; `None` when nothing does.
#[must_use]
pub fn failing(fail_on: FailOn) -> Option<Severity> {
    match fail_on {
        FailOn::None => None,
        FailOn::Any => Some(Severity::Info),
        FailOn::Medium => Some(Severity::Medium),
        FailOn::High => Some(Severity::High),
        FailOn::Critical => Some(Severity::Critical),
    }
}

/// Reads a key.
///
/// # Errors
///
/// A file that cannot be read or is too short.
pub fn key(path: &Path) -> Result<FingerprintKey, ConfigError> {
    let octets = std::fs::read(path).map_err(|source| ConfigError::ReadKey { path: path.to_owned(), source })?;
    let length = octets.len();
    FingerprintKey::new(octets).ok_or_else(|| ConfigError::ShortKey { path: path.to_owned(), octets: length })
}

/// Who can read what is scanned, where the user said so.
#[must_use]
pub fn reach(readers: Option<Readers>) -> Option<Reach> {
    readers.map(|readers| if readers == Readers::External { Reach::External } else { Reach::Internal })
}

/// Reads a filter of a ledger.
///
/// # Errors
///
/// A file that cannot be read or is no such filter.
pub fn filter(path: &Path) -> Result<FilterFile, ConfigError> {
    let read = std::fs::File::open(path).map_err(FilterFileError::Io).and_then(|mut file| FilterFile::read(&mut file));
    read.map_err(|source| ConfigError::Filter { path: path.to_owned(), source })
}

/// `10M` and the like, in bytes.
///
/// # Errors
///
/// [`ConfigError::Size`]
pub fn size(text: &str) -> Result<u64, ConfigError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kb" | "kib" => Some(1 << 10),
        "m" | "mb" | "mib" => Some(1 << 20),
        "g" | "gb" | "gib" => Some(1 << 30),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit)).ok_or_else(|| ConfigError::Size { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use crate::config::settings::size;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in
            [("0", Some(0)), ("17", Some(17)), ("10M", Some(10 << 20)), ("1gib", Some(1 << 30)), ("x", None), ("10X", None), ("", None)]
        {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
        assert!(size("99999999999G").is_err());
    }
}
