//! `beartrap.toml`: settings that belong to a team rather than to one run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::endpoint::EndpointSettings;
use crate::config::receive::ReceiveSettings;
use crate::detect::options::Options;
use crate::pipeline::alerts::revocation::RevocationSettings;

/// The file that is read where none is named.
pub const NAME: &str = "beartrap.toml";

/// The settings.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Thresholds of detections, exceptions, networks and issuers.
    pub detect: Options,
    /// Who is told of alerts, by name.
    pub endpoint: BTreeMap<String, EndpointSettings>,
    /// What is revoked without asking anybody.
    pub revocation: RevocationSettings,
    /// Inlets of `beartrap receive`, by name.
    pub receive: BTreeMap<String, ReceiveSettings>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{path}: cannot read the settings: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file says something that is none.
    #[error("{path}: {message}\nhint: docs/replay.md and docs/alerts.md list every setting", path = path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        message: String,
    },
}

impl Settings {
    /// Reads a file; without a name, the one in the working directory, where there is one.
    ///
    /// # Errors
    ///
    /// [`SettingsError`]
    pub fn read(named: Option<&Path>) -> Result<Self, SettingsError> {
        let path = named.unwrap_or(Path::new(NAME));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(SettingsError::Read { path: path.to_owned(), source }),
        };
        toml::from_str(&text).map_err(|error| SettingsError::Parse { path: path.to_owned(), message: error.to_string().trim_end().to_owned() })
    }
}
