//! Which of the files that are followed there are now.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use borsh::{BorshDeserialize, BorshSerialize};
use walkdir::{DirEntry, WalkDir};

use crate::model::problem::Problem;
use crate::sources::follow::file_id::FileId;
use crate::sources::follow::target::Target;
use crate::sources::open::{FileKind, listed_problem};
use crate::sources::sqlite_files::{LOG, beside, is_part};

/// How much there is of a file, and when it was written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, BorshSerialize, BorshDeserialize)]
pub struct Stamp {
    /// Its size in bytes.
    pub size: u64,
    /// When it was written to, in nanoseconds since 1970-01-01T00:00:00Z.
    pub modified: u128,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let since = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        Self { size: metadata.len(), modified: since.map_or(0, |since| since.as_nanos()) }
    }

    /// When it was written to; none where that is not known.
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        let since = Duration::from_nanos(u64::try_from(self.modified).ok().filter(|since| *since > 0)?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }

    /// The second in which it was written to, since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn second(self) -> i64 {
        i64::try_from(self.modified / 1_000_000_000).unwrap_or(i64::MAX)
    }
}

/// A file that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its path.
    pub path: PathBuf,
    /// Which file it is.
    pub id: FileId,
    /// How much there is of it.
    pub stamp: Stamp,
    /// How much there is of the log beside it, where that was looked at.
    pub log: Option<Stamp>,
    /// How it is opened: what lies in a tree is not followed through a link.
    pub kind: FileKind,
}

impl Listed {
    fn new(path: PathBuf, metadata: &Metadata, kind: FileKind) -> Self {
        Self { path, id: FileId::of(metadata), stamp: Stamp::of(metadata), log: None, kind }
    }

    /// The file that is named; none where there is none, or something else.
    #[must_use]
    pub fn named(path: &Path, kind: FileKind) -> Option<Self> {
        let metadata = if kind == FileKind::Listed { std::fs::symlink_metadata(path) } else { std::fs::metadata(path) };
        let metadata = metadata.ok().filter(Metadata::is_file)?;
        Some(Self::new(path.to_owned(), &metadata, kind))
    }

    /// Looks at the log beside a database, to which is written what comes to the database only later.
    pub fn look_beside(&mut self) {
        let log = std::fs::symlink_metadata(beside(&self.path, LOG));
        self.log = log.ok().filter(Metadata::is_file).as_ref().map(Stamp::of);
    }
}

/// What a sweep saw.
#[derive(Default, Debug)]
pub struct Swept {
    /// Files, each once however many paths lead to it, by their paths.
    pub files: Vec<Listed>,
    /// Directories that cannot be read.
    pub problems: Vec<Problem>,
}

/// Lists all files of the targets, but for those below one directory, whatever its path.
#[must_use]
pub fn sweep(targets: &[Target], but: Option<FileId>) -> Swept {
    let (mut files, mut problems) = (BTreeMap::new(), Vec::new());
    for target in targets {
        if let Target::File(path) = target {
            files.extend(Listed::named(path, FileKind::Regular).map(|file| (file.path.clone(), file)));
            continue;
        }
        let (directory, _) = target.directory();
        let is_it = |entry: &DirEntry| {
            but.is_some() && entry.file_type().is_dir() && entry.metadata().is_ok_and(|metadata| Some(FileId::of(&metadata)) == but)
        };
        let walk = WalkDir::new(directory).follow_root_links(true).max_depth(target.depth()).into_iter().filter_entry(|entry| !is_it(entry));
        for entry in walk {
            match entry {
                Ok(entry) if entry.file_type().is_file() && target.has(entry.path()) && !is_part(entry.path()) => {
                    let Ok(metadata) = entry.metadata() else { continue };
                    let file = Listed::new(entry.into_path(), &metadata, FileKind::Listed);
                    files.insert(file.path.clone(), file);
                }
                Ok(_) => {}
                Err(error) => problems.extend(problem(&error)),
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    Swept { files: files.into_values().filter(|file| seen.insert(file.id)).collect(), problems }
}

/// A directory that is not there yet is none.
fn problem(error: &walkdir::Error) -> Option<Problem> {
    let (path, inner) = (error.path()?, error.io_error()?);
    (inner.kind() != std::io::ErrorKind::NotFound).then(|| listed_problem(path, inner))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::sources::follow::file_id::FileId;
    use crate::sources::follow::sweep::sweep;
    use crate::sources::follow::target::Target;

    #[test]
    fn every_file_is_listed_once() {
        let directory = tempfile::tempdir().expect("because there is room");
        let at = |name: &str| directory.path().join(name);
        fs::create_dir_all(at("logs/state")).expect("because there is room");
        for name in ["logs/a.log", "logs/b.txt", "logs/state/c.log", "one"] {
            fs::write(at(name), name).expect("because there is room");
        }
        fs::hard_link(at("logs/a.log"), at("logs/z.log")).expect("because it is the same file system");
        let target = |path: &Path| Target::new(path).expect("because it is well formed");
        let targets = [target(&at("logs")), target(&at("logs/*.log")), target(&at("one")), target(&at("two")), target(&at("none/*.log"))];
        let state = FileId::of(&at("logs/state").metadata().expect("because it was made"));
        let swept = sweep(&targets, Some(state));
        let names: Vec<_> = swept.files.iter().filter_map(|file| file.path.file_name()?.to_str()).collect();
        assert_eq!((names, swept.problems.len()), (vec!["a.log", "b.txt", "one"], 0));
        assert!(swept.files.iter().all(|file| file.stamp.size > 0));
    }
}
