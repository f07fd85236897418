//! From inlets as written to inlets that can be used: keys are read, and what a format needs is there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::config::receive::ReceiveSettings;
use crate::delivery::letter::{Key, LetterError};
use crate::delivery::public_key::{PublicKey, PublicKeyError};
use crate::delivery::secret_key::SharedKey;
use crate::model::secret::Secret;
use crate::serve::receive::inlet::{Inlet, Needs, PROTOCOLS, Protocol, protocol};

/// Why inlets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InletError {
    /// There is none.
    #[error("the settings have no `[receive.NAME]`\nhint: docs/alerts.md, \"What is received\", has an example")]
    None,
    /// Its kind is none.
    #[error("[receive.{name}]: `{kind}` is no kind\nhint: write one of {kinds}")]
    Kind {
        /// The inlet.
        name: String,
        /// What was written.
        kind: String,
        /// What could be.
        kinds: String,
    },
    /// A setting is missing.
    #[error("[receive.{name}]: {missing} is missing\nhint: docs/alerts.md, \"What is received\", says what each kind needs")]
    Missing {
        /// The inlet.
        name: String,
        /// The setting.
        missing: &'static str,
    },
    /// A file cannot be read.
    #[error("[receive.{name}]: {path}: {source}", path = path.display())]
    Read {
        /// The inlet.
        name: String,
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A shared key is none.
    #[error("[receive.{name}]: {source}")]
    Shared {
        /// The inlet.
        name: String,
        /// What is wrong.
        source: LetterError,
    },
    /// Public keys are none.
    #[error("[receive.{name}]: {source}")]
    Public {
        /// The inlet.
        name: String,
        /// What is wrong.
        source: PublicKeyError,
    },
    /// Two inlets are at one path, or it is no path.
    #[error("[receive.{name}]: `{path}` is the path of another inlet or none\nhint: a path begins with `/` and is not `/healthz`")]
    Path {
        /// The inlet.
        name: String,
        /// The path.
        path: String,
    },
}

/// The environment: the value of a variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// All inlets.
///
/// # Errors
///
/// [`InletError`]
pub fn inlets(settings: &BTreeMap<String, ReceiveSettings>, environment: Environment) -> Result<Vec<Inlet>, InletError> {
    let mut all: Vec<Inlet> = Vec::new();
    for (name, written) in settings {
        let inlet = inlet(name, written, environment)?;
        let path = inlet.path.clone();
        if !path.starts_with('/') || path == "/healthz" || all.iter().any(|other| other.path == path) {
            return Err(InletError::Path { name: name.clone(), path });
        }
        all.push(inlet);
    }
    if all.is_empty() { Err(InletError::None) } else { Ok(all) }
}

fn inlet(name: &str, written: &ReceiveSettings, environment: Environment) -> Result<Inlet, InletError> {
    let protocol = protocol(&written.kind).ok_or_else(|| {
        let kinds = PROTOCOLS.iter().map(|one| format!("`{}`", one.name)).collect::<Vec<_>>().join(", ");
        InletError::Kind { name: name.to_owned(), kind: written.kind.clone(), kinds }
    })?;
    let secret = secret(name, written, environment)?;
    let public = match &written.public_key_file {
        Some(path) => PublicKey::all(&read(name, path)?).map_err(|source| InletError::Public { name: name.to_owned(), source })?,
        None => Vec::new(),
    };
    let (mut shared, mut authorization) = (Vec::new(), None);
    match (protocol.needs, secret) {
        (Needs::AnyKey, Some(text)) => shared = keys(name, &text)?,
        (_, Some(text)) => authorization = Some(Secret::new(text.trim().as_bytes().to_vec())),
        (_, None) => {}
    }
    let inlet = Inlet {
        name: name.to_owned(),
        path: written.path.clone().unwrap_or_else(|| format!("/{name}")),
        protocol,
        shared,
        public,
        authorization,
        issuer: written.issuer.clone(),
        audience: written.audience.clone(),
        types: written.types.clone(),
    };
    match lacking(protocol, &inlet) {
        Some(missing) => Err(InletError::Missing { name: name.to_owned(), missing }),
        None => Ok(inlet),
    }
}

/// What a format needs and an inlet has not.
fn lacking(protocol: &Protocol, inlet: &Inlet) -> Option<&'static str> {
    match protocol.needs {
        Needs::AnyKey => (inlet.shared.is_empty() && inlet.public.is_empty()).then_some("`secret-file`, `secret-env` or `public-key-file`"),
        Needs::PublicKeyAndNames if inlet.public.is_empty() => Some("`public-key-file`"),
        Needs::PublicKeyAndNames if inlet.issuer.is_none() => Some("`issuer`"),
        Needs::PublicKeyAndNames => inlet.audience.is_none().then_some("`audience`"),
        Needs::Authorization => inlet.authorization.as_ref().is_none_or(Secret::is_empty).then_some("`secret-file` or `secret-env`"),
    }
}

fn secret(name: &str, written: &ReceiveSettings, environment: Environment) -> Result<Option<Zeroizing<String>>, InletError> {
    match (&written.secret_file, &written.secret_env) {
        (Some(path), _) => read(name, path).map(Some),
        (None, Some(variable)) => {
            let missing = || InletError::Missing { name: name.to_owned(), missing: "the variable that `secret-env` names" };
            environment(variable).map(Zeroizing::new).map(Some).ok_or_else(missing)
        }
        (None, None) => Ok(None),
    }
}

fn keys(name: &str, text: &str) -> Result<Vec<SharedKey>, InletError> {
    let lines = text.split_whitespace().map(|line| Key(Arc::new(Secret::new(line.as_bytes().to_vec()))));
    lines.map(|key| SharedKey::read(&key).map_err(|source| InletError::Shared { name: name.to_owned(), source })).collect()
}

fn read(name: &str, path: &Path) -> Result<Zeroizing<String>, InletError> {
    let error = |source| InletError::Read { name: name.to_owned(), path: path.to_owned(), source };
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(error)
}

#[cfg(test)]
mod tests {
    use crate::config::file::Settings;
    use crate::config::inlet::inlets;

    #[test]
    fn inlets_have_what_their_formats_need() {
        let secret = format!("whsec_{}=", "A".repeat(43));
        let environment = |name: &str| (name == "SECRET").then(|| secret.clone());
        for (text, expected) in [
            ("kind = 'standard-webhooks'\nsecret-env = 'SECRET'", Ok("/a")),
            ("kind = 'standard-webhooks'\nsecret-env = 'SECRET'\npath = '/hooks'", Ok("/hooks")),
            ("kind = 'gitlab'\nsecret-env = 'SECRET'", Ok("/a")),
            ("kind = 'standard-webhooks'\nsecret-env = 'NONE'", Err("the variable")),
            ("kind = 'standard-webhooks'", Err("`secret-file`, `secret-env` or `public-key-file` is missing")),
            ("kind = 'github'\npublic-key-file = '/nowhere/at/all'", Err("/nowhere/at/all")),
            ("kind = 'set'\nissuer = 'i'\naudience = 'a'", Err("`public-key-file` is missing")),
            ("kind = 'carrier-pigeon'", Err("no kind")),
            ("kind = 'gitlab'\nsecret-env = 'SECRET'\npath = 'hooks'", Err("begins with `/`")),
            ("kind = 'gitlab'\nsecret-env = 'SECRET'\n[receive.b]\nkind = 'gitlab'\nsecret-env = 'SECRET'\npath = '/a'", Err("another inlet")),
        ] {
            let settings: Settings = toml::from_str(&format!("[receive.a]\n{text}")).expect("because it is well formed");
            match (inlets(&settings.receive, &environment), expected) {
                (Ok(inlets), Ok(path)) => assert_eq!(inlets[0].path, path, "{text}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text}: {error}"),
                (got, _) => panic!("{text}: {:?}", got.map(|inlets| inlets.len())),
            }
        }
        assert!(inlets(&Settings::default().receive, &environment).is_err());
        assert!(toml::from_str::<Settings>("[receive.a]\nkind = 'set'\nsecret = 'x'").is_err());
    }
}
