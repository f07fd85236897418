//! From inlets as written to inlets that can be used: keys are read, and what a format needs is there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::endpoint::{Variable, secret};
use crate::config::receive::ReceiveSettings;
use crate::delivery::jose::KeySet;
use crate::delivery::key::{KeyError, VerifyingKey};
use crate::delivery::letter::Key;
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
    /// A secret cannot be had.
    #[error("[receive.{name}]: {why}")]
    Secret {
        /// The inlet.
        name: String,
        /// Why not.
        why: String,
    },
    /// The file with public keys cannot be read.
    #[error("[receive.{name}]: {path}: {source}", path = path.display())]
    Read {
        /// The inlet.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A key is none.
    #[error("[receive.{name}]: {source}")]
    Key {
        /// The inlet.
        name: String,
        /// What is wrong.
        source: KeyError,
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

/// All inlets.
///
/// # Errors
///
/// [`InletError`]
pub fn inlets(settings: &BTreeMap<String, ReceiveSettings>, variable: Variable) -> Result<Vec<Inlet>, InletError> {
    let mut all: Vec<Inlet> = Vec::new();
    for (name, written) in settings {
        let inlet = inlet(name, written, variable)?;
        let path = inlet.path.clone();
        if !path.starts_with('/') || path == "/healthz" || all.iter().any(|other| other.path == path) {
            return Err(InletError::Path { name: name.clone(), path });
        }
        all.push(inlet);
    }
    if all.is_empty() { Err(InletError::None) } else { Ok(all) }
}

fn inlet(name: &str, written: &ReceiveSettings, variable: Variable) -> Result<Inlet, InletError> {
    let protocol = protocol(&written.kind).ok_or_else(|| {
        let kinds = PROTOCOLS.iter().map(|one| format!("`{}`", one.name)).collect::<Vec<_>>().join(", ");
        InletError::Kind { name: name.to_owned(), kind: written.kind.clone(), kinds }
    })?;
    let failed = |source| InletError::Key { name: name.to_owned(), source };
    let key = |octets: &[u8]| Key(Arc::new(Secret::new(octets.to_vec())));
    let shown = secret("secret", written.secret_file.as_deref(), written.secret_env.as_deref(), variable);
    let shown = shown.map_err(|why| InletError::Secret { name: name.to_owned(), why })?;
    let public = match &written.public_key_file {
        Some(path) => {
            let octets = std::fs::read(path).map_err(|source| InletError::Read { name: name.to_owned(), path: path.clone(), source })?;
            KeySet::read(&key(&octets)).map_err(failed)?
        }
        None => KeySet::default(),
    };
    let (mut shared, mut authorization) = (Vec::new(), None);
    match (protocol.needs, shown) {
        (Needs::AnyKey, Some(text)) => {
            let keys = text.split_whitespace().map(|word| VerifyingKey::shared(&key(word.as_bytes())));
            shared = keys.collect::<Result<_, _>>().map_err(failed)?;
        }
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
        Needs::AnyKey => (inlet.shared.is_empty() && inlet.public.is_empty()).then_some("`secret_file`, `secret_env` or `public_key_file`"),
        Needs::PublicKeyAndNames if inlet.public.is_empty() => Some("`public_key_file`"),
        Needs::PublicKeyAndNames if inlet.issuer.is_none() => Some("`issuer`"),
        Needs::PublicKeyAndNames => inlet.audience.is_none().then_some("`audience`"),
        Needs::Authorization => inlet.authorization.as_ref().is_none_or(Secret::is_empty).then_some("`secret_file` or `secret_env`"),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::file::Settings;
    use crate::config::inlet::inlets;

    #[test]
    fn inlets_have_what_their_formats_need() {
        let secret = format!("whsec_{}=", "A".repeat(43));
        let environment = |name: &str| match name {
            "SECRET" => Some(secret.clone()),
            "WORD" => Some("hunter2".to_owned()),
            _ => None,
        };
        for (text, expected) in [
            ("kind = 'standard-webhooks'\nsecret_env = 'SECRET'", Ok("/a")),
            ("kind = 'standard-webhooks'\nsecret_env = 'SECRET'\npath = '/hooks'", Ok("/hooks")),
            ("kind = 'gitlab'\nsecret_env = 'SECRET'", Ok("/a")),
            ("kind = 'standard-webhooks'\nsecret_env = 'NONE'", Err("the variable `NONE` of `secret_env`")),
            ("kind = 'standard-webhooks'\nsecret_env = 'SECRET'\nsecret_file = 'x'", Err("are both there")),
            ("kind = 'standard-webhooks'\nsecret_env = 'WORD'", Err("begins with `whsec_`")),
            ("kind = 'standard-webhooks'", Err("`secret_file`, `secret_env` or `public_key_file` is missing")),
            ("kind = 'github'\npublic_key_file = '/nowhere/at/all'", Err("/nowhere/at/all")),
            ("kind = 'set'\nissuer = 'i'\naudience = 'a'", Err("`public_key_file` is missing")),
            ("kind = 'carrier-pigeon'", Err("no kind")),
            ("kind = 'gitlab'\nsecret_env = 'SECRET'\npath = 'hooks'", Err("begins with `/`")),
            ("kind = 'gitlab'\nsecret_env = 'SECRET'\n[receive.b]\nkind = 'gitlab'\nsecret_env = 'SECRET'\npath = '/a'", Err("another inlet")),
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
