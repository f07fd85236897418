//! How the program ends: findings and errors never share a status.

use std::process::{ExitCode, Termination};

use crate::cli::terminal::say;

/// The exit status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: nothing found, everything read.
    Clean,
    /// 1, or what `--exit-code` says: findings at or above `--fail-on`.
    Found(u8),
    /// 2: usage, configuration or rule error.
    Usage,
    /// 3: not everything could be read, or results could not be written.
    Incomplete,
    /// 130: interrupted.
    Interrupted,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Clean => 0,
            Self::Found(code) => code,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Interrupted => 130,
        })
    }
}

/// Says what went wrong. A closed standard output is no error: its reader has seen enough.
#[must_use]
pub fn of_error(error: &anyhow::Error) -> Exit {
    // A room may have wrapped it on its way here.
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    if causes.any(|io| io.kind() == std::io::ErrorKind::BrokenPipe) {
        return Exit::Clean;
    }
    say(format_args!("error: {error:#}"));
    if error.is::<std::io::Error>() { Exit::Incomplete } else { Exit::Usage }
}
