//! Where bytes came from, in words that people can follow back.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where scanned bytes came from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// A file at a path, as the user named it.
    File(PathBuf),
    /// A member of an archive or compressed file: the container and the member's name inside it.
    Member {
        /// The file or member that contains this one.
        container: Box<Origin>,
        /// The member's name; empty for the single content of a compressed file.
        name: String,
    },
    /// Standard input.
    Stdin,
    /// Bytes handed over by a caller of the library, under a name of its choice.
    Memory(String),
    /// A place as another scanner's report names it, whose bytes are not at hand.
    Elsewhere(Elsewhere),
}

/// Where another scanner found something: a file of a commit, of an image, of another machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Elsewhere {
    /// The repository, image or bucket, where the report names it; without user and password.
    pub repository: Option<String>,
    /// The commit, in hexadecimal.
    pub commit: Option<String>,
    /// The path in it.
    pub path: PathBuf,
}

impl Origin {
    /// The file on disk that holds these bytes, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Member { container, .. } => container.path(),
            Self::Stdin | Self::Memory(_) | Self::Elsewhere(_) => None,
        }
    }

    /// Wraps this origin as the container of a member.
    #[must_use]
    pub fn member(&self, name: impl Into<String>) -> Self {
        Self::Member { container: Box::new(self.clone()), name: name.into() }
    }
}

impl fmt::Display for Origin {
    /// `outer.tar.gz!inner/file`, `repository@commit:path`; a path that is not UTF-8 is shown with replacement characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Member { container, name } if name.is_empty() => write!(f, "{container}"),
            Self::Member { container, name } => write!(f, "{container}!{name}"),
            Self::Stdin => f.write_str("<stdin>"),
            Self::Memory(name) => f.write_str(name),
            Self::Elsewhere(place) => write!(f, "{}{}", place.within(), place.path.display()),
        }
    }
}

impl Elsewhere {
    /// What stands before the path: `repository@commit:`, one of them, or nothing.
    #[must_use]
    pub fn within(&self) -> String {
        match (&self.repository, &self.commit) {
            (Some(repository), Some(commit)) => format!("{repository}@{commit}:"),
            (Some(one), None) | (None, Some(one)) => format!("{one}:"),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::origin::{Elsewhere, Origin};

    #[test]
    fn nested_members_read_from_the_outside_in() {
        let file = Origin::File("logs.tar.gz".into());
        let nested = file.member("").member("inner.zip").member(".env");
        assert_eq!(nested.to_string(), "logs.tar.gz!inner.zip!.env");
        assert_eq!(nested.path(), file.path());
    }

    #[test]
    fn places_elsewhere_read_like_git() {
        for (repository, commit, expected) in [
            (Some("r"), Some("c0ffee"), "r@c0ffee:a/.env"),
            (None, Some("c0ffee"), "c0ffee:a/.env"),
            (Some("image"), None, "image:a/.env"),
            (None, None, "a/.env"),
        ] {
            let place = Elsewhere { repository: repository.map(str::to_owned), commit: commit.map(str::to_owned), path: "a/.env".into() };
            assert_eq!(Origin::Elsewhere(place).to_string(), expected);
        }
    }
}
