//! The files that `SQLite` keeps beside a database while it is written: they are parts of it, and no files of their own.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::sources::open::{FileKind, open};

/// What a database begins with (file format, section 1.3.1).
pub const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The end of the name of a log, to which rows are written before the database.
pub const LOG: &str = "-wal";
/// The end of the name of a log's index.
pub const INDEX: &str = "-shm";
/// The end of the name of a journal, which holds what was there before.
const JOURNAL: &str = "-journal";

/// A file beside a database.
#[must_use]
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The file that a path belongs to if that is a database, by its name only.
#[must_use]
pub fn base(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let base = [LOG, INDEX, JOURNAL].into_iter().find_map(|end| name.strip_suffix(end))?;
    (!base.is_empty()).then(|| path.with_file_name(base))
}

/// Whether a file is part of a database that lies beside it.
#[must_use]
pub fn is_part(path: &Path) -> bool {
    base(path).is_some_and(|base| base.is_file() && is_database(&base))
}

fn is_database(path: &Path) -> bool {
    let mut head = [0; MAGIC.len()];
    open(path, FileKind::Listed).is_ok_and(|mut file| file.read_exact(&mut head).is_ok()) && head == *MAGIC
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::sources::sqlite_files::{LOG, MAGIC, base, beside, is_part};

    #[test]
    fn parts_of_databases_are_known() {
        for (path, expected) in [("a/x.db-wal", Some("a/x.db")), ("x-shm", Some("x")), ("x.db-journal", Some("x.db")), ("-wal", None), ("x.db", None)]
        {
            assert_eq!(base(Path::new(path)).as_deref(), expected.map(Path::new), "{path}");
        }
        let directory = tempfile::tempdir().expect("because there is room");
        for (name, content, expected) in [("a.db", &MAGIC[..], true), ("b.log", b"a line of a text\n", false)] {
            let path = directory.path().join(name);
            fs::write(&path, content).expect("because there is room");
            assert_eq!(is_part(&beside(&path, LOG)), expected, "{name}");
        }
        assert!(!is_part(&directory.path().join("none-wal")));
    }
}
