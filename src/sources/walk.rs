//! Which files there are below the paths that the user named, in an order that depends on their names only.

use std::collections::VecDeque;
use std::fs::{File, FileType, Metadata};
use std::path::{Path, PathBuf};
use std::vec;

use ignore::{DirEntry, WalkBuilder};

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::sources::link;
use crate::sources::open::{FileKind, listed_problem, named_problem, open};
use crate::sources::walk_error;

/// The file whose lines, in the syntax of `.gitignore`, exclude paths below its directory.
pub const IGNORE_FILE: &str = ".beartrapignore";

/// Directories of version control, and what in them is scanned all the same: remotes written with a token.
const VERSION_CONTROL: [(&str, &[&str]); 5] =
    [(".git", &["config", "config.worktree"]), (".hg", &["hgrc"]), (".svn", &[]), (".jj", &[]), (".bzr", &[])];

/// Whether names that start with a dot are scanned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hidden {
    /// They are: `.env` is where tokens live.
    Include,
    /// They are not.
    Skip,
}

/// Whether `.gitignore` and `.git/info/exclude` exclude files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GitIgnore {
    /// They do not: what git does not see is where tokens live.
    Ignore,
    /// They do.
    Respect,
}

/// Whether `.beartrapignore` excludes files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IgnoreFiles {
    /// It does, in every directory of the tree and above it.
    Use,
    /// It does not.
    Off,
}

/// What is left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WalkOptions {
    /// Names that start with a dot.
    pub hidden: Hidden,
    /// Git's ignore files.
    pub gitignore: GitIgnore,
    /// Our own.
    pub ignore_files: IgnoreFiles,
    /// The largest file that is scanned, in bytes.
    pub max_file_size: Option<u64>,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self { hidden: Hidden::Include, gitignore: GitIgnore::Ignore, ignore_files: IgnoreFiles::Use, max_file_size: None }
    }
}

/// One file to scan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WalkedFile {
    /// Its path, below what the user named.
    pub path: PathBuf,
    /// Its size in bytes when it was listed; 0 for a stream.
    pub size: u64,
    /// How it is to be read.
    pub kind: FileKind,
}

impl WalkedFile {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// It vanished, is not what it was, or may not be read.
    pub fn open(&self) -> Result<File, Problem> {
        open(&self.path, self.kind).map_err(|error| listed_problem(&self.path, &error))
    }
}

/// The files below the given paths, one path after the other; whatever is not scanned comes as a problem.
pub struct Walk {
    options: WalkOptions,
    roots: vec::IntoIter<PathBuf>,
    trees: Vec<PathBuf>,
    tree: Option<ignore::Walk>,
    pending: VecDeque<Problem>,
}

impl Walk {
    /// Starts a walk; a directory is walked, anything else that is named is taken as a file.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>, options: WalkOptions) -> Self {
        let trees = paths.iter().filter_map(|path| path.canonicalize().ok()).collect();
        Self { options, roots: paths.into_iter(), trees, tree: None, pending: VecDeque::new() }
    }

    fn enter(&mut self, root: PathBuf) -> Option<Result<WalkedFile, Problem>> {
        match std::fs::metadata(&root) {
            Err(error) => Some(Err(named_problem(&root, &error))),
            Ok(metadata) if metadata.is_dir() => {
                self.tree = Some(walk_tree(&root, &self.options));
                None
            }
            Ok(metadata) if metadata.is_file() => Some(self.sized(root, &metadata, FileKind::Regular)),
            Ok(_) => Some(Ok(WalkedFile { path: root, size: 0, kind: FileKind::Stream })),
        }
    }

    fn judge(&mut self, entry: Result<DirEntry, ignore::Error>) -> Option<Result<WalkedFile, Problem>> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                self.pending.extend(walk_error::tree_problems(&error));
                return None;
            }
        };
        self.pending.extend(entry.error().into_iter().flat_map(walk_error::entry_problems));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            None
        } else if kind.is_symlink() {
            link::judge(entry.path(), &self.trees).map(Err)
        } else if kind.is_file() {
            Some(self.listed(entry))
        } else {
            Some(Err(not_regular(entry.path(), kind)))
        }
    }

    fn listed(&self, entry: DirEntry) -> Result<WalkedFile, Problem> {
        match std::fs::symlink_metadata(entry.path()) {
            Ok(metadata) => self.sized(entry.into_path(), &metadata, FileKind::Listed),
            Err(error) => Err(listed_problem(entry.path(), &error)),
        }
    }

    fn sized(&self, path: PathBuf, metadata: &Metadata, kind: FileKind) -> Result<WalkedFile, Problem> {
        let size = metadata.len();
        match self.options.max_file_size {
            Some(limit) if size > limit => {
                let message = format!("{size} bytes, more than the limit of {limit} bytes\nhint: raise the limit to scan it");
                Err(Problem { origin: Origin::File(path), kind: ProblemKind::TooLarge, message })
            }
            _ => Ok(WalkedFile { path, size, kind }),
        }
    }
}

impl Iterator for Walk {
    type Item = Result<WalkedFile, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(problem) = self.pending.pop_front() {
                return Some(Err(problem));
            }
            let found = match self.tree.as_mut().map(Iterator::next) {
                Some(Some(entry)) => self.judge(entry),
                Some(None) => {
                    self.tree = None;
                    None
                }
                None => {
                    let root = self.roots.next()?;
                    self.enter(root)
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

fn walk_tree(root: &Path, options: &WalkOptions) -> ignore::Walk {
    let respects_git = options.gitignore == GitIgnore::Respect;
    let uses_own = options.ignore_files == IgnoreFiles::Use;
    // The crate takes a bare dash for standard input.
    let root = if root == Path::new("-") { Path::new("./-") } else { root };
    let mut builder = WalkBuilder::new(root);
    builder
        .standard_filters(false)
        .hidden(options.hidden == Hidden::Skip)
        .git_ignore(respects_git)
        .git_exclude(respects_git)
        .require_git(false)
        .parents(respects_git || uses_own)
        .follow_links(false)
        .sort_by_file_name(std::cmp::Ord::cmp)
        .filter_entry(is_scanned);
    if uses_own {
        builder.add_custom_ignore_filename(IGNORE_FILE);
    }
    builder.build()
}

/// A version control directory that the user did not name is entered for a few files only.
fn is_scanned(entry: &DirEntry) -> bool {
    let inside = entry.path().parent().and_then(Path::file_name).filter(|_| entry.depth() > 1);
    let kept = VERSION_CONTROL.iter().find(|(directory, _)| inside.is_some_and(|inside| inside == *directory));
    kept.is_none_or(|(_, files)| entry.file_type().is_some_and(|kind| kind.is_file()) && files.iter().any(|file| entry.file_name() == *file))
}

fn not_regular(path: &Path, kind: FileType) -> Problem {
    let message = format!("{}, not opened\nhint: name it to read it as a stream", kind_name(kind));
    Problem { origin: Origin::File(path.to_owned()), kind: ProblemKind::NotRegular, message }
}

#[cfg(unix)]
fn kind_name(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn kind_name(_kind: FileType) -> &'static str {
    "not a regular file"
}
