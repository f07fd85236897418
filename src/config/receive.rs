//! Inlets as `beartrap.toml` describes them: `[receive.NAME]`.

use std::path::PathBuf;

use serde::Deserialize;

/// One inlet as written.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiveSettings {
    /// What comes through it: `standard-webhooks`, `set`, `github` or `gitlab`.
    pub kind: String,
    /// Where it is; `/NAME` by default.
    pub path: Option<String>,
    /// A file with what is shared with the sender: lines of `whsec_...`, or the value of `Authorization`.
    pub secret_file: Option<PathBuf>,
    /// The same in a variable of the environment.
    pub secret_env: Option<String>,
    /// A file with the sender's public keys.
    pub public_key_file: Option<PathBuf>,
    /// Who issues security event tokens.
    pub issuer: Option<String>,
    /// For whom they are.
    pub audience: Option<String>,
    /// Types of tokens that GitLab is told can be revoked here.
    #[serde(default)]
    pub types: Vec<String>,
}
