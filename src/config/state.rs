//! Where state is kept, and times as people type them.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::config::error::ConfigError;
use crate::config::ledger_flags::StateFlags;
use crate::model::instant::Instant;
use crate::store::state_dir::Access;

/// The environment as far as it says where state is kept.
#[derive(Clone, Debug, Default)]
pub struct StateEnvironment {
    /// What the file `beartrap-state` in `CREDENTIALS_DIRECTORY` says, which systemd fills for a service: a URL with a password is nobody else's then.
    pub credential: Option<String>,
    /// `STATE_DIRECTORY`, which systemd sets for a service.
    pub state_directory: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub xdg_state_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
}

/// The state's directory and who may read it.
///
/// # Errors
///
/// [`ConfigError::NoState`] when nothing says where.
pub fn state(flags: &StateFlags, environment: &StateEnvironment) -> Result<(String, Access), ConfigError> {
    let access = if flags.allow_shared_state { Access::Shared } else { Access::Owner };
    let credential = environment.credential.as_deref().map(str::trim).filter(|state| !state.is_empty());
    if let Some(state) = flags.state.as_deref().or(credential) {
        return Ok((state.to_owned(), access));
    }
    let by_default = [
        environment.state_directory.clone(),
        environment.xdg_state_home.as_ref().filter(|path| path.is_absolute()).map(|path| path.join("beartrap")),
        environment.home.as_ref().map(|home| home.join(".local/state/beartrap")),
    ];
    let path = by_default.into_iter().flatten().next().ok_or(ConfigError::NoState)?;
    Ok((path.to_string_lossy().into_owned(), access))
}

/// Which way from now a span counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Into the past: `90d` is ninety days ago.
    Ago,
    /// Into the future.
    Ahead,
}

/// A time as typed: RFC 3339, seconds since 1970, or a span such as `90d`, `12h`, `30m`, `45s` from now.
///
/// # Errors
///
/// [`ConfigError::Time`]
pub fn time(text: &str, now: Instant, direction: Direction) -> Result<Instant, ConfigError> {
    let error = || ConfigError::Time { text: text.to_owned() };
    if let Some(time) = Instant::from_text(text) {
        return Ok(time);
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(error)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(error()),
    };
    let span =
        number.parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(seconds)).map(SignedDuration::from_secs).ok_or_else(error)?;
    let moved: Result<Timestamp, _> = match direction {
        Direction::Ago => now.0.checked_sub(span),
        Direction::Ahead => now.0.checked_add(span),
    };
    moved.map(Instant).map_err(|_| error())
}

#[cfg(test)]
mod tests {
    use crate::config::ledger_flags::StateFlags;
    use crate::config::state::{Direction, StateEnvironment, state, time};
    use crate::model::instant::Instant;

    #[test]
    fn times_and_spans_are_read() {
        let now = Instant::from_number(1_772_445_600).expect("because it is a time");
        for (text, direction, seconds) in [
            ("2026-03-02T10:00:00Z", Direction::Ago, 1_772_445_600),
            ("1h", Direction::Ahead, 1_772_449_200),
            ("90d", Direction::Ago, 1_772_445_600 - 90 * 86_400),
            ("1772445600", Direction::Ago, 1_772_445_600),
        ] {
            assert_eq!(time(text, now, direction).map(Instant::seconds).ok(), Some(seconds), "{text}");
        }
        for text in ["", "h", "1y", "soon"] {
            assert!(time(text, now, Direction::Ago).is_err(), "{text}");
        }
    }

    #[test]
    fn the_state_is_where_the_user_or_the_system_says() {
        let flags = |state: Option<&str>| StateFlags { state: state.map(str::to_owned), allow_shared_state: false };
        let home = StateEnvironment { home: Some("/home/ann".into()), ..StateEnvironment::default() };
        let service = StateEnvironment { state_directory: Some("/var/lib/beartrap".into()), ..home.clone() };
        let server = StateEnvironment { credential: Some("postgres://host/ledger\n".into()), ..service.clone() };
        let place = |flags: &StateFlags, environment: &StateEnvironment| state(flags, environment).map(|(place, _)| place).ok();
        assert_eq!(place(&flags(Some("here")), &home).as_deref(), Some("here"));
        assert_eq!(place(&flags(None), &home).as_deref(), Some("/home/ann/.local/state/beartrap"));
        assert_eq!(place(&flags(None), &service).as_deref(), Some("/var/lib/beartrap"));
        assert_eq!(place(&flags(None), &server).as_deref(), Some("postgres://host/ledger"));
        assert_eq!(place(&flags(Some("here")), &server).as_deref(), Some("here"));
        assert!(state(&flags(None), &StateEnvironment::default()).is_err());
    }
}
