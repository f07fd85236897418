//! What is followed: files, directories, and patterns of paths.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// What the user named.
#[derive(Clone, Debug)]
pub enum Target {
    /// One file, whether it is there or not.
    File(PathBuf),
    /// All files below a directory.
    Directory(PathBuf),
    /// All files below a directory whose paths fit.
    Pattern {
        /// The directory before the first part that is a pattern.
        base: PathBuf,
        /// How deep below it files may lie, where the pattern says.
        depth: Option<usize>,
        /// The pattern.
        matcher: GlobMatcher,
    },
}

/// Why a pattern cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{text}` is no pattern of paths: {reason}\nhint: `*` stands for part of a name, `**` for directories, `[ab]` and `{{a,b}}` for one of several"
)]
pub struct PatternError {
    text: String,
    reason: String,
}

impl Target {
    /// What a word on the command line means: a directory that is there, a pattern, or else a file.
    ///
    /// # Errors
    ///
    /// [`PatternError`]
    pub fn new(path: &Path) -> Result<Self, PatternError> {
        let text = path.to_string_lossy();
        if path.is_dir() {
            return Ok(Self::Directory(path.to_owned()));
        }
        if path.exists() || !text.contains(['*', '?', '[', '{']) {
            return Ok(Self::File(path.to_owned()));
        }
        Self::pattern(path)
    }

    /// All files whose paths fit a pattern.
    ///
    /// # Errors
    ///
    /// [`PatternError`]
    pub fn pattern(path: &Path) -> Result<Self, PatternError> {
        let text = path.to_string_lossy();
        let glob = GlobBuilder::new(&text).literal_separator(true).build();
        let glob = glob.map_err(|error| PatternError { text: text.clone().into_owned(), reason: error.kind().to_string() })?;
        let plain = path.iter().take_while(|part| !part.to_string_lossy().contains(['*', '?', '[', '{']));
        let base: PathBuf = plain.collect();
        let base = if base.as_os_str().is_empty() { PathBuf::from(".") } else { base };
        let parts = path.iter().count() - base.iter().filter(|part| *part != "." || path.starts_with(".")).count();
        let depth = (!text.contains("**")).then_some(parts.max(1));
        Ok(Self::Pattern { base, depth, matcher: glob.compile_matcher() })
    }

    /// The directory to look into, and whether to look below it.
    #[must_use]
    pub fn directory(&self) -> (&Path, bool) {
        match self {
            Self::File(path) => (path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")), false),
            Self::Directory(path) => (path, true),
            Self::Pattern { base, depth, .. } => (base, *depth != Some(1)),
        }
    }

    /// How many directories deep files may lie, that of the target itself being one.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::File(_) => 0,
            Self::Directory(_) => usize::MAX,
            Self::Pattern { depth, .. } => depth.unwrap_or(usize::MAX),
        }
    }

    /// Whether a file belongs to it.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        match self {
            Self::File(file) => file == path,
            Self::Directory(directory) => path.starts_with(directory),
            Self::Pattern { matcher, .. } => matcher.is_match(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::sources::follow::target::Target;

    #[test]
    fn words_are_understood() {
        for (word, directory, has, not) in [
            ("/var/log/app/*.log", "/var/log/app", "/var/log/app/a.log", "/var/log/app/b/a.log"),
            ("/srv/**/*.jsonl", "/srv", "/srv/a/b/c.jsonl", "/srv/a/b/c.json"),
            ("logs/{a,b}.log", "logs", "logs/a.log", "logs/c.log"),
            ("/none/at/all.log", "/none/at", "/none/at/all.log", "/none/at/other.log"),
            ("*.log", ".", "a.log", "a.txt"),
        ] {
            let target = Target::new(Path::new(word)).expect("because it is well formed");
            assert_eq!(target.directory().0, Path::new(directory), "{word}");
            assert!(target.has(Path::new(has)) && !target.has(Path::new(not)), "{word}");
        }
        for (word, depth) in [("/a/*.log", 1), ("*.log", 1), ("./*.log", 1), ("/a/*/{b,c}.log", 2), ("/a/**/b.log", usize::MAX), ("/a/{b/*.x,c}", 2)]
        {
            assert_eq!(Target::pattern(Path::new(word)).map_or(0, |target| target.depth()), depth, "{word}");
        }
        let error = Target::new(Path::new("a/[b")).expect_err("because it is no pattern");
        assert!(error.to_string().starts_with("`a/[b` is no pattern of paths: "), "{error}");
    }
}
