//! What can be wrong with rule files, as people need to hear it: file, line, field, remedy.

use std::path::PathBuf;

use crate::rules::check::Flaw;

/// Why rules could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The file cannot be read.
    #[error("{path}: cannot read rules: {source}", path = path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or says something that no rule file says.
    #[error("{file}:{line}: {message}\nhint: see `[[rule]]` in docs/rules-format.md for the fields")]
    Syntax {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What the parser said, without the text of the line.
        message: String,
    },
    /// A rule is not sound.
    #[error("{file}:{line}: {flaw}")]
    Flaw {
        /// The file.
        file: String,
        /// Line of the rule, from 1.
        line: usize,
        /// What is wrong and how to mend it.
        flaw: Flaw,
    },
    /// Two rules have one id.
    #[error("rule `{id}` is defined twice: in {first} and in {second}\nhint: rename one of them, or leave out one of the files")]
    Twice {
        /// The id.
        id: String,
        /// The file that was read first.
        first: String,
        /// The other file.
        second: String,
    },
    /// No rule has this id.
    #[error("there is no rule `{id}`{}", nearest.as_ref().map_or_else(String::new, |near| format!("\nhint: did you mean `{near}`?")))]
    Unknown {
        /// The id that was asked for.
        id: String,
        /// The most similar id.
        nearest: Option<String>,
    },
}
